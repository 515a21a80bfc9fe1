package pgcatalog

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// rowViews are the views of pg_catalog and information_schema that have rows
// here. Those without a row in any generator are truly empty: we have none of
// what they list.
var rowViews = map[string]bool{
	"pg_tables": true, "pg_indexes": true, "pg_stats": true, "pg_roles": true, "pg_shadow": true, "pg_user": true, "pg_group": true,
	"pg_policies": true, "pg_rules": true, "pg_seclabels": true, "pg_publication_tables": true,
	"pg_user_mappings": true, "pg_available_extensions": true, "pg_available_extension_versions": true,
	"pg_replication_slots": true, "pg_stat_subscription": true, "pg_stat_replication": true,

	"information_schema.information_schema_catalog_name": true, "information_schema.schemata": true,
	"information_schema.tables": true, "information_schema.columns": true,
	"information_schema.sequences": true, "information_schema.table_constraints": true,
	"information_schema.key_column_usage": true, "information_schema.constraint_column_usage": true,
	"information_schema.check_constraints": true, "information_schema.referential_constraints": true,
	"information_schema.triggers": true,
}

// hasRows reports whether a view is a relation with rows.
func hasRows(schema catalog.OID, name string) bool {
	if schema == catalog.InformationSchemaOID {
		name = "information_schema." + name
	}
	return rowViews[name] || isDynamic(name)
}

func (g *generator) schemaName(oid catalog.OID) types.Datum {
	if s := g.snapshot.SchemaByOID(g.database, oid); s != nil {
		return types.Text(s.Name)
	}
	return types.Null
}

func (g *generator) databaseName() types.Datum {
	if d := g.snapshot.DatabaseByOID(g.database); d != nil {
		return types.Text(d.Name)
	}
	return types.Null
}

// roleName is pg_get_userbyid.
func (g *generator) roleName(oid catalog.OID) types.Datum {
	return types.Text(UserByOID(g.snapshot, oid))
}

// tablespace is the name that the views show: of shared catalogs alone, the default has none.
func (g *generator) tablespace(t *catalog.Table) string {
	if g.c.shared[t.OID] {
		return "pg_global"
	}
	return ""
}

// tableViews makes a table's rows in pg_tables, pg_indexes and information_schema.
func (g *generator) tableViews(t *catalog.Table) {
	if r := g.begin("pg_tables"); r != nil && t.Query == "" {
		r.set("schemaname", g.schemaName(t.Schema)).text("tablename", t.Name).set("tableowner", g.roleName(t.Owner))
		r.optional("tablespace", g.tablespace(t)).bool("hasindexes", len(t.Indexes) > 0).done()
	}
	if g.wants("pg_indexes") {
		for i := range t.Indexes {
			x := &t.Indexes[i]
			r := g.begin("pg_indexes")
			r.set("schemaname", g.schemaName(t.Schema)).text("tablename", t.Name).text("indexname", x.Name)
			r.optional("tablespace", g.tablespace(t)).text("indexdef", indexDef(g.snapshot, g.database, t, x)).done()
		}
	}
	g.statisticsRows(t)
	if t.Query != "" {
		return // pg_matviews has its definition, and is dynamic
	}
	kind := "BASE TABLE"
	if t.Persistence == catalog.Temporary {
		kind = "LOCAL TEMPORARY"
	}
	g.infoTable(t.Ref(), kind, true)
	g.infoColumns(t.Ref(), t.Columns, func(int) bool { return true })
	g.infoConstraints(t)
}

// viewViews makes a view's rows in information_schema. pg_views and
// information_schema.views have its definition too, and are dynamic.
// writable says which of its columns can be written.
func (g *generator) viewViews(ref catalog.Ref, columns []catalog.Column, writable []bool) {
	g.infoTable(ref, "VIEW", slices.Contains(writable, true))
	g.infoColumns(ref, columns, func(i int) bool { return i < len(writable) && writable[i] })
}

// definedMatview makes a materialized view's row with its definition.
func (g *generator) definedMatview(t *catalog.Table, definition string) {
	r := g.begin("pg_matviews")
	if r == nil {
		return
	}
	r.set("schemaname", g.schemaName(t.Schema)).text("matviewname", t.Name).set("matviewowner", g.roleName(t.Owner))
	r.bool("hasindexes", len(t.Indexes) > 0).bool("ispopulated", t.Populated).text("definition", definition).done()
}

// definedView makes a view's rows with its definition; writable reports whether
// rows can be written through it.
func (g *generator) definedView(ref catalog.Ref, definition, checkOption string, writable bool) {
	if r := g.begin("pg_views"); r != nil {
		r.set("schemaname", g.schemaName(ref.Schema)).text("viewname", ref.Name).set("viewowner", g.roleName(ref.Owner))
		r.text("definition", definition).done()
	}
	if r := g.begin("information_schema.views"); r != nil {
		r.set("table_catalog", g.databaseName()).set("table_schema", g.schemaName(ref.Schema)).text("table_name", ref.Name)
		r.text("view_definition", definition).text("check_option", checkOption).text("is_updatable", yesNo(writable)).text("is_insertable_into", yesNo(writable))
		r.text("is_trigger_updatable", "NO").text("is_trigger_deletable", "NO").text("is_trigger_insertable_into", "NO").done()
	}
}

// sequenceViews makes a sequence's row in information_schema. pg_sequences
// has the value too, and is dynamic.
func (g *generator) sequenceViews(s *catalog.Sequence) {
	r := g.begin("information_schema.sequences")
	if r == nil || s.Identity {
		return
	}
	precision := map[*types.Type]int64{types.TInt2: 16, types.TInt4: 32, types.TInt8: 64}[s.Type]
	r.set("sequence_catalog", g.databaseName()).set("sequence_schema", g.schemaName(s.Schema)).text("sequence_name", s.Name)
	r.text("data_type", types.FormatType(s.Type, -1)).int("numeric_precision", precision).int("numeric_precision_radix", 2).int("numeric_scale", 0)
	for column, v := range map[string]int64{"start_value": s.Start, "minimum_value": s.Min, "maximum_value": s.Max, "increment": s.Increment} {
		r.text(column, string(types.AppendInt(nil, v)))
	}
	r.text("cycle_option", yesNo(s.Cycle)).done()
}

func yesNo(v bool) string {
	if v {
		return "YES"
	}
	return "NO"
}
