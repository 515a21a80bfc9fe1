package server

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
)

// DropTemporary implements session.SchemaChanges. Nobody else has to do with
// what it drops, so it locks nothing.
func (s *schemaChanges) DropTemporary(ctx context.Context, database, schema catalog.OID) error {
	for {
		seen := s.store.Snapshot()
		sc := seen.SchemaByOID(database, schema)
		if sc == nil {
			return nil
		}
		change := catalog.NewChange(seen)
		change.DeleteTemporary(sc)
		err := s.Commit(ctx, s.node.sessions.Load().Txns.Begin(txn.ReadCommitted), change)
		if err == nil || ctx.Err() != nil || !pgerr.HasCode(err, pgerr.TRSerializationFailure) || s.store.Snapshot() == seen {
			return err
		}
	}
}

// sweepTemporary drops the temporary objects of sessions that are no more: this
// node's, which it can tell, and those of nodes that have been removed.
func (n *Node) sweepTemporary(ctx context.Context) error {
	left := n.store.Snapshot().Temporary()
	sessions := n.sessions.Load()
	if len(left) == 0 || sessions == nil {
		return nil
	}
	used := sessions.Temporary() // after the look at what there is: a session says so before it publishes
	nodes, err := n.store.Nodes(ctx)
	if err != nil {
		return err
	}
	for _, sc := range left {
		owner := nodeOf(uint32(sc.Backend))
		switch {
		case owner == n.dir.Identity.Node && slices.Contains(used, sc.OID):
			continue
		case owner != n.dir.Identity.Node && slices.ContainsFunc(nodes, func(m store.Node) bool { return m.ID == owner }):
			continue
		}
		if err := n.schema.DropTemporary(ctx, sc.Database, sc.OID); err != nil {
			return err
		}
	}
	return nil
}
