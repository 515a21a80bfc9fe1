package shardtest

import (
	"sync/atomic"

	"github.com/pegmatitedb/pegmatite/txn"
)

var lastID atomic.Uint64

// nextID names a transaction of this test process.
func nextID() txn.ID { return txn.ID{Node: 1, Boot: 1, Seq: lastID.Add(1)} }
