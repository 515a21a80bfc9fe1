package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// byMode makes a command, with dir in reach, run by somebody whom the modes of
// files bind: they do not bind root.
func byMode(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	if os.Getuid() == 0 {
		const nobody = 65534
		cmd.Path = "/proc/self/exe" // the way to the test's binary is closed to others
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd.Env, cmd.Dir = append(os.Environ(), asCommand+"=1"), "/"
	return cmd
}

// TestUnwritable: a directory in which nothing can be written, or that has
// another user's files, is refused in a line, and nothing in it is touched.
func TestUnwritable(t *testing.T) {
	made := filepath.Join(t.TempDir(), "made")
	launch(t, made).ready().stop()
	for _, c := range []struct {
		name, dir, closed string
		mode              os.FileMode
		used              bool
	}{
		{"to be made", "in/data", "in", 0o555, false},
		{"empty", "data", "data", 0o555, false},
		{"used before", "data", "data", 0o555, true},
		{"another user's", "data", "data/pegmatite.json", 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := t.TempDir()
			dir, closed := filepath.Join(at, c.dir), filepath.Join(at, c.closed)
			err := os.MkdirAll(filepath.Dir(closed), 0o755)
			if c.used && err == nil {
				err = os.CopyFS(dir, os.DirFS(made))
			} else if err == nil {
				err = os.Mkdir(closed, 0o755)
			}
			if err == nil {
				err = os.Chmod(closed, c.mode)
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Chmod(closed, 0o755) })
			before := tree(t, at)
			var stdout, stderr bytes.Buffer
			cmd := byMode(t, at, "serve", "--data", dir, "--listen", "127.0.0.1:0")
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err = cmd.Run()
			var exit *exec.ExitError
			line := stderr.String()
			if !errors.As(err, &exit) || exit.ExitCode() != exitFailure || stdout.Len() > 0 || strings.Count(line, "\n") != 1 ||
				!strings.HasPrefix(line, "pegmatite: ") || !strings.Contains(line, dir) || !strings.HasSuffix(line, "permission denied\n") {
				t.Errorf("%v; %q%q", err, stdout.String(), line)
			}
			if after := tree(t, at); after != before {
				t.Errorf("touched:\n%s\n%s", before, after)
			}
		})
	}
}
