package engine

import (
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
)

// A file has the shapes of the tables that have rows, in it or in memory, and
// of those that the log was told of: records that speak of them may be cut
// free of the record that tells it. Other tables may never have been committed,
// and leave nothing.

// holds reports whether there may be rows of a table, in the file, in memory or
// in a record; the caller holds the latch.
func (e *Engine) holds(t *table) bool {
	if t.columns.Load() > 0 || len(t.busy) > 0 {
		return true
	}
	chains := e.recent.Table(t.physical)
	return chains != nil && chains.Len() > 0
}

// due is what a table's shape in the file should be, if it is not: nil for none.
func (e *Engine) due(t *table) (s *shape, differs bool) {
	e.latch.RLock()
	defer e.latch.RUnlock()
	if t.gone.Load() {
		return nil, false
	}
	if e.holds(t) || e.participant.told(t) {
		s = t.shape.Load()
	} else if !e.participant.ready() {
		return nil, false // a transaction in doubt may speak of it
	}
	return s, s != t.stored.Load()
}

// writeShapes brings the shapes in the file up to date, inside the caller's
// transaction, and returns those that it has written or (nil) removed.
func (e *Engine) writeShapes(conn *sqlite.Conn) (map[*table]*shape, error) {
	written := map[*table]*shape{}
	for _, t := range *e.tables.Load() {
		s, differs := e.due(t)
		if !differs {
			continue
		}
		var err error
		if s == nil {
			err = deleteMeta(conn, numbered(metaShape, t.physical))
		} else if err = t.markReshape(conn, s); err == nil {
			err = e.storeShape(conn, t, s)
		}
		if err != nil {
			return nil, err
		}
		written[t] = s
	}
	return written, nil
}

// newShapes reports whether there is something to write but rows.
func (e *Engine) newShapes() bool {
	for _, t := range *e.tables.Load() {
		if s, differs := e.due(t); differs && (s == nil || e.participant.told(t)) {
			return true
		}
	}
	return false
}

// unspoken has the log be told anew of tables that it was told of in vain: the
// transaction has aborted, and nobody else has rows of them.
func (e *Engine) unspoken(physicals []uint64) {
	e.latch.Lock()
	defer e.latch.Unlock()
	tables := *e.tables.Load()
	for _, physical := range physicals {
		if t := tables[physical]; t != nil && !e.holds(t) {
			e.participant.untold(t)
		}
	}
}

// told reports whether the log has a table's shape.
func (p *Participant) told(t *table) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return t.defined != nil
}

// untold has the log be told of a table anew: what it was told last is no more.
func (p *Participant) untold(t *table) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t.defined = nil
}

// ready reports whether the transactions in doubt are known.
func (p *Participant) ready() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log == nil || p.replayed
}
