package builtin

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

func typesOf(list []expr.Expr) []*types.Type {
	out := make([]*types.Type, len(list))
	for i, e := range list {
		out[i] = e.Type()
	}
	return out
}

// Operator makes the call that `left name right` means; left is nil for a
// prefix operator.
func (c *Coercer) Operator(name string, left, right expr.Expr) (*expr.Call, error) {
	args := []expr.Expr{right}
	var leftType *types.Type
	if left != nil {
		args, leftType = []expr.Expr{left, right}, left.Type()
	}
	op, err := c.Lib.ResolveOperator(name, leftType, right.Type())
	if err != nil {
		return nil, err
	}
	fn, declared, result, err := c.bindOperator(op, typesOf(args))
	if err != nil {
		return nil, err
	}
	for i := range args {
		if args[i], err = c.Coerce(args[i], declared[i], -1, Implicit); err != nil {
			return nil, err
		}
	}
	return &expr.Call{Typed: expr.Typed{T: result, Mod: -1}, Func: fn, Args: args, Operator: name}, nil
}

// bindOperator is an operator's function for operands of the given types, with
// the types that the operands must be coerced to.
func (c *Coercer) bindOperator(op *Operator, actual []*types.Type) (fn *expr.Function, declared []*types.Type, result *types.Type, err error) {
	operands := []*types.Type{op.Right}
	if op.Left != nil {
		operands = []*types.Type{op.Left, op.Right}
	}
	declared, result, err = c.Lib.resolvePolymorphic(actual, operands, op.Result)
	if err != nil {
		return nil, nil, nil, err
	}
	return bindFunction(op.Func, declared, result), declared, result, nil
}

// AnyAll makes `left op ANY|ALL (array)`. The right side must be of an array
// type, or an unknown literal that becomes one.
func (c *Coercer) AnyAll(name string, left, array expr.Expr, all bool) (*expr.AnyAll, error) {
	elem := array.Type()
	if elem != types.TUnknown {
		if elem = elem.Base().Elem; elem == nil {
			return nil, pgerr.New(pgerr.WrongObjectType, "op ANY/ALL (array) requires array on right side")
		}
	}
	op, err := c.Lib.ResolveOperator(name, left.Type(), elem)
	if err != nil {
		return nil, err
	}
	fn, declared, result, err := c.bindOperator(op, []*types.Type{left.Type(), elem})
	if err != nil {
		return nil, err
	}
	if result != types.TBool {
		return nil, pgerr.New(pgerr.WrongObjectType, "op ANY/ALL (array) requires operator to yield boolean")
	}
	if declared[1].Array == nil {
		return nil, errNoArrayType(declared[1])
	}
	if left, err = c.Coerce(left, declared[0], -1, Implicit); err != nil {
		return nil, err
	}
	if array, err = c.Coerce(array, declared[1].Array, -1, Implicit); err != nil {
		return nil, err
	}
	return &expr.AnyAll{All: all, Op: fn, Operator: name, Left: left, Array: array}, nil
}

// Resolve finds what a call with these arguments means, of which it sets the types.
func (c *Coercer) Resolve(call FunctionCall, args []expr.Expr) (*Resolution, error) {
	call.Args = typesOf(args)
	for _, a := range args {
		p, ok := a.(*expr.Param)
		call.Parameter = call.Parameter || ok && p.T == types.TUnknown && !(c.Lifted != nil && c.Lifted(p))
	}
	return c.Lib.ResolveFunction(call)
}

// Arguments coerces, orders and completes the written arguments of a resolved call.
func (c *Coercer) Arguments(r *Resolution, args []expr.Expr) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(r.Order))
	for i, from := range r.Order {
		var arg expr.Expr
		var err error
		if from >= 0 {
			arg = args[from]
		} else if arg, err = c.defaultArgument(r.Proc, i); err != nil {
			return nil, err
		}
		if out[i], err = c.Coerce(arg, r.Types[i], -1, Implicit); err != nil {
			return nil, c.located(arg, err)
		}
	}
	if r.PackType != nil {
		at := len(out) - r.Pack
		packed := &expr.ArrayExpr{Typed: expr.Typed{T: r.PackType, Mod: -1}, Elems: out[at:]}
		out = append(out[:at:at], packed)
	}
	return out, nil
}

// defaultArgument is the default of p's argument i: the rows have literals
// only, 'text'::type or a number or a boolean.
func (c *Coercer) defaultArgument(p *Proc, i int) (expr.Expr, error) {
	if p.Func != nil && p.Func.Routine && c.Default != nil {
		return c.Default(p, i)
	}
	s := p.Defaults[i-(len(p.Args)-len(p.Defaults))]
	if strings.HasPrefix(s, "'") {
		s = s[1:strings.LastIndex(s, "'")]
	}
	v, err := p.Args[i].Parse(c.Env, s, -1)
	if err != nil {
		return nil, err
	}
	return expr.NewConst(p.Args[i], v), nil
}

// Call makes the call of a plain function, or the cast that a type's name used
// as a function stands for. Aggregates and window functions are an error here:
// who allows them resolves first.
func (c *Coercer) Call(name string, args ...expr.Expr) (expr.Expr, error) {
	r, err := c.Resolve(FunctionCall{Name: name}, args)
	if err != nil {
		return nil, err
	}
	return c.FunctionCall(r, args)
}

// FunctionCall makes the call of a resolved plain function or cast.
func (c *Coercer) FunctionCall(r *Resolution, args []expr.Expr) (expr.Expr, error) {
	if r.Cast != nil {
		return c.Coerce(args[0], r.Cast, -1, Explicit)
	}
	fn := r.Function()
	if fn == nil {
		return nil, pgerr.Internal("%s is not a plain function", r.Proc.Name)
	}
	args, err := c.Arguments(r, args)
	if err != nil {
		return nil, err
	}
	return &expr.Call{Typed: expr.Typed{T: r.Result, Mod: -1}, Func: fn, Args: args, Variadic: r.VariadicAny}, nil
}

// WindowCall makes the call of a resolved window function, or of an aggregate
// over a window. FILTER and * the caller sets on it.
func (c *Coercer) WindowCall(r *Resolution, args []expr.Expr) (*expr.WindowCall, error) {
	if r.Proc.Window == nil {
		a, err := c.AggregateCall(r, args)
		if err != nil {
			return nil, err
		}
		return &expr.WindowCall{Typed: a.Typed, Agg: a.Agg, Args: a.Args}, nil
	}
	args, err := c.Arguments(r, args)
	if err != nil {
		return nil, err
	}
	return &expr.WindowCall{Typed: expr.Typed{T: r.Result, Mod: -1}, Func: r.Proc.Window, Args: args}, nil
}

// AggregateCall makes the call of a resolved aggregate. What belongs to its
// syntax (DISTINCT, FILTER, ORDER BY, *) the caller sets on it.
func (c *Coercer) AggregateCall(r *Resolution, args []expr.Expr) (*expr.AggregateCall, error) {
	args, err := c.Arguments(r, args)
	if err != nil {
		return nil, err
	}
	agg := r.Aggregate()
	if agg == nil || agg.New == nil && agg.Set == nil {
		return nil, pgerr.Unsupported("aggregate function %s", expr.Signature(r.Proc.Name, r.Proc.Args))
	}
	return &expr.AggregateCall{Typed: expr.Typed{T: r.Result, Mod: -1}, Agg: agg, Args: args}, nil
}
