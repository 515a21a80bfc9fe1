package engine

import (
	"context"
	"sync"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/twopc"
)

// twoPhase is what a log knows of transactions over several logs: the ledger
// says what a request means, the rest is what its outcome applies to. A record
// is appended, and the ledger told of it, in one critical section.
type twoPhase struct {
	mu       sync.Mutex // protects the rest; taken before journal.mu
	ledger   *twopc.Ledger
	prepared map[txn.ID]*prepared
	since    map[txn.ID]time.Time // of a home's decisions
}

func (t *twoPhase) init(self txn.LogID) {
	t.ledger, t.prepared, t.since = twopc.NewLedger(self), map[txn.ID]*prepared{}, map[txn.ID]time.Time{}
}

// prepared is a transaction that is durable here and waits for its outcome.
type prepared struct {
	rec      *prepare
	raw      log.Record // to be copied forward
	branches []*branch
	pend     []*pending
	restored bool // the write sets come from the log, not from statements
	since    time.Time
}

func errUnknownOutcome(cause error) error {
	return pgerr.New(pgerr.TransactionResolutionUnknown, "outcome of the transaction is unknown").WithCause(cause)
}

// synced waits until the log is durable up to a position.
func (p *Participant) synced(pos twopc.Position) error {
	if p.log == nil || p.log.Synced() >= log.Position(pos) {
		return nil
	}
	if err := p.log.Flush(); err != nil {
		p.cfg.Fatal(err)
		return errUnknownOutcome(err)
	}
	return nil
}

// durable waits for an append; when it fails, nobody knows what a restart finds.
func (p *Participant) durable(ticket log.Ticket) error {
	if err := ticket.Wait(); err != nil {
		p.cfg.Fatal(err)
		return errUnknownOutcome(err)
	}
	return nil
}

// Prepare implements txn.Participant.
func (p *Participant) Prepare(ctx context.Context, r *txn.PrepareRequest) (txn.PrepareReply, error) {
	if reply, done, err := p.preparedBefore(r.Txn); done {
		return reply, err
	}
	branches, err := p.freeze(r.Txn, r.Shards)
	if err != nil {
		if reply, done, err := p.preparedBefore(r.Txn); done {
			return reply, err
		}
		return txn.PrepareReply{}, err
	}
	if err := p.finishLoads(branches); err != nil {
		p.giveUp(branches, nil, &changes{})
		return txn.PrepareReply{}, err
	}
	pend, at, err := p.register(ctx, branches, r.At, r.Fences)
	if err != nil {
		return txn.PrepareReply{}, err
	}
	st := &prepared{branches: branches, pend: pend, since: time.Now(),
		rec: &prepare{id: r.Txn, at: at, home: r.Home, participants: r.Participants, shards: r.Shards, fences: r.Fences}}
	var ticket log.Ticket
	if st.rec.changes, err = p.changesOf(branches); err == nil {
		ticket, err = p.appendPrepare(st, r)
	}
	if err != nil {
		p.giveUp(branches, pend, &st.rec.changes)
		return txn.PrepareReply{}, err
	}
	if err := p.durable(ticket); err != nil {
		return txn.PrepareReply{}, err
	}
	p.node.metrics.TwoPhase.Add(1)
	return txn.PrepareReply{At: at}, nil
}

// preparedBefore answers a duplicate, or what comes after the transaction's end.
func (p *Participant) preparedBefore(id txn.ID) (txn.PrepareReply, bool, error) {
	p.two.mu.Lock()
	v, err := p.two.ledger.Prepare(id)
	p.two.mu.Unlock()
	if err == nil && v.Append != twopc.None {
		return txn.PrepareReply{}, false, nil
	}
	if serr := p.synced(v.Wait); serr != nil {
		err = serr
	}
	return txn.PrepareReply{At: v.At}, true, err
}

func (p *Participant) appendPrepare(st *prepared, r *txn.PrepareRequest) (log.Ticket, error) {
	for _, b := range st.branches {
		for _, h := range b.engine.locks.prepared(b.id) {
			st.rec.locks = append(st.rec.locks, heldLock{b.engine.id, h})
		}
	}
	st.raw = st.rec.encode()
	p.two.mu.Lock()
	defer p.two.mu.Unlock()
	if _, err := p.two.ledger.Prepare(r.Txn); err != nil {
		return log.Ticket{}, err // somebody has asked, and aborted it, meanwhile
	}
	first, last, ticket, err := p.appendChanges(st.branches, st.raw, st.rec.changes)
	if err != nil {
		return ticket, err
	}
	// What a prepare says is in no chain before its outcome, and it is copied
	// forward when the log is cut: it does not hold settling up.
	p.done(first)
	p.two.ledger.Prepared(r, st.rec.at, twopc.Position(last))
	p.two.prepared[r.Txn] = st
	return ticket, nil
}

