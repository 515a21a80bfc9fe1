package exec

import (
	"context"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// operator is what a node becomes in a run.
type operator interface {
	// open begins a run of the node. An operator that was closed can be opened again.
	open(ctx context.Context) error
	// next returns some rows, none at the end. The rows are the caller's to keep
	// but not to change; the slice of them is good until the next call.
	next(ctx context.Context) ([]Row, error)
	// close ends the run: of what was opened nothing is left. It may be called
	// twice, and without open.
	close() error
}

// batchRows is how many rows operators that make their own batches put into
// one, and batchBytes where a batch of wide rows ends.
const (
	batchRows  = 1024
	batchBytes = 1 << 20
)

// build makes the operator of a node and of all below.
func (r *run) build(n plan.Node) (operator, error) {
	op, err := r.operator(n)
	if err != nil || r.env.Analyze == nil {
		return op, err
	}
	return &measured{operator: op, node: n, analysis: r.env.Analyze}, nil
}

func (r *run) operator(n plan.Node) (operator, error) {
	switch n := n.(type) {
	case *plan.Gather:
		return newGather(r, n)
	case *plan.Filter:
		return newFilter(r, n)
	case *plan.Project:
		return newProject(r, n)
	case *plan.Join:
		return newJoin(r, n)
	case *plan.Aggregate:
		return newAggregate(r, n)
	case *plan.Sort:
		return newSort(r, n)
	case *plan.Window:
		return newWindow(r, n)
	case *plan.Limit:
		return newLimit(r, n)
	case *plan.Distinct:
		return newDistinct(r, n)
	case *plan.SetOp:
		return newSetOp(r, n)
	case *plan.Values:
		return newValues(r, n)
	case *plan.TableFunction:
		return newTableFunction(r, n)
	case *plan.Result:
		return &result{}, nil
	case *plan.Elements:
		return newElements(r, n)
	case *plan.Feed:
		return &feed{run: r}, nil
	case *plan.With:
		return newWith(r, n)
	case *plan.CTEScan:
		return newCTEScan(r, n)
	case *plan.Insert:
		return newInsert(r, n)
	case *plan.Update:
		return newUpdate(r, n)
	case *plan.Delete:
		return newDelete(r, n)
	case *plan.Merge:
		return newMerge(r, n)
	case *plan.LockRows:
		return newLockRows(r, n)
	}
	return nil, pgerr.Internal("no operator for plan node %T", n)
}

// measured counts what an operator does, for EXPLAIN ANALYZE.
type measured struct {
	operator
	node     plan.Node
	analysis *plan.Analysis
}

func (m *measured) open(ctx context.Context) error {
	start := time.Now()
	err := m.operator.open(ctx)
	m.analysis.Add(m.node, plan.Measured{Loops: 1, Elapsed: time.Since(start)})
	return err
}

func (m *measured) next(ctx context.Context) ([]Row, error) {
	start := time.Now()
	rows, err := m.operator.next(ctx)
	m.analysis.Add(m.node, plan.Measured{Rows: int64(len(rows)), Elapsed: time.Since(start)})
	return rows, err
}

// innermost is an operator without what measures it.
func innermost(op operator) operator {
	if m, ok := op.(*measured); ok {
		return m.operator
	}
	return op
}

// result is one row without columns.
type result struct{ given bool }

func (o *result) open(context.Context) error { o.given = false; return nil }

func (o *result) next(context.Context) ([]Row, error) {
	if o.given {
		return nil, nil
	}
	o.given = true
	return []Row{{}}, nil
}

func (o *result) close() error { return nil }

// feed is rows from the caller of the run.
type feed struct{ run *run }

func (o *feed) open(context.Context) error { return nil }

func (o *feed) next(ctx context.Context) ([]Row, error) { return o.run.env.Feed(ctx) }

func (o *feed) close() error { return nil }

// drain opens an operator, calls f for each of its batches and closes it.
func drain(ctx context.Context, op operator, f func([]Row) error) (err error) {
	defer func() {
		if e := op.close(); err == nil {
			err = e
		}
	}()
	if err := op.open(ctx); err != nil {
		return err
	}
	for {
		rows, err := op.next(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := f(rows); err != nil {
			return err
		}
	}
}
