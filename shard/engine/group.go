package engine

import (
	"context"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
)

// grouping is a Group compiled.
type grouping struct {
	keys       []expr.Eval
	keyColumns []column
	aggs       []aggregate
	columns    []column // keys, then the aggregates' states
}

type aggregate struct {
	call   *expr.AggregateCall
	args   []expr.Eval
	filter expr.Eval
	// copies says that an argument has memory of its own, which the page that
	// it came with would otherwise be kept for.
	copies bool
}

func compileGrouping(g *shard.Group) (*grouping, error) {
	out := &grouping{}
	var err error
	if out.keys, err = expr.CompileAll(g.Keys, identity); err != nil {
		return nil, err
	}
	for _, k := range g.Keys {
		out.keyColumns = append(out.keyColumns, columnOf(k))
	}
	out.columns = append(out.columns, out.keyColumns...)
	for _, call := range g.Aggs {
		a := aggregate{call: call}
		if a.args, err = expr.CompileAll(call.Args, identity); err != nil {
			return nil, err
		}
		if call.Filter != nil {
			if a.filter, err = expr.Compile(call.Filter, identity); err != nil {
				return nil, err
			}
		}
		for _, arg := range call.Args {
			a.copies = a.copies || arg.Type().Datum == types.KindText || arg.Type().Datum == types.KindBytes
		}
		out.aggs = append(out.aggs, a)
		for _, t := range call.Agg.State {
			out.columns = append(out.columns, column{t, -1})
		}
	}
	return out, nil
}

// group is one group's key and accumulators.
type group struct {
	key  []byte // packed key columns
	accs []expr.Accumulator
}

// grouper aggregates rows by hash, then gives one row for each group. When the
// groups become too many it gives those that it has and begins anew: a key may
// come several times, as it may from several shards.
type grouper struct {
	*grouping
	in      source
	c       *expr.Context
	work    types.Work
	columns []column // of the input

	most   int // bytes of groups at once
	done   bool
	byKey  map[string]*group
	bytes  int      // of the groups, by estimate
	groups []*group // in order of appearance
	row    []types.Datum
	values []types.Datum // of the keys
	args   []types.Datum
	hash   []byte
	buf    []byte
}

func (g *grouper) next(ctx context.Context) ([]byte, int, error) {
	if !g.done && len(g.groups) == 0 {
		if err := g.fill(ctx); err != nil {
			return nil, 0, err
		}
	}
	g.buf = g.buf[:0]
	n := 0
	for n < len(g.groups) && len(g.buf) < pageBytes {
		if err := g.emit(g.groups[n]); err != nil {
			return nil, 0, err
		}
		n++
	}
	g.groups = g.groups[n:]
	return g.buf, n, nil
}

func (g *grouper) fill(ctx context.Context) error {
	g.byKey, g.bytes = map[string]*group{}, 0
	if g.row == nil {
		g.row = make([]types.Datum, len(g.columns))
		g.values, g.work = make([]types.Datum, len(g.keys)), g.c.Spend
	}
	for g.bytes < g.most {
		rows, n, err := g.in.next(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			g.done, g.byKey = true, nil
			return nil
		}
		for len(rows) > 0 {
			var packed []byte
			packed, rows = nextRow(rows)
			if err := decodeRow(g.row, g.columns, packed); err != nil {
				return err
			}
			if err := g.add(); err != nil {
				return err
			}
		}
	}
	return nil
}

// groupBytes is how much groups may take before they are given away; estimates
// of a group and of an accumulator, with their place in the map.
const (
	groupBytes       = 16 << 20
	oneGroupBytes    = 160
	accumulatorBytes = 96
)

// add adds the current row to its group.
func (g *grouper) add() error {
	g.hash = g.hash[:0]
	for i, eval := range g.keys {
		v, err := eval(g.c, g.row)
		if err != nil {
			return err
		}
		g.values[i] = v
		k := g.keyColumns[i]
		key, err := k.t.StoreKeyLong(k.typmod, v, g.work)
		if err != nil {
			return err
		}
		g.hash = key.AppendPacked(g.hash)
	}
	gr := g.byKey[string(g.hash)]
	if gr == nil {
		gr = g.begin()
	}
	for i := range g.aggs {
		if err := g.accumulate(&g.aggs[i], gr.accs[i]); err != nil {
			return err
		}
	}
	return nil
}

func (g *grouper) begin() *group {
	gr := &group{accs: make([]expr.Accumulator, len(g.aggs))}
	for i := range g.values {
		gr.key = appendDatum(gr.key, g.keyColumns[i], g.values[i])
	}
	for i := range g.aggs {
		gr.accs[i] = g.aggs[i].call.Agg.New(g.c)
	}
	g.byKey[string(g.hash)] = gr
	g.bytes += oneGroupBytes + 2*len(gr.key) + accumulatorBytes*len(gr.accs)
	g.groups = append(g.groups, gr)
	return gr
}

func (g *grouper) accumulate(a *aggregate, acc expr.Accumulator) error {
	if a.filter != nil {
		v, err := a.filter(g.c, g.row)
		if err != nil || !v.IsTrue() {
			return err
		}
	}
	g.args = g.args[:0]
	for _, eval := range a.args {
		v, err := eval(g.c, g.row)
		if err != nil {
			return err
		}
		if v.IsNull() && a.call.Agg.Strict {
			return nil
		}
		if a.copies {
			v = copied(v)
		}
		g.args = append(g.args, v)
	}
	return acc.Add(g.args)
}

// copied gives a datum memory of its own.
func copied(d types.Datum) types.Datum {
	switch d.Kind() {
	case types.KindText:
		return types.Text(strings.Clone(d.Text()))
	case types.KindBytes:
		return types.Bytes(owned(d.Bytes()))
	}
	return d
}

func (g *grouper) emit(gr *group) error {
	start := len(g.buf)
	g.buf = append(g.buf, 0, 0, 0, 0)
	g.buf = append(g.buf, gr.key...)
	at := len(g.keyColumns)
	for _, acc := range gr.accs {
		state, err := acc.Partial()
		if err != nil {
			return err
		}
		for _, d := range state {
			g.buf = appendDatum(g.buf, g.grouping.columns[at], d)
			at++
		}
	}
	setLength(g.buf, start)
	return nil
}
