package engine

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// Config says what a Node opens and how it behaves. Zero fields take their
// defaults; Dir, Shards and Oracle have none.
type Config struct {
	// Dir holds shards/NNNN.db and log/K/. Empty is a node in memory.
	Dir string
	// FS is where logs and scratch files are written; nil is vfs.OS.
	FS vfs.FS
	// SQLite are the options of the shards' files.
	SQLite sqlite.Options
	// Log are the options of each log.
	Log log.Options
	// Shards is how many, numbered from 0; Logs how many logs they share, shard
	// by shard in turn.
	Shards, Logs int
	// Epoch is the shard map's by which Own are this node's: requests by an older
	// one are refused.
	Epoch uint64
	// Own are the shards that this node has, of all the cluster's; nil is all.
	Own    []shard.ID
	Oracle txn.Oracle
	Logger *slog.Logger
	// Ask asks another node's home log for the outcome of a transaction left in
	// doubt. Nil: only this node's logs are homes.
	Ask func(ctx context.Context, home txn.LogID, id txn.ID) (txn.Outcome, error)
	// Resolve tells a log of another node an outcome that one of this node's has
	// decided, durably (txn.Participant). Nil: such decisions are kept.
	Resolve func(ctx context.Context, log txn.LogID, r *txn.ResolveRequest) error
	// Over asks a node which of its transactions are over. Nil: nobody is asked.
	Over func(ctx context.Context, node uint32, ids []txn.ID) ([]txn.ID, error)
	// Waits are those of transactions that may hold something here while they
	// wait elsewhere; nil is none.
	Waits Waits
	// Elsewhere are the waits on other nodes; nil is none.
	Elsewhere Elsewhere
	// Party names a transaction of this node in a deadlock's message; nil: by its sequence.
	Party func(txn.ID) lock.Party
	// Database is which one a relation belongs to, for the same message; nil: 0.
	Database func(relation uint32) uint32
	// Fatal is called when a log or a file can no longer be trusted: the process must end.
	Fatal func(error)

	// DeadlockTimeout is how long a lock is waited for before a deadlock is
	// looked for (deadlock_timeout); 1 s.
	DeadlockTimeout time.Duration
	// Silence is how long a coordinator may leave what has prepared alone before its
	// outcome is asked for; 5 s.
	Silence time.Duration
	// SettleEvery is the longest time that changes stay out of SQLite; 100 ms.
	// Negative: only when asked or forced (tests).
	SettleEvery time.Duration
	// MemoryBytes bounds the recent layers and write sets of the node; 128 MiB.
	MemoryBytes int64
	// WriteSetBytes is how much of a transaction's write set a shard keeps in
	// memory; the rest lies in files until the commit. 16 MiB.
	WriteSetBytes int64
	// ScratchBytes bounds the scratch file of old images, ScratchAge their age;
	// past either, old snapshots are ended with 72000. 4 GiB, 1 h.
	ScratchBytes int64
	ScratchAge   time.Duration
	// CheckpointPages is the size of the WAL that starts a checkpoint; 8000.
	CheckpointPages int
	// CutBytes is how much log is gathered before it is cut; 64 MiB.
	CutBytes int64

	uniqueCheckBytes uint64 // see the constants
	sortBytes        int64
	groupBytes       int
}

// Waits are waits outside of the node's shards.
type Waits interface {
	Edges() []lock.Edge
	// Jump grants what only the fairness of a queue holds up (lock.SoftEdge), and
	// reports whether it could.
	Jump(waiter txn.ID) bool
}

// Elsewhere are the waits on the other nodes of a cluster. Each call asks them;
// when ctx ends it answers with what it has.
type Elsewhere interface {
	// Waits are those of the nodes that answer.
	Waits(ctx context.Context) []lock.Edge
	// Jump is Waits' on the node that has the waiter.
	Jump(ctx context.Context, waiter txn.ID) bool
	// Party is how the node that coordinates a transaction names it.
	Party(ctx context.Context, id txn.ID) lock.Party
}

const (
	defaultDeadlockTimeout = time.Second
	defaultSilence         = 5 * time.Second
	defaultSettleEvery     = 100 * time.Millisecond
	defaultMemoryBytes     = 128 << 20
	defaultWriteSetBytes   = 16 << 20
	defaultScratchBytes    = 4 << 30
	defaultScratchAge      = time.Hour
	defaultCheckpointPages = 8000 // measured: more gains little, the stall grows
	defaultCutBytes        = 64 << 20
)

// Validate reports what cannot work.
func (c *Config) Validate() error {
	switch {
	case c.Shards < 1:
		return pgerr.New(pgerr.InvalidParameterValue, "number of shards must be positive")
	case c.Logs < 0 || c.Logs > c.Shards:
		return pgerr.New(pgerr.InvalidParameterValue, "number of logs must be between 1 and the number of shards")
	case slices.ContainsFunc(c.Own, func(id shard.ID) bool { return int(id) >= c.Shards }):
		return pgerr.New(pgerr.InvalidParameterValue, "the cluster has %d shards, numbered from 0", c.Shards)
	case c.Oracle == nil:
		return pgerr.Internal("engine without an oracle")
	}
	return nil
}

func (c Config) withDefaults() *Config {
	if c.FS == nil {
		c.FS = vfs.OS{}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Logs == 0 {
		c.Logs = 1
	}
	if c.Own == nil {
		for id := range c.Shards {
			c.Own = append(c.Own, shard.ID(id))
		}
	}
	if c.Fatal == nil {
		c.Fatal = func(error) {}
	}
	if c.Party == nil {
		c.Party = func(id txn.ID) lock.Party { return lock.Party{Process: int32(id.Seq), Number: id.Seq} }
	}
	if c.Database == nil {
		c.Database = func(uint32) uint32 { return 0 }
	}
	setDefault(&c.DeadlockTimeout, defaultDeadlockTimeout)
	setDefault(&c.Silence, defaultSilence)
	setDefault(&c.SettleEvery, defaultSettleEvery)
	setDefault(&c.MemoryBytes, defaultMemoryBytes)
	setDefault(&c.WriteSetBytes, defaultWriteSetBytes)
	setDefault(&c.ScratchBytes, defaultScratchBytes)
	setDefault(&c.ScratchAge, defaultScratchAge)
	setDefault(&c.CheckpointPages, defaultCheckpointPages)
	setDefault(&c.CutBytes, defaultCutBytes)
	setDefault(&c.uniqueCheckBytes, uniqueCheckBytes)
	setDefault(&c.sortBytes, sortBytes)
	setDefault(&c.groupBytes, groupBytes)
	return &c
}

func setDefault[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}
