package engine

import (
	"context"
)

// cutIfDue drops the front of the log when enough has gathered.
func (p *Participant) cutIfDue() error {
	if p.log == nil || p.log.Metrics().Bytes.Load()-p.cutAt.Load() < p.cfg.CutBytes {
		return nil
	}
	return p.cut(context.Background())
}

// cut drops what no start-up needs any more: all up to the position that every
// shard's file has durably (rule 1). What is undecided or not to be forgotten
// yet below it is copied forward first (rule 8).
func (p *Participant) cut(ctx context.Context) error {
	if p.log == nil || !p.cutting.TryLock() {
		return nil
	}
	defer p.cutting.Unlock()
	bytes := p.log.Metrics().Bytes.Load()
	upto := p.complete() // before the files are settled and synced, which brings each at least so far
	for _, e := range p.engines() {
		if err := e.syncFile(ctx); err != nil {
			return err
		}
	}
	limit, err := p.copyForward(upto + 1)
	if err != nil {
		return err
	}
	for _, e := range p.engines() {
		p.cfg.must(limit <= e.durableUpto()+1, "cut at %d, shard %d is durable up to %d", limit, e.id, e.durableUpto())
	}
	if err := p.log.Cut(limit); err != nil {
		return err
	}
	p.cutAt.Store(bytes)
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
