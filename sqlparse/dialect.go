package sqlparse

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/sqlparse/mysql"
)

// Dialect is the language that texts are in.
type Dialect uint8

// The dialects.
const (
	Postgres Dialect = iota
	MySQL
)

// Dialects are their names, as the setting sql_dialect has them, in the order of the constants.
var Dialects = []string{"postgres", "mysql"}

// DialectNamed is the dialect of a name; Postgres for any other text.
func DialectNamed(name string) Dialect {
	for i, d := range Dialects {
		if d == name {
			return Dialect(i)
		}
	}
	return Postgres
}

// Parse parses a query string of the dialect. Errors are as those of the package's Parse.
func (d Dialect) Parse(sql string) ([]*Statement, error) {
	if d == MySQL {
		return parseMySQL(sql)
	}
	return Parse(sql)
}

// EndsEach reports whether each statement of a query string is a transaction of
// its own, as MySQL commits them; PostgreSQL makes one of all.
func (d Dialect) EndsEach() bool { return d == MySQL }

// key is what a text is cached by: the same text means something else in another dialect.
func (d Dialect) key(sql string) string { return "\x00" + Dialects[d] + " " + sql }

// parseMySQL parses MySQL's dialect.
func parseMySQL(sql string) ([]*Statement, error) {
	if err := CheckText(sql); err != nil {
		return nil, err
	}
	list, err := mysql.Parse(sql)
	if err != nil {
		if s := sessionCommand(sql, err); s != nil {
			return s, nil
		}
		return nil, err
	}
	out := make([]*Statement, len(list))
	for i, m := range list {
		out[i] = translated(sql, m.Start, m.End, m.Node)
		out[i].Alone = m.Alone
		for _, n := range m.Then {
			out[i].Then = append(out[i].Then, translated(sql, m.Start, m.End, n))
		}
	}
	return out, nil
}

// translated is a statement of another dialect. Its literals are not lifted:
// the scanner that finds them knows PostgreSQL's.
func translated(sql string, start, end int, n *pg.Node) *Statement {
	body := sql[start:end]
	w := &lifter{}
	w.visit(n.ProtoReflect(), false)
	return &Statement{
		Node: n, Text: body, Params: w.params, before: characters(sql[:start]),
		tree: &tree{node: n, text: body, base: start, params: w.params, key: MySQL.key(body), literals: -1},
	}
}

// sessionCommand is a text that is no MySQL but a command of PostgreSQL's about
// the session (SHOW of a setting, RESET, DISCARD, DEALLOCATE): what connection
// pools send must not depend on the dialect that a session is in. nil for others.
func sessionCommand(sql string, err error) []*Statement {
	if !pgerr.HasCode(err, pgerr.SyntaxError) {
		return nil
	}
	list, err := Parse(sql)
	if err != nil {
		return nil
	}
	for _, s := range list {
		switch n := s.Node.GetNode().(type) {
		case *pg.Node_VariableShowStmt, *pg.Node_DiscardStmt, *pg.Node_DeallocateStmt:
		case *pg.Node_VariableSetStmt:
			if k := n.VariableSetStmt.Kind; k != pg.VariableSetKind_VAR_RESET && k != pg.VariableSetKind_VAR_RESET_ALL {
				return nil
			}
		default:
			return nil
		}
	}
	return list
}
