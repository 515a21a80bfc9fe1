package engine

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/txn"
)

// twoPhase is what a log knows of transactions over several logs. Records about
// them are appended under mu, so that what is copied forward when the log is
// cut cannot come after its own end.
type twoPhase struct {
	mu        sync.Mutex // protects the rest; taken before journal.mu
	prepared  map[txn.ID]*prepared
	decisions map[txn.ID]*decision
}

func (t *twoPhase) init() {
	t.prepared, t.decisions = map[txn.ID]*prepared{}, map[txn.ID]*decision{}
}

// prepared is a transaction that is durable here and waits for its outcome.
type prepared struct {
	rec      *prepare
	raw      log.Record // to be copied forward
	pos      log.Position
	branches []*branch
	pend     []*pending
	// restored: the write sets come from the log, not from statements.
	restored bool
	since    time.Time
	ending   chan struct{} // non-nil while a resolve is being written; closed at the end
}

// decision is a commit decision at its home, kept until every participant has
// resolved durably (rule 8). Aborts need none: who knows nothing answers abort.
type decision struct {
	out     txn.Outcome
	waiting []txn.LogID // participants that have not resolved
	raw     log.Record
	pos     log.Position
	durable chan struct{} // closed when the record is synced
}

// Prepare implements txn.Participant.
func (p *Participant) Prepare(ctx context.Context, r *txn.PrepareRequest) (txn.PrepareReply, error) {
	if at, ok := p.preparedAt(r.Txn); ok {
		return txn.PrepareReply{At: at}, nil
	}
	branches, err := p.freeze(r.Txn, r.Shards)
	if err != nil {
		if at, ok := p.preparedAt(r.Txn); ok {
			return txn.PrepareReply{At: at}, nil
		}
		return txn.PrepareReply{}, err
	}
	pend, at, err := p.register(ctx, branches, r.At)
	if err != nil {
		return txn.PrepareReply{}, err
	}
	abort := func(err error) (txn.PrepareReply, error) {
		p.unregister(pend)
		for _, b := range branches {
			b.thaw()
			b.rollback()
		}
		return txn.PrepareReply{}, err
	}
	rec := &prepare{id: r.Txn, at: at, home: r.Home, participants: r.Participants, shards: r.Shards}
	if rec.changes, err = p.changesOf(branches); err != nil {
		return abort(err)
	}
	for _, b := range branches {
		for _, h := range b.engine.locks.prepared(b.id) {
			rec.locks = append(rec.locks, heldLock{b.engine.id, h})
		}
	}
	st := &prepared{rec: rec, raw: rec.encode(), branches: branches, pend: pend, since: time.Now()}
	ticket, err := p.appendPrepare(st)
	if err != nil {
		return abort(err)
	}
	if err := ticket.Wait(); err != nil {
		p.cfg.Fatal(err)
		return txn.PrepareReply{}, errUnknownOutcome(err)
	}
	p.node.metrics.TwoPhase.Add(1)
	return txn.PrepareReply{At: at}, nil
}

func errUnknownOutcome(cause error) error {
	return pgerr.New(pgerr.TransactionResolutionUnknown, "outcome of the transaction is unknown").WithCause(cause)
}

func (p *Participant) preparedAt(id txn.ID) (txn.Timestamp, bool) {
	p.two.mu.Lock()
	defer p.two.mu.Unlock()
	if st := p.two.prepared[id]; st != nil {
		return st.rec.at, true
	}
	return 0, false
}

func (p *Participant) appendPrepare(st *prepared) (log.Ticket, error) {
	p.two.mu.Lock()
	defer p.two.mu.Unlock()
	first, last, ticket, err := p.appendChanges(st.branches, st.raw, st.rec.changes)
	if err != nil {
		return ticket, err
	}
	// What a prepare says is in no chain before its resolve, and it is copied
	// forward when the log is cut: it does not hold settling up.
	p.done(first)
	st.pos = last
	p.two.prepared[st.rec.id] = st
	return ticket, nil
}

