// Package catalogshard is a node's catalog shard: pg_catalog,
// information_schema and pegmatite as tables of in-memory SQLite databases,
// one for each database of the cluster, served by the same engine as any shard.
//
//	catalogshard.go  Shard: reads (this file)
//	database.go      one database's relations, filled at first use and kept current by diffs
//	overlay.go       rows that one read alone sees: its transaction's DDL, dynamic relations
//
// A relation is filled when it is first read; after a schema change only the
// rows that differ are replaced, so that looking at 1,000 tables costs little.
package catalogshard

import (
	"context"
	"log/slog"
	"sync"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/wire/session"
)

// Shard serves the catalogs of all databases.
type Shard struct {
	catalog *pgcatalog.Catalog
	oracle  txn.Oracle
	log     *slog.Logger

	mu        sync.Mutex // protects the rest
	databases map[catalog.OID]*database
	idle      []*engine.Node // for dynamic relations, one read each at a time
	next      uint64         // sequence of the transactions that write here
}

var _ session.CatalogShard = (*Shard)(nil)

// New makes an empty catalog shard.
func New(c *pgcatalog.Catalog, oracle txn.Oracle, log *slog.Logger) *Shard {
	return &Shard{catalog: c, oracle: oracle, log: log, databases: map[catalog.OID]*database{}}
}

// Read implements session.CatalogShard.
func (s *Shard) Read(ctx context.Context, view session.CatalogView, r *shard.ReadRequest) (shard.Rows, error) {
	relation := r.Fragment.Table.Relation
	if s.catalog.Dynamic(relation) {
		return s.readDynamic(ctx, view, r)
	}
	db, err := s.database(ctx, view.Database)
	if err != nil {
		return nil, err
	}
	if err := db.refresh(ctx, view.Newest, relation); err != nil {
		return nil, err
	}
	if view.Own != view.Base {
		return db.readOverlaid(ctx, view, r)
	}
	return db.node.Read(ctx, alone(r))
}

// alone is the request as the engine in memory sees it: its only shard, its
// newest rows, no transaction.
func alone(r *shard.ReadRequest) *shard.ReadRequest {
	c := *r
	c.Header = shard.Header{}
	return &c
}

// database finds or opens one database's catalogs.
func (s *Shard) database(ctx context.Context, oid catalog.OID) (*database, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if db := s.databases[oid]; db != nil {
		return db, nil
	}
	node, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	db := &database{shard: s, oid: oid, node: node, filled: map[catalog.OID]bool{}}
	s.databases[oid] = db
	return db, nil
}

// memoryBytes bounds what a catalog's recent rows take before they are settled.
const memoryBytes = 64 << 20

func (s *Shard) open(ctx context.Context) (*engine.Node, error) {
	return engine.OpenMemory(context.WithoutCancel(ctx), engine.Config{Oracle: s.oracle, Logger: s.log, MemoryBytes: memoryBytes})
}

// transaction numbers one of the shard's own transactions. Node 0 is nobody's.
func (s *Shard) transaction() txn.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	return txn.ID{Seq: s.next}
}

// Close closes every database.
func (s *Shard) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, db := range s.databases {
		db.node.Kill()
	}
	for _, n := range s.idle {
		n.Kill()
	}
	return nil
}
