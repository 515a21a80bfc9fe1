package engine

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
)

// program is a fragment made ready to run: its expressions compiled. It is
// immutable and shared by all executions on the shard's node.
type program struct {
	fragment *shard.Fragment
	table    *shard.Table

	point []expr.Eval
	keys  []column // of the table's key, for point and lookups
	where []expr.Eval
	fetch []expr.Eval
	bound []expr.Eval
	// needed says which of the table's columns where and fetch refer to.
	needed []bool
	// whole says that Fetch is the table's columns by position, all of them:
	// an image is its own fetched row.
	whole   bool
	fetched []column // types of Fetch
	spans   spans

	stages *stages // nil: fetched rows travel as they are
	limit  expr.Eval
}

// column is how a column of packed rows is read.
type column struct {
	t      *types.Type
	typmod int32
}

func columnOf(e expr.Expr) column { return column{e.Type(), e.Typmod()} }

// identity is the layout of rows whose column IDs are positions.
func identity(id expr.ColumnID) int { return int(id) }

func compileFragment(f *shard.Fragment) (*program, error) {
	p := &program{fragment: f, table: f.Table, needed: make([]bool, len(f.Table.Columns)), whole: len(f.Fetch) == len(f.Table.Columns)}
	var err error
	compile := func(list []expr.Expr) []expr.Eval {
		evals, e := expr.CompileAll(list, identity)
		if e != nil && err == nil {
			err = e
		}
		return evals
	}
	p.point = compile(f.Point)
	p.where = compile(f.Where)
	p.fetch = compile(f.Fetch)
	bound := make([]expr.Expr, len(f.Bound))
	for i, b := range f.Bound {
		bound[i] = b.Expr
	}
	p.bound = compile(bound)
	if f.Limit != nil {
		p.limit = compile([]expr.Expr{f.Limit})[0]
	}
	if err != nil {
		return nil, err
	}
	for i, e := range f.Fetch {
		c, ok := e.(*expr.Column)
		p.whole = p.whole && ok && int(c.ID) == i
		p.fetched = append(p.fetched, columnOf(e))
		p.need(e)
	}
	for _, e := range f.Where {
		p.need(e)
	}
	for _, k := range f.Table.Key {
		p.keys = append(p.keys, column{f.Table.Columns[k].Type, f.Table.Columns[k].Typmod})
	}
	p.spans = planSpans(f)
	p.stages, err = compileStages(f, p.fetched)
	return p, err
}

func (p *program) need(e expr.Expr) {
	for _, id := range expr.Columns(e) {
		if int(id) >= 0 && int(id) < len(p.needed) {
			p.needed[id] = true
		}
	}
}

// evalContext is what expressions of one request are evaluated in.
func evalContext(ctx context.Context, v *shard.Values) *expr.Context {
	return &expr.Context{
		Running:         ctx,
		Env:             v.Env,
		Params:          v.Params,
		StatementTime:   types.TimestampTime(v.StatementMicros).UTC(),
		TransactionTime: types.TimestampTime(v.NowMicros).UTC(),
	}
}

// pass reports whether every condition is true of a row.
func pass(c *expr.Context, conditions []expr.Eval, row []types.Datum) (bool, error) {
	for _, cond := range conditions {
		v, err := cond(c, row)
		if err != nil || !v.IsTrue() {
			return false, err
		}
	}
	return true, nil
}

// appendBound appends the packed SQL parameters.
func (p *program) appendBound(dst []byte, c *expr.Context) ([]byte, error) {
	for i, eval := range p.bound {
		v, err := eval(c, nil)
		if err != nil {
			return dst, err
		}
		b := &p.fragment.Bound[i]
		dst = b.Type.Store(b.Typmod, v).AppendPacked(dst)
	}
	return dst, nil
}

// appendPointKey appends the ordered key that Point names; ok is false when a
// part of it is NULL, so that no row matches.
func (p *program) appendPointKey(dst []byte, c *expr.Context) (key []byte, ok bool, err error) {
	for i, eval := range p.point {
		v, err := eval(c, nil)
		if err != nil || v.IsNull() {
			return dst, false, err
		}
		dst = appendKeyDatum(dst, p.keys[i], v)
	}
	return dst, true, nil
}

// limited evaluates Limit; -1 is none.
func (p *program) limited(c *expr.Context) (int64, error) {
	if p.limit == nil {
		return -1, nil
	}
	v, err := p.limit(c, nil)
	if err != nil || v.IsNull() {
		return -1, err
	}
	return max(v.Int(), 0), nil
}
