package session

import (
	"context"
	"fmt"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/distribute"
	"github.com/pegmatitedb/pegmatite/shard"
)

// sizeFunctions are manual table 9.96, and those about files (9.97). A shard's
// file holds all of its tables, so what one takes is an estimate: rows, times
// their average length.
var sizeFunctions = map[string]function{
	"pg_relation_size":       relationSize,
	"pg_table_size":          relationSize,
	"pg_total_relation_size": tableSize((*Session).totalBytes),
	"pg_indexes_size":        tableSize((*Session).indexesBytes),
	"pg_database_size":       databaseSize,
	"pg_tablespace_size":     tablespaceSize,
	"pg_tablespace_location": constant(types.Text("")),
	"pg_relation_filenode": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		n, ok := s.filenode(oidArg(args))
		if !ok {
			return types.Null, nil
		}
		return types.Int(n), nil
	},
	"pg_relation_filepath": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		n, ok := s.filenode(oidArg(args))
		return textIf(fmt.Sprintf("base/%d/%d", s.database, n), ok), nil
	},
	"pg_filenode_relation": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		for r := range s.snapshot().Relations(s.database) {
			if n, ok := s.filenode(r.Ref().OID); ok && n == args[1].Int() {
				return types.Int(int64(r.Ref().OID)), nil
			}
		}
		return types.Null, nil
	},
}

// filenode is pg_class.relfilenode; views have none.
func (s *Session) filenode(oid catalog.OID) (int64, bool) {
	switch r := s.snapshot().RelationByOID(oid).(type) {
	case *catalog.Table:
		return int64(uint32(r.Physical)), true
	case *catalog.Sequence:
		return int64(r.OID), true
	}
	_, x := s.snapshot().IndexByOID(oid)
	return int64(oid), x != nil
}

// relationSize is NULL for what is no relation, as in PostgreSQL when another
// session has dropped it.
func relationSize(ctx context.Context, s *Session, args []types.Datum) (types.Datum, error) {
	if len(args) > 1 && args[1].Text() != "main" {
		return otherFork(args[1].Text())
	}
	return tableSize((*Session).tableBytes)(ctx, s, args)
}

// tableSize makes a function of what it says of tables. An index is a relation
// of its own, without any indexes.
func tableSize(of func(*Session, context.Context, *catalog.Table) (int64, error)) function {
	return func(ctx context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		oid := oidArg(args)
		r := s.snapshot().RelationByOID(oid)
		if t, ok := r.(*catalog.Table); ok {
			total, err := of(s, ctx, t)
			return types.Int(total), err
		}
		t, x := s.snapshot().IndexByOID(oid)
		if r == nil && x == nil {
			return types.Null, nil
		}
		if x == nil {
			return types.Int(0), nil
		}
		total, err := s.indexBytes(ctx, t, x)
		return types.Int(total), err
	}
}

// otherFork answers for the forks that tables here do not have.
func otherFork(name string) (types.Datum, error) {
	switch name {
	case "fsm", "vm", "init":
		return types.Int(0), nil
	}
	return types.Null, pgerr.New(pgerr.InvalidParameterValue, "invalid fork name").
		WithHint("Valid fork names are \"main\", \"fsm\", \"vm\", and \"init\".")
}

func databaseSize(ctx context.Context, s *Session, args []types.Datum) (types.Datum, error) {
	snap := s.snapshot()
	db := snap.DatabaseByOID(oidArg(args))
	if args[0].Kind() == types.KindText {
		if db = snap.Database(args[0].Text()); db == nil {
			return types.Null, pgerr.New(pgerr.InvalidCatalogName, "database %q does not exist", args[0].Text())
		}
	}
	if db == nil {
		return types.Null, nil
	}
	var total int64
	for t := range snap.Tables(db.OID) {
		bytes, err := s.totalBytes(ctx, t)
		if err != nil {
			return types.Null, err
		}
		total += bytes
	}
	return types.Int(total), nil
}

// tablespaceSize counts the shards' files: there is one tablespace for all.
func tablespaceSize(ctx context.Context, s *Session, args []types.Datum) (types.Datum, error) {
	if d := args[0]; d.Kind() == types.KindText && d.Text() != "pg_default" && d.Text() != "pg_global" {
		return types.Null, pgerr.New(pgerr.UndefinedObject, "tablespace %q does not exist", d.Text())
	}
	_, total, err := s.shardBytes(ctx, nil)
	return types.Int(total), err
}

func (s *Session) tableBytes(ctx context.Context, t *catalog.Table) (int64, error) {
	if t.Home != catalog.HomeShards {
		return 0, nil
	}
	_, total, err := s.shardBytes(ctx, distribute.Physical(t, s.schemaName(t)))
	return total, err
}

func (s *Session) totalBytes(ctx context.Context, t *catalog.Table) (int64, error) {
	table, err := s.tableBytes(ctx, t)
	if err != nil {
		return 0, err
	}
	indexes, err := s.indexesBytes(ctx, t)
	return table + indexes, err
}

func (s *Session) indexesBytes(ctx context.Context, t *catalog.Table) (int64, error) {
	var total int64
	for i := range t.Indexes {
		bytes, err := s.indexBytes(ctx, t, &t.Indexes[i])
		if err != nil {
			return 0, err
		}
		total += bytes
	}
	return total, nil
}

// indexBytes is what the entries take: the indexed columns and the table's key.
// The primary key is the order in which the rows themselves are kept.
func (s *Session) indexBytes(ctx context.Context, t *catalog.Table, x *catalog.Index) (int64, error) {
	switch {
	case t.Home != catalog.HomeShards || x.Primary:
		return 0, nil
	case x.Global != 0:
		_, bytes, err := s.shardBytes(ctx, &shard.Table{Physical: x.Global, Relation: x.OID, Name: x.Name})
		return bytes, err
	}
	rows, _, err := s.shardBytes(ctx, distribute.Physical(t, s.schemaName(t)))
	width := int64(0)
	for _, c := range x.Columns {
		width += columnWidth(t, c.Column)
	}
	for _, id := range t.Key {
		width += columnWidth(t, id)
	}
	return rows * width, err
}

// unknownWidth is taken for columns of variable length that ANALYZE has not seen.
const unknownWidth = 16

// columnWidth is a column's average length.
func columnWidth(t *catalog.Table, id catalog.ColumnID) int64 {
	c := t.Column(id)
	switch stats, ok := t.Stats.Columns[id]; {
	case ok:
		return int64(stats.Width)
	case c != nil && c.Type.Len > 0:
		return int64(c.Type.Len)
	}
	return unknownWidth
}

// shardBytes adds up the rows and bytes of a table, or (nil) of whole shards.
func (s *Session) shardBytes(ctx context.Context, t *shard.Table) (rows, bytes int64, err error) {
	for _, id := range s.cluster().Shards(catalog.HomeShards) {
		reply, err := s.cluster().Service(catalog.HomeShards, id).Control(ctx, &shard.ControlRequest{
			Header: shard.Header{Shard: id, Epoch: s.cluster().Epoch()}, Op: shard.ControlStats, Table: t,
		})
		if err != nil {
			return 0, 0, err
		}
		rows += reply.Rows
		bytes += reply.Bytes
	}
	return rows, bytes, nil
}
