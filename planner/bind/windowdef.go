package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// window is an item of WINDOW, or an OVER that is no name.
type window struct {
	def *pg.WindowDef
	// alike are other definitions that are written as def is.
	alike            []*pg.WindowDef
	partition, order []windowKey
	frame            expr.Frame
}

// windowKey is what a window's rows are parted or ordered by.
type windowKey struct {
	key              *sortKey
	desc, nullsFirst bool
}

// sortKey is an expression that windows sort by. number is its place among all that
// the query sorts by, in the order in which its clauses name it (tleSortGroupRef).
type sortKey struct {
	expr   expr.Expr
	number int
}

// defineWindows binds what the query's windows say (transformWindowDefinitions).
func (s *selectList) defineWindows() {
	for i, w := range s.q.windows {
		s.define(w, s.q.windows[:i])
		for _, def := range w.alike { // what is in it is noted, and means the same
			alike := window{def: def}
			s.define(&alike, s.q.windows[:i])
		}
	}
}

func findWindow(list []*window, name string) *window {
	for _, w := range list {
		if name != "" && w.def.Name == name {
			return w
		}
	}
	return nil
}

func (s *selectList) define(w *window, before []*window) {
	b, def := s.q.b, w.def
	if findWindow(before, def.Name) != nil {
		b.failAt(def.Location, pgerr.WindowingError, "window \"%s\" is already defined", def.Name)
	}
	of := findWindow(before, def.Refname)
	if of == nil && def.Refname != "" {
		b.failAt(def.Location, pgerr.UndefinedObject, "window \"%s\" does not exist", def.Refname)
	}
	s.q.with(kindWindowOrder, func() { w.order = s.windowOrder(def.OrderClause) })
	s.q.with(kindWindowPartition, func() { w.partition = s.windowPartition(def.PartitionClause, w.order) })
	if of != nil {
		s.copyWindow(w, of)
	}
	w.frame = frameOf(def.FrameOptions)
	s.frameOffsets(w)
}

// copyWindow gives w what it takes over from another one: PARTITION BY always,
// ORDER BY if it has none, the frame never (SQL:2008, 7.11).
func (s *selectList) copyWindow(w, of *window) {
	refuse := func(format string) *pgerr.E {
		return pgerr.New(pgerr.WindowingError, format, w.def.Refname).WithPosition(s.q.b.position(w.def.Location))
	}
	switch {
	case len(w.partition) > 0:
		fail(refuse("cannot override PARTITION BY clause of window \"%s\""))
	case len(w.order) > 0 && len(of.order) > 0:
		fail(refuse("cannot override ORDER BY clause of window \"%s\""))
	case of.def.FrameOptions != frameDefaults:
		err := refuse("cannot copy window \"%s\" because it has a frame clause")
		if w.def.Name == "" && len(w.order) == 0 && w.def.FrameOptions == frameDefaults {
			err = err.WithHint("Omit the parentheses in this OVER clause.")
		}
		fail(err)
	}
	w.partition = of.partition
	if len(w.order) == 0 {
		w.order = of.order
	}
}

// windowOrder binds ORDER BY, whose items are expressions over the input alone.
func (s *selectList) windowOrder(list []*pg.Node) (keys []windowKey) {
	for _, n := range list {
		by := n.GetSortBy()
		e := s.windowExpr(by.Node)
		k := windowKey{key: s.sortKey(e)}
		k.desc, k.nullsFirst = s.q.direction(by, e)
		if findKey(keys, k.key) == nil {
			keys = append(keys, k)
		}
	}
	return keys
}

// windowPartition binds PARTITION BY. What is ordered by too is sorted in that direction.
func (s *selectList) windowPartition(list []*pg.Node, order []windowKey) (keys []windowKey) {
	for _, n := range flatRows(list) {
		e := s.windowExpr(n)
		s.q.equality(e, location(n))
		k := windowKey{key: s.sortKey(e)}
		if o := findKey(order, k.key); o != nil {
			k = *o
		}
		if findKey(keys, k.key) == nil {
			keys = append(keys, k)
		}
	}
	return keys
}

// flatRows has the parts of rows without ROW in the rows' place.
func flatRows(list []*pg.Node) (out []*pg.Node) {
	for _, n := range list {
		if r := n.GetRowExpr(); r != nil && r.RowFormat == pg.CoercionForm_COERCE_IMPLICIT_CAST {
			out = append(out, flatRows(r.Args)...)
			continue
		}
		out = append(out, n)
	}
	return out
}

func (s *selectList) windowExpr(n *pg.Node) expr.Expr {
	e := s.q.expr(n)
	if row, ok := e.(*expr.RowExpr); ok && row.T == types.TRecord {
		settled, err := s.q.b.coercer.SettleRow(row)
		s.q.b.must(err, location(n))
		e = settled
	}
	return s.q.text(e, location(n))
}

func findKey(keys []windowKey, key *sortKey) *windowKey {
	for i := range keys {
		if keys[i].key == key {
			return &keys[i]
		}
	}
	return nil
}

// sortKey is the key of an expression: one that the query sorts by elsewhere
// has its number from there.
func (s *selectList) sortKey(e expr.Expr) *sortKey {
	for _, k := range s.keys {
		if expr.Equal(k.expr, e) {
			return k
		}
	}
	k := &sortKey{expr: e}
	for i, t := range s.list {
		if expr.Equal(t.expr, e) {
			k.number = s.number(i)
			break
		}
	}
	if k.number == 0 {
		s.numbers++
		k.number = s.numbers
	}
	s.keys = append(s.keys, k)
	return k
}

// number is the number of an entry of the list that something is sorted by.
func (s *selectList) number(i int) int {
	if s.list[i].number == 0 {
		s.q.b.checkSortable(s.list[i].expr)
		s.numbers++
		s.list[i].number = s.numbers
	}
	return s.list[i].number
}
