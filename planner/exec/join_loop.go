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
	rows        []Row // of the left side, after row
	row         Row   // nil: there is none under way
	matched     bool  // row has found one
	inner       []Row // right rows that row has not been compared with
	reader      *storeReader
	// met: of a full join, some pair has matched. Its condition sees no row, so
	// it holds for all pairs or none.
	met  bool
	rest *storeReader // of a full join's right rows that nothing matched
	done bool         // the left side has ended
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
	o.rows, o.row, o.inner, o.reader, o.rest, o.met, o.done = nil, nil, nil, nil, nil, false, false
	if err := o.pairing.begin(ctx); err != nil {
		return err
	}
	if o.args != nil {
		if err := o.args.begin(ctx); err != nil {
			return err
		}
		return o.left.open(ctx)
	}
	if err := o.kept.close(); err != nil {
		return err
	}
	err := drain(ctx, o.right, func(rows []Row) error { return o.kept.add(rows...) })
	if err != nil {
		return err
	}
	return o.left.open(ctx)
}

func (o *loopJoin) next(ctx context.Context) ([]Row, error) {
	for len(o.pairing.out) < batchRows {
		var err error
		switch {
		case o.row != nil:
			if err = ctx.Err(); err == nil {
				err = o.advance(ctx)
			}
		case len(o.rows) > 0:
			err = o.begin(ctx)
		case len(o.pairing.out) > 0:
			return o.pairing.take(), nil // before more is asked for
		case !o.done:
			o.rows, err = o.left.next(ctx)
			o.done = len(o.rows) == 0
		default:
			return o.unmatchedRight()
		}
		if err != nil {
			return nil, err
		}
	}
	return o.pairing.take(), nil
}

// begin takes the next left row.
func (o *loopJoin) begin(ctx context.Context) error {
	o.row, o.rows, o.matched = o.rows[0], o.rows[1:], false
	if o.args == nil {
		o.reader = o.kept.reader()
		return nil
	}
	if err := o.args.setArgs(o.node.Args, o.row); err != nil {
		return err
	}
	return o.right.open(ctx)
}

// advance compares the left row with some right rows.
func (o *loopJoin) advance(ctx context.Context) (err error) {
	if len(o.inner) == 0 {
		if o.args != nil {
			o.inner, err = o.right.next(ctx)
		} else {
			o.inner, err = o.reader.next()
		}
		if err != nil {
			return err
		}
		if len(o.inner) == 0 {
			return o.end()
		}
	}
	for len(o.inner) > 0 && len(o.pairing.out) < batchRows {
		found, enough, err := o.pairing.try(o.row, o.inner[0])
		if err != nil {
			return err
		}
		o.inner = o.inner[1:]
		o.matched = o.matched || found
		if enough {
			return o.end()
		}
	}
	return nil
}

// end is the end of a left row.
func (o *loopJoin) end() error {
	if !o.matched {
		o.pairing.unmatched(o.row)
	}
	o.met = o.met || o.matched
	o.row, o.inner, o.reader = nil, nil, nil
	if o.args != nil {
		return o.right.close()
	}
	return nil
}

// unmatchedRight gives a full join's right rows that nothing matched.
func (o *loopJoin) unmatchedRight() ([]Row, error) {
	if o.node.Kind != plan.JoinFull || o.met {
		return nil, nil
	}
	if o.rest == nil {
		o.rest = o.kept.reader()
	}
	rows, err := o.rest.next()
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		o.pairing.unmatchedRight(row)
	}
	return o.pairing.take(), nil
}

func (o *loopJoin) close() error {
	o.row, o.rows, o.inner = nil, nil, nil
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
