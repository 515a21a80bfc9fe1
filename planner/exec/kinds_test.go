package exec

import (
	"bytes"
	"strconv"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// joined is an aggregate that joins its argument's digits; its result depends
// on the order of rows.
type joined struct {
	expr.Accumulator
	out bytes.Buffer
}

func (a *joined) Add(args []types.Datum) error {
	if a.out.Len() > 0 {
		a.out.WriteByte(',')
	}
	a.out.WriteString(strconv.FormatInt(args[0].Int(), 10))
	return nil
}

func (a *joined) Result() (types.Datum, error) { return types.Text(a.out.String()), nil }

// counted counts rows.
type counted struct {
	expr.Accumulator
	n int64
}

func (a *counted) Add([]types.Datum) error { a.n++; return nil }

func (a *counted) Result() (types.Datum, error) { return types.Int(a.n), nil }

func joinedCall(arg expr.Expr) *expr.AggregateCall {
	return &expr.AggregateCall{Typed: expr.Typed{T: types.TText, Mod: -1}, Args: []expr.Expr{arg}, Agg: &expr.Aggregate{
		Name: "joined", Ordered: true, New: func(*expr.Context) expr.Accumulator { return &joined{} },
	}}
}

// rankedCall is an ordered-set aggregate: its direct argument, the number of rows, and the rows.
func rankedCall(arg, direct expr.Expr) *expr.AggregateCall {
	return &expr.AggregateCall{
		Typed: expr.Typed{T: types.TText, Mod: -1}, Direct: []expr.Expr{direct},
		Args: []expr.Expr{arg}, Order: []expr.SortKey{{Expr: arg, Desc: true}},
		Agg: &expr.Aggregate{Name: "set", Strict: true, Ordered: true, Set: func(_ *expr.Context, s expr.OrderedSet) (expr.Accumulator, error) {
			a := &joined{}
			a.out.WriteString(s.Direct[0].Text() + " " + strconv.FormatInt(s.Rows, 10))
			return a, nil
		}},
	}
}

func countedCall(arg expr.Expr) *expr.AggregateCall {
	return &expr.AggregateCall{Typed: expr.Typed{T: types.TInt8, Mod: -1}, Args: []expr.Expr{arg}, Agg: &expr.Aggregate{
		Name: "counted", Strict: true, New: func(*expr.Context) expr.Accumulator { return &counted{} },
	}}
}

// int8Function is an operator over two bigints.
func int8Function(name string, f func(a, b int64) types.Datum, result *types.Type) *expr.Function {
	return &expr.Function{
		Name: name, Args: []*types.Type{types.TInt8, types.TInt8}, Result: result, Strict: true, Volatility: expr.Immutable,
		Impl: func(_ *expr.Context, a []types.Datum) (types.Datum, error) { return f(a[0].Int(), a[1].Int()), nil },
	}
}

func operation(op string, f *expr.Function, a, b expr.Expr) expr.Expr {
	c := expr.NewCall(f, a, b)
	c.Operator = op
	return c
}

func equals(a, b expr.Expr) expr.Expr {
	return operation("=", int8Function("int8eq", func(a, b int64) types.Datum { return types.Bool(a == b) }, types.TBool), a, b)
}

// made is an operator over inputs, as the tests of all operators want it.
type made struct {
	name   string
	inputs int
	make   func(r *run, in []*input) (operator, error)
}

// over makes the operator of n, whose leaves it has read from the inputs.
func over(r *run, n plan.Node, in []*input) (operator, error) {
	op, err := r.operator(n)
	if err != nil {
		return nil, err
	}
	switch op := op.(type) {
	case *sorter:
		op.input = in[0]
	case *distinct:
		op.input = in[0]
	case *aggregate:
		op.input = in[0]
	case *window:
		op.input = in[0]
	case *filter:
		op.input = in[0]
	case *limit:
		op.input = in[0]
	case *project:
		op.input = in[0]
	case *setOp:
		op.left, op.right = in[0], in[1]
	case *hashJoin:
		op.left, op.right = in[0], in[1]
	case *loopJoin:
		op.left, op.right = in[0], in[1]
	case *lookupJoin:
		op.left = in[0]
	}
	return op, nil
}

func node(name string, inputs int, n func(l, r []plan.Column) plan.Node) made {
	return made{name, inputs, func(r *run, in []*input) (operator, error) { return over(r, n(pair(1), pair(11)), in) }}
}

var joinKinds = map[string]plan.JoinKind{
	"inner": plan.JoinInner, "left": plan.JoinLeft, "full": plan.JoinFull, "semi": plan.JoinSemi, "anti": plan.JoinAnti,
}

func join(kind plan.JoinKind, method plan.JoinMethod) func(l, r []plan.Column) plan.Node {
	return func(l, r []plan.Column) plan.Node {
		n := &plan.Join{Kind: kind, Left: leaf(l), Right: leaf(r), Method: method}
		if method == plan.JoinHash {
			n.HashLeft, n.HashRight = []expr.Expr{col(l[0])}, []expr.Expr{col(r[0])}
		} else if kind != plan.JoinFull {
			n.Rest = equals(col(l[0]), col(r[0]))
		}
		return n
	}
}

func setOperation(kind plan.SetKind, all bool) func(l, r []plan.Column) plan.Node {
	return func(l, r []plan.Column) plan.Node {
		return &plan.SetOp{Kind: kind, All: all, Left: leaf(l), Right: leaf(r), Cols: l}
	}
}

func grouped(calls ...func(arg expr.Expr) *expr.AggregateCall) func(l, r []plan.Column) plan.Node {
	return func(l, _ []plan.Column) plan.Node {
		n := &plan.Aggregate{Input: leaf(l), Groups: []expr.Expr{col(l[1])}}
		for _, call := range calls {
			n.Aggs = append(n.Aggs, call(col(l[0])))
		}
		return n
	}
}

// operators are all that read other operators.
func operators() []made {
	list := []made{
		node("sort", 1, func(l, _ []plan.Column) plan.Node {
			return &plan.Sort{Input: leaf(l), Keys: []expr.SortKey{{Expr: col(l[1]), Desc: true}}}
		}),
		node("distinct", 1, func(l, _ []plan.Column) plan.Node { return &plan.Distinct{Input: leaf(l)} }),
		node("distinct on", 1, func(l, _ []plan.Column) plan.Node {
			return &plan.Distinct{Input: leaf(l), On: []expr.Expr{col(l[0])}}
		}),
		node("filter", 1, func(l, _ []plan.Column) plan.Node {
			return &plan.Filter{Input: leaf(l), Cond: equals(col(l[0]), expr.NewConst(types.TInt8, types.Int(3)))}
		}),
		node("limit", 1, func(l, _ []plan.Column) plan.Node {
			return &plan.Limit{Input: leaf(l), Offset: expr.NewConst(types.TInt8, types.Int(10))}
		}),
		node("project", 1, func(l, _ []plan.Column) plan.Node {
			return &plan.Project{Input: leaf(l), Exprs: []expr.Expr{col(l[1])}, Cols: l[1:]}
		}),
		node("aggregate", 1, grouped(countedCall, joinedCall)),
		node("aggregate of distinct rows", 1, grouped(func(arg expr.Expr) *expr.AggregateCall {
			c := countedCall(arg)
			c.Distinct = true
			return c
		})),
		node("aggregate of an ordered set", 1, func(l, _ []plan.Column) plan.Node {
			n := grouped(countedCall)(l, nil).(*plan.Aggregate)
			n.Cols = []plan.Column{{ID: 21, Name: "key", Type: l[1].Type, Typmod: -1}}
			n.Aggs = append(n.Aggs, rankedCall(col(l[0]), col(n.Cols[0])))
			return n
		}),
		node("aggregate of grouping sets", 1, func(l, _ []plan.Column) plan.Node {
			n := grouped(countedCall, joinedCall)(l, nil).(*plan.Aggregate)
			n.Groups = append(n.Groups, col(l[0]))
			n.Sets, n.Groupings = [][]int{{0, 1}, {1}, {}}, [][]int{{0, 1}, {1}}
			return n
		}),
		node("union all", 2, setOperation(plan.Union, true)), node("union", 2, setOperation(plan.Union, false)),
		node("intersect all", 2, setOperation(plan.Intersect, true)), node("intersect", 2, setOperation(plan.Intersect, false)),
		node("except all", 2, setOperation(plan.Except, true)), node("except", 2, setOperation(plan.Except, false)),
	}
	for _, name := range []string{"that grows", "of groups"} { // TestWindowFrames has the others
		list = append(list, node("window "+name, 1, windowOver(windowFrames()[name])))
	}
	for name, kind := range joinKinds {
		list = append(list, node("hash join "+name, 2, join(kind, plan.JoinHash)), node("loop join "+name, 2, join(kind, plan.JoinLoop)))
	}
	return list
}
