package engine

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/recent"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Participant is one log and the shards whose commands it holds: what a commit
// deals with (txn.Participant).
//
// A commit's steps, and what a crash between them leaves:
//
//	freeze     no more statements                    nothing
//	register   p is fixed on each shard; reads at or
//	           above it wait                         nothing
//	append     the record has its place in the log   nothing, or the commit
//	wait       one fsync for many                    the commit
//	apply      chains; reads go on; locks go         the commit
type Participant struct {
	journal
	cfg   *Config
	node  *Node
	index int // which of the node's logs

	away map[shard.ID]bool // while replaying: shards with commands that are not here

	ends endings
	two  twoPhase

	cutting sync.Mutex   // held by whoever cuts; protects cutTo
	cutAt   atomic.Int64 // gathered at the last cut; below 0 what a start has found
	cutTo   log.Position // all up to here was applied at the last cut, or copied by it
}

var _ txn.Participant = (*Participant)(nil)

// ID is the log's UUID.
func (p *Participant) ID() txn.LogID { return p.uuid }

// LogMetrics are the counters of the participant's log; a node in memory has none, and gets zeros.
func (p *Participant) LogMetrics() *log.Metrics {
	if p.log == nil {
		return &log.Metrics{}
	}
	return p.log.Metrics()
}

// engines are the shards whose commands the log gets, in order.
func (p *Participant) engines() []*Engine { return p.node.engines.Load().logs[p.index] }

// engine finds a shard of the log; nil if it is not here.
func (p *Participant) engine(id shard.ID) *Engine {
	if e := p.node.engines.Load().find(id); e != nil && e.participant == p {
		return e
	}
	return nil
}

// enlisted finds the branches that a coordinator counted, all of them in their
// incarnation.
func (p *Participant) enlisted(id txn.ID, list []txn.Enlistment) ([]*branch, error) {
	out := make([]*branch, 0, len(list))
	for _, s := range list {
		e := p.engine(shard.ID(s.Shard))
		if e == nil {
			return nil, shard.Refuse(shard.RefusedEpoch)
		}
		e.branchMu.RLock()
		b := e.branches[id]
		e.branchMu.RUnlock()
		if b == nil || s.Incarnation != e.incarnation {
			return nil, shard.Refuse(shard.RefusedRestart)
		}
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b *branch) int { return int(a.engine.id) - int(b.engine.id) })
	return out, nil
}

// freeze freezes the branches that a coordinator counted; all or none.
func (p *Participant) freeze(id txn.ID, list []txn.Enlistment) ([]*branch, error) {
	branches, err := p.enlisted(id, list)
	if err != nil {
		return nil, err
	}
	for i, b := range branches {
		if err := b.freeze(lastOf(list, b.engine.id)); err != nil {
			for _, done := range branches[:i] {
				done.thaw()
			}
			return nil, err
		}
	}
	return branches, nil
}

func lastOf(list []txn.Enlistment, id shard.ID) txn.Statement {
	for _, s := range list {
		if shard.ID(s.Shard) == id {
			return s.Last
		}
	}
	return 0
}

// Commit implements txn.Participant: a transaction that wrote in this log only.
func (p *Participant) Commit(ctx context.Context, r *txn.CommitRequest) (txn.Outcome, error) {
	if out, ok := p.ends.get(r.Txn); ok {
		return out, nil
	}
	branches, err := p.freeze(r.Txn, r.Shards)
	if err != nil {
		return p.committedBefore(r.Txn, err)
	}
	if !slices.ContainsFunc(branches, (*branch).wrote) {
		for _, b := range branches {
			b.end()
		}
		return txn.Outcome{State: txn.Committed, At: r.At}, nil
	}
	return p.commit(ctx, r, branches)
}

// committedBefore answers a duplicate, which found nothing to freeze: what the first
// came to, or, while that is under way, an error that leaves it open.
func (p *Participant) committedBefore(id txn.ID, err error) (txn.Outcome, error) {
	if _, frozen := p.active(id); frozen {
		return txn.Outcome{}, pgerr.New(pgerr.ConnectionFailure, "transaction %s is being committed already", id)
	}
	if out, ok := p.ends.get(id); ok {
		return out, nil
	}
	return txn.Outcome{}, err
}

