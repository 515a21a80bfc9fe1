package session

import (
	"context"
	"fmt"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/planner/ddl"
	"github.com/pegmatitedb/pegmatite/planner/exec"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// sqlBody is a function in SQL (functions.c).
type sqlBody struct {
	of         *catalog.Function
	f          *expr.Function
	arguments  *bind.Arguments
	statements []*prepared
	// returning is how the last statement's rows become what is returned, for the
	// columns that it had then.
	returning *returning
}

// returning makes values of rows.
type returning struct {
	result  *bind.BodyResult
	columns []plan.Column
	types   []*types.Type
	names   []string
	evals   []expr.Eval
	out     []expr.OutColumn // of a function with several OUT arguments
}

// matchOut compares a row that a function returns as one value with its OUT arguments.
func matchOut(v types.Datum, out []expr.OutColumn) error {
	if len(out) == 0 || v.IsNull() {
		return nil
	}
	want := make([]types.Column, len(out))
	for i, c := range out {
		want[i] = types.Column{Name: c.Name, Type: c.Type, Typmod: -1}
	}
	return exec.MatchRow(v.Row(), want)
}

// sqlBody reads and plans all of a body's queries: what is wrong with one is an
// error before any has run.
func (s *Session) sqlBody(ctx context.Context, of *catalog.Function, f *expr.Function) (routineBody, error) {
	b := &sqlBody{of: of, f: f, arguments: bind.BodyArguments(of)}
	list, err := sqlparse.ParseBody(bind.BodyText(of))
	if err != nil {
		return nil, located(duringStartup{err}, of.Body, b.startup(), "")
	}
	var last []plan.Column
	for _, st := range list {
		p := &prepared{stmt: st, declared: f.Args}
		b.statements = append(b.statements, p)
		if last = nil; !plannable(st.Node) {
			continue
		}
		if _, err := s.plannedInBody(ctx, p, b.arguments); err != nil {
			return nil, located(duringStartup{err}, bind.BodyText(of), b.startup(), "")
		}
		last = p.result
	}
	if _, err := bind.ReturnOf(s.env.bind(), f, last); err != nil {
		return nil, located(duringStartup{err}, bind.BodyText(of), b.startup(), "")
	}
	return b, nil
}

func (b *sqlBody) startup() string {
	return fmt.Sprintf("SQL function \"%s\" during startup", b.of.Name)
}

func (b *sqlBody) run(ctx context.Context, c *routineCall) error {
	yielded := false
	for i, p := range b.statements {
		last := i == len(b.statements)-1
		err := b.runOne(ctx, c, p, last, func(v types.Datum) bool {
			yielded = true
			return c.yield(v)
		})
		if err != nil {
			return located(err, b.of.Body, b.startup(), bind.FunctionContext(b.of, i+1))
		}
	}
	if !yielded && !b.f.ReturnsSet {
		c.yield(types.Null)
	}
	return nil
}

// runOne runs a statement; the last one's rows are what is returned.
func (b *sqlBody) runOne(ctx context.Context, c *routineCall, p *prepared, last bool, yield func(types.Datum) bool) error {
	if !plannable(p.stmt.Node) {
		return b.command(ctx, c, p)
	}
	if !last || b.f.Result == types.TVoid {
		return c.query(ctx, p, b.arguments, func([]types.Datum) (bool, error) { return true, nil })
	}
	ec := c.context(ctx)
	return c.query(ctx, p, b.arguments, func(row []types.Datum) (bool, error) {
		r, err := b.returned(c.s, p)
		if err != nil {
			return false, err
		}
		v, err := r.value(ec, row)
		if err != nil {
			return false, err
		}
		return yield(v) && b.f.ReturnsSet, nil
	})
}

// command runs what is no query.
func (b *sqlBody) command(ctx context.Context, c *routineCall, p *prepared) error {
	if p.stmt.Node.GetTransactionStmt() != nil {
		return bind.NotInBody(ddl.Command(p.stmt.Node))
	}
	if b.of.Volatility != 'v' {
		return duringStartup{errNotVolatile(ddl.Command(p.stmt.Node))}
	}
	r, err := c.s.run(ctx, &execution{stmt: p.stmt, text: p.stmt.Text, params: c.args, in: c.r})
	if err != nil {
		return err
	}
	return r.close()
}

// returned is how the last statement's rows become values.
func (b *sqlBody) returned(s *Session, p *prepared) (*returning, error) {
	columns := p.result
	if b.returning != nil && sameColumns(b.returning.columns, columns) {
		return b.returning, nil
	}
	result, err := bind.ReturnOf(s.env.bind(), b.f, columns)
	if err != nil {
		return nil, duringStartup{err}
	}
	r := &returning{result: result, columns: columns, out: b.f.Columns}
	for _, c := range result.Columns {
		r.types, r.names = append(r.types, c.Type), append(r.names, c.Name)
	}
	r.evals, err = expr.CompileAll(result.Values, func(id expr.ColumnID) int { return int(id) })
	b.returning = r
	return r, err
}

func sameColumns(a, b []plan.Column) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Type != b[i].Type || a[i].Typmod != b[i].Typmod {
			return false
		}
	}
	return true
}

// value is what a row returns.
func (r *returning) value(ctx *expr.Context, row []types.Datum) (types.Datum, error) {
	fields := make([]types.Datum, len(r.evals))
	for i, eval := range r.evals {
		v, err := eval(ctx, row)
		if err != nil {
			return types.Null, err
		}
		fields[i] = exec.Own(v) // a row is its source's again at the next one
	}
	if !r.result.Row {
		return fields[0], matchOut(fields[0], r.out)
	}
	return types.RowDatum(&types.Row{Types: r.types, Names: r.names, Fields: fields}), nil
}
