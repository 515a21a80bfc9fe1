// Package catalogshard is a node's catalog shard: pg_catalog,
// information_schema and pegmatite as tables of in-memory SQLite databases,
// one for each database of the cluster, served by the same engine as any shard.
//
//	catalogshard.go  Shard: reads (this file)
//	database.go      one database's relations, filled at first use and kept current by diffs
//	overlay.go       catalogs as a transaction with DDL sees them     dynamic.go  rows made for one read
//
// A relation is filled when it is first read; after a schema change only the
// rows that differ are replaced, so that looking at 1,000 tables costs little.
package catalogshard

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/tso"
	"github.com/pegmatitedb/pegmatite/wire/session"
)

// Shard serves the catalogs of all databases.
type Shard struct {
	catalog *pgcatalog.Catalog
	// time is the shard's own: its rows die with the process, and no
	// transaction of the cluster spans them.
	time *tso.Oracle
	log  *slog.Logger

	mu        sync.Mutex // protects the rest
	databases map[catalog.OID]*database
	overlays  []*database
	idle      []*engine.Node // for dynamic relations, one read each at a time
	next      uint64         // sequence of the transactions that write here
}

var _ session.CatalogShard = (*Shard)(nil)

// New makes an empty catalog shard.
func New(ctx context.Context, c *pgcatalog.Catalog, log *slog.Logger) (*Shard, error) {
	time, err := tso.Open(ctx, volatileBound{}, 0)
	if err != nil {
		return nil, err
	}
	return &Shard{catalog: c, time: time, log: log, databases: map[catalog.OID]*database{}}, nil
}

// volatileBound is the bound of timestamps that nobody remembers.
type volatileBound struct{}

// Load implements tso.Bound.
func (volatileBound) Load(context.Context) (txn.Timestamp, error) { return 0, nil }

// Extend implements tso.Bound.
func (volatileBound) Extend(context.Context, txn.Timestamp, txn.Timestamp) error { return nil }

// Read implements session.CatalogShard.
func (s *Shard) Read(ctx context.Context, view session.CatalogView, r *shard.ReadRequest) (shard.Rows, error) {
	relation := r.Fragment.Table.Relation
	if s.catalog.Dynamic(relation) {
		return s.readDynamic(ctx, view, r)
	}
	db, at, err := s.choose(ctx, view)
	if err != nil {
		return nil, err
	}
	rows, err := db.read(ctx, at, r)
	if err != nil {
		db.readers.Add(-1)
		return nil, err
	}
	return &closing{Rows: rows, done: func() { db.readers.Add(-1) }}, nil
}

// choose finds the catalogs that a view looks at, and what they are to show;
// it counts a reader in.
func (s *Shard) choose(ctx context.Context, view session.CatalogView) (*database, *catalog.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	db, at := s.databases[view.Database], view.Newest
	if view.Own != view.Base {
		db, at = s.overlay(view), view.Own
	}
	if db == nil {
		var err error
		if db, err = s.newDatabase(ctx, view); err != nil {
			return nil, nil, err
		}
	}
	db.wanted = at
	db.readers.Add(1)
	return db, at, nil
}

// newDatabase opens empty catalogs; those of databases that were dropped close. The caller holds mu.
func (s *Shard) newDatabase(ctx context.Context, view session.CatalogView) (*database, error) {
	node, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	s.closeDropped(view.Newest)
	db := &database{shard: s, oid: view.Database, node: node, filled: map[catalog.OID]bool{}, private: view.Own != view.Base}
	if db.private {
		s.overlays = append(s.overlays, db)
	} else {
		s.databases[db.oid] = db
	}
	return db, nil
}

// closeDropped closes the catalogs of databases that are no more. The caller holds mu.
func (s *Shard) closeDropped(newest *catalog.Snapshot) {
	dropped := func(db *database) bool { return newest.DatabaseByOID(db.oid) == nil && db.readers.Load() == 0 }
	for oid, db := range s.databases {
		if dropped(db) {
			delete(s.databases, oid)
			db.node.Kill()
		}
	}
	s.overlays = slices.DeleteFunc(s.overlays, func(db *database) bool {
		if !dropped(db) {
			return false
		}
		db.node.Kill()
		return true
	})
}

// memoryBytes bounds what a catalog's recent rows take before they are settled.
const memoryBytes = 64 << 20

func (s *Shard) open(ctx context.Context) (*engine.Node, error) {
	return engine.OpenMemory(context.WithoutCancel(ctx), engine.Config{Oracle: s.time, Logger: s.log, MemoryBytes: memoryBytes})
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
	for _, db := range s.overlays {
		db.node.Kill()
	}
	for _, n := range s.idle {
		n.Kill()
	}
	return nil
}
