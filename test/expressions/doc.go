// Package expressions compares Pegmatite with PostgreSQL 15 on random typed
// expressions: `make expressions` for as long as one likes, `go test` some
// thousands, the same ones at every run.
//
//	values_test.go       the types and the edge values of each, as text
//	producers_test.go    what makes a value of a type: every function, operator and
//	                     cast that Pegmatite has, from its own tables, and SQL's own forms
//	generate_test.go     random trees of them, and the statements around these
//	compare_test.go      one statement on both servers: types, values, errors
//	shrink_test.go       the smallest part of a tree that still differs
//	expressions_test.go  the run
//
// What a run finds and is mended is kept as a case in test/sql/testdata/found.sql.
package expressions
