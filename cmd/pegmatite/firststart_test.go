package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// until asks again and again, and as often as it can.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not come", what)
		}
	}
}

func (p *process) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// TestFirstStartKilled: a start that was killed on its way to a fresh
// directory is made up for by the next, whatever there is of it.
func TestFirstStartKilled(t *testing.T) {
	for _, made := range []string{"lock", "new", "new/member/wal", "etcd", "pegmatite.json", "shards/0003.db", "log"} {
		dir := filepath.Join(t.TempDir(), "data")
		p := launch(t, dir)
		until(t, made, func() bool { _, err := os.Stat(filepath.Join(dir, made)); return err == nil })
		p.kill()
		again := launch(t, dir).ready()
		conn := again.connect()
		if _, err := conn.Exec(context.Background(), "CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)"); err != nil {
			t.Errorf("killed when %s was made: %v", made, err)
		}
		again.stop()
	}
}

// TestFirstStartKilledWhileKnown: a node of which the cluster knows already, though its
// directory does not know the cluster, is the same node to the next start.
func TestFirstStartKilledWhileKnown(t *testing.T) {
	server := newEtcd(t)
	dir := filepath.Join(t.TempDir(), "data")
	p := launch(t, dir, "--etcd", server.ClientURL(), "--node", "n1")
	until(t, "the node", func() bool {
		kvs, _, err := server.Store().Range(context.Background(), "/pegmatite/node/")
		return err == nil && len(kvs) > 0
	})
	p.kill()
	launch(t, dir, "--etcd", server.ClientURL(), "--node", "n1").ready().stop()
}

// TestFirstStartKilledWhileJoined: what others have written to the metadata store
// of a node that was killed before its directory knew the cluster is still there.
func TestFirstStartKilledWhileJoined(t *testing.T) {
	dir, listen := filepath.Join(t.TempDir(), "data"), node.FreeAddress(t, "127.0.0.1")
	p := launch(t, dir, "--etcd-listen", listen)
	until(t, "etcd", func() bool {
		c, err := net.Dial("tcp", listen)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	other, err := etcd.Dial(context.Background(), []string{"http://" + listen})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.Commit(context.Background(), metakv.Txn{Then: []metakv.Op{metakv.Put("other", []byte("1"))}}); err != nil {
		t.Fatal(err)
	}
	p.kill()
	again := launch(t, dir, "--etcd-listen", listen).ready()
	if kv, err := other.Get(context.Background(), "other"); err != nil || !kv.Exists() {
		t.Errorf("what others had written: %v, %v", kv, err)
	}
	again.stop()
}
