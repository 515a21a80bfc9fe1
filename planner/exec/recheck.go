package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
)

// recheck stands for a Gather when the newest image of a row that was read at
// an older snapshot is put through the statement's conditions again
// (PostgreSQL's EvalPlanQual): it does to given images what the shard would.
type recheck struct {
	run    *run
	node   *plan.Gather
	images []Row
	where  *scope
	fetch  *scope
	filter *scope // then the outputs
	given  bool
}

// atPositions are columns whose IDs are positions.
func atPositions(list []expr.Expr) []plan.Column {
	out := make([]plan.Column, len(list))
	for i, e := range list {
		out[i] = plan.Column{ID: expr.ColumnID(i), Type: e.Type(), Typmod: e.Typmod()}
	}
	return out
}

func tableColumns(t *shard.Table) []plan.Column {
	out := make([]plan.Column, len(t.Columns))
	for i := range t.Columns {
		out[i] = plan.Column{ID: expr.ColumnID(i), Type: t.Columns[i].Type, Typmod: t.Columns[i].Typmod}
	}
	return out
}

func newRecheck(r *run, n *plan.Gather, images []Row) (*recheck, error) {
	o := &recheck{run: r, node: n, images: images}
	f := n.Fragment
	cols := tableColumns(f.Table)
	var err error
	if o.where, err = r.scopeOf(n, "where", cols, f.Where...); err != nil {
		return nil, err
	}
	if o.fetch, err = r.scopeOf(n, "fetch", cols, f.Fetch...); err != nil {
		return nil, err
	}
	o.filter, err = r.scopeOf(n, "filter", atPositions(f.Fetch), append([]expr.Expr{f.Filter}, f.Output...)...)
	return o, err
}

func (o *recheck) open(ctx context.Context) error {
	o.given = false
	for _, s := range []*scope{o.where, o.fetch, o.filter} {
		if err := s.begin(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (o *recheck) next(context.Context) ([]Row, error) {
	if o.given {
		return nil, nil
	}
	o.given = true
	return o.rows()
}

// rows are the images that pass, as the Gather would output them.
func (o *recheck) rows() ([]Row, error) {
	var out []Row
	for _, image := range o.images {
		row, err := o.pass(image)
		if err != nil {
			return nil, err
		}
		if row != nil {
			out = append(out, row)
		}
	}
	return out, nil
}

// pass is the output of one image, nil when a condition drops it.
func (o *recheck) pass(image Row) (Row, error) {
	for i := range o.where.evals {
		if ok, err := o.where.holds(i, image); err != nil || !ok {
			return nil, err
		}
	}
	row := make(Row, len(o.fetch.evals))
	if err := o.fetch.row(row, 0, len(row), image); err != nil {
		return nil, err
	}
	if ok, err := o.filter.holds(0, row); err != nil || !ok {
		return nil, err
	}
	if o.node.Fragment.Output == nil {
		return row, nil
	}
	out := make(Row, len(o.node.Fragment.Output))
	return out, o.filter.row(out, 1, len(out)+1, row)
}

// lookup stands for a lookup join's round: the key is in the conditions, as parameters.
func (o *recheck) lookup(ctx context.Context, j *lookupJoin) error {
	for i, row := range j.round {
		key, ok, err := keysOf(j.keys, row)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		copy(o.run.params[o.node.Fragment.KeyParam:], key)
		if err := o.open(ctx); err != nil {
			return err
		}
		rows, err := o.rows()
		if err != nil {
			return err
		}
		one := &asked{from: []int{i}}
		for _, row := range rows {
			if err := j.keep(one, []Row{append(Row{types.Int(0)}, row...)}); err != nil {
				return err
			}
		}
	}
	return nil
}
