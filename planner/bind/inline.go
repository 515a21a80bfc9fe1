package bind

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// A function in SQL whose body is one expression takes the place of its call,
// under PostgreSQL's conditions (inline_function in clauses.c): what it computes
// is then planned, and runs on the shards, as if it had been written there.

// inlineStatement puts the bodies of functions into a bound statement.
func (b *binder) inlineStatement(st *plan.Statement) (_ *plan.Statement, err error) {
	if !b.called {
		return st, nil
	}
	defer b.recover(&err)
	out := *st
	if out.Root, err = b.inlineTree(st.Root); err != nil {
		return nil, err
	}
	return &out, nil
}

func (b *binder) inlineTree(n plan.Node) (plan.Node, error) {
	return plan.Rebuild(n, func(n plan.Node) (plan.Node, error) {
		if f, ok := n.(*plan.TableFunction); ok {
			return b.inlineArguments(f)
		}
		return plan.MapExprs(n, func(e expr.Expr) (expr.Expr, error) {
			return plan.MapSubplans(b.inline(e), b.inlineTree)
		})
	})
}

// inlineArguments leaves the functions in FROM themselves as they are.
func (b *binder) inlineArguments(n *plan.TableFunction) (plan.Node, error) {
	c := *n
	c.Calls = slices.Clone(n.Calls)
	for i, call := range n.Calls {
		e, err := expr.MapChildren(call, func(e expr.Expr) (expr.Expr, error) {
			return plan.MapSubplans(b.inline(e), b.inlineTree)
		})
		if err != nil {
			return nil, err
		}
		c.Calls[i] = e.(*expr.Call)
	}
	return &c, nil
}

// inline is e with bodies for calls, as far as PostgreSQL puts them there.
func (b *binder) inline(e expr.Expr) expr.Expr {
	out, err := expr.Map(e, func(e expr.Expr) (expr.Expr, error) {
		c, ok := e.(*expr.Call)
		if !ok || !c.Func.Routine || c.Func.ReturnsSet {
			return e, nil
		}
		if body := b.inlineCall(c); body != nil {
			return body, nil
		}
		return e, nil
	})
	b.must(err, -1)
	return out
}

// maxInlined is how many functions deep bodies are put into each other; PostgreSQL
// has no such bound, and needs none where functions do not call themselves.
const maxInlined = 64

// inlineCall is what a call's function computes; nil where it stays a call.
func (b *binder) inlineCall(c *expr.Call) expr.Expr {
	f := b.env.Snapshot.FunctionByOID(c.Func.OID)
	if f == nil || f.Language != "sql" || f.Procedure || f.SecurityDefiner || len(f.Config) > 0 || c.T.OID == types.TRecord.OID ||
		len(f.Inputs()) != len(c.Args) || slices.Contains(b.inlining, f.OID) || len(b.inlining) >= maxInlined {
		return nil
	}
	body, err := b.simpleBody(f, c.Func)
	if err != nil {
		fail(InFunction(err, f.Body, fmt.Sprintf("SQL function \"%s\" during inlining", f.Name)))
	}
	if body == nil || !mayInline(f, body, c.Args) {
		return nil
	}
	b.inlining = append(b.inlining, f.OID)
	defer func() { b.inlining = b.inlining[:len(b.inlining)-1] }()
	return b.inline(expr.Replace(body, func(e expr.Expr) expr.Expr {
		if p, ok := e.(*expr.Param); ok {
			return c.Args[p.Index]
		}
		return nil
	}))
}

