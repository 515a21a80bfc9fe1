package session

import (
	"context"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/distribute"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// vacuumTarget is one table of VACUUM or ANALYZE.
type vacuumTarget struct {
	table   *catalog.Table
	columns map[catalog.ColumnID]bool // nil is all
}

// vacuumOptions are those with a meaning here.
type vacuumOptions struct {
	command string // VACUUM or ANALYZE
	analyze bool
	verbose bool
	full    bool
}

// vacuum is VACUUM and ANALYZE. VACUUM moves what is recent into the shards'
// files, drops physical tables and indexes that nobody can see any more, gives
// back what is free in the files, and counts the rows; ANALYZE gathers the planner's statistics.
func (s *Session) vacuum(ctx context.Context, st *sqlparse.Statement, n *pg.VacuumStmt) (*result, error) {
	o, err := readVacuumOptions(st, n)
	if err != nil {
		return nil, err
	}
	if o.command == "VACUUM" {
		if err := s.alone("VACUUM"); err != nil {
			return nil, err
		}
	}
	targets, err := s.vacuumTargets(o, n.Rels)
	if err != nil {
		return nil, err
	}
	if o.command == "VACUUM" {
		if err := s.vacuumTables(ctx, o, targets); err != nil {
			return nil, err
		}
	}
	if o.analyze {
		for _, t := range targets {
			s.progress(o, "analyzing", t.table)
		}
		if err := s.analyze(ctx, targets); err != nil {
			return nil, err
		}
	}
	return done(o.command), nil
}

// progress is VERBOSE's line for a table.
func (s *Session) progress(o *vacuumOptions, what string, t *catalog.Table) {
	if o.verbose {
		s.Notice(pgerr.New(pgerr.SuccessfulCompletion, "%s \"%s.%s\"", what, s.schemaName(t), t.Name).WithSeverity(pgerr.SeverityInfo))
	}
}

// vacuumTables settles the shards, sweeps, and counts the rows of the tables.
func (s *Session) vacuumTables(ctx context.Context, o *vacuumOptions, targets []vacuumTarget) error {
	for _, t := range targets {
		s.progress(o, "vacuuming", t.table)
	}
	if err := s.node.Maintenance.Checkpoint(ctx); err != nil {
		return err
	}
	if err := s.node.Maintenance.Sweep(ctx); err != nil {
		return err
	}
	if err := s.node.Maintenance.Shrink(ctx, o.full); err != nil {
		return err
	}
	if o.analyze {
		return nil // it counts too
	}
	counted := map[catalog.OID]catalog.Statistics{}
	for _, t := range targets {
		stats, err := s.countRows(ctx, t.table)
		if err != nil {
			return err
		}
		counted[t.table.OID] = stats
	}
	if len(counted) == 0 {
		return nil
	}
	err := s.node.Maintenance.PublishStatistics(ctx, counted)
	if pgerr.HasCode(err, pgerr.DiskFull) {
		// What was to be freed is free; the next VACUUM counts again.
		s.Notice(pgerr.New(pgerr.Warning, "the number of rows was not stored: %s", err).WithSeverity(pgerr.SeverityWarning))
		return nil
	}
	return err
}

// countRows asks the shards; the columns' statistics stay.
func (s *Session) countRows(ctx context.Context, t *catalog.Table) (catalog.Statistics, error) {
	stats := catalog.Statistics{Columns: t.Stats.Columns}
	rows, bytes, err := s.shardBytes(ctx, distribute.Physical(t, s.schemaName(t)))
	stats.Rows, stats.Pages = float64(rows), (bytes+pageBytes-1)/pageBytes
	return stats, err
}

// vacuumTargets finds the tables: those named, or all that the role owns.
func (s *Session) vacuumTargets(o *vacuumOptions, rels []*pg.Node) ([]vacuumTarget, error) {
	var targets []vacuumTarget
	if len(rels) == 0 {
		for t := range s.snapshot().Tables(s.database) {
			if s.owns(s.currentUser(), t.Owner) && t.Home == catalog.HomeShards {
				targets = append(targets, vacuumTarget{table: t})
			}
		}
		return targets, nil
	}
	// Every name is looked at before anything is done.
	for _, n := range rels {
		rel := n.GetVacuumRelation()
		r, err := s.findRelation(rel.Relation)
		if err != nil {
			return nil, err
		}
		if len(rel.VaCols) > 0 && !o.analyze {
			return nil, pgerr.New(pgerr.FeatureNotSupported, "ANALYZE option must be specified when a column list is provided")
		}
		t, ok := r.(*catalog.Table)
		if s.skips(o, r.Ref(), ok) || t.Home != catalog.HomeShards {
			continue
		}
		columns, err := analyzeColumns(t, rel.VaCols)
		if err != nil {
			return nil, err
		}
		targets = append(targets, vacuumTarget{t, columns})
	}
	return targets, nil
}

// skips warns of a relation that is passed over.
func (s *Session) skips(o *vacuumOptions, ref catalog.Ref, isTable bool) bool {
	verb := strings.ToLower(o.command)
	switch {
	case !s.owns(s.currentUser(), ref.Owner):
		s.Notice(pgerr.New(pgerr.Warning, "skipping %q --- only table or database owner can %s it", ref.Name, verb).
			WithSeverity(pgerr.SeverityWarning))
	case !isTable:
		s.Notice(pgerr.New(pgerr.Warning, "skipping %q --- cannot %s non-tables or special system tables", ref.Name, verb).
			WithSeverity(pgerr.SeverityWarning))
	default:
		return false
	}
	return true
}

// findRelation finds a relation by RangeVar, in the order of the search path.
func (s *Session) findRelation(v *pg.RangeVar) (catalog.Relation, error) {
	name := v.Relname
	path := s.env.fullPath()
	if v.Schemaname != "" {
		name = v.Schemaname + "." + v.Relname
		sc := s.snapshot().Schema(s.database, v.Schemaname)
		if sc == nil {
			return nil, pgerr.New(pgerr.InvalidSchemaName, "schema %q does not exist", v.Schemaname)
		}
		path = []catalog.OID{sc.OID}
	}
	for _, schema := range path {
		if r := s.snapshot().Relation(s.database, schema, v.Relname); r != nil {
			return r, nil
		}
	}
	return nil, pgerr.New(pgerr.UndefinedTable, "relation %q does not exist", name)
}
