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
	// seen are the right rows, each with how often it is there. INTERSECT and
	// EXCEPT of distinct rows mark there what they have given.
	seen    *keySet
	onRight bool
	ended   bool
	counted bool
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
	types := typesOf(n.Cols)
	return &setOp{node: n, left: left, right: right, seen: newKeySet(r, types), dedupe: newDedupe(r, types, types)}, nil
}

func (o *setOp) open(ctx context.Context) error {
	if err := o.seen.close(); err != nil {
		return err
	}
	o.dedupe.close()
	o.onRight, o.ended, o.counted = false, false, false
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
			p, err := o.seen.find(row)
			switch {
			case err != nil:
			case p.found():
				err = o.seen.setCount(p, p.count+1)
			default:
				err = o.seen.insert(p, row, 1)
			}
			if err != nil {
				return err
			}
		}
		return ctx.Err()
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
			keeps, err := o.keeps(row)
			if err != nil {
				return nil, err
			}
			if keeps {
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

// keeps reports whether a left row is in the result.
func (o *setOp) keeps(row Row) (bool, error) {
	p, err := o.seen.find(row)
	if err != nil {
		return false, err
	}
	if o.node.Kind == plan.Intersect {
		if !p.found() || p.count <= 0 {
			return false, nil
		}
		left := p.count - 1
		if !o.node.All {
			left = given
		}
		return true, o.seen.setCount(p, left)
	}
	switch {
	case !p.found() && o.node.All:
		return true, nil
	case !p.found():
		return true, o.seen.insert(p, row, given)
	case o.node.All && p.count > 0:
		return false, o.seen.setCount(p, p.count-1)
	}
	return o.node.All, nil
}

func (o *setOp) close() error {
	o.dedupe.close()
	err := o.seen.close()
	for _, in := range []operator{o.left, o.right} {
		if e := in.close(); err == nil {
			err = e
		}
	}
	return err
}
