package expr

import "github.com/pegmatitedb/pegmatite/internal/types"

// PostgreSQL computes what needs no row, and no function that is not immutable,
// before it runs a plan (eval_const_expressions; parameters are known by then):
// such a part's error comes before all others, and its NULL or its truth can
// save the rest of a call or of an AND from being computed at all. A plan that
// many executions share knows no parameters; so each call and each condition
// computes the parts first that are known in that sense, and then the others.

// knower remembers of which expressions it has answered.
type knower map[Expr]bool

// known reports whether PostgreSQL would know e's value before the plan runs.
func (k knower) known(e Expr) bool {
	switch e := e.(type) {
	case *Const, *Param:
		return true
	case *Column, *Subquery, *AggregateCall, *CaseArg, *DomainValue:
		return false
	case *Call:
		if e.Func.ReturnsSet {
			return false
		}
	}
	if answer, ok := k[e]; ok {
		return answer
	}
	answer := volatility(e) == Immutable
	Children(e, func(part Expr) { answer = answer && k.known(part) })
	k[e] = answer
	return answer
}

// mayFailEarly reports whether PostgreSQL would compute part of e before the plan runs.
func (k knower) mayFailEarly(e Expr) bool {
	return Any(e, func(part Expr) bool { return !harmless(part) && k.known(part) })
}

// harmless reports whether computing e cannot fail and costs nothing.
func harmless(e Expr) bool {
	switch e.(type) {
	case *Column, *Const, *Param:
		return true
	}
	return false
}

// knownFirst are the positions of a list's known parts, and of the others; ok is
// false where the order does not matter: all are known, or none is, or what is
// not cannot fail.
func (k knower) knownFirst(list []Expr) (first, rest []int, ok bool) {
	risky := false
	for i, e := range list {
		switch {
		case k.known(e):
			first = append(first, i)
		default:
			rest = append(rest, i)
			risky = risky || !harmless(e)
		}
	}
	return first, rest, risky && len(first) > 0
}

// early are the largest parts of some expressions that PostgreSQL computes before
// the plan runs, whatever the plan needs.
func (c *compiler) early(list []Expr, positions []int) (out []Eval, err error) {
	for _, i := range positions {
		Walk(list[i], func(part Expr) bool {
			if harmless(part) || !c.known(part) || err != nil {
				return err == nil
			}
			var eval Eval
			eval, err = c.compile(part)
			out = append(out, eval)
			return false
		})
	}
	return out, err
}

// callKnownFirst is callN of a strict function that is NULL, without computing
// its other arguments, when one of the known ones is: nothing but the early
// parts of these, for their errors.
func callKnownFirst(fn impl, args []Eval, first, rest []int, early []Eval) Eval {
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		ctx.own()
		base := len(ctx.stack)
		null, err := ctx.push(args, first, row, base)
		for i := 0; null && err == nil && i < len(early); i++ {
			_, err = early[i](ctx, row)
		}
		if err == nil && !null {
			null, err = ctx.push(args, rest, row, base)
		}
		if err != nil || null {
			ctx.stack = ctx.stack[:base]
			return types.Null, err
		}
		given := ctx.stack[base : base+len(args) : base+len(args)]
		value := given[0]
		r, err := fn(ctx, given)
		ctx.stack = ctx.stack[:base]
		return ctx.called(value, r, err)
	}
}

// push computes the arguments at some positions onto their places of the stack,
// which begin at base; null reports whether one is NULL.
func (ctx *Context) push(args []Eval, positions []int, row []types.Datum, base int) (null bool, err error) {
	for len(ctx.stack) < base+len(args) {
		ctx.stack = append(ctx.stack, types.Null)
	}
	for _, i := range positions {
		v, err := args[i](ctx, row)
		if err != nil {
			return false, err
		}
		null = null || v.IsNull()
		ctx.stack[base+i] = v
	}
	return null, nil
}
