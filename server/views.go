package server

import (
	"context"
	"errors"
	"sync"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/planner/distribute"
	"github.com/pegmatitedb/pegmatite/shard"
)

// writeViews gives every shard's file a readable view per table, under the
// table's SQL name, so that sqlite3 alone can read it. It is the last thing
// before a clean stop: nobody changes anything any more.
func (n *Node) writeViews() error {
	snapshot := n.store.Snapshot()
	var tables []*shard.Table
	for db := range snapshot.Databases() {
		for t := range snapshot.Tables(db.OID) {
			if t.Home == catalog.HomeShards {
				schema := snapshot.SchemaByOID(db.OID, t.Schema)
				tables = append(tables, distribute.Physical(t, db.Name+"."+schema.Name))
			}
		}
	}
	engines := n.engine.Engines()
	errs := make([]error, len(engines))
	var each sync.WaitGroup
	for i, e := range engines {
		r := &shard.ControlRequest{Header: shard.Header{Shard: e.ID()}, Op: shard.ControlViews, Tables: tables}
		each.Go(func() {
			_, err := n.engine.Control(context.Background(), r)
			if _, between := shard.IsRefusal(err); !between { // two nodes: the next start says whose the shard is
				errs[i] = err
			}
		})
	}
	each.Wait()
	return errors.Join(errs...)
}
