package ddl

import (
	"context"
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// createFunction is CREATE [OR REPLACE] FUNCTION | PROCEDURE (CreateFunction in
// functioncmds.c, ProcedureCreate in pg_proc.c).
func (s *statement) createFunction(ctx context.Context, n *pg.CreateFunctionStmt) error {
	schema, name := dotted(n.Funcname)
	sc, err := s.creationSchema(schema)
	if err != nil {
		return err
	}
	f := &catalog.Function{
		Database: s.Database, Schema: sc.OID, Name: name, Owner: s.Role.OID, Procedure: n.IsProcedure, Volatility: 'v', Parallel: 'u', Cost: -1, Rows: -1,
	}
	o, err := s.functionOptions(f, n)
	if err != nil {
		return err
	}
	if err := s.functionLanguage(f, n, o); err != nil {
		return err
	}
	required, err := s.functionArguments(ctx, f, n.Parameters)
	if err != nil {
		return err
	}
	if err := s.functionResult(f, n, required); err != nil {
		return err
	}
	if err := s.functionEstimates(f); err != nil {
		return err
	}
	if err := s.functionBody(f, n, o); err != nil {
		return err
	}
	if err := checkPseudoTypes(f); err != nil {
		return err
	}
	return s.putFunction(ctx, f, n.Replace)
}

// putFunction makes the function, or replaces the one that there is.
func (s *statement) putFunction(ctx context.Context, f *catalog.Function, replace bool) error {
	old := s.functionWith(f.Schema, f.Name, f.InputTypes())
	if old == nil {
		if err := s.oids(ctx, &f.OID); err != nil {
			return err
		}
		s.Change.Put(f)
		return s.checkFunctionBody(f)
	}
	if !replace {
		return pgerr.New(pgerr.DuplicateFunction, "function %q already exists with same argument types", f.Name)
	}
	if err := s.mustOwn(routineWord(old), old.Name, old.Owner); err != nil {
		return err
	}
	if err := s.replaceable(old, f); err != nil {
		return err
	}
	f.OID, f.Owner, f.Comment = old.OID, old.Owner, old.Comment
	s.Change.Put(f)
	if err := s.checkFunctionBody(f); err != nil {
		return err
	}
	return s.touchUsers(f)
}

// functionWith is the function with exactly those arguments, or nil.
func (s *statement) functionWith(schema catalog.OID, name string, args []*types.Type) *catalog.Function {
	for _, f := range s.snapshot().FunctionsNamed(s.Database, schema, name) {
		if slices.Equal(f.InputTypes(), args) {
			return f
		}
	}
	return nil
}

func routineWord(f *catalog.Function) string {
	if f.Aggregate != nil {
		return "aggregate"
	}
	if f.Procedure {
		return "procedure"
	}
	return "function"
}

// replaceable refuses to replace a function by one that calls would not fit.
func (s *statement) replaceable(old, f *catalog.Function) error {
	hint := fmt.Sprintf("Use DROP %s %s first.", strings.ToUpper(routineWord(old)), s.functionSignature(old))
	if old.Procedure != f.Procedure {
		return pgerr.New(pgerr.WrongObjectType, "cannot change routine kind").WithDetail("\"%s\" is a %s.", old.Name, routineWord(old))
	}
	if (old.Aggregate == nil) != (f.Aggregate == nil) {
		kind := "function"
		if old.Aggregate != nil {
			kind = "aggregate function"
		}
		return pgerr.New(pgerr.WrongObjectType, "cannot change routine kind").WithDetail("\"%s\" is %s %s.", old.Name, article(kind), kind)
	}
	if old.Result != f.Result || old.ReturnsSet != f.ReturnsSet {
		if f.Procedure {
			return pgerr.New(pgerr.InvalidFunctionDefinition, "cannot change whether a procedure has output parameters").WithHint("%s", hint)
		}
		return pgerr.New(pgerr.InvalidFunctionDefinition, "cannot change return type of existing function").WithHint("%s", hint)
	}
	if f.Result == types.TRecord && !slices.EqualFunc(old.Outputs(), f.Outputs(), func(a, b catalog.Argument) bool { return a.Type == b.Type && a.Name == b.Name }) {
		return pgerr.New(pgerr.InvalidFunctionDefinition, "cannot change return type of existing function").
			WithDetail("Row type defined by OUT parameters is different.").WithHint("%s", hint)
	}
	was, is := old.Inputs(), f.Inputs()
	for i := range was {
		if was[i].Name != "" && was[i].Name != is[i].Name {
			return pgerr.New(pgerr.InvalidFunctionDefinition, "cannot change name of input parameter %q", was[i].Name).WithHint("%s", hint)
		}
	}
	for i := range was {
		if was[i].Default != "" && is[i].Default == "" {
			return pgerr.New(pgerr.InvalidFunctionDefinition, "cannot remove parameter defaults from existing function").WithHint("%s", hint)
		}
	}
	return nil
}

// functionSignature is a function's name with its arguments' types (format_procedure).
func (s *statement) functionSignature(f *catalog.Function) string {
	args := make([]string, 0, len(f.Args))
	for _, t := range f.InputTypes() {
		args = append(args, s.visibleTypeName(t))
	}
	return s.visibleFunctionName(f) + "(" + strings.Join(args, ",") + ")"
}

// visibleFunctionName is its name, with its schema where the name with these
// arguments does not lead to it (FunctionIsVisible).
func (s *statement) visibleFunctionName(f *catalog.Function) string {
	for _, schema := range s.lookupPath() {
		if schema == f.Schema {
			return expr.QuoteIdent(f.Name)
		}
		if s.functionWith(schema, f.Name, f.InputTypes()) != nil || schema == catalog.PgCatalogOID && s.builtInWith(f) {
			break
		}
	}
	return expr.QuoteIdent(s.snapshot().SchemaByOID(s.Database, f.Schema).Name) + "." + expr.QuoteIdent(f.Name)
}

func (s *statement) builtInWith(f *catalog.Function) bool {
	return slices.ContainsFunc(builtin.Default().ProcsNamed(f.Name), func(p *builtin.Proc) bool { return slices.Equal(p.Args, f.InputTypes()) })
}
