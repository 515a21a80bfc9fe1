package bind

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// purposes are the kinds and clause names of commands' expressions.
var purposes = map[Purpose]exprKind{
	ForDefault: kindDefault, ForCheck: kindCheck, ForGenerated: kindGenerated, ForUsing: kindUsing,
	ForExecute: kindExecute, ForDomainCheck: kindDomainCheck, ForParameter: kindParameter,
	ForIndex: kindIndexExpression, ForPredicate: kindIndexPredicate,
}

// expression binds an expression of a command over columns by position.
func (b *binder) expression(n *pg.Node, columns []Column, purpose Purpose, target *Column) (e expr.Expr) {
	refuseSubqueries(b, n, purpose)
	b.checkFields(n)
	q := &query{b: b}
	it := &item{byColumn: true, described: true}
	for i, c := range columns {
		if c.Table != "" {
			it.name, it.byName = c.Table, true
		}
		if c.Name != "" {
			it.columns = append(it.columns, &itemColumn{
				name: c.Name, value: expr.NewColumn(expr.ColumnID(i), c.Name, c.Type, c.Typmod),
				generated: c.Generated && purpose == ForGenerated,
			})
		}
	}
	b.nextID = expr.ColumnID(len(columns))
	q.addItem(it)
	q.with(purposes[purpose], func() {
		switch purpose {
		case ForCheck, ForDomainCheck:
			e = q.condition(n, "CHECK")
			b.onShards(e)
		case ForPredicate:
			e = q.condition(n, "WHERE")
		default:
			e = q.expr(n)
		}
	})
	if what := map[Purpose]string{ForIndex: "expression", ForPredicate: "predicate"}[purpose]; what != "" && expr.HasMutable(q.inlined(e)) {
		fail(pgerr.New(pgerr.InvalidObjectDefinition, "functions in index %s must be marked IMMUTABLE", what))
	}
	if purpose == ForGenerated && expr.HasMutable(q.inlined(e)) {
		fail(pgerr.New(pgerr.InvalidObjectDefinition, "generation expression is not immutable"))
	}
	if target != nil {
		return q.assignTo(e, target, purpose, location(n))
	}
	return q.text(e, location(n))
}

// inlined is e with text || any as what PostgreSQL makes of it before it asks
// whether e is immutable: textanycat is stable in pg_proc, since the conversion
// of its argument to text can be.
func (q *query) inlined(e expr.Expr) expr.Expr {
	return expr.Replace(e, func(e expr.Expr) expr.Expr {
		c, ok := e.(*expr.Call)
		if !ok || c.Func.Name != "textanycat" && c.Func.Name != "anytextcat" {
			return nil
		}
		row := &expr.RowExpr{Typed: expr.Typed{T: types.TRecord, Mod: -1}}
		for _, a := range c.Args {
			row.Elems = append(row.Elems, q.inlined(q.coerce(a, types.TText, -1, explicitly, -1)))
		}
		return row
	})
}

// assignTo converts to a column's type, with the message of the purpose.
func (q *query) assignTo(e expr.Expr, target *Column, purpose Purpose, location int32) expr.Expr {
	if !isUnknown(e) && !q.canCoerce(e.Type(), target.Type, assigning) {
		if purpose == ForUsing {
			fail(pgerr.New(pgerr.DatatypeMismatch, "result of USING clause for column \"%s\" cannot be cast automatically to type %s", target.Name, target.Type.SQLName).
				WithHint("You might need to add an explicit cast."))
		}
		format := "column \"%s\" is of type %s but default expression is of type %s"
		switch purpose {
		case ForGenerated:
			format = "column \"%s\" is of type %s but generation expression is of type %s"
		case ForExecute:
			q.b.refuseArgument(e, target, location)
		case ForParameter:
			q.b.failAt(location, pgerr.DatatypeMismatch, "argument of DEFAULT must be type %s, not type %s", target.Type.SQLName, e.Type().SQLName)
		}
		fail(pgerr.New(pgerr.DatatypeMismatch, format, target.Name, target.Type.SQLName, e.Type().SQLName).
			WithHint("You will need to rewrite or cast the expression."))
	}
	return q.coerce(e, target.Type, target.Typmod, assigning, location)
}

// refuseArgument is prepare.c's word for an argument of EXECUTE that its
// parameter cannot take.
func (b *binder) refuseArgument(e expr.Expr, target *Column, location int32) {
	err := pgerr.New(pgerr.DatatypeMismatch, "parameter %s of type %s cannot be coerced to the expected type %s",
		target.Name, e.Type().SQLName, target.Type.SQLName).WithHint("You will need to rewrite or cast the expression.")
	b.must(err, location)
}

func refuseSubqueries(b *binder, n *pg.Node, purpose Purpose) {
	names := map[Purpose]string{
		ForDefault: "cannot use subquery in DEFAULT expression", ForCheck: "cannot use subquery in check constraint",
		ForGenerated: "cannot use subquery in column generation expression", ForUsing: "cannot use subquery in transform expression",
		ForExecute: "cannot use subquery in EXECUTE parameter", ForDomainCheck: "cannot use subquery in check constraint",
		ForParameter: "cannot use subquery in DEFAULT expression",
		ForIndex:     "cannot use subquery in index expression", ForPredicate: "cannot use subquery in index predicate",
	}
	if at, found := findSubquery(n); found {
		b.failAt(at, pgerr.FeatureNotSupported, "%s", names[purpose])
	}
}

