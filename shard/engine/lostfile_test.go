package engine_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

// TestLostFiles: a start refuses shard files that are gone or older than what
// the log still has, and a log that ends before its shards' files; with the
// files back, it goes on.
func TestLostFiles(t *testing.T) {
	cfg := config(t.TempDir(), shardtest.NewOracle(), 2, 1)
	cfg.Log.SegmentBytes = 64 << 10
	file, segments := filepath.Join(cfg.Dir, "shards", "0001.db"), filepath.Join(cfg.Dir, "log", "0")
	load := func(n *engine.Node, from, to int64) {
		in := instance(n, cfg)
		for i := from; i < to; i += 100 {
			tx := in.Begin(t, txn.ReadCommitted)
			for id := range shard.ID(2) {
				write(t, tx, &shard.WriteRequest{Header: shard.Header{Shard: id}, Op: shard.OpInsert, Table: shardtest.Accounts(1),
					Rows: rowsOf(shardtest.Accounts(1), i, i+100, 1)})
			}
			commit(t, tx)
		}
		if err := n.CutLogs(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
	}
	start := func() *engine.Node {
		n, err := engine.OpenNode(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	load(start(), 0, 1000)
	oldFile, oldLog := read(t, file), t.TempDir()
	copyDir(t, segments, oldLog)
	load(start(), 1000, 6000)
	newFile, newLog := read(t, file), t.TempDir()
	copyDir(t, segments, newLog)

	refused := func(what string) {
		t.Helper()
		n, err := engine.OpenNode(t.Context(), cfg)
		if err == nil {
			n.Kill()
		}
		if !pgerr.HasCode(err, pgerr.DataCorrupted) {
			t.Errorf("%s: the start gave %v", what, err)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	refused("a file that is gone")
	put(t, file, nil)
	refused("an empty file")
	put(t, file, oldFile)
	refused("an older file")
	put(t, file, newFile)
	replaceDir(t, oldLog, segments)
	refused("an older log")
	replaceDir(t, newLog, segments)
	n := start()
	defer n.Close()
	if got := count(t, instance(n, cfg).Begin(t, txn.ReadCommitted), 1, shardtest.Fragment(shardtest.Accounts(1))); got != 6000 {
		t.Errorf("%d rows of 6000", got)
	}
}

// instance is a node that was opened by itself.
func instance(n *engine.Node, cfg engine.Config) *shardtest.Instance {
	return &shardtest.Instance{Service: n, Oracle: cfg.Oracle, Shards: cfg.Shards,
		Log: func(id shard.ID) (txn.LogID, txn.Participant) {
			uuid := n.LogOf(id)
			return uuid, n.Participant(uuid)
		}}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func put(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func copyDir(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

func replaceDir(t *testing.T, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	copyDir(t, from, to)
}
