package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// subscript binds elements and slices of arrays and of types of fixed length, and parts of a jsonb.
func (q *query) subscript(e expr.Expr, list []*pg.A_Indices, location int32) *expr.Subscript {
	if e.Type().Base() == types.TJSONB {
		return q.jsonSubscript(e, list)
	}
	elem := e.Type().Base().Elem
	if elem == nil {
		switch e.Type().Base() {
		case types.TInt2Vector:
			elem = types.TInt2
		case types.TOIDVector:
			elem = types.TOID
		default:
			elem = e.Type().FixedElem()
		}
		if elem == nil {
			q.b.failAt(location, pgerr.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", e.Type().SQLName)
		}
	}
	if len(list) > expr.MaxArrayDims {
		fail(pgerr.New(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(list), expr.MaxArrayDims))
	}
	out := &expr.Subscript{Typed: expr.Typed{T: elem, Mod: e.Typmod()}, Arg: e}
	for _, x := range list {
		out.Slice = out.Slice || x.IsSlice
	}
	if out.Slice {
		out.T = e.Type().Base()
	}
	for _, x := range list {
		upper := q.subscriptIndex(x.Uidx)
		switch {
		case !out.Slice:
			out.Index = append(out.Index, upper)
		case x.IsSlice:
			out.Lower, out.Upper = append(out.Lower, q.subscriptIndex(x.Lidx)), append(out.Upper, upper)
		default:
			// A plain subscript among slices means 1:n.
			out.Lower, out.Upper = append(out.Lower, expr.NewConst(types.TInt4, types.Int(1))), append(out.Upper, upper)
		}
	}
	return out
}

func (q *query) subscriptIndex(n *pg.Node) expr.Expr {
	if n == nil {
		return nil
	}
	e := q.expr(n)
	if !isUnknown(e) && !q.canCoerce(e.Type(), types.TInt4, assigning) {
		q.b.failAt(location(n), pgerr.DatatypeMismatch, "array subscript must have type integer")
	}
	return q.coerce(e, types.TInt4, -1, assigning, location(n))
}

// jsonSubscript binds the steps of a path in a jsonb (jsonb_subscript_transform):
// what becomes an integer or a text by itself, but not both.
func (q *query) jsonSubscript(e expr.Expr, list []*pg.A_Indices) *expr.Subscript {
	out := &expr.Subscript{Typed: expr.Typed{T: types.TJSONB, Mod: -1}, Arg: e}
	for _, x := range list {
		if x.IsSlice {
			at := location(x.Uidx)
			if x.Uidx == nil {
				at = location(x.Lidx)
			}
			q.b.failAt(at, pgerr.DatatypeMismatch, "jsonb subscript does not support slices")
		}
		index, at := q.expr(x.Uidx), location(x.Uidx)
		if isUnknown(index) {
			out.Index = append(out.Index, q.coerce(index, types.TText, -1, implicitly, at))
			continue
		}
		var step *types.Type
		for _, t := range []*types.Type{types.TInt4, types.TText} {
			if !q.canCoerce(index.Type(), t, implicitly) {
				continue
			}
			if step != nil {
				q.failJSONStep(index, at)
			}
			step = t
		}
		if step == nil {
			q.failJSONStep(index, at)
		}
		out.Index = append(out.Index, q.coerce(index, step, -1, implicitly, at))
	}
	return out
}

func (q *query) failJSONStep(e expr.Expr, location int32) {
	fail(pgerr.New(pgerr.DatatypeMismatch, "subscript type %s is not supported", e.Type().SQLName).
		WithHint("jsonb subscript must be coercible to either integer or text.").WithPosition(q.b.position(location)))
}