// stored binds an expression's text from the catalog over a row of t by position.
func (b *binder) stored(text string, t *catalog.Table, kind exprKind, bind func(q *query, n *pg.Node) expr.Expr) (e expr.Expr) {
	s, n, err := sqlparse.ParseExpr(text)
	b.must(err, -1)
	b.within(s, func() {
		q := &query{b: b, kind: kind}
		q.addItem(rowByPosition(t))
		e = bind(q, n)
	})
	return e
}

// rowByPosition is a row of t, whose columns are positions.
func rowByPosition(t *catalog.Table) *item {
	it := &item{name: t.Name, byName: true, byColumn: true, table: t}
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped && !c.Hidden {
			it.columns = append(it.columns, &itemColumn{name: c.Name, value: expr.NewColumn(positionID(i), c.Name, c.Type, c.Typmod)})
		}
	}
	return it
}

// copyWhere checks the condition of a COPY FROM (BeginCopyFrom's caller, DoCopy).
func (b *binder) copyWhere(n *pg.Node, t *catalog.Table) {
	if at, found := findSubquery(n); found {
		b.failAt(at, pgerr.FeatureNotSupported, "cannot use subquery in COPY FROM WHERE condition")
	}
	b.checkFields(n)
	q := &query{b: b, kind: kindCopyWhere}
	q.addItem(rowByPosition(t))
	e := q.condition(n, "WHERE")
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Generated && slices.Contains(expr.Columns(e), positionID(i)) {
			fail(pgerr.New(pgerr.InvalidColumnReference, "generated columns are not supported in COPY FROM WHERE conditions").
				WithDetail("Column \"%s\" is a generated column.", c.Name))
		}
	}
}

// positionID marks a position while a stored expression is bound; no column has such an ID.
func positionID(i int) expr.ColumnID { return expr.ColumnID(-1 - i) }

// byPosition renames the marks to what f says.
func byPosition(e expr.Expr, f func(position int, c *expr.Column) expr.Expr) expr.Expr {
	return expr.Replace(e, func(e expr.Expr) expr.Expr {
		if c, ok := e.(*expr.Column); ok && c.ID < 0 {
			return f(int(-1-c.ID), c)
		}
		return nil
	})
}

// columnDefault is what a column gets that an INSERT does not name.
func (b *binder) columnDefault(t *catalog.Table, c *catalog.Column) expr.Expr {
	switch {
	case c.Generated:
		return nullOf(c)
	case c.Default != "":
		return b.stored(c.Default, t, kindDefault, func(q *query, n *pg.Node) expr.Expr { return q.assign(q.expr(n), c, -1) })
	case c.Identity != 0:
		return b.identityNext(t, c)
	}
	if e := b.domainDefault(c); e != nil {
		return e
	}
	return nullOf(c)
}

// identityNext is the next value of the sequence that belongs to an identity column.
func (b *binder) identityNext(t *catalog.Table, c *catalog.Column) expr.Expr {
	for r := range b.env.Snapshot.RelationsIn(t.Database, t.Schema) {
		s, ok := r.(*catalog.Sequence)
		if !ok || s.OwnedBy != t.OID || s.OwnedByColumn != c.ID || !s.Identity {
			continue
		}
		b.reads[s.OID] = s.Version
		next, err := b.coercer.Call("nextval", regclassConst(s.OID))
		b.must(err, -1)
		return (&query{b: b}).assign(next, c, -1)
	}
	b.failAt(-1, pgerr.UndefinedObject, "no owned sequence found")
	return nil
}

// anyDefault is DEFAULT where it is written for the column at a position; a
// generated column's is filled in later.
func (b *binder) anyDefault(t *catalog.Table, position int) expr.Expr {
	return b.columnDefault(t, &t.Columns[position])
}

// generated is a generated column's value over the new row.
func (b *binder) generated(t *catalog.Table, c *catalog.Column, value func(position int) expr.Expr) expr.Expr {
	e := b.stored(c.Default, t, kindGenerated, func(q *query, n *pg.Node) expr.Expr { return q.assign(q.expr(n), c, -1) })
	return byPosition(e, func(p int, _ *expr.Column) expr.Expr { return value(p) })
}

// checks binds a table's CHECK constraints over the new row by position.
func (b *binder) checks(t *catalog.Table) (out []shard.Check) {
	for i := range t.Checks {
		c := &t.Checks[i]
		e := b.onShards(b.stored(c.Expr, t, kindCheck, func(q *query, n *pg.Node) expr.Expr { return q.condition(n, "CHECK") }))
		e = byPosition(e, func(p int, c *expr.Column) expr.Expr {
			return expr.NewColumn(expr.ColumnID(p), c.Name, c.T, c.Mod)
		})
		out = append(out, shard.Check{Name: c.Name, Expr: e})
	}
	return out
}
