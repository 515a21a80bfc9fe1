package bind

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// nullSide is a side of an outer join, in which an item's row as a whole is
// NULL where the join has found no partner: which is another value than a row
// of NULLs. So the side gets a column that is true for each of its rows, once
// somebody asks for such a row.
type nullSide struct {
	// at is the side's place in its join.
	at      *plan.Node
	project *plan.Project
	mark    *itemColumn
}

// nullable notes that the items' rows can be NULL. What an inner join has noted
// stays: the outer one makes its mark NULL too.
func nullable(at *plan.Node, items []*item) {
	side := &nullSide{at: at}
	for _, it := range items {
		if it.nulled == nil && it.byName && !it.joined {
			it.nulled = side
		}
	}
}

// marker is the column that tells the side's rows from those that the join makes up.
func (s *nullSide) marker(q *query) *itemColumn {
	if s.mark == nil {
		c := q.b.column("", types.TBool, -1)
		s.mark = &itemColumn{value: ref(c)}
		s.project = &plan.Project{Input: *s.at, Exprs: []expr.Expr{expr.True()}, Cols: []plan.Column{c}}
		*s.at = s.project
		s.complete()
		q.b.sides = append(q.b.sides, s)
	}
	return s.mark
}

// complete lets through what the side has got since the mark was made: the
// columns of tables that were referred to later.
func (s *nullSide) complete() {
	for _, c := range s.project.Input.Columns() {
		if !slices.ContainsFunc(s.project.Cols, func(have plan.Column) bool { return have.ID == c.ID }) {
			s.project.Exprs, s.project.Cols = append(s.project.Exprs, ref(c)), append(s.project.Cols, c)
		}
	}
}

// completeSides is called when no more columns can be referred to. Sides were
// marked in any order, so those inside of others go first by going round.
func (b *binder) completeSides() {
	for range b.sides {
		for _, s := range b.sides {
			s.complete()
		}
	}
}

// rowOf is an item's row as one value. That of a function which returns a
// scalar is the scalar.
func (q *query) rowOf(it *item, depth int, location int32) expr.Expr {
	q.refuseRow(it, location)
	t := it.rowType
	if t == nil {
		if it.scalar {
			return q.reference(it.columns[0], depth, location)
		}
		t = types.TRecord
	}
	row := &expr.RowExpr{Typed: expr.Typed{T: t, Mod: -1}}
	for _, c := range slices.Concat(it.columns, it.later) {
		row.Elems = append(row.Elems, q.reference(c, depth, location))
		row.Names = append(row.Names, c.name)
	}
	if it.nulled == nil {
		return row
	}
	mark := it.nulled.marker(q)
	level := q
	for range depth {
		level = level.parent
	}
	if level.own == nil { // an item without columns
		level.own = map[expr.ColumnID]*ownColumn{}
	}
	level.own[mark.value.(*expr.Column).ID] = &ownColumn{it, "*"}
	return &expr.Case{Typed: row.Typed, Arms: []expr.When{{Cond: q.reference(mark, depth, location), Result: row}}}
}

// fieldsOf is the row whose fields an expression's fields are: a row that an
// outer join can make NULL has then NULLs for them all.
func fieldsOf(e expr.Expr) (*expr.RowExpr, bool) {
	if c, ok := e.(*expr.Case); ok && c.Arg == nil && c.Else == nil && len(c.Arms) == 1 {
		if mark, ok := c.Arms[0].Cond.(*expr.Column); ok && mark.Name == "" {
			e = c.Arms[0].Result
		}
	}
	r, ok := e.(*expr.RowExpr)
	return r, ok
}

// refuseRow refuses a table's whole row in an expression that belongs to the table.
func (q *query) refuseRow(it *item, location int32) {
	if !it.described {
		return
	}
	switch q.kind {
	case kindGenerated:
		fail(pgerr.New(pgerr.InvalidObjectDefinition, "cannot use whole-row variable in column generation expression").
			WithDetail("This would cause the generated column to depend on its own value.").WithPosition(q.b.position(location)))
	case kindUsing:
		return
	}
	q.b.unsupported(location, "the table's row as a value in %s", kindNames[q.kind])
}
