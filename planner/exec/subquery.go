package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// subquery is the run-time state of a subquery in an expression. A correlated
// one is run again for each row; of others the result is kept until the
// operator is opened again.
type subquery struct {
	run    *run
	expr   *expr.Subquery
	plan   *plan.SubPlan
	op     operator
	args   *scope
	test   *scope // of ANY and ALL, over the outer row and then the subquery's
	wide   Row
	width  int // of the outer row
	known  bool
	value  types.Datum
	rows   *store // of ANY and ALL, kept
	loaded bool
	// left, of an uncorrelated `left = ANY`, is looked up among the values.
	left   *scope
	values *keySet
	null   bool // a NULL is among them
}

// subquery evaluates e for a row of the scope's layout: the hook of expr.Context.
func (s *scope) subquery(ctx context.Context, e *expr.Subquery, row []types.Datum) (types.Datum, error) {
	q := s.states[e]
	if q == nil {
		var err error
		if q, err = s.newSubquery(e); err != nil {
			return types.Null, err
		}
		if s.states == nil {
			s.states = map[*expr.Subquery]*subquery{}
		}
		s.states[e] = q
	}
	return q.evaluate(ctx, row)
}

func (s *scope) newSubquery(e *expr.Subquery) (*subquery, error) {
	p, ok := e.Plan.(*plan.SubPlan)
	if !ok {
		return nil, pgerr.Internal("subquery without a plan that can run")
	}
	q := &subquery{run: s.run, expr: e, plan: p, width: len(s.cols)}
	var err error
	if q.op, err = s.run.build(p.Root); err != nil {
		return nil, err
	}
	s.run.subqueries = append(s.run.subqueries, q)
	list := make([]expr.Expr, len(p.Args))
	for i, a := range p.Args {
		list[i] = a.Value
	}
	if q.args, err = s.run.scope(s.cols, list...); err != nil {
		return nil, err
	}
	if e.Test == nil {
		return q, nil
	}
	inner := p.Root.Columns()
	all := append(s.cols[:len(s.cols):len(s.cols)], inner...)
	q.wide = make(Row, len(all))
	if left := hashable(e, inner); left != nil && len(p.Args) == 0 {
		q.values = newKeySet(s.run, typesOf(inner))
		q.left, err = s.run.scope(s.cols, left)
		return q, err
	}
	q.rows = newStore(s.run, typesOf(inner))
	q.test, err = s.run.scope(all, e.Test)
	return q, err
}

// hashable returns the left side of a test `left = column` over the only
// column of the subquery; nil for any other test.
func hashable(e *expr.Subquery, inner []plan.Column) expr.Expr {
	c, ok := e.Test.(*expr.Call)
	if !ok || e.Kind != expr.SubqueryAny || len(inner) != 1 || !c.IsEquality() || !c.Func.Strict {
		return nil
	}
	right, ok := c.Args[1].(*expr.Column)
	if !ok || right.ID != inner[0].ID || c.Args[0].Type() != right.T || expr.HasVolatile(c.Args[0]) {
		return nil
	}
	return c.Args[0]
}

