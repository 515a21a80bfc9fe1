package ddl

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// objectWords are SQL's words for kinds of objects, where the parser's are
// others (utility.c, AlterObjectTypeCommandTag).
var objectWords = map[pg.ObjectType]string{
	pg.ObjectType_OBJECT_MATVIEW: "MATERIALIZED VIEW", pg.ObjectType_OBJECT_COLUMN: "TABLE", pg.ObjectType_OBJECT_TABCONSTRAINT: "TABLE",
	pg.ObjectType_OBJECT_OPCLASS: "OPERATOR CLASS", pg.ObjectType_OBJECT_OPFAMILY: "OPERATOR FAMILY", pg.ObjectType_OBJECT_LARGEOBJECT: "LARGE OBJECT",
	pg.ObjectType_OBJECT_TSCONFIGURATION: "TEXT SEARCH CONFIGURATION", pg.ObjectType_OBJECT_TSDICTIONARY: "TEXT SEARCH DICTIONARY",
	pg.ObjectType_OBJECT_TSPARSER: "TEXT SEARCH PARSER", pg.ObjectType_OBJECT_TSTEMPLATE: "TEXT SEARCH TEMPLATE",
	pg.ObjectType_OBJECT_STATISTIC_EXT: "STATISTICS", pg.ObjectType_OBJECT_FDW: "FOREIGN DATA WRAPPER", pg.ObjectType_OBJECT_FOREIGN_SERVER: "SERVER",
	pg.ObjectType_OBJECT_DOMCONSTRAINT: "DOMAIN", pg.ObjectType_OBJECT_ATTRIBUTE: "TYPE",
}

func objectWord(t pg.ObjectType) string {
	if w, ok := objectWords[t]; ok {
		return w
	}
	return strings.ReplaceAll(strings.TrimPrefix(t.String(), "OBJECT_"), "_", " ")
}

// statementWords are statements whose node is not named as users name them.
var statementWords = map[string]string{
	"CreateTrig": "CREATE TRIGGER", "CreatePlang": "CREATE LANGUAGE", "CreateTableSpace": "CREATE TABLESPACE",
	"DropTableSpace": "DROP TABLESPACE", "AlterTableSpaceOptions": "ALTER TABLESPACE", "AlterTableMoveAll": "ALTER TABLE ALL IN TABLESPACE",
	"Rule":      "CREATE RULE",
	"AlterType": "ALTER TYPE … SET (…)", "DeclareCursor": "DECLARE CURSOR", "Lock": "LOCK TABLE",
	"ClosePortal": "CLOSE", "SecLabel": "SECURITY LABEL",
	"CreateStats": "CREATE STATISTICS", "AlterStats": "ALTER STATISTICS", "CreateAm": "CREATE ACCESS METHOD",
	"CreateEventTrig": "CREATE EVENT TRIGGER", "AlterEventTrig": "ALTER EVENT TRIGGER",
	"CreateFdw": "CREATE FOREIGN DATA WRAPPER", "AlterFdw": "ALTER FOREIGN DATA WRAPPER",
	"CreateForeignServer": "CREATE SERVER", "AlterForeignServer": "ALTER SERVER",
	"CreateOpClass": "CREATE OPERATOR CLASS", "CreateOpFamily": "CREATE OPERATOR FAMILY", "AlterOpFamily": "ALTER OPERATOR FAMILY",
	"AlterExtensionContents": "ALTER EXTENSION", "AlterTsconfiguration": "ALTER TEXT SEARCH CONFIGURATION",
	"AlterTsdictionary": "ALTER TEXT SEARCH DICTIONARY", "AlterDatabaseRefreshColl": "ALTER DATABASE … REFRESH COLLATION VERSION",
}

// statementName names an unsupported statement as a user would: "CREATE TRIGGER".
func statementName(n any) string {
	switch n := n.(type) {
	case *pg.Node_GrantStmt:
		return grantWord(n.GrantStmt)
	case *pg.Node_SelectStmt:
		return "SELECT INTO"
	case *pg.Node_DefineStmt:
		switch d := n.DefineStmt; {
		case d.Kind == pg.ObjectType_OBJECT_TYPE && len(d.Definition) == 0:
			return "CREATE TYPE of a shell type"
		case d.Kind == pg.ObjectType_OBJECT_TYPE:
			return "CREATE TYPE … (INPUT = …)"
		}
		return "CREATE " + objectWord(n.DefineStmt.Kind)
	case *pg.Node_AlterObjectDependsStmt:
		return "ALTER " + objectWord(n.AlterObjectDependsStmt.ObjectType) + " … DEPENDS ON EXTENSION"
	case *pg.Node_FetchStmt:
		if n.FetchStmt.Ismove {
			return "MOVE"
		}
	}
	name := fmt.Sprintf("%T", n)
	name = strings.TrimSuffix(name[strings.LastIndex(name, "_")+1:], "Stmt")
	if w, ok := statementWords[name]; ok {
		return w
	}
	return camelWords(name)
}

