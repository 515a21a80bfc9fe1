package session

import (
	"context"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/distribute"
	"github.com/pegmatitedb/pegmatite/sqlparse"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// vacuumTarget is one table of VACUUM or ANALYZE.
type vacuumTarget struct {
	table *catalog.Table
	names []*pg.Node // of its columns; none is all
	named bool       // by the statement
}

// vacuumOptions are those with a meaning here.
type vacuumOptions struct {
	command string // VACUUM or ANALYZE
	analyze bool
	verbose bool
	full    bool
	skip    bool // tables that are locked
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
	targets, err := s.vacuumTargets(ctx, o, n.Rels)
	if err != nil {
		return nil, err
	}
	if o.command == "VACUUM" {
		for _, t := range targets {
			s.progress(o, "vacuuming", t.table)
		}
		if err := s.vacuumFiles(ctx, o); err != nil {
			return nil, err
		}
	}
	m := &measured{}
	for _, t := range targets {
		if err := s.measure(ctx, o, t, m); err != nil {
			return nil, err
		}
	}
	return done(o.command), s.publishMeasured(ctx, o, m)
}

// progress is VERBOSE's line for a table.
func (s *Session) progress(o *vacuumOptions, what string, t *catalog.Table) {
	if o.verbose {
		s.Notice(pgerr.New(pgerr.SuccessfulCompletion, "%s \"%s.%s\"", what, s.schemaName(t), t.Name).WithSeverity(pgerr.SeverityInfo))
	}
}

// vacuumFiles settles the shards, sweeps, and gives back what is free.
func (s *Session) vacuumFiles(ctx context.Context, o *vacuumOptions) error {
	if err := s.node.Maintenance.Checkpoint(ctx); err != nil {
		return err
	}
	if err := s.node.Maintenance.Sweep(ctx); err != nil {
		return err
	}
	return s.node.Maintenance.Shrink(ctx, o.full)
}

// measured is what was found of tables that are not the transaction's own.
type measured struct {
	tables     []*catalog.Table
	statistics []catalog.Statistics
}

// measure looks at one table, which nobody changes meanwhile. As in PostgreSQL
// its lock goes with the table, outside of a block: whoever waits for
// one that is locked keeps nobody from the others.
func (s *Session) measure(ctx context.Context, o *vacuumOptions, target vacuumTarget, m *measured) error {
	if !s.inBlock() {
		defer s.locks.Cut(s.ownStatement())
	}
	t, err := s.lockTarget(ctx, o, target)
	if err != nil || t == nil {
		return err
	}
	if !o.analyze {
		stats, err := s.countRows(ctx, t)
		m.tables, m.statistics = append(m.tables, t), append(m.statistics, stats)
		return err
	}
	columns, err := analyzeColumns(t, target.names)
	if err != nil {
		return err
	}
	s.progress(o, "analyzing", t)
	return s.analyze(ctx, t, columns, m)
}

// ownStatement begins a statement of which locks can be given back.
func (s *Session) ownStatement() txn.Statement {
	run := s.tx.txn.Run()
	defer run.Close()
	return run.Statement()
}

// lockTarget locks a table as it is now; nil is one that is passed over.
func (s *Session) lockTarget(ctx context.Context, o *vacuumOptions, target vacuumTarget) (*catalog.Table, error) {
	locked, err := s.lockToRead(ctx, o, target.table, lock.TableShareUpdateExclusive)
	if err != nil {
		return nil, err
	}
	t := s.snapshot().Table(target.table.OID)
	why := "relation no longer exists"
	if !locked {
		t, why = nil, "lock not available"
	}
	if t == nil && target.named {
		s.skipping(o, target.table.Name, why)
	}
	return t, nil
}

// lockToRead locks a relation, unless it is locked and SKIP_LOCKED asked for that.
func (s *Session) lockToRead(ctx context.Context, o *vacuumOptions, r catalog.Relation, mode lock.Mode) (bool, error) {
	defer s.follow()
	if r.Ref().OID < catalog.FirstNormalOID {
		return true, nil
	}
	if !o.skip {
		return true, s.acquire(ctx, relationKey(r.Ref().OID), mode)
	}
	err := s.acquireWithin(ctx, relationKey(r.Ref().OID), mode, 1)
	if pgerr.HasCode(err, pgerr.LockNotAvailable) {
		return false, nil
	}
	return true, err
}

func (s *Session) skipping(o *vacuumOptions, name, why string) {
	s.Notice(pgerr.New(pgerr.Warning, "skipping %s of %q --- %s", strings.ToLower(o.command), name, why).WithSeverity(pgerr.SeverityWarning))
}

// publishMeasured makes it current, of the tables that are still the same.
func (s *Session) publishMeasured(ctx context.Context, o *vacuumOptions, m *measured) error {
	found := map[catalog.OID]catalog.Statistics{}
	now := s.node.Catalog.Snapshot()
	for i, t := range m.tables {
		if versionOf(now, t.OID) == t.Version {
			found[t.OID] = m.statistics[i]
		}
	}
	if len(found) == 0 {
		return nil
	}
	err := s.node.Maintenance.PublishStatistics(ctx, found)
	if !o.analyze && pgerr.HasCode(err, pgerr.DiskFull) {
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
func (s *Session) vacuumTargets(ctx context.Context, o *vacuumOptions, rels []*pg.Node) ([]vacuumTarget, error) {
	var targets []vacuumTarget
	if len(rels) == 0 {
		for t := range s.snapshot().Tables(s.database) {
			if s.owns(s.currentUser(), t.Owner) && t.Home == catalog.HomeShards {
				targets = append(targets, vacuumTarget{table: t})
			}
		}
		return targets, nil
	}
	if !o.analyze && slices.ContainsFunc(rels, func(n *pg.Node) bool { return len(n.GetVacuumRelation().VaCols) > 0 }) {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "ANALYZE option must be specified when a column list is provided")
	}
	// Every name is looked at before anything is done.
	for _, n := range rels {
		rel := n.GetVacuumRelation()
		r, err := s.awaited(ctx, o, rel.Relation)
		if err != nil {
			return nil, err
		}
		if r == nil {
			s.skipping(o, rel.Relation.Relname, "lock not available")
			continue
		}
		t, ok := r.(*catalog.Table)
		if s.skips(o, r.Ref(), ok) || t.Home != catalog.HomeShards {
			continue
		}
		targets = append(targets, vacuumTarget{t, rel.VaCols, true})
	}
	return targets, nil
}

// awaited finds a relation once nobody changes it, which is all that its lock is for; nil is one that
// SKIP_LOCKED passes over.
func (s *Session) awaited(ctx context.Context, o *vacuumOptions, v *pg.RangeVar) (catalog.Relation, error) {
	defer s.locks.Cut(s.ownStatement())
	for {
		r, err := s.findRelation(v)
		if err != nil {
			return nil, err
		}
		if locked, err := s.lockToRead(ctx, o, r, lock.TableAccessShare); err != nil || !locked {
			return nil, err
		}
		now, err := s.findRelation(v)
		if err != nil || now.Ref().OID == r.Ref().OID {
			return now, err
		}
	}
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
		sc := s.schemaNamed(v.Schemaname)
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
