package builtin

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/jsonpath"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// truth3 is a truth value; unknown is what an error within a predicate makes.
type truth3 uint8

const (
	isFalse truth3 = iota
	isTrue
	isUnknown
)

func truthOf(b bool) truth3 {
	if b {
		return isTrue
	}
	return isFalse
}

// value is a truth value as one of JSON.
func (t truth3) value() *types.JSONValue {
	if t == isUnknown {
		return &types.JSONValue{}
	}
	return &types.JSONValue{Kind: types.JSONBool, Bool: t == isTrue}
}

// truth decides a predicate about v (executeBoolItem).
func (r *pathRun) truth(i *jsonpath.Item, v *types.JSONValue) (truth3, error) {
	if err := r.ctx.Spend(pathWork); err != nil {
		return isUnknown, err
	}
	switch i.Kind {
	case jsonpath.And, jsonpath.Or:
		return r.logical(i, v)
	case jsonpath.Not:
		t, err := r.truth(i.Left, v)
		if t == isUnknown {
			return t, err
		}
		return isTrue - t, err
	case jsonpath.IsUnknown:
		t, err := r.truth(i.Left, v)
		return truthOf(t == isUnknown), err
	case jsonpath.Exists:
		return r.exists(i, v)
	case jsonpath.StartsWith:
		return r.compared(i, v, false, func(a, b *types.JSONValue) (truth3, error) {
			if a.Kind != types.JSONString || b.Kind != types.JSONString || r.moments[a] != nil || r.moments[b] != nil {
				return isUnknown, nil
			}
			return truthOf(strings.HasPrefix(a.Text, b.Text)), nil
		})
	case jsonpath.LikeRegex:
		return r.like(i, v)
	}
	return r.compared(i, v, true, func(a, b *types.JSONValue) (truth3, error) {
		if x, y := r.moments[a], r.moments[b]; (x != nil || y != nil) && a.Kind == b.Kind {
			return r.compareMoments(i.Kind, x, y)
		}
		return compareItems(i.Kind, a, b), nil
	})
}

func (r *pathRun) logical(i *jsonpath.Item, v *types.JSONValue) (truth3, error) {
	decides, leaves := isFalse, isTrue
	if i.Kind == jsonpath.Or {
		decides, leaves = isTrue, isFalse
	}
	left, err := r.truth(i.Left, v)
	if left == decides || err != nil {
		return left, err
	}
	right, err := r.truth(i.Right, v)
	if right == leaves {
		return left, err
	}
	return right, err
}

func (r *pathRun) exists(i *jsonpath.Item, v *types.JSONValue) (truth3, error) {
	if r.lax {
		o, err := r.item(i.Left, v, nil)
		if o == failed {
			return isUnknown, err
		}
		return truthOf(o == ok), err
	}
	list, o, err := r.unwrapped(i.Left, v, false)
	if o == failed {
		return isUnknown, err
	}
	return truthOf(len(list.items) > 0), err
}

// compared tries a predicate with every pair of values of both sides: in lax mode
// one that is true is enough, in strict mode none may be unknown (executePredicate).
func (r *pathRun) compared(i *jsonpath.Item, v *types.JSONValue, unwrapRight bool, holds func(a, b *types.JSONValue) (truth3, error)) (truth3, error) {
	left, o, err := r.unwrapped(i.Left, v, true)
	if o == failed || err != nil {
		return isUnknown, err
	}
	right := &found{items: []*types.JSONValue{nil}}
	if i.Right != nil {
		if right, o, err = r.unwrapped(i.Right, v, unwrapRight); o == failed || err != nil {
			return isUnknown, err
		}
	}
	all := isFalse
	for _, a := range left.items {
		for _, b := range right.items {
			if err := r.ctx.Spend(pathWork); err != nil {
				return isUnknown, err
			}
			switch t, err := holds(a, b); {
			case err != nil:
				return isUnknown, err
			case t == isTrue && r.lax, t == isUnknown && !r.lax:
				return t, nil
			case t != isFalse:
				all = t
			}
		}
	}
	return all, nil
}

func (r *pathRun) like(i *jsonpath.Item, v *types.JSONValue) (truth3, error) {
	o, err := i.Flags.Options()
	if err != nil {
		return isUnknown, err
	}
	re, err := compileRegex(r.ctx, i.Text, o)
	if err != nil {
		return isUnknown, err
	}
	return r.compared(i, v, false, func(a, _ *types.JSONValue) (truth3, error) {
		if a.Kind != types.JSONString || r.moments[a] != nil {
			return isUnknown, nil
		}
		matches, err := re.Matches(r.ctx, a.Text)
		return truthOf(matches), err
	})
}

// compareItems compares two values (compareItems): null only differs from others,
// what is of two types or not scalar cannot be compared.
func compareItems(op jsonpath.Kind, a, b *types.JSONValue) truth3 {
	switch aIn, bIn := a.Kind >= types.JSONArray, b.Kind >= types.JSONArray; {
	case a.Kind != b.Kind && (a.Kind == types.JSONNull || b.Kind == types.JSONNull):
		return truthOf(op == jsonpath.NotEqual)
	case aIn || bIn || a.Kind != b.Kind:
		return isUnknown
	}
	c := 0
	switch a.Kind {
	case types.JSONBool:
		switch {
		case a.Bool && !b.Bool:
			c = 1
		case b.Bool && !a.Bool:
			c = -1
		}
	case types.JSONNumber:
		c = types.CompareNumeric(a.Number, b.Number)
	case types.JSONString:
		c = strings.Compare(a.Text, b.Text)
	}
	return comparison(op, c)
}

// comparison is what an operator makes of an order.
func comparison(op jsonpath.Kind, c int) truth3 {
	switch op {
	case jsonpath.Equal:
		return truthOf(c == 0)
	case jsonpath.NotEqual:
		return truthOf(c != 0)
	case jsonpath.Less:
		return truthOf(c < 0)
	case jsonpath.Greater:
		return truthOf(c > 0)
	case jsonpath.LessOrEqual:
		return truthOf(c <= 0)
	}
	return truthOf(c >= 0)
}
