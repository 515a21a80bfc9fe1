package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// target is an entry of a select list. Those that ORDER BY, GROUP BY or
// DISTINCT ON added are junk.
type target struct {
	name string
	expr expr.Expr
	junk bool
	at   int32
	// number counts what the query sorts and groups by; 0 is nothing of this.
	number int
}

// selectList is a select list in the making.
type selectList struct {
	q    *query
	list []target
	// numbers is the last of the entries' numbers; keys are what windows sort by.
	numbers int
	keys    []*sortKey
	// ref is the star that is being expanded.
	ref *pg.ColumnRef
}

// visible are the numbers of the entries that are not junk.
func (s *selectList) visible() (out []int) {
	for i, t := range s.list {
		if !t.junk {
			out = append(out, i)
		}
	}
	return out
}

// targets binds the list as it is written.
func (s *selectList) targets(list []*pg.Node) {
	for _, n := range list {
		t := n.GetResTarget()
		if s.star(t.Val) {
			continue
		}
		e := s.q.expr(t.Val)
		name := t.Name
		if name == "" {
			name = columnName(t.Val)
		}
		s.list = append(s.list, target{name: name, expr: e, at: location(t.Val)})
	}
}

// star expands *, t.* and (composite).*; false for anything else.
func (s *selectList) star(n *pg.Node) bool {
	if c := n.GetColumnRef(); c != nil {
		names, star := fieldNames(c.Fields)
		if star {
			s.ref = c
			s.starOf(names, c.Location)
			s.ref = nil
		}
		return star
	}
	ind := n.GetAIndirection()
	if ind == nil || ind.Indirection[len(ind.Indirection)-1].GetAStar() == nil {
		return false
	}
	row := s.q.indirection(ind.Arg, ind.Indirection[:len(ind.Indirection)-1])
	s.fields(row, location(n))
	return true
}

func (s *selectList) starOf(names []string, location int32) {
	q := s.q
	if len(names) == 0 {
		any := false
		for _, it := range q.items {
			if it.byColumn {
				s.columns(it, 0, location)
				any = true
			}
		}
		if !any && len(q.items) == 0 {
			q.b.failAt(location, pgerr.SyntaxError, "SELECT * with no tables specified is not valid")
		}
		return
	}
	schema := ""
	if len(names) > 1 {
		schema = names[len(names)-2]
	}
	it, depth := q.findItem(schema, names[len(names)-1], location)
	if it == nil {
		q.failItem(names[len(names)-1], location)
	}
	s.columns(it, depth, location)
}

func (s *selectList) columns(it *item, depth int, location int32) {
	for _, c := range it.columns {
		if c.unstarred {
			continue
		}
		s.q.b.noteStar(s.ref, it, c)
		s.list = append(s.list, target{name: c.name, expr: s.q.reference(c, depth, location), at: location})
	}
}

// fields expands a composite value.
func (s *selectList) fields(row expr.Expr, location int32) {
	if r, ok := fieldsOf(row); ok && len(r.Names) == len(r.Elems) {
		for i, e := range r.Elems {
			s.list = append(s.list, target{name: r.Names[i], expr: e, at: location})
		}
		return
	}
	cols := row.Type().Columns()
	if s.q.b.noting() != nil && row.Type() == types.TRecord {
		s.q.b.unsupported(location, "expansion of a record in a view")
	}
	for _, c := range s.q.b.recordOf(row) {
		cols = append(cols, types.Column{Name: c.Name, Type: c.Type, Typmod: -1})
	}
	if len(cols) == 0 {
		if row.Type() == types.TRecord {
			s.q.b.unsupported(location, "expansion of an anonymous record")
		}
		s.q.b.failAt(location, pgerr.WrongObjectType, "type %s is not composite", row.Type().SQLName)
	}
	for i, c := range cols {
		f := &expr.Field{Typed: expr.Typed{T: c.Type, Mod: c.Typmod}, Arg: row, Index: i}
		s.list = append(s.list, target{name: c.Name, expr: f, at: location})
	}
}

// find returns the entry whose expression is e, or adds it as junk.
func (s *selectList) find(e expr.Expr, at int32) int {
	for i, t := range s.list {
		if expr.Equal(t.expr, e) {
			return i
		}
	}
	s.list = append(s.list, target{name: "?column?", expr: e, junk: true, at: at})
	return len(s.list) - 1
}

// resolve makes text of an entry of unknown type, for sorting and grouping.
func (s *selectList) resolve(i int) {
	t := &s.list[i]
	if row, ok := t.expr.(*expr.RowExpr); ok && row.T == types.TRecord {
		settled, err := s.q.b.coercer.SettleRow(row)
		s.q.b.must(err, t.at)
		t.expr = settled
	}
	if isUnknown(t.expr) {
		t.expr = s.q.coerce(t.expr, types.TText, -1, implicitly, t.at)
	}
}
