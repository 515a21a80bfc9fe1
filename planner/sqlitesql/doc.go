// Package sqlitesql writes the SQL that SQLite runs on a shard.
//
//	forms.go     which storage forms compare and sort in SQLite as PostgreSQL's values do
//	functions.go the functions and operators that SQLite (with the C functions of
//	             shard/sqlite) computes exactly as PostgreSQL does
//	expr.go      an expression's SQL, or that it has none
//	room.go      what is too deep or too long for SQLite
//	select.go    a fragment's SELECT
//
// One rule: an expression has SQL only if SQLite gives PostgreSQL's answer for
// every value, NULLs, overflow and errors included. All else stays in the
// fragment's Filter and Output, which the engine computes on packed rows.
//
// Expressions are in a fragment's form: column IDs are positions in the table.
package sqlitesql
