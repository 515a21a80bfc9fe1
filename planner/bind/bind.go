// Package bind makes a logical plan of a statement's tree: names become
// columns, operators and functions are chosen by their arguments' types,
// conversions are put in, and every expression has a type.
//
//	bind.go      Env, Statement, Expression (this file: the contract)
//	binder.go    what binding one statement keeps: column IDs, parameters, dependencies
//	scope.go     which names an expression sees; columns.go finds them, hint.go says what was meant instead
//	select.go    SELECT; from.go its FROM, join.go joins, rangefunc.go functions there (coldeflist.go what a record of theirs holds), with.go WITH (recursion.go checks recursive ones, searchcycle.go writes SEARCH and CYCLE out),
//	             setop.go UNION and its like, values.go VALUES, wholerow.go rows as values, group.go grouping (groupingsets.go its sets), order.go ORDER BY, DISTINCT, LIMIT
//	window.go    calls with OVER; windowdef.go what windows are, windowframe.go their frames, windowplan.go the nodes that compute them
//	target.go    the select list; colname.go names what has no name; aggregate.go puts calls where they belong (orderedset.go those WITHIN GROUP)
//	expr.go      expressions, by node; operator.go, call.go, callrange.go, collation.go, cast.go, sublink.go, composite.go, subscript.go …
//	coerce.go    conversions of types; literals and parameters get theirs
//	location.go  where in the text a node stands, for errors
//	notes.go     what binding a text leaves behind: source.go what it reads, viewmeaning.go what its names mean
//	viewtext.go  the text under which a view's query is kept; viewdef.go, viewdef_from.go, viewdef_group.go, viewdef_window.go as pg_get_viewdef shows it
//	viewliteral.go   the literals in it; columnrename.go  a column's coming name in it (or its old one, kept as an alias); relationrename.go a relation's or schema's
//	domain.go    what values of domains obey
//	routine.go   functions that users make, and their bodies' arguments; routineagg.go aggregates of theirs; inline.go those that become part of the statement, inlineset.go those in FROM,
//	             body.go what their bodies return, bodytext.go those in SQL's own syntax, callstmt.go CALL
//	part.go      assignments to parts of columns
//	destination.go  what is written to: a table, or a view over one
//	insert.go    INSERT; conflict.go its ON CONFLICT; indexuse.go conditions and conflicts meet indexes over expressions and parts of tables;
//	             update.go UPDATE and DELETE; merge.go MERGE; defaults.go, relation.go, lock.go FOR UPDATE;
//	             once.go what is to be computed once for a row
//	fields.go    which fields of which node are read; all others are 0A000
//
// What is not supported is refused with 0A000, never passed over: every field
// of a node is read or refused (fields.go), and a test walks the node types.
//
// Inside the package an error is a panic with a bailout, which the exported
// functions turn into a returned *pgerr.E, as go/parser and encoding/json do:
// hardly a function could do anything about one but hand it on.
package bind

