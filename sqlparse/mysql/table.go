package mysql

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// tableMaker puts a CREATE TABLE together.
type tableMaker struct {
	*translator
	node *pg.CreateStmt
	then []*pg.Node
	// auto is the AUTO_INCREMENT column and its definition, start its first value.
	auto  string
	start int64
	// leading are the columns that a key begins with.
	leading map[string]bool
}

// createTable translates CREATE TABLE; then are its secondary indexes.
func (t *translator) createTable(n *ast.CreateTableStmt) (node *pg.Node, then []*pg.Node) {
	if n.TemporaryKeyword != ast.TemporaryNone {
		t.refuse(n, "CREATE TEMPORARY TABLE")
	}
	if n.OnDuplicate != ast.OnDuplicateKeyHandlingError {
		t.refuse(n, "IGNORE or REPLACE here")
	}
	m := &tableMaker{translator: t, leading: map[string]bool{}}
	m.node = &pg.CreateStmt{
		Relation: t.tableName(n.Table), IfNotExists: n.IfNotExists, Oncommit: pg.OnCommitAction_ONCOMMIT_NOOP,
	}
	for _, o := range n.Options {
		m.option(o)
	}
	for _, c := range n.Cols {
		m.column(c)
	}
	for _, c := range n.Constraints {
		m.constraint(c)
	}
	if m.auto != "" && !m.leading[m.auto] {
		t.fail(n, pgerr.InvalidTableDefinition, "there can be only one auto column and it must be defined as a key")
	}
	return &pg.Node{Node: &pg.Node_CreateStmt{CreateStmt: m.node}}, m.then
}

// physical are options of a table that say how it is kept, never what it answers.
var physical = map[ast.TableOptionType]bool{
	ast.TableOptionComment: true, ast.TableOptionAvgRowLength: true, ast.TableOptionCheckSum: true,
	ast.TableOptionKeyBlockSize: true, ast.TableOptionMaxRows: true, ast.TableOptionMinRows: true,
	ast.TableOptionDelayKeyWrite: true, ast.TableOptionRowFormat: true, ast.TableOptionStatsPersistent: true,
	ast.TableOptionStatsAutoRecalc: true, ast.TableOptionPackKeys: true, ast.TableOptionStatsSamplePages: true,
}

func (m *tableMaker) option(o *ast.TableOption) {
	switch {
	case physical[o.Tp]:
	case o.Tp == ast.TableOptionEngine && strings.EqualFold(o.StrValue, "InnoDB"):
	case o.Tp == ast.TableOptionEngine:
		m.refuse(nil, "ENGINE %s", o.StrValue)
	case o.Tp == ast.TableOptionCharset:
		m.charset(o.StrValue)
	case o.Tp == ast.TableOptionCollate:
		m.collation(o.StrValue)
	case o.Tp == ast.TableOptionAutoIncrement:
		m.start = int64(min(o.UintValue, 1<<62))
	default:
		m.refuse(nil, "this option of CREATE TABLE")
	}
}

// charset takes the character set of the database.
func (t *translator) charset(name string) {
	if name != "" && !strings.EqualFold(name, "utf8mb4") {
		t.refuse(nil, "CHARACTER SET %s", name)
	}
}

// collation takes the one that the database has: by code points, with no padding.
func (t *translator) collation(name string) {
	if name != "" && !strings.EqualFold(name, "utf8mb4_0900_bin") {
		t.refuse(nil, "COLLATE %s", name)
	}
}

func (t *translator) dropTable(n *ast.DropTableStmt) *pg.Node {
	if n.TemporaryKeyword != ast.TemporaryNone {
		t.refuse(n, "DROP TEMPORARY TABLE")
	}
	s := &pg.DropStmt{RemoveType: pg.ObjectType_OBJECT_TABLE, MissingOk: n.IfExists, Behavior: pg.DropBehavior_DROP_RESTRICT}
	for _, table := range n.Tables {
		s.Objects = append(s.Objects, listNode(qualified(t.tableName(table))))
	}
	return &pg.Node{Node: &pg.Node_DropStmt{DropStmt: s}}
}

func qualified(v *pg.RangeVar) []*pg.Node {
	if v.Schemaname != "" {
		return stringNodes(v.Schemaname, v.Relname)
	}
	return stringNodes(v.Relname)
}

// truncate translates TRUNCATE, with which AUTO_INCREMENT begins anew.
func (t *translator) truncate(n *ast.TruncateTableStmt) *pg.Node {
	return &pg.Node{Node: &pg.Node_TruncateStmt{TruncateStmt: &pg.TruncateStmt{
		Relations: []*pg.Node{rangeVarNode(t.tableName(n.Table))}, RestartSeqs: true, Behavior: pg.DropBehavior_DROP_RESTRICT,
	}}}
}
