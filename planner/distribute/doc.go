// Package distribute turns a rewritten plan into one that can run: it decides
// what the shards do and how the rest is done here.
//
// One sentence rules the package: what stands under a Gather has become a
// fragment and runs on the shards; everything else runs at the coordinator.
//
//	distribute.go the walk over the tree: which operators an access takes in
//	access.go     access: a Gather in the making, and how it becomes a Fragment
//	route.go      which shards, from equalities on the shard key
//	ship.go       which expressions a shard can evaluate
//	lift.go       values fixed for one execution become parameters; subqueries become SubPlans
//	join.go       how joins run: hash, lookup, loop; order.go in which order
//	global.go     rows found through a unique index apart from them; elements.go through an array's elements
//	estimate.go   how many rows to expect
//	write.go      INSERT, UPDATE, DELETE; lock.go FOR UPDATE; conflict.go ON CONFLICT DO UPDATE for the coordinator
//	physical.go   the physical form of a table, and of unique indexes apart from it
//
// Every choice leaves its reason in the plan, which EXPLAIN (VERBOSE) and the
// golden tests show.
package distribute
