package engine

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/recent"
	"github.com/pegmatitedb/pegmatite/txn"
)

// replay brings the engines to where the log ends. What a shard's file has
// already is skipped; applying the rest again is harmless (rule 3). The old
// images died with the process, so the floor ends at the highest commit.
func (p *Participant) replay() error {
	if err := p.checkFiles(); err != nil {
		return err
	}
	err := p.log.Replay(0, func(pos log.Position, r log.Record) error {
		p.cutAt.Add(-int64(len(r.Data)))
		switch err := p.replayOne(pos, r); {
		case err == nil:
		case pgerr.HasCode(err, pgerr.DiskFull):
			return err // settling on the way has found no space: nothing is damaged
		default:
			return pgerr.New(pgerr.DataCorrupted, "log record %d cannot be applied", pos).WithCause(err).WithDetail("%s", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.last, p.replayed = p.log.Last(), true
	for id := range p.away {
		return errUnknownShard(id)
	}
	return p.checkEnd()
}

// checkFiles refuses shard files that lack what the log no longer has: they
// are missing, or copies from before.
func (p *Participant) checkFiles() error {
	first := p.log.First()
	for _, e := range p.engines() {
		if e.applied+1 < first {
			return pgerr.New(pgerr.DataCorrupted, "shard file \"%s\" lacks rows that its log no longer has", e.db.Path()).
				WithDetail("The file is complete up to position %d, the log begins with %d: the file was removed, or is an older copy.", e.applied, first)
		}
	}
	return nil
}

// checkEnd refuses a log that ends before what its shards have from it.
func (p *Participant) checkEnd() error {
	for _, e := range p.engines() {
		if e.applied > p.last {
			return pgerr.New(pgerr.DataCorrupted, "log %s is damaged: it ends before shard file \"%s\"", p.uuid, e.db.Path()).
				WithDetail("The file is complete up to position %d, the log ends with %d: its end was removed, or it is an older copy.", e.applied, p.last)
		}
	}
	return nil
}

func (p *Participant) replayOne(pos log.Position, r log.Record) error {
	switch r.Type {
	case commandDefine:
		c, err := decodeDefine(r.Data)
		if err != nil {
			return err
		}
		return p.replayDefine(pos, c)
	case commandCommit:
		c, err := decodeCommit(owned(r.Data))
		if err != nil {
			return err
		}
		p.ends.put(c.id, txn.Outcome{State: txn.Committed, At: c.at})
		if err := p.replayChanges(pos, &c.changes, c.at); err != nil {
			return err
		}
		return p.relieve(pos)
	case commandPrepare:
		c, err := decodePrepare(owned(r.Data))
		if err != nil {
			return err
		}
		return p.replayPrepare(pos, c)
	case commandDecide, commandResolve, commandForget:
		c, err := decodeOutcome(r.Data)
		if err != nil {
			return err
		}
		return p.replayOutcome(pos, r.Type, c)
	case commandSequence:
		c, err := decodeSequence(r.Data)
		if err != nil {
			return err
		}
		if e := p.engine(c.shard); e != nil && pos > e.applied {
			e.sequences.replay(c)
		}
		return nil
	case commandDrop:
		c, err := decodeDrop(r.Data)
		if err != nil {
			return err
		}
		if e := p.engine(c.shard); e != nil && pos > e.applied {
			return e.applyDrop(context.Background(), c)
		}
		return nil
	case commandSeal:
		c, err := decodeSeal(r.Data)
		if err != nil {
			return err
		}
		return p.replaySeal(c)
	case commandAdopt:
		c, err := decodeAdopt(r.Data)
		if err != nil {
			return err
		}
		return p.replayAdopt(pos, c)
	}
	return pgerr.New(pgerr.DataCorrupted, "unknown command %d", r.Type)
}

// replayShare is how many times the memory of normal work replay may take
// before it stops to settle, which costs several times what replaying does.
const replayShare = 4

// relieve settles when replay has filled the memory.
func (p *Participant) relieve(pos log.Position) error {
	if p.node.memory.total() < replayShare*p.cfg.MemoryBytes {
		return nil
	}
	p.last = pos
	for _, e := range p.engines() {
		if err := e.Settle(context.Background()); err != nil {
			return err
		}
	}
	return nil
}

func (p *Participant) replayDefine(pos log.Position, c *define) error {
	e := p.engine(c.shard)
	if e == nil {
		return p.replayAway(c.shard)
	}
	if t := (*e.tables.Load())[c.shape.physical]; pos <= e.applied && (t == nil || t.stored.Load() != nil) {
		return nil // settled since; or dropped
	}
	s := c.shape
	s.ownMemory()
	t := e.learn(s)
	if int(t.columns.Load()) <= len(s.columns) {
		// The log's order decides: columns of a change that was rolled back since are no more.
		merged := *t.shape.Load()
		merged.columns = s.columns
		t.shape.Store(&merged)
	}
	t.defined = t.shape.Load()
	return nil
}

// replayAway passes over a command of a shard that is not here: it must turn
// out to have moved away.
func (p *Participant) replayAway(id shard.ID) error {
	if int(id) >= p.cfg.Shards || LogIndex(id, p.cfg.Logs) != p.index {
		return errUnknownShard(id)
	}
	if p.away == nil {
		p.away = map[shard.ID]bool{}
	}
	p.away[id] = true
	return nil
}

// replaySeal closes a shard, or opens it again.
func (p *Participant) replaySeal(c *seal) error {
	e := p.engine(c.shard)
	switch {
	case e != nil && c.sealed:
		e.setEntrance(entranceSealed)
	case e != nil:
		e.setEntrance(entranceOpen)
	case c.sealed:
		delete(p.away, c.shard)
	default:
		return p.replayAway(c.shard)
	}
	return nil
}

// replayAdopt opens a shard that has come again after it was sealed here, and
// checks that its file is the one that came.
func (p *Participant) replayAdopt(pos log.Position, c *adopt) error {
	e := p.engine(c.shard)
	if e == nil {
		return nil // it has moved away since, or never became this node's
	}
	if pos > e.applied {
		return pgerr.New(pgerr.DataCorrupted, "shard file \"%s\" is not the one that came from another node", e.db.Path()).
			WithDetail("The file is complete up to position %d, the shard came at %d: the file was removed, or is an older copy.", e.applied, pos)
	}
	e.setEntrance(entranceOpen)
	return nil
}

func errUnknownShard(id shard.ID) error {
	return pgerr.New(pgerr.DataCorrupted, "the log holds a command of shard %d, which does not belong to it", id)
}

// replayChanges applies write sets to the shards that lack them.
func (p *Participant) replayChanges(pos log.Position, c *changes, at txn.Timestamp) error {
	p.bindSides(c, pos)
	if len(c.sides) > 0 && p.everyFileHas(pos) {
		return nil // the record lies in a segment that stayed; its side files may have been cut
	}
	err := p.eachSection(c, func(s *section) error {
		e := p.engine(s.shard)
		if e == nil {
			return p.replayAway(s.shard)
		}
		e.maxCommit = max(e.maxCommit, at)
		e.recent.Raise(at)
		if pos <= e.applied {
			return nil
		}
		return e.replaySection(s, at, pos)
	})
	if err != nil {
		return err
	}
	if err := p.replayLoads(pos, c.loads, at); err != nil {
		return err
	}
	p.replayReshapes(pos, c.reshapes, true)
	p.last = pos - 1 // what settling may say that the file has
	return p.applyLarge(c, at, pos, true)
}

// everyFileHas reports whether the record at pos is settled in every shard of the log.
func (p *Participant) everyFileHas(pos log.Position) bool {
	for _, e := range p.engines() {
		if e.applied < pos {
			return false
		}
	}
	return true
}

// replaySection adds one table's changes to the chains. What SQLite has under
// their keys is not looked up: it lies below the floor.
func (e *Engine) replaySection(s *section, at txn.Timestamp, pos log.Position) error {
	t := (*e.tables.Load())[s.physical]
	if t == nil || t.gone.Load() {
		return nil // dropped since
	}
	e.latch.Lock()
	defer e.latch.Unlock()
	chains := e.chainsFor(t)
	base, grown := recent.Version{Kind: recent.Unknown}, int64(0)
	s.each(func(c change) {
		v := c.version()
		v.At = at
		key := c.key
		if c.row != nil {
			key = t.rowKey(c.row)
		}
		chains.Add(key, base, v)
		grown += c.delta()
		if c.row != nil {
			t.imaged(1, int64(len(c.row)))
		}
	})
	t.count(pos, grown)
	e.noteMemory()
	return nil
}

// eachSection calls f for the changes, from the record or its side files, but
// for the large ones.
func (p *Participant) eachSection(c *changes, f func(*section) error) error {
	for i := range c.sections {
		if err := f(&c.sections[i]); err != nil {
			return err
		}
	}
	for i := range c.sides {
		if s := &c.sides[i]; !s.large {
			if err := p.readAside(s, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// ownMemory copies what shares the command's memory.
func (s *shape) ownMemory() {
	for i := range s.columns {
		s.columns[i].missing = owned(s.columns[i].missing)
	}
}