func grantWord(n *pg.GrantStmt) string {
	word := "REVOKE"
	if n.IsGrant {
		word = "GRANT"
	}
	if n.Targtype == pg.GrantTargetType_ACL_TARGET_ALL_IN_SCHEMA {
		return word + " ON ALL " + objectWord(n.Objtype) + "S IN SCHEMA"
	}
	return word + " ON " + objectWord(n.Objtype)
}

// alterWords are the subcommands of ALTER TABLE that are not named as users write them.
var alterWords = map[pg.AlterTableType]string{
	pg.AlterTableType_AT_EnableRowSecurity: "ENABLE ROW LEVEL SECURITY", pg.AlterTableType_AT_DisableRowSecurity: "DISABLE ROW LEVEL SECURITY",
	pg.AlterTableType_AT_ForceRowSecurity: "FORCE ROW LEVEL SECURITY", pg.AlterTableType_AT_NoForceRowSecurity: "NO FORCE ROW LEVEL SECURITY",
	pg.AlterTableType_AT_AddInherit: "INHERIT", pg.AlterTableType_AT_DropInherit: "NO INHERIT",
	pg.AlterTableType_AT_AddOf: "OF", pg.AlterTableType_AT_DropOf: "NOT OF",
	pg.AlterTableType_AT_EnableTrig: "ENABLE TRIGGER", pg.AlterTableType_AT_EnableAlwaysTrig: "ENABLE ALWAYS TRIGGER",
	pg.AlterTableType_AT_EnableReplicaTrig: "ENABLE REPLICA TRIGGER", pg.AlterTableType_AT_DisableTrig: "DISABLE TRIGGER",
	pg.AlterTableType_AT_EnableTrigAll: "ENABLE TRIGGER ALL", pg.AlterTableType_AT_DisableTrigAll: "DISABLE TRIGGER ALL",
	pg.AlterTableType_AT_EnableTrigUser: "ENABLE TRIGGER USER", pg.AlterTableType_AT_DisableTrigUser: "DISABLE TRIGGER USER",
	pg.AlterTableType_AT_SetTableSpace: "SET TABLESPACE", pg.AlterTableType_AT_GenericOptions: "OPTIONS",
	pg.AlterTableType_AT_AlterColumnType: "ALTER COLUMN … TYPE", pg.AlterTableType_AT_AddIdentity: "ALTER COLUMN … ADD GENERATED",
	pg.AlterTableType_AT_SetIdentity: "ALTER COLUMN … SET GENERATED", pg.AlterTableType_AT_DropIdentity: "ALTER COLUMN … DROP IDENTITY",
	pg.AlterTableType_AT_DropExpression: "ALTER COLUMN … DROP EXPRESSION", pg.AlterTableType_AT_ColumnDefault: "ALTER COLUMN … SET DEFAULT",
	pg.AlterTableType_AT_SetOptions: "ALTER COLUMN … SET (…)", pg.AlterTableType_AT_ResetOptions: "ALTER COLUMN … RESET (…)",
	pg.AlterTableType_AT_SetStatistics: "ALTER COLUMN … SET STATISTICS", pg.AlterTableType_AT_AlterColumnGenericOptions: "ALTER COLUMN … OPTIONS",
	pg.AlterTableType_AT_SetRelOptions: "SET (…)", pg.AlterTableType_AT_ResetRelOptions: "RESET (…)",
	pg.AlterTableType_AT_AddColumn: "ADD ATTRIBUTE", pg.AlterTableType_AT_DropColumn: "DROP ATTRIBUTE", // of types only
}

// alterName names an unsupported subcommand of ALTER: "ALTER TABLE … INHERIT".
func alterName(object pg.ObjectType, c *pg.AlterTableCmd) string {
	words, ok := alterWords[c.Subtype]
	if !ok {
		words = camelWords(c.Subtype.String()[len("AT_"):])
	}
	return "ALTER " + objectWord(object) + " … " + words
}

// camelWords makes "SetStatistics" "SET STATISTICS".
func camelWords(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}
