package ddl

import (
	"context"
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/bind"
)

// defineMatview makes a materialized view of a new table: the table keeps the
// query, and nobody but REFRESH writes it.
func (s *statement) defineMatview(ctx context.Context, t *catalog.Table, as *TableAs) error {
	if t.Persistence == catalog.Unlogged {
		return pgerr.New(pgerr.FeatureNotSupported, "materialized views cannot be unlogged")
	}
	text, sees, err := bind.ViewText(s.Bind(), s.text, as.Query, func(name string) (catalog.OID, error) {
		return s.relationNumber(ctx, name)
	})
	if err != nil {
		return err
	}
	t.Query, t.Sees = text, sees
	sources, err := bind.Sources(s.Bind(), t.AsView())
	if err != nil {
		return err
	}
	if t.Persistence == catalog.Temporary || s.readTemporary(sources) {
		return pgerr.New(pgerr.FeatureNotSupported, "materialized views must not use temporary tables or views")
	}
	s.readSources(t.AsView(), sources)
	return s.oids(ctx, &t.Rule)
}

// refresh is REFRESH MATERIALIZED VIEW. CONCURRENTLY asks for what it does in
// PostgreSQL, and replaces the rows all the same.
func (s *statement) refresh(ctx context.Context, n *pg.RefreshMatViewStmt) error {
	if n.Concurrent && n.SkipData {
		return pgerr.New(pgerr.SyntaxError, "CONCURRENTLY and WITH NO DATA options cannot be used together")
	}
	r, err := s.relation(n.Relation.Schemaname, n.Relation.Relname)
	if err != nil {
		return err
	}
	if r == nil {
		if _, ix, _ := s.index(n.Relation.Schemaname, n.Relation.Relname); ix == nil {
			return undefinedRelation(n.Relation.Schemaname, n.Relation.Relname)
		}
	}
	t, ok := r.(*catalog.Table)
	if !ok || t.Query == "" {
		if ok {
			return pgerr.New(pgerr.FeatureNotSupported, "%q is not a materialized view", t.Name)
		}
		return pgerr.New(pgerr.WrongObjectType, "%q is not a table or materialized view", n.Relation.Relname)
	}
	if err := s.mustOwnRelation(t); err != nil {
		return err
	}
	if err := s.checkNotInUse(t, "REFRESH MATERIALIZED VIEW"); err != nil {
		return err
	}
	if n.Concurrent {
		if err := s.mayRefreshConcurrently(t); err != nil {
			return err
		}
	}
	_, err = s.refill(ctx, t, !n.SkipData)
	return err
}

// mayRefreshConcurrently refuses a view without rows, or without a unique index over all of them.
func (s *statement) mayRefreshConcurrently(t *catalog.Table) error {
	if !t.Populated {
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "CONCURRENTLY cannot be used when the materialized view is not populated")
	}
	if slices.ContainsFunc(t.Indexes, func(ix catalog.Index) bool { return ix.Unique && ix.Plain() }) {
		return nil
	}
	name := expr.QuoteIdent(s.snapshot().SchemaByOID(s.Database, t.Schema).Name) + "." + expr.QuoteIdent(t.Name)
	return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "cannot refresh materialized view \"%s\" concurrently", name).
		WithHint("Create a unique index with no WHERE clause on one or more columns of the materialized view.")
}

// refill gives a materialized view the rows of its query, or none, in a new
// physical table, and answers how many there are.
func (s *statement) refill(ctx context.Context, old *catalog.Table, fill bool) (rows int64, err error) {
	b := s.alterBuilder(old)
	if err := b.Rows.Lock(ctx, old); err != nil {
		return 0, err
	}
	target, err := b.freshTable(ctx, old)
	if err != nil {
		return 0, err
	}
	if fill {
		if rows, err = b.fillFromQuery(ctx, target); err != nil {
			return 0, err
		}
	}
	b.table.Populated = fill
	b.Change.Put(b.table)
	return rows, nil
}

// fillFromQuery runs the query, as a view that nobody else sees, into a table.
func (b *tableBuilder) fillFromQuery(ctx context.Context, target *catalog.Table) (int64, error) {
	mark := b.Change.Mark()
	b.Change.Put(target)
	v := *b.table.AsView()
	v.Name = target.Name + "_query"
	if err := b.oids(ctx, &v.OID, &v.RowType, &v.Rule); err != nil {
		return 0, err
	}
	b.Change.Put(&v)
	from := quote(b.schemaName()) + "." + quote(v.Name)
	list, err := b.Rows.Run(ctx, fmt.Sprintf("WITH filled AS (INSERT INTO %s SELECT * FROM %s RETURNING 1) SELECT count(*) FROM filled", b.sqlName(target), from))
	b.Change.Rollback(mark)
	if err != nil {
		return 0, b.asBuilt(err)
	}
	return list[0][0].Int(), nil
}

// refuseMatview refuses the parts of ALTER TABLE that a materialized view has not.
func refuseMatview(t *catalog.Table, cmds []*pg.Node) error {
	has := []pg.AlterTableType{
		pg.AlterTableType_AT_ChangeOwner, pg.AlterTableType_AT_ClusterOn, pg.AlterTableType_AT_DropCluster, pg.AlterTableType_AT_SetStatistics,
		pg.AlterTableType_AT_SetStorage, pg.AlterTableType_AT_SetCompression, pg.AlterTableType_AT_SetOptions, pg.AlterTableType_AT_ResetOptions,
		pg.AlterTableType_AT_SetRelOptions, pg.AlterTableType_AT_ResetRelOptions, pg.AlterTableType_AT_SetTableSpace, pg.AlterTableType_AT_ReplicaIdentity,
	}
	for _, cmd := range cmds {
		if a := cmd.GetAlterTableCmd(); !slices.Contains(has, a.Subtype) {
			return wrongAction(pg.ObjectType_OBJECT_MATVIEW, a, t.Name, "materialized views")
		}
	}
	return nil
}
