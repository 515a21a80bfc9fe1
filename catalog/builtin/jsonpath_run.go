package builtin

import (
	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/jsonpath"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// outcome is what an item of an expression came to. What failed left its error
// in pathRun.failure; whether that counts is for who asked to say.
type outcome uint8

const (
	notFound outcome = iota
	ok
	failed
)

// found is a list of values; without one, whether there are any is all that counts.
type found struct{ items []*types.JSONValue }

// pathRun is an expression at work. In lax mode arrays are unwrapped where an
// operator wants something else, and what is not there is no error.
type pathRun struct {
	ctx      *expr.Context
	lax      bool
	ignoring bool // that something is not of the structure that is asked for
	root     *pathBase
	vars     *pathBase // nil for operators, to which all variables are null
	current  *types.JSONValue
	size     int64 // of the innermost array that is subscripted; -1 outside
	base     *pathBase
	objects  int64 // numbers that base objects have so far
	failure  error
	zoned    bool // what has no time zone may be taken for the session's
	moments  map[*types.JSONValue]*jsonMoment
}

// fail ends an item; the error is raised if nobody above makes something else of it.
func (r *pathRun) fail(code pgerr.Code, format string, args ...any) (outcome, error) {
	r.failure = pgerr.New(code, format, args...)
	return failed, nil
}

// next applies what stands behind an item to its result v, or adds that to the list.
func (r *pathRun) next(i *jsonpath.Item, v *types.JSONValue, list *found) (outcome, error) {
	if i != nil && i.Next != nil {
		return r.item(i.Next, v, list)
	}
	if list != nil {
		list.items = append(list.items, v)
	}
	return ok, nil
}

func (r *pathRun) item(i *jsonpath.Item, v *types.JSONValue, list *found) (outcome, error) {
	return r.unwrapping(i, v, list, r.lax)
}

// pathWork is about what an item costs, in bytes read.
const pathWork = 64

// unwrapping runs an item on v, and on an array's elements if it wants none.
func (r *pathRun) unwrapping(i *jsonpath.Item, v *types.JSONValue, list *found, unwrap bool) (outcome, error) {
	if err := r.ctx.Spend(pathWork); err != nil {
		return failed, err
	}
	switch k := i.Kind; {
	case k.Predicate():
		t, err := r.truth(i, v)
		if err != nil {
			return failed, err
		}
		if i.Next == nil && list == nil {
			return ok, nil
		}
		return r.next(i, t.value(), list)
	case k == jsonpath.Plus || k == jsonpath.Minus:
		return r.signed(i, v, list)
	case k >= jsonpath.Add && k <= jsonpath.Mod:
		return r.arithmetic(i, v, list)
	case k < jsonpath.And:
		return r.operand(i, v, list)
	}
	return r.accessor(i, v, list, unwrap)
}

// operand is what has a value by itself.
func (r *pathRun) operand(i *jsonpath.Item, v *types.JSONValue, list *found) (outcome, error) {
	base := r.base
	defer func() { r.base = base }()
	switch i.Kind {
	case jsonpath.Root:
		r.base = r.root
		return r.next(i, r.root.value, list)
	case jsonpath.Current:
		return r.next(i, r.current, list)
	}
	if i.Next == nil && list == nil && i.Kind != jsonpath.Variable {
		return ok, nil
	}
	value := &types.JSONValue{}
	switch i.Kind {
	case jsonpath.Last:
		value.Kind, value.Number = types.JSONNumber, types.NumericFromInt(r.size-1)
	case jsonpath.String:
		value.Kind, value.Text = types.JSONString, i.Text
	case jsonpath.Number:
		value.Kind, value.Number = types.JSONNumber, i.Number
	case jsonpath.Bool:
		value.Kind, value.Bool = types.JSONBool, i.Bool
	case jsonpath.Variable:
		if r.vars == nil {
			break
		}
		f := member(r.vars.value, i.Text)
		if f == nil {
			return failed, pgerr.New(pgerr.UndefinedObject, "could not find jsonpath variable \"%s\"", i.Text)
		}
		value, r.base = f, r.vars
	}
	return r.next(i, value, list)
}

// member is an object's value of a key, nil when there is none.
func member(object *types.JSONValue, key string) *types.JSONValue {
	i := object.Field(key)
	if i < 0 {
		return nil
	}
	return &object.Fields[i].Value
}

// unwrapped runs an item, and with unwrap puts the elements of arrays that it
// finds in their place.
func (r *pathRun) unwrapped(i *jsonpath.Item, v *types.JSONValue, unwrap bool) (*found, outcome, error) {
	list := &found{}
	o, err := r.item(i, v, list)
	if err != nil || o == failed || !unwrap || !r.lax {
		return list, o, err
	}
	out := &found{}
	for _, x := range list.items {
		if x.Kind != types.JSONArray {
			out.items = append(out.items, x)
			continue
		}
		for n := range x.Elems {
			out.items = append(out.items, &x.Elems[n])
		}
	}
	return out, ok, r.ctx.Spend(pathWork * len(out.items))
}

// singleNumber is the one number of a list, nil when it is anything else.
func singleNumber(list *found) *apd.Decimal {
	if len(list.items) != 1 || list.items[0].Kind != types.JSONNumber {
		return nil
	}
	return list.items[0].Number
}

var pathArithmetic = map[jsonpath.Kind]func(a, b *apd.Decimal) (*apd.Decimal, error){
	jsonpath.Add: types.NumericAdd, jsonpath.Sub: types.NumericSub, jsonpath.Mul: types.NumericMul,
	jsonpath.Div: types.NumericDiv, jsonpath.Mod: types.NumericMod,
}

func (r *pathRun) arithmetic(i *jsonpath.Item, v *types.JSONValue, list *found) (outcome, error) {
	left, o, err := r.unwrapped(i.Left, v, true)
	if o == failed || err != nil {
		return o, err
	}
	right, o, err := r.unwrapped(i.Right, v, true)
	if o == failed || err != nil {
		return o, err
	}
	a, b := singleNumber(left), singleNumber(right)
	if a == nil || b == nil {
		side := "left"
		if a != nil {
			side = "right"
		}
		return r.fail(pgerr.SingletonSQLJSONItemRequired, "%s operand of jsonpath operator %s is not a single numeric value", side, i.Kind)
	}
	n, err := pathArithmetic[i.Kind](a, b)
	if err != nil {
		r.failure = err
		return failed, nil
	}
	if i.Next == nil && list == nil {
		return ok, nil
	}
	return r.next(i, &types.JSONValue{Kind: types.JSONNumber, Number: n}, list)
}

// signed is + and - of all numbers that its operand gives.
func (r *pathRun) signed(i *jsonpath.Item, v *types.JSONValue, list *found) (outcome, error) {
	operands, o, err := r.unwrapped(i.Left, v, true)
	if o == failed || err != nil {
		return o, err
	}
	all := notFound
	exists := i.Next == nil && list == nil
	for _, x := range operands.items {
		switch {
		case x.Kind == types.JSONNumber && exists:
			return ok, nil
		case x.Kind == types.JSONNumber:
		case exists:
			continue
		default:
			return r.fail(pgerr.SQLJSONNumberNotFound, "operand of unary jsonpath operator %s is not a numeric value", i.Kind)
		}
		if i.Kind == jsonpath.Minus {
			x = &types.JSONValue{Kind: types.JSONNumber, Number: types.NumericNeg(x.Number)}
		}
		o, err := r.next(i, x, list)
		if o == failed || err != nil {
			return o, err
		}
		if o == ok {
			if list == nil {
				return ok, nil
			}
			all = ok
		}
	}
	return all, nil
}
