package ddl

import pg "github.com/pganalyze/pg_query_go/v6"

// Command is the tag of a statement, as CREATE VIEW's (CreateCommandTag). What is
// no DDL, or not supported, is named as a user would.
func Command(n *pg.Node) string {
	switch n := n.GetNode().(type) {
	case *pg.Node_CreateStmt:
		return "CREATE TABLE"
	case *pg.Node_CreateTableAsStmt:
		if n.CreateTableAsStmt.Objtype == pg.ObjectType_OBJECT_TABLE {
			return "CREATE TABLE AS"
		}
		return "CREATE MATERIALIZED VIEW"
	case *pg.Node_RefreshMatViewStmt:
		return "REFRESH MATERIALIZED VIEW"
	case *pg.Node_AlterTableStmt:
		return "ALTER " + objectWord(n.AlterTableStmt.Objtype)
	case *pg.Node_IndexStmt:
		return "CREATE INDEX"
	case *pg.Node_ReindexStmt:
		return "REINDEX"
	case *pg.Node_DropStmt:
		return "DROP " + objectWord(n.DropStmt.RemoveType)
	case *pg.Node_TruncateStmt:
		return "TRUNCATE TABLE"
	case *pg.Node_RenameStmt:
		return "ALTER " + objectWord(renamedObject(n.RenameStmt))
	case *pg.Node_AlterObjectSchemaStmt:
		return "ALTER " + objectWord(n.AlterObjectSchemaStmt.ObjectType)
	case *pg.Node_AlterOwnerStmt:
		return "ALTER " + objectWord(n.AlterOwnerStmt.ObjectType)
	case *pg.Node_CommentStmt:
		return "COMMENT"
	case *pg.Node_CreateSchemaStmt:
		return "CREATE SCHEMA"
	case *pg.Node_CreateSeqStmt:
		return "CREATE SEQUENCE"
	case *pg.Node_AlterSeqStmt:
		return "ALTER SEQUENCE"
	case *pg.Node_ViewStmt:
		return "CREATE VIEW"
	case *pg.Node_CreateDomainStmt:
		return "CREATE DOMAIN"
	case *pg.Node_AlterDomainStmt:
		return "ALTER DOMAIN"
	case *pg.Node_CreateEnumStmt, *pg.Node_CompositeTypeStmt, *pg.Node_CreateRangeStmt:
		return "CREATE TYPE"
	case *pg.Node_AlterEnumStmt:
		return "ALTER TYPE"
	case *pg.Node_CreateFunctionStmt:
		if n.CreateFunctionStmt.IsProcedure {
			return "CREATE PROCEDURE"
		}
		return "CREATE FUNCTION"
	case *pg.Node_DefineStmt:
		if n.DefineStmt.Kind == pg.ObjectType_OBJECT_AGGREGATE {
			return "CREATE AGGREGATE"
		}
	case *pg.Node_AlterFunctionStmt:
		return "ALTER " + objectWord(n.AlterFunctionStmt.Objtype)
	case *pg.Node_CreatedbStmt:
		return "CREATE DATABASE"
	case *pg.Node_DropdbStmt:
		return "DROP DATABASE"
	case *pg.Node_AlterDatabaseStmt:
		return "ALTER DATABASE"
	case *pg.Node_AlterDatabaseSetStmt:
		return "ALTER DATABASE"
	case *pg.Node_CreateRoleStmt:
		return "CREATE ROLE"
	case *pg.Node_AlterRoleStmt:
		return "ALTER ROLE"
	case *pg.Node_AlterRoleSetStmt:
		return "ALTER ROLE"
	case *pg.Node_DropRoleStmt:
		return "DROP ROLE"
	case *pg.Node_GrantRoleStmt:
		if n.GrantRoleStmt.IsGrant {
			return "GRANT ROLE"
		}
		return "REVOKE ROLE"
	}
	return statementName(n.GetNode())
}
