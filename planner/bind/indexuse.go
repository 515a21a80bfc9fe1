package bind

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// Indexes over expressions, and unique partial ones, lie on shards as ordinary
// indexes over hidden columns (catalog.IndexColumn). Conditions are led there
// where they are bound: what equals an index's expression becomes its column,
// if the conditions imply the index's predicate.

// indexForm is what an index says, over the columns of one FROM item.
type indexForm struct {
	index *catalog.Index
	where []expr.Expr
	keys  []expr.Expr // as they are written
}

// formOf binds an index's texts; false where they name a column that is not to be seen.
func (b *binder) formOf(x *catalog.Index, t *catalog.Table, column func(position int) expr.Expr) (f indexForm, ok bool) {
	f.index, ok = x, true
	bound := func(text string, kind exprKind) expr.Expr {
		e := b.stored(text, t, kind, func(q *query, n *pg.Node) expr.Expr { return q.text(q.expr(n), -1) })
		return byPosition(unwritten(e), func(p int, c *expr.Column) expr.Expr {
			if v := column(p); v != nil {
				return v
			}
			ok = false
			return c
		})
	}
	if x.Where != "" {
		f.where = expr.Conjuncts(bound(x.Where, kindIndexPredicate))
	}
	for i := range x.Columns {
		k := &x.Columns[i]
		of, plain := k.Written()
		switch {
		case !plain:
			f.keys = append(f.keys, bound(k.Expr, kindIndexExpression))
		case column(int(of)-1) == nil:
			return f, false
		default:
			f.keys = append(f.keys, column(int(of)-1))
		}
	}
	return f, ok
}

// throughIndexes leads a condition over the FROM items to the hidden columns of
// their indexes. Rows that an outer join has made NULL have none.
func (q *query) throughIndexes(cond expr.Expr) expr.Expr {
	if cond == nil || !q.b.runs {
		return cond
	}
	for _, it := range q.items {
		if it.scan != nil && it.table != nil && it.nulled == nil {
			cond = q.throughIndexesOf(it, cond)
		}
	}
	return cond
}

func (q *query) throughIndexesOf(it *item, cond expr.Expr) expr.Expr {
	t := it.scan.Table
	if slices.ContainsFunc(t.Columns, func(c catalog.Column) bool { return c.Hidden && c.Generated }) {
		cond = unwritten(cond)
	}
	for _, unique := range []bool{true, false} {
		for i := range t.Indexes {
			x := &t.Indexes[i]
			if x.Unique != unique || !slices.ContainsFunc(x.Columns, func(k catalog.IndexColumn) bool { return hiddenKey(&k) }) {
				continue
			}
			if f, ok := q.b.formOf(x, t, it.atPosition(t)); ok {
				cond = q.throughIndex(it, &f, cond)
			}
		}
	}
	return cond
}

// hiddenKey reports whether the key's hidden column has its value for a condition to name.
func hiddenKey(k *catalog.IndexColumn) bool { return !k.Boxed && (k.Expr != "" || k.Of != 0) }

// atPosition finds the item's columns by their position in the table; nil is one that cannot be named.
func (it *item) atPosition(t *catalog.Table) func(int) expr.Expr {
	return func(p int) expr.Expr {
		for _, c := range it.columns {
			if c.attno == t.Columns[p].Attnum && c.table == t.OID {
				return c.value
			}
		}
		return nil
	}
}

// throughIndex names the index's columns where the condition says what they hold.
// An expression becomes the column; a condition on a column is said of both,
// since the column may have other indexes.
func (q *query) throughIndex(it *item, f *indexForm, cond expr.Expr) expr.Expr {
	known := q.b.literalized(cond)
	if !known.implyAll(f.where) {
		return cond
	}
	for i := range f.index.Columns {
		k := &f.index.Columns[i]
		if !hiddenKey(k) || !known.contains(f.keys[i]) {
			continue
		}
		if literal, ok := known.used(); ok {
			fail(&pinned{literal})
		}
		hidden := it.hidden(q.b, k.Column)
		named := func(e expr.Expr) expr.Expr {
			return expr.Replace(e, func(e expr.Expr) expr.Expr {
				if expr.Equal(e, f.keys[i]) {
					return hidden
				}
				return nil
			})
		}
		if k.Expr != "" {
			cond = named(cond)
			continue
		}
		parts := expr.Conjuncts(cond)
		for _, part := range parts {
			if expr.Any(part, func(e expr.Expr) bool { return expr.Equal(e, f.keys[i]) }) && !expr.HasVolatile(part) && !expr.HasSubquery(part) {
				parts = append(parts, named(part))
			}
		}
		cond = expr.NewAnd(parts...)
	}
	return cond
}

