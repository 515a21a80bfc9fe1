package engine

import (
	"context"
	"slices"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/recent"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
	"github.com/pegmatitedb/pegmatite/txn/twopc"
)

// replayPrepare remembers a prepare; a copy of one is the same again.
func (p *Participant) replayPrepare(pos log.Position, c *prepare) error {
	p.bindSides(&c.changes, pos)
	p.two.ledger.Prepared(&txn.PrepareRequest{Txn: c.id, At: c.at, Shards: c.shards, Home: c.home, Participants: c.participants},
		c.at, twopc.Position(pos))
	if p.two.prepared[c.id] == nil {
		p.two.prepared[c.id] = &prepared{rec: c, raw: c.encode(), restored: true}
	}
	return nil
}

// replayOutcome ends a prepared transaction, or remembers or forgets a decision.
func (p *Participant) replayOutcome(pos log.Position, command byte, c *outcome) error {
	out := txn.Outcome{State: c.state, At: c.at}
	switch command {
	case commandForget:
		p.two.ledger.Forgotten(c.id)
		return nil
	case commandDecide:
		p.two.ledger.Decided(c.id, out, c.participants, twopc.Position(pos))
	default:
		p.two.ledger.Resolved(c.id, out, twopc.Position(pos))
	}
	st := p.two.prepared[c.id]
	if st == nil {
		return nil
	}
	delete(p.two.prepared, c.id)
	if c.state != txn.Committed {
		p.replayReshapes(pos, st.rec.changes.reshapes, false)
		return nil
	}
	for _, s := range st.rec.shards {
		if e := p.engine(shard.ID(s.Shard)); e != nil && pos > e.applied { // else the file has them, or they were swept
			e.fences.raise(st.rec.fences, c.at)
		}
	}
	return p.replayChanges(pos, &st.rec.changes, c.at)
}

// restorePrepared gives the transactions in doubt their locks and pending marks
// back, before anything is served (rule 5).
func (p *Participant) restorePrepared() error {
	for _, st := range p.two.prepared {
		held := map[*Engine][]lock.Holding{}
		for _, l := range st.rec.locks {
			if e := p.engine(l.shard); e != nil {
				held[e] = append(held[e], l.Holding)
			}
		}
		for _, s := range st.rec.shards {
			e := p.engine(shard.ID(s.Shard))
			if e == nil {
				return errUnknownShard(shard.ID(s.Shard))
			}
			b := e.newBranch(st.rec.id, txn.ReadCommitted)
			b.state, b.last = branchFrozen, s.Last
			e.locks.restore(b.id, held[e])
			st.branches = append(st.branches, b)
		}
		if err := p.restoreSets(st); err != nil {
			return err
		}
		st.restoreLoads()
		st.restoreReshapes()
		for _, b := range st.branches {
			pend := &pending{branch: b, at: st.rec.at, done: make(chan struct{}), wholesale: b.engine.fenced(st.rec.fences)}
			if err := p.wholesale(&st.rec.changes, pend); err != nil {
				return err
			}
			b.engine.enter(pend)
			st.pend = append(st.pend, pend)
		}
		st.since = time.Time{}
	}
	return nil
}

// restoreSets fills the write sets, by which reads know what they must wait for.
func (p *Participant) restoreSets(st *prepared) error {
	// What lies in large side files is not brought into memory: reads wait for
	// every key of its tables (pending.wholesale).
	return p.eachSection(&st.rec.changes, func(s *section) error {
		for _, b := range st.branches {
			t := (*b.engine.tables.Load())[s.physical]
			if b.engine.id != s.shard || t == nil {
				continue
			}
			own := b.setFor(t)
			s.each(func(c change) {
				key := c.key
				if c.row != nil {
					key = t.rowKey(c.row)
				}
				v := c.version()
				v.At = 1
				own.Put(key, recent.Version{Kind: recent.Unknown}, v)
			})
		}
		return nil
	})
}

// runResolver ends transactions in doubt, and looks whether the disk has space
// left, which others use too.
func (n *Node) runResolver(stop <-chan struct{}) {
	tick := time.NewTicker(min(time.Second, n.cfg.Silence))
	defer tick.Stop()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n.running.Go(func() { <-stop; cancel() }) // a node that is asked may say nothing for long
	n.ResolveInDoubt(ctx)
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			n.ResolveInDoubt(ctx)
			n.EndLeft(ctx, n.cfg.Silence)
			n.checkSpace()
		}
	}
}

