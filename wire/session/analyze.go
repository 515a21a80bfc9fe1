package session

import (
	"context"
	"maps"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/sqlparse"
	"github.com/pegmatitedb/pegmatite/wire/session/sample"
)

// pageBytes is PostgreSQL's page: pg_class.relpages counts those that a table's rows would fill.
const pageBytes = 8192

// analyze gathers the statistics of a table. What the transaction itself has
// created or altered has them in its own change, and publishes them with its end.
func (s *Session) analyze(ctx context.Context, t *catalog.Table, columns map[catalog.ColumnID]bool, m *measured) error {
	stats, err := s.tableStatistics(ctx, t, columns)
	if err != nil {
		return err
	}
	if s.tx.change == nil || s.tx.change.Snapshot().RevisionOf(t.ObjectKey()) != 0 {
		m.tables, m.statistics = append(m.tables, t), append(m.statistics, stats)
		return nil
	}
	changed := *t
	changed.Stats = stats
	s.tx.change.Put(&changed)
	if s.tx.statistics == nil {
		s.tx.statistics = map[catalog.OID]catalog.Statistics{}
	}
	s.tx.statistics[t.OID] = stats
	return nil
}

// tableStatistics reads a table once and keeps a sample of its rows.
func (s *Session) tableStatistics(ctx context.Context, t *catalog.Table, wanted map[catalog.ColumnID]bool) (catalog.Statistics, error) {
	columns, sampled, size := s.sampledColumns(t, wanted)
	r := sample.NewReservoir(sampled, size)
	if err := s.scan(ctx, t, columns, r); err != nil {
		return catalog.Statistics{}, err
	}
	stats := catalog.Statistics{Rows: float64(r.Seen), Columns: map[catalog.ColumnID]catalog.ColumnStatistics{}}
	maps.Copy(stats.Columns, t.Stats.Columns)
	for i, c := range columns {
		delete(stats.Columns, c.ID)
		if r.Seen > 0 {
			stats.Columns[c.ID] = sampled[i].Statistics(float64(r.Seen))
		}
	}
	bytes, err := s.tableBytes(ctx, t)
	stats.Pages = (bytes + pageBytes - 1) / pageBytes
	if r.Seen > 0 {
		stats.Pages = max(stats.Pages, 1)
	}
	return stats, err
}

// sampledColumns are the columns to look at, of those given (nil: all), and how many rows to keep for them.
func (s *Session) sampledColumns(t *catalog.Table, among map[catalog.ColumnID]bool) (columns []*catalog.Column, sampled []*sample.Column, size int) {
	for i := range t.Columns {
		c := &t.Columns[i]
		wanted := int(c.Stats)
		if wanted < 0 {
			wanted = s.number("default_statistics_target")
		}
		if c.Dropped || c.Hidden || wanted == 0 || among != nil && !among[c.ID] {
			continue
		}
		columns = append(columns, c)
		sampled = append(sampled, &sample.Column{Type: c.Type, Target: wanted, Ordered: s.node.Library.Less(c.Type) != nil})
		size = max(size, wanted*sample.RowsPerTarget)
	}
	return columns, sampled, size
}

// scan reads the columns of every row.
func (s *Session) scan(ctx context.Context, t *catalog.Table, columns []*catalog.Column, into *sample.Reservoir) error {
	sql := "SELECT "
	for i, c := range columns {
		if i > 0 {
			sql += ", "
		}
		sql += expr.QuoteIdent(c.Name)
	}
	sql += " FROM " + s.sqlName(t)
	stmts, err := sqlparse.Parse(sql)
	if err != nil {
		return err
	}
	st, err := s.plan(ctx, stmts[0], nil)
	if err != nil {
		return err
	}
	r, err := s.runPlan(ctx, &execution{stmt: stmts[0], text: sql}, st, nil)
	if err != nil {
		return err
	}
	defer r.close()
	for {
		row, err := r.rows.Next(ctx)
		if err != nil || row == nil {
			return err
		}
		into.Add(row)
	}
}

// analyzeColumns reads a column list (42703, 42701).
func analyzeColumns(t *catalog.Table, names []*pg.Node) (map[catalog.ColumnID]bool, error) {
	if len(names) == 0 {
		return nil, nil
	}
	out := map[catalog.ColumnID]bool{}
	for _, n := range names {
		name := n.GetString_().GetSval()
		c := t.ColumnByName(name)
		if c == nil {
			return nil, errNoColumn(name, t.Name)
		}
		if out[c.ID] {
			return nil, pgerr.New(pgerr.DuplicateColumn, "column %q of relation %q appears more than once", name, t.Name)
		}
		out[c.ID] = true
	}
	return out, nil
}