// hidden is a hidden column of the item's table, which the scan gets.
func (it *item) hidden(b *binder, id catalog.ColumnID) expr.Expr {
	scan, position := it.scan, int(id)-1
	if i := slices.Index(scan.Positions, position); i >= 0 {
		return ref(scan.Cols[i])
	}
	c := &scan.Table.Columns[position]
	col := plan.Column{ID: b.newID(), Name: c.Name, Type: c.Type, Typmod: c.Typmod}
	addScanColumn(scan, col, position)
	return ref(col)
}

// facts are conditions with the values of lifted literals in their places:
// indexes' expressions have constants. What a plan makes use of is pinned.
type facts struct {
	b     *binder
	whole expr.Expr
	list  []expr.Expr
	from  map[*expr.Const]int
	uses  []int
}

func (b *binder) literalized(cond expr.Expr) *facts {
	k := &facts{b: b, from: map[*expr.Const]int{}}
	k.whole = expr.Replace(cond, func(e expr.Expr) expr.Expr {
		p, ok := e.(*expr.Param)
		if !ok || p.Index < len(b.params) || b.main == nil || p.Index-len(b.params) >= len(b.main.Lifted) {
			return nil
		}
		i := p.Index - len(b.params)
		l := b.main.Lifted[i]
		v, err := l.Datum()
		if err == nil && l.Kind.Type() != p.T {
			v, err = p.T.Parse(b.env.Types, l.Text, -1)
		}
		if err != nil {
			return nil
		}
		c := &expr.Const{Typed: p.Typed, Value: v}
		k.from[c] = i
		return c
	})
	k.list = expr.Conjuncts(k.whole)
	return k
}

// use notes the literals in an expression that a choice depends on.
func (k *facts) use(e expr.Expr) {
	expr.Walk(e, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Const); ok {
			if i, lifted := k.from[c]; lifted {
				k.uses = append(k.uses, i)
			}
		}
		return true
	})
}

// used is a literal that has to be pinned.
func (k *facts) used() (literal int, ok bool) {
	if len(k.uses) == 0 {
		return 0, false
	}
	return slices.Min(k.uses), true
}

// contains reports whether the conditions have an expression somewhere.
func (k *facts) contains(pattern expr.Expr) bool {
	found := false
	expr.Walk(k.whole, func(e expr.Expr) bool {
		if expr.Equal(e, pattern) {
			found = true
			k.use(e)
			return false
		}
		return true
	})
	return found
}

// implyAll reports whether all of a predicate follows (predicate_implied_by, as far as it is needed).
func (k *facts) implyAll(predicate []expr.Expr) bool {
	for _, p := range predicate {
		i := slices.IndexFunc(k.list, func(c expr.Expr) bool { return k.implies(c, p) })
		if i < 0 {
			return false
		}
		if !impliesNotNull(k.list[i], p) {
			k.use(k.list[i])
		}
	}
	return true
}

func (k *facts) implies(c, p expr.Expr) bool {
	if expr.Equal(c, p) || impliesNotNull(c, p) || k.narrower(c, p) {
		return true
	}
	// One of p's alternatives is enough; all of c's are needed.
	if or, ok := p.(*expr.Logic); ok && or.Op == expr.Or {
		return slices.ContainsFunc(or.Args, func(a expr.Expr) bool { return k.implies(c, a) })
	}
	return false
}

// impliesNotNull reports whether p is x IS NOT NULL, and c cannot hold where x is NULL.
func impliesNotNull(c, p expr.Expr) bool {
	test, ok := p.(*expr.Test)
	if !ok || test.Kind != expr.IsNotNull {
		return false
	}
	switch c := c.(type) {
	case *expr.Call:
		return c.Func.Strict && slices.ContainsFunc(c.Args, func(a expr.Expr) bool { return expr.Equal(a, test.Arg) })
	case *expr.AnyAll:
		return !c.All && expr.Equal(c.Left, test.Arg)
	}
	return false
}

