package expr

import (
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

func (c *compiler) logic(e *Logic) (Eval, error) {
	parts := e.Args
	if first, rest, ok := c.knownFirst(parts); ok {
		parts = make([]Expr, 0, len(e.Args))
		for _, i := range append(first, rest...) {
			parts = append(parts, e.Args[i])
		}
	}
	args, err := c.all(parts)
	if err != nil {
		return nil, err
	}
	if e.Op == Not {
		return not(args[0]), nil
	}
	// AND stops at the first false, OR at the first true.
	decisive := e.Op == Or
	if len(args) == 2 {
		return logic2(decisive, args[0], args[1]), nil
	}
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		result := types.Bool(!decisive)
		for _, arg := range args {
			v, err := arg(ctx, row)
			if err != nil {
				return types.Null, err
			}
			if v.IsNull() {
				result = types.Null
			} else if v.Bool() == decisive {
				return v, nil
			}
		}
		return result, nil
	}, nil
}

func logic2(decisive bool, left, right Eval) Eval {
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		a, err := left(ctx, row)
		if err != nil || !a.IsNull() && a.Bool() == decisive {
			return a, err
		}
		b, err := right(ctx, row)
		if err != nil || !b.IsNull() && b.Bool() == decisive || b.IsNull() {
			return b, err
		}
		return a, nil
	}
}

func not(arg Eval) Eval {
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		v, err := arg(ctx, row)
		if err != nil || v.IsNull() {
			return types.Null, err
		}
		return types.Bool(!v.Bool()), nil
	}
}

func (c *compiler) test(e *Test) (Eval, error) {
	arg, err := c.compile(e.Arg)
	if err != nil {
		return nil, err
	}
	holds := tests[e.Kind]
	if t := e.Arg.Type(); t != nil && (t == types.TRecord || t.Base().Kind == 'c') && e.Kind <= IsNotNull {
		holds = rowTests[e.Kind]
	}
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		v, err := arg(ctx, row)
		if err != nil {
			return types.Null, err
		}
		return types.Bool(holds(v)), nil
	}, nil
}

var tests = [...]func(types.Datum) bool{
	IsNull:       types.Datum.IsNull,
	IsNotNull:    func(d types.Datum) bool { return !d.IsNull() },
	IsTrue:       types.Datum.IsTrue,
	IsNotTrue:    func(d types.Datum) bool { return !d.IsTrue() },
	IsFalse:      func(d types.Datum) bool { return !d.IsNull() && !d.Bool() },
	IsNotFalse:   func(d types.Datum) bool { return d.IsNull() || d.Bool() },
	IsUnknown:    types.Datum.IsNull,
	IsNotUnknown: func(d types.Datum) bool { return !d.IsNull() },
}

// rowTests: a row IS NULL when all its fields are, IS NOT NULL when none is
// (manual 9.2); nested rows are not looked into.
var rowTests = [...]func(types.Datum) bool{
	IsNull:    func(d types.Datum) bool { return d.IsNull() || countNulls(d) == len(d.Row().Fields) },
	IsNotNull: func(d types.Datum) bool { return !d.IsNull() && countNulls(d) == 0 },
}

func countNulls(row types.Datum) (n int) {
	for _, f := range row.Row().Fields {
		if f.IsNull() {
			n++
		}
	}
	return n
}

// comparer compiles the equality function f for two datums, NULL for unknown.
func comparer(f *Function) (func(ctx *Context, a, b types.Datum) (types.Datum, error), error) {
	if op := f.IntCompare; op != 0 {
		return func(_ *Context, a, b types.Datum) (types.Datum, error) {
			if a.IsNull() || b.IsNull() {
				return types.Null, nil
			}
			return types.Bool(op.Holds(a.Int(), b.Int())), nil
		}, nil
	}
	fn, err := implementation(f)
	if err != nil {
		return nil, err
	}
	strict := f.Strict
	return func(ctx *Context, a, b types.Datum) (types.Datum, error) {
		if strict && (a.IsNull() || b.IsNull()) {
			return types.Null, nil
		}
		return invoke2(ctx, fn, a, b)
	}, nil
}

func (c *compiler) distinct(e *Distinct) (Eval, error) {
	a, b, eq, err := c.pair(e.A, e.B, e.Eq)
	if err != nil {
		return nil, err
	}
	negated := e.Negated
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		x, y, err := evalPair(ctx, row, a, b)
		if err != nil {
			return types.Null, err
		}
		same := x.IsNull() && y.IsNull()
		if !x.IsNull() && !y.IsNull() {
			v, err := eq(ctx, x, y)
			if err != nil {
				return types.Null, err
			}
			same = v.IsTrue()
		}
		return types.Bool(same == negated), nil
	}, nil
}

func (c *compiler) nullIf(e *NullIf) (Eval, error) {
	a, b, eq, err := c.pair(e.A, e.B, e.Eq)
	if err != nil {
		return nil, err
	}
	early := c.known(e.A) && !c.known(e.B) && !c.mayFailEarly(e.B) // then a NULL spares B
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		x, err := a(ctx, row)
		if err != nil || early && x.IsNull() {
			return x, err
		}
		y, err := b(ctx, row)
		if err != nil || x.IsNull() || y.IsNull() {
			return x, err
		}
		v, err := eq(ctx, x, y)
		if err != nil || v.IsTrue() {
			return types.Null, err
		}
		return x, nil
	}, nil
}

func (c *compiler) pair(a, b Expr, f *Function) (x, y Eval, eq func(*Context, types.Datum, types.Datum) (types.Datum, error), err error) {
	if x, err = c.compile(a); err != nil {
		return
	}
	if y, err = c.compile(b); err != nil {
		return
	}
	eq, err = comparer(f)
	return
}

