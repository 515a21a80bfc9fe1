package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

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