// among is `left = ANY (values)`.
func (q *subquery) among(ctx context.Context, row Row) (types.Datum, error) {
	if !q.loaded {
		err := drain(ctx, q.op, func(rows []Row) error {
			for _, inner := range rows {
				if inner[0].IsNull() {
					q.null = true
				} else if _, err := q.values.add(inner); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return types.Null, err
		}
		q.loaded = true
	}
	if err := q.left.begin(ctx); err != nil {
		return types.Null, err
	}
	v, err := q.left.value(0, row)
	switch {
	case err != nil || q.values.size == 0 && !q.null:
		return types.False, err
	case v.IsNull():
		return types.Null, nil
	}
	p, err := q.values.find(Row{v})
	switch {
	case err != nil:
		return types.Null, err
	case p.found():
		return types.True, nil
	case q.null:
		return types.Null, nil
	}
	return types.False, nil
}

// forget drops what was kept.
func (q *subquery) forget() {
	q.known, q.loaded, q.null = false, false, false
	if q.values != nil {
		q.values.close()
	}
	if q.rows != nil {
		q.rows.close()
	}
}

func (q *subquery) evaluate(ctx context.Context, row Row) (types.Datum, error) {
	if len(q.plan.Args) > 0 {
		if err := q.args.begin(ctx); err != nil {
			return types.Null, err
		}
		if err := q.args.setArgs(q.plan.Args, row); err != nil {
			return types.Null, err
		}
		q.forget()
	}
	if q.left != nil {
		return q.among(ctx, row)
	}
	if q.test != nil {
		return q.quantified(ctx, row)
	}
	if !q.known {
		value := q.single
		if q.expr.Kind == expr.SubqueryArray {
			value = q.array
		}
		v, err := value(ctx)
		if err != nil {
			return types.Null, err
		}
		q.value, q.known = v, true
	}
	return q.value, nil
}

// single runs a subquery whose value does not depend on the left side of a test.
func (q *subquery) single(ctx context.Context) (v types.Datum, err error) {
	defer func() {
		if e := q.op.close(); err == nil {
			err = e
		}
	}()
	if err := q.op.open(ctx); err != nil {
		return types.Null, err
	}
	if q.expr.Kind == expr.SubqueryExists {
		rows, err := q.op.next(ctx)
		return types.Bool(len(rows) > 0), err
	}
	return q.scalar(ctx)
}

func (q *subquery) scalar(ctx context.Context) (types.Datum, error) {
	v, count := types.Null, 0
	for {
		rows, err := q.op.next(ctx)
		if err != nil || len(rows) == 0 {
			return v, err
		}
		if count += len(rows); count > 1 {
			return types.Null, pgerr.New(pgerr.CardinalityViolation, "more than one row returned by a subquery used as an expression")
		}
		v = rows[0][0]
	}
}

// array is ARRAY(SELECT …): an array of what the rows have, or arrays stacked.
func (q *subquery) array(ctx context.Context) (types.Datum, error) {
	var elems []types.Datum
	var stacked types.ArrayBuilder
	var size types.ArraySize
	arrays := q.plan.Root.Columns()[0].Type == q.expr.T
	err := drain(ctx, q.op, func(rows []Row) error {
		for _, row := range rows {
			add := size.Add
			if arrays {
				add = stacked.Add
			} else {
				elems = append(elems, row[0])
			}
			if err := add(row[0]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return types.Null, err
	}
	if a := stacked.Array(q.expr.T.Base().Elem); a != nil {
		return types.ArrayDatum(a), nil
	}
	return types.ArrayDatum(types.NewArray(q.expr.T.Base().Elem, elems)), nil
}

// quantified is ANY or ALL: true (false) for any row decides; else a NULL
// among the tests makes NULL of false (true).
func (q *subquery) quantified(ctx context.Context, row Row) (types.Datum, error) {
	if !q.loaded {
		err := drain(ctx, q.op, func(rows []Row) error { return q.rows.add(rows...) })
		if err != nil {
			return types.Null, err
		}
		q.loaded = true
	}
	if err := q.test.begin(ctx); err != nil {
		return types.Null, err
	}
	copy(q.wide, row[:q.width])
	decisive, result := q.expr.Kind == expr.SubqueryAny, types.Bool(q.expr.Kind == expr.SubqueryAll)
	reader := q.rows.reader()
	for {
		rows, err := reader.next()
		if err != nil || len(rows) == 0 {
			return result, err
		}
		for _, inner := range rows {
			copy(q.wide[q.width:], inner)
			v, err := q.test.value(0, q.wide)
			if err != nil {
				return types.Null, err
			}
			if v.IsNull() {
				result = types.Null
			} else if v.Bool() == decisive {
				return types.Bool(decisive), nil
			}
		}
	}
}