// Decide implements txn.Participant: the first outcome wins, and a commit only
// if the home itself has prepared.
func (p *Participant) Decide(ctx context.Context, r *txn.DecideRequest) (txn.Outcome, error) {
	if out, ok := p.ends.get(r.Txn); ok {
		return out, nil
	}
	p.two.mu.Lock()
	if d := p.two.decisions[r.Txn]; d != nil {
		p.two.mu.Unlock()
		<-d.durable
		return d.out, nil
	}
	st := p.two.prepared[r.Txn]
	if st == nil || st.ending != nil || r.Outcome.State != txn.Committed || r.Outcome.At < st.rec.at {
		p.two.mu.Unlock()
		return p.abort(r.Txn)
	}
	d := &decision{out: r.Outcome, durable: make(chan struct{})}
	for _, id := range st.rec.participants {
		if id != p.uuid {
			d.waiting = append(d.waiting, id)
		}
	}
	rec := outcome{id: r.Txn, state: txn.Committed, at: r.Outcome.At, participants: d.waiting}
	d.raw = rec.encode(commandDecide)
	pos, ticket, err := p.append(true, d.raw)
	if err != nil {
		p.two.mu.Unlock()
		return txn.Outcome{}, err
	}
	d.pos = pos
	p.two.decisions[r.Txn] = d
	p.two.mu.Unlock()
	if err := ticket.Wait(); err != nil {
		p.cfg.Fatal(err)
		return txn.Outcome{}, errUnknownOutcome(err)
	}
	p.ends.put(r.Txn, d.out)
	p.apply(st, d.out)
	p.done(pos)
	close(d.durable)
	p.acknowledge(r.Txn, p.uuid)
	return d.out, nil
}

// abort ends a transaction without a decision, unless one was made first.
func (p *Participant) abort(id txn.ID) (txn.Outcome, error) {
	out := txn.Outcome{State: txn.Aborted}
	if err := p.end(id, out, commandDecide); err != nil {
		return txn.Outcome{}, err
	}
	p.two.mu.Lock()
	d := p.two.decisions[id]
	p.two.mu.Unlock()
	if d != nil {
		<-d.durable
		return d.out, nil
	}
	if done, ok := p.ends.get(id); ok {
		return done, nil
	}
	return out, nil
}

// apply gives a prepared transaction its outcome in memory.
func (p *Participant) apply(st *prepared, out txn.Outcome) {
	if out.State == txn.Committed {
		p.applyPrepared(st, out.At)
	}
	p.unregister(st.pend)
	p.two.mu.Lock()
	delete(p.two.prepared, st.rec.id)
	p.two.mu.Unlock()
	for _, b := range st.branches {
		b.end()
	}
	if out.State == txn.Aborted && st.rec.changes.side != nil {
		p.dropAside(st.rec.changes.side)
	}
}

func (p *Participant) applyPrepared(st *prepared, at txn.Timestamp) {
	if !st.restored {
		for _, b := range st.branches {
			b.apply(at)
		}
		return
	}
	err := p.eachSection(&st.rec.changes, func(s *section) error {
		e := p.engine(s.shard)
		if err := e.replaySection(s, at); err != nil {
			return err
		}
		e.latch.Lock()
		e.maxCommit = max(e.maxCommit, at)
		e.noteMemory()
		e.latch.Unlock()
		return nil
	})
	if err != nil {
		p.cfg.Fatal(err) // decided, and its changes cannot be read
	}
}

// Resolve implements txn.Participant.
func (p *Participant) Resolve(ctx context.Context, r *txn.ResolveRequest) error {
	if r.Outcome.State != txn.Committed && r.Outcome.State != txn.Aborted {
		return pgerr.Internal("resolve with outcome %s", r.Outcome.State)
	}
	if out, ok := p.ends.get(r.Txn); ok && out.State == txn.Committed {
		p.tellHome(r.Txn) // a duplicate, or the home's own
		return nil
	}
	return p.end(r.Txn, r.Outcome, commandResolve)
}

// end writes and applies an outcome here. What has not prepared is rolled back.
func (p *Participant) end(id txn.ID, out txn.Outcome, command byte) error {
	p.two.mu.Lock()
	st := p.two.prepared[id]
	if st == nil {
		p.two.mu.Unlock()
		p.rollback(id)
		return nil
	}
	if ending := st.ending; ending != nil {
		p.two.mu.Unlock()
		<-ending
		return nil
	}
	if p.two.decisions[id] != nil {
		p.two.mu.Unlock()
		return nil // the home's own part goes with the decision
	}
	rec := outcome{id: id, state: out.State, at: out.At}
	pos, ticket, err := p.append(true, rec.encode(command))
	if err != nil {
		p.two.mu.Unlock()
		return err
	}
	st.ending = make(chan struct{})
	p.two.mu.Unlock()
	defer close(st.ending)
	if err := ticket.Wait(); err != nil {
		p.cfg.Fatal(err)
		return errUnknownOutcome(err)
	}
	if out.State == txn.Committed {
		p.ends.put(id, out)
	}
	p.apply(st, out)
	p.done(pos)
	p.node.acknowledge(st.rec.home, id, p.uuid)
	return nil
}

