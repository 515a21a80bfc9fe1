package exec

import (
	"context"
	"math"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// limit skips Offset rows and gives at most Count.
type limit struct {
	input        operator
	scope        *scope
	skip, left   int64
	bounded, end bool
	// ties are the keys in which rows behind the last are equal to it, if these
	// come, too; last is that row.
	ties []order
	work types.Work
	last Row
}

func newLimit(r *run, n *plan.Limit) (operator, error) {
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	o := &limit{input: input, work: r.work()}
	if o.scope, err = r.scopeOf(n, "limit", nil, n.Count, n.Offset); err != nil {
		return nil, err
	}
	if n.Ties != nil {
		o.ties, err = columnOrders(n.Input.Columns(), n.Ties)
	}
	return o, err
}

// open computes both before the input is opened: shards take the same bound
// and do not know a negative one for an error.
func (o *limit) open(ctx context.Context) error {
	if err := o.scope.begin(ctx); err != nil {
		return err
	}
	var err error
	if o.left, o.bounded, err = o.rows(0, pgerr.InvalidRowCountInLimitClause, "LIMIT"); err != nil {
		return err
	}
	if o.skip, _, err = o.rows(1, pgerr.InvalidRowCountInResultOffsetClause, "OFFSET"); err != nil {
		return err
	}
	o.end, o.last = o.bounded && o.left == 0, nil
	if o.end {
		return nil
	}
	if l, ok := innermost(o.input).(*lockRows); ok && o.ties == nil {
		l.wants(o.wanted())
	}
	return o.input.open(ctx)
}

// wanted is how many rows are taken of the input.
func (o *limit) wanted() int64 {
	if sum := o.left + o.skip; o.bounded && sum >= 0 {
		return sum
	}
	return math.MaxInt64
}

// rows evaluates one of the two; given is false for NULL or none.
func (o *limit) rows(i int, code pgerr.Code, clause string) (n int64, given bool, err error) {
	if o.scope.evals[i] == nil {
		return 0, false, nil
	}
	v, err := o.scope.value(i, nil)
	if err != nil || v.IsNull() {
		return 0, false, err
	}
	if v.Int() < 0 {
		return 0, false, pgerr.New(code, "%s must not be negative", clause)
	}
	return v.Int(), true, nil
}

func (o *limit) next(ctx context.Context) ([]Row, error) {
	for !o.end {
		rows, err := o.input.next(ctx)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		if o.last != nil {
			return o.tied(rows)
		}
		if o.skip >= int64(len(rows)) {
			o.skip -= int64(len(rows))
			continue
		}
		rows = rows[o.skip:]
		o.skip = 0
		if o.bounded {
			if int64(len(rows)) >= o.left {
				return o.cut(rows)
			}
			o.left -= int64(len(rows))
		}
		return rows, nil
	}
	return nil, nil
}

// cut ends with the rows that are left, or those that tie with the last of them.
func (o *limit) cut(rows []Row) ([]Row, error) {
	n := o.left
	if o.ties == nil {
		o.end = true
		return rows[:n], nil
	}
	o.last = rows[n-1]
	more, err := o.tied(rows[n:])
	return rows[:n+int64(len(more))], err
}

// tied are the first of the rows, as far as they tie with the last that counts.
func (o *limit) tied(rows []Row) ([]Row, error) {
	for i, row := range rows {
		if c, err := compareRows(o.ties, o.last, row, o.work); c != 0 || err != nil {
			o.end = true
			return rows[:i], err
		}
	}
	return rows, nil
}

func (o *limit) close() error { return o.input.close() }
