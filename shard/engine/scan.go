package engine

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/recent"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
)

// scan starts a read of any number of rows.
func (e *Engine) scan(ctx context.Context, p *program, t *table, v view, c *expr.Context) (shard.Rows, error) {
	s, err := e.openScan(ctx, p, t, &v, c)
	if err != nil {
		return nil, err
	}
	limit, err := p.limited(c)
	if err != nil {
		s.close()
		return nil, err
	}
	out := &rowStream{scan: s}
	if p.stages.plain() && limit < 0 {
		out.src = s
	} else {
		out.src = p.stages.run(s, c, limit, &s.files)
	}
	return out, nil
}

// rowStream is the Rows of a scan.
type rowStream struct {
	scan  *scan
	src   source
	batch shard.Batch
	ended bool
}

// Next returns the next page.
func (r *rowStream) Next(ctx context.Context) (*shard.Batch, error) {
	if r.ended {
		return nil, nil
	}
	r.scan.c.Running = ctx // each page may be another request's
	rows, n, err := r.src.next(ctx)
	if err != nil || n == 0 {
		r.ended = true
		r.scan.close()
		return nil, err
	}
	r.batch = shard.Batch{Count: n, Data: rows}
	return &r.batch, nil
}

// Close ends the SQLite read.
func (r *rowStream) Close() error {
	r.ended = true
	r.scan.close()
	return nil
}

// scan is the fetched rows of one table: SQLite's, without the keys that
// memory answers, and memory's. It is a source.
type scan struct {
	p    *program
	c    *expr.Context
	conn *sqlite.Conn
	st   *sqlite.Stmt
	mem  *captured

	files   sortFiles
	params  []byte
	buf     []byte
	memory  source
	merge   *merger
	started bool
	more    bool // of SQLite's rows
	keep    bool // the connection is kept until close
}

// openScan opens the SQLite read and captures the chains; nothing is read yet.
func (e *Engine) openScan(ctx context.Context, p *program, t *table, v *view, c *expr.Context) (*scan, error) {
	sp, err := p.spans.open(c)
	if err != nil {
		return nil, err
	}
	s := &scan{p: p, c: c, files: sortFiles{engine: e}}
	if s.params, err = p.appendBound(nil, c); err != nil {
		return nil, err
	}
	if s.conn, err = e.db.Reader(ctx); err != nil {
		return nil, err
	}
	if s.mem, err = e.capture(ctx, s.conn, v, t, &sp); err != nil {
		s.close()
		return nil, err
	}
	s.memory = &images{p: p, c: c, rows: s.mem.rows, runs: s.mem.runs, newer: s.mem.newer, statement: v.statement, row: make([]types.Datum, len(p.table.Columns))}
	if !s.mem.sqlite {
		s.endSQLite()
	}
	if len(p.stages.order) > 0 && !p.stages.sorts() && (len(s.mem.rows) > 0 || s.mem.runs != nil) {
		s.merge = &merger{stages: p.stages, c: c, a: sqlitePages{s}, b: newSorted(p.stages, s.memory, c)}
	}
	return s, nil
}

// next returns SQLite's pages, then memory's; or both merged where an order is
// promised.
func (s *scan) next(ctx context.Context) ([]byte, int, error) {
	if s.merge != nil {
		return s.merge.next(ctx)
	}
	rows, n, err := s.sqlitePage(ctx)
	if err != nil || n > 0 {
		return rows, n, err
	}
	return s.memory.next(ctx)
}

// sqlitePage returns SQLite's next page, and lets the connection go after the last.
func (s *scan) sqlitePage(ctx context.Context) ([]byte, int, error) {
	if s.conn == nil {
		return nil, 0, nil
	}
	for {
		page, err := s.step(ctx)
		if err != nil {
			s.endSQLite()
			return nil, 0, err
		}
		s.buf, s.more = page.Rows, page.More
		if page.N > 0 {
			return page.Rows, page.N, nil
		}
		if !page.More {
			s.endSQLite()
			return nil, 0, nil
		}
	}
}

