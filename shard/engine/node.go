package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Node is the shards and logs of one process (shard.Service).
type Node struct {
	cfg          *Config
	engines      atomic.Pointer[engines] // replaced under changing
	changing     sync.Mutex              // protects passing, too
	passing      map[shard.ID]bool       // shards that have files here which are none of engines
	participants []*Participant
	memory       *budget
	programs     programs
	metrics      Metrics
	victims      sync.Mutex // held while one of a deadlock ends its waits
	boots        boots
	asked        asked

	stop    chan struct{} // closed by Close
	running sync.WaitGroup
	once    sync.Once
	closed  error
}

var _ shard.Service = (*Node)(nil)

// Metrics counts what a node has done since it was opened.
type Metrics struct {
	OnePhase  atomic.Int64 // commits in one log
	TwoPhase  atomic.Int64 // prepares
	Deadlocks atomic.Int64
	Settled   atomic.Int64 // rows written to SQLite
	Spilled   atomic.Int64 // bytes of old images
}

// OpenNode opens the shards and logs under cfg.Dir, making what is not there,
// and replays the logs. When it returns, every acknowledged commit is visible;
// transactions left in doubt hold their locks and are being resolved.
func OpenNode(ctx context.Context, cfg Config) (*Node, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	n := &Node{cfg: cfg.withDefaults(), stop: make(chan struct{}), passing: map[shard.ID]bool{}}
	n.memory = newBudget(n.cfg.MemoryBytes)
	n.engines.Store(newEngines(n.cfg.Shards, n.cfg.Logs, nil))
	if err := n.open(ctx); err != nil {
		n.abandon()
		return nil, err
	}
	n.start()
	return n, nil
}

// OpenMemory opens a node of one shard without files and without a log: the
// catalog shard, or a session's own.
func OpenMemory(ctx context.Context, cfg Config) (*Node, error) {
	cfg.Dir, cfg.Shards, cfg.Logs = "", 1, 1
	return OpenNode(ctx, cfg)
}

func (n *Node) open(ctx context.Context) error {
	if err := n.clearScratch(); err != nil {
		return err
	}
	metas := make([]*meta, n.cfg.Shards)
	var list []*Engine
	for _, i := range n.cfg.Own {
		path, err := n.shardPath(i)
		if err != nil {
			return err
		}
		e, m, err := n.openEngine(i, path)
		if err != nil {
			return err
		}
		list, metas[i] = append(list, e), m
		n.engines.Store(newEngines(n.cfg.Shards, n.cfg.Logs, list))
	}
	for i := range n.cfg.Logs {
		if err := n.openLog(i, metas); err != nil {
			return err
		}
	}
	// Only now: a start that is refused touches nothing.
	if err := n.removeStrangers(); err != nil {
		return err
	}
	for _, e := range list {
		if err := e.dropViews(ctx); err != nil {
			return err
		}
	}
	return n.serve(ctx)
}

// openEngine opens a shard's file.
func (n *Node) openEngine(id shard.ID, path string) (*Engine, *meta, error) {
	e, m, err := newEngine(n.cfg, id, path, n.cfg.SQLite)
	if err != nil {
		return nil, nil, err
	}
	e.epoch.Store(n.cfg.Epoch)
	e.programs, e.memory, e.metrics = &n.programs, n.memory, &n.metrics
	e.scratch = newScratch(n.cfg, filepath.Base(path))
	e.locks = newLocks(n.cfg.DeadlockTimeout, func(ctx context.Context, self txn.ID) error { return n.Search(ctx, self, func() {}) })
	return e, m, nil
}

