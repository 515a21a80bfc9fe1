package main

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/catalog/store"
)

// newEtcd is a metadata store for nodes in processes of their own.
func newEtcd(t *testing.T) *etcd.Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "pegmatite") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	server, err := etcd.Embed(t.Context(), filepath.Join(dir, "etcd"), true, etcd.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server
}

// copyFiles copies a directory without its sockets.
func copyFiles(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := filepath.Join(to, strings.TrimPrefix(path, from))
		switch {
		case d.IsDir():
			return os.MkdirAll(name, 0o700)
		case !d.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(name, text, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestJoinOfACopy: a copy of a node's directory is not served beside it; the
// node itself is served again at once after it was killed.
func TestJoinOfACopy(t *testing.T) {
	etcd, dir, other := newEtcd(t), filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "copy")
	more := []string{"--etcd", etcd.ClientURL(), "--node", "n1"}
	p := launch(t, dir, more...).ready()
	copyFiles(t, dir, other)
	before := tree(t, other)
	refused(t, exitFailure, `node "n1" is alive already, at `+p.address+": "+other+" is a copy of its data directory",
		append([]string{"serve", "--data", other, "--listen", "127.0.0.1:0"}, more...)...)
	if after := tree(t, other); after != before {
		t.Errorf("it touched the copy:\n%s\nwas\n%s", after, before)
	}
	p.kill()
	launch(t, dir, more...).ready().stop()
}

// TestJoinOfAnotherVersion: all nodes are of one version.
func TestJoinOfAnotherVersion(t *testing.T) {
	etcd, dir, ctx := newEtcd(t), filepath.Join(t.TempDir(), "data"), context.Background()
	s, err := store.Open(ctx, etcd.Store(), store.Options{System: pgcatalog.New().Relations(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	id, err := s.NodeID(ctx, "old")
	if err != nil {
		t.Fatal(err)
	}
	old := store.Node{ID: id, Name: "old", Directory: "d", Clients: "127.0.0.1:1", Version: "0.0"}
	m, err := s.Join(ctx, etcd.Store(), old, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	more := []string{"--etcd", etcd.ClientURL(), "--node", "n1"}
	refused(t, exitFailure, `node "old", at 127.0.0.1:1, is of version 0.0, this program of 0.1: all nodes of a cluster are of one version`,
		append([]string{"serve", "--data", dir, "--listen", "127.0.0.1:0"}, more...)...)
	if _, err := os.Stat(dir); err == nil {
		t.Error("what was refused left a directory")
	}
	refused(t, exitFailure, `node "old", at 127.0.0.1:1, is of version 0.0, this program of 0.1`, "node", "list", "--etcd", etcd.ClientURL())
	if err := m.Close(ctx); err != nil {
		t.Fatal(err)
	}
	launch(t, dir, more...).ready().stop()
}
