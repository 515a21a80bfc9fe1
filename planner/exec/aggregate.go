package exec

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// aggregate groups by a hash of the keys.
type aggregate struct {
	run    *run
	node   *plan.Aggregate
	input  operator
	scope  *scope // the keys, then what each aggregate needs, see aggInput
	inputs []aggInput
	groups *rowSet
	states [][]*accumulator // by group
	given  int
	done   bool
	// parts are the rows of groups for which there was no memory left.
	parts partitions
}

// aggInput says where an aggregate's parts are among the scope's expressions.
type aggInput struct {
	call   *expr.AggregateCall
	args   int // the first argument
	filter int // -1 is none
	order  int // the first ORDER BY key
	// Of partial states: where they begin in the input's rows.
	state int
	types []columnType // of the arguments and order keys
}

// accumulator is one aggregate of one group.
type accumulator struct {
	state expr.Accumulator
	seen  *rowSet // DISTINCT: the arguments so far
	rows  []Row   // ORDER BY: arguments, then keys
}

func newAggregate(r *run, n *plan.Aggregate) (operator, error) {
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	o := &aggregate{run: r, node: n, input: input, groups: newRowSet(exprTypes(n.Groups))}
	o.parts = partitions{run: r, types: typesOf(n.Input.Columns())}
	list := slices.Clone(n.Groups)
	state := len(n.Groups)
	for _, call := range n.Aggs {
		in := aggInput{call: call, args: len(list), filter: -1, state: state}
		state += len(call.Agg.State)
		if !n.Final {
			list = in.add(list)
		}
		o.inputs = append(o.inputs, in)
	}
	o.scope, err = r.scopeOf(n, "aggregate", n.Input.Columns(), list...)
	return o, err
}

// add appends what the aggregate needs of each row.
func (in *aggInput) add(list []expr.Expr) []expr.Expr {
	list = append(list, in.call.Args...)
	in.types = exprTypes(in.call.Args)
	in.order = len(list)
	for _, k := range in.call.Order {
		list = append(list, k.Expr)
		in.types = append(in.types, columnType{k.Expr.Type(), -1})
	}
	if in.call.Filter != nil {
		in.filter = len(list)
		list = append(list, in.call.Filter)
	}
	return list
}

func (o *aggregate) open(ctx context.Context) error {
	o.groups.clear()
	o.parts.close()
	o.states, o.given, o.done = nil, 0, false
	if err := o.scope.begin(ctx); err != nil {
		return err
	}
	return o.input.open(ctx)
}

func (o *aggregate) next(ctx context.Context) ([]Row, error) {
	if !o.done {
		if err := o.collect(ctx); err != nil {
			return nil, err
		}
		o.done = true
	}
	for o.given == len(o.states) {
		if more, err := o.late(ctx); err != nil || !more {
			return nil, err
		}
	}
	var out []Row
	for len(out) < batchRows && o.given < len(o.states) {
		row, err := o.result(o.given)
		if err != nil {
			return nil, err
		}
		out = append(out, row)
		o.given++
	}
	return out, nil
}

func (o *aggregate) collect(ctx context.Context) error {
	if len(o.node.Groups) == 0 {
		o.group(Row{})
	}
	for {
		rows, err := o.input.next(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			if err := o.add(row); err != nil {
				return err
			}
		}
	}
}

// late groups the rows of a part that was put aside; false: there is none.
func (o *aggregate) late(ctx context.Context) (bool, error) {
	o.groups.clear()
	o.states, o.given = nil, 0
	reader, err := o.parts.next()
	if err != nil || reader == nil {
		return false, err
	}
	for {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		rows, err := readBatch(reader)
		if err != nil || len(rows) == 0 {
			return true, err
		}
		for _, row := range rows {
			if err := o.add(row); err != nil {
				return false, err
			}
		}
	}
}

// stateBytes is what an accumulator takes, about.
const stateBytes = 160

// group finds or makes the group of a key, and returns its number.
func (o *aggregate) group(key Row) int {
	n, added := o.groups.add(key)
	if added {
		states := make([]*accumulator, len(o.inputs))
		for i := range o.inputs {
			states[i] = &accumulator{state: o.inputs[i].call.Agg.New(o.scope.ctx)}
			if o.inputs[i].call.Distinct {
				states[i].seen = newRowSet(exprTypes(o.inputs[i].call.Args))
			}
		}
		o.states = append(o.states, states)
	}
	return n
}

func (o *aggregate) add(row Row) error {
	key := make(Row, len(o.node.Groups))
	if err := o.scope.row(key, 0, len(key), row); err != nil {
		return err
	}
	used := o.groups.bytes + int64(len(o.states)*len(o.inputs)*stateBytes)
	if h := hashRow(o.groups.types, key); o.parts.full(used) && o.groups.lookup(h, key) < 0 {
		return o.parts.add(h, row)
	}
	states := o.states[o.group(key)]
	for i := range o.inputs {
		var err error
		if in := &o.inputs[i]; o.node.Final {
			err = states[i].state.Merge(row[in.state : in.state+len(in.call.Agg.State)])
		} else {
			err = o.accumulate(in, states[i], row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (o *aggregate) accumulate(in *aggInput, a *accumulator, row Row) error {
	if in.filter >= 0 {
		if ok, err := o.scope.holds(in.filter, row); err != nil || !ok {
			return err
		}
	}
	args := make(Row, len(in.call.Args)+len(in.call.Order))
	if err := o.scope.row(args, in.args, in.args+len(args), row); err != nil {
		return err
	}
	if n := len(in.call.Args); in.call.Agg.Strict && anyNull(args[:n]) {
		return nil
	}
	switch {
	case len(in.call.Order) > 0:
		a.rows = append(a.rows, args)
		return nil
	case a.seen != nil:
		if _, added := a.seen.add(args); !added {
			return nil
		}
	}
	return a.state.Add(args)
}

// result is the output row of a group.
func (o *aggregate) result(n int) (Row, error) {
	key := o.groups.rows[n]
	row := make(Row, len(key), len(key)+len(o.inputs))
	copy(row, key)
	for i := range o.inputs {
		a := o.states[n][i]
		if err := o.inputs[i].replay(a); err != nil {
			return nil, err
		}
		v, err := a.state.Result()
		if err != nil {
			return nil, err
		}
		row = append(row, v)
	}
	return row, nil
}

// replay adds the rows that had to wait for their order.
func (in *aggInput) replay(a *accumulator) error {
	if len(a.rows) == 0 {
		return nil
	}
	n := len(in.call.Args)
	orders := make([]order, len(in.call.Order))
	for i, k := range in.call.Order {
		orders[i] = order{n + i, k.Expr.Type(), k.Desc, k.NullsFirst}
	}
	slices.SortStableFunc(a.rows, func(x, y Row) int { return compareRows(orders, x, y) })
	for _, args := range a.rows {
		if a.seen != nil {
			if _, added := a.seen.add(args[:n]); !added {
				continue
			}
		}
		if err := a.state.Add(args[:n]); err != nil {
			return err
		}
	}
	a.rows = nil
	return nil
}

func (o *aggregate) close() error {
	o.groups.clear()
	o.parts.close()
	o.states = nil
	return o.input.close()
}