func (s *scan) step(ctx context.Context) (page sqlite.Page, err error) {
	switch {
	case s.started && !s.more || !s.mem.sqlite:
		return sqlite.Page{}, nil
	case s.started:
		stop := s.conn.Watch(ctx)
		defer stop()
		return s.st.Fetch(ctx, s.buf[:0])
	}
	s.started = true
	sql := s.p.fragment.SQL
	var sets []sqlite.Binding
	if s.mem.hide != nil {
		sql, sets = s.p.fragment.SQLRecent, []sqlite.Binding{s.mem.hide}
	}
	if s.st, err = s.conn.Prepare(sql); err != nil {
		return page, err
	}
	s.buf = make([]byte, 0, pageBytes)
	stop := s.conn.Watch(ctx)
	defer stop()
	return s.st.Query(ctx, s.buf, s.params, sets...)
}

// endSQLite gives the connection back.
func (s *scan) endSQLite() {
	if s.st != nil {
		s.st.Done()
		s.st = nil
	}
	if s.conn != nil && !s.keep {
		s.conn.Release()
		s.conn = nil
	}
}

func (s *scan) close() {
	s.keep = false
	s.files.close()
	s.endSQLite()
	if s.mem != nil {
		s.mem.free()
	}
}

// sqlitePages is a scan's SQLite side as a source of its own.
type sqlitePages struct{ s *scan }

func (p sqlitePages) next(ctx context.Context) ([]byte, int, error) { return p.s.sqlitePage(ctx) }

// images makes fetched rows of the captured images for which Where holds.
type images struct {
	p    *program
	c    *expr.Context
	rows [][]byte
	row  []types.Datum
	out  shard.Batch
	// runs are the reader's own writes in files, without those that were newer in memory.
	runs      *ownMerge
	newer     map[string]bool
	statement txn.Statement
}

// imagesPage is how many images are looked at between two looks at ctx.
const imagesPage = 512

func (m *images) next(ctx context.Context) ([]byte, int, error) {
	m.out = shard.Batch{Data: m.out.Data[:0]}
	for len(m.rows) > 0 && m.out.Count == 0 {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		n := min(imagesPage, len(m.rows))
		for _, image := range m.rows[:n] {
			if err := m.add(image); err != nil {
				return nil, 0, err
			}
		}
		m.rows = m.rows[n:]
	}
	for m.runs != nil && m.out.Count < imagesPage {
		if err := m.fromRuns(ctx); err != nil {
			return nil, 0, err
		}
	}
	return m.out.Data, m.out.Count, nil
}

// fromRuns adds the next own row of the runs.
func (m *images) fromRuns(ctx context.Context) error {
	key, versions, ok, err := m.runs.next()
	if err != nil || !ok {
		m.runs = nil
		return err
	}
	if m.out.Count%imagesPage == 0 && ctx.Err() != nil {
		return pgerr.From(ctx.Err())
	}
	seen := seenIn(versions, m.statement)
	if m.newer[key] || seen == nil || seen.Kind != recent.Present {
		return nil
	}
	return m.add(seen.Row)
}

func (m *images) add(image []byte) error {
	if err := decodeImage(m.row, m.p.table, image, m.p.needed); err != nil {
		return err
	}
	ok, err := pass(m.c, m.p.where, m.row)
	if err != nil || !ok {
		return err
	}
	m.out.Count++
	if m.p.whole && whole(image, len(m.row)) {
		m.out.Data = appendRow(m.out.Data, image)
		return nil
	}
	start := len(m.out.Data)
	m.out.Data = append(m.out.Data, 0, 0, 0, 0)
	if m.out.Data, err = m.p.appendFetched(m.out.Data, m.c, m.row); err != nil {
		return err
	}
	setLength(m.out.Data, start)
	return nil
}

// whole reports whether an image has all columns of its table.
func whole(image []byte, columns int) bool {
	n, err := columnCount(image)
	return err == nil && n == columns
}
