package mysql

import (
	"reflect"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/types"
)

// nodeFields says what becomes of each field of a node of TiDB's tree: those
// before the bar are read when the node is translated (or say nothing: marks
// that TiDB's own planner sets, how something was written); those behind it are
// refused with 0A000 when they are set. A node that is not here is refused.
var nodeFields = fieldTable(map[any]string{
	&ast.SelectStmt{}: `SelectStmtOpts Distinct From Where Fields GroupBy Having OrderBy Limit LockInfo With IsInBraces
		WithBeforeBraces QueryBlockOffset AfterSetOperator Kind | WindowSpecs TableHints SelectIntoOpt Lists AsViewSchema`,
	&ast.SelectStmtOpts{}:        "Distinct SQLBigResult SQLBufferResult SQLCache SQLSmallResult StraightJoin Priority ExplicitAll | CalcFoundRows TableHints",
	&ast.FieldList{}:             "Fields |",
	&ast.SelectField{}:           "Offset WildCard Expr AsName Auxiliary AuxiliaryColInAgg AuxiliaryColInOrderBy |",
	&ast.WildCardField{}:         "Table Schema |",
	&ast.TableRefsClause{}:       "TableRefs |",
	&ast.Join{}:                  "Left Right Tp On Using NaturalJoin StraightJoin ExplicitParens |",
	&ast.OnCondition{}:           "Expr |",
	&ast.TableSource{}:           "Source AsName Lateral ColumnNames |",
	&ast.TableName{}:             "Schema Name IndexHints IsAlias | PartitionNames TableSample AsOf",
	&ast.IndexHint{}:             "IndexNames HintType HintScope |", // they choose a way, not an answer
	&ast.GroupByClause{}:         "Items | Rollup",
	&ast.HavingClause{}:          "Expr |",
	&ast.OrderByClause{}:         "Items ForUnion |",
	&ast.ByItem{}:                "Expr Desc NullOrder |",
	&ast.Limit{}:                 "Count Offset |",
	&ast.SelectLockInfo{}:        "LockType Tables | WaitSec",
	&ast.WithClause{}:            "CTEs | IsRecursive",
	&ast.CommonTableExpression{}: "Name Query ColNameList ConsumerCount | IsRecursive",
	&ast.SetOprStmt{}:            "IsInBraces SelectList OrderBy Limit With |",
	&ast.SetOprSelectList{}:      "AfterSetOperator Selects Limit OrderBy | With",
	&ast.InsertStmt{}:            "Table Columns Lists Setlist Priority OnDuplicate Select | IsReplace IgnoreErr TableHints PartitionNames",
	&ast.Assignment{}:            "Column Expr |",
	&ast.UpdateStmt{}:            "TableRefs List Where Priority | Order Limit IgnoreErr MultipleTable TableHints With",
	&ast.DeleteStmt{}:            "TableRefs Where Priority Quick BeforeFrom | Tables Order Limit IgnoreErr IsMultiTable TableHints With",

	&ast.BetweenExpr{}:            "Expr Left Right Not |",
	&ast.BinaryOperationExpr{}:    "Op L R |",
	&ast.UnaryOperationExpr{}:     "Op V |",
	&ast.CaseExpr{}:               "Value WhenClauses ElseClause |",
	&ast.WhenClause{}:             "Expr Result |",
	&ast.SubqueryExpr{}:           "Query Evaluated Correlated MultiRows Exists |",
	&ast.CompareSubqueryExpr{}:    "L Op R All |",
	&ast.ColumnName{}:             "Schema Table Name |",
	&ast.ColumnNameExpr{}:         "Name |",
	&ast.DefaultExpr{}:            "| Name",
	&ast.ExistsSubqueryExpr{}:     "Sel Not |",
	&ast.PatternInExpr{}:          "Expr List Not Sel |",
	&ast.IsNullExpr{}:             "Expr Not |",
	&ast.IsTruthExpr{}:            "Expr Not True |",
	&ast.PatternLikeOrIlikeExpr{}: "Expr Pattern Not IsLike Escape EscapeExplicit PatChars PatTypes |",
	&ast.ParenthesesExpr{}:        "Expr |",
	&ast.PositionExpr{}:           "N | P",
	&ast.RowExpr{}:                "Values |",
	&ast.ValuesExpr{}:             "Column |",
	&ast.VariableExpr{}:           "Name IsSystem ExplicitScope | IsGlobal IsInstance Value",
	&ast.FuncCallExpr{}:           "Tp FnName Args | Schema",
	&ast.FuncCastExpr{}:           "Expr Tp FunctionType | ExplicitCharSet",
	&ast.AggregateFuncExpr{}:      "F Args Distinct | Order",
	&ast.TrimDirectionExpr{}:      "Direction |",
	&ast.TimeUnitExpr{}:           "Unit |",

	&ast.CreateTableStmt{}:        "IfNotExists TemporaryKeyword Table Cols Constraints Options OnDuplicate | OnCommitDelete ReferTable SplitIndex Partition Select",
	&ast.ColumnDef{}:              "Name Tp Options |",
	&ast.ColumnOption{}:           "Tp Expr Enforced StrValue ConstraintName | Stored Refer AutoRandOpt PrimaryKeyTp SecondaryEngineAttr",
	&ast.AutoRandomOption{}:       "| ShardBits RangeBits",
	&ast.Constraint{}:             "Tp Name Keys Option Expr Enforced InColumn InColumnName | IfNotExists Refer IsEmptyIndex",
	&ast.IndexPartSpecification{}: "Column Length Desc | Expr",
	&ast.IndexOption{}: `KeyBlockSize Tp Comment Visibility | ParserName PrimaryKeyTp Global SplitOpt SecondaryEngineAttr
		AddColumnarReplicaOnDemand Condition`,
	&ast.TableOption{}:       "Tp StrValue UintValue Default | BoolValue TimeUnitValue Value TableNames ColumnName",
	&ast.DropTableStmt{}:     "IfExists Tables TemporaryKeyword | IsView",
	&ast.TruncateTableStmt{}: "Table |",

	&ast.SetStmt{}:            "Variables |",
	&ast.VariableAssignment{}: "Name Value IsSystem ExtendValue | IsInstance IsGlobal",
	&ast.BeginStmt{}:          "Mode ReadOnly | CausalConsistencyOnly AsOf",
	&ast.CommitStmt{}:         "| CompletionType",
	&ast.RollbackStmt{}:       "| CompletionType SavepointName",

	// Values that the translation reads whole.
	&literal{}: "|", &param{}: "|", &ast.CIStr{}: "O L |", &types.FieldType{}: "|",
})

