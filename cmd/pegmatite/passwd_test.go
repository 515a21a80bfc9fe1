package main

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pegmatitedb/pegmatite/test/node"
)

// command runs the command in a process of its own, with text for its standard input.
func command(t *testing.T, input string, args ...string) (code int, out, errs string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	var o, e bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &o, &e
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), o.String(), e.String()
}

// login connects by password and reports what kept it out.
func (p *process) login(user, password string) error {
	conn, err := pgx.Connect(p.t.Context(), "postgres://"+user+":"+password+"@"+p.address+"/postgres?sslmode=disable")
	if err != nil {
		return err
	}
	return conn.Close(p.t.Context())
}

// stop stops the server cleanly.
func (p *process) stop() {
	p.t.Helper()
	p.signal(os.Interrupt)
	if err := p.cmd.Wait(); err != nil {
		p.t.Fatal(err)
	}
}

func wrongPassword(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == "28P01"
}

// TestFirstPassword: `pegmatite passwd` opens a fresh directory's server to
// other machines, for those who know the password; it is nowhere to be read.
func TestFirstPassword(t *testing.T) {
	address, dir := net.JoinHostPort(node.Outside(t), "0"), filepath.Join(t.TempDir(), "data")
	refused(t, exitFailure, "is open to other machines and no superuser has a password", "serve", "--data", dir, "--listen", address)
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a directory was made by a start that was refused")
	}
	for _, password := range []string{"another", "opensesame"} { // the last one counts
		if code, out, errs := command(t, password+"\nmore", "passwd", dir); code != 0 || errs != "" || !strings.Contains(out, "postgres") {
			t.Fatalf("%d, %q, %q", code, out, errs)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "first-password")); err != nil || bytes.Contains(text, []byte("opensesame")) {
		t.Errorf("%s, %v", text, err)
	}
	p := launch(t, dir, "--listen", address).ready()
	if err := p.login("postgres", "opensesame"); err != nil {
		t.Error(err)
	}
	if err := p.login("postgres", "another"); !wrongPassword(err) {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "first-password")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the file is still there")
	}
	for _, input := range []string{"x\n", ""} { // while it runs, and after, where it is not even asked for
		if code, _, errs := command(t, input, "passwd", dir); code != exitFailure || !strings.Contains(errs, "has been started already") || !strings.Contains(errs, "ALTER ROLE") {
			t.Errorf("%d, %q", code, errs)
		}
		if p != nil {
			p.stop()
			p = nil
		}
	}
	p = launch(t, dir, "--listen", address).ready()
	if err := p.login("postgres", "opensesame"); err != nil {
		t.Error("after a restart:", err)
	}
}

// TestPasswordFile: the file's first line is the password as long as no superuser has one.
func TestPasswordFile(t *testing.T) {
	address, dir := net.JoinHostPort(node.Outside(t), "0"), filepath.Join(t.TempDir(), "data")
	launch(t, dir).ready().stop() // on loopback, without
	refused(t, exitFailure, "no superuser has a password", "serve", "--data", dir, "--listen", address)
	empty := file(t, "\nsecond line")
	refused(t, exitFailure, "password-file: the first line of "+empty+" is empty", "serve", "--data", dir, "--listen", address, "--password-file", empty)
	refused(t, exitFailure, "password-file: ", "serve", "--data", dir, "--listen", address, "--password-file", empty+".none")
	p := launch(t, dir, "--listen", address, "--password-file", file(t, "erstes\r\nsecond line\n")).ready()
	if err := p.login("postgres", "erstes"); err != nil {
		t.Error(err)
	}
	p.stop()
	p = launch(t, dir, "--listen", address, "--password-file", file(t, "zweites\n")).ready()
	if err := p.login("postgres", "erstes"); err != nil {
		t.Error("the file changed a password:", err)
	}
}

// TestWrongPasswd: what passwd refuses, it says in a line.
func TestWrongPasswd(t *testing.T) {
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "letter"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		input string
		args  []string
		code  int
		want  string
	}{
		{"x\n", nil, exitUsage, "passwd needs one argument"},
		{"x\n", []string{"--nothing"}, exitUsage, "passwd needs one argument"},
		{"", []string{filepath.Join(other, "d")}, exitFailure, "reading the password: EOF"},
		{"\n", []string{filepath.Join(other, "d")}, exitFailure, "the password is empty"},
		{"x\n", []string{other}, exitFailure, "is not empty and not a data directory"},
	} {
		code, out, errs := command(t, c.input, append([]string{"passwd"}, c.args...)...)
		if code != c.code || out != "" || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%q: %d, %q, %q", c.args, code, out, errs)
		}
	}
}
