package bind

import (
	"reflect"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// The collations of types: of names, and of all others.
const (
	collationC       = "C"
	defaultCollation = "default"
)

// collationStrength is how firmly a collation stands (CollateStrength).
type collationStrength uint8

// The strengths: of what takes no collation, of columns, of expressions over
// columns that differ, of COLLATE.
const (
	collatesNone collationStrength = iota
	collatesImplicitly
	collatesInConflict
	collatesExplicitly
)

// collation is what parse_collate.c derives for an expression.
type collation struct {
	name     string // "" is none, or a conflict
	strength collationStrength
	at       int32    // place of the COLLATE, or of the second column of a conflict; -1 is unknown
	conflict []string // the two that collide
}

// collate binds COLLATE. What it says is noted beside the expression.
func (q *query) collate(n *pg.CollateClause) expr.Expr {
	e := q.expr(n.Arg)
	name := q.b.collationNamed(n)
	e = q.text(e, n.Location)
	if !e.Type().Collates {
		q.b.failAt(n.Location, pgerr.DatatypeMismatch, "collations are not supported by type %s", e.Type().SQLName)
	}
	e = copied(e)
	if q.b.explicit == nil {
		q.b.explicit = map[expr.Expr]collation{}
	}
	q.b.explicit[e] = collation{name: name, strength: collatesExplicitly, at: n.Location}
	return e
}

// collationNamed is the name of a collation that there is.
func (b *binder) collationNamed(n *pg.CollateClause) string {
	names, _ := fieldNames(n.Collname)
	name := names[len(names)-1]
	switch {
	case len(names) > 1 && b.schema(names[len(names)-2]) == nil:
		b.failAt(n.Location, pgerr.UndefinedSchema, "schema \"%s\" does not exist", names[len(names)-2])
	case catalog.CollationByName(name) == nil && catalog.IsLocaleCollation(name):
		b.unsupported(n.Location, "collation \"%s\"", name)
	case catalog.CollationByName(name) == nil, len(names) > 1 && names[len(names)-2] != "pg_catalog":
		b.failAt(n.Location, pgerr.UndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist", strings.Join(names, "."))
	}
	return name
}

// copied is a node of its own, which others that refer to the same do not share.
func copied(e expr.Expr) expr.Expr {
	c := reflect.New(reflect.TypeOf(e).Elem())
	c.Elem().Set(reflect.ValueOf(e).Elem())
	return c.Interface().(expr.Expr)
}

// collationOf is the collation of a bound expression (assign_collations_walker).
func (b *binder) collationOf(e expr.Expr) collation {
	if c, ok := b.explicit[e]; ok {
		return c
	}
	switch {
	case e.Type() == types.TUnknown: // it becomes text
		return collation{name: defaultCollation, strength: collatesImplicitly}
	case !e.Type().Collates:
		return collation{}
	}
	of := collation{}
	switch e := e.(type) {
	case *expr.Column:
		if c, ok := b.collations[e.ID]; ok {
			return b.ofColumn(e, c)
		}
	case *expr.Subquery:
		if n, ok := e.Plan.(interface{ Columns() []plan.Column }); ok && len(n.Columns()) > 0 {
			return b.collationOf(ref(n.Columns()[0]))
		}
	case *expr.Field:
	case *expr.Cast:
		if e.Form != expr.CastDomain || b.collationOfType(e.T) == defaultCollation {
			of = b.collationOf(e.Arg)
		}
	default:
		of = b.mergeCollations(collated(e))
	}
	if of.strength == collatesNone {
		return collation{name: b.collationOfType(e.Type()), strength: collatesImplicitly}
	}
	return of
}

// ofColumn is a column's noted collation: one that its query wrote down stands as
// any other column's, and one over a conflict is none.
func (b *binder) ofColumn(e *expr.Column, c collation) collation {
	if c.strength == collatesInConflict {
		return collation{}
	}
	c.strength, c.at = collatesImplicitly, -1
	if at, ok := b.location[e]; ok {
		c.at = at
	}
	return c
}

// collated are the parts of an expression from which it has its collation.
func collated(e expr.Expr) (parts []expr.Expr) {
	switch e := e.(type) {
	case *expr.Case:
		for _, arm := range e.Arms {
			parts = append(parts, arm.Result)
		}
		if e.Else != nil {
			parts = append(parts, e.Else)
		}
	case *expr.Subscript:
		return []expr.Expr{e.Arg}
	case *expr.AggregateCall:
		return append(append(parts, e.Direct...), e.Args...)
	case *expr.WindowCall:
		return e.Args
	case *expr.Cast:
		return []expr.Expr{e.Arg}
	case *expr.RowExpr, *expr.Logic:
	default:
		expr.Children(e, func(c expr.Expr) { parts = append(parts, c) })
	}
	return parts
}

// collationOfType is a type's own (pg_type.typcollation).
func (b *binder) collationOfType(t *types.Type) string {
	if d, ok := b.env.Snapshot.TypeOwner(t).(*catalog.Domain); ok && t.OID == d.OID {
		if d.Collation != "" {
			return d.Collation
		}
		return b.collationOfType(d.Base)
	}
	if t == types.TName {
		return collationC
	}
	return defaultCollation
}

// mergeCollations is the collation of several operands (merge_collation_state).
func (b *binder) mergeCollations(list []expr.Expr) (of collation) {
	return b.merge(list, b.collationOf)
}

// mergeWritten is mergeCollations of output columns: what their queries have written down stands as firmly here.
func (b *binder) mergeWritten(list []expr.Expr) (of collation) {
	return b.merge(list, func(e expr.Expr) collation {
		if c, ok := e.(*expr.Column); ok && b.collations[c.ID].strength == collatesExplicitly {
			return b.collations[c.ID]
		}
		return b.collationOf(e)
	})
}

func (b *binder) merge(list []expr.Expr, collationOf func(expr.Expr) collation) (of collation) {
	for _, e := range list {
		c := collationOf(e)
		switch {
		case c.strength > of.strength:
			of = c
		case c.strength < of.strength || c.name == of.name:
		case c.strength == collatesExplicitly:
			b.failAt(c.at, pgerr.CollationMismatch, "collation mismatch between explicit collations \"%s\" and \"%s\"", of.name, c.name)
		case c.strength == collatesImplicitly && of.name == defaultCollation:
			of = c
		case c.strength == collatesImplicitly && c.name != defaultCollation:
			of = collation{strength: collatesInConflict, conflict: []string{of.name, c.name}, at: c.at}
		}
	}
	return of
}

// checkCollations fails for an expression over two that differ, which PostgreSQL
// looks for when a whole expression has been read.
func (q *query) checkCollations(e expr.Expr) {
	if len(q.b.explicit) > 1 {
		q.b.mergeCollations(collated(e))
	}
}

// collatedCall has a call's function work as under the collation of its operands.
func (q *query) collatedCall(e expr.Expr, location int32) expr.Expr {
	switch c := e.(type) {
	case *expr.Call:
		c.Func = q.collatedFunction(c.Func, c.Operator, c.Args, location)
	case *expr.AnyAll:
		c.Op = q.collatedFunction(c.Op, c.Operator, collated(c), location)
	}
	return e
}

func (q *query) collatedFunction(f *expr.Function, operator string, args []expr.Expr, location int32) *expr.Function {
	compares := operator != "" && f.Result == types.TBool && len(args) == 2 && args[0].Type().Collates && args[1].Type().Collates
	if f.InC == nil && !(compares && len(q.b.collations) > 0) {
		return f
	}
	of := q.b.mergeCollations(args)
	if of.name == "" {
		fail(errIndeterminate(f, operator))
	}
	if c := catalog.CollationByName(of.name); f.InC != nil && c != nil && c.ASCII {
		return f.InC
	}
	return f
}

// errIndeterminate is an operation that needs a collation, over operands that differ
// in theirs. PostgreSQL raises it when the operation runs.
func errIndeterminate(f *expr.Function, operator string) error {
	what := "string comparison"
	switch {
	case f.InC != nil && operator == "":
		what = f.Name + "() function"
	case operator == "~~*" || operator == "!~~*":
		what = "ILIKE"
	case operator == "~~" || operator == "!~~":
		what = "LIKE"
	case f.InC != nil:
		what = "regular expression"
	}
	return errNoCollation(what)
}

func errNoCollation(what string) error {
	return pgerr.New(pgerr.IndeterminateCollation, "could not determine which collation to use for %s", what).
		WithHint("Use the COLLATE clause to set the collation explicitly.")
}

// checkSortable refuses what rows cannot be sorted or told apart by: it has no collation.
func (b *binder) checkSortable(e expr.Expr) {
	if len(b.collations) > 0 && e.Type().Collates {
		of := b.collationOf(e)
		b.refuseConflict(of)
		if of.name == "" {
			fail(errNoCollation("string comparison"))
		}
	}
}

func (b *binder) refuseConflict(of collation) {
	if of.strength == collatesInConflict {
		fail(pgerr.New(pgerr.CollationMismatch, "collation mismatch between implicit collations \"%s\" and \"%s\"", of.conflict[0], of.conflict[1]).
			WithHint("You can choose the collation by applying the COLLATE clause to one or both expressions.").
			WithPosition(b.position(of.at)))
	}
}

// noteCollation keeps what an output column's collation is, if that is not its type's.
func (b *binder) noteCollation(c *plan.Column, e expr.Expr) {
	if !c.Type.Collates {
		return
	}
	b.noteColumnCollation(c, b.collationOf(e))
}

func (b *binder) noteColumnCollation(c *plan.Column, of collation) {
	if of.name == b.collationOfType(c.Type) && of.strength != collatesExplicitly {
		return
	}
	if c.Collation = of.name; of.name == "" {
		c.Collation, of.strength = plan.NoCollation, collatesInConflict
	}
	b.collates(c.ID, of)
}

// noteValuesCollation is noteCollation of a column of VALUES.
func (b *binder) noteValuesCollation(c *plan.Column, list []expr.Expr) {
	if !c.Type.Collates {
		return
	}
	b.noteColumnCollation(c, b.mergeCollations(list))
}

// combineCollations is noteCollation of a column of a set operation. Only UNION ALL
// does without one.
func (q *query) combineCollations(c *plan.Column, sides []expr.Expr, without bool, location int32) {
	if !c.Type.Collates {
		return
	}
	of := q.b.mergeWritten(sides)
	if !without {
		of.at = location
		q.b.refuseConflict(of)
	}
	of.strength = min(of.strength, collatesImplicitly)
	q.b.noteColumnCollation(c, of)
}

// checkRecursiveCollation fails where a recursive query's rounds would have another
// collation than its first rows.
func (q *query) checkRecursiveCollation(n *pg.CommonTableExpr, i int, base, step plan.Column) {
	if !base.Type.Collates || len(q.b.collations) == 0 {
		return
	}
	first, all := q.b.collationOf(ref(base)), q.b.mergeWritten([]expr.Expr{ref(base), ref(step)})
	if first.name != all.name {
		fail(pgerr.New(pgerr.CollationMismatch, "recursive query \"%s\" column %d has collation \"%s\" in non-recursive term but collation \"%s\" overall",
			n.Ctename, i+1, first.name, all.name).
			WithHint("Use the COLLATE clause to set the collation of the non-recursive term.").
			WithPosition(q.b.position(targetLocation(n.Ctequery.GetSelectStmt(), i))))
	}
}

func (b *binder) collates(id expr.ColumnID, of collation) {
	if b.collations == nil {
		b.collations = map[expr.ColumnID]collation{}
	}
	b.collations[id] = of
}

// collatesAs gives a column the collation of another one, which it renames.
func (b *binder) collatesAs(id, other expr.ColumnID) {
	if of, ok := b.collations[other]; ok {
		b.collates(id, of)
	}
}

// collatesLikeColumn notes the collation of a table's column.
func (b *binder) collatesLikeColumn(id expr.ColumnID, c *catalog.Column) {
	if name := c.Collation; name != "" && name != b.collationOfType(c.Type) {
		b.collates(id, collation{name: name, strength: collatesImplicitly})
	}
}

// collationFor is pg_collation_for of a bound argument. A literal of no type has none.
func (q *query) collationFor(arg expr.Expr) expr.Expr {
	if isUnknown(arg) {
		return expr.NewConst(types.TText, types.Null)
	}
	if !arg.Type().Collates {
		fail(pgerr.New(pgerr.DatatypeMismatch, "collations are not supported by type %s", arg.Type().SQLName))
	}
	of := q.b.collationOf(arg)
	if of.name == "" {
		return expr.NewConst(types.TText, types.Null)
	}
	return expr.NewConst(types.TText, types.Text(expr.QuoteIdent(of.name)))
}
