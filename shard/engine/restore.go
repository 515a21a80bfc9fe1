package engine

import (
	"context"
	"time"

	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/recent"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// replayPrepare remembers a prepare; a copy of one is the same again.
func (p *Participant) replayPrepare(pos log.Position, c *prepare) error {
	if c.changes.side != nil {
		p.log.BindSide(c.changes.side.Name, pos)
	}
	if st := p.two.prepared[c.id]; st != nil {
		st.pos = pos
		return nil
	}
	p.two.prepared[c.id] = &prepared{rec: c, raw: c.encode(), pos: pos, restored: true}
	return nil
}

// replayOutcome ends a prepared transaction, or remembers or forgets a decision.
func (p *Participant) replayOutcome(pos log.Position, command byte, c *outcome) error {
	if command == commandForget {
		delete(p.two.decisions, c.id)
		return nil
	}
	out := txn.Outcome{State: c.state, At: c.at}
	if c.state == txn.Committed {
		p.ends.put(c.id, out)
	}
	if command == commandDecide && c.state == txn.Committed && len(c.participants) > 0 {
		d := &decision{out: out, waiting: c.participants, pos: pos, durable: make(chan struct{})}
		d.raw = c.encode(commandDecide)
		close(d.durable)
		p.two.decisions[c.id] = d
	}
	st := p.two.prepared[c.id]
	if st == nil {
		return nil
	}
	delete(p.two.prepared, c.id)
	if c.state != txn.Committed {
		return nil
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
		for _, b := range st.branches {
			pend := &pending{branch: b, at: st.rec.at, done: make(chan struct{})}
			b.engine.enter(pend)
			st.pend = append(st.pend, pend)
		}
		st.since = time.Time{}
	}
	return nil
}

// restoreSets fills the write sets, by which reads know what they must wait for.
func (p *Participant) restoreSets(st *prepared) error {
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

// silence is how long a coordinator may leave a prepared transaction alone
// before its outcome is asked for.
const silence = 5 * time.Second

// runResolver ends transactions in doubt.
func (n *Node) runResolver(stop <-chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n.ResolveInDoubt(ctx)
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			n.ResolveInDoubt(ctx)
		}
	}
}

// ResolveInDoubt asks the homes of transactions that have been prepared for
// long for their outcomes, and applies those that are known. It returns how
// many are left in doubt.
func (n *Node) ResolveInDoubt(ctx context.Context) int {
	left := 0
	for _, p := range n.participants {
		for _, st := range p.inDoubt() {
			out, err := n.ask(ctx, st.rec.home, st.rec.id)
			if err == nil && (out.State == txn.Committed || out.State == txn.Aborted) {
				err = p.Resolve(ctx, &txn.ResolveRequest{Txn: st.rec.id, Outcome: out})
			} else {
				left++
			}
			if err != nil {
				n.cfg.Logger.Warn("transaction in doubt", "txn", st.rec.id, "home", st.rec.home, "error", err)
			}
		}
	}
	return left
}

func (p *Participant) inDoubt() []*prepared {
	p.two.mu.Lock()
	defer p.two.mu.Unlock()
	var out []*prepared
	for _, st := range p.two.prepared {
		if st.ending == nil && time.Since(st.since) > silence {
			out = append(out, st)
		}
	}
	return out
}

func (n *Node) ask(ctx context.Context, home txn.LogID, id txn.ID) (txn.Outcome, error) {
	if p := n.Participant(home); p != nil {
		return p.Ask(ctx, id)
	}
	if n.cfg.Ask == nil {
		return txn.Outcome{}, nil
	}
	return n.cfg.Ask(ctx, home, id)
}