import (
	"cmp"
	"errors"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// Env is what the meaning of a statement depends on beside its text.
type Env struct {
	Snapshot *catalog.Snapshot
	// Since is the catalog when the transaction's snapshot was drawn; nil when
	// each statement draws its own, or nothing has changed since.
	Since    *catalog.Snapshot
	Database catalog.OID
	// SearchPath are the schemas of unqualified names in order, with pg_temp and
	// pg_catalog where they are searched (usually in front, unwritten).
	SearchPath []catalog.OID
	Role       catalog.OID
	Types      *types.Env
	Library    *builtin.Library
	// Notice takes NOTICEs and WARNINGs; nil drops them.
	Notice func(*pgerr.E)
	// Interrupted, if it is not nil, is asked now and then for the error to stop with.
	Interrupted func() error
	// Arguments are those of the function that the statement is part of: its parameters; nil is none.
	Arguments *Arguments
	// Privilege is asked before a relation is used; nil allows all.
	Privilege func(r catalog.Relation, need Need) error
}

func (env *Env) interrupted() error {
	if env.Interrupted == nil {
		return nil
	}
	return env.Interrupted()
}

// Need is what a statement does with a relation.
type Need uint8

// The needs.
const (
	NeedSelect Need = iota
	NeedInsert
	NeedUpdate
	NeedDelete
)

// Statement binds a SELECT, VALUES, INSERT, UPDATE or DELETE. params are the
// types that the client gave its parameters; nil entries, and parameters
// beyond, are inferred from their places.
//
// Literals that s lifted become parameters behind the client's own:
// plan.Statement.Lifted has their types. A string literal got its type from
// its place, and the session reads its text with that type's input function
// before it executes the plan. A nil type there means that the plan does not
// use the literal: binding pinned it (sqlparse.Statement.Pin), and s.Key has
// changed. So callers take the key after binding.
func Statement(env *Env, s *sqlparse.Statement, params []*types.Type) (*plan.Statement, error) {
	if s.Params > sqlparse.MaxParams {
		return nil, indeterminate(s.UnusedParam())
	}
	for {
		b := newBinder(env, s, params)
		b.runs = true
		st, err := b.bind()
		var pin *pinned
		switch {
		case err == nil:
			return b.inlineStatement(st)
		case !errors.As(err, &pin):
			return nil, cmp.Or(b.unreadable(), err)
		}
		s.Pin(pin.literal)
	}
}

// QueryColumns are the columns of a query that is not run.
func QueryColumns(env *Env, s *sqlparse.Statement) ([]plan.Column, error) {
	if s.Params > sqlparse.MaxParams {
		return nil, indeterminate(s.UnusedParam())
	}
	for {
		b := newBinder(env, s, nil)
		b.closed = true
		st, err := b.bind()
		var pin *pinned
		switch {
		case err == nil:
			return st.Result, nil
		case !errors.As(err, &pin):
			return nil, err
		}
		s.Pin(pin.literal)
	}
}

// Column is a column that Expression sees; its ID is its position in the list.
type Column struct {
	Name   string
	Type   *types.Type
	Typmod int32
	// Generated: a generation expression may not refer to it.
	Generated bool
	// Table is the name of the column's table, by which it can be qualified; "" is none.
	Table string
}

// Purpose says what an Expression is for: what is allowed in it.
type Purpose uint8

// The purposes.
const (
	ForDefault Purpose = iota
	ForCheck
	ForGenerated
	ForUsing   // ALTER COLUMN TYPE … USING
	ForExecute // an argument of EXECUTE
	ForDomainCheck
	ForParameter // the default of a function's argument
	ForIndex     // an expression of an index
	ForPredicate // a partial index's WHERE
)

// Expression binds a scalar expression that the catalog keeps. Columns are named by their
// position in columns. A target that is not nil converts the result as an
// assignment to a column would.
func Expression(env *Env, sql string, columns []Column, purpose Purpose, target *Column) (e expr.Expr, err error) {
	s, n, err := sqlparse.ParseExpr(sql)
	if err != nil {
		return nil, err
	}
	b := newBinder(env, s, nil)
	b.fromCatalog = true
	defer b.recover(&err)
	return b.expression(n, columns, purpose, target), nil
}

// CopyWhere checks the condition n of the COPY FROM s into t: what may stand in it is
// less than where the INSERT has it that COPY is planned as.
func CopyWhere(env *Env, s *sqlparse.Statement, n *pg.Node, t *catalog.Table) (err error) {
	b := newBinder(env, s, nil)
	defer b.recover(&err)
	b.copyWhere(n, t)
	return nil
}

// Tree is Expression for an expression that stands in the tree of s, so that
// errors have positions in the text of s.
func Tree(env *Env, s *sqlparse.Statement, n *pg.Node, columns []Column, purpose Purpose, target *Column) (e expr.Expr, err error) {
	b := newBinder(env, s, nil)
	defer b.recover(&err)
	return b.expression(n, columns, purpose, target), nil
}
