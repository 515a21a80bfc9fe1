// Package rewrite turns a bound plan into an equivalent one that is cheaper to
// run, without knowing where rows are.
//
//	rewrite.go  Rewrite: the order of the rewrites; expressions over literals become literals
//	cte.go      WITH queries that are used once take the place of their use
//	subquery.go EXISTS, IN and their negations become semi and anti joins
//	lateral.go  lateral joins become plain ones
//	outer.go    outer joins whose NULLs are thrown away become inner ones
//	push.go     conditions move down to where their columns come from; equalities spread
//	shape.go    projections merge and rise over LIMIT; a sort learns how many rows are wanted
//	prune.go    columns that nobody asks for are not made
//	columns.go  sets of columns, and which of them an expression uses
//
// Each rewrite says what it did and why; plans in tests and EXPLAIN (VERBOSE)
// show it.
package rewrite

import (
	"fmt"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// Rewrite returns the rewritten statement and the reasons. st is not changed.
// interrupted, if it is not nil, is asked now and then for the error to stop with.
func Rewrite(env *types.Env, st *plan.Statement, interrupted func() error) (*plan.Statement, []string, error) {
	out := *st
	r := &rewriter{env: env, st: &out, steps: plan.Steps{Interrupted: interrupted}}
	root, err := r.tree(st.Root)
	if err != nil {
		return nil, nil, err
	}
	out.Root = r.prune(root)
	return &out, r.reasons, nil
}

type rewriter struct {
	env     *types.Env
	st      *plan.Statement
	reasons []string
	steps   plan.Steps
}

// because notes a rewrite.
func (r *rewriter) because(format string, args ...any) {
	if reason := fmt.Sprintf(format, args...); !slices.Contains(r.reasons, reason) {
		r.reasons = append(r.reasons, reason)
	}
}

// tree applies all rewrites but pruning to a tree, and to the plans inside of
// its expressions.
func (r *rewriter) tree(n plan.Node) (plan.Node, error) {
	n, err := r.inner(n)
	if err != nil {
		return nil, err
	}
	for _, step := range []func(plan.Node) (plan.Node, error){r.inline, r.unnest, r.lateral, r.reduceOuter, r.pushDown, r.shape} {
		if err = r.steps.Take(1); err != nil {
			return nil, err
		}
		if n, err = step(n); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// inner folds expressions and rewrites the plans inside of them.
func (r *rewriter) inner(n plan.Node) (plan.Node, error) {
	return plan.Rebuild(n, func(n plan.Node) (plan.Node, error) {
		return plan.MapExprs(n, func(e expr.Expr) (expr.Expr, error) {
			if err := r.steps.Take(1); err != nil {
				return nil, err
			}
			return plan.MapSubplans(r.fold(e), r.tree)
		})
	})
}

func (r *rewriter) fold(e expr.Expr) expr.Expr { return expr.Fold(r.env, e) }
