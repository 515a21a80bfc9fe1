package expr

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Fold replaces what does not depend on rows, parameters or the session by its
// value: calls of immutable functions with literal arguments, and conditions
// that a literal decides. What fails stays as it is: the error is the
// execution's, if it gets there at all. env may not be nil.
func Fold(env *types.Env, e Expr) Expr {
	f := folder{&Context{Env: env}, knower{}}
	r, err := f.fold(e)
	if err != nil {
		return e
	}
	return r
}

type folder struct {
	ctx *Context
	knower
}

// fold is not Map, because below a Case or Coalesce that a literal decides
// nothing else may be looked at.
func (f *folder) fold(e Expr) (Expr, error) {
	if e == nil {
		return nil, nil
	}
	switch n := e.(type) {
	case *Const, *Param, *Column, *Subquery, *CaseArg, *DomainValue:
		return e, nil
	case *Case:
		return f.caseNode(n)
	}
	e, err := MapChildren(e, f.fold)
	if err != nil {
		return nil, err
	}
	switch n := e.(type) {
	case *Logic:
		return foldLogic(n), nil
	case *Coalesce:
		return foldCoalesce(n), nil
	case *AggregateCall, *WindowCall, *RowExpr:
		return e, nil
	case *Cast:
		if c, ok := n.Arg.(*Const); ok && c.Value.IsNull() && n.Guard == nil && n.Form != CastDomain && (n.Func == nil || n.Func.Strict) {
			return &Const{Typed: n.Typed, Value: types.Null}, nil // whatever its input function promises
		}
	case *NullIf:
		if r := f.nullIf(n); r != nil {
			return r, nil
		}
	case *Call:
		if r := f.nullCall(n); r != nil {
			return r, nil
		}
	}
	return f.evaluate(e), nil
}

// evaluate computes a node over literals.
func (f *folder) evaluate(e Expr) Expr {
	literal := true
	Children(e, func(c Expr) {
		if _, ok := c.(*Const); !ok {
			literal = false
		}
	})
	if !literal || !IsConst(e) || e.Type() == types.TRecord || e.Type() == types.TRecordArray {
		return e // a literal record does not tell what its fields are
	}
	v, err := EvalConst(f.ctx, e)
	if err != nil {
		return e
	}
	return &Const{Typed: Typed{e.Type(), e.Typmod()}, Value: v}
}

// nullCall: a strict function with a literal NULL is NULL, whatever the other
// arguments are, as long as computing them has no effect; nil is not so.
func (f *folder) nullCall(e *Call) Expr {
	if !e.Func.Strict || e.Func.ReturnsSet || !slices.ContainsFunc(e.Args, isNullConst) {
		return nil // most calls, so that a long chain of them is not walked at each
	}
	if HasVolatile(e) || HasSubquery(e) || slices.ContainsFunc(e.Args, f.mayFailEarly) {
		return nil
	}
	return &Const{Typed: e.Typed, Value: types.Null}
}

func isNullConst(e Expr) bool {
	c, ok := e.(*Const)
	return ok && c.Value.IsNull()
}

// nullIf: with a literal NULL nothing is compared, the first argument is the
// answer; nil is not so.
func (f *folder) nullIf(e *NullIf) Expr {
	for i, a := range []Expr{e.A, e.B} {
		other := []Expr{e.B, e.A}[i]
		if c, ok := a.(*Const); ok && c.Value.IsNull() && !HasVolatile(other) && !HasSubquery(other) && !f.mayFailEarly(other) {
			if i == 0 {
				return &Const{Typed: e.Typed, Value: types.Null}
			}
			return e.A
		}
	}
	return nil
}

// foldLogic drops the arguments that cannot matter.
func foldLogic(e *Logic) Expr {
	if e.Op == Not {
		return foldNot(e)
	}
	decisive := e.Op == Or
	kept := make([]Expr, 0, len(e.Args))
	for _, a := range e.Args {
		c, ok := a.(*Const)
		switch {
		case !ok || c.Value.IsNull():
			kept = append(kept, a)
		case c.Value.Bool() == decisive:
			return c
		}
	}
	switch {
	case len(kept) == 0:
		return NewConst(types.TBool, types.Bool(!decisive))
	case len(kept) == len(e.Args):
		return foldNulls(e)
	case len(kept) == 1:
		return kept[0]
	}
	return foldNulls(&Logic{Op: e.Op, Args: kept})
}

// foldNulls: NULL AND NULL is NULL.
func foldNulls(e *Logic) Expr {
	for _, a := range e.Args {
		if c, ok := a.(*Const); !ok || !c.Value.IsNull() {
			return e
		}
	}
	return e.Args[0]
}

func foldNot(e *Logic) Expr {
	c, ok := e.Args[0].(*Const)
	if !ok {
		return e
	}
	if c.Value.IsNull() {
		return c
	}
	return NewConst(types.TBool, types.Bool(!c.Value.Bool()))
}

func foldCoalesce(e *Coalesce) Expr {
	kept := make([]Expr, 0, len(e.Args))
	for _, a := range e.Args {
		c, ok := a.(*Const)
		if ok && c.Value.IsNull() {
			continue
		}
		kept = append(kept, a)
		if ok {
			break
		}
	}
	switch {
	case len(kept) == 0:
		return &Const{Typed: e.Typed, Value: types.Null}
	case len(kept) == len(e.Args):
		return e
	case len(kept) == 1:
		return kept[0]
	}
	return &Coalesce{Typed: e.Typed, Args: kept}
}

// caseNode folds a Case arm by arm: arms that cannot be reached are dropped
// before anything in them is computed.
func (f *folder) caseNode(e *Case) (Expr, error) {
	c := *e
	var err error
	if c.Arg, err = f.fold(e.Arg); err != nil {
		return nil, err
	}
	c.Arms = nil
	for _, arm := range e.Arms {
		cond := arm.Cond
		if known, ok := c.Arg.(*Const); ok {
			cond = bindCaseArg(cond, known)
		}
		if cond, err = f.fold(cond); err != nil {
			return nil, err
		}
		k, literal := cond.(*Const)
		if literal && !k.Value.IsTrue() {
			continue
		}
		result, err := f.fold(arm.Result)
		if err != nil {
			return nil, err
		}
		if literal {
			c.Else = result
			return finishCase(&c), nil
		}
		c.Arms = append(c.Arms, When{cond, result})
	}
	if c.Else, err = f.fold(e.Else); err != nil {
		return nil, err
	}
	return finishCase(&c), nil
}

func finishCase(c *Case) Expr {
	if len(c.Arms) > 0 {
		return c
	}
	if c.Else == nil {
		return &Const{Typed: c.Typed, Value: types.Null}
	}
	return c.Else
}

// bindCaseArg puts a known value in place of the innermost CaseArg; an inner
// Case with an argument of its own keeps its own.
func bindCaseArg(e Expr, known *Const) Expr {
	return Replace(e, func(e Expr) Expr {
		switch e := e.(type) {
		case *CaseArg:
			return known
		case *Case:
			if e.Arg != nil {
				c := *e
				c.Arg = bindCaseArg(e.Arg, known)
				return &c
			}
		}
		return nil
	})
}