// checkSpace makes writers wait for space, or lets them go on again (rule 27).
// While they wait the settlers look for what they can give back.
func (n *Node) checkSpace() {
	for _, p := range n.participants {
		if p.log == nil {
			continue
		}
		p.log.CheckSpace()
		if p.writable() != nil {
			for _, e := range p.engines() {
				e.wake()
			}
		}
	}
}

// ResolveInDoubt asks the homes of transactions that have been prepared for
// long for their outcomes, and brings the outcomes that its own logs have
// decided to the participants. It returns how many are left.
func (n *Node) ResolveInDoubt(ctx context.Context) int {
	left := 0
	for _, p := range n.participants {
		for _, d := range p.overdue() {
			var err error
			if d.Undecided() {
				err = n.learn(ctx, p, &d)
			} else {
				err = n.spread(ctx, p, &d)
			}
			if err != nil {
				left++
				n.logLeft(ctx, &d, err)
			}
		}
	}
	return left
}

// logLeft says why a transaction is not over. A decision that is kept for a node
// that is down is in nobody's way.
func (n *Node) logLeft(ctx context.Context, d *twopc.Doubt, err error) {
	switch {
	case ctx.Err() != nil:
	case d.Undecided():
		n.cfg.Logger.Warn("transaction in doubt", "txn", d.Txn, "home", d.Home, "error", err)
	default:
		n.cfg.Logger.Debug("a decision is kept", "txn", d.Txn, "error", err)
	}
}

// overdue are the transactions of a log that should have been over.
func (p *Participant) overdue() []twopc.Doubt {
	p.two.mu.Lock()
	defer p.two.mu.Unlock()
	return slices.DeleteFunc(p.two.ledger.Doubts(), func(d twopc.Doubt) bool {
		since := p.two.since[d.Txn]
		if st := p.two.prepared[d.Txn]; st != nil {
			since = st.since
		}
		return time.Since(since) < p.cfg.Silence
	})
}

// learn asks the home about a transaction in doubt. A home that knows nothing
// has not committed it: it would keep the decision as long as anybody is in doubt.
func (n *Node) learn(ctx context.Context, p *Participant, d *twopc.Doubt) error {
	defer n.asked.begin(d.Txn)()
	if !p.inDoubt(d.Txn) {
		return nil // it has been told meanwhile
	}
	out, err := n.ask(ctx, d.Home, d.Txn)
	if err != nil {
		return err
	}
	switch out.State {
	case txn.Unknown:
		out = txn.Outcome{State: txn.Aborted}
	case txn.Committed, txn.Aborted:
	default:
		return nil // under way
	}
	if d.Home == p.uuid {
		return nil // asking has decided it
	}
	return p.Resolve(ctx, &txn.ResolveRequest{Txn: d.Txn, Outcome: out})
}

// spread brings a decision to its participants, in place of a coordinator that
// has not, and forgets it when all have it durably (rule 8).
func (n *Node) spread(ctx context.Context, home *Participant, d *twopc.Doubt) error {
	// Until it is durable the decision can still be lost, and whoever had
	// followed it would stand alone.
	if err := home.synced(d.Decided); err != nil {
		return err
	}
	r := &txn.ResolveRequest{Txn: d.Txn, Outcome: d.Outcome}
	for _, id := range d.Participants {
		if id == home.uuid {
			continue
		}
		if err := n.tell(ctx, id, r); err != nil {
			return err
		}
	}
	return home.Resolve(ctx, r)
}

// tell tells a log an outcome, on whichever node it is.
func (n *Node) tell(ctx context.Context, log txn.LogID, r *txn.ResolveRequest) error {
	if p := n.Participant(log); p != nil {
		return p.Resolve(ctx, r)
	}
	if n.cfg.Resolve == nil {
		return pgerr.New(pgerr.ConnectionFailure, "log %s cannot be reached", log)
	}
	return n.cfg.Resolve(ctx, log, r)
}

func (n *Node) ask(ctx context.Context, home txn.LogID, id txn.ID) (txn.Outcome, error) {
	if p := n.Participant(home); p != nil {
		return p.Ask(ctx, id)
	}
	if n.cfg.Ask == nil {
		return txn.Outcome{}, pgerr.New(pgerr.ConnectionFailure, "log %s cannot be reached", home)
	}
	return n.cfg.Ask(ctx, home, id)
}
