package engine

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/recent"
	"github.com/pegmatitedb/pegmatite/txn"
)

// FallSilent makes the coordinators of all transactions over several logs seem
// to have been gone for long.
func (n *Node) FallSilent() {
	for _, p := range n.participants {
		p.two.mu.Lock()
		for _, st := range p.two.prepared {
			st.since = time.Time{}
		}
		for id := range p.two.since {
			p.two.since[id] = time.Time{}
		}
		p.two.mu.Unlock()
	}
}

// InLittleMemory is the configuration with sorts, groupings and checks of unique
// indexes that hold next to nothing in memory.
func (c Config) InLittleMemory() Config {
	c.sortBytes, c.groupBytes, c.uniqueCheckBytes = 1000, 1000, 100
	return c
}

// Runs is how many files write sets and sorts have begun.
func (e *Engine) Runs() int64 { return e.runs.Load() }

// ScratchFiles is how many files there are that die with the process.
func (n *Node) ScratchFiles() int {
	names, _ := n.cfg.FS.List(filepath.Join(n.cfg.Dir, "scratch"))
	return len(names)
}

// Behind is how many log positions the shard's file has not noted yet.
func (e *Engine) Behind() log.Position {
	e.settleMu.Lock()
	defer e.settleMu.Unlock()
	return e.participant.log.Last() - e.applied
}

// SettleAround settles, with something done before the file's transaction begins.
func (e *Engine) SettleAround(ctx context.Context, between func()) error {
	e.settleMu.Lock()
	defer e.settleMu.Unlock()
	s := e.takeDirty()
	between()
	return e.writeSettlement(ctx, s)
}

// RefuseDrops makes the shard's file refuse all writes, as a full disk does,
// until the returned function is called.
func (e *Engine) RefuseDrops() (again func()) {
	set := func(pragma string) {
		conn, err := e.db.Writer(context.Background())
		if err != nil {
			panic(err)
		}
		defer conn.Release()
		if err := conn.Script(pragma); err != nil {
			panic(err)
		}
	}
	set("PRAGMA query_only = 1")
	return func() { set("PRAGMA query_only = 0") }
}

// Maintain is what the settler does now and then.
func (e *Engine) Maintain() error { return e.maintain() }

// HasTable reports whether the shard's file has a table.
func (e *Engine) HasTable(physical uint64) bool {
	t := (*e.tables.Load())[physical]
	return t != nil && t.columns.Load() > 0
}

// HasIndex reports whether the shard's file has an index of a table.
func (e *Engine) HasIndex(physical uint64, index uint32) bool {
	conn, err := e.db.Writer(context.Background())
	if err != nil {
		panic(err)
	}
	defer conn.Release()
	return (*e.tables.Load())[physical].indexed[index]
}

// Waits is on how many shards a transaction waits.
func (n *Node) Waits(id txn.ID) (shards int) {
	for _, e := range n.Engines() {
		info := shard.TransactionInfo{Txn: id}
		if e.locks.describe(&info); info.Wait != nil {
			shards++
		}
	}
	return shards
}

// ChainsByIndex reports whether a table's chains are ordered by an index.
func (e *Engine) ChainsByIndex(physical uint64, index uint32) bool {
	e.latch.RLock()
	defer e.latch.RUnlock()
	return e.recent.Table(physical).AscendIndex(index, recent.Range{}, func(*recent.Chain) bool { return true })
}

// HoldWriter keeps the shard's file from being written until the returned
// function is called.
func (e *Engine) HoldWriter() (release func()) {
	conn, err := e.db.Writer(context.Background())
	if err != nil {
		panic(err)
	}
	return conn.Release
}

// Fenced are the relations of which the shard refuses older descriptors.
func (e *Engine) Fenced() []types.OID {
	all := e.fences.byRelation.Load()
	if all == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(*all))
}
