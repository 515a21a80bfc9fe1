package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// loopJoin compares every left row with every right row: the right side is
// read once and kept, or for Lateral run again for each left row.
type loopJoin struct {
	run         *run
	node        *plan.Join
	left, right operator
	pairing     *pairing
	args        *scope // of Lateral: the left columns that become parameters
	kept        *store
	matched     []bool // of a full join's right rows
	rows        []Row  // of the left side, not done yet
	done        bool
}

func newLoopJoin(r *run, n *plan.Join) (operator, error) {
	o := &loopJoin{run: r, node: n}
	var err error
	if o.left, err = r.build(n.Left); err != nil {
		return nil, err
	}
	if o.right, err = r.build(n.Right); err != nil {
		return nil, err
	}
	if n.Lateral {
		o.args, err = r.argScope(n, n.Left.Columns(), n.Args)
		if err != nil {
			return nil, err
		}
	} else {
		o.kept = newStore(r, typesOf(n.Right.Columns()))
	}
	o.pairing, err = newPairing(r, n, n.Rest)
	return o, err
}

// argScope compiles the values that go into parameters.
func (r *run) argScope(n plan.Node, cols []plan.Column, args []plan.Arg) (*scope, error) {
	list := make([]expr.Expr, len(args))
	for i, a := range args {
		list[i] = a.Value
	}
	return r.scopeOf(n, "args", cols, list...)
}

// setArgs puts the values for a row into their parameters.
func (s *scope) setArgs(args []plan.Arg, row Row) error {
	for i, a := range args {
		v, err := s.value(i, row)
		if err != nil {
			return err
		}
		s.run.setParam(a.Param, v)
	}
	return nil
}

func (o *loopJoin) open(ctx context.Context) error {
	o.rows, o.done, o.matched = nil, false, nil
	if err := o.pairing.begin(ctx); err != nil {
		return err
	}
	if o.args != nil {
		if err := o.args.begin(ctx); err != nil {
			return err
		}
		return o.left.open(ctx)
	}
	err := drain(ctx, o.right, func(rows []Row) error { return o.kept.add(rows...) })
	if err != nil {
		return err
	}
	if o.node.Kind == plan.JoinFull {
		o.matched = make([]bool, o.kept.count)
	}
	return o.left.open(ctx)
}

func (o *loopJoin) next(ctx context.Context) ([]Row, error) {
	for !o.done {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(o.rows) == 0 {
			rows, err := o.left.next(ctx)
			if err != nil {
				return nil, err
			}
			if len(rows) == 0 {
				o.done = true
				if err := o.rest(); err != nil {
					return nil, err
				}
				break
			}
			o.rows = rows
		}
		row := o.rows[0]
		o.rows = o.rows[1:]
		if err := o.one(ctx, row); err != nil {
			return nil, err
		}
		if len(o.pairing.out) >= batchRows || len(o.rows) == 0 && len(o.pairing.out) > 0 {
			break
		}
	}
	return o.pairing.take(), nil
}

// one joins a left row.
func (o *loopJoin) one(ctx context.Context, row Row) error {
	found := false
	at := 0
	try := func(rows []Row) (enough bool, err error) {
		for _, right := range rows {
			ok, enough, err := o.pairing.try(row, right)
			if ok && o.matched != nil {
				o.matched[at] = true
			}
			at++
			found = found || ok
			if err != nil || enough {
				return true, err
			}
		}
		return false, nil
	}
	next := o.rightRows(ctx, row)
	for {
		rows, err := next()
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		if enough, err := try(rows); err != nil {
			return err
		} else if enough {
			break
		}
	}
	if !found {
		o.pairing.unmatched(row)
	}
	if o.args != nil {
		return o.right.close()
	}
	return nil
}

// rightRows is the right side's rows for a left row.
func (o *loopJoin) rightRows(ctx context.Context, row Row) func() ([]Row, error) {
	if o.args == nil {
		return o.kept.reader().next
	}
	opened := false
	return func() ([]Row, error) {
		if !opened {
			opened = true
			if err := o.args.setArgs(o.node.Args, row); err != nil {
				return nil, err
			}
			if err := o.right.open(ctx); err != nil {
				return nil, err
			}
		}
		return o.right.next(ctx)
	}
}

// rest outputs a full join's right rows that nothing matched.
func (o *loopJoin) rest() error {
	if o.matched == nil {
		return nil
	}
	reader, at := o.kept.reader(), 0
	for {
		rows, err := reader.next()
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			if !o.matched[at] {
				o.pairing.unmatchedRight(row)
			}
			at++
		}
	}
}

func (o *loopJoin) close() error {
	err := o.left.close()
	if e := o.right.close(); err == nil {
		err = e
	}
	if o.kept != nil {
		if e := o.kept.close(); err == nil {
			err = e
		}
	}
	return err
}
