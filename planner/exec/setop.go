package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// setOp is UNION, INTERSECT and EXCEPT, of distinct rows or ALL.
type setOp struct {
	node        *plan.SetOp
	left, right operator
	dedupe      *dedupe // of UNION
	seen        *rowSet
	counts      []int64 // of right rows, by number in seen
	onRight     bool
	ended       bool
	counted     bool
}

func newSetOp(r *run, n *plan.SetOp) (operator, error) {
	left, err := r.build(n.Left)
	if err != nil {
		return nil, err
	}
	right, err := r.build(n.Right)
	if err != nil {
		return nil, err
	}
	return &setOp{node: n, left: left, right: right, seen: newRowSet(typesOf(n.Cols)), dedupe: newDedupe(r, typesOf(n.Cols), typesOf(n.Cols))}, nil
}

func (o *setOp) open(ctx context.Context) error {
	o.seen.clear()
	o.dedupe.close()
	o.counts, o.onRight, o.ended, o.counted = nil, false, false, false
	return o.left.open(ctx)
}

func (o *setOp) next(ctx context.Context) ([]Row, error) {
	if o.node.Kind == plan.Union {
		return o.union(ctx)
	}
	if !o.counted {
		if err := o.count(ctx); err != nil {
			return nil, err
		}
		o.counted = true
	}
	return o.compare(ctx)
}

func (o *setOp) union(ctx context.Context) ([]Row, error) {
	for {
		rows, err := o.unionInput(ctx)
		if err != nil || o.node.All {
			return rows, err
		}
		if len(rows) == 0 {
			if rows, err = o.dedupe.late(); err != nil || len(rows) == 0 {
				return nil, err
			}
		}
		if rows, err = o.dedupe.pass(rows, wholeRow); err != nil || len(rows) > 0 {
			return rows, err
		}
	}
}

// unionInput is the left side's rows, then the right's.
func (o *setOp) unionInput(ctx context.Context) ([]Row, error) {
	if !o.onRight {
		rows, err := o.left.next(ctx)
		if err != nil || len(rows) > 0 {
			return rows, err
		}
		if err := o.left.close(); err != nil {
			return nil, err
		}
		o.onRight = true
		if err := o.right.open(ctx); err != nil {
			return nil, err
		}
	}
	if o.ended {
		return nil, nil
	}
	rows, err := o.right.next(ctx)
	o.ended = len(rows) == 0
	return rows, err
}

// count reads the right side: how often each row is there.
func (o *setOp) count(ctx context.Context) error {
	return drain(ctx, o.right, func(rows []Row) error {
		for _, row := range rows {
			n, added := o.seen.add(row)
			if added {
				o.counts = append(o.counts, 0)
			}
			o.counts[n]++
		}
		return nil
	})
}

// compare gives the left rows that the operation keeps.
func (o *setOp) compare(ctx context.Context) ([]Row, error) {
	for {
		rows, err := o.left.next(ctx)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		var kept []Row
		for _, row := range rows {
			if o.keeps(row) {
				kept = append(kept, row)
			}
		}
		if len(kept) > 0 {
			return kept, nil
		}
	}
}

// given marks a row that has been given out or ruled out for good.
const given = -1

func (o *setOp) keeps(row Row) bool {
	n := o.seen.find(row)
	if o.node.Kind == plan.Intersect {
		if n < 0 || o.counts[n] <= 0 {
			return false
		}
		if o.node.All {
			o.counts[n]--
		} else {
			o.counts[n] = given
		}
		return true
	}
	switch {
	case n < 0 && o.node.All:
		return true
	case n < 0:
		o.seen.add(row)
		o.counts = append(o.counts, given)
		return true
	case o.node.All && o.counts[n] > 0:
		o.counts[n]--
		return false
	}
	return o.node.All
}

func (o *setOp) close() error {
	o.seen.clear()
	o.dedupe.close()
	err := o.left.close()
	if e := o.right.close(); err == nil {
		err = e
	}
	return err
}
