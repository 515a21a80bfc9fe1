package engine

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/recent"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
)

// view is what one read sees: a snapshot (0: the newest), and under it the
// reader's own writes by earlier statements.
type view struct {
	table     *shard.Table // as the statement was planned
	at        txn.Timestamp
	own       *branch
	statement txn.Statement
	// session is set when the snapshot is the transaction's, which cannot be
	// drawn again: 72000 if it is too old.
	session bool
	// writes is set for what writes or locks, and could not do so to rows that have changed since: 40001.
	writes bool
	// pin, when set, keeps the moment of a read of the newest from falling
	// below the floor until it is unpinned.
	pin *pin
}

func viewOf(h *shard.Header, t *shard.Table, own *branch) view {
	return view{table: t, at: h.Snapshot, own: own, statement: h.Statement, session: h.Isolation != txn.ReadCommitted}
}

// captured is what memory has to say about a read: images that count, and the
// keys under which SQLite does not.
type captured struct {
	at   txn.Timestamp // the snapshot, also of a read of the newest
	rows [][]byte      // images of the span's rows, in key order
	hide *sqlite.KeySet
	// runs goes through the part of the reader's write set that is in files; nil
	// if there is none.
	runs *ownMerge
	// newer are the keys of which memory has more than the runs.
	newer map[string]bool
	// sqlite is false when the file has no such table yet.
	sqlite bool
}

func (c *captured) free() {
	if c.hide != nil {
		c.hide.Free()
		c.hide = nil
	}
}

// maxNewest stands for "everything" where a read of the newest asks whether
// somebody is about to commit.
const maxNewest = txn.Timestamp(1<<63 - 1)

// admit is what every read does first, under the latch: it registers its
// snapshot by raising maxRead (rule 12), and returns it. A newest read's is the
// highest commit: whatever commits later gets a higher timestamp.
func (e *Engine) admit(v *view) (s, blockAt txn.Timestamp) {
	s, blockAt = v.at, v.at
	if s == 0 {
		s, blockAt = e.maxCommit, maxNewest
	}
	for {
		old := e.maxRead.Load()
		if int64(s) <= old || e.maxRead.CompareAndSwap(old, int64(s)) {
			return s, blockAt
		}
	}
}

// errFloor refuses a snapshot that old images are gone for.
func (v *view) errFloor() error {
	if v.session && v.writes {
		return errConcurrentUpdate()
	}
	if v.session {
		return pgerr.New(pgerr.SnapshotTooOld, "snapshot too old")
	}
	return shard.Refuse(shard.RefusedFloor)
}

// meet waits for a transaction that is about to commit, or refuses a newest
// read that met it (rule 13).
func (v *view) meet(ctx context.Context, p *pending) error {
	if v.at == 0 {
		return shard.Refuse(shard.RefusedNewest)
	}
	if err := p.wait(ctx); err != nil {
		return pgerr.From(err)
	}
	return nil
}

// capture opens the SQLite read on conn and then takes what the chains say of
// the span, both under the latch and in this order (models: capture after open).
func (e *Engine) capture(ctx context.Context, conn *sqlite.Conn, v *view, t *table, sp *span) (*captured, error) {
	pre, err := e.hideRuns(v, t)
	if err != nil {
		return nil, err
	}
	for {
		e.latch.RLock()
		if t.narrower(v.table) {
			e.latch.RUnlock()
			if err := e.widen(ctx, t, v.table); err != nil {
				pre.free()
				return nil, err
			}
			continue
		}
		s, blockAt := e.admit(v)
		if p := t.blocking(blockAt, v.own, "", sp); p != nil {
			e.latch.RUnlock()
			if err := v.meet(ctx, p); err != nil {
				pre.free()
				return nil, err
			}
			continue
		}
		if v.pin != nil && v.at == 0 {
			e.pinAt(v.pin, s)
		}
		c := pre
		c.at, c.sqlite = s, t.columns.Load() > 0 && !t.hides(v, s)
		var err error
		if c.sqlite {
			err = conn.BeginRead()
		}
		if err == nil && s < e.recent.Floor() && v.at != 0 {
			err = v.errFloor()
		}
		if err == nil {
			err = e.fences.check(v.table, v.at)
		}
		if err == nil {
			e.cfg.must(!c.sqlite || conn.Reading(), "chains are captured before the read of the file is open")
			err = e.gather(c, v, t, sp)
		}
		e.latch.RUnlock()
		if err != nil {
			c.free()
			return nil, err
		}
		return c, nil
	}
}

