package session

import (
	"fmt"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/distribute"
	"github.com/pegmatitedb/pegmatite/shard"
)

// sizeFunctions are manual table 9.96, and those about files (9.97). A shard's
// file holds all of its tables, so a table's size is what its rows take, and
// its indexes' sizes are within it.
var sizeFunctions = map[string]function{
	"pg_relation_size":       relationSize,
	"pg_table_size":          relationSize,
	"pg_total_relation_size": relationSize,
	"pg_indexes_size": func(s *Session, args []types.Datum) (types.Datum, error) {
		if s.snapshot().RelationByOID(oidArg(args)) == nil {
			return types.Null, nil
		}
		return types.Int(0), nil
	},
	"pg_database_size":       databaseSize,
	"pg_tablespace_size":     tablespaceSize,
	"pg_tablespace_location": constant(types.Text("")),
	"pg_relation_filenode": func(s *Session, args []types.Datum) (types.Datum, error) {
		n, ok := s.filenode(oidArg(args))
		if !ok {
			return types.Null, nil
		}
		return types.Int(n), nil
	},
	"pg_relation_filepath": func(s *Session, args []types.Datum) (types.Datum, error) {
		n, ok := s.filenode(oidArg(args))
		return textIf(fmt.Sprintf("base/%d/%d", s.database, n), ok), nil
	},
	"pg_filenode_relation": func(s *Session, args []types.Datum) (types.Datum, error) {
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
func relationSize(s *Session, args []types.Datum) (types.Datum, error) {
	if len(args) > 1 && args[1].Text() != "main" {
		return otherFork(args[1].Text())
	}
	switch r := s.snapshot().RelationByOID(oidArg(args)).(type) {
	case nil:
		if _, x := s.snapshot().IndexByOID(oidArg(args)); x == nil {
			return types.Null, nil
		}
		return types.Int(0), nil
	case *catalog.Table:
		total, err := s.tableBytes(r)
		return types.Int(total), err
	}
	return types.Int(0), nil
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

func databaseSize(s *Session, args []types.Datum) (types.Datum, error) {
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
		bytes, err := s.tableBytes(t)
		if err != nil {
			return types.Null, err
		}
		total += bytes
	}
	return types.Int(total), nil
}

// tablespaceSize counts the shards' files: there is one tablespace for all.
func tablespaceSize(s *Session, args []types.Datum) (types.Datum, error) {
	if d := args[0]; d.Kind() == types.KindText && d.Text() != "pg_default" && d.Text() != "pg_global" {
		return types.Null, pgerr.New(pgerr.UndefinedObject, "tablespace %q does not exist", d.Text())
	}
	total, err := s.shardBytes(catalog.HomeShards, nil)
	return types.Int(total), err
}

func (s *Session) tableBytes(t *catalog.Table) (int64, error) {
	if t.Home != catalog.HomeShards {
		return 0, nil
	}
	return s.shardBytes(t.Home, distribute.Physical(t, s.schemaName(t)))
}

// shardBytes adds up the bytes of a table, or (nil) of whole shards.
func (s *Session) shardBytes(home catalog.Home, t *shard.Table) (int64, error) {
	var total int64
	for _, id := range s.cluster().Shards(home) {
		reply, err := s.cluster().Service(home, id).Control(s.statementContext(), &shard.ControlRequest{
			Header: shard.Header{Shard: id, Epoch: s.cluster().Epoch()}, Op: shard.ControlStats, Table: t,
		})
		if err != nil {
			return 0, err
		}
		total += reply.Bytes
	}
	return total, nil
}
