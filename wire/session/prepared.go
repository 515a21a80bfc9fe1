package session

import (
	"context"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// prepared is a prepared statement, made by Parse or PREPARE.
type prepared struct {
	name string
	stmt *sqlparse.Statement // nil for an empty query string
	// declared are the parameter types that the client gave; nil entries are inferred.
	declared []*types.Type
	// params are the types after planning.
	params []*types.Type
	// result are the columns that it was described with: they may not change (0A000).
	result  []plan.Column
	planned bool
	fromSQL bool
	// plan is the plan of version planAt, nil when it must be made anew at each use.
	plan   *plan.Statement
	planAt version
}

// planPrepared plans a prepared statement, if its last plan does not do any more.
func (s *Session) planPrepared(ctx context.Context, p *prepared) (*plan.Statement, error) {
	now := s.env.version()
	if p.plan != nil && p.planAt == now {
		s.planned = now.snapshot
		return p.plan, nil
	}
	s.renewTypes(p)
	st, err := s.plan(ctx, p.stmt, p.params)
	if err != nil {
		return nil, err
	}
	if p.planned {
		if err := p.checkColumns(st.Result); err != nil {
			return nil, err
		}
	}
	if p.plan = st; st.ReadNow || st.Labels || s.env.since(now.snapshot) != nil {
		p.plan = nil
	}
	p.planAt = now
	return st, nil
}

// findPrepared returns a prepared statement by name (26000).
func (s *Session) findPrepared(name string) (*prepared, error) {
	if p := s.prepared[name]; p != nil {
		s.renewTypes(p)
		return p, nil
	}
	if name == "" {
		return nil, pgerr.New(pgerr.UndefinedPstatement, "unnamed prepared statement does not exist")
	}
	return nil, pgerr.New(pgerr.UndefinedPstatement, "prepared statement %q does not exist", name)
}

// renewTypes gives a prepared statement its types as the catalog has them now:
// there is one *types.Type of a user-defined type for each version of it.
func (s *Session) renewTypes(p *prepared) {
	p.declared, p.params = s.renewed(p.declared), s.renewed(p.params)
	var result []plan.Column
	for i := range p.result {
		if now := s.renew(p.result[i].Type); now != p.result[i].Type {
			if result == nil {
				result = slices.Clone(p.result)
			}
			result[i].Type = now
		}
	}
	if result != nil {
		p.result = result
	}
}

// renewed is the list itself when nothing in it changes: plans share it.
func (s *Session) renewed(list []*types.Type) []*types.Type {
	var out []*types.Type
	for i, t := range list {
		if now := s.renew(t); now != t {
			if out == nil {
				out = slices.Clone(list)
			}
			out[i] = now
		}
	}
	if out == nil {
		return list
	}
	return out
}

func (s *Session) renew(t *types.Type) *types.Type {
	if t == nil || t.OID < catalog.FirstNormalOID {
		return t
	}
	if now := s.snapshot().TypeByOID(t.OID); now != nil {
		return now
	}
	return t
}

func (s *Session) dropStatement(name string) { delete(s.prepared, name) }

// prepare plans a statement so far that its parameters and columns are known.
func (s *Session) prepare(ctx context.Context, p *prepared) error {
	if p.stmt == nil {
		return nil
	}
	if !plannable(p.stmt.Node) {
		if s.status == failed {
			return nil
		}
		return s.prepareCommandOf(ctx, p)
	}
	st, err := s.plan(ctx, p.stmt, p.declared)
	if err != nil {
		return err
	}
	p.result, p.params, p.planned = st.Result, st.Params, true
	return nil
}

// prepareCommandOf learns of a command what clients are told: EXPLAIN and CREATE
// TABLE AS have the parameters of their queries.
func (s *Session) prepareCommandOf(ctx context.Context, p *prepared) (err error) {
	p.params = p.declared
	if q := queryWithin(p.stmt.Node); q != nil && plannable(q) {
		st, err := s.plan(ctx, p.stmt.Made(q), p.declared)
		if err != nil {
			return err
		}
		p.params = st.Params
	}
	for i, t := range p.params {
		if t == nil || t == types.TUnknown { // and nothing in the command can tell
			return pgerr.New(pgerr.IndeterminateDatatype, "could not determine data type of parameter $%d", i+1)
		}
	}
	p.result, err = s.commandColumns(ctx, p.stmt)
	return err
}

// queryWithin is the query of a command that has one with parameters; nil of others.
func queryWithin(n *pg.Node) *pg.Node {
	if e := n.GetExplainStmt(); e != nil {
		n = e.Query
	}
	if n.GetCreateTableAsStmt() != nil || sqlparse.Into(n.GetSelectStmt()) != nil {
		n = tableAs(n).Query
	}
	return n
}

// columns are a prepared statement's result columns.
func (s *Session) columns(ctx context.Context, p *prepared) ([]plan.Column, error) {
	if p.stmt == nil || p.result != nil || p.planned {
		return p.result, nil
	}
	return s.commandColumns(ctx, p.stmt)
}

// checkColumns refuses a statement whose columns have changed since the client
// was told of them (plancache.c).
func (p *prepared) checkColumns(now []plan.Column) error {
	same := len(now) == len(p.result)
	for i := 0; same && i < len(now); i++ {
		same = now[i].Type.OID == p.result[i].Type.OID && now[i].Name == p.result[i].Name
	}
	if !same {
		return pgerr.New(pgerr.FeatureNotSupported, "cached plan must not change result type")
	}
	return nil
}

// prepareCommand is SQL's PREPARE.
func (s *Session) prepareCommand(ctx context.Context, st *sqlparse.Statement, n *pg.PrepareStmt) (*result, error) {
	if s.prepared[n.Name] != nil {
		return nil, pgerr.New(pgerr.DuplicatePstatement, "prepared statement %q already exists", n.Name)
	}
	declared, err := s.typeNames(st, n.Argtypes)
	if err != nil {
		return nil, err
	}
	p := &prepared{name: n.Name, stmt: st.Inner(n.Query), declared: declared, fromSQL: true}
	if err := s.prepare(ctx, p); err != nil {
		return nil, err
	}
	s.prepared[n.Name] = p
	return done("PREPARE"), nil
}

// executeCommand is SQL's EXECUTE.
func (s *Session) executeCommand(ctx context.Context, outer *sqlparse.Statement, n *pg.ExecuteStmt) (*result, error) {
	p, params, err := s.executeParams(ctx, outer, n)
	switch {
	case err != nil:
		return nil, err
	case p.stmt == nil: // an empty query, which clients can prepare
		return done("EXECUTE"), nil
	}
	return s.executePrepared(ctx, p, params)
}

// executeParams finds the statement that EXECUTE, a part of outer, names, and evaluates its arguments.
func (s *Session) executeParams(ctx context.Context, outer *sqlparse.Statement, n *pg.ExecuteStmt) (*prepared, []types.Datum, error) {
	p, err := s.findPrepared(n.Name)
	if err != nil {
		return nil, nil, err
	}
	if len(n.Params) != len(p.params) {
		return nil, nil, pgerr.New(pgerr.SyntaxError, "wrong number of parameters for prepared statement %q", n.Name).
			WithDetail("Expected %d parameters but got %d.", len(p.params), len(n.Params))
	}
	params := make([]types.Datum, len(n.Params))
	for i, a := range n.Params {
		to := bind.Column{Name: "$" + itoa(int64(i+1)), Type: p.params[i], Typmod: -1}
		if params[i], err = s.evaluate(ctx, outer, a, &to); err != nil {
			return nil, nil, err
		}
	}
	return p, params, nil
}

// evaluate computes an argument of EXECUTE, an expression without columns in outer's tree.
func (s *Session) evaluate(ctx context.Context, outer *sqlparse.Statement, n *pg.Node, to *bind.Column) (types.Datum, error) {
	e, err := bind.Tree(s.env.bind(), outer, n, nil, bind.ForExecute, to)
	if err != nil {
		return types.Null, err
	}
	return expr.EvalConst(&expr.Context{
		Env: s.env.types(), Session: s, Running: ctx, StatementTime: s.statementStart, TransactionTime: s.tx.started,
	}, e)
}

// executePrepared runs a prepared statement with parameter values.
func (s *Session) executePrepared(ctx context.Context, p *prepared, params []types.Datum) (*result, error) {
	return s.run(ctx, &execution{stmt: p.stmt, text: p.stmt.Text, prepared: p, params: params})
}

// deallocate is DEALLOCATE name | ALL.
func (s *Session) deallocate(n *pg.DeallocateStmt) (*result, error) {
	if n.Name == "" {
		clear(s.prepared)
		return done("DEALLOCATE ALL"), nil
	}
	if _, err := s.findPrepared(n.Name); err != nil {
		return nil, err
	}
	s.dropStatement(n.Name)
	return done("DEALLOCATE"), nil
}
