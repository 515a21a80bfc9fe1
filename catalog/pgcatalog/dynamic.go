package pgcatalog

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// dynamicRelations have rows that no descriptor knows: of sessions, settings,
// locks, nodes, values of sequences, or whose rows the catalog alone cannot make:
// definitions of views. Whoever knows them makes their rows anew
// for each statement, by the columns of the descriptor.
var dynamicRelations = map[string]bool{
	"pg_settings": true, "pg_file_settings": true, "pg_hba_file_rules": true, "pg_config": true,
	"pg_stat_activity": true, "pg_stat_ssl": true, "pg_stat_gssapi": true, "pg_locks": true,
	"pg_prepared_statements": true, "pg_prepared_xacts": true, "pg_cursors": true,
	"pg_stat_database": true, "pg_timezone_names": true, "pg_timezone_abbrevs": true, "pg_sequences": true,
	"pg_views": true, "pg_matviews": true, "information_schema.views": true,
	// Of these things there are none.
	"pg_stats_ext": true, "pg_stats_ext_exprs": true, "pg_stat_wal_receiver": true, "pg_replication_origin_status": true,

	"pegmatite.nodes": true, "pegmatite.shards": true, "pegmatite.ring": true, "pegmatite.transactions": true,
}

func isDynamic(name string) bool { return dynamicRelations[name] }

// Dynamic reports whether a relation's rows are made for each statement, by
// whoever knows them: Rows has none of them, and nothing is materialized.
func (c *Catalog) Dynamic(relation catalog.OID) bool {
	l := c.layouts[relation]
	return l != nil && l.dynamic
}

// Relation returns the descriptor of a relation with rows by name: "pg_settings",
// "information_schema.tables", "pegmatite.shards". It panics on another name.
func (c *Catalog) Relation(name string) *catalog.Table { return c.layout(name).table }

// Row makes a row of a relation from values by column name; the others have
// PostgreSQL's usual value, or are NULL. serial tells rows of relations
// without primary key apart.
func (c *Catalog) Row(relation *catalog.Table, serial int64, values map[string]types.Datum) []types.Datum {
	l := c.layouts[relation.OID]
	row := append([]types.Datum(nil), l.blank...)
	if l.table.Columns[0].Hidden {
		row[0] = types.Int(serial)
	}
	for column, v := range values {
		row[l.position(column)] = v
	}
	return row
}

// Sequences makes the rows of pg_sequences. lastValue answers what a sequence
// last gave out; ok is false before the first. Of temporary ones those of the
// session are shown, whose schema is temporary.
func (c *Catalog) Sequences(database, temporary catalog.OID, s *catalog.Snapshot, lastValue func(*catalog.Sequence) (v int64, ok bool)) [][]types.Datum {
	g := &generator{c: c, database: database, snapshot: s, only: c.layout("pg_sequences")}
	var rows [][]types.Datum
	g.emit = func(_ *layout, row []types.Datum) { rows = append(rows, row) }
	for o := range s.Relations(database) {
		q, ok := o.(*catalog.Sequence)
		if !ok || q.Persistence == catalog.Temporary && q.Schema != temporary {
			continue
		}
		g.owner = q.OID
		clear(g.serial)
		r := g.begin("pg_sequences").set("schemaname", g.schemaName(q.Schema)).text("sequencename", q.Name)
		r.set("sequenceowner", g.roleName(q.Owner)).oid("data_type", q.Type.OID).int("start_value", q.Start).int("min_value", q.Min)
		r.int("max_value", q.Max).int("increment_by", q.Increment).bool("cycle", q.Cycle).int("cache_size", q.Cache)
		if v, called := lastValue(q); called {
			r.int("last_value", v)
		}
		r.done()
	}
	return rows
}

// Views makes the rows of pg_views, pg_matviews or information_schema.views; define is
// pg_get_viewdef.
func (c *Catalog) Views(relation string, database catalog.OID, s *catalog.Snapshot, define func(*catalog.View) string) [][]types.Datum {
	g := &generator{c: c, database: database, snapshot: s, only: c.layout(relation)}
	var rows [][]types.Datum
	g.emit = func(_ *layout, row []types.Datum) { rows = append(rows, row) }
	for o := range objectsOf(s, database) {
		g.owner = o.ObjectKey().OID
		clear(g.serial)
		switch o := o.(type) {
		case *catalog.View:
			columns, _ := s.Writable(o)
			option := cmp.Or(strings.ToUpper(o.Option("check_option")), "NONE")
			g.definedView(o.Ref(), define(o), option, slices.Contains(columns, true))
		case *catalog.Table:
			if o.Query != "" {
				g.definedMatview(o, define(o.AsView()))
			}
			if def, ok := c.viewdefs[o.OID]; ok && isBuiltIn(o.Ref()) {
				g.definedView(o.Ref(), def, "NONE", false)
			}
		}
	}
	return rows
}
