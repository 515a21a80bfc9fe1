// Package interrupt shows on whole servers that what is broken off in the
// middle leaves nothing behind: schema changes and loads that are cancelled,
// that run out of time, and whose client, server or metadata store goes away.
// Where "the middle" is, a gate between the node's parts says, not a clock.
//
//	gate_test.go      the gates: calls are counted, and one is held
//	child_test.go     a server in a process of its own, which dies where it is told to
//	left_test.go      what there is in the files and in the metadata, and what should be
//	schema_test.go    schema changes over many rows, cancelled and timed out
//	kill_test.go      the same, with kill -9 of the server
//	load_test.go      COPY FROM STDIN whose client goes away, that runs out of time, or whose server is killed
//	metadata_test.go  a metadata store that does not answer at a schema change's commit
//	many_test.go      thousands of objects in one transaction
package interrupt
