package session

import (
	"context"
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
)

// definitionFunctions are manual table 9.70: objects as the SQL that makes them.
var definitionFunctions = map[string]function{
	"pg_get_expr": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		t := s.snapshot().Table(catalog.OID(args[1].Int()))
		return types.Text(s.expressionText(t, args[0].Text(), len(args) > 2 && args[2].IsTrue())), nil
	},
	"pg_get_indexdef": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		column := 0
		var visible func(catalog.Ref) bool
		if len(args) == 3 {
			column = int(args[1].Int())
			if args[2].IsTrue() {
				visible = s.visible
			}
		}
		show := func(t *catalog.Table, text string) string { return s.expressionText(t, text, visible != nil) }
		return textIf(pgcatalog.IndexDef(s.snapshot(), s.database, oidArg(args), column, visible, show)), nil
	},
	"pg_get_constraintdef": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		return textIf(s.constraintDef(oidArg(args), len(args) > 1 && args[1].IsTrue())), nil
	},
	"pg_get_viewdef": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		oid, err := s.relationArg(args[0])
		if err != nil {
			return types.Null, err
		}
		v := s.snapshot().View(oid)
		if t := s.snapshot().Table(oid); t != nil && t.Query != "" {
			v = t.AsView()
		}
		if v != nil {
			pretty := len(args) > 1 && (args[1].Kind() == types.KindInt || args[1].IsTrue())
			return types.Text(s.viewDefinition(v, pretty)), nil
		}
		return textIf(s.node.System.ViewDef(s.snapshot(), oid)), nil
	},
	"pg_get_ruledef": ruleDef,
	"pg_get_replica_identity_index": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		if t := s.snapshot().Table(oidArg(args)); t != nil {
			if x := t.PrimaryKey(); x != nil {
				return types.Int(int64(x.OID)), nil
			}
		}
		return types.Null, nil
	},
	"pg_get_userbyid": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		return types.Text(pgcatalog.UserByOID(s.snapshot(), oidArg(args))), nil
	},
	"pg_get_serial_sequence": serialSequence,

	// Of these objects there are none.
	"pg_get_triggerdef":                   constant(types.Null),
	"pg_get_statisticsobjdef":             constant(types.Null),
	"pg_get_statisticsobjdef_columns":     constant(types.Null),
	"pg_get_statisticsobjdef_expressions": constant(types.Null),
	"pg_get_partkeydef":                   constant(types.Null),
	"pg_get_partition_constraintdef":      constant(types.Null),
	"pg_partition_root":                   constant(types.Null),

	"pg_column_is_updatable": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		attnum := args[1].Int()
		switch r := s.snapshot().RelationByOID(oidArg(args)).(type) {
		case *catalog.Table:
			return types.Bool(attnum > 0 && r.ColumnByAttnum(int16(attnum)) != nil), nil
		case *catalog.View:
			columns, _ := s.snapshot().Writable(r)
			return types.Bool(attnum > 0 && attnum <= int64(len(columns)) && columns[attnum-1]), nil
		}
		return types.Bool(false), nil
	},
	"pg_relation_is_updatable": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		switch r := s.snapshot().RelationByOID(oidArg(args)).(type) {
		case *catalog.Table:
			return types.Int(allWrites), nil
		case *catalog.View:
			columns, rows := s.snapshot().Writable(r)
			switch {
			case slices.Contains(columns, true):
				return types.Int(allWrites), nil
			case rows:
				return types.Int(onlyDelete), nil
			}
		}
		return types.Int(0), nil
	},
	"pg_relation_is_publishable": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		t := s.snapshot().Table(oidArg(args))
		return types.Bool(t != nil && !catalog.IsSystemSchema(t.Schema)), nil
	},
	"pg_index_column_has_property": indexColumnProperty,
	"pg_index_has_property":        propertyOf(1, map[string]bool{"clusterable": true, "index_scan": true, "bitmap_scan": true, "backward_scan": true}),
	"pg_indexam_has_property": propertyOf(1, map[string]bool{
		"can_order": true, "can_unique": true, "can_multi_col": true, "can_exclude": true, "can_include": true}),
}

// expressionText prints a stored expression over a table's columns (nil: over
// none) by the session's settings and search path.
func (s *Session) expressionText(t *catalog.Table, text string, pretty bool) string {
	var columns []bind.Column
	if t != nil {
		for i := range t.Columns {
			c := &t.Columns[i]
			columns = append(columns, bind.Column{Name: c.Name, Type: c.Type, Typmod: c.Typmod})
			if c.Dropped || c.Hidden {
				columns[i].Name = ""
			}
		}
	}
	e, err := bind.Expression(s.env.bind(), text, columns, bind.ForUsing, nil)
	if err == nil {
		if c := defaultColumn(t, text); c != nil && (e.Type() != c.Type || c.Typmod >= 0 && e.Typmod() != c.Typmod) {
			e = &expr.Cast{Typed: expr.Typed{T: c.Type, Mod: c.Typmod}, Arg: e} // unseen, but for its parentheses
		}
		text = (&expr.Formatter{Env: s.env.output(), Pretty: pretty, TypeName: catalog.KeptTypeName, Constructor: catalog.KeptFunctionName}).Format(e)
	}
	return pgcatalog.Expression(s.snapshot(), s.database, text, s.visible, s.typeName)
}

// viewDefinition is pg_get_viewdef: of a query that is an error now, its text as it is kept.
func (s *Session) viewDefinition(v *catalog.View, pretty bool) string {
	text, err := bind.ViewDefinition(s.env.bind(), v, s.env.output(), pretty, s.nameOf)
	if err != nil {
		text = v.Query
	}
	return pgcatalog.Expression(s.snapshot(), s.database, text, s.visible, s.typeName) + ";"
}

