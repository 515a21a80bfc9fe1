package pgcatalog

import "github.com/pegmatitedb/pegmatite/catalog"

// dynamicRelations have rows that no descriptor knows: of sessions, settings,
// locks, nodes, values of sequences. Whoever knows them makes their rows anew
// for each statement, by the columns of the descriptor.
var dynamicRelations = map[string]bool{
	"pg_settings": true, "pg_file_settings": true, "pg_hba_file_rules": true, "pg_config": true,
	"pg_stat_activity": true, "pg_stat_ssl": true, "pg_stat_gssapi": true, "pg_locks": true,
	"pg_prepared_statements": true, "pg_prepared_xacts": true, "pg_cursors": true,
	"pg_stat_database": true, "pg_timezone_names": true, "pg_timezone_abbrevs": true, "pg_sequences": true,

	"pegmatite.nodes": true, "pegmatite.shards": true, "pegmatite.ring": true, "pegmatite.transactions": true,
}

func isDynamic(name string) bool { return dynamicRelations[name] }

// Dynamic reports whether a relation's rows are made for each statement, by
// whoever knows them: Rows has none of them, and nothing is materialized.
func (c *Catalog) Dynamic(relation catalog.OID) bool {
	l := c.layouts[relation]
	return l != nil && l.dynamic
}
