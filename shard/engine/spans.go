package engine

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/recent"
)

// A span is a part of a table's keys, or of an index's values, outside of
// which no row can satisfy a fragment's Where: so a read needs to look at the
// chains in there only (rule 28). It is found from conditions `column = value`
// and `column < value` over the leading columns.

// spans is what planning found: which index to go by and the conditions that
// bound it.
type spans struct {
	index  uint32 // ID + 1; 0 is the key
	equal  []spanBound
	lower  *spanBound
	upper  *spanBound
	usable bool
}

type spanBound struct {
	column column
	value  expr.Eval
}

// wholeTable is the span of everything.
var wholeTable = span{}

// span is a set of ranges ready to look at.
type span struct {
	index uint32
	r     recent.Range
	empty bool // a condition compares with NULL
}

// each calls yield for the chains in the span; with an index a chain may come twice.
func (s *span) each(t *recent.Table, yield func(*recent.Chain) bool) {
	switch {
	case t == nil || s.empty:
	case s.index == 0:
		t.Ascend(s.r, yield)
	case !t.AscendIndex(s.index-1, s.r, yield):
		t.Ascend(recent.Range{}, yield)
	}
}

// comparison is one condition in a form that bounds a column.
type comparison struct {
	column   int
	operator string
	value    expr.Expr
}

func planSpans(f *shard.Fragment) spans {
	var comparisons []comparison
	for _, w := range f.Where {
		comparisons = appendComparisons(comparisons, f.Table, w)
	}
	best := spanOver(f.Table, 0, f.Table.Key, comparisons)
	for i := range f.Table.Indexes {
		ix := &f.Table.Indexes[i]
		if s := spanOver(f.Table, ix.ID+1, ix.Columns, comparisons); s.better(&best) {
			best = s
		}
	}
	return best
}

func (s *spans) better(than *spans) bool {
	switch {
	case !s.usable || !than.usable:
		return s.usable && !than.usable
	case len(s.equal) != len(than.equal):
		return len(s.equal) > len(than.equal)
	}
	return s.lower != nil && s.upper != nil && (than.lower == nil || than.upper == nil)
}

func spanOver(t *shard.Table, index uint32, columns []int, list []comparison) spans {
	s := spans{index: index}
	for _, c := range columns {
		if eq := find(t, list, c, "="); eq != nil {
			s.equal = append(s.equal, *eq)
			continue
		}
		s.lower = firstOf(find(t, list, c, ">"), find(t, list, c, ">="))
		s.upper = firstOf(find(t, list, c, "<"), find(t, list, c, "<="))
		break
	}
	s.usable = len(s.equal) > 0 || s.lower != nil || s.upper != nil
	return s
}

func firstOf(a, b *spanBound) *spanBound {
	if a != nil {
		return a
	}
	return b
}

func find(t *shard.Table, list []comparison, position int, operator string) *spanBound {
	for _, c := range list {
		if c.column == position && c.operator == operator {
			eval, err := expr.Compile(c.value, identity)
			if err == nil {
				return &spanBound{column: column{t.Columns[position].Type, t.Columns[position].Typmod}, value: eval}
			}
		}
	}
	return nil
}

// mirrored is the operator when its sides change places.
var mirrored = map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

func appendComparisons(list []comparison, t *shard.Table, e expr.Expr) []comparison {
	switch e := e.(type) {
	case *expr.Logic:
		if e.Op == expr.And {
			for _, a := range e.Args {
				list = appendComparisons(list, t, a)
			}
		}
	case *expr.Call:
		if len(e.Args) != 2 || mirrored[e.Operator] == "" {
			return list
		}
		if c, ok := boundBy(t, e.Args[0], e.Args[1]); ok {
			return append(list, comparison{c, e.Operator, e.Args[1]})
		}
		if c, ok := boundBy(t, e.Args[1], e.Args[0]); ok {
			return append(list, comparison{c, mirrored[e.Operator], e.Args[0]})
		}
	}
	return list
}

// boundBy reports whether e is a plain column whose stored order is that of
// value's type, and value one value for all rows.
func boundBy(t *shard.Table, e, value expr.Expr) (position int, ok bool) {
	c, isColumn := e.(*expr.Column)
	if !isColumn || int(c.ID) >= len(t.Columns) || !expr.IsRowIndependent(value) {
		return 0, false
	}
	own := t.Columns[c.ID].Type
	return int(c.ID), sameOrder(own, value.Type())
}

// sameOrder reports whether a value of type b, stored as one of type a, stands
// where the comparison of the two types puts it.
func sameOrder(a, b *types.Type) bool {
	return a == b && a.Datum != types.KindDecimal || isInteger(a) && isInteger(b) || isText(a) && isText(b)
}

func isInteger(t *types.Type) bool {
	return t == types.TInt2 || t == types.TInt4 || t == types.TInt8
}

func isText(t *types.Type) bool { return t == types.TText || t == types.TVarchar }

// open computes the span for one execution.
func (s *spans) open(c *expr.Context) (span, error) {
	if !s.usable {
		return wholeTable, nil
	}
	var prefix []byte
	for i := range s.equal {
		v, err := s.equal[i].value(c, nil)
		if err != nil {
			return wholeTable, err
		}
		if v.IsNull() {
			return span{empty: true}, nil
		}
		prefix = appendKeyDatum(prefix, s.equal[i].column, v)
	}
	out := span{index: s.index, r: recent.Prefix(string(prefix))}
	if len(prefix) == 0 {
		out.r = recent.Range{}
	}
	return out, s.narrow(c, prefix, &out)
}

// narrow applies the bounds of the column behind the equal ones. Bounds are
// taken as inclusive: what Where says exactly is evaluated later.
func (s *spans) narrow(c *expr.Context, prefix []byte, out *span) error {
	if s.lower != nil {
		v, err := s.lower.value(c, nil)
		if err != nil {
			return err
		}
		out.empty = out.empty || v.IsNull()
		out.r.From = string(appendKeyDatum(prefix[:len(prefix):len(prefix)], s.lower.column, v))
	}
	if s.upper != nil {
		v, err := s.upper.value(c, nil)
		if err != nil {
			return err
		}
		out.empty = out.empty || v.IsNull()
		out.r.To = recent.After(string(appendKeyDatum(prefix[:len(prefix):len(prefix)], s.upper.column, v)))
	}
	return nil
}
