// Package exec runs plans at the coordinator.
//
//	env.go        Env: what a run needs of the world
//	run.go        run: the state of one execution; parameters, snapshot, compiled expressions
//	cursor.go     Run and Cursor: a statement's rows, for portals
//	operator.go   operator: what every node becomes; batches of rows
//	gather.go     rows from the shards, merged in order or as they come; gather_locks.go locked where they are read
//	routing.go    shard key → shard; route_shards.go the same before a run, for EXPLAIN
//	scope.go      compiled expressions over rows of one layout; subquery.go the subqueries in them
//	codec.go, compare.go          packed rows ↔ rows; their order, hash and equality
//	join.go       what joins share; join_hash.go (join_parts.go: larger than memory), join_loop.go, join_lookup.go
//	aggregate.go  grouping, merging of partial states; aggregate_input.go what one aggregate is given
//	window.go     window functions; window_frame.go the frame around a row (window_exclude.go its rows, where some are excluded), window_value.go one call over it
//	memory.go     what operators keep in memory: each for one purpose up to work_mem
//	spill.go      temporary files; on them and on memory are built
//	              store.go (rows in the order in which they came), row_sorter.go, sort_keys.go and quick_sort.go (sorted),
//	              row_array.go (rows at any position),
//	              partition.go (parted by hash, to be worked on part by part) and
//	              key_set.go (a set that is asked about row by row) of row_set.go and disk_set.go
//	cte.go        WITH, and recursion
//	sort.go, filter.go, project.go, limit.go, distinct.go, setop.go, values.go, elements.go, table_function.go
//	              one operator each
//	write.go      what INSERT, UPDATE, DELETE and MERGE share; modify.go: UPDATE and DELETE; insert.go (row_ids.go: of tables without a key), update.go, delete.go
//	merge.go      MERGE
//	target.go     the table that UPDATE, DELETE and MERGE have read from; recheck.go its rows that changed since, replace.go writes new images of them
//	conflict.go   ON CONFLICT over several shards; conflict_nothing.go DO NOTHING, many rows at once
//	lock_rows.go  FOR UPDATE over joins; lock_all.go of more rows than go at once
//	write_locks.go  in which order statements lock; lock_order.go the same of more rows than go at once
//	unique.go     unique indexes that are relations of their own
//	key_changes.go  what writes do to foreign keys, to be looked at behind them
//
// An operator is opened, asked for batches until it answers none, and closed;
// it can be opened again. Rows that an operator has given out are never
// written to again, so whoever wants to keep one keeps the slice; but their
// texts may be those of a whole batch, so whoever keeps few of many, or counts
// what it keeps, takes owned rows.
//
// All operators of a run are driven by one goroutine; those of gathers only
// fetch ahead, and end with Close.
package exec