// clauseNames are how refused fields and nodes are called in messages.
var clauseNames = map[string]string{
	"WindowSpecs": "WINDOW", "TableHints": "an optimizer hint", "SelectIntoOpt": "SELECT INTO", "Lists": "VALUES ROW",
	"CalcFoundRows": "SQL_CALC_FOUND_ROWS", "PartitionNames": "PARTITION", "TableSample": "TABLESAMPLE", "AsOf": "AS OF",
	"Rollup": "WITH ROLLUP", "WaitSec": "WAIT", "IsRecursive": "WITH RECURSIVE", "IsReplace": "REPLACE", "IgnoreErr": "IGNORE",
	"MultipleTable": "UPDATE of several tables", "IsMultiTable": "DELETE from several tables", "Tables": "DELETE from several tables",
	"Schema": "a qualified function name", "ExplicitCharSet": "CHARACTER SET in CAST", "ReferTable": "CREATE TABLE LIKE",
	"Select": "CREATE TABLE AS", "Partition": "PARTITION BY", "Stored": "a generated column", "Refer": "FOREIGN KEY", "IsView": "DROP VIEW",
	"IsGlobal": "SET GLOBAL", "CompletionType": "AND CHAIN or RELEASE", "SavepointName": "SAVEPOINT", "Order": "ORDER BY here", "Limit": "LIMIT here",
	"With": "WITH here", "Expr": "an index on an expression", "AsViewSchema": "a view", "Name": "DEFAULT(column)", "WindowFuncExpr": "a window function",
	"PatternRegexpExpr": "REGEXP", "MatchAgainst": "MATCH … AGAINST", "SetCollationExpr": "COLLATE", "MaxValueExpr": "MAXVALUE",
	"ShowStmt": "SHOW", "UseStmt": "USE", "ExplainStmt": "EXPLAIN", "AlterTableStmt": "ALTER TABLE", "CreateIndexStmt": "CREATE INDEX",
	"DropIndexStmt": "DROP INDEX", "CreateDatabaseStmt": "CREATE DATABASE", "DropDatabaseStmt": "DROP DATABASE", "CreateViewStmt": "CREATE VIEW",
	"SavepointStmt": "SAVEPOINT", "ReleaseSavepointStmt": "RELEASE SAVEPOINT", "PrepareStmt": "PREPARE", "ExecuteStmt": "EXECUTE",
	"CallStmt": "CALL", "LoadDataStmt": "LOAD DATA", "RenameTableStmt": "RENAME TABLE", "LockTablesStmt": "LOCK TABLES", "UnlockTablesStmt": "UNLOCK TABLES",
	"GrantStmt": "GRANT", "RevokeStmt": "REVOKE", "CreateUserStmt": "CREATE USER", "DropUserStmt": "DROP USER", "DoStmt": "DO",
	"AnalyzeTableStmt": "ANALYZE TABLE", "ParserName": "WITH PARSER", "OnCommitDelete": "ON COMMIT DELETE ROWS",
}