// giveUp ends what was frozen and registered but never got into the log.
func (p *Participant) giveUp(branches []*branch, pend []*pending, c *changes) {
	p.unregister(pend)
	for _, b := range branches {
		b.thaw()
		b.rollback()
	}
	p.dropAside(c)
}

// Decide implements txn.Participant: the first outcome wins.
func (p *Participant) Decide(ctx context.Context, r *txn.DecideRequest) (txn.Outcome, error) {
	if out, ok := p.ends.get(r.Txn); ok {
		return out, nil
	}
	p.two.mu.Lock()
	v, err := p.two.ledger.Decide(r)
	if err != nil {
		p.two.mu.Unlock()
		return txn.Outcome{}, err
	}
	return v.Outcome, p.follow(r.Txn, v)
}

// Resolve implements txn.Participant.
func (p *Participant) Resolve(ctx context.Context, r *txn.ResolveRequest) error {
	if r.Outcome.State != txn.Committed && r.Outcome.State != txn.Aborted {
		return pgerr.Internal("resolve with outcome %s", r.Outcome.State)
	}
	p.two.mu.Lock()
	v, err := p.two.ledger.Resolve(r)
	if err != nil {
		p.two.mu.Unlock()
		return err
	}
	return p.follow(r.Txn, v)
}

// Follow brings a transaction that is in doubt here to its outcome, and leaves
// one that is over as it is; either end is durable when it returns.
func (p *Participant) Follow(ctx context.Context, r *txn.ResolveRequest) error {
	if p.inDoubt(r.Txn) {
		return p.Resolve(ctx, r)
	}
	p.mu.Lock()
	last := p.last
	p.mu.Unlock()
	return p.synced(twopc.Position(last))
}

func (p *Participant) inDoubt(id txn.ID) bool {
	p.two.mu.Lock()
	defer p.two.mu.Unlock()
	_, open := p.two.ledger.Get(id)
	return open
}

// Ask implements txn.Participant. Asking is aborting (rule 7), but for a commit
// in this log alone that is under way: its record may be durable already.
func (p *Participant) Ask(ctx context.Context, id txn.ID) (txn.Outcome, error) {
	if out, ok := p.ends.get(id); ok {
		return out, nil
	}
	p.two.mu.Lock()
	active, frozen := p.active(id)
	if frozen && p.two.prepared[id] == nil {
		p.two.mu.Unlock()
		return txn.Outcome{State: txn.Active}, nil
	}
	v := p.two.ledger.Ask(id, active)
	return v.Outcome, p.follow(id, v)
}

// active reports whether a transaction has a branch here, and whether its
// commit or prepare has begun.
func (p *Participant) active(id txn.ID) (active, frozen bool) {
	for _, e := range p.engines() {
		e.branchMu.RLock()
		b := e.branches[id]
		e.branchMu.RUnlock()
		if b != nil {
			b.mu.RLock()
			active, frozen = true, frozen || b.state == branchFrozen
			b.mu.RUnlock()
		}
	}
	return active, frozen
}

// follow does what a verdict says. The caller has two.mu, and follow gives it back.
func (p *Participant) follow(id txn.ID, v twopc.Verdict) error {
	if v.Append == twopc.None {
		p.two.mu.Unlock()
		if v.Rollback {
			p.rollback(id)
		}
		return p.synced(v.Wait)
	}
	st := p.two.prepared[id]
	pos, ticket, err := p.appendVerdict(id, v)
	p.two.mu.Unlock()
	if err != nil {
		return err
	}
	if v.Append == twopc.Forget {
		p.done(pos)
		return p.synced(v.Wait)
	}
	if err := p.durable(ticket); err != nil {
		return err
	}
	if st != nil {
		p.apply(st, v.Outcome, pos)
	}
	p.done(pos)
	if st != nil {
		p.noteLarge(&st.rec.changes)
	}
	return nil
}

