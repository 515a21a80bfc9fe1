package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// with owns the results of its CTEs while the body runs.
type with struct {
	run  *run
	node *plan.With
	ctes []*cteState
	body operator
}

// cteState is one CTE's result: computed as far as somebody has read it, each
// row once, whoever reads it.
type cteState struct {
	run    *run
	cte    *plan.CTE
	source operator // Plan, or the recursive query's base
	step   operator // the recursive term
	rows   *store
	// working are the rows of the last iteration, which the step reads; next
	// those of this one.
	working, next *store
	seen          *keySet // UNION without ALL
	opened        bool
	stepping      bool
	done          bool
}

func newWith(r *run, n *plan.With) (operator, error) {
	o := &with{run: r, node: n}
	for _, cte := range n.CTEs {
		c := &cteState{run: r, cte: cte}
		for len(r.ctes) <= cte.ID {
			r.ctes = append(r.ctes, nil)
		}
		r.ctes[cte.ID] = c
		if err := c.build(); err != nil {
			return nil, err
		}
		o.ctes = append(o.ctes, c)
	}
	var err error
	o.body, err = r.build(n.Body)
	return o, err
}

func (c *cteState) build() (err error) {
	root := c.cte.Plan
	if rec := c.cte.Recursive; rec != nil {
		root = rec.Base
		if c.step, err = c.run.build(rec.Step); err != nil {
			return err
		}
	}
	c.source, err = c.run.build(root)
	columns := typesOf(root.Columns())
	c.rows, c.working, c.next = newStore(c.run, columns), newStore(c.run, columns), newStore(c.run, columns)
	if c.cte.Recursive != nil && !c.cte.Recursive.All {
		c.seen = newKeySet(c.run, columns)
	}
	return err
}

// open runs the data-modifying CTEs to their ends, in order; the others wait
// to be read.
func (o *with) open(ctx context.Context) error {
	for _, c := range o.ctes {
		if err := c.reset(); err != nil {
			return err
		}
	}
	for _, c := range o.ctes {
		for c.cte.Modifies && !c.done {
			if err := c.more(ctx); err != nil {
				return err
			}
		}
	}
	return o.body.open(ctx)
}

func (o *with) next(ctx context.Context) ([]Row, error) { return o.body.next(ctx) }

func (o *with) close() error {
	err := o.body.close()
	for _, c := range o.ctes {
		if e := c.reset(); err == nil {
			err = e
		}
	}
	return err
}

func (c *cteState) reset() error {
	err := c.source.close()
	if c.step != nil {
		if e := c.step.close(); err == nil {
			err = e
		}
	}
	for _, s := range []*store{c.rows, c.working, c.next} {
		if e := s.close(); err == nil {
			err = e
		}
	}
	if c.seen != nil {
		if e := c.seen.close(); err == nil {
			err = e
		}
	}
	c.opened, c.stepping, c.done = false, false, false
	return err
}

// more computes some more rows, or finds that there are none.
func (c *cteState) more(ctx context.Context) error {
	if !c.opened {
		c.opened = true
		if err := c.source.open(ctx); err != nil {
			return err
		}
	}
	op := c.source
	if c.stepping {
		op = c.step
	}
	rows, err := op.next(ctx)
	if err != nil {
		return err
	}
	if len(rows) > 0 {
		return c.keep(rows)
	}
	if err := op.close(); err != nil {
		return err
	}
	return c.iterate(ctx)
}

// keep adds new rows to the result, and to what the next iteration reads.
func (c *cteState) keep(rows []Row) error {
	if c.seen != nil {
		var fresh []Row
		for _, row := range rows {
			added, err := c.seen.add(row)
			if err != nil {
				return err
			}
			if added {
				fresh = append(fresh, row)
			}
		}
		rows = fresh
	}
	if err := c.rows.add(rows...); err != nil || c.step == nil {
		return err
	}
	return c.next.add(rows...)
}

// iterate begins the recursive term anew over the rows of the last iteration;
// without any the result is complete.
func (c *cteState) iterate(ctx context.Context) error {
	if c.step == nil || c.next.count == 0 {
		c.done = true
		return nil
	}
	if err := c.working.close(); err != nil {
		return err
	}
	c.working, c.next = c.next, c.working
	c.stepping = true
	return c.step.open(ctx)
}

// cteScan reads a CTE's result.
type cteScan struct {
	run    *run
	node   *plan.CTEScan
	state  *cteState
	at     []int // positions in the CTE's rows; nil: all as they are
	reader *storeReader
}

func newCTEScan(r *run, n *plan.CTEScan) (operator, error) {
	if n.CTE.ID >= len(r.ctes) || r.ctes[n.CTE.ID] == nil {
		return nil, pgerr.Internal("CTE %s is read outside of its WITH", n.CTE.Name)
	}
	o := &cteScan{run: r, node: n, state: r.ctes[n.CTE.ID]}
	return o, o.find()
}

// find maps Source to positions in the rows.
func (o *cteScan) find() error {
	cte := o.state.cte
	root := cte.Plan
	if cte.Recursive != nil {
		root = cte.Recursive.Base
	}
	cols := root.Columns()
	if len(o.node.Source) == 0 && len(o.node.Cols) == len(cols) {
		return nil
	}
	layout := layoutOf(cols)
	o.at = []int{}
	for i, id := range o.node.Source {
		at := layout(id)
		if at < 0 && cte.Recursive != nil && len(o.node.Source) == len(cols) {
			at = i // named after the CTE's own columns, in order
		}
		if at < 0 {
			return pgerr.Internal("CTE %s has no column %d", cte.Name, id)
		}
		o.at = append(o.at, at)
	}
	return nil
}

func (o *cteScan) open(context.Context) error {
	o.reader = o.state.rows.reader()
	if o.node.Working {
		o.reader = o.state.working.reader()
	}
	return nil
}

func (o *cteScan) next(ctx context.Context) ([]Row, error) {
	for {
		rows, err := o.reader.next()
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			return o.pick(rows), nil
		}
		if o.node.Working || o.state.done {
			return nil, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := o.state.more(ctx); err != nil {
			return nil, err
		}
	}
}

func (o *cteScan) pick(rows []Row) []Row {
	if o.at == nil {
		return rows
	}
	out := make([]Row, len(rows))
	for i, row := range rows {
		out[i] = make(Row, len(o.at))
		for j, at := range o.at {
			out[i][j] = row[at]
		}
	}
	return out
}

func (o *cteScan) close() error { return nil }