func (p *Participant) commit(ctx context.Context, r *txn.CommitRequest, branches []*branch) (txn.Outcome, error) {
	if err := p.finishLoads(branches); err != nil {
		p.giveUp(branches, nil, &changes{})
		return txn.Outcome{}, err
	}
	pend, at, err := p.register(ctx, branches, r.At, nil)
	if err != nil {
		return txn.Outcome{}, err
	}
	c := commit{id: r.Txn, at: at}
	var pos log.Position
	var ticket log.Ticket
	if c.changes, err = p.changesOf(branches); err == nil {
		pos, ticket, err = p.appendCommit(branches, &c)
	}
	if err != nil {
		p.giveUp(branches, pend, &c.changes)
		return txn.Outcome{}, err
	}
	if err := p.durable(ticket); err != nil {
		return txn.Outcome{}, err
	}
	p.mustBeSynced(pos)
	for _, x := range pend {
		p.cfg.must(x.at <= at, "commit at %d below p %d", at, x.at)
	}
	p.node.metrics.OnePhase.Add(1)
	out := txn.Outcome{State: txn.Committed, At: at}
	p.ends.put(r.Txn, out)
	p.applyBranches(branches, &c.changes, at, pos)
	p.unregister(pend)
	p.done(pos)
	p.noteLarge(&c.changes)
	for _, b := range branches {
		b.end()
	}
	return out, nil
}

// appendCommit appends a commit, unless somebody has asked for the
// transaction and so aborted it.
func (p *Participant) appendCommit(branches []*branch, c *commit) (log.Position, log.Ticket, error) {
	record := c.encode()
	p.two.mu.Lock()
	defer p.two.mu.Unlock()
	if _, err := p.two.ledger.Prepare(c.id); err != nil {
		return 0, log.Ticket{}, err
	}
	pos, _, ticket, err := p.appendChanges(branches, record, c.changes)
	return pos, ticket, err
}

// register fixes, on every shard, the timestamp below which the transaction
// will not commit, and returns the largest.
func (p *Participant) register(ctx context.Context, branches []*branch, drawn txn.Timestamp, fences []txn.Fence) ([]*pending, txn.Timestamp, error) {
	at := drawn
	pend := make([]*pending, len(branches))
	for i, b := range branches {
		pend[i] = b.engine.register(b, drawn, fences)
		at = max(at, pend[i].at)
	}
	if at == drawn || at%txn.TimestampStep != 0 {
		return pend, at, nil
	}
	// The increments have run into the next drawn timestamp (rule 19). Reads at
	// or above each shard's p wait, so a larger one is as good.
	again, err := p.cfg.Oracle.Commit(ctx)
	if err != nil {
		p.unregister(pend)
		for _, b := range branches {
			b.thaw()
		}
		return nil, 0, err
	}
	return pend, max(at, again), nil
}

// register computes p and makes reads at or above it wait, in one atomic step
// (rule 12).
func (e *Engine) register(b *branch, drawn txn.Timestamp, fences []txn.Fence) *pending {
	e.latch.Lock()
	defer e.latch.Unlock()
	p := &pending{branch: b, done: make(chan struct{}), wholesale: e.fenced(fences)}
	p.at = max(drawn, txn.Timestamp(e.maxRead.Load())+1, e.maxCommit+1)
	e.cfg.must(p.at > e.recent.Floor(), "p %d is not above the floor %d", p.at, e.recent.Floor())
	e.enter(p)
	return p
}

// enter puts p in front of the tables that it changes; the caller holds the latch.
func (e *Engine) enter(p *pending) {
	tables := *e.tables.Load()
	for _, physical := range append(p.branch.physicals(), p.wholesale...) {
		if t := tables[physical]; t != nil {
			t.busy = append(t.busy, p)
		}
	}
}

// unregister lets the reads go on that wait.
func (p *Participant) unregister(list []*pending) {
	for _, pend := range list {
		pend.branch.engine.leave(pend)
	}
}

