package session

import (
	"context"
	"maps"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/exec"
)

// constraints is which checks a transaction puts off until its end, and those
// that it has put off. Keys are kept, not rows: they are looked at as they are
// then, so what a savepoint has taken back needs no care.
type constraints struct {
	timing
	later *exec.KeyChanges // nil: none
}

// timing is what SET CONSTRAINTS has said. It is not written to: a savepoint keeps it.
type timing struct {
	all  *bool // SET CONSTRAINTS ALL: whether they wait; nil: none
	each map[catalog.OID]bool
}

// waits reports whether checks of a constraint wait for the transaction's end.
func (t *timing) waits(k *catalog.ForeignKey) bool {
	if !k.Deferrable {
		return false
	}
	if deferred, ok := t.each[k.OID]; ok {
		return deferred
	}
	if t.all != nil {
		return *t.all
	}
	return k.Deferred
}

// take keeps keys for later.
func (c *constraints) take(ctx context.Context, s *Session, l *exec.KeyList) error {
	if c.later == nil {
		c.later = exec.NewKeyChanges(&exec.Env{
			Types: s.env.types(), Session: s, WorkMemBytes: int64(s.derived().workMemKB) << 10, TempDir: s.node.TempDir,
		})
	}
	c.later.Serve(ctx)
	return c.later.Take(l)
}

// close forgets what was put off.
func (c *constraints) close() {
	if c.later != nil {
		c.later.Close() // temporary files that cannot be removed are the next start's
		c.later = nil
	}
}

// pending reports whether checks of rows of a table, as it has been written, were put off.
func (s *Session) pending(table catalog.OID) bool {
	if s.tx == nil || s.tx.constraints.later.Empty() {
		return false
	}
	for _, l := range s.tx.constraints.later.Lists() {
		t, k := s.snapshot().ForeignKey(l.Constraint)
		if k != nil && (l.Referred && k.Table == table || !l.Referred && t.OID == table) {
			return true
		}
	}
	return false
}

// checkLater looks at what was put off, as far as it is due: at the end all of it.
func (s *Session) checkLater(ctx context.Context, due func(*catalog.ForeignKey) bool) error {
	c := &s.tx.constraints
	if c.later.Empty() {
		return nil
	}
	c.later.Serve(ctx)
	lists := append([]*exec.KeyList(nil), c.later.Lists()...)
	for _, l := range lists {
		t, k := s.snapshot().ForeignKey(l.Constraint)
		if k != nil && !due(k) {
			continue
		}
		if k != nil {
			if _, err := s.followNow(ctx, t, k, l); err != nil {
				return err
			}
		}
		if err := c.later.Drop(l); err != nil {
			return err
		}
	}
	return nil
}

// checkConstraints looks at everything that was put off, when the transaction ends.
func (s *Session) checkConstraints(ctx context.Context) error {
	if s.tx.constraints.later.Empty() {
		return nil
	}
	all := func(*catalog.ForeignKey) bool { return true }
	_, err := s.persist(ctx, func() (*result, error) { return done("COMMIT"), s.checkLater(ctx, all) })
	return err
}

// setConstraints is SET CONSTRAINTS (AfterTriggerSetState in trigger.c).
func (s *Session) setConstraints(ctx context.Context, n *pg.ConstraintsSetStmt) (*result, error) {
	if !s.inBlock() {
		s.Notice(pgerr.New(pgerr.NoActiveSQLTransaction, "SET CONSTRAINTS can only be used in transaction blocks").WithSeverity(pgerr.SeverityWarning))
	}
	c := &s.tx.constraints
	if len(n.Constraints) == 0 {
		c.timing = timing{all: &n.Deferred}
	} else {
		each := maps.Clone(c.each)
		if each == nil {
			each = map[catalog.OID]bool{}
		}
		for _, name := range n.Constraints {
			oids, err := s.deferrable(name.GetRangeVar())
			if err != nil {
				return nil, err
			}
			for _, oid := range oids {
				each[oid] = n.Deferred
			}
		}
		c.each = each
	}
	if !n.Deferred {
		if err := s.checkLater(ctx, func(k *catalog.ForeignKey) bool { return !c.waits(k) }); err != nil {
			return nil, err
		}
	}
	return done("SET CONSTRAINTS"), nil
}

// deferrable finds the constraints of a name: all those in the first schema of
// the search path that has any.
func (s *Session) deferrable(rv *pg.RangeVar) ([]catalog.OID, error) {
	path := s.env.fullPath()
	if rv.Schemaname != "" {
		sc := s.schemaNamed(rv.Schemaname)
		if sc == nil {
			return nil, pgerr.New(pgerr.InvalidSchemaName, "schema %q does not exist", rv.Schemaname)
		}
		path = []catalog.OID{sc.OID}
	}
	for _, schema := range path {
		oids, fixed := s.constraintsNamed(schema, rv.Relname)
		if fixed {
			return nil, pgerr.New(pgerr.WrongObjectType, "constraint %q is not deferrable", rv.Relname)
		}
		if len(oids) > 0 {
			return oids, nil
		}
	}
	return nil, pgerr.New(pgerr.UndefinedObject, "constraint %q does not exist", rv.Relname)
}

// constraintsNamed are a schema's constraints of a name; fixed: one cannot wait.
func (s *Session) constraintsNamed(schema catalog.OID, name string) (oids []catalog.OID, fixed bool) {
	for r := range s.snapshot().RelationsIn(s.database, schema) {
		t, ok := r.(*catalog.Table)
		if !ok {
			continue
		}
		for i := range t.Checks {
			fixed = fixed || t.Checks[i].Name == name
		}
		for i := range t.Indexes {
			if ix := &t.Indexes[i]; ix.Constraint != 0 && ix.Name == name {
				fixed = fixed || !ix.Deferrable
			}
		}
		if k := t.ForeignKeyByName(name); k != nil {
			oids, fixed = append(oids, k.OID), fixed || !k.Deferrable
		}
	}
	return oids, fixed
}
