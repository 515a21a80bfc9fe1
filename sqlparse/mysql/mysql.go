// Package mysql reads MySQL's dialect: TiDB's parser makes a syntax tree of the
// text, and this package makes PostgreSQL's of that, the one that binding
// consumes.
//
//	mysql.go     Parse, Statement (this file: the contract)
//	driver.go    the literals that TiDB's parser asks its user for
//	depth.go     texts too deep for Go's stack
//	errors.go    refusals, and the parser's errors as SQLSTATEs
//	fields.go    which fields of which nodes are read; all others are refused
//	select.go    queries; from.go their tables, setop.go UNION and its like, order.go the clauses behind
//	expr.go      expressions; compare.go truth and comparison, arithmetic.go, literal.go
//	function.go  functions, aggregate.go those over rows
//	insert.go    INSERT; update.go UPDATE and DELETE
//	table.go     CREATE TABLE, with column.go, coltype.go and index.go; DROP and TRUNCATE
//	command.go   SET, BEGIN and their like
//	build.go     nodes of PostgreSQL's tree
//
// The translation sees no catalog: it does not know the type of any column. So
// an expression is written such that binding finds exactly MySQL's meaning for
// the types that there are, or an operator that does not exist: an error, never
// another answer. What MySQL computes by rules of its own per type are functions
// in the schema "mysql" (see catalog/builtin), which overloads tell apart.
package mysql

import (
	"slices"
	"sync"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Statement is one statement of a text.
type Statement struct {
	// Node is its tree. Locations count bytes of the whole text.
	Node *pg.Node
	// Then are what else the statement does, after Node and as part of it: the
	// indexes of a CREATE TABLE.
	Then []*pg.Node
	// Start and End are its bytes in the text.
	Start, End int
	// Alone is set for what MySQL commits by itself, with what is open before it:
	// it must not run inside a transaction, where it could be rolled back.
	Alone bool
}

// parsers are TiDB's, which are large and not safe for concurrent use.
var parsers = sync.Pool{New: func() any {
	register()
	return parser.New()
}}

// pooledText is a length, in bytes, beyond which a text's parser is not used
// again: its stack has grown with the text's nesting.
const pooledText = 64 << 10

// Parse parses a text of any number of statements. It must be valid UTF-8
// without zero bytes. Errors are *pgerr.E: 42601 for what the grammar refuses,
// 0A000 for what has no translation, with character positions.
func Parse(sql string) (list []Statement, err error) {
	if tooDeep(sql) {
		return nil, pgerr.TooDeep()
	}
	nodes, err := grammar(sql)
	if err != nil {
		return nil, err
	}
	end := 0
	for _, n := range nodes {
		s := Statement{}
		s.Start, s.End = extent(sql, end, n.OriginalText())
		end = s.End
		if err := translate(sql, n, &s); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// grammar runs TiDB's parser; a panic of it is its refusal of the text.
func grammar(sql string) (nodes []ast.StmtNode, err error) {
	p := parsers.Get().(*parser.Parser)
	defer func() {
		if r := recover(); r != nil {
			nodes, err = nil, pgerr.New(pgerr.SyntaxError, "syntax error") // p is not used again
			return
		}
		if len(sql) <= pooledText {
			parsers.Put(p)
		}
	}()
	p.Reset()
	nodes, _, err = p.ParseSQL(sql, parser.CharsetConnection("utf8mb4"), parser.CollationConnection("utf8mb4_0900_bin"))
	if err != nil {
		return nil, grammarError(sql, err)
	}
	return append([]ast.StmtNode(nil), nodes...), nil
}

// translator makes PostgreSQL's tree of one statement. It fails by panicking
// with *pgerr.E.
type translator struct {
	sql string
	// params are the places of the question marks, which number them.
	params []int
	// changes: the statement writes, so a division by zero is an error in it.
	changes bool
	// conflict is the table whose ON DUPLICATE KEY UPDATE is being translated: names
	// without a table are its existing row's.
	conflict string
	depth    int
	// functions is the table of them; here, since what translates them translates their arguments too.
	functions map[string]function
}

// translate fills in s from a statement's node.
func translate(sql string, n ast.StmtNode, s *Statement) (err error) {
	t := &translator{sql: sql, functions: functions}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			err = r.E
		default:
			err = pgerr.Internal("translation of MySQL's text: %v", r)
		}
	}()
	t.checkFields(n)
	slices.Sort(t.params)
	t.statement(n, s)
	return nil
}

func (t *translator) statement(n ast.StmtNode, s *Statement) {
	switch n := n.(type) {
	case *ast.SelectStmt:
		s.Node = selectNode(t.query(n, true))
	case *ast.SetOprStmt:
		s.Node = selectNode(t.setOperation(n, true))
	case *ast.InsertStmt:
		s.Node = t.insert(n)
	case *ast.UpdateStmt:
		s.Node = t.update(n)
	case *ast.DeleteStmt:
		s.Node = t.delete(n)
	case *ast.CreateTableStmt:
		s.Node, s.Then = t.createTable(n)
		s.Alone = true
	case *ast.DropTableStmt:
		s.Node, s.Alone = t.dropTable(n), true
	case *ast.TruncateTableStmt:
		s.Node, s.Alone = t.truncate(n), true
	case *ast.BeginStmt:
		s.Node, s.Alone = t.begin(n), true
	case *ast.CommitStmt:
		s.Node = t.commit(n)
	case *ast.RollbackStmt:
		s.Node = t.rollback(n)
	case *ast.SetStmt:
		s.Node = t.set(n)
	default:
		t.refuse(n, "%s", clauseName(typeName(n)))
	}
}
