package session

import (
	"context"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/ddl"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// createTableAs is CREATE TABLE AS and SELECT INTO: a table with a query's
// columns, and its rows (ExecCreateTableAs in createas.c).
func (s *Session) createTableAs(ctx context.Context, x *execution) (*result, error) {
	create := tableAs(x.stmt.Node)
	if err := s.checkReadOnly(tagOf(x.stmt.Node)); err != nil {
		return nil, err
	}
	query, err := s.queryOf(ctx, x, create)
	if err != nil {
		return nil, err
	}
	st, err := s.planExecution(ctx, query)
	if err != nil {
		return nil, err
	}
	part := *x
	part.stmt = x.stmt.Made(&pg.Node{Node: &pg.Node_CreateTableAsStmt{CreateTableAsStmt: create}})
	part.as = &ddl.TableAs{Into: create.Into, IfNotExists: create.IfNotExists, Columns: st.Result}
	if create.Objtype == pg.ObjectType_OBJECT_MATVIEW {
		return s.createMatview(ctx, &part, create)
	}
	if r, err := s.defineWhole(ctx, &part); err != nil || part.as.Table == nil || create.Into.SkipData {
		return r, err
	}
	n, err := s.fill(ctx, query, part.as)
	return done(planTag("SELECT", n)), err
}

// createMatview is CREATE MATERIALIZED VIEW: the definition fills it.
func (s *Session) createMatview(ctx context.Context, part *execution, create *pg.CreateTableAsStmt) (*result, error) {
	part.as.Query = create.Query
	r, err := s.defineWhole(ctx, part)
	if err != nil || part.as.Table == nil || create.Into.SkipData {
		return r, err
	}
	return done(planTag("SELECT", part.as.Filled)), nil
}

// tagOf is what a command is called where it is refused.
func tagOf(n *pg.Node) string {
	if n.GetSelectStmt() != nil {
		return "SELECT INTO"
	}
	return ddl.Command(n)
}

// tableAs is a CREATE TABLE AS, or a SELECT INTO as one.
func tableAs(n *pg.Node) *pg.CreateTableAsStmt {
	if as := n.GetCreateTableAsStmt(); as != nil {
		return as
	}
	s := n.GetSelectStmt()
	return &pg.CreateTableAsStmt{
		Into: sqlparse.Into(s), Objtype: pg.ObjectType_OBJECT_TABLE, IsSelectInto: true,
		Query: &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: sqlparse.WithoutInto(s)}},
	}
}

// queryOf is the query that gives the rows, of a prepared statement where EXECUTE names one.
func (s *Session) queryOf(ctx context.Context, x *execution, create *pg.CreateTableAsStmt) (*execution, error) {
	if e := create.Query.GetExecuteStmt(); e != nil {
		p, params, err := s.executeParams(ctx, x.stmt, e)
		if err != nil {
			return nil, err
		}
		if p.stmt == nil || !plannable(p.stmt.Node) || p.stmt.Node.GetSelectStmt() == nil {
			return nil, pgerr.New(pgerr.WrongObjectType, "prepared statement is not a SELECT")
		}
		return &execution{stmt: p.stmt, text: p.stmt.Text, params: params, declared: p.params}, nil
	}
	query := &execution{stmt: x.stmt.Made(create.Query), text: x.text, params: x.params, declared: x.declared}
	if x.prepared != nil {
		query.declared = x.prepared.params
	}
	return query, nil
}

// fill puts the query's rows into the new table, and answers how many there are.
func (s *Session) fill(ctx context.Context, query *execution, as *ddl.TableAs) (int64, error) {
	rv := &pg.RangeVar{Schemaname: s.schemaName(as.Table), Relname: as.Table.Name, Inh: true, Relpersistence: "p", Location: -1}
	insert := &pg.InsertStmt{Relation: rv, SelectStmt: query.stmt.Node, Override: pg.OverridingKind_OVERRIDING_NOT_SET}
	x := *query
	x.stmt = query.stmt.Made(&pg.Node{Node: &pg.Node_InsertStmt{InsertStmt: insert}})
	st, err := s.plan(ctx, x.stmt, x.declared)
	if err != nil {
		return 0, err
	}
	r, err := s.runPlan(ctx, &x, st, nil)
	if err != nil {
		return 0, err
	}
	defer r.close()
	if _, err := r.next(ctx); err != nil {
		return 0, err
	}
	return r.rows.(*followedRows).cursor.Affected(), nil
}
