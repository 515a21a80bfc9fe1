// Package functions keeps docs/functions.md, which is made of the tables that
// resolve and compute calls (-rewrite writes it anew), and compares these tables
// with a PostgreSQL 15 (make functions).
package functions
