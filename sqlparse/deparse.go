package sqlparse

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Deparse makes SQL text of a raw tree, in the grammar's spelling.
func Deparse(n *pg.Node) (string, error) {
	res, err := pg.Parse("") // for the version that the deparser insists on
	if err != nil {
		return "", pgerr.Internal("deparse: %s", err.Error()).WithCause(err)
	}
	res.Stmts = []*pg.RawStmt{{Stmt: n}}
	text, err := pg.Deparse(res)
	if err != nil {
		return "", pgerr.Internal("deparse: %s", err.Error()).WithCause(err)
	}
	return text, nil
}

// DeparseExpr makes SQL text of a raw expression.
func DeparseExpr(n *pg.Node) (string, error) {
	target := &pg.Node{Node: &pg.Node_ResTarget{ResTarget: &pg.ResTarget{Val: n}}}
	text, err := Deparse(&pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: &pg.SelectStmt{
		TargetList:  []*pg.Node{target},
		LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE,
	}}})
	if err != nil {
		return "", err
	}
	return text[len("SELECT "):], nil
}

// ParseExpr parses one scalar expression, as a column's default is kept in the
// catalog. Locations in it count from the start of "SELECT ".
func ParseExpr(text string) (*Statement, *pg.Node, error) {
	if err := checkInput(text); err != nil {
		return nil, nil, err
	}
	sql := "SELECT " + text
	res, err := pg.Parse(sql)
	if err != nil {
		return nil, nil, grammarError(sql, err)
	}
	if len(res.Stmts) != 1 || len(res.Stmts[0].Stmt.GetSelectStmt().GetTargetList()) != 1 {
		return nil, nil, pgerr.New(pgerr.SyntaxError, "syntax error in expression \"%s\"", text)
	}
	n := res.Stmts[0].Stmt
	s := &Statement{Node: n, Text: sql, tree: &tree{node: n, text: sql, key: sql, literals: -1}}
	return s, n.GetSelectStmt().TargetList[0].GetResTarget().Val, nil
}

// ParseQuery parses one statement as it is, as a view's query is kept in the
// catalog: no literal is lifted.
func ParseQuery(text string) (*Statement, error) {
	if err := checkInput(text); err != nil {
		return nil, err
	}
	res, err := pg.Parse(text)
	if err != nil {
		return nil, grammarError(text, err)
	}
	if len(res.Stmts) != 1 {
		return nil, pgerr.New(pgerr.SyntaxError, "not one statement: \"%s\"", text)
	}
	n := res.Stmts[0].Stmt
	w := &lifter{}
	w.visit(n.ProtoReflect(), false)
	return &Statement{
		Node: n, Text: text, Params: w.params,
		tree: &tree{node: n, text: text, params: w.params, key: text, literals: -1},
	}, nil
}

// ParseBody parses the statements of a function's body as they are: no literal
// is lifted, and positions count from the body's beginning.
func ParseBody(text string) ([]*Statement, error) {
	if err := checkInput(text); err != nil {
		return nil, err
	}
	res, err := pg.Parse(text)
	if err != nil {
		return nil, grammarError(text, err)
	}
	var out []*Statement
	for _, raw := range res.Stmts {
		start, end := int(raw.StmtLocation), len(text)
		if raw.StmtLen > 0 {
			end = start + int(raw.StmtLen)
		}
		if err := checkVersion(text, start, text[start:end], raw.Stmt); err != nil {
			return nil, err
		}
		w := &lifter{}
		w.visit(raw.Stmt.ProtoReflect(), false)
		out = append(out, &Statement{
			Node: raw.Stmt, Text: text, Params: w.params,
			tree: &tree{node: raw.Stmt, text: text, params: w.params, literals: -1},
		})
	}
	return out, nil
}