func clauseName(name string) string {
	if s, ok := clauseNames[name]; ok {
		return s
	}
	return name
}

// fieldSets are the fields of one node.
type fieldSets struct{ read, refused map[string]bool }

// fieldTable reads the lists; the keys are pointers to the nodes.
func fieldTable(in map[any]string) map[reflect.Type]fieldSets {
	out := make(map[reflect.Type]fieldSets, len(in))
	for node, list := range in {
		read, refused, _ := strings.Cut(list, "|")
		out[reflect.TypeOf(node).Elem()] = fieldSets{nameSet(read), nameSet(refused)}
	}
	return out
}

func nameSet(list string) map[string]bool {
	out := map[string]bool{}
	for _, f := range strings.Fields(list) {
		out[f] = true
	}
	return out
}

func typeName(n any) string { return reflect.Indirect(reflect.ValueOf(n)).Type().Name() }

// checkFields refuses what is in a tree and would be passed over.
func (t *translator) checkFields(n ast.Node) { t.checkValue(reflect.ValueOf(n), n) }

// checkValue looks at a value inside of the node at.
func (t *translator) checkValue(v reflect.Value, at ast.Node) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return
		}
		if n, ok := v.Interface().(ast.Node); ok {
			at = n
		}
		t.checkValue(v.Elem(), at)
	case reflect.Slice:
		for i := range v.Len() {
			t.checkValue(v.Index(i), at)
		}
	case reflect.Struct:
		t.enter()
		t.checkStruct(v, at)
		t.leave()
	}
}

func (t *translator) checkStruct(v reflect.Value, at ast.Node) {
	sets, known := nodeFields[v.Type()]
	if p, ok := at.(*param); ok {
		t.params = append(t.params, p.OriginTextPosition())
		return
	}
	if !known {
		t.refuse(at, "%s", clauseName(v.Type().Name()))
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch {
		case !f.IsExported():
		case sets.refused[f.Name] && isSet(v.Field(i)):
			t.refuse(at, "%s", clauseName(f.Name))
		case sets.read[f.Name]:
			t.checkValue(v.Field(i), at)
		}
	}
}

func isSet(v reflect.Value) bool {
	if v.Kind() == reflect.Slice {
		return v.Len() > 0
	}
	return !v.IsZero()
}
