// Package node runs whole servers for tests that cross packages: in this
// process, or as a process of its own that can be killed.
package node

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/pegmatitedb/pegmatite/server"
)

// Node is a server in this process.
type Node struct {
	*server.Node
	Dir  string
	stop func() error
}

// Stop stops the server, once; the end of the test does it otherwise.
func (n *Node) Stop() error { return n.stop() }

// Start starts a server in a fresh directory and stops it with the test.
func Start(t testing.TB, change func(*server.Config)) *Node {
	t.Helper()
	return StartIn(t, t.TempDir(), change)
}

// StartIn starts a server on a directory.
func StartIn(t testing.TB, dir string, change func(*server.Config)) *Node {
	t.Helper()
	return StartWith(t, dir, change, server.Layers{})
}

// StartWith starts a server on a directory, with layers between its parts.
func StartWith(t testing.TB, dir string, change func(*server.Config), l server.Layers) *Node {
	t.Helper()
	c := server.Default()
	c.Data, c.Listen, c.DrainS = dir, "127.0.0.1:0", 5
	if change != nil {
		change(&c)
	}
	var out io.Writer = io.Discard
	if testing.Verbose() {
		out = os.Stderr
	}
	n, err := server.StartWith(context.Background(), c, slog.New(slog.NewTextHandler(out, nil)), l)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	node := &Node{Node: n, Dir: dir, stop: sync.OnceValue(n.Stop)}
	t.Cleanup(func() {
		if err := node.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return node
}

// Psql finds psql; the test is skipped where there is none.
func Psql(t testing.TB) string { return program(t, "psql") }

// Pgbench finds pgbench; the test is skipped where there is none.
func Pgbench(t testing.TB) string { return program(t, "pgbench") }

// HAProxy is where haproxy is; the test is skipped without it.
func HAProxy(t testing.TB) string { return program(t, "haproxy") }

// program looks in PATH and where Debian keeps PostgreSQL's programs and those of
// services, which not everybody's PATH names.
func program(t testing.TB, name string) string {
	t.Helper()
	if p, err := exec.LookPath(name); err == nil {
		return p
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		found, _ = filepath.Glob("/usr/sbin/" + name)
	}
	if len(found) == 0 {
		t.Skipf("%s is not installed (make test-setup installs it)", name)
	}
	return found[len(found)-1]
}

// RunPsql runs a script as pg_regress does (-X -a -q) and returns what psql printed.
func RunPsql(t testing.TB, dsn, script string) []byte {
	t.Helper()
	cmd := exec.Command(Psql(t), "-X", "-a", "-q", "-d", dsn)
	cmd.Env = append(os.Environ(), "PGTZ=America/Los_Angeles", "PGDATESTYLE=Postgres, MDY", "LC_ALL=C.UTF-8", "PGCLIENTENCODING=UTF8")
	cmd.Stdin = bytes.NewReader([]byte(script))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Run() // psql's exit code says only that a statement failed, which scripts do on purpose
	return out.Bytes()
}