// clearScratch removes what an earlier process has left of files that die with
// their process.
func (n *Node) clearScratch() error {
	if n.cfg.Dir == "" {
		return nil
	}
	dir := filepath.Join(n.cfg.Dir, "scratch")
	if err := n.cfg.FS.MkdirAll(dir); err != nil {
		return err
	}
	names, err := n.cfg.FS.List(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := n.cfg.FS.Remove(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// shardPath is the file of a shard; its directory is made.
func (n *Node) shardPath(i shard.ID) (string, error) {
	if n.cfg.Dir == "" {
		return ":memory:", nil
	}
	dir := filepath.Join(n.cfg.Dir, "shards")
	if err := n.cfg.FS.MkdirAll(dir); err != nil {
		return "", err
	}
	return filepath.Join(dir, fmt.Sprintf("%04d.db", i)), nil
}

// openLog opens log i and replays it into its shards.
func (n *Node) openLog(i int, metas []*meta) error {
	p := &Participant{cfg: n.cfg, node: n, index: i}
	p.flight = map[log.Position]struct{}{}
	n.participants = append(n.participants, p)
	for _, e := range p.engines() {
		e.participant = p
	}
	if n.cfg.Dir == "" {
		p.uuid = txn.LogID(uuid.New())
		p.two.init(p.uuid)
		return nil
	}
	opts := n.cfg.Log
	opts.OnFatal = n.cfg.Fatal
	for _, e := range p.engines() {
		opts.Existing = opts.Existing || metas[e.id].log != ""
	}
	var err error
	if p.log, err = log.Open(n.cfg.FS, filepath.Join(n.cfg.Dir, "log", strconv.Itoa(i)), opts); err != nil {
		return err
	}
	p.uuid = p.log.UUID()
	p.two.init(p.uuid)
	for _, e := range p.engines() {
		if of := metas[e.id].log; of != "" && of != p.uuid.String() {
			return pgerr.New(pgerr.DataCorrupted, "shard file \"%s\" follows another log", e.db.Path()).
				WithDetail("The shard follows log %s, the log in place %d is %s.", of, i, p.uuid)
		}
	}
	return p.replay()
}

// serve makes the engines ready: a shard serves only what began after it
// became its owner (rule 12).
func (n *Node) serve(ctx context.Context) error {
	now, err := n.cfg.Oracle.Commit(ctx)
	if err != nil {
		return err
	}
	for _, e := range n.Engines() {
		if e.maxCommit > now {
			return pgerr.New(pgerr.DataCorrupted, "shard %d has commits above the timestamp oracle's", e.id).
				WithDetail("The shard has %d, the oracle draws %d.", e.maxCommit, now)
		}
		e.maxRead.Store(int64(now))
		e.recent.Raise(e.maxCommit)
		e.began = e.maxCommit
	}
	for _, p := range n.participants {
		if err := p.restorePrepared(); err != nil {
			return err
		}
	}
	for _, e := range n.Engines() {
		if err := errors.Join(e.dropLost(), e.undoLost()); err != nil {
			return err
		}
		e.unspoken(slices.Collect(maps.Keys(*e.tables.Load())))
	}
	return nil
}

// start starts the node's goroutines.
func (n *Node) start() {
	for _, e := range n.Engines() {
		n.running.Go(func() { e.runSettler(n.stop) })
		e.wake()
	}
	n.running.Go(func() { n.runResolver(n.stop) })
}

// abandon closes what a failed open has opened.
func (n *Node) abandon() {
	for _, e := range n.Engines() {
		e.db.Close()
		e.scratch.close()
	}
	for _, p := range n.participants {
		if p.log != nil {
			p.log.Close()
		}
	}
}

// Participants are the node's logs.
func (n *Node) Participants() []*Participant { return n.participants }

// Participant finds a log by its UUID; nil if it is not here.
func (n *Node) Participant(id txn.LogID) *Participant {
	for _, p := range n.participants {
		if p.uuid == id {
			return p
		}
	}
	return nil
}

// CheckSpace is 53100 when the disk has so little space left that writers are refused.
func (n *Node) CheckSpace() error {
	for _, p := range n.participants {
		if p.log == nil {
			continue
		}
		p.log.CheckSpace()
		if err := p.log.WritersBlocked(); err != nil {
			return err
		}
	}
	return nil
}

// LogOf is the log that a shard's commands go to, if it is here.
func (n *Node) LogOf(id shard.ID) txn.LogID {
	return n.participants[LogIndex(id, len(n.participants))].uuid
}

// Engines are the node's shards, in order.
func (n *Node) Engines() []*Engine { return n.engines.Load().list }

// Metrics are the node's counters.
func (n *Node) Metrics() *Metrics { return &n.metrics }

func (n *Node) engine(id shard.ID) (*Engine, error) {
	if e := n.engines.Load().find(id); e != nil {
		return e, nil
	}
	return nil, shard.Refuse(shard.RefusedEpoch)
}

// goneIf refuses a request that has found the shard's file closed because the
// shard has moved away meanwhile.
func (e *Engine) goneIf(err error) error {
	if err != nil && e.sealed.Load() && pgerr.HasCode(err, pgerr.AdminShutdown) {
		return shard.Refuse(shard.RefusedEpoch)
	}
	return err
}

// Read implements shard.Service.
func (n *Node) Read(ctx context.Context, r *shard.ReadRequest) (shard.Rows, error) {
	e, err := n.engine(r.Shard)
	if err != nil {
		return nil, err
	}
	rows, err := e.Read(ctx, r)
	return rows, e.goneIf(err)
}

// Write implements shard.Service.
func (n *Node) Write(ctx context.Context, r *shard.WriteRequest) (*shard.WriteReply, error) {
	e, err := n.engine(r.Shard)
	if err != nil {
		return nil, err
	}
	reply, err := e.Write(ctx, r)
	return reply, e.goneIf(err)
}

// Cut implements shard.Service.
func (n *Node) Cut(ctx context.Context, r *shard.CutRequest) error {
	e, err := n.engine(r.Shard)
	if err != nil {
		return err
	}
	return e.Cut(ctx, r)
}

// Control implements shard.Service.
func (n *Node) Control(ctx context.Context, r *shard.ControlRequest) (*shard.ControlReply, error) {
	e, err := n.engine(r.Shard)
	if err != nil {
		return nil, err
	}
	reply, err := e.Control(ctx, r)
	return reply, e.goneIf(err)
}

// Close stops the node cleanly: it settles everything, so that the files are
// the whole database, cuts the logs and closes all. Nobody may be using it.
func (n *Node) Close() error {
	n.once.Do(func() {
		close(n.stop)
		n.running.Wait()
		n.closed = n.shutDown()
	})
	return n.closed
}

// Kill stops the node as a crash would, as far as one can within a process:
// nothing is settled, nothing more is synced. For tests.
func (n *Node) Kill() {
	n.once.Do(func() {
		close(n.stop)
		n.running.Wait()
		for _, e := range n.Engines() {
			e.db.Close()
			e.scratch.close()
		}
		for _, p := range n.participants {
			if p.log != nil {
				p.log.Abandon()
			}
		}
	})
}

func (n *Node) shutDown() error {
	var errs []error
	for _, p := range n.participants {
		errs = append(errs, p.cut(context.Background()))
	}
	for _, e := range n.Engines() {
		if n.cfg.Dir != "" {
			_, err := e.db.Checkpoint(sqlite.Truncate)
			errs = append(errs, err)
		}
		errs = append(errs, e.db.Close())
		e.scratch.close()
	}
	for _, p := range n.participants {
		if p.log != nil {
			errs = append(errs, p.log.Close())
		}
	}

	return errors.Join(errs...)
}
