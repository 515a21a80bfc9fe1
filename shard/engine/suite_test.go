package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

func config(dir string, oracle txn.Oracle, shards, logs int) engine.Config {
	return engine.Config{Dir: dir, FS: vfs.OS{}, Shards: shards, Logs: logs, Oracle: oracle,
		Log:             log.Options{SegmentBytes: 1 << 20}, // made in less time than the usual ones
		DeadlockTimeout: 20 * time.Millisecond, SettleEvery: 5 * time.Millisecond}
}

func open(t testing.TB, cfg engine.Config) *shardtest.Instance {
	t.Helper()
	if cfg.Fatal == nil {
		cfg.Fatal = func(err error) { t.Errorf("the node would end: %v", err) }
	}
	n, err := engine.OpenNode(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	in := &shardtest.Instance{Service: n, Oracle: cfg.Oracle, Shards: cfg.Shards,
		Log: func(id shard.ID) (txn.LogID, txn.Participant) {
			uuid := n.LogOf(id)
			return uuid, n.Participant(uuid)
		}}
	in.Restart = func(t testing.TB, clean bool) *shardtest.Instance {
		if clean {
			if err := n.Close(); err != nil {
				t.Fatal(err)
			}
		} else {
			n.Kill()
		}
		return open(t, cfg)
	}
	if cfg.Dir == "" {
		in.Restart = nil
	}
	return in
}

func TestConformance(t *testing.T) {
	shardtest.Run(t, func(t testing.TB, shards, logs int) *shardtest.Instance {
		return open(t, config(t.TempDir(), shardtest.NewOracle(), shards, logs))
	})
}

func TestConformanceInMemory(t *testing.T) {
	shardtest.Run(t, func(t testing.TB, shards, logs int) *shardtest.Instance {
		return open(t, config("", shardtest.NewOracle(), shards, logs))
	})
}
