// Package sqlite is the way to SQLite, and the only one: a database file (or
// one in memory) with one writer connection and a pool of readers beside it,
// and prepared statements that take packed parameters and give packed rows
// (types.Value).
//
//	DB ──┬─ Writer ─ Conn ─┬─ Stmt ─ Query/Fetch: packed rows into the caller's buffer
//	     └─ Reader ─ Conn ─┘        Exec, ExecMany: packed parameters
//
// The library is the one that github.com/mattn/go-sqlite3 compiles; its driver
// is not used. Connections are opened and statements run by a C layer of our
// own (layer.c), so that a statement's whole execution is one call from Go to
// C, nothing is copied twice, and no Go function is ever called from SQL. What
// SQLite computes otherwise than PostgreSQL is there as C functions (Functions).
//
// A row in a buffer is a uint32 length, little endian, and that many bytes of
// packed columns.
//
// Errors are *pgerr.E; the *Error underneath has SQLite's own code.
package sqlite
