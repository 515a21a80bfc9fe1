package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal opens a pseudo-terminal: what the user has, and what the command has.
func terminal(t *testing.T) (user, command *os.File) {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { user.Close() })
	if err := unix.IoctlSetPointerInt(int(user.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(user.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	command, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { command.Close() })
	return user, command
}

// TestTyped: on a terminal the password is asked for twice and not shown.
func TestTyped(t *testing.T) {
	for _, c := range []struct {
		first, second string
		code          int
		last          string
	}{
		{"opensesame", "opensesame", 0, "to the role postgres."},
		{"opensesame", "opensesam", exitFailure, "pegmatite: the passwords differ"},
	} {
		user, tty := terminal(t)
		cmd := exec.Command(os.Args[0], "passwd", filepath.Join(t.TempDir(), "data"))
		cmd.Env = append(os.Environ(), asCommand+"=1")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		tty.Close()
		screen := expect(t, user, "superuser: ")
		fmt.Fprintln(user, c.first)
		screen += expect(t, user, "Once more: ")
		fmt.Fprintln(user, c.second)
		screen += expect(t, user, c.last)
		io.Copy(io.Discard, user) // ends with the process
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != c.code || strings.Contains(screen, "sesam") {
			t.Errorf("%d, %q", code, screen)
		}
	}
}

// expect reads what is shown up to a text.
func expect(t *testing.T, r io.Reader, text string) string {
	t.Helper()
	var seen strings.Builder
	for b := make([]byte, 1); !strings.HasSuffix(seen.String(), text); {
		n, err := r.Read(b)
		if err != nil {
			t.Fatalf("%q, then %v", seen.String(), err)
		}
		seen.Write(b[:n])
	}
	return seen.String()
}
