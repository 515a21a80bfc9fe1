package session

import (
	"context"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// visibilityFunctions are manual table 9.68.
var visibilityFunctions = map[string]function{
	"pg_table_is_visible": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		visible, ok := pgcatalog.RelationVisible(s.snapshot(), s.database, s.env.fullPath(), oidArg(args))
		return boolOrNull(visible, ok), nil
	},
	"pg_type_is_visible": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		if name, ok := pgcatalog.DomainName(oidArg(args)); ok {
			return types.Bool(s.visible(catalog.Ref{Schema: catalog.InformationSchemaOID, Name: name})), nil
		}
		visible, ok := pgcatalog.TypeVisible(s.snapshot(), s.database, s.env.fullPath(), oidArg(args))
		return boolOrNull(visible, ok), nil
	},
	"pg_function_is_visible": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		if f := s.snapshot().FunctionByOID(oidArg(args)); f != nil {
			return types.Bool(s.functionVisible(f)), nil
		}
		return builtInVisible(context.Background(), s, args)
	},
	"pg_operator_is_visible":       builtInVisible,
	"pg_opclass_is_visible":        builtInVisible,
	"pg_opfamily_is_visible":       builtInVisible,
	"pg_collation_is_visible":      builtInVisible,
	"pg_conversion_is_visible":     builtInVisible,
	"pg_statistics_obj_is_visible": builtInVisible,
	"pg_ts_parser_is_visible":      builtInVisible,
	"pg_ts_dict_is_visible":        builtInVisible,
	"pg_ts_template_is_visible":    builtInVisible,
	"pg_ts_config_is_visible":      builtInVisible,
}

// builtInVisible answers for kinds of objects that live in pg_catalog alone.
func builtInVisible(_ context.Context, s *Session, _ []types.Datum) (types.Datum, error) {
	return types.Bool(pgcatalog.BuiltInVisible(s.env.fullPath())), nil
}

func boolOrNull(v, ok bool) types.Datum {
	if !ok {
		return types.Null
	}
	return types.Bool(v)
}

func textIf(v string, ok bool) types.Datum {
	if !ok {
		return types.Null
	}
	return types.Text(v)
}

func textOrNull(v string) types.Datum { return textIf(v, v != "") }

// visible reports whether the relation's name alone finds it.
func (s *Session) visible(ref catalog.Ref) bool {
	for _, oid := range s.env.fullPath() {
		if oid == ref.Schema {
			return true
		}
		if s.snapshot().NameTaken(s.database, oid, ref.Name) {
			return false
		}
	}
	return false
}

// commentFunctions are manual table 9.71.
var commentFunctions = map[string]function{
	"obj_description": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		classes := anyClass
		if len(args) > 1 {
			classes = []string{args[1].Text()}
		}
		for _, class := range classes {
			if text, ok := s.description(class, oidArg(args), 0); ok {
				return types.Text(text), nil
			}
		}
		return types.Null, nil
	},
	"col_description": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		return textIf(s.description("pg_class", oidArg(args), int(args[1].Int()))), nil
	},
	"shobj_description": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		return textIf(s.node.System.SharedDescription(s.snapshot(), args[1].Text(), oidArg(args))), nil
	},
}

// anyClass are the catalogs that obj_description without one looks for the object in.
var anyClass = []string{"pg_class", "pg_namespace", "pg_constraint", "pg_type", "pg_proc", "pg_operator"}

func (s *Session) description(class string, oid catalog.OID, column int) (string, bool) {
	return s.node.System.Description(s.snapshot(), s.database, class, oid, column)
}
