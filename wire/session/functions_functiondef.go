package session

import (
	"context"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
)

// functionDefinition is pg_get_functiondef.
func functionDefinition(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
	if f := s.snapshot().FunctionByOID(oidArg(args)); f != nil {
		return types.Text(s.createFunctionText(f)), nil
	}
	p := s.proc(oidArg(args))
	if p == nil {
		return types.Null, nil
	}
	if p.Kind == 'a' {
		return types.Null, pgerr.New(pgerr.WrongObjectType, "%q is an aggregate function", p.Name)
	}
	return types.Null, pgerr.Unsupported("pg_get_functiondef of a built-in function")
}

// createFunctionText is the command that makes a function.
func (s *Session) createFunctionText(f *catalog.Function) string {
	kind, tag := "FUNCTION", "$function"
	if f.Procedure {
		kind, tag = "PROCEDURE", "$procedure"
	}
	p := s.proc(f.OID)
	var b strings.Builder
	name := quoteIdent(f.Name)
	if sc := s.snapshot().SchemaByOID(s.database, f.Schema); sc != nil {
		name = quoteIdent(sc.Name) + "." + name
	}
	b.WriteString("CREATE OR REPLACE " + kind + " " + name + "(" + procArguments(p, true) + ")\n")
	if result, ok := procResult(p); ok {
		b.WriteString(" RETURNS " + result + "\n")
	}
	b.WriteString(" LANGUAGE " + quoteIdent(f.Language) + "\n")
	if options := functionOptions(f); options != "" {
		b.WriteString(options + "\n")
	}
	for _, c := range f.Config {
		name, value, _ := strings.Cut(c, "=")
		b.WriteString(" SET " + quoteIdent(name) + " TO " + quotedSetting(name, value) + "\n")
	}
	if text, ok := s.sqlBodyText(f); ok {
		return b.String() + text + "\n"
	}
	for strings.Contains(f.Body, tag) {
		tag += "x"
	}
	b.WriteString("AS " + tag + "$" + f.Body + tag + "$\n")
	return b.String()
}

// quotedSetting is a setting's value as SET has it: a list of names is one already.
func quotedSetting(name, value string) string {
	if name == "search_path" || name == "temp_tablespaces" {
		var parts []string
		for _, part := range splitIdentifiers(value) {
			parts = append(parts, quoteText(part))
		}
		return strings.Join(parts, ", ")
	}
	return quoteText(value)
}

func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// functionOptions are the clauses that are not what goes without saying.
func functionOptions(f *catalog.Function) string {
	text := map[byte]string{'i': " IMMUTABLE", 's': " STABLE"}[f.Volatility]
	text += map[byte]string{'s': " PARALLEL SAFE", 'r': " PARALLEL RESTRICTED"}[f.Parallel]
	for _, o := range []struct {
		is   bool
		word string
	}{{f.Strict, " STRICT"}, {f.SecurityDefiner, " SECURITY DEFINER"}, {f.LeakProof, " LEAKPROOF"}} {
		if o.is {
			text += o.word
		}
	}
	usual := 100.0
	if f.Language == "internal" {
		usual = 1
	}
	if f.Cost != usual {
		text += " COST " + strconv.FormatFloat(f.Cost, 'g', 6, 64)
	}
	if f.Rows > 0 && f.Rows != 1000 {
		text += " ROWS " + strconv.FormatFloat(f.Rows, 'g', 6, 64)
	}
	return text
}

// defaultText is an argument's default as it is shown.
func (s *Session) defaultText(text string) string {
	return pgcatalog.Expression(s.snapshot(), s.database, text, s.visible, s.typeName)
}

// sqlBodyText is a body in SQL's own syntax; false for one that is a text.
func (s *Session) sqlBodyText(f *catalog.Function) (string, bool) {
	if f.SQLBody == "" {
		return "", false
	}
	text, err := bind.BodyDefinition(s.env.bind(), f, s.env.output())
	if err != nil {
		text = f.SQLBody
	}
	return pgcatalog.Expression(s.snapshot(), s.database, text, s.visible, s.typeName), true
}

// functionBody is pg_get_function_sqlbody.
func functionBody(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
	if f := s.snapshot().FunctionByOID(oidArg(args)); f != nil {
		return textIf(s.sqlBodyText(f)), nil
	}
	return types.Null, nil
}
