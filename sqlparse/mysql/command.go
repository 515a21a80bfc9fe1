package mysql

import (
	"regexp"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// dialectSetting is the setting that chose this dialect.
const dialectSetting = "sql_dialect"

// settings are those of PostgreSQL's that SET takes here, none of which is a
// variable of MySQL's.
var settings = []string{
	dialectSetting, "search_path", "application_name", "statement_timeout", "lock_timeout", "work_mem",
	"idle_in_transaction_session_timeout", "client_min_messages",
}

// begin translates BEGIN. REPEATABLE READ is what MySQL's transactions read by;
// where one of its writes would go on with rows that were changed since, ours is
// 40001, which is also the state of MySQL's deadlocks.
func (t *translator) begin(n *ast.BeginStmt) *pg.Node {
	if n.Mode != "" {
		t.refuse(n, "BEGIN %s", n.Mode)
	}
	if consistent.MatchString(n.OriginalText()) { // the parser drops it
		t.refuse(n, "WITH CONSISTENT SNAPSHOT")
	}
	s := &pg.TransactionStmt{Kind: pg.TransactionStmtKind_TRANS_STMT_BEGIN, Location: nowhere}
	s.Options = []*pg.Node{defElem("transaction_isolation", stringConst("repeatable read", nowhere))}
	if n.ReadOnly {
		s.Options = append(s.Options, defElem("transaction_read_only", intConst(1, nowhere)))
	}
	return transactionNode(s)
}

var consistent = regexp.MustCompile(`(?i)\bconsistent\b`)

func (t *translator) commit(*ast.CommitStmt) *pg.Node {
	return transactionNode(&pg.TransactionStmt{Kind: pg.TransactionStmtKind_TRANS_STMT_COMMIT, Location: nowhere})
}

func (t *translator) rollback(*ast.RollbackStmt) *pg.Node {
	return transactionNode(&pg.TransactionStmt{Kind: pg.TransactionStmtKind_TRANS_STMT_ROLLBACK, Location: nowhere})
}

func transactionNode(s *pg.TransactionStmt) *pg.Node {
	return &pg.Node{Node: &pg.Node_TransactionStmt{TransactionStmt: s}}
}

// set translates SET of one variable.
func (t *translator) set(n *ast.SetStmt) *pg.Node {
	if len(n.Variables) != 1 {
		t.refuse(n, "SET of several variables")
	}
	v := n.Variables[0]
	name := strings.ToLower(v.Name)
	switch {
	case v.Name == ast.SetNames:
		return t.setNames(v)
	case !v.IsSystem:
		t.refuse(v, "the user variable @%s", v.Name)
	case name == "autocommit":
		return t.setAutocommit(v)
	case !slices.Contains(settings, name):
		t.refuse(v, "SET %s", v.Name)
	}
	if _, ok := v.Value.(*ast.DefaultExpr); ok {
		return setNode(pg.VariableSetKind_VAR_SET_DEFAULT, name)
	}
	return setNode(pg.VariableSetKind_VAR_SET_VALUE, name, t.setting(v.Value))
}

// setting is a value of SET: a literal, or a word.
func (t *translator) setting(n ast.ExprNode) *pg.Node {
	switch n := n.(type) {
	case *ast.ColumnNameExpr:
		if n.Name.Table.L == "" {
			return stringConst(n.Name.Name.O, location(n))
		}
	case *literal:
		if text, ok := t.numeral(n); ok {
			return numberOf(text, location(n))
		}
		if s, ok := n.value.(string); ok {
			return stringConst(s, location(n))
		}
	}
	t.refuse(n, "an expression in SET")
	return nil
}

// setNames takes the one character set that clients have here.
func (t *translator) setNames(v *ast.VariableAssignment) *pg.Node {
	if l, ok := v.Value.(*literal); ok && slices.Contains([]string{"utf8mb4", "utf8", "utf8mb3"}, strings.ToLower(l.GetString())) && v.ExtendValue == nil {
		return setNode(pg.VariableSetKind_VAR_SET_VALUE, "client_encoding", stringConst("UTF8", nowhere))
	}
	t.refuse(v, "SET NAMES of another character set or with a collation")
	return nil
}

// setAutocommit takes what holds anyway; it sets again what it chose.
func (t *translator) setAutocommit(v *ast.VariableAssignment) *pg.Node {
	on := false
	switch n := v.Value.(type) {
	case *literal:
		on = n.GetString() == "1" || n.GetString() == "true" || strings.EqualFold(n.GetString(), "on")
	case *ast.ColumnNameExpr:
		on = n.Name.Name.L == "on"
	}
	if !on {
		t.refuse(v, "SET autocommit = 0")
	}
	return setNode(pg.VariableSetKind_VAR_SET_VALUE, dialectSetting, stringConst("mysql", nowhere))
}

func setNode(kind pg.VariableSetKind, name string, args ...*pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_VariableSetStmt{VariableSetStmt: &pg.VariableSetStmt{Kind: kind, Name: name, Args: args}}}
}
