package session

import (
	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/distribute"
	"github.com/pegmatitedb/pegmatite/shard"
)

// visibilityFunctions are manual table 9.68.
var visibilityFunctions = map[string]function{
	"pg_table_is_visible": func(s *Session, args []types.Datum) (types.Datum, error) {
		snap, oid := s.snapshot(), oidArg(args)
		if r := snap.RelationByOID(oid); r != nil {
			return types.Bool(s.classVisible(r.Ref().Schema, r.Ref().Name)), nil
		}
		if t, ix := snap.IndexByOID(oid); ix != nil {
			return types.Bool(s.classVisible(t.Schema, ix.Name)), nil
		}
		return types.Null, nil
	},
	"pg_type_is_visible": func(s *Session, args []types.Datum) (types.Datum, error) {
		oid := oidArg(args)
		if types.ByOID(oid) != nil {
			return types.True, nil
		}
		if r := s.snapshot().Owner(oid); r != nil {
			return types.Bool(s.classVisible(r.Ref().Schema, r.Ref().Name)), nil
		}
		return types.Null, nil
	},
	"pg_function_is_visible":       builtinVisible,
	"pg_operator_is_visible":       builtinVisible,
	"pg_opclass_is_visible":        builtinVisible,
	"pg_opfamily_is_visible":       builtinVisible,
	"pg_collation_is_visible":      builtinVisible,
	"pg_conversion_is_visible":     builtinVisible,
	"pg_statistics_obj_is_visible": builtinVisible,
	"pg_ts_parser_is_visible":      builtinVisible,
	"pg_ts_dict_is_visible":        builtinVisible,
	"pg_ts_template_is_visible":    builtinVisible,
	"pg_ts_config_is_visible":      builtinVisible,
}

// builtinVisible answers for kinds of objects that live in pg_catalog alone.
var builtinVisible = constant(types.True)

// commentFunctions are manual table 9.71.
var commentFunctions = map[string]function{
	"obj_description": func(s *Session, args []types.Datum) (types.Datum, error) {
		return textOrNull(s.objectComment(oidArg(args))), nil
	},
	"col_description": func(s *Session, args []types.Datum) (types.Datum, error) {
		if t := s.snapshot().Table(oidArg(args)); t != nil {
			if c := t.ColumnByAttnum(int16(args[1].Int())); c != nil {
				return textOrNull(c.Comment), nil
			}
		}
		return types.Null, nil
	},
	"shobj_description": func(s *Session, args []types.Datum) (types.Datum, error) {
		snap, oid := s.snapshot(), oidArg(args)
		switch args[1].Text() {
		case "pg_database":
			if db := snap.DatabaseByOID(oid); db != nil {
				return textOrNull(db.Comment), nil
			}
		case "pg_authid":
			if r := snap.RoleByOID(oid); r != nil {
				return textOrNull(r.Comment), nil
			}
		}
		return types.Null, nil
	},
}

func textOrNull(s string) types.Datum {
	if s == "" {
		return types.Null
	}
	return types.Text(s)
}

// objectComment is the comment on a relation, index, constraint or schema.
func (s *Session) objectComment(oid catalog.OID) string {
	snap := s.snapshot()
	if r := snap.RelationByOID(oid); r != nil {
		return r.Ref().Comment
	}
	if _, ix := snap.IndexByOID(oid); ix != nil {
		return ix.Comment
	}
	if t, ok := snap.Owner(oid).(*catalog.Table); ok {
		for i := range t.Checks {
			if t.Checks[i].OID == oid {
				return t.Checks[i].Comment
			}
		}
	}
	if sc := snap.SchemaByOID(s.database, oid); sc != nil {
		return sc.Comment
	}
	return ""
}

// privilegeFunctions are manual table 9.67. There are no grants yet: owners and
// superusers may everything.
var privilegeFunctions = map[string]function{
	"has_table_privilege":                ownerMay,
	"has_column_privilege":               ownerMay,
	"has_any_column_privilege":           ownerMay,
	"has_sequence_privilege":             ownerMay,
	"has_schema_privilege":               everybodyMay,
	"has_database_privilege":             everybodyMay,
	"has_function_privilege":             everybodyMay,
	"has_type_privilege":                 everybodyMay,
	"has_tablespace_privilege":           everybodyMay,
	"has_language_privilege":             everybodyMay,
	"has_parameter_privilege":            everybodyMay,
	"has_foreign_data_wrapper_privilege": everybodyMay,
	"has_server_privilege":               everybodyMay,
	"pg_has_role": func(s *Session, args []types.Datum) (types.Datum, error) {
		return types.Bool(s.currentUser().Super), nil
	},
}

var everybodyMay = constant(types.True)

// ownerMay answers for the relation among the arguments, whichever form they have.
func ownerMay(s *Session, args []types.Datum) (types.Datum, error) {
	if s.currentUser().Super {
		return types.True, nil
	}
	at := len(args) - 2
	oid, err := s.relationArg(args[max(at, 0)])
	if err != nil {
		return types.Null, err
	}
	r := s.snapshot().RelationByOID(oid)
	if r == nil {
		return types.Null, nil
	}
	return types.Bool(r.Ref().Owner == s.currentUser().OID || r.Ref().Schema == catalog.PgCatalogOID), nil
}

// sizeFunctions are manual table 9.96.
var sizeFunctions = map[string]function{
	"pg_relation_size":       relationSize,
	"pg_table_size":          relationSize,
	"pg_total_relation_size": relationSize,
	"pg_indexes_size":        constant(types.Int(0)),
	"pg_database_size": func(s *Session, args []types.Datum) (types.Datum, error) {
		total, err := s.shardStats(nil)
		return types.Int(total), err
	},
	"pg_tablespace_size": func(s *Session, args []types.Datum) (types.Datum, error) {
		total, err := s.shardStats(nil)
		return types.Int(total), err
	},
	"pg_relation_filenode": func(s *Session, args []types.Datum) (types.Datum, error) {
		if t := s.snapshot().Table(oidArg(args)); t != nil {
			return types.Int(int64(t.Physical)), nil
		}
		return types.Null, nil
	},
}

func relationSize(s *Session, args []types.Datum) (types.Datum, error) {
	oid, err := s.relationArg(args[0])
	if err != nil {
		return types.Null, err
	}
	t := s.snapshot().Table(oid)
	if t == nil {
		return types.Int(0), nil
	}
	total, err := s.shardStats(t)
	return types.Int(total), err
}

// shardStats adds up the bytes of a table, or (nil) of whole shards.
func (s *Session) shardStats(t *catalog.Table) (int64, error) {
	r := shard.ControlRequest{Op: shard.ControlStats}
	home := catalog.HomeShards
	if t != nil {
		home, r.Table = t.Home, distribute.Physical(t, s.schemaName(t))
	}
	var total int64
	for _, id := range s.cluster().Shards(home) {
		r.Header = shard.Header{Shard: id, Epoch: s.cluster().Epoch()}
		reply, err := s.cluster().Service(home, id).Control(s.statementContext(), &r)
		if err != nil {
			return 0, err
		}
		total += reply.Bytes
	}
	return total, nil
}