// narrower reports whether c bounds by a constant what p bounds by one, and no wider.
func (k *facts) narrower(c, p expr.Expr) bool {
	have, ok := c.(*expr.Call)
	want, is := p.(*expr.Call)
	if !ok || !is || len(have.Args) != 2 || len(want.Args) != 2 || !expr.Equal(have.Args[0], want.Args[0]) {
		return false
	}
	a, ok := have.Args[1].(*expr.Const)
	b, is := want.Args[1].(*expr.Const)
	if !ok || !is || a.T != b.T || a.Value.IsNull() || b.Value.IsNull() {
		return false
	}
	from, to := direction(have.Operator), direction(want.Operator)
	if from == 0 || to == 0 || to == equals && from != equals || from != equals && from != to {
		return false
	}
	if expr.Equal(a, b) {
		return len(have.Operator) == 1 || len(want.Operator) == 2
	}
	holds := *want
	holds.Args = []expr.Expr{a, b}
	v, err := expr.EvalConst(&expr.Context{Env: k.b.env.Types}, &holds)
	return err == nil && v.IsTrue()
}

// The ways in which an operator bounds what stands on its left.
const (
	equals = iota + 1
	above
	below
)

func direction(operator string) int {
	switch operator {
	case "=":
		return equals
	case ">", ">=":
		return above
	case "<", "<=":
		return below
	}
	return 0
}

// unwritten is e without the difference between conversions that were written
// and those that were put in, where both do the same: texts in the catalog have all written.
func unwritten(e expr.Expr) expr.Expr {
	return expr.Replace(e, func(e expr.Expr) expr.Expr {
		c, ok := e.(*expr.Cast)
		if !ok || !c.Explicit || c.Mod >= 0 || c.Form == expr.CastTypmod {
			return nil
		}
		bare := *c
		bare.Arg, bare.Explicit = unwritten(c.Arg), false
		return &bare
	})
}

// inferred are the unique indexes that ON CONFLICT (…) WHERE … means: over just
// those columns and expressions, for rows that the predicate implies. Through a
// view they are over the view's columns.
func (q *query) inferred(n *pg.InferClause, d *destination) (out []catalog.OID) {
	t := d.table()
	row := q.rowNamed(t, d.named.Name).item
	seen, _ := q.asNamed(d, row)
	sub := &query{b: q.b}
	sub.addSeen(seen)
	known := q.b.literalized(unwritten(sub.clause(n.WhereClause, kindConflict, "WHERE")))
	var want []expr.Expr
	for _, e := range n.IndexElems {
		key := q.b.literalized(q.inferredKey(sub, e.GetIndexElem(), n))
		key.use(key.whole)
		if literal, ok := key.used(); ok {
			fail(&pinned{literal})
		}
		want = append(want, unwritten(key.whole))
	}
	for i := range t.Indexes {
		x := &t.Indexes[i]
		if !x.Unique {
			continue
		}
		f, ok := q.b.formOf(x, t, row.atPosition(t))
		if ok && coversAll(f.keys, want) && known.implyAll(f.where) {
			out = append(out, q.arbiter(x))
		}
	}
	if literal, ok := known.used(); ok {
		fail(&pinned{literal})
	}
	return out
}

// inferredKey binds a column or expression of ON CONFLICT (…).
func (q *query) inferredKey(sub *query, e *pg.IndexElem, n *pg.InferClause) (key expr.Expr) {
	if len(e.Opclass) > 0 {
		q.b.unsupported(n.Location, "ON CONFLICT with an operator class")
	}
	if e.Name == "" {
		sub.with(kindConflict, func() { key = sub.text(sub.expr(e.Expr), -1) })
		return key
	}
	for _, c := range sub.items[0].columns {
		if c.name == e.Name {
			return c.value
		}
	}
	q.b.failAt(n.Location, pgerr.UndefinedColumn, "column \"%s\" does not exist", e.Name)
	return nil
}

// coversAll reports whether an index is over exactly what is wanted.
func coversAll(keys, want []expr.Expr) bool {
	in := func(list []expr.Expr) func(expr.Expr) bool {
		return func(e expr.Expr) bool {
			return !slices.ContainsFunc(list, func(have expr.Expr) bool { return expr.Equal(have, e) })
		}
	}
	return !slices.ContainsFunc(keys, in(want)) && !slices.ContainsFunc(want, in(keys))
}
