package session

import (
	"context"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
)

// call is CALL of a procedure. What comes back is a row.
func (s *Session) call(ctx context.Context, x *execution, n *pg.CallStmt) (*result, error) {
	c, err := s.bindCall(ctx, x, n)
	if err != nil {
		return nil, err
	}
	ec := &expr.Context{
		Env: s.env.types(), Session: s, Running: ctx, Params: x.params, StatementTime: s.statementStart, TransactionTime: s.tx.started,
	}
	args := make([]types.Datum, len(c.Args))
	for i, a := range c.Args {
		if args[i], err = expr.EvalConst(ec, a); err != nil {
			return nil, err
		}
	}
	var out types.Datum
	err = s.callRoutine(ctx, nil, c.Func, args, func(v types.Datum) bool { out = v; return false })
	if err != nil || c.Columns == nil {
		return done("CALL"), err
	}
	row := make([]types.Datum, len(c.Columns))
	if !out.IsNull() {
		copy(row, out.Row().Fields)
	} else {
		for i := range row {
			row[i] = types.Null
		}
	}
	return &result{columns: c.Columns, rows: &memory{rows: [][]types.Datum{row}}, tag: func(int64) string { return "CALL" }}, nil
}

func (s *Session) bindCall(ctx context.Context, x *execution, n *pg.CallStmt) (c *bind.ProcedureCall, err error) {
	declared := x.declared
	if x.prepared != nil {
		declared = x.prepared.params
	}
	err = s.confirmed(ctx, func() error {
		env := s.env.bind()
		if x.in != nil {
			env.Arguments, declared = bind.BodyArguments(x.in.of), x.in.args
		}
		c, err = bind.Call(env, x.stmt, n, declared)
		return err
	})
	if err == nil && x.in != nil && c.Columns != nil {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "calling procedures with output arguments is not supported in SQL functions")
	}
	return c, err
}
