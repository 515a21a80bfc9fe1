package session

import (
	"context"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/exec"
	"github.com/pegmatitedb/pegmatite/shard"
)

// CatalogShard is the node's catalog shard: pg_catalog, information_schema
// and pegmatite as tables.
type CatalogShard interface {
	// Read runs a fragment over a relation's rows as view sees them.
	Read(ctx context.Context, view CatalogView, r *shard.ReadRequest) (shard.Rows, error)
}

// CatalogView is from where the catalogs are looked at.
type CatalogView struct {
	Database catalog.OID
	// Newest is what is published; Own is what the session's transaction has
	// made of Base, the same as Base without DDL.
	Newest, Base, Own *catalog.Snapshot
	// Dynamic answers for relations that no descriptor does.
	Dynamic *Session
}

// catalogShardID is the catalog shard's number in a transaction: one that no
// shard of the cluster has.
const catalogShardID shard.ID = 1 << 31

// cluster is where the session's statements find rows: the node's shards, and
// the catalog shard as this session sees it.
func (s *Session) cluster() exec.Cluster { return sessionCluster{s.node.Cluster, s} }

type sessionCluster struct {
	exec.Cluster
	session *Session
}

// Service implements exec.Cluster.
func (c sessionCluster) Service(home catalog.Home, id shard.ID) shard.Service {
	if home == catalog.HomeCatalog {
		return catalogService{c.session}
	}
	return c.Cluster.Service(home, id)
}

// Shards implements exec.Cluster.
func (c sessionCluster) Shards(home catalog.Home) []shard.ID {
	if home == catalog.HomeCatalog {
		return []shard.ID{catalogShardID}
	}
	return c.Cluster.Shards(home)
}

// Away implements exec.Cluster.
func (c sessionCluster) Away(home catalog.Home, id shard.ID) bool {
	return home != catalog.HomeCatalog && c.Cluster.Away(home, id)
}

// catalogService is the catalog shard as a Service: read only.
type catalogService struct{ session *Session }

// Read implements shard.Service. Catalogs are read as they are now, under the
// transaction's own changes, whatever its snapshot is: as PostgreSQL's own look-ups are.
func (c catalogService) Read(ctx context.Context, r *shard.ReadRequest) (shard.Rows, error) {
	s := c.session
	// What another node has acknowledged is there, though no snapshot is drawn (rule 22).
	if s.tellsOfSessions(r.Fragment.Table.Relation) {
		s.node.CatchUp(ctx)
	} else if err := s.node.Catalog.Confirm(ctx); err != nil {
		return nil, err
	}
	view := CatalogView{Database: s.database, Newest: s.node.Catalog.Snapshot(), Dynamic: s}
	if s.tx != nil && s.tx.change != nil && !s.tx.change.Empty() {
		view.Base, view.Own = s.tx.change.Base(), s.tx.change.Snapshot()
	}
	return s.node.CatalogShard.Read(ctx, view, r)
}

// Write implements shard.Service.
func (catalogService) Write(_ context.Context, r *shard.WriteRequest) (*shard.WriteReply, error) {
	return nil, pgerr.New(pgerr.InsufficientPrivilege, "permission denied: %q is a system catalog", r.Table.Name)
}

// Cut implements shard.Service.
func (catalogService) Cut(context.Context, *shard.CutRequest) error { return nil }

// Control implements shard.Service.
func (catalogService) Control(_ context.Context, r *shard.ControlRequest) (*shard.ControlReply, error) {
	if r.Op == shard.ControlStats {
		return &shard.ControlReply{}, nil
	}
	return nil, pgerr.Internal("control operation %d on the catalog shard", r.Op)
}
