// Package types is SQL values: one Datum form, and for every SQL type its
// names and numbers, its text and binary form, its order and hash, and the
// form in which SQLite stores it.
//
// The contract is in four files:
//
//	datum.go   Datum, a value without its type
//	object.go  the values that do not fit in a word
//	type.go    Type: what is known of an SQL type, and Env: what its text depends on
//	storage.go Value: a value as SQLite holds it, and the packed row
//
// Everything else is one SQL type (or family) a file. Semantics are those of
// PostgreSQL 15, src/backend/utils/adt.
package types