func (e *Engine) leave(p *pending) {
	e.latch.Lock()
	tables := *e.tables.Load()
	for _, physical := range append(p.branch.physicals(), p.wholesale...) {
		if t := tables[physical]; t != nil {
			t.busy = slices.DeleteFunc(t.busy, func(x *pending) bool { return x == p })
		}
	}
	e.latch.Unlock()
	close(p.done)
}

// apply puts the write set into the chains.
func (b *branch) apply(at txn.Timestamp, pos log.Position) {
	e := b.engine
	e.latch.Lock()
	defer e.latch.Unlock()
	tables := *e.tables.Load()
	for _, own := range b.set.Tables() {
		t := tables[own.Physical]
		if t == nil {
			continue // dropped since
		}
		chains := e.chainsFor(t)
		grown := int64(0)
		own.Ascend(recent.Range{}, func(c *recent.Chain) bool {
			ch, ok := changeOf(c.Key, c.Versions())
			if ok {
				v := ch.version()
				v.At = at
				chains.Add(c.Key, c.Versions()[0], v)
				grown += ch.delta()
				if ch.row != nil {
					t.imaged(1, int64(len(ch.row)))
				}
			}
			return true
		})
		t.count(pos, grown)
	}
	e.maxCommit = max(e.maxCommit, at)
	e.noteMemory()
}

// end forgets a branch whose outcome is known and applied.
func (b *branch) end() {
	b.mu.Lock()
	b.state = branchEnded
	b.mu.Unlock()
	b.engine.forget(b)
}

// changesOf encodes the write sets of a transaction.
func (p *Participant) changesOf(branches []*branch) (changes, error) {
	out := changes{loads: loadsOf(branches), reshapes: reshapesOf(branches)}
	for _, b := range branches {
		if b.large() {
			side, err := p.largeAside(b)
			if err != nil {
				p.dropAside(&out)
				return out, err
			}
			out.sides = append(out.sides, side)
			continue
		}
		for _, own := range b.set.Tables() {
			w := writer{}
			own.Ascend(recent.Range{}, func(c *recent.Chain) bool {
				if ch, ok := changeOf(c.Key, c.Versions()); ok {
					ch.append(&w)
				}
				return true
			})
			if len(w.b) > 0 {
				out.sections = append(out.sections, section{shard: b.engine.id, physical: own.Physical, rows: w.b})
			}
		}
	}
	return out, p.aside(&out)
}

// appendChanges appends a record with changes, and in front of it the shapes of
// tables that the log does not know yet; done(first) when they are applied.
func (p *Participant) appendChanges(branches []*branch, record log.Record, c changes) (first, last log.Position, ticket log.Ticket, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var records []log.Record
	type told struct {
		t *table
		s *shape
	}
	var news []told
	for _, b := range branches {
		tables := *b.engine.tables.Load()
		for _, physical := range b.physicals() {
			t := tables[physical]
			if t == nil {
				continue // dropped since: its images are passed over (rule 3)
			}
			if s := t.shape.Load(); t.defined != s {
				d := define{shard: b.engine.id, shape: s}
				records = append(records, d.encode())
				news = append(news, told{t, s})
			}
		}
	}
	if first, ticket, err = p.appendLocked(false, append(records, record)...); err != nil {
		return 0, 0, ticket, err
	}
	for _, n := range news {
		n.t.defined = n.s
	}
	p.bindSides(&c, p.last)
	return first, p.last, ticket, nil
}

// endings remembers the outcomes of recent one-log commits, so that a late
// duplicate of a commit gets the same answer.
type endings struct {
	mu    sync.Mutex // protects the rest
	byID  map[txn.ID]txn.Outcome
	order []txn.ID // a ring
	next  int
}

// keptEndings is how many one-log outcomes are remembered.
const keptEndings = 1 << 14

func (s *endings) get(id txn.ID) (txn.Outcome, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out, ok := s.byID[id]
	return out, ok
}

func (s *endings) put(id txn.ID, out txn.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = map[txn.ID]txn.Outcome{}
	}
	if len(s.order) < keptEndings {
		s.order = append(s.order, id)
	} else {
		delete(s.byID, s.order[s.next])
		s.order[s.next] = id
		s.next = (s.next + 1) % keptEndings
	}
	s.byID[id] = out
}
