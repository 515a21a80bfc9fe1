package exec

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// aggregate groups by a hash of the keys; with grouping sets, each row once for
// each set, whose number is the last part of the key. What grows with a group's
// rows is not kept in the groups, see aggregate_input.go.
type aggregate struct {
	run    *run
	node   *plan.Aggregate
	input  operator
	scope  *scope // the keys, then what each aggregate needs, see aggInput
	direct *scope // the direct arguments of ordered-set aggregates, over the keys
	inputs []aggInput
	groups *rowSet
	states [][]expr.Accumulator // by group
	given  int
	done   bool
	// parts are the rows of groups for which there was no memory left.
	parts partitions
}

func newAggregate(r *run, n *plan.Aggregate) (operator, error) {
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	o := &aggregate{run: r, node: n, input: input}
	keyTypes, rowTypes := exprTypes(n.Groups), typesOf(n.Input.Columns())
	if n.Sets != nil {
		keyTypes, rowTypes = append(keyTypes, columnType{types.TInt8, -1}), append(rowTypes, columnType{types.TInt8, -1})
	}
	o.groups, o.parts = newRowSet(r, keyTypes), partitions{run: r, types: rowTypes}
	list := slices.Clone(n.Groups)
	var direct []expr.Expr
	state := len(n.Groups)
	for _, call := range n.Aggs {
		in := aggInput{call: call, args: len(list), direct: len(direct), filter: -1, state: state}
		state += len(call.Agg.State)
		direct = append(direct, call.Direct...)
		if !n.Final {
			list = in.add(list)
			in.keep(r, len(n.Groups) > 0 || n.Sets != nil)
		}
		o.inputs = append(o.inputs, in)
	}
	if o.scope, err = r.scopeOf(n, "aggregate", n.Input.Columns(), list...); err != nil {
		return nil, err
	}
	var keys []plan.Column
	if len(direct) > 0 {
		keys = n.Cols[:len(n.Groups)]
	}
	o.direct, err = r.scopeOf(n, "direct arguments", keys, direct...)
	return o, err
}

