package server

import (
	"context"

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
	for _, e := range n.engine.Engines() {
		r := &shard.ControlRequest{Header: shard.Header{Shard: e.ID()}, Op: shard.ControlViews, Tables: tables}
		if _, err := n.engine.Control(context.Background(), r); err != nil {
			return err
		}
	}
	return nil
}
