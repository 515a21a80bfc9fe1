// Package engine is one shard: an SQLite file and, over it, the recent layer
// in memory; and the logs that shards share.
//
//	Node ─┬─ Engine 0 ── SQLite file, recent layer, lock table, branches (write sets)
//	      ├─ Engine 1 …
//	      └─ Participant: one log and its engines; commit, prepare, decide, resolve
//
// By subject:
//
//	node.go engine.go config.go       what there is, opening and closing; engines.go: a node's shards by log
//	read.go scan.go lookup.go         reads; capture.go: what memory says of one; pins.go: what it holds on to; lockread.go: FOR UPDATE
//	program.go stages.go group.go     a fragment made ready to run; merge.go, spans.go, sorter.go
//	rows.go batch.go unsafe.go        rows as bytes
//	write.go insert.go update.go      writes; given.go: of rows that the coordinator has read;
//	row.go writeprogram.go ordered.go their new rows, expressions and locks; branch.go: a transaction on a shard
//	ownset.go run.go large.go         write sets larger than memory
//	reshape.go                        schema changes that are rolled back
//	load.go loadend.go                rows that go straight into SQLite
//	locks.go tablelock.go deadlock.go rows, values and tables
//	fence.go boots.go                 plans of before a schema change, transactions of before a restart: refused
//	participant.go twophase.go        txn.Participant; restore.go asked.go: what is in doubt
//	commands.go changes.go aside.go   what the log holds; journal.go: appending; wire.go, shapewire.go: as bytes
//	settle.go checkpoint.go cut.go    from memory to SQLite, and the log's end; shrink.go: free pages; memory.go scratch.go: its bounds
//	replay.go                         start-up
//	move.go drain.go handmemory.go    a shard goes to another node; departure.go: is gone; adopt.go: and comes
//	table.go shape.go ddl.go meta.go  physical tables; stored.go: whose shapes the file has; indexbuild.go, uniquecheck.go, views.go, readable.go;
//	                                  width.go: how wide indexed rows are
//	sequences.go control.go           sequences; what else can be asked of a shard
//	invariants.go                     what is checked as it runs
//
// Locks of the process, in the order in which they are taken:
//
//	branch.turn → Participant.mu → Engine.latch → branch.mu
//
// (freeze, which has branch.mu, does not wait for the turn.)
//
// The latch is the one of the design: a read opens its SQLite read and captures
// chains under it, shared; applying commits, registering them beforehand and
// dropping chains take it exclusively. Nobody waits for anything under it.
package engine

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/recent"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Engine is one shard.
type Engine struct {
	id          shard.ID
	cfg         *Config
	db          *sqlite.DB
	incarnation txn.Incarnation
	programs    *programs
	participant *Participant
	locks       *locks
	fences      fences
	scratch     *scratch
	metrics     *Metrics

	maxRead atomic.Int64 // the highest snapshot served; raised under the latch
	epoch   atomic.Uint64
	moving  atomic.Bool   // a Move of it is under way
	retired chan struct{} // closed when it has moved away

	latch     sync.RWMutex // see the package comment; protects the fields below
	recent    *recent.Shard
	maxCommit txn.Timestamp
	began     txn.Timestamp // the floor when the chains began
	pins      pins

	tables atomic.Pointer[map[uint64]*table] // replaced under the latch

	branchMu sync.RWMutex // protects the two below
	branches map[txn.ID]*branch
	entrance entrance
	sealed   atomic.Bool // entrance.state is entranceSealed

	sequences sequences

	left atomic.Bool // an ended branch has left something in the file, see retakeLeft

	settleMu sync.Mutex   // held by whoever settles; protects the two below
	applied  log.Position // SQLite has all commands up to here
	synced   log.Position // and this far it would after a power cut

	runs atomic.Int64 // names of runs

	// At start-up: tables that were being loaded, and what those were like that
	// were being changed.
	marks    map[uint64]struct{}
	reshapes map[uint64]*shape

	checkpointAt atomic.Int64 // the WAL's size for the next try

	settled chan struct{} // wakes the settler
	memory  *budget
	used    int64 // what the budget was last told; under the latch
}

// newEngine opens a shard's file. Replay fills the recent layer afterwards.
func newEngine(cfg *Config, id shard.ID, path string, opts sqlite.Options) (*Engine, *meta, error) {
	db, err := sqlite.Open(path, opts)
	if err != nil {
		return nil, nil, err
	}
	e := &Engine{
		id: id, cfg: cfg, db: db, incarnation: newIncarnation(),
		branches: map[txn.ID]*branch{}, settled: make(chan struct{}, 1), retired: make(chan struct{}),
	}
	e.tables.Store(&map[uint64]*table{})
	m, err := e.load()
	if err != nil {
		db.Close()
		return nil, nil, err
	}
	return e, m, nil
}

func newIncarnation() txn.Incarnation {
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return txn.Incarnation(binary.LittleEndian.Uint64(b[:]) | 1)
}

// load reads what the file says of itself.
func (e *Engine) load() (*meta, error) {
	conn, err := e.db.Writer(context.Background())
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	m, err := readMeta(conn)
	if err != nil {
		return nil, err
	}
	switch {
	case m.format > fileFormat:
		return nil, pgerr.New(pgerr.DataCorrupted, "shard file \"%s\" has format %d, newer than %d", e.db.Path(), m.format, fileFormat)
	case m.shard >= 0 && shard.ID(m.shard) != e.id:
		return nil, pgerr.New(pgerr.DataCorrupted, "shard file \"%s\" belongs to shard %d, not %d", e.db.Path(), m.shard, e.id)
	}
	e.recent = recent.New(m.commit)
	e.maxCommit = m.commit
	// What an earlier process has committed may not be synced yet: synced stays 0.
	e.applied = m.applied
	for _, s := range m.shapes {
		t := e.learn(s)
		t.stored.Store(s)
		t.restore(m.rows[s.physical])
	}
	e.marks, e.reshapes = m.loads, m.reshapes
	e.sequences.restore(m.sequences)
	e.fences.restore(m.fences)
	return m, e.loadSchema(conn)
}

// check is what every request of a statement must pass first.
func (e *Engine) check(h *shard.Header, t *shard.Table) error {
	if e.sealed.Load() || h.Epoch != 0 && h.Epoch < e.epoch.Load() {
		return shard.Refuse(shard.RefusedEpoch)
	}
	if t == nil {
		return pgerr.Internal("a request without a table")
	}
	if h.Incarnation != 0 && h.Incarnation != e.incarnation {
		return shard.Refuse(shard.RefusedRestart)
	}
	return nil
}

// Cut takes back statements (shard.Service).
func (e *Engine) Cut(ctx context.Context, r *shard.CutRequest) error {
	b, err := e.branchOf(ctx, &r.Header, false)
	if err != nil || b == nil {
		return err
	}
	if r.Incarnation == 0 {
		// The coordinator has lost every answer from here: it takes all back, and
		// will not count the shard in.
		b.rollback()
		return nil
	}
	return b.cut(ctx, r.From, r.Sent)
}

// ID is the shard's number.
func (e *Engine) ID() shard.ID { return e.id }

// Incarnation is what the coordinator must show on every later contact.
func (e *Engine) Incarnation() txn.Incarnation { return e.incarnation }