func (o *aggregate) open(ctx context.Context) error {
	o.parts.close()
	o.done = false
	if err := o.clear(); err != nil {
		return err
	}
	for _, s := range []*scope{o.scope, o.direct} {
		if err := s.begin(ctx); err != nil {
			return err
		}
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
	for bytes := int64(0); len(out) < batchRows && bytes < batchBytes && o.given < len(o.states); {
		row, err := o.result(o.given)
		if err != nil {
			return nil, err
		}
		out, bytes = append(out, row), bytes+rowBytes(row)
		o.given++
	}
	return out, ctx.Err()
}

func (o *aggregate) collect(ctx context.Context) error {
	if err := o.always(); err != nil {
		return err
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

// always makes the groups that there are without rows.
func (o *aggregate) always() error {
	if o.node.Sets == nil && len(o.node.Groups) == 0 {
		_, err := o.group(0, Row{})
		return err
	}
	for i, set := range o.node.Sets {
		if len(set) > 0 {
			continue
		}
		key := o.setKey(nil, i)
		h, _, err := o.groups.find(key)
		if err != nil {
			return err
		}
		if _, err := o.group(h, key); err != nil {
			return err
		}
	}
	return nil
}

// setKey is the key of a grouping set: the set's members of all keys, and its number.
func (o *aggregate) setKey(all Row, number int) Row {
	key := make(Row, len(o.node.Groups)+1)
	for _, i := range o.node.Sets[number] {
		key[i] = all[i]
	}
	key[len(o.node.Groups)] = types.Int(int64(number))
	return key
}

// clear forgets the groups.
func (o *aggregate) clear() error {
	o.groups.clear()
	o.states, o.given = nil, 0
	var err error
	for i := range o.inputs {
		if e := o.inputs[i].clear(); err == nil {
			err = e
		}
	}
	return err
}

// late groups the rows of a part that was put aside; false: there is none.
func (o *aggregate) late(ctx context.Context) (bool, error) {
	if err := o.clear(); err != nil {
		return false, err
	}
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
			if err := o.addLate(row); err != nil {
				return false, err
			}
		}
	}
}

// addLate adds a row that was put aside, of grouping sets for the one whose number it has behind it.
func (o *aggregate) addLate(row Row) error {
	if o.node.Sets == nil {
		return o.add(row)
	}
	last := len(row) - 1
	keys, err := o.keys(row)
	if err != nil {
		return err
	}
	number := int(row[last].Int())
	return o.addTo(o.setKey(keys, number), row[:last:last])
}

// keys are all that a row is grouped by.
func (o *aggregate) keys(row Row) (Row, error) {
	key := make(Row, len(o.node.Groups))
	return key, o.scope.row(key, 0, len(key), row)
}

// stateBytes is what an accumulator takes, about.
const stateBytes = 160

// group makes the group of a key with hash h, and returns its number.
func (o *aggregate) group(h uint64, key Row) (int, error) {
	states := make([]expr.Accumulator, len(o.inputs))
	for i := range o.inputs {
		var err error
		if states[i], err = o.state(&o.inputs[i], key); err != nil {
			return 0, err
		}
	}
	o.states = append(o.states, states)
	o.groups.used.add(int64(len(states) * stateBytes))
	return o.groups.insert(h, key), nil
}

// state makes what an aggregate keeps of a new group; of one whose rows wait
// in order, that is their number.
func (o *aggregate) state(in *aggInput, key Row) (expr.Accumulator, error) {
	agg := in.call.Agg
	switch {
	case agg.Set == nil:
		return agg.New(o.scope.ctx), nil
	case agg.Ordered:
		return &waitingRows{}, nil
	}
	return o.orderedSet(in, key, 0)
}

// orderedSet makes the accumulator of an ordered-set aggregate for so many rows of a group.
func (o *aggregate) orderedSet(in *aggInput, key Row, rows int64) (expr.Accumulator, error) {
	s := expr.OrderedSet{Direct: make(Row, len(in.call.Direct)), Rows: rows}
	for _, k := range in.call.Order {
		s.Orders = append(s.Orders, orderOf(0, k).Order)
	}
	if err := o.direct.row(s.Direct, in.direct, in.direct+len(s.Direct), key); err != nil {
		return nil, err
	}
	return in.call.Agg.Set(o.direct.ctx, s)
}

func (o *aggregate) add(row Row) error {
	keys, err := o.keys(row)
	if err != nil {
		return err
	}
	if o.node.Sets == nil {
		return o.addTo(keys, row)
	}
	for i := range o.node.Sets {
		if err := o.addTo(o.setKey(keys, i), row); err != nil {
			return err
		}
	}
	return nil
}

// addTo adds a row to the group of a key.
func (o *aggregate) addTo(key, row Row) error {
	h, n, err := o.groups.find(key)
	if err != nil {
		return err
	}
	if n < 0 {
		if o.parts.full(&o.groups.used) {
			if o.node.Sets != nil {
				row = append(row[:len(row):len(row)], key[len(key)-1])
			}
			return o.parts.add(h, row)
		}
		if n, err = o.group(h, key); err != nil {
			return err
		}
	}
	states := o.states[n]
	for i := range o.inputs {
		var err error
		if in := &o.inputs[i]; o.node.Final {
			err = states[i].Merge(owned(row[in.state : in.state+len(in.call.Agg.State)]))
		} else {
			err = o.accumulate(in, n, states[i], row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (o *aggregate) accumulate(in *aggInput, n int, state expr.Accumulator, row Row) error {
	if in.filter >= 0 {
		if ok, err := o.scope.holds(in.filter, row); err != nil || !ok {
			return err
		}
	}
	// The group's number goes in front of what is kept.
	kept := make(Row, 1+len(in.types))
	args := kept[1:]
	if err := o.scope.row(args, in.args, in.args+len(args), row); err != nil {
		return err
	}
	if len(in.call.Args) == 0 {
		return state.Add(args)
	}
	if in.call.Agg.Strict && anyNull(args[:len(in.call.Args)]) {
		return nil
	}
	kept[0] = types.Int(int64(n))
	return in.take(kept, state)
}

// result is the output row of a group. Groups are asked for in order, once.
func (o *aggregate) result(n int) (Row, error) {
	key := o.groups.rows[n]
	row := make(Row, len(o.node.Groups), len(o.node.Groups)+len(o.inputs)+len(o.node.Groupings))
	copy(row, key)
	for i := range o.inputs {
		state := o.states[n][i]
		if waiting, ok := state.(*waitingRows); ok {
			var err error
			if state, err = o.orderedSet(&o.inputs[i], key, waiting.rows); err != nil {
				return nil, err
			}
		}
		if err := o.inputs[i].replay(n, state); err != nil {
			return nil, err
		}
		v, err := state.Result()
		if err != nil {
			return nil, err
		}
		row = append(row, v)
	}
	o.states[n] = nil // may hold as much as the result
	for _, args := range o.node.Groupings {
		row = append(row, grouping(args, o.node.Sets[key[len(key)-1].Int()]))
	}
	return row, nil
}

// grouping is GROUPING's value in the rows of a set: a bit for each argument,
// the last one's lowest, that is set if the set does not have it.
func grouping(args, set []int) types.Datum {
	bits := int64(0)
	for _, arg := range args {
		bits <<= 1
		if !slices.Contains(set, arg) {
			bits |= 1
		}
	}
	return types.Int(bits)
}

func (o *aggregate) close() error {
	o.parts.close()
	err := o.clear()
	if e := o.input.close(); err == nil {
		err = e
	}
	return err
}