func evalPair(ctx *Context, row []types.Datum, a, b Eval) (x, y types.Datum, err error) {
	if x, err = a(ctx, row); err != nil {
		return
	}
	y, err = b(ctx, row)
	return
}

// maxInList is how long a list of literals may be before anyAll looks a value
// up in a set instead of comparing one by one.
const maxInList = 8

func (c *compiler) anyAll(e *AnyAll) (Eval, error) {
	left, err := c.compile(e.Left)
	if err != nil {
		return nil, err
	}
	eq, err := comparer(e.Op)
	if err != nil {
		return nil, err
	}
	decisive := !e.All // ANY stops at the first true, ALL at the first false
	if e.Array != nil {
		array, err := c.compile(e.Array)
		if err != nil {
			return nil, err
		}
		return anyArray(left, array, eq, decisive, e.Op.Strict), nil
	}
	if set, hasNull := intSet(e); set != nil {
		return inSet(left, set, hasNull), nil
	}
	list, err := c.all(e.List)
	if err != nil {
		return nil, err
	}
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		v, err := left(ctx, row)
		if err != nil {
			return types.Null, err
		}
		result := types.Bool(!decisive)
		for _, item := range list {
			w, err := item(ctx, row)
			if err != nil {
				return types.Null, err
			}
			r, err := eq(ctx, v, w)
			if err != nil {
				return types.Null, err
			}
			if r.IsNull() {
				result = types.Null
			} else if r.Bool() == decisive {
				return r, nil
			}
		}
		return result, nil
	}, nil
}

// anyArray: a NULL array is NULL; an empty one decides without looking at the
// left side's value.
func anyArray(left, array Eval, op func(*Context, types.Datum, types.Datum) (types.Datum, error), decisive, strict bool) Eval {
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		v, a, err := evalPair(ctx, row, left, array)
		if err != nil || a.IsNull() {
			return types.Null, err
		}
		elems := a.Array().Elems
		result := types.Bool(!decisive)
		if len(elems) > 0 && strict && v.IsNull() {
			return types.Null, nil
		}
		for _, w := range elems {
			if err := ctx.Spend(elemWork); err != nil {
				return types.Null, err
			}
			r, err := op(ctx, v, w)
			if err != nil {
				return types.Null, err
			}
			if r.IsNull() {
				result = types.Null
			} else if r.Bool() == decisive {
				return r, nil
			}
		}
		return result, nil
	}
}

// intSet returns the values of a long `IN` list of integer literals, nil for
// any other AnyAll.
func intSet(e *AnyAll) (set map[int64]struct{}, hasNull bool) {
	if e.All || e.Op.IntCompare != CompareEQ || len(e.List) <= maxInList {
		return nil, false
	}
	set = make(map[int64]struct{}, len(e.List))
	for _, item := range e.List {
		k, ok := item.(*Const)
		if !ok {
			return nil, false
		}
		if k.Value.IsNull() {
			hasNull = true
		} else {
			set[k.Value.Int()] = struct{}{}
		}
	}
	return set, hasNull
}

func inSet(left Eval, set map[int64]struct{}, hasNull bool) Eval {
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		v, err := left(ctx, row)
		if err != nil || v.IsNull() {
			return types.Null, err
		}
		if _, ok := set[v.Int()]; ok {
			return types.True, nil
		}
		if hasNull {
			return types.Null, nil
		}
		return types.False, nil
	}
}

func (c *compiler) caseNode(e *Case) (Eval, error) {
	arg, err := c.optional(e.Arg)
	if err != nil {
		return nil, err
	}
	conds, results := make([]Eval, len(e.Arms)), make([]Eval, len(e.Arms))
	for i, arm := range e.Arms {
		if conds[i], err = c.compile(arm.Cond); err != nil {
			return nil, err
		}
		if results[i], err = c.compile(arm.Result); err != nil {
			return nil, err
		}
	}
	otherwise, err := c.optional(e.Else)
	if err != nil {
		return nil, err
	}
	choose := func(ctx *Context, row []types.Datum) (Eval, error) {
		for i, cond := range conds {
			v, err := cond(ctx, row)
			if err != nil {
				return nil, err
			}
			if v.IsTrue() {
				return results[i], nil
			}
		}
		return otherwise, nil
	}
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		outer := ctx.caseArg
		if arg != nil {
			v, err := arg(ctx, row)
			if err != nil {
				return types.Null, err
			}
			ctx.caseArg = v
		}
		chosen, err := choose(ctx, row)
		if err == nil && chosen != nil {
			v, err := chosen(ctx, row)
			ctx.caseArg = outer
			return v, err
		}
		ctx.caseArg = outer
		return types.Null, err
	}, nil
}

func (c *compiler) coalesce(e *Coalesce) (Eval, error) {
	args, err := c.all(e.Args)
	if err != nil {
		return nil, err
	}
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		for _, arg := range args {
			if v, err := arg(ctx, row); err != nil || !v.IsNull() {
				return v, err
			}
		}
		return types.Null, nil
	}, nil
}

func (c *compiler) minMax(e *MinMax) (Eval, error) {
	args, err := c.all(e.Args)
	if err != nil {
		return nil, err
	}
	t, want := e.T, -1
	if e.Greatest {
		want = 1
	}
	if !t.Supported() {
		return nil, pgerr.New(pgerr.UndefinedFunction, "could not identify a comparison function for type %s", t.SQLName)
	}
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		best := types.Null
		for _, arg := range args {
			v, err := arg(ctx, row)
			if err != nil {
				return types.Null, err
			}
			if v.IsNull() {
				continue
			}
			if best.IsNull() || t.Compare(v, best)*want > 0 {
				best = v
			}
		}
		return best, nil
	}, nil
}