// defaultColumn is the column that has the text as its default; nil if none has.
func defaultColumn(t *catalog.Table, text string) *catalog.Column {
	if t != nil {
		for i := range t.Columns {
			if c := &t.Columns[i]; c.Default == text && !c.Dropped {
				return c
			}
		}
	}
	return nil
}

// constraintDef is pg_get_constraintdef.
func (s *Session) constraintDef(oid catalog.OID, pretty bool) (string, bool) {
	if d, ok := s.snapshot().PartOfType(oid).(*catalog.Domain); ok {
		return s.domainCheckDef(d, oid, pretty)
	}
	def, ok := pgcatalog.ConstraintDef(s.snapshot(), oid)
	t, _ := s.snapshot().Owner(oid).(*catalog.Table)
	if t == nil {
		return def, ok
	}
	if k := t.ForeignKey(oid); k != nil {
		return pgcatalog.ForeignKeyDef(s.snapshot(), t, k, s.shownTable(k.Table)), true
	}
	for i := range t.Checks {
		if k := &t.Checks[i]; k.OID == oid {
			rest := strings.TrimPrefix(def, "CHECK ("+k.Expr+")")
			return "CHECK (" + s.expressionText(t, k.Expr, pretty) + ")" + rest, ok
		}
	}
	return def, ok
}

// shownTable is a table's name, with its schema's where that is needed to find it.
func (s *Session) shownTable(oid catalog.OID) string {
	t := s.snapshot().Table(oid)
	if t == nil {
		return ""
	}
	name := expr.QuoteIdent(t.Name)
	if s.visible(t.Ref()) {
		return name
	}
	return expr.QuoteIdent(s.schemaName(t)) + "." + name
}

// domainCheckDef is pg_get_constraintdef of a domain's constraint.
func (s *Session) domainCheckDef(d *catalog.Domain, oid catalog.OID, pretty bool) (string, bool) {
	for i := range d.Checks {
		k := &d.Checks[i]
		if k.OID != oid {
			continue
		}
		text := k.Expr
		if e, err := bind.Expression(s.env.bind(), text, bind.DomainValue(d.Base, d.Typmod), bind.ForDomainCheck, nil); err == nil {
			value := func(*expr.Column) string { return "VALUE" }
			text = (&expr.Formatter{Env: s.env.output(), Pretty: pretty, TypeName: catalog.KeptTypeName, Constructor: catalog.KeptFunctionName, Column: value}).Format(e)
		}
		def := "CHECK (" + pgcatalog.Expression(s.snapshot(), s.database, text, s.visible, s.typeName) + ")"
		if !k.Valid {
			def += " NOT VALID"
		}
		return def, true
	}
	return "", false
}

// allWrites are the bits of INSERT, UPDATE and DELETE (1 << CMD_…, nodes.h).
const (
	allWrites  = 1<<2 | 1<<3 | onlyDelete
	onlyDelete = 1 << 4
)

// serialSequence is pg_get_serial_sequence(table, column).
func serialSequence(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
	oid, err := s.relationArg(args[0])
	if err != nil {
		return types.Null, err
	}
	t := s.snapshot().Table(oid)
	if t == nil {
		return types.Null, nil
	}
	c := t.ColumnByName(args[1].Text())
	if c == nil {
		return types.Null, errNoColumn(args[1].Text(), t.Name)
	}
	return textIf(pgcatalog.SerialSequence(s.snapshot(), s.database, t, c)), nil
}

// ruleDef is pg_get_ruledef: the only rules are those that make views.
func ruleDef(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
	v, _ := s.snapshot().Owner(oidArg(args)).(*catalog.View)
	if v == nil || v.Rule != oidArg(args) {
		return types.Null, nil
	}
	name := expr.QuoteIdent(s.snapshot().SchemaByOID(s.database, v.Schema).Name) + "." + expr.QuoteIdent(v.Name)
	if len(args) > 1 && args[1].IsTrue() {
		name = s.className(v.OID)
	}
	return types.Text("CREATE RULE \"_RETURN\" AS\n    ON SELECT TO " + name + " DO INSTEAD " + s.viewDefinition(v, len(args) > 1 && args[1].IsTrue())), nil
}

// propertyOf answers for what all indexes, which are B-trees, have; other names are NULL.
func propertyOf(at int, has map[string]bool) function {
	return func(_ context.Context, _ *Session, args []types.Datum) (types.Datum, error) {
		v, ok := has[args[at].Text()]
		return boolOrNull(v, ok), nil
	}
}

// indexColumnProperty is pg_index_column_has_property (adt/amutils.c).
func indexColumnProperty(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
	_, x := s.snapshot().IndexByOID(oidArg(args))
	at := int(args[1].Int()) - 1
	if x == nil || at < 0 || at >= len(x.Columns)+len(x.Included) {
		return types.Null, nil
	}
	key := at < len(x.Columns)
	is := func(f func(catalog.IndexColumn) bool) types.Datum {
		return boolOrNull(key && f(x.Columns[min(at, len(x.Columns)-1)]), key)
	}
	switch args[2].Text() {
	case "asc":
		return is(func(c catalog.IndexColumn) bool { return !c.Desc }), nil
	case "desc":
		return is(func(c catalog.IndexColumn) bool { return c.Desc }), nil
	case "nulls_first":
		return is(func(c catalog.IndexColumn) bool { return c.NullsFirst }), nil
	case "nulls_last":
		return is(func(c catalog.IndexColumn) bool { return !c.NullsFirst }), nil
	case "orderable", "search_array", "search_nulls":
		return types.Bool(key), nil
	case "distance_orderable":
		return types.False, nil
	case "returnable":
		return types.True, nil
	}
	return types.Null, nil
}
