package engine

import (
	"context"

	"github.com/pegmatitedb/pegmatite/shard"
)

// shortOfSpace is the part of CutBytes that is enough for a cut when writers
// wait for space.
const shortOfSpace = 64

// cutIfDue drops the front of the log when enough has gathered.
func (p *Participant) cutIfDue() error {
	if p.log == nil || !p.cutDue() || !p.cutting.TryLock() {
		return nil
	}
	defer p.cutting.Unlock()
	return p.cutLocked(context.Background())
}

func (p *Participant) cutDue() bool {
	due := p.cfg.CutBytes
	if p.writable() != nil {
		due /= shortOfSpace
	}
	return p.gathered()-p.cutAt.Load() >= due
}

// gathered is what has been written since the start, in records and beside them.
func (p *Participant) gathered() int64 {
	m := p.log.Metrics()
	return m.Bytes.Load() + m.SideBytes.Load()
}

// cut drops the front of the log.
func (p *Participant) cut(ctx context.Context) error {
	if p.log == nil {
		return nil
	}
	p.cutting.Lock()
	defer p.cutting.Unlock()
	return p.cutLocked(ctx)
}

// cutNow drops the front of the log, unless nothing has come since the last cut.
func (p *Participant) cutNow(ctx context.Context) error {
	if p.log == nil {
		return nil
	}
	p.cutting.Lock()
	defer p.cutting.Unlock()
	if p.complete() <= p.cutTo {
		return nil
	}
	if err := p.cutLocked(ctx); err != nil {
		return err
	}
	p.log.CheckSpace() // writers need not wait for it to be noticed
	return nil
}

// cutLocked drops what no start-up needs any more: all up to the position that every
// shard's file has durably (rule 1). What is undecided or not to be forgotten
// yet below it is copied forward first (rule 8).
// The caller holds cutting.
func (p *Participant) cutLocked(ctx context.Context) error {
	bytes := p.gathered()
	upto := p.complete() // before the files are settled and synced, which brings each at least so far
	var engines []*Engine
	for _, e := range p.engines() {
		err := e.goneIf(e.syncFile(ctx))
		if _, moved := shard.IsRefusal(err); moved {
			continue // what the log holds of it is of no use any more
		}
		if err != nil {
			return err
		}
		engines = append(engines, e)
	}
	before, last := p.gathered(), p.log.Last()
	limit, err := p.copyForward(upto + 1)
	if err != nil {
		return err
	}
	if err := p.sealAgain(engines); err != nil {
		return err
	}
	copied, positions := p.gathered()-before, p.log.Last()-last
	for _, e := range engines {
		p.cfg.must(limit <= e.durableUpto()+1, "cut at %d, shard %d is durable up to %d", limit, e.id, e.durableUpto())
	}
	if err := p.log.Cut(limit); err != nil {
		return err
	}
	// What was copied forward is no reason to cut again.
	p.cutAt.Store(bytes + copied)
	p.cutTo = upto + positions
	return nil
}

// sealAgain copies the seals of shards that are between two nodes forward: a
// start must find them (rule 25).
func (p *Participant) sealAgain(engines []*Engine) error {
	for _, e := range engines {
		if e.sealed.Load() {
			if err := e.logSeal(true); err != nil {
				return err
			}
		}
	}
	return nil
}

// CutLogs settles everything and drops the front of every log, whether it is
// due or not.
func (n *Node) CutLogs(ctx context.Context) error {
	for _, p := range n.participants {
		if err := p.cut(ctx); err != nil {
			return err
		}
	}
	return nil
}

// LogBytes is how much the log has written since it was opened.
func (p *Participant) LogBytes() int64 {
	if p.log == nil {
		return 0
	}
	return p.log.Metrics().Bytes.Load()
}
