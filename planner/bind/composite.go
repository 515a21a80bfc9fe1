package bind

import (
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// array binds ARRAY[…]; target, when not nil, is the array type that a cast
// around it asks for, element by element.
func (q *query) array(n *pg.A_ArrayExpr, target *types.Type) expr.Expr {
	var list []expr.Expr
	var at []int32
	for _, e := range n.Elements {
		if inner := e.GetAArrayExpr(); inner != nil {
			list = append(list, q.array(inner, target))
		} else {
			list = append(list, q.expr(e))
		}
		at = append(at, location(e))
	}
	if target != nil {
		if len(list) == 0 && !isArray(target.Base()) {
			// Found by the cast's function in PostgreSQL, so without a place.
			fail(pgerr.New(pgerr.DatatypeMismatch, "array is not a valid %s", target.SQLName))
		}
		return q.arrayOf(n, list, at, target)
	}
	if len(list) == 0 {
		fail(pgerr.New(pgerr.IndeterminateDatatype, "cannot determine type of empty array").
			WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].").
			WithPosition(q.b.position(n.Location)))
	}
	t := q.commonType("ARRAY", list, at)
	for i, e := range list {
		list[i] = q.common(e, t, "ARRAY", at[i])
	}
	result := t
	if !isArray(t) {
		if result = t.Array; result == nil {
			q.b.failAt(n.Location, pgerr.UndefinedObject, "could not find array type for data type %s", t.SQLName)
		}
	}
	return &expr.ArrayExpr{Typed: expr.Typed{T: result, Mod: -1}, Elems: list}
}

func (q *query) arrayOf(n *pg.A_ArrayExpr, list []expr.Expr, at []int32, target *types.Type) expr.Expr {
	for i, e := range list {
		want := target.Elem
		if n.Elements[i].GetAArrayExpr() != nil || isArray(e.Type()) {
			want = target
		}
		list[i] = q.coerce(e, want, -1, explicitly, at[i])
	}
	return &expr.ArrayExpr{Typed: expr.Typed{T: target, Mod: -1}, Elems: list}
}

// isArray reports whether arrays of the type are arrays of more dimensions:
// not so for int2vector and oidvector, which have one always, and domains.
func isArray(t *types.Type) bool {
	return t.Elem != nil && t != types.TInt2Vector && t != types.TOIDVector
}

// row binds ROW(…).
func (q *query) row(n *pg.RowExpr) expr.Expr {
	out := &expr.RowExpr{Typed: expr.Typed{T: types.TRecord, Mod: -1}}
	s := &selectList{q: q}
	for _, arg := range n.Args {
		if !s.star(arg) {
			e := q.expr(arg)
			q.b.location[e] = location(arg)
			s.list = append(s.list, target{expr: e})
		}
	}
	for i, t := range s.list {
		out.Elems, out.Names = append(out.Elems, t.expr), append(out.Names, "f"+strconv.Itoa(i+1))
	}
	return out
}

// indirection binds what stands behind an expression: subscripts and fields.
func (q *query) indirection(arg *pg.Node, list []*pg.Node) expr.Expr {
	e := q.expr(arg)
	for i := 0; i < len(list); {
		if f := list[i].GetString_(); f != nil {
			e = q.field(e, f.Sval, location(arg))
			i++
			continue
		}
		if list[i].GetAStar() != nil {
			q.b.failAt(location(arg), pgerr.FeatureNotSupported, "row expansion via \"*\" is not supported here")
		}
		var subscripts []*pg.A_Indices
		for ; i < len(list) && list[i].GetAIndices() != nil; i++ {
			subscripts = append(subscripts, list[i].GetAIndices())
		}
		e = q.subscript(e, subscripts, valueLocation(arg))
	}
	return e
}

// valueLocation is where a value stands: of a constant with a type the constant.
func valueLocation(n *pg.Node) int32 {
	if arg := n.GetTypeCast().GetArg(); arg.GetAConst() != nil || arg.GetParamRef() != nil { // lifted, a constant is a parameter
		return location(arg)
	}
	return location(n)
}

// field binds (composite).name.
func (q *query) field(e expr.Expr, name string, location int32) expr.Expr {
	if r, ok := fieldsOf(e); ok && len(r.Names) == len(r.Elems) {
		for i, have := range r.Names {
			if have == name {
				return r.Elems[i]
			}
		}
		if r.T != types.TRecord {
			q.b.failAt(location, pgerr.UndefinedColumn, "column %s.%s does not exist", r.T.Name, name)
		}
	}
	for i, col := range q.b.recordOf(e) {
		if col.Name == name {
			return &expr.Field{Typed: expr.Typed{T: col.Type, Mod: -1}, Arg: e, Index: i, Name: name}
		}
	}
	for i, c := range e.Type().Columns() {
		if c.Name == name {
			return &expr.Field{Typed: expr.Typed{T: c.Type, Mod: c.Typmod}, Arg: e, Index: i}
		}
	}
	switch {
	case len(e.Type().Columns()) > 0:
		q.b.failAt(location, pgerr.UndefinedColumn, "column \"%s\" not found in data type %s", name, e.Type().SQLName)
	case e.Type() == types.TRecord:
		q.b.failAt(location, pgerr.UndefinedColumn, "could not identify column \"%s\" in record data type", name)
	}
	q.b.failAt(location, pgerr.WrongObjectType, "column notation .%s applied to type %s, which is not a composite type", name, e.Type().SQLName)
	return nil
}

// recordOf are the fields of a record that a function declares: of its call, or
// of a column that a query below has from it; nil where they are not known.
func (b *binder) recordOf(e expr.Expr) []expr.OutColumn {
	switch e := e.(type) {
	case *expr.Call:
		return e.Func.Columns
	case *expr.Column:
		return b.records[e.ID]
	}
	return nil
}

// noteRecord keeps what is known of an output column's fields.
func (b *binder) noteRecord(id expr.ColumnID, e expr.Expr) {
	if fields := b.recordOf(e); fields != nil {
		if b.records == nil {
			b.records = map[expr.ColumnID][]expr.OutColumn{}
		}
		b.records[id] = fields
	}
}
