package ddl

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// checkAlterKind refuses ALTER SEQUENCE, VIEW or INDEX of another kind of
// relation (42809). ALTER TABLE takes all, and ALTER INDEX … RENAME does
// (RangeVarCallbackForAlterRelation).
func checkAlterKind(object pg.ObjectType, kind catalog.RelationKind, name string, rename bool) error {
	want, what := catalog.RelationKind(0), ""
	switch object {
	case pg.ObjectType_OBJECT_SEQUENCE:
		want, what = catalog.KindSequence, "a sequence"
	case pg.ObjectType_OBJECT_VIEW:
		want, what = catalog.KindView, "a view"
	case pg.ObjectType_OBJECT_MATVIEW:
		want, what = catalog.KindMatview, "a materialized view"
	case pg.ObjectType_OBJECT_INDEX:
		want, what = catalog.KindIndex, "an index"
		if rename {
			return nil
		}
	}
	if want == 0 || want == kind {
		return nil
	}
	return pgerr.New(pgerr.WrongObjectType, "%q is not %s", name, what)
}

// actionNames are what errors call parts of ALTER TABLE that a kind of relation
// has not (alter_table_type_to_string).
var actionNames = map[pg.AlterTableType]string{
	pg.AlterTableType_AT_AddColumn: "ADD COLUMN", pg.AlterTableType_AT_DropColumn: "DROP COLUMN",
	pg.AlterTableType_AT_ColumnDefault: "ALTER COLUMN ... SET DEFAULT", pg.AlterTableType_AT_AlterColumnType: "ALTER COLUMN ... SET DATA TYPE",
	pg.AlterTableType_AT_SetNotNull: "ALTER COLUMN ... SET NOT NULL", pg.AlterTableType_AT_DropNotNull: "ALTER COLUMN ... DROP NOT NULL",
	pg.AlterTableType_AT_DropExpression: "ALTER COLUMN ... DROP EXPRESSION", pg.AlterTableType_AT_SetStatistics: "ALTER COLUMN ... SET STATISTICS",
	pg.AlterTableType_AT_SetOptions: "ALTER COLUMN ... SET", pg.AlterTableType_AT_ResetOptions: "ALTER COLUMN ... RESET",
	pg.AlterTableType_AT_SetStorage: "ALTER COLUMN ... SET STORAGE", pg.AlterTableType_AT_SetCompression: "ALTER COLUMN ... SET COMPRESSION",
	pg.AlterTableType_AT_AddIdentity: "ALTER COLUMN ... ADD IDENTITY", pg.AlterTableType_AT_SetIdentity: "ALTER COLUMN ... SET",
	pg.AlterTableType_AT_DropIdentity: "ALTER COLUMN ... DROP IDENTITY", pg.AlterTableType_AT_AddConstraint: "ADD CONSTRAINT",
	pg.AlterTableType_AT_AlterConstraint: "ALTER CONSTRAINT", pg.AlterTableType_AT_ValidateConstraint: "VALIDATE CONSTRAINT",
	pg.AlterTableType_AT_DropConstraint: "DROP CONSTRAINT", pg.AlterTableType_AT_ChangeOwner: "OWNER TO", pg.AlterTableType_AT_ClusterOn: "CLUSTER ON",
	pg.AlterTableType_AT_DropCluster: "SET WITHOUT CLUSTER", pg.AlterTableType_AT_SetLogged: "SET LOGGED",
	pg.AlterTableType_AT_SetUnLogged: "SET UNLOGGED", pg.AlterTableType_AT_DropOids: "SET WITHOUT OIDS",
	pg.AlterTableType_AT_SetTableSpace: "SET TABLESPACE", pg.AlterTableType_AT_SetRelOptions: "SET", pg.AlterTableType_AT_ResetRelOptions: "RESET",
	pg.AlterTableType_AT_ReplicaIdentity: "REPLICA IDENTITY", pg.AlterTableType_AT_AddOf: "OF", pg.AlterTableType_AT_DropOf: "NOT OF",
	pg.AlterTableType_AT_AddInherit: "INHERIT", pg.AlterTableType_AT_DropInherit: "NO INHERIT",
	pg.AlterTableType_AT_EnableRowSecurity: "ENABLE ROW SECURITY", pg.AlterTableType_AT_DisableRowSecurity: "DISABLE ROW SECURITY",
}

// wrongAction is the error of a part of ALTER TABLE that a kind of relation has not.
func wrongAction(object pg.ObjectType, c *pg.AlterTableCmd, name, kinds string) error {
	action := actionNames[c.Subtype]
	if c.Subtype == pg.AlterTableType_AT_ColumnDefault && c.Def == nil {
		action = "ALTER COLUMN ... DROP DEFAULT"
	}
	if action == "" {
		return unsupportedAlter(object, c)
	}
	return pgerr.New(pgerr.WrongObjectType, "ALTER action %s cannot be performed on relation \"%s\"", action, name).
		WithDetail("This operation is not supported for %s.", kinds)
}

// alterViewOwner is ALTER VIEW … OWNER TO.
func (s *statement) alterViewOwner(v *catalog.View, to *pg.RoleSpec) error {
	role, err := s.role(to)
	if err != nil {
		return err
	}
	if err := s.mayHandOver(v, role); err != nil {
		return err
	}
	v.Owner = role.OID
	return nil
}

// checkSequenceActions refuses what a sequence has not.
func checkSequenceActions(seq *catalog.Sequence, cmds []*pg.Node) error {
	has := []pg.AlterTableType{pg.AlterTableType_AT_ChangeOwner, pg.AlterTableType_AT_SetLogged, pg.AlterTableType_AT_SetUnLogged}
	for _, cmd := range cmds {
		if a := cmd.GetAlterTableCmd(); !slices.Contains(has, a.Subtype) {
			return wrongAction(pg.ObjectType_OBJECT_SEQUENCE, a, seq.Name, "sequences")
		}
	}
	return nil
}
