package server

import (
	"context"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
)

// bound keeps the timestamp oracle's bound in the metadata store.
type bound struct{ store *store.Store }

// Load implements tso.Bound.
func (b bound) Load(ctx context.Context) (txn.Timestamp, error) {
	v, err := b.store.Bound(ctx)
	return txn.Timestamp(v), err
}

// Extend implements tso.Bound.
func (b bound) Extend(ctx context.Context, from, to txn.Timestamp) error {
	have, err := b.store.Bound(ctx)
	if err != nil {
		return err
	}
	if have == int64(to) {
		return nil // the answer to an earlier attempt was lost; nobody else can be the oracle of this process's store
	}
	if have != int64(from) {
		return pgerr.New(pgerr.TRSerializationFailure, "the timestamp oracle's bound was moved by another process")
	}
	return b.store.ExtendBound(ctx, int64(to))
}

// allocator hands out OIDs and physical ids from the metadata store's blocks.
type allocator struct{ node *Node }

// OID implements ddl.Allocator.
func (a allocator) OID(ctx context.Context) (catalog.OID, error) {
	if err := a.node.checkSpace(); err != nil {
		return 0, err
	}
	return a.node.store.NewOIDs(ctx, 1)
}

// Physical implements ddl.Allocator. TRUNCATE needs one, too, and what comes
// into being with it an OID.
func (a allocator) Physical(ctx context.Context) (uint64, error) {
	if err := a.node.checkRoom(a.node.checkSpace()); err != nil {
		return 0, err
	}
	return a.node.store.NewPhysical(ctx)
}

// published is the catalog that sessions see.
type published struct {
	*store.Store
	oracle oracle
}

// Confirm implements session.Catalog.
func (p published) Confirm(ctx context.Context) error { return p.oracle.Report(ctx) }

// reachMetadata asks the metadata store for a sign of life before anything depends
// on it: without one a change is refused for certain, and promptly.
func (n *Node) reachMetadata(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, n.askTimeout())
	defer cancel()
	_, err := n.store.Confirm(within)
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		return pgerr.New(pgerr.SystemError, "the metadata store does not answer").WithCause(err)
	}
	return err
}
