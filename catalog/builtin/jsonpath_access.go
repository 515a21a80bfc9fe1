package builtin

import (
	"math"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/jsonpath"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// accessor is what stands behind a value and goes into it, or computes something of it.
func (r *pathRun) accessor(i *jsonpath.Item, v *types.JSONValue, list *found, unwrap bool) (outcome, error) {
	if unwrap && v.Kind == types.JSONArray && wantsElements(i.Kind) {
		return r.descend(i, v, list, levelsOf(1, 1), false)
	}
	switch i.Kind {
	case jsonpath.Key:
		return r.key(i, v, list)
	case jsonpath.AnyKey:
		if v.Kind != types.JSONObject {
			return r.structural(pgerr.SQLJSONObjectNotFound, "jsonpath wildcard member accessor can only be applied to an object")
		}
		return r.descend(i.Next, v, list, levelsOf(1, 1), r.lax)
	case jsonpath.AnyArray:
		if v.Kind == types.JSONArray {
			return r.descend(i.Next, v, list, levelsOf(1, 1), r.lax)
		}
		if r.lax {
			return r.next(i, v, list)
		}
		return r.structural(pgerr.SQLJSONArrayNotFound, "jsonpath wildcard array accessor can only be applied to an array")
	case jsonpath.IndexArray:
		return r.subscripted(i, v, list)
	case jsonpath.Any:
		return r.anywhere(i, v, list)
	case jsonpath.Filter:
		outer := r.current
		r.current = v
		t, err := r.truth(i.Left, v)
		r.current = outer
		if t != isTrue || err != nil {
			return notFound, err
		}
		return r.next(i, v, list)
	}
	return r.method(i, v, list)
}

// wantsElements reports whether an accessor goes to the elements of an array, in
// lax mode, rather than to the array.
func wantsElements(k jsonpath.Kind) bool {
	switch k {
	case jsonpath.AnyArray, jsonpath.IndexArray, jsonpath.Any, jsonpath.Type, jsonpath.Size:
		return false
	}
	return true
}

// structural is what a value of another structure than the one asked for is.
func (r *pathRun) structural(code pgerr.Code, format string, args ...any) (outcome, error) {
	if r.ignoring {
		return notFound, nil
	}
	return r.fail(code, format, args...)
}

func (r *pathRun) key(i *jsonpath.Item, v *types.JSONValue, list *found) (outcome, error) {
	if v.Kind != types.JSONObject {
		return r.structural(pgerr.SQLJSONMemberNotFound, "jsonpath member accessor can only be applied to an object")
	}
	if err := r.ctx.Spend(compareWork * len(v.Fields)); err != nil {
		return failed, err
	}
	if m := member(v, i.Text); m != nil {
		return r.next(i, m, list)
	}
	return r.structural(pgerr.SQLJSONMemberNotFound, "JSON object does not contain key \"%s\"", i.Text)
}

// levels are those of a tree that an accessor goes to, from the one that it is at.
type levels struct {
	at, first, last uint32
	ignoring        bool // what is of another structure
}

func levelsOf(first, last uint32) levels { return levels{at: 1, first: first, last: last} }

// children calls f for the values in an array or object until it answers false.
func children(v *types.JSONValue, f func(*types.JSONValue) bool) {
	for n := range v.Elems {
		if !f(&v.Elems[n]) {
			return
		}
	}
	for n := range v.Fields {
		if !f(&v.Fields[n].Value) {
			return
		}
	}
}

// descend runs an item (nil: takes the value) on the values in v, at some of the
// levels below it (executeAnyItem).
func (r *pathRun) descend(i *jsonpath.Item, v *types.JSONValue, list *found, l levels, unwrap bool) (all outcome, err error) {
	if l.at > l.last {
		return notFound, nil
	}
	children(v, func(x *types.JSONValue) bool {
		if err = r.ctx.Spend(pathWork); err != nil {
			all = failed
			return false
		}
		leaf := x.Kind < types.JSONArray || len(x.Elems)+len(x.Fields) == 0
		inside := x.Kind >= types.JSONArray
		if l.at >= l.first || l.first == jsonpath.DeepestLevel && l.last == jsonpath.DeepestLevel && !inside && leaf {
			if all, err = r.visit(i, x, list, l, unwrap); err != nil || all == failed || all == ok && list == nil {
				return false
			}
		}
		if l.at < l.last && inside {
			deeper := l
			deeper.at++
			if all, err = r.descend(i, x, list, deeper, unwrap); err != nil || all == failed || all == ok && list == nil {
				return false
			}
		}
		return true
	})
	return all, err
}

// visit runs the item of a descent on a value that it has come to.
func (r *pathRun) visit(i *jsonpath.Item, x *types.JSONValue, list *found, l levels, unwrap bool) (outcome, error) {
	if i == nil {
		return r.next(nil, x, list)
	}
	if l.ignoring {
		outer := r.ignoring
		r.ignoring = true
		defer func() { r.ignoring = outer }()
	}
	return r.unwrapping(i, x, list, unwrap)
}

// anywhere is .**: v itself, and what is in it.
func (r *pathRun) anywhere(i *jsonpath.Item, v *types.JSONValue, list *found) (o outcome, err error) {
	if i.First == 0 {
		outer := r.ignoring
		r.ignoring = true
		o, err = r.next(i, v, list)
		r.ignoring = outer
		if err != nil || o == failed || o == ok && list == nil {
			return o, err
		}
	}
	if v.Kind < types.JSONArray {
		return o, nil
	}
	l := levelsOf(i.First, i.Last)
	l.ignoring = true
	return r.descend(i.Next, v, list, l, r.lax)
}

// subscripted is [1, 2 to 3].
func (r *pathRun) subscripted(i *jsonpath.Item, v *types.JSONValue, list *found) (all outcome, err error) {
	array := v.Kind == types.JSONArray
	if !array && !r.lax {
		return r.structural(pgerr.SQLJSONArrayNotFound, "jsonpath array accessor can only be applied to an array")
	}
	outer := r.size
	defer func() { r.size = outer }()
	r.size = 1
	if array {
		r.size = int64(len(v.Elems))
	}
	for _, s := range i.Subscripts {
		from, to, o, err := r.bounds(s, v)
		if o == failed || err != nil {
			return failed, err
		}
		if !r.ignoring && (from < 0 || from > to || to >= r.size) {
			return r.fail(pgerr.InvalidSQLJSONSubscript, "jsonpath array subscript is out of bounds")
		}
		all = notFound
		for n := max(from, 0); n <= min(to, r.size-1); n++ {
			x := v
			if array {
				x = &v.Elems[n]
			}
			if i.Next == nil && list == nil {
				return ok, nil
			}
			if all, err = r.next(i, x, list); all == failed || err != nil || all == ok && list == nil {
				return all, err
			}
		}
	}
	return all, nil
}

func (r *pathRun) bounds(s jsonpath.Subscript, v *types.JSONValue) (from, to int64, o outcome, err error) {
	if from, o, err = r.index(s.From, v); o == failed || err != nil || s.To == nil {
		return from, from, o, err
	}
	to, o, err = r.index(s.To, v)
	return from, to, o, err
}

func (r *pathRun) index(i *jsonpath.Item, v *types.JSONValue) (int64, outcome, error) {
	list := &found{}
	if o, err := r.item(i, v, list); o == failed || err != nil {
		return 0, failed, err
	}
	number := singleNumber(list)
	if number == nil {
		o, err := r.fail(pgerr.InvalidSQLJSONSubscript, "jsonpath array subscript is not a single numeric value")
		return 0, o, err
	}
	n, err := types.NumericToInt(types.NumericTrunc(number, 0), 32)
	if err != nil {
		o, err := r.fail(pgerr.InvalidSQLJSONSubscript, "jsonpath array subscript is out of integer range")
		return 0, o, err
	}
	return n, ok, nil
}

// method is .type() and its like.
func (r *pathRun) method(i *jsonpath.Item, v *types.JSONValue, list *found) (outcome, error) {
	switch i.Kind {
	case jsonpath.Type:
		return r.next(i, &types.JSONValue{Kind: types.JSONString, Text: r.typeName(v)}, list)
	case jsonpath.Size:
		if v.Kind != types.JSONArray && !r.lax {
			return r.structural(pgerr.SQLJSONArrayNotFound, "jsonpath item method .%s() can only be applied to an array", i.Kind)
		}
		size := int64(1)
		if v.Kind == types.JSONArray {
			size = int64(len(v.Elems))
		}
		return r.next(i, &types.JSONValue{Kind: types.JSONNumber, Number: types.NumericFromInt(size)}, list)
	case jsonpath.Double:
		return r.double(i, v, list)
	case jsonpath.Datetime:
		return r.datetime(i, v, list)
	case jsonpath.KeyValue:
		return r.keyValue(i, v, list)
	}
	if v.Kind != types.JSONNumber {
		return r.fail(pgerr.NonNumericSQLJSONItem, "jsonpath item method .%s() can only be applied to a numeric value", i.Kind)
	}
	n, err := rounding(i.Kind, v.Number)
	if err != nil {
		return failed, err
	}
	return r.next(i, &types.JSONValue{Kind: types.JSONNumber, Number: n}, list)
}

func rounding(k jsonpath.Kind, n *apd.Decimal) (*apd.Decimal, error) {
	switch k {
	case jsonpath.Abs:
		return types.NumericAbs(n), nil
	case jsonpath.Floor:
		return types.NumericFloor(n)
	}
	return types.NumericCeil(n)
}

// jsonKindNames are what .type() answers.
var jsonKindNames = map[types.JSONKind]string{
	types.JSONNull: "null", types.JSONString: "string", types.JSONNumber: "number", types.JSONBool: "boolean",
	types.JSONArray: "array", types.JSONObject: "object",
}

func (r *pathRun) typeName(v *types.JSONValue) string {
	if m := r.moments[v]; m != nil {
		return m.t.SQLName
	}
	return jsonKindNames[v.Kind]
}

func (r *pathRun) double(i *jsonpath.Item, v *types.JSONValue, list *found) (outcome, error) {
	switch {
	case v.Kind == types.JSONNumber:
		if f, err := types.NumericToFloat(v.Number, 64); err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return r.fail(pgerr.NonNumericSQLJSONItem, "numeric argument of jsonpath item method .%s() is out of range for type double precision", i.Kind)
		}
		return r.next(i, v, list)
	case v.Kind == types.JSONString && r.moments[v] == nil:
		d, err := types.TFloat8.Parse(types.DefaultEnv(), v.Text, -1)
		if err == nil && !math.IsInf(d.Float(), 0) && !math.IsNaN(d.Float()) {
			n, err := types.NumericFromFloat(d.Float(), 64)
			if err != nil {
				return failed, err
			}
			return r.next(i, &types.JSONValue{Kind: types.JSONNumber, Number: n}, list)
		}
		return r.fail(pgerr.NonNumericSQLJSONItem, "string argument of jsonpath item method .%s() is not a valid representation of a double precision number", i.Kind)
	}
	return r.fail(pgerr.NonNumericSQLJSONItem, "jsonpath item method .%s() can only be applied to a string or numeric value", i.Kind)
}
