package faults

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/test/node"
)

var (
	long = flag.Bool("long", false, "run the long forms")
	seed = flag.Uint64("seed", 1, "seed of inputs and moments of faults")
)

// scaled is the first figure, or the second in the long form.
func scaled[T any](short, inLong T) T {
	if *long {
		return inLong
	}
	return short
}

// readyWithin is how long a start may take on a busy machine before it counts
// as hung; how fast it is to be is a matter of TestRecoveryTime.
const readyWithin = time.Minute

// built is the server's binary, compiled once for all tests.
var built struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	if config := os.Getenv(asNode); config != "" {
		if err := serveMortal(config); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	code := m.Run()
	if built.dir != "" {
		os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// binary is the path of the server, as a user has it.
func binary(t testing.TB) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "pegmatite"); built.err != nil {
			return
		}
		out, err := exec.Command("go", "build", "-o", filepath.Join(built.dir, "pegmatite"),
			"github.com/pegmatitedb/pegmatite/cmd/pegmatite").CombinedOutput()
		if err != nil {
			built.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "pegmatite")
}

// process is a server that runs on its own and can be killed.
type process struct {
	cmd    *exec.Cmd
	in     io.Writer   // standard input, of a node that dies when it is told
	stderr string      // path of what it logs
	line   chan string // what it prints when it is ready, or has been told to die
	exited chan struct{}
	port   string
	http   string
	began  time.Time
	ready  time.Duration // from exec to accepting clients
}

// start runs the server on dir and waits until it is ready.
func start(t testing.TB, dir string, args ...string) *process {
	t.Helper()
	p := spawn(t, dir, args...)
	p.waitPort(t)
	return p
}

// waitPort waits until the server is ready, and reads where.
func (p *process) waitPort(t testing.TB) {
	t.Helper()
	_, rest, _ := strings.Cut(p.waitReady(t), " -p ")
	p.port, _, _ = strings.Cut(rest, " ")
}

// waitReady returns the line that the process prints when it is ready.
func (p *process) waitReady(t testing.TB) (line string) {
	t.Helper()
	select {
	case line = <-p.line:
		p.ready = time.Since(p.began)
	case <-p.exited:
		t.Fatalf("the server ended with %s:\n%s", p.cmd.ProcessState, p.logged())
	case <-time.After(readyWithin):
		t.Fatalf("the server did not get ready within %s:\n%s", readyWithin, p.logged())
	}
	return line
}

// spawn runs the server on dir and does not wait for it.
func spawn(t testing.TB, dir string, args ...string) *process {
	t.Helper()
	http := node.FreeAddress(t, "127.0.0.1")
	p := command(t, dir, append([]string{"serve", "--data", dir, "--listen", "127.0.0.1:0", "--http", http}, args...)...)
	p.http = http
	return p
}

// command runs the program; what it logs goes beside dir.
func command(t testing.TB, dir string, args ...string) *process {
	t.Helper()
	return launch(t, dir, exec.Command(binary(t), args...))
}

// launch runs a command; what it logs goes beside dir.
func launch(t testing.TB, dir string, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, exited: make(chan struct{}), line: make(chan string, 1), stderr: dir + ".log"}
	log, err := os.OpenFile(p.stderr, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p.cmd.Stderr = log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.began = time.Now()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.watch(out)
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("the server logged:\n%s", p.logged())
		}
	})
	return p
}

// watch passes the line on that says where the server listens, or that it is
// armed, and ends with the process.
func (p *process) watch(out io.Reader) {
	defer close(p.exited)
	for in := bufio.NewScanner(out); in.Scan(); {
		if strings.Contains(in.Text(), "is ready") || in.Text() == armed {
			p.line <- in.Text()
		}
	}
	p.cmd.Wait()
}

// kill is kill -9: it returns when the process is gone.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.exited
}

// stop is SIGTERM, which settles everything.
func (p *process) stop(t testing.TB) {
	t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(readyWithin):
		t.Fatalf("the server did not stop:\n%s", p.logged())
	}
	if !p.cmd.ProcessState.Success() {
		t.Fatalf("the server ended with %s:\n%s", p.cmd.ProcessState, p.logged())
	}
}

// dead reports whether the process has ended by itself or otherwise.
func (p *process) dead() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// logged is the end of what the server has logged.
func (p *process) logged() string {
	text, err := os.ReadFile(p.stderr)
	if err != nil {
		return err.Error()
	}
	const most = 8 << 10
	return string(text[max(0, len(text)-most):])
}

func (p *process) dsn() string {
	return fmt.Sprintf("host=127.0.0.1 port=%s user=postgres dbname=postgres sslmode=disable", p.port)
}

// connect opens a session that ends with the test.
func (p *process) connect(t testing.TB) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(context.Background(), p.dsn())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

// metric reads one figure of the server's.
func (p *process) metric(t testing.TB, name string) float64 {
	t.Helper()
	r, err := http.Get("http://" + p.http + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	for in := bufio.NewScanner(r.Body); in.Scan(); {
		if value, ok := strings.CutPrefix(in.Text(), name+" "); ok {
			f, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

// rssAnonMB is the process's memory that no file backs.
func (p *process) rssAnonMB() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(string(text), "RssAnon:")
	if !ok {
		return 0, errors.New("no RssAnon")
	}
	var kb int64
	if _, err := fmt.Sscan(rest, &kb); err != nil {
		return 0, err
	}
	return kb >> 10, nil
}

// run executes statements without parameters and ends the test on an error.
func run(t testing.TB, c *pgx.Conn, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := c.Exec(context.Background(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// one reads the only value of a query.
func one[T any](t testing.TB, c *pgx.Conn, query string, args ...any) T {
	t.Helper()
	var v T
	if err := c.QueryRow(context.Background(), query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}
