// Package protocol holds conversations in PostgreSQL's protocol, message by
// message: testdata/*.txt has what a client sends (>) and what PostgreSQL 15
// answered (<), which is required of a server here.
//
// `go test ./test/protocol -record postgres://…` records the answers anew.
package protocol