// simpleBody is the expression that a function's only statement selects, over its
// arguments as parameters and of its result's type; nil when it is no such function.
func (b *binder) simpleBody(f *catalog.Function, bound *expr.Function) (e expr.Expr, err error) {
	s, n, err := simpleQuery(f)
	if n == nil || err != nil {
		return nil, err
	}
	inner := newBinder(b.env, s, bound.Args)
	inner.routine = &routineText{BodyArguments(f), nil}
	inner.routine.value = func(_ *query, i int, location int32) expr.Expr {
		p := &expr.Param{Typed: expr.Typed{T: bound.Args[i], Mod: -1}, Index: i}
		inner.location[p] = location
		return p
	}
	inner.fromCatalog = f.SQLBody != ""
	defer inner.recover(&err)
	q := &query{b: inner}
	q.with(kindTarget, func() { e = q.expr(n) })
	if q.hasAgg || len(q.windowCalls) > 0 || expr.HasSet(e) || expr.HasSubquery(e) {
		return nil, nil
	}
	if e = q.text(e, -1); e.Type() != bound.Result {
		if !q.canCoerce(e.Type(), bound.Result, assigning) {
			return nil, nil // running it is the error
		}
		e = q.coerce(e, bound.Result, -1, assigning, -1)
	}
	b.called = b.called || inner.called
	b.coercer.ReadEnv, b.coercer.ReadNow = b.coercer.ReadEnv || inner.coercer.ReadEnv, b.coercer.ReadNow || inner.coercer.ReadNow
	b.labels = b.labels || inner.labels
	return e, nil
}

// BodyArguments are a function's arguments for its body.
func BodyArguments(f *catalog.Function) *Arguments {
	a := &Arguments{Function: f.Name, Kept: f.SQLBody != ""}
	for _, in := range f.Inputs() {
		a.Names = append(a.Names, in.Name)
	}
	return a
}

// BodyText is what a function in SQL runs.
func BodyText(f *catalog.Function) string {
	if f.SQLBody != "" {
		return f.SQLBody
	}
	return f.Body
}

// simpleQuery is the only item that the body selects, if that is all it does.
func simpleQuery(f *catalog.Function) (*sqlparse.Statement, *pg.Node, error) {
	list, err := sqlparse.ParseBody(BodyText(f))
	if err != nil || len(list) != 1 {
		return nil, nil, err
	}
	n := list[0].Node.GetSelectStmt()
	if n == nil || len(n.FromClause) > 0 || n.WhereClause != nil || len(n.GroupClause) > 0 || n.HavingClause != nil || len(n.WindowClause) > 0 ||
		len(n.DistinctClause) > 0 || len(n.SortClause) > 0 || n.LimitCount != nil || n.LimitOffset != nil || n.WithClause != nil ||
		n.Op != pg.SetOperation_SETOP_NONE || len(n.ValuesLists) > 0 || n.IntoClause != nil || len(n.LockingClause) > 0 || len(n.TargetList) != 1 {
		return nil, nil, nil
	}
	return list[0], n.TargetList[0].GetResTarget().GetVal(), nil
}

// mayInline are PostgreSQL's conditions on what the body computes, and on how
// often it names its arguments.
func mayInline(f *catalog.Function, body expr.Expr, args []expr.Expr) bool {
	switch {
	case f.Volatility == 'i' && expr.HasMutable(body), f.Volatility == 's' && expr.HasVolatile(body), f.Strict && expr.HasNonStrict(body):
		return false
	}
	uses := make([]int, len(args))
	expr.Walk(body, func(e expr.Expr) bool {
		if p, ok := e.(*expr.Param); ok {
			uses[p.Index]++
		}
		return true
	})
	for i, a := range args {
		switch {
		case uses[i] == 1:
		case uses[i] == 0 && f.Strict, expr.HasVolatile(a):
			return false
		case uses[i] > 1 && costly(a):
			return false
		}
	}
	return true
}

// maxRepeated is how many functions an argument may call that is to be computed
// more than once (10 * cpu_operator_cost in clauses.c).
const maxRepeated = 10

func costly(e expr.Expr) bool {
	n := 0
	expr.Walk(e, func(e expr.Expr) bool {
		switch e := e.(type) {
		case *expr.Call:
			if n++; e.Func.Routine {
				n += maxRepeated
			}
		case *expr.Cast:
			n++
		}
		return true
	})
	return n > maxRepeated || expr.HasSubquery(e)
}

// onShards is e for where no session is: with bodies for calls, which must be all.
func (b *binder) onShards(e expr.Expr) expr.Expr {
	if !b.called {
		return e
	}
	e = b.inline(e)
	expr.Walk(e, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Call); ok && c.Func.Routine {
			b.unsupported(-1, "function %s, which is not inlined, in a constraint", expr.Signature(c.Func.Name, c.Func.Args))
		}
		return true
	})
	return e
}
