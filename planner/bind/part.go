package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// part is what an assignment names inside of a column: fields of composite
// values, elements and slices of arrays, what paths lead to in a jsonb, one inside of the other
// (transformAssignmentIndirection in parse_target.c).
type part struct {
	column *catalog.Column
	at     int32
	steps  []partStep
	// expr.Typed is what the part takes.
	expr.Typed
}

// partStep leads from a value to a part of it.
type partStep struct {
	whole     expr.Typed
	subscript *expr.Subscript // of any value of the type; nil for a field
	field     int
}

// part binds the names and subscripts behind a column's name.
func (q *query) part(c *catalog.Column, indirection []*pg.Node, at int32) *part {
	p := &part{column: c, at: at, Typed: expr.Typed{T: c.Type, Mod: c.Typmod}}
	for i := 0; i < len(indirection); {
		if name := indirection[i].GetString_(); name != nil {
			p.addField(q, name.Sval)
			i++
			continue
		}
		if indirection[i].GetAStar() != nil {
			q.b.failAt(at, pgerr.FeatureNotSupported, "row expansion via \"*\" is not supported here")
		}
		var list []*pg.A_Indices
		for ; i < len(indirection) && indirection[i].GetAIndices() != nil; i++ {
			list = append(list, indirection[i].GetAIndices())
		}
		whole := p.Typed
		s := q.subscript(&expr.Const{Typed: whole}, list, at)
		p.steps = append(p.steps, partStep{whole: whole, subscript: s})
		p.Typed = expr.Typed{T: s.T, Mod: whole.Mod}
	}
	return p
}

func (p *part) addField(q *query, name string) {
	columns := p.T.Columns()
	if p.T.Base().Datum != types.KindRow {
		q.b.failAt(p.at, pgerr.DatatypeMismatch, "cannot assign to field \"%s\" of column \"%s\" because its type %s is not a composite type",
			name, p.column.Name, p.T.SQLName)
	}
	for i, c := range columns {
		if c.Name == name {
			p.steps = append(p.steps, partStep{whole: p.Typed, field: i})
			p.Typed = expr.Typed{T: c.Type, Mod: c.Typmod}
			return
		}
	}
	q.b.failAt(p.at, pgerr.UndefinedColumn, "cannot assign to field \"%s\" of column \"%s\" because there is no such column in data type %s",
		name, p.column.Name, p.T.SQLName)
}

// value converts what the part gets. at is where that is.
func (p *part) value(q *query, e expr.Expr, at int32) expr.Expr {
	if !isUnknown(e) && !q.canCoerce(e.Type(), p.T, assigning) {
		last := p.steps[len(p.steps)-1]
		err := pgerr.New(pgerr.DatatypeMismatch, "subscripted assignment to \"%s\" requires type %s but expression is of type %s",
			p.column.Name, p.T.SQLName, e.Type().SQLName)
		if last.subscript == nil {
			err = pgerr.New(pgerr.DatatypeMismatch, "subfield \"%s\" is of type %s but expression is of type %s",
				last.whole.T.Columns()[last.field].Name, p.T.SQLName, e.Type().SQLName)
		}
		fail(err.WithHint("You will need to rewrite or cast the expression.").WithPosition(q.b.position(p.at)))
	}
	return q.coerce(e, p.T, p.Mod, assigning, at)
}

// put is whole with a value in the part's place.
func (p *part) put(q *query, whole, value expr.Expr) expr.Expr {
	return q.putPart(p.steps, whole, value)
}

func (q *query) putPart(steps []partStep, whole, value expr.Expr) expr.Expr {
	if len(steps) == 0 {
		return value
	}
	s := steps[0]
	if s.subscript == nil {
		return q.putField(s, whole, func(old expr.Expr) expr.Expr { return q.putPart(steps[1:], old, value) })
	}
	part := *s.subscript
	part.Arg = whole
	inner := value
	if len(steps) > 1 {
		inner = q.putPart(steps[1:], &part, value)
	}
	out := part
	base := s.whole.T.Base()
	out.Typed, out.Value = expr.Typed{T: base, Mod: s.whole.Mod}, inner
	if base == s.whole.T {
		return &out
	}
	return q.coerce(&out, s.whole.T, s.whole.Mod, assigning, -1)
}

// putField is a row with another value in one field; of NULL the other fields are.
func (q *query) putField(s partStep, whole expr.Expr, value func(old expr.Expr) expr.Expr) expr.Expr {
	base := s.whole.T.Base()
	row := &expr.RowExpr{Typed: expr.Typed{T: base, Mod: -1}}
	for i, c := range base.Columns() {
		old := q.fieldAt(whole, i, c)
		if i == s.field {
			old = value(old)
		}
		row.Elems, row.Names = append(row.Elems, old), append(row.Names, c.Name)
	}
	if base == s.whole.T {
		return row
	}
	return q.coerce(row, s.whole.T, s.whole.Mod, assigning, -1)
}

// fieldAt is a field of a value by its number.
func (q *query) fieldAt(whole expr.Expr, i int, c types.Column) expr.Expr {
	typed := expr.Typed{T: c.Type, Mod: c.Typmod}
	if k, ok := whole.(*expr.Const); ok && k.Value.IsNull() {
		return &expr.Const{Typed: typed}
	}
	if r, ok := whole.(*expr.RowExpr); ok && i < len(r.Elems) {
		return r.Elems[i]
	}
	return &expr.Field{Typed: typed, Arg: whole, Index: i}
}

// failDefault refuses DEFAULT for a part.
func (p *part) failDefault(q *query) {
	what := "cannot set an array element to DEFAULT"
	if p.steps[len(p.steps)-1].subscript == nil {
		what = "cannot set a subfield to DEFAULT"
	}
	q.b.failAt(p.at, pgerr.FeatureNotSupported, "%s", what)
}
