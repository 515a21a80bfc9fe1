package engine

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
)

// A commit whose write set is too large for memory goes from its side file
// straight into SQLite, without chains, while reads at or above its timestamp
// wait for it. What its rows were before is gone then: the floor rises to its
// timestamp, and older snapshots end (drawn again unseen for a statement's,
// 72000 for a transaction's).

// applyBranches makes a durable commit visible.
func (p *Participant) applyBranches(branches []*branch, c *changes, at txn.Timestamp, pos log.Position) {
	for _, b := range branches {
		b.applyLoads(at, pos)
		b.applyReshapes()
		if !b.large() {
			b.apply(at, pos)
		}
	}
	if err := p.applyLarge(c, at, pos, false); err != nil {
		p.cfg.Fatal(err) // committed, and cannot be shown: a restart tries again
	}
}

// applyLarge applies the large side files of a commit, all shards at a time.
// In replay a shard that has the record already is skipped.
func (p *Participant) applyLarge(c *changes, at txn.Timestamp, pos log.Position, replay bool) error {
	var running sync.WaitGroup
	defer running.Wait()
	errs := make([]error, len(c.sides))
	for i := range c.sides {
		s := &c.sides[i]
		if !s.large {
			continue
		}
		e := p.engine(s.shard)
		if e == nil {
			errs[i] = p.replayAway(s.shard) // while replaying: what is applied later is prepared here
			continue
		}
		if replay {
			e.maxCommit = max(e.maxCommit, at)
			e.recent.Raise(at)
		}
		if replay && pos <= e.applied {
			continue
		}
		running.Go(func() { errs[i] = e.applySide(s, at, pos) })
	}
	running.Wait()
	return errors.Join(errs...)
}

// noteLarge has the shards note soon that they have what came from large side
// files and from loads: no chain is left that would remind them, and a start would apply the
// files again. It is called when the command is done.
func (p *Participant) noteLarge(c *changes) {
	for i := range c.sides {
		if e := p.engine(c.sides[i].shard); c.sides[i].large && e != nil {
			e.wake()
		}
	}
	for _, l := range c.loads {
		if e := p.engine(l.shard); e != nil {
			e.wake()
		}
	}
	for _, x := range c.reshapes {
		if e := p.engine(x.shard); e != nil {
			e.wake()
		}
	}
}

// applySide writes a side file into SQLite in one transaction, behind
// everything that was committed before.
func (e *Engine) applySide(s *side, at txn.Timestamp, pos log.Position) error {
	e.settleMu.Lock()
	defer e.settleMu.Unlock()
	if err := e.settleLocked(context.Background()); err != nil {
		return err
	}
	conn, err := e.db.Writer(context.Background())
	if err != nil {
		return err
	}
	defer conn.Release()
	if err := conn.Begin(); err != nil {
		return err
	}
	w := largeWriter{e: e, conn: conn, grown: map[*table]int64{}, images: map[*table]int64{}, bytes: map[*table]int64{}, shapes: map[*table]*shape{}}
	if err := e.participant.readAside(s, w.section); err != nil {
		return err
	}
	for t, shape := range w.shapes {
		if err := e.storeShape(conn, t, shape); err != nil {
			return err
		}
	}
	return w.commit(at, pos)
}

// largeWriter streams sections into SQLite.
type largeWriter struct {
	e      *Engine
	conn   *sqlite.Conn
	grown  map[*table]int64
	images map[*table]int64
	bytes  map[*table]int64 // of the images
	shapes map[*table]*shape
}

func (w *largeWriter) section(s *section) error {
	t := (*w.e.tables.Load())[s.physical]
	if t == nil || t.gone.Load() {
		return nil
	}
	if w.shapes[t] == nil {
		w.shapes[t] = t.shape.Load()
		if err := t.makeTable(w.conn, w.shapes[t]); err != nil {
			return err
		}
	}
	sh := w.shapes[t]
	columns := max(len(sh.columns), int(t.columns.Load()))
	var puts, removes, scratch []byte
	var err error
	s.each(func(c change) {
		w.grown[t] += c.delta()
		if c.row == nil {
			removes = appendRow(removes, packedKey(scratch[:0], c.key))
		} else if err == nil {
			w.images[t]++
			puts, err = sh.appendPut(puts, c.row, columns)
		}
	})
	if err != nil {
		return err
	}
	if err := execMany(w.conn, sh.deleteRow(), removes); err != nil {
		return err
	}
	w.bytes[t] += int64(len(puts))
	return execMany(w.conn, sh.insertRow(columns), puts)
}

// commit commits in SQLite and, in the same moment for all readers, ends what
// memory says of older times.
func (w *largeWriter) commit(at txn.Timestamp, pos log.Position) error {
	e := w.e
	e.latch.Lock()
	defer e.latch.Unlock()
	if err := w.conn.Commit(); err != nil {
		return err
	}
	for t, s := range w.shapes {
		for i := range s.indexes {
			t.indexed[s.indexes[i].id] = true
		}
		t.stored.Store(s)
		t.columns.Store(max(t.columns.Load(), int32(len(s.columns))))
		t.large = max(t.large, at)
		t.count(pos, w.grown[t])
		t.imaged(w.images[t], w.bytes[t])
	}
	e.maxCommit = max(e.maxCommit, at)
	e.recent.Raise(at)
	for t := range w.shapes {
		if chains := e.recent.Table(t.physical); chains != nil {
			chains.Drop(chains.Len())
		}
	}
	e.noteMemory()
	return nil
}

// wholesale notes the tables of a restored transaction's large side file.
func (p *Participant) wholesale(c *changes, pend *pending) error {
	for i := range c.sides {
		s := &c.sides[i]
		if !s.large || s.shard != pend.branch.engine.id {
			continue
		}
		err := p.readAside(s, func(sec *section) error {
			if !slices.Contains(pend.wholesale, sec.physical) {
				pend.wholesale = append(pend.wholesale, sec.physical)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
