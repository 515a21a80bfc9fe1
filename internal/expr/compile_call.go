package expr

import (
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// impl is Function.Impl's form.
type impl = func(ctx *Context, args []types.Datum) (types.Datum, error)

// implementation returns f.Impl, or why it cannot be called for one value.
func implementation(f *Function) (impl, error) {
	switch {
	case f.ReturnsSet:
		return nil, pgerr.New(pgerr.FeatureNotSupported, "set-valued function called in context that cannot accept a set")
	case f.Impl == nil:
		return nil, pgerr.Unsupported("function %s", Signature(f.Name, f.Args))
	}
	return f.Impl, nil
}

func (c *compiler) call(e *Call) (Eval, error) {
	if e.Func.IntCompare != 0 && len(e.Args) == 2 {
		return c.intCompare(e)
	}
	fn, err := implementation(e.Func)
	if err != nil {
		return nil, err
	}
	args, err := c.all(e.Args)
	if err != nil {
		return nil, err
	}
	if first, rest, ok := c.knownFirst(e.Args); ok && e.Func.Strict {
		early, err := c.early(e.Args, rest)
		return callKnownFirst(fn, args, first, rest, early), err
	}
	switch len(args) {
	case 1:
		return call1(fn, e.Func.Strict, args[0]), nil
	case 2:
		return call2(fn, e.Func.Strict, args[0], args[1]), nil
	}
	return callN(fn, e.Func.Strict, args), nil
}

func call1(fn impl, strict bool, arg Eval) Eval {
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		v, err := arg(ctx, row)
		if err != nil || strict && v.IsNull() {
			return types.Null, err
		}
		return invoke1(ctx, fn, v)
	}
}

// invoke1 calls fn with one argument, on the Context's stack.
func invoke1(ctx *Context, fn impl, v types.Datum) (types.Datum, error) {
	ctx.own()
	base := len(ctx.stack)
	ctx.stack = append(ctx.stack, v)
	r, err := fn(ctx, ctx.stack[base:base+1:base+1])
	ctx.stack = ctx.stack[:base]
	return ctx.called(v, r, err)
}

func call2(fn impl, strict bool, left, right Eval) Eval {
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		a, err := left(ctx, row)
		if err != nil {
			return types.Null, err
		}
		b, err := right(ctx, row)
		if err != nil || strict && (a.IsNull() || b.IsNull()) {
			return types.Null, err
		}
		return invoke2(ctx, fn, a, b)
	}
}

// invoke2 calls fn with two arguments, on the Context's stack.
func invoke2(ctx *Context, fn impl, a, b types.Datum) (types.Datum, error) {
	ctx.own()
	base := len(ctx.stack)
	ctx.stack = append(ctx.stack, a, b)
	r, err := fn(ctx, ctx.stack[base:base+2:base+2])
	ctx.stack = ctx.stack[:base]
	return ctx.called(a, r, err)
}

// callN evaluates all arguments even after a NULL, as PostgreSQL does: a later
// one may fail.
func callN(fn impl, strict bool, args []Eval) Eval {
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		ctx.own()
		base, skip := len(ctx.stack), false
		for _, arg := range args {
			v, err := arg(ctx, row)
			if err != nil {
				ctx.stack = ctx.stack[:base]
				return types.Null, err
			}
			skip = skip || strict && v.IsNull()
			ctx.stack = append(ctx.stack, v)
		}
		var first, r types.Datum
		var err error
		if !skip {
			if len(args) > 0 {
				first = ctx.stack[base]
			}
			r, err = fn(ctx, ctx.stack[base:len(ctx.stack):len(ctx.stack)])
		}
		ctx.stack = ctx.stack[:base]
		return ctx.called(first, r, err)
	}
}

// intCompare compiles a comparison of integers without a call; the commonest
// form of all, a column against a literal or parameter, without closures below.
func (c *compiler) intCompare(e *Call) (Eval, error) {
	op := e.Func.IntCompare
	if col, ok := e.Args[0].(*Column); ok {
		slot, err := c.slot(col)
		if err != nil {
			return nil, err
		}
		switch right := e.Args[1].(type) {
		case *Const:
			if !right.Value.IsNull() {
				return columnIntConst(op, slot, right.Value.Int()), nil
			}
		case *Column:
			other, err := c.slot(right)
			if err != nil {
				return nil, err
			}
			return columnIntColumn(op, slot, other), nil
		}
	}
	args, err := c.all(e.Args)
	if err != nil {
		return nil, err
	}
	if first, rest, ok := c.knownFirst(e.Args); ok {
		early, err := c.early(e.Args, rest)
		return callKnownFirst(compareImpl(op), args, first, rest, early), err
	}
	left, right := args[0], args[1]
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		a, err := left(ctx, row)
		if err != nil {
			return types.Null, err
		}
		b, err := right(ctx, row)
		if err != nil || a.IsNull() || b.IsNull() {
			return types.Null, err
		}
		return types.Bool(op.Holds(a.Int(), b.Int())), nil
	}, nil
}

func compareImpl(op CompareOp) impl {
	return func(_ *Context, a []types.Datum) (types.Datum, error) {
		return types.Bool(op.Holds(a[0].Int(), a[1].Int())), nil
	}
}

func columnIntConst(op CompareOp, slot int, k int64) Eval {
	return func(_ *Context, row []types.Datum) (types.Datum, error) {
		v := row[slot]
		if v.IsNull() {
			return types.Null, nil
		}
		return types.Bool(op.Holds(v.Int(), k)), nil
	}
}

func columnIntColumn(op CompareOp, a, b int) Eval {
	return func(_ *Context, row []types.Datum) (types.Datum, error) {
		x, y := row[a], row[b]
		if x.IsNull() || y.IsNull() {
			return types.Null, nil
		}
		return types.Bool(op.Holds(x.Int(), y.Int())), nil
	}
}

// Apply calls f with the given arguments, minding strictness. For calls in
// loops over rows, compile the call instead.
func Apply(ctx *Context, f *Function, args ...types.Datum) (types.Datum, error) {
	fn, err := implementation(f)
	if err != nil {
		return types.Null, err
	}
	if f.Strict {
		for _, a := range args {
			if a.IsNull() {
				return types.Null, nil
			}
		}
	}
	return fn(ctx, args)
}
