package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
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

// The bits of frame_options (parsenodes.h).
const (
	frameNonDefault         = 1 << 0
	frameRows               = 1 << 2
	frameGroups             = 1 << 3
	frameBetween            = 1 << 4
	frameExcludeCurrent     = 1 << 15
	frameExcludeGroup       = 1 << 16
	frameExcludeTies        = 1 << 17
	frameDefaults           = 1<<1 | 1<<5 | 1<<10
	frameStartBit, frameEnd = 5, 6 // of the first kind of bound; the others are two bits on, each
)

// boundKinds are the kinds of bounds in the order of their bits.
var boundKinds = [...]expr.BoundKind{
	expr.UnboundedPreceding, expr.UnboundedFollowing, expr.CurrentRow, expr.OffsetPreceding, expr.OffsetFollowing,
}

func frameBound(options int32, first int) expr.FrameBound {
	for i, kind := range boundKinds {
		if options&(1<<(first+2*i)) != 0 {
			return expr.FrameBound{Kind: kind}
		}
	}
	return expr.FrameBound{}
}

// frameOf is the frame that options say, without its offsets.
func frameOf(options int32) expr.Frame {
	f := expr.Frame{Start: frameBound(options, frameStartBit), End: frameBound(options, frameEnd)}
	switch {
	case options&frameRows != 0:
		f.Mode = expr.FrameRows
	case options&frameGroups != 0:
		f.Mode = expr.FrameGroups
	}
	switch {
	case options&frameExcludeCurrent != 0:
		f.Exclude = expr.ExcludeCurrentRow
	case options&frameExcludeGroup != 0:
		f.Exclude = expr.ExcludeGroup
	case options&frameExcludeTies != 0:
		f.Exclude = expr.ExcludeTies
	}
	return f
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
		s.numbers++
		s.list[i].number = s.numbers
	}
	return s.list[i].number
}

// frameOffsets binds the offsets of a frame (transformFrameOffset).
func (s *selectList) frameOffsets(w *window) {
	f, def, b := &w.frame, w.def, s.q.b
	if f.Mode == expr.FrameRange && (def.StartOffset != nil || def.EndOffset != nil) && len(w.order) != 1 {
		b.failAt(def.Location, pgerr.WindowingError, "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column")
	}
	if f.Mode == expr.FrameGroups && len(w.order) == 0 {
		b.failAt(def.Location, pgerr.WindowingError, "GROUPS mode requires an ORDER BY clause")
	}
	s.frameOffset(w, &f.Start, def.StartOffset)
	s.frameOffset(w, &f.End, def.EndOffset)
}

var frameKinds = [...]struct {
	kind exprKind
	name string
}{
	expr.FrameRange: {kindFrameRange, "RANGE"}, expr.FrameRows: {kindFrameRows, "ROWS"}, expr.FrameGroups: {kindFrameGroups, "GROUPS"},
}

func (s *selectList) frameOffset(w *window, bound *expr.FrameBound, n *pg.Node) {
	if n == nil {
		return
	}
	q, mode := s.q, frameKinds[w.frame.Mode]
	var e expr.Expr
	q.with(mode.kind, func() { e = q.expr(n) })
	to := types.TInt8
	if w.frame.Mode == expr.FrameRange {
		to, bound.InRange = q.inRange(w.order[0].key.expr.Type(), e, location(n))
	}
	if e.Type() != to && !isUnknown(e) && !q.canCoerce(e.Type(), to, assigning) {
		q.b.failAt(location(n), pgerr.DatatypeMismatch, "argument of %s must be type %s, not type %s", mode.name, to.SQLName, e.Type().SQLName)
	}
	bound.Offset = q.coerce(e, to, -1, assigning, location(n))
	q.b.noteExpr(n, bound.Offset)
	for _, id := range expr.Columns(bound.Offset) {
		if q.own[id] != nil {
			q.b.failAt(q.columnLocation(bound.Offset, id, location(n)), pgerr.InvalidColumnReference, "argument of %s must not contain variables", mode.name)
		}
	}
}

// columnLocation is where a column stands in e, or else at.
func (q *query) columnLocation(e expr.Expr, id expr.ColumnID, at int32) int32 {
	expr.Walk(e, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Column); ok && c.ID == id {
			if where, known := q.b.location[c]; known {
				at = where
			}
		}
		plan.EachSubplan(e, func(root plan.Node) {
			plan.Walk(root, func(n plan.Node) bool {
				plan.EachExpr(n, func(e expr.Expr) { at = q.columnLocation(e, id, at) })
				return true
			})
		})
		return true
	})
	return at
}

// inRange finds the in_range function for rows that are ordered by a type, and
// the type that it takes for the offset.
func (q *query) inRange(order *types.Type, offset expr.Expr, at int32) (*types.Type, *expr.Function) {
	order = q.orderedAs(order)
	preferred := offset.Type()
	if isUnknown(offset) {
		preferred = order
	}
	known, matches := 0, 0
	var to *types.Type
	var fn *expr.Function
	for _, p := range q.b.env.Library.ProcsNamed("in_range") {
		if p.Args[0] != order {
			continue
		}
		known++
		if !isUnknown(offset) && !q.canCoerce(offset.Type(), p.Args[2], implicitly) {
			continue
		}
		matches++
		if to == nil || to != preferred {
			to, fn = p.Args[2], p.Func
		}
	}
	const refused = "RANGE with offset PRECEDING/FOLLOWING "
	switch {
	case known == 0:
		q.b.failAt(at, pgerr.FeatureNotSupported, refused+"is not supported for column type %s", order.SQLName)
	case matches == 0:
		fail(pgerr.New(pgerr.FeatureNotSupported, refused+"is not supported for column type %s and offset type %s", order.SQLName, offset.Type().SQLName).
			WithHint("Cast the offset value to an appropriate type.").WithPosition(q.b.position(at)))
	case matches > 1 && to != preferred:
		fail(pgerr.New(pgerr.FeatureNotSupported, refused+"has multiple interpretations for column type %s and offset type %s", order.SQLName, offset.Type().SQLName).
			WithHint("Cast the offset value to the exact intended type.").WithPosition(q.b.position(at)))
	}
	return to, fn
}

// orderedAs is the type whose ordering operator a type's values are sorted with.
func (q *query) orderedAs(t *types.Type) *types.Type {
	if less := q.b.env.Library.Less(t); less != nil && len(less.Args) > 0 {
		t = less.Args[0]
	}
	return t.Base()
}
