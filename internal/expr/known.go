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

// early computes the largest parts of some expressions that PostgreSQL computes
// before the plan runs, whatever the plan needs, for their errors. nil is none.
func (c *compiler) early(list []Expr, positions []int) (Eval, error) {
	var parts []Eval
	for _, i := range positions {
		part, err := c.earlyOf(list[i])
		if err != nil {
			return nil, err
		}
		if part != nil {
			parts = append(parts, part)
		}
	}
	return inTurn(parts), nil
}

// earlyOf is early of one expression. It is kept: every call of a long chain asks
// for that of all below it.
func (c *compiler) earlyOf(e Expr) (eval Eval, err error) {
	if harmless(e) {
		return nil, nil
	}
	if eval, ok := c.earlies[e]; ok {
		return eval, nil
	}
	if c.known(e) {
		eval, err = c.compile(e)
	} else {
		var parts []Expr
		Children(e, func(part Expr) { parts = append(parts, part) })
		eval, err = c.early(parts, positions(parts))
	}
	if err == nil {
		c.earlies[e] = eval
	}
	return eval, err
}

// positions are all positions of a list.
func positions(list []Expr) []int {
	out := make([]int, len(list))
	for i := range out {
		out[i] = i
	}
	return out
}

// inTurn computes parts one after the other; its value means nothing.
func inTurn(parts []Eval) Eval {
	switch len(parts) {
	case 0:
		return nil
	case 1:
		return parts[0]
	}
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		for _, part := range parts {
			if _, err := part(ctx, row); err != nil {
				return types.Null, err
			}
		}
		return types.Null, nil
	}
}

// callKnownFirst is callN of a strict function that is NULL, without computing
// its other arguments, when one of the known ones is: nothing but the early
// parts of these, for their errors.
func callKnownFirst(fn impl, args []Eval, first, rest []int, early Eval) Eval {
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		ctx.own()
		base := len(ctx.stack)
		null, err := ctx.push(args, first, row, base)
		if null && err == nil && early != nil {
			_, err = early(ctx, row)
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
