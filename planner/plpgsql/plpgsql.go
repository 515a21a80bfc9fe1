// Package plpgsql reads the bodies of functions in PL/pgSQL into trees of what
// can be run.
//
//	plpgsql.go  Parse, the statements (this file: the contract)
//	tree.go     what the grammar's JSON looks like
//
// PostgreSQL's own grammar reads them, as JSON. Of its statements there is
// RETURN with an expression so far, as the only one of a body: all others are
// refused when the function is made, each by its name.
package plpgsql

import (
	"encoding/json"
	"errors"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pganalyze/pg_query_go/v6/parser"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Statement is a statement of a body: *Return.
type Statement interface {
	// Place is the line in the body, from 1, and the words that CONTEXT has for it.
	Place() (line int, words string)
}

// Return is RETURN.
type Return struct {
	Line int
	// Expr is an expression in SQL that names the function's arguments; "" is none.
	Expr string
}

// Place implements Statement.
func (r *Return) Place() (line int, words string) { return r.Line, "RETURN" }

// Parse reads a function's body. What cannot be run is 0A000.
func Parse(f *catalog.Function) ([]Statement, error) {
	if err := sayable(f); err != nil {
		return nil, err
	}
	text, err := pg.ParsePlPgSqlToJSON(command(f))
	if err != nil {
		return nil, grammarError(err)
	}
	var parsed []node
	if err := json.Unmarshal([]byte(text), &parsed); err != nil || len(parsed) != 1 || parsed[0].Function == nil {
		return nil, pgerr.Internal("PL/pgSQL's grammar answers %s", text)
	}
	return parsed[0].Function.statements(f)
}

// sayable refuses functions that no body of ours can be of.
func sayable(f *catalog.Function) error {
	switch {
	case f.Result == types.TTrigger:
		return pgerr.Unsupported("a trigger function")
	case f.ReturnsSet:
		return pgerr.Unsupported("a PL/pgSQL function that returns a set")
	case f.Procedure:
		return pgerr.Unsupported("a PL/pgSQL procedure")
	case len(f.Outputs()) > 0:
		return pgerr.Unsupported("a PL/pgSQL function with OUT parameters")
	}
	return nil
}

// command is a CREATE FUNCTION for the grammar, which asks for no more than names.
func command(f *catalog.Function) string {
	var args []string
	for _, a := range f.Inputs() {
		args = append(args, strings.TrimSpace(quoted(a.Name)+" pg_catalog.int4"))
	}
	result := "pg_catalog.int4"
	if f.Result == types.TVoid {
		result = "void"
	}
	tag := "$body$"
	for strings.Contains(f.Body, tag) {
		tag = "$b" + tag[1:]
	}
	return "CREATE FUNCTION " + expr.QuoteIdent(f.Name) + "(" + strings.Join(args, ", ") + ") RETURNS " + result + " AS " + tag + f.Body + tag + " LANGUAGE plpgsql"
}

func quoted(name string) string {
	if name == "" {
		return ""
	}
	return expr.QuoteIdent(name)
}

func grammarError(err error) error {
	var g *parser.Error
	if !errors.As(err, &g) {
		return pgerr.Internal("PL/pgSQL's grammar: %s", err.Error()).WithCause(err)
	}
	e := pgerr.New(pgerr.SyntaxError, "%s", g.Message)
	e.Where = g.Context
	return e
}
