package ddl

import (
	"context"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/bind"
)

// viewOptions are the options of CREATE VIEW, WITH CHECK OPTION among them.
func viewOptions(n *pg.ViewStmt) ([]string, error) {
	options, err := setViewOptions(nil, n.Options)
	if err != nil {
		return nil, err
	}
	switch n.WithCheckOption {
	case pg.ViewCheckOption_LOCAL_CHECK_OPTION:
		options = append(options, "check_option=local")
	case pg.ViewCheckOption_CASCADED_CHECK_OPTION:
		options = append(options, "check_option=cascaded")
	}
	return options, nil
}

// setViewOptions puts options in the place of those of their names (transformRelOptions).
func setViewOptions(old []string, list []*pg.Node) ([]string, error) {
	out := dropViewOptions(old, list)
	for i, o := range list {
		d := o.GetDefElem()
		value := optionText(d)
		if err := checkViewOption(d, value); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(list[:i], func(o *pg.Node) bool { return o.GetDefElem().Defname == d.Defname }) {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "parameter %q specified more than once", d.Defname)
		}
		out = append(out, d.Defname+"="+value)
	}
	return out, nil
}

// dropViewOptions are the options but for those that are named.
func dropViewOptions(old []string, list []*pg.Node) []string {
	return slices.DeleteFunc(slices.Clone(old), func(have string) bool {
		name, _, _ := strings.Cut(have, "=")
		return slices.ContainsFunc(list, func(o *pg.Node) bool { return o.GetDefElem().Defname == name })
	})
}

func checkViewOption(d *pg.DefElem, value string) error {
	if d.Defnamespace != "" {
		return pgerr.New(pgerr.InvalidParameterValue, "unrecognized parameter namespace %q", d.Defnamespace)
	}
	switch d.Defname {
	case "check_option":
		if value != "local" && value != "cascaded" {
			return pgerr.New(pgerr.InvalidParameterValue, "invalid value for enum option \"check_option\": %s", value).
				WithDetail("Valid values are \"local\" and \"cascaded\".")
		}
	case "security_barrier", "security_invoker":
		if !isBoolean(value) {
			return pgerr.New(pgerr.InvalidParameterValue, "invalid value for boolean option %q: %s", d.Defname, value)
		}
	default:
		return pgerr.New(pgerr.InvalidParameterValue, "unrecognized parameter %q", d.Defname)
	}
	return nil
}

// isBoolean is whether parse_bool reads a text.
func isBoolean(value string) bool {
	v := strings.ToLower(value)
	for _, word := range []string{"true", "false", "yes", "no"} {
		if v != "" && strings.HasPrefix(word, v) {
			return true
		}
	}
	return slices.Contains([]string{"on", "of", "off", "0", "1"}, v)
}

// settleBase finds through what rows are written by the view's query, and
// refuses CHECK OPTION where they are not.
func (s *statement) settleBase(v *catalog.View) error {
	base, columns, detail, err := bind.ViewBase(s.Bind(), v)
	if err != nil {
		return err
	}
	v.Base, v.BaseColumns = base, columns
	if detail != "" && v.Option("check_option") != "" {
		return pgerr.New(pgerr.FeatureNotSupported, "WITH CHECK OPTION is supported only on automatically updatable views").WithHint("%s", detail)
	}
	return nil
}

// alterView is ALTER VIEW … SET and RESET (…), ALTER COLUMN … SET and DROP DEFAULT, and OWNER TO.
func (s *statement) alterView(ctx context.Context, old *catalog.View, n *pg.AlterTableStmt) error {
	v := *old
	v.Columns = slices.Clone(old.Columns)
	for _, c := range n.Cmds {
		cmd := c.GetAlterTableCmd()
		var err error
		switch cmd.Subtype {
		case pg.AlterTableType_AT_SetRelOptions:
			v.Options, err = setViewOptions(v.Options, cmd.Def.GetList().GetItems())
		case pg.AlterTableType_AT_ResetRelOptions:
			v.Options = dropViewOptions(v.Options, cmd.Def.GetList().GetItems())
		case pg.AlterTableType_AT_ColumnDefault:
			err = s.alterViewDefault(ctx, &v, cmd)
		case pg.AlterTableType_AT_ChangeOwner:
			err = s.alterViewOwner(&v, cmd.Newowner)
		default:
			err = wrongAction(n.Objtype, cmd, v.Name, "views")
		}
		if err == nil {
			err = s.settleBase(&v)
		}
		if err != nil {
			return err
		}
	}
	s.Change.Put(&v)
	return nil
}

// alterViewDefault sets what an INSERT through the view gives a column, or no more.
func (s *statement) alterViewDefault(ctx context.Context, v *catalog.View, n *pg.AlterTableCmd) error {
	b := &tableBuilder{statement: s, table: &catalog.Table{
		OID: v.OID, Database: v.Database, Schema: v.Schema, Name: v.Name, Columns: v.Columns,
	}}
	return b.alterDefault(ctx, n)
}