// rollback drops the write sets and locks of a transaction that has not prepared.
func (p *Participant) rollback(id txn.ID) {
	for _, e := range p.engines {
		e.branchMu.RLock()
		b := e.branches[id]
		e.branchMu.RUnlock()
		if b != nil {
			b.rollback()
		}
	}
}

// tellHome repeats an acknowledgement that may have been lost.
func (p *Participant) tellHome(id txn.ID) {
	for _, home := range p.node.participants {
		if home != p {
			home.acknowledge(id, p.uuid)
		}
	}
}

// acknowledge tells a home of this node that a participant has resolved durably.
func (n *Node) acknowledge(home txn.LogID, id txn.ID, from txn.LogID) {
	if p := n.Participant(home); p != nil {
		p.acknowledge(id, from)
	}
}

// acknowledge notes that a participant has resolved; after the last one the
// decision may be forgotten.
func (p *Participant) acknowledge(id txn.ID, from txn.LogID) {
	p.two.mu.Lock()
	defer p.two.mu.Unlock()
	d := p.two.decisions[id]
	if d == nil {
		return
	}
	d.waiting = slices.DeleteFunc(slices.Clone(d.waiting), func(x txn.LogID) bool { return x == from })
	if len(d.waiting) > 0 {
		return
	}
	rec := outcome{id: id, state: txn.Committed, at: d.out.At}
	pos, _, err := p.append(true, rec.encode(commandForget)) // durable with whatever comes next
	if err != nil {
		return // kept: it is only memory
	}
	p.done(pos)
	delete(p.two.decisions, id)
}

// Ask implements txn.Participant. Asking is aborting (rule 7).
func (p *Participant) Ask(ctx context.Context, id txn.ID) (txn.Outcome, error) {
	if out, ok := p.ends.get(id); ok {
		return out, nil
	}
	p.two.mu.Lock()
	d := p.two.decisions[id]
	p.two.mu.Unlock()
	if d != nil {
		<-d.durable
		return d.out, nil
	}
	if p.committing(id) {
		return txn.Outcome{State: txn.Active}, nil
	}
	return p.Decide(ctx, &txn.DecideRequest{Txn: id, Outcome: txn.Outcome{State: txn.Aborted}})
}

// committing reports whether a one-log commit of the transaction is under way:
// its record may be durable already.
func (p *Participant) committing(id txn.ID) bool {
	if _, ok := p.preparedAt(id); ok {
		return false
	}
	for _, e := range p.engines {
		e.branchMu.RLock()
		b := e.branches[id]
		e.branchMu.RUnlock()
		if b == nil {
			continue
		}
		b.mu.RLock()
		frozen := b.state == branchFrozen
		b.mu.RUnlock()
		if frozen {
			return true
		}
	}
	return false
}

// copyForward appends again what lies at or below upto and is still needed:
// unresolved prepares and decisions that somebody may still ask for.
func (p *Participant) copyForward(upto log.Position) error {
	p.two.mu.Lock()
	var tickets []log.Ticket
	again := func(raw log.Record, pos *log.Position) error {
		if *pos > upto {
			return nil
		}
		at, ticket, err := p.append(true, raw)
		if err != nil {
			return err
		}
		p.done(at)
		*pos = at
		tickets = append(tickets, ticket)
		return nil
	}
	var err error
	for _, st := range p.two.prepared {
		if err == nil && st.ending == nil {
			if err = again(st.raw, &st.pos); err == nil && st.rec.changes.side != nil {
				p.log.BindSide(st.rec.changes.side.Name, st.pos)
			}
		}
	}
	for _, d := range p.two.decisions {
		if err == nil {
			err = again(d.raw, &d.pos)
		}
	}
	p.two.mu.Unlock()
	for _, t := range tickets {
		if werr := t.Wait(); err == nil {
			err = werr
		}
	}
	return err
}

// highestPrepared is the largest p of an undecided transaction.
func (p *Participant) highestPrepared() (high txn.Timestamp) {
	p.two.mu.Lock()
	defer p.two.mu.Unlock()
	for _, st := range p.two.prepared {
		high = max(high, st.rec.at)
	}
	return high
}
