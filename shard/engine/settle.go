package engine

import (
	"context"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/recent"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Settling writes the newest version of chains to SQLite, many commits in one
// transaction and in key order, then drops the chains that no snapshot in use
// can tell from what SQLite has.
//
//	take     under the latch: every dirty chain's newest version
//	write    one SQLite transaction, which notes the log position
//	mark     under the latch, after the commit: SQLite has these versions
//	drop     under the latch: floor first, then the chains below it
//
// A read that opens its SQLite read before the commit finds the chains still
// there; one that captures after the drop has opened after the commit.

// settlement is what one pass writes.
type settlement struct {
	upto    log.Position // all commands up to here are in
	commit  txn.Timestamp
	tables  []settledTable
	changes int
	loaded  []*table    // what loads have filled
	rows    []notedRows // how many rows tables have by the commands up to upto
}

type settledTable struct {
	t     *table
	shape *shape // as it is written: what is taken back while the writer is waited for must not come again
	batch []recent.Settling
}

type notedRows struct {
	t *table
	rowCount
}

// chunkRows bounds how many rows one SQLite transaction takes, so that a
// checkpoint can come between.
const chunkRows = 100_000

// Settle writes everything to SQLite that was committed before the call, and
// drops what can go.
func (e *Engine) Settle(ctx context.Context) error {
	e.settleMu.Lock()
	defer e.settleMu.Unlock()
	if err := e.settleLocked(ctx); err != nil {
		return err
	}
	e.dropChains()
	return nil
}

func (e *Engine) settleLocked(ctx context.Context) error {
	return e.writeSettlement(ctx, e.takeDirty())
}

// writeSettlement writes what was taken, or gives it back.
func (e *Engine) writeSettlement(ctx context.Context, s *settlement) error {
	if s.changes == 0 && s.upto == e.applied && !e.sequences.dirty() && !e.newShapes() {
		return nil
	}
	conn, err := e.db.Writer(ctx)
	if err != nil {
		e.giveBack(s)
		return err
	}
	defer conn.Release()
	for len(s.tables) > 0 {
		chunk := s.split(chunkRows)
		if err := e.writeChunk(conn, &chunk, len(s.tables) == 0); err != nil {
			e.giveBack(&chunk)
			e.giveBack(s)
			return err
		}
	}
	if s.changes == 0 {
		return e.writeChunk(conn, s, true)
	}
	return nil
}

// takeDirty takes every chain that SQLite lacks. The log position comes first:
// what is complete up to it is in the chains.
func (e *Engine) takeDirty() *settlement {
	s := &settlement{upto: e.participant.complete()}
	e.latch.Lock()
	defer e.latch.Unlock()
	tables := *e.tables.Load() // under the latch: no chains are there whose table is not
	s.commit = e.maxCommit
	for _, t := range tables {
		if t.gone.Load() {
			continue
		}
		if t.unmark.Load() {
			s.loaded = append(s.loaded, t)
		}
		if c := t.countAt(s.upto); c != t.noted {
			s.rows = append(s.rows, notedRows{t, c})
		}
	}
	for _, chains := range e.recent.Tables() {
		if chains.Dirty() == 0 {
			continue
		}
		t := tables[chains.Physical]
		batch := chains.TakeDirty(chains.Dirty())
		s.tables = append(s.tables, settledTable{t: t, batch: batch})
		s.changes += len(batch)
	}
	return s
}

// split takes the first n changes off s.
func (s *settlement) split(n int) settlement {
	out := settlement{upto: s.upto, commit: s.commit, loaded: s.loaded, rows: s.rows}
	for n > 0 && len(s.tables) > 0 {
		t := &s.tables[0]
		if len(t.batch) <= n {
			n -= len(t.batch)
			out.changes += len(t.batch)
			out.tables = append(out.tables, *t)
			s.tables = s.tables[1:]
			continue
		}
		part := *t
		part.batch, t.batch = t.batch[:n], t.batch[n:]
		out.tables = append(out.tables, part)
		out.changes += n
		n = 0
	}
	return out
}

// giveBack returns what SQLite did not commit.
func (e *Engine) giveBack(s *settlement) {
	e.latch.Lock()
	defer e.latch.Unlock()
	for _, t := range s.tables {
		if chains := e.recent.Table(t.t.physical); chains != nil {
			chains.Unsettled(t.batch)
		}
	}
}

// writeChunk commits a part of a settlement; with the last one the log position
// moves.
func (e *Engine) writeChunk(conn *sqlite.Conn, s *settlement, last bool) error {
	if err := conn.Begin(); err != nil {
		return err
	}
	for i := range s.tables {
		if err := e.writeTable(conn, &s.tables[i]); err != nil {
			conn.Rollback()
			return err
		}
	}
	var shapes map[*table]*shape
	if last {
		var err error
		if shapes, err = e.writeMeta(conn, s); err != nil {
			conn.Rollback()
			return err
		}
	}
	if err := conn.Commit(); err != nil {
		return err
	}
	for t, s := range shapes {
		t.stored.Store(s)
	}
	if last {
		for _, t := range s.loaded {
			t.unmark.Store(false)
		}
		for _, n := range s.rows {
			n.t.noted = n.rowCount
		}
	}
	e.mark(s)
	if last {
		e.cfg.must(s.upto >= e.applied, "settled up to %d after %d", s.upto, e.applied)
		e.applied = s.upto
	}
	return nil
}

// writeTable writes one table's rows: the deleted ones first, then the others
// in key order.
func (e *Engine) writeTable(conn *sqlite.Conn, t *settledTable) error {
	if t.t.gone.Load() {
		return nil
	}
	t.shape = t.t.shape.Load()
	if err := t.t.makeTable(conn, t.shape); err != nil {
		return err
	}
	columns := max(len(t.shape.columns), int(t.t.columns.Load()))
	var puts, removes, scratch []byte
	for i := range t.batch {
		c := &t.batch[i]
		if c.New.Kind != recent.Present {
			removes = appendRow(removes, packedKey(scratch[:0], c.Chain.Key))
			continue
		}
		row, err := e.rowOf(&c.New)
		if err != nil {
			return err
		}
		if puts, err = t.shape.appendPut(puts, row, columns); err != nil {
			return err
		}
		if len(puts) >= putBytes {
			if err := execMany(conn, t.shape.insertRow(columns), puts); err != nil {
				return err
			}
			puts = puts[:0]
		}
	}
	if err := execMany(conn, t.shape.deleteRow(), removes); err != nil {
		return err
	}
	return execMany(conn, t.shape.insertRow(columns), puts)
}

// putBytes bounds the rows handed to SQLite in one call.
const putBytes = 1 << 20

// appendPut appends the parameters of insertRow for an image.
func (s *shape) appendPut(dst, row []byte, columns int) ([]byte, error) {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = append(dst, row...)
	dst, err := s.fill(dst, row, columns)
	if err != nil {
		return dst, err
	}
	if beside := s.beside(); len(beside) > 0 {
		values := s.split(nil, row, columns)
		for _, k := range beside {
			dst = s.keyPart(k, values[k]).AppendPacked(dst)
		}
	}
	setLength(dst, start)
	return dst, nil
}

func execMany(conn *sqlite.Conn, sql string, rows []byte) error {
	if len(rows) == 0 {
		return nil
	}
	st, err := conn.Prepare(sql)
	if err != nil {
		return err
	}
	defer st.Done()
	_, err = st.ExecMany(rows)
	return err
}

// writeMeta notes how far the file is, and what it holds.
func (e *Engine) writeMeta(conn *sqlite.Conn, s *settlement) (map[*table]*shape, error) {
	shapes, err := e.writeShapes(conn)
	if err != nil {
		return nil, err
	}
	for _, n := range s.rows {
		if n.t.gone.Load() {
			continue
		}
		if err := putMeta(conn, numbered(metaRows, n.t.physical), types.IntValue(n.rows)); err != nil {
			return nil, err
		}
		if err := putMeta(conn, numbered(metaWidth, n.t.physical), types.IntValue(n.width)); err != nil {
			return nil, err
		}
	}
	for _, t := range s.loaded {
		if err := e.noteLoaded(conn, t); err != nil {
			return nil, err
		}
	}
	if err := e.sequences.store(conn); err != nil {
		return nil, err
	}
	if err := e.fences.store(conn); err != nil {
		return nil, err
	}
	entries := []struct {
		name  string
		value types.Value
	}{
		{metaFormat, types.IntValue(fileFormat)},
		{metaShard, types.IntValue(int64(e.id))},
		{metaLog, types.TextValue(e.participant.uuid.String())},
		{metaApplied, types.IntValue(int64(s.upto))},
		{metaCommit, types.IntValue(int64(s.commit))},
	}
	for _, m := range entries {
		if err := putMeta(conn, m.name, m.value); err != nil {
			return nil, err
		}
	}
	return shapes, nil
}

// mark notes in the chains what SQLite has committed.
func (e *Engine) mark(s *settlement) {
	for _, t := range s.tables {
		if !t.t.gone.Load() {
			e.made(t.t, t.shape)
		}
	}
	e.metrics.Settled.Add(int64(s.changes))
	// Asked before the latch: what is drawn from now on is above known, and a
	// moment that is pinned from now on is at least what maxCommit is then.
	inUse, known := e.cfg.Oracle.InUse(nil)
	e.latch.Lock()
	defer e.latch.Unlock()
	e.recent.Keep(e.pins.append(inUse), min(known, e.maxCommit))
	for _, t := range s.tables {
		if chains := e.recent.Table(t.t.physical); chains != nil {
			chains.Settled(t.batch)
		}
	}
	e.noteMemory()
}

// dropStep is how many chains go before readers may come in again.
const dropStep = 4096

// dropChains raises the floor to the oldest snapshot in use and drops the
// settled chains below it (rule 14).
func (e *Engine) dropChains() {
	for more := true; more; {
		oldest := e.cfg.Oracle.Oldest()
		e.latch.Lock()
		e.recent.Raise(min(e.pins.oldest(oldest), e.maxCommit))
		more = false
		for _, t := range e.recent.Tables() {
			_, again := t.Drop(dropStep)
			more = more || again
		}
		e.noteMemory()
		e.latch.Unlock()
	}
}

// runSettler settles until stop is closed: a while after the first change, and
// at once when memory is short, as long as that frees any: what a snapshot
// holds stays, however often it is looked at.
func (e *Engine) runSettler(stop <-chan struct{}) {
	frees := true
	for {
		select {
		case <-stop:
			return
		case <-e.retired:
			return
		case <-e.settled:
		}
		if e.cfg.SettleEvery < 0 {
			continue
		}
		if !frees || !e.memory.tight() {
			pressed := e.memory.pressed()
			if !frees {
				pressed = nil
			}
			select {
			case <-stop:
				return
			case <-e.retired:
				return
			case <-time.After(e.cfg.SettleEvery):
			case <-pressed:
			}
		}
		before := e.usage()
		err := e.maintain()
		e.memory.settling(e.id, err)
		frees = before.Unsettled > 0 || e.usage().Bytes < before.Bytes
		if err != nil {
			e.cfg.Logger.Error("settling failed", "shard", e.id, "error", err)
			select {
			case <-stop:
				return
			case <-e.retired:
				return
			case <-time.After(time.Second):
			}
			e.wake()
		}
	}
}

// usage is what the recent layer holds.
func (e *Engine) usage() recent.Usage {
	e.latch.RLock()
	defer e.latch.RUnlock()
	return e.recent.Usage()
}

// wake makes the settler look.
func (e *Engine) wake() {
	select {
	case e.settled <- struct{}{}:
	default:
	}
}

// maintain is one round: settle, drop, spill, checkpoint.
func (e *Engine) maintain() error {
	if err := e.retakeLeft(); err != nil {
		return err
	}
	if err := e.Settle(context.Background()); err != nil {
		return err
	}
	if err := e.spillOld(); err != nil {
		return err
	}
	if err := e.checkpointIfDue(); err != nil {
		return err
	}
	e.memory.settledOne()
	if e.usage().Chains > 0 {
		e.wake() // some wait for a snapshot to end
	}
	return e.participant.cutIfDue()
}