// gather fills c from the chains in the span and the reader's own writes.
func (e *Engine) gather(c *captured, v *view, t *table, sp *span) error {
	g := gatherer{c: c, engine: e, shape: t.shape.Load(), hidden: t.hides(v, c.at)}
	chains := e.recent.Table(t.physical)
	var own *recent.Table
	if v.own != nil {
		v.own.mu.RLock()
		defer v.own.mu.RUnlock()
		own = v.own.set.Table(t.physical)
	}
	if chains.Len() == 0 && own.Len() == 0 {
		return nil
	}
	g.twice = sp.index != 0
	sp.each(own, func(ch *recent.Chain) bool {
		if seen := seenIn(ch.Versions(), v.statement); seen != nil {
			g.add(ch, seen)
		}
		return g.err == nil
	})
	sp.each(chains, func(ch *recent.Chain) bool {
		written, err := v.own.versions(t.physical, ch.Key)
		if err != nil {
			g.err = err
			return false
		}
		if seenIn(written, v.statement) != nil {
			g.hideKey(ch.Key) // its own images count, SQLite's never
			return true
		}
		g.add(ch, ch.Visible(c.at))
		return g.err == nil
	})
	return g.err
}

// hideRuns starts what memory says of a read with the reader's own writes that
// are in files: their rows come as a stream, and under the keys of those that
// had a row before SQLite does not count.
func (e *Engine) hideRuns(v *view, t *table) (*captured, error) {
	c := &captured{}
	if v.own == nil {
		return c, nil
	}
	v.own.mu.RLock()
	defer v.own.mu.RUnlock()
	if v.own.runsOf(t.physical) == nil {
		return c, nil
	}
	g := gatherer{c: c, engine: e}
	c.sqlite = true
	m := v.own.merged(t.physical)
	m.memory = nil
	for {
		key, versions, ok, err := m.next()
		if err != nil {
			c.free()
			return nil, err
		}
		if !ok {
			break
		}
		if versions[0].Kind != recent.Absent && seenIn(versions, v.statement) != nil {
			g.hideKey(key)
		}
	}
	c.runs = v.own.merged(t.physical)
	c.newer = map[string]bool{}
	for _, ch := range c.runs.memory {
		c.newer[ch.Key] = true
	}
	c.runs.memory = nil // comes with the captured images
	return c, nil
}

// gatherer collects visible images.
type gatherer struct {
	c      *captured
	engine *Engine
	shape  *shape
	twice  bool // chains may come twice
	hidden bool // what SQLite has does not count, nor what it had when a chain began
	seen   map[string]bool
	key    []byte
	err    error
}

// add takes one chain's visible version.
func (g *gatherer) add(ch *recent.Chain, v *recent.Version) {
	if g.twice {
		if g.seen[ch.Key] {
			return
		}
		if g.seen == nil {
			g.seen = map[string]bool{}
		}
		g.seen[ch.Key] = true
	}
	g.hideKey(ch.Key)
	if v.Kind != recent.Present || v.At == 0 && g.hidden {
		return
	}
	row, err := g.engine.rowOf(v)
	if err != nil {
		g.err = err
		return
	}
	g.c.rows = append(g.c.rows, row)
}

// hideKey leaves a key out of what SQLite returns.
func (g *gatherer) hideKey(key string) {
	if !g.c.sqlite {
		return
	}
	if g.c.hide == nil {
		g.c.hide = sqlite.NewKeySet(16)
	}
	g.key = packedKey(g.key[:0], key)
	g.c.hide.Add(g.key)
}

// rowOf returns a version's row, from the scratch file if it was spilled.
func (e *Engine) rowOf(v *recent.Version) ([]byte, error) {
	if place, ok := v.Spilled(); ok {
		return e.scratch.read(place)
	}
	return v.Row, nil
}