// appendVerdict appends the record that a verdict wants, and tells the ledger.
func (p *Participant) appendVerdict(id txn.ID, v twopc.Verdict) (log.Position, log.Ticket, error) {
	rec := outcome{id: id, state: v.Outcome.State, at: v.Outcome.At}
	if d, ok := p.two.ledger.Get(id); ok && v.Append == twopc.Decide {
		rec.participants = d.Participants
	}
	pos, ticket, err := p.append(true, rec.encode(commandOf(v.Append)))
	if err != nil {
		return 0, ticket, err
	}
	switch v.Append {
	case twopc.Decide:
		p.two.ledger.Decided(id, v.Outcome, rec.participants, twopc.Position(pos))
		p.two.since[id] = time.Now()
	case twopc.Resolve:
		p.two.ledger.Resolved(id, v.Outcome, twopc.Position(pos))
	case twopc.Forget:
		p.two.ledger.Forgotten(id)
		delete(p.two.since, id)
	}
	if v.Append != twopc.Forget {
		delete(p.two.prepared, id)
	}
	return pos, ticket, nil
}

func commandOf(r twopc.Record) byte {
	switch r {
	case twopc.Decide:
		return commandDecide
	case twopc.Resolve:
		return commandResolve
	}
	return commandForget
}

// apply gives a prepared transaction its durable outcome in memory.
func (p *Participant) apply(st *prepared, out txn.Outcome, pos log.Position) {
	p.mustBeSynced(pos)
	if out.State == txn.Committed {
		p.applyPrepared(st, out.At, pos)
		for _, b := range st.branches {
			b.engine.fences.raise(st.rec.fences, out.At)
		}
	}
	p.unregister(st.pend)
	for _, b := range st.branches {
		if out.State == txn.Aborted {
			b.engine.unspoken(b.physicals())
		}
		b.end()
	}
	if out.State == txn.Aborted {
		p.dropAside(&st.rec.changes)
	}
}

func (p *Participant) applyPrepared(st *prepared, at txn.Timestamp, pos log.Position) {
	if !st.restored {
		p.applyBranches(st.branches, &st.rec.changes, at, pos)
		return
	}
	for _, b := range st.branches {
		b.applyLoads(at, pos)
		b.applyReshapes()
	}
	err := p.eachSection(&st.rec.changes, func(s *section) error {
		e := p.engine(s.shard)
		if err := e.replaySection(s, at, pos); err != nil {
			return err
		}
		e.latch.Lock()
		e.maxCommit = max(e.maxCommit, at)
		e.noteMemory()
		e.latch.Unlock()
		return nil
	})
	if err == nil {
		err = p.applyLarge(&st.rec.changes, at, pos, false)
	}
	if err != nil {
		p.cfg.Fatal(err) // decided, and its changes cannot be read
	}
}

// rollback drops the write sets and locks of a transaction that has not prepared.
func (p *Participant) rollback(id txn.ID) {
	for _, e := range p.engines() {
		e.branchMu.RLock()
		b := e.branches[id]
		e.branchMu.RUnlock()
		if b != nil {
			b.rollback()
		}
	}
}

// copyForward appends again what is still needed of the log before upto, and
// returns how far the log may be cut (rule 8). When the log is full, small
// prepares go where only decisions do (rule 27).
func (p *Participant) copyForward(upto log.Position) (log.Position, error) {
	p.two.mu.Lock()
	limit, copies := p.two.ledger.Cut(twopc.Position(upto))
	room := p.log.UrgentCopies(log.Position(limit))
	var tickets []log.Ticket
	var err error
	for _, d := range copies {
		var ticket log.Ticket
		if d.Undecided() {
			room -= int64(len(p.two.prepared[d.Txn].raw.Data))
		}
		if ticket, err = p.copyOne(&d, room >= 0); err != nil {
			break
		}
		tickets = append(tickets, ticket)
	}
	p.two.mu.Unlock()
	for _, t := range tickets {
		if werr := t.Wait(); err == nil {
			err = werr
		}
	}
	return log.Position(limit), err
}

func (p *Participant) copyOne(d *twopc.Doubt, urgent bool) (log.Ticket, error) {
	if d.Undecided() {
		st := p.two.prepared[d.Txn]
		pos, ticket, err := p.append(urgent, st.raw)
		if err != nil {
			return ticket, err
		}
		p.done(pos)
		p.bindSides(&st.rec.changes, pos)
		p.two.ledger.Prepared(&txn.PrepareRequest{Txn: d.Txn, Home: d.Home, Participants: d.Participants}, d.At, twopc.Position(pos))
		return ticket, nil
	}
	rec := outcome{id: d.Txn, state: d.Outcome.State, at: d.Outcome.At, participants: d.Participants}
	pos, ticket, err := p.append(true, rec.encode(commandDecide))
	if err != nil {
		return ticket, err
	}
	p.done(pos)
	p.two.ledger.Decided(d.Txn, d.Outcome, d.Participants, twopc.Position(pos))
	return ticket, nil
}
