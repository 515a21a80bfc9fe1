package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pegmatitedb/pegmatite/test/client"
)

// asCommand makes this test's binary behave as the command.
const asCommand = "PEGMATITE_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// process is a server in a process of its own.
type process struct {
	t       *testing.T
	cmd     *exec.Cmd
	out     *bufio.Reader
	address string
}

// launch starts a server on dir.
func launch(t *testing.T, dir string, more ...string) *process {
	t.Helper()
	return prepare(t, dir, more...).start()
}

// prepare is a server on dir that has yet to be started.
func prepare(t *testing.T, dir string, more ...string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"serve", "--data", dir, "--listen", "127.0.0.1:0"}, more...)...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	return &process{t: t, cmd: cmd, out: bufio.NewReader(pipe)}
}

func (p *process) start() *process {
	p.t.Helper()
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { p.cmd.Process.Kill() })
	return p
}

// ready waits for the line that says so: the way to connect, as it is to be pasted.
func (p *process) ready() *process {
	p.t.Helper()
	line, err := p.out.ReadString('\n')
	m := regexp.MustCompile(`^pegmatite is ready: psql -h (\d+\.\d+\.\d+\.\d+) -p (\d+) -U postgres postgres\n$`).FindStringSubmatch(line)
	if err != nil || m == nil {
		p.t.Fatalf("%q, %v", line, err)
	}
	p.address = m[1] + ":" + m[2]
	return p
}

func (p *process) connect() *pgx.Conn {
	p.t.Helper()
	return client.Connect(p.t, p.address)
}

// running starts a statement that does not end, and waits until it runs.
func (p *process) running() (done chan error) {
	p.t.Helper()
	conn, watch := p.connect(), p.connect()
	done = make(chan error, 1)
	go func() {
		_, err := conn.Exec(context.Background(), "SELECT pg_sleep(1000)")
		done <- err
	}()
	for state := ""; state != "active"; {
		if err := watch.QueryRow(context.Background(), fmt.Sprintf("SELECT state FROM pg_stat_activity WHERE pid = %d", conn.PgConn().PID())).Scan(&state); err != nil {
			p.t.Fatal(err)
		}
	}
	return done
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// TestSignals: SIGTERM and SIGINT stop cleanly, within bounds also when a
// statement does not end; a second one ends the process at once.
func TestSignals(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	for _, s := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p := launch(t, dir, "--drain-s", "1").ready()
		done := p.running()
		p.signal(s)
		var e *pgconn.PgError
		if err := <-done; !errors.As(err, &e) || e.Code != "57P01" {
			t.Errorf("%v: the statement ended with %v", s, err)
		}
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("%v: %v", s, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".s.PGSQL.*")); len(left) > 0 {
		t.Errorf("%q are left", left)
	}
	p := launch(t, dir, "--drain-s", "1000").ready()
	done := p.running()
	p.signal(syscall.SIGTERM)
	// Nobody is let in any more: then the first signal has been taken.
	for err := error(nil); err == nil; {
		var conn *pgx.Conn
		if conn, err = pgx.Connect(context.Background(), "postgres://postgres@"+p.address+"/postgres?sslmode=disable"); err == nil {
			conn.Close(context.Background())
		}
	}
	p.signal(syscall.SIGTERM)
	<-done
	var exit *exec.ExitError
	if err := p.cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("the second signal: %v", err)
	}
	launch(t, dir).ready()
}

// TestSocket: DIR has a socket under the name that libpq looks for, for its owner alone.
func TestSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "pegmatite") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	p := launch(t, dir).ready()
	_, port, _ := strings.Cut(p.address, ":")
	path := filepath.Join(dir, ".s.PGSQL."+port)
	if i, err := os.Stat(path); err != nil || i.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", i, err)
	}
	conn, err := pgx.Connect(context.Background(), "host="+dir+" port="+port+" user=postgres database=postgres")
	if err != nil {
		t.Fatal(err)
	}
	conn.Close(context.Background())
}
