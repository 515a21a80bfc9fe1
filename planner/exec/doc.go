// Package exec runs plans at the coordinator.
//
//	env.go        Env: what a run needs of the world
//	run.go        run: the state of one execution; parameters, snapshot, compiled expressions
//	cursor.go     Run and Cursor: a statement's rows, for portals
//	operator.go   operator: what every node becomes; batches of rows
//	gather.go     rows from the shards, merged in order or as they come
//	routing.go    shard key → shard
//	join_*.go     hash, loop, lookup
//	aggregate.go  grouping, merging of partial states
//	sort.go, store.go, spill.go   sorting; rows in memory, then in temporary files
//	write.go      what INSERT, UPDATE and DELETE share; one file each
//	unique.go     unique indexes that are relations of their own
//	subquery.go   subqueries inside expressions
//
// An operator is opened, asked for batches until it answers none, and closed;
// it can be opened again. Rows that an operator has given out are never
// written to again, so whoever wants to keep one keeps the slice.
//
// All operators of a run are driven by one goroutine; those of gathers only
// fetch ahead, and end with Close.
package exec
