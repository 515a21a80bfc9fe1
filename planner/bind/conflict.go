package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// onConflict binds ON CONFLICT; nil without the clause.
func (q *query) onConflict(n *pg.InsertStmt, d *destination) *plan.OnConflict {
	c := n.OnConflictClause
	if c == nil {
		return nil
	}
	out := &plan.OnConflict{Update: c.Action == pg.OnConflictAction_ONCONFLICT_UPDATE}
	if c.Infer != nil {
		out.Arbiters = q.arbiters(c.Infer, d)
	} else if out.Update {
		fail(pgerr.New(pgerr.SyntaxError, "ON CONFLICT DO UPDATE requires inference specification or constraint name").
			WithHint("For example, ON CONFLICT (column_name).").WithPosition(q.b.position(c.Location)))
	}
	t := d.table()
	existing, excluded := q.newRow(t, n.Relation), q.rowNamed(t, "excluded")
	q.nameSeen(d, existing.item, n.Relation)
	out.Existing, out.Excluded = existing.ids, excluded.ids
	if !out.Update {
		return out
	}
	sub := &query{b: q.b, parent: q.parent, ctes: q.ctes}
	seen, _ := sub.asNamed(d, existing.item)
	proposed, _ := sub.asNamed(d, excluded.item)
	sub.addSeen(seen)
	sub.addSeen(proposed)
	a := sub.assignments(d.named, seen)
	sub.with(kindUpdateSource, func() { a.set(c.TargetList) })
	out.Where = sub.clause(c.WhereClause, kindWhere, "WHERE")
	a.onto(d, upserting, t, existing.item)
	a.refuseTwice()
	a.generate()
	out.Set = a.list()
	q.takeOuter(sub)
	return out
}

// arbiters are the unique indexes that ON CONFLICT (…) or ON CONSTRAINT names.
func (q *query) arbiters(n *pg.InferClause, d *destination) []catalog.OID {
	t := d.named
	if n.Conname != "" && d.view == nil {
		for i := range t.Indexes {
			if x := &t.Indexes[i]; x.Constraint != 0 && x.Name == n.Conname {
				return []catalog.OID{q.arbiter(x)}
			}
		}
	}
	if n.Conname != "" {
		q.b.failAt(-1, pgerr.UndefinedObject, "constraint \"%s\" for table \"%s\" does not exist", n.Conname, t.Name)
	}
	if len(n.IndexElems) == 0 {
		return q.allUnique(t)
	}
	out := q.inferred(n, d)
	if len(out) == 0 {
		q.b.failAt(-1, pgerr.InvalidColumnReference, "there is no unique or exclusion constraint matching the ON CONFLICT specification")
	}
	return out
}

// allUnique are all unique indexes, the primary key first: MySQL's ON DUPLICATE
// KEY UPDATE, which no text of PostgreSQL's says.
func (q *query) allUnique(t *catalog.Table) (out []catalog.OID) {
	for _, primary := range []bool{true, false} {
		for i := range t.Indexes {
			if x := &t.Indexes[i]; x.Unique && x.Primary == primary {
				out = append(out, q.arbiter(x))
			}
		}
	}
	return out
}

func (q *query) arbiter(x *catalog.Index) catalog.OID {
	if x.Deferrable {
		q.b.failAt(-1, pgerr.ObjectNotInPrerequisiteState, "ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters")
	}
	return x.OID
}

// refuseTwice refuses what DO UPDATE would compute twice, with two results:
// there is no plan below it that could do it once.
func (a *assignments) refuseTwice() {
	from := a.q.b.generatedFrom(a.table)
	for p, e := range a.byPosition {
		if from[p] && expr.HasVolatile(e) {
			a.q.b.unsupported(-1, "ON CONFLICT DO UPDATE SET of a column that a generated column depends on, to the result of a volatile function,")
		}
	}
}
