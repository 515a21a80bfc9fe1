package plpgsql

import (
	"encoding/json"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// node is an object of the grammar's JSON: its one key names what it is.
type node struct {
	Function *function `json:"PLpgSQL_function"`
}

type function struct {
	Datums []map[string]datum         `json:"datums"`
	Action map[string]json.RawMessage `json:"action"`
}

// datum is a variable; what DECLARE makes has a line.
type datum struct {
	Name string `json:"refname"`
	Line int    `json:"lineno"`
}

type block struct {
	Line       int                          `json:"lineno"`
	Body       []map[string]json.RawMessage `json:"body"`
	Exceptions json.RawMessage              `json:"exceptions"`
}

type expression struct {
	Expr struct {
		Query string `json:"query"`
	} `json:"PLpgSQL_expr"`
}

type returning struct {
	Line int         `json:"lineno"`
	Expr *expression `json:"expr"`
}

// statements are those of the outermost block.
func (f *function) statements(of *catalog.Function) ([]Statement, error) {
	var b block
	if err := json.Unmarshal(f.Action["PLpgSQL_stmt_block"], &b); err != nil {
		return nil, pgerr.Internal("PL/pgSQL's grammar: %s", err.Error()).WithCause(err)
	}
	if inner := b.onlyBlock(); inner != nil {
		b = *inner // the grammar has put a block around one that handles exceptions
	}
	if b.Exceptions != nil {
		return nil, pgerr.Unsupported("PL/pgSQL clause EXCEPTION")
	}
	for i, s := range b.Body {
		for kind := range s {
			if kind != "PLpgSQL_stmt_return" {
				return nil, pgerr.Unsupported("PL/pgSQL statement %s", word(kind))
			}
			if i > 0 && !isImplicit(s[kind]) {
				return nil, pgerr.Unsupported("PL/pgSQL block of several statements")
			}
		}
	}
	for _, d := range f.Datums {
		for _, v := range d {
			if v.Line > 0 {
				return nil, pgerr.Unsupported("PL/pgSQL declaration of \"%s\"", v.Name)
			}
		}
	}
	if len(b.Body) == 0 {
		return nil, nil
	}
	return returnOf(of, b.Body[0]["PLpgSQL_stmt_return"])
}

// onlyBlock is the block that is b's first statement, if it handles exceptions.
func (b *block) onlyBlock() *block {
	if len(b.Body) == 0 || b.Body[0]["PLpgSQL_stmt_block"] == nil {
		return nil
	}
	var inner block
	if json.Unmarshal(b.Body[0]["PLpgSQL_stmt_block"], &inner) != nil || inner.Exceptions == nil {
		return nil
	}
	return &inner
}

// isImplicit reports whether the grammar has put a RETURN to the end itself.
func isImplicit(text json.RawMessage) bool {
	var r returning
	return json.Unmarshal(text, &r) == nil && r.Line == 0
}

func returnOf(of *catalog.Function, text json.RawMessage) ([]Statement, error) {
	var r returning
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, pgerr.Internal("PL/pgSQL's grammar: %s", err.Error()).WithCause(err)
	}
	switch {
	case r.Line == 0: // the end of the body
		return nil, nil
	case r.Expr == nil && of.Result != types.TVoid:
		return nil, pgerr.New(pgerr.SyntaxError, "missing expression at or near \";\"")
	case r.Expr != nil && of.Result == types.TVoid:
		return nil, pgerr.New(pgerr.DatatypeMismatch, "RETURN cannot have a parameter in function returning void")
	case r.Expr == nil:
		return []Statement{&Return{Line: r.Line}}, nil
	}
	return []Statement{&Return{Line: r.Line, Expr: r.Expr.Expr.Query}}, nil
}

// words are PL/pgSQL's for statements that the grammar calls otherwise (plpgsql_stmt_typename).
var words = map[string]string{
	"assign": "assignment", "block": "statement block", "fori": "FOR with integer loop variable", "fors": "FOR over SELECT rows",
	"forc": "FOR over cursor", "foreach_a": "FOREACH over array", "execsql": "(a command in SQL)", "dynexecute": "EXECUTE",
	"dynfors": "FOR over EXECUTE statement", "getdiag": "GET DIAGNOSTICS", "return_query": "RETURN QUERY", "return_next": "RETURN NEXT",
}

// word names a statement: PLpgSQL_stmt_if is IF.
func word(kind string) string {
	name := strings.TrimPrefix(kind, "PLpgSQL_stmt_")
	if w, ok := words[name]; ok {
		return w
	}
	return strings.ToUpper(name)
}
