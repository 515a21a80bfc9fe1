package session

import (
	"context"
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
	"github.com/pegmatitedb/pegmatite/wire/copyfmt"
)

// copy is COPY FROM STDIN and COPY TO STDOUT.
func (s *Session) copy(ctx context.Context, st *sqlparse.Statement, n *pg.CopyStmt) (*result, error) {
	if n.Filename != "" || n.IsProgram {
		return nil, pgerr.Unsupported("COPY with a file or program on the server").WithHint("Use COPY FROM STDIN or TO STDOUT; psql's \\copy also works for anyone.")
	}
	var c *copying
	err := s.certain(ctx, st.Node, func() error {
		c = &copying{session: s, stmt: n, options: copyfmt.Options{From: n.IsFrom}}
		return c.prepare(ctx, st)
	})
	switch {
	case err != nil:
		return nil, err
	case n.IsFrom:
		return c.from(ctx)
	}
	return c.to(ctx)
}

// copying is one COPY.
type copying struct {
	session *Session
	stmt    *pg.CopyStmt
	table   *catalog.Table // nil: COPY (query)
	schema  string
	columns []*catalog.Column
	options copyfmt.Options
	freeze  bool
	forced  []forced
	read    *sqlparse.Statement // what COPY TO reads
	plan    *plan.Statement     // of read, or of the INSERT that COPY FROM is
}

// prepare does all that is done before rows go either way.
func (c *copying) prepare(ctx context.Context, st *sqlparse.Statement) error {
	if err := c.resolve(); err != nil {
		return err
	}
	if err := c.readOptions(); err != nil {
		return err
	}
	if c.stmt.IsFrom {
		return c.prepareFrom()
	}
	return c.prepareTo(ctx, st)
}

// resolve finds the table and the columns.
func (c *copying) resolve() error {
	rv := c.stmt.Relation
	if rv == nil {
		return nil
	}
	t, err := c.session.copiedTable(rv, c.stmt.IsFrom)
	if err != nil {
		return err
	}
	if c.stmt.IsFrom && t.Query != "" {
		return pgerr.New(pgerr.WrongObjectType, "cannot copy to materialized view \"%s\"", t.Name)
	}
	c.table = t
	c.schema = c.session.snapshot().SchemaByOID(c.session.database, t.Schema).Name
	if len(c.stmt.Attlist) == 0 {
		for i := range t.Columns {
			if col := &t.Columns[i]; !col.Dropped && !col.Hidden && !col.Generated {
				c.columns = append(c.columns, col)
			}
		}
		return nil
	}
	for _, a := range c.stmt.Attlist {
		name := a.GetString_().GetSval()
		col := t.ColumnByName(name)
		switch {
		case col == nil:
			return pgerr.New(pgerr.UndefinedColumn, "column %q of relation %q does not exist", name, t.Name)
		case slices.Contains(c.columns, col):
			return pgerr.New(pgerr.DuplicateColumn, "column %q specified more than once", name)
		case col.Generated:
			return pgerr.New(pgerr.InvalidColumnReference, "column %q is a generated column", name).
				WithDetail("Generated columns cannot be used in COPY.")
		}
		c.columns = append(c.columns, col)
	}
	return nil
}

// checkFreeze allows FREEZE, which has no effect here, where PostgreSQL does:
// on a table that this subtransaction has made or truncated.
func (c *copying) checkFreeze() error {
	s := c.session
	if !c.freeze || c.table == nil {
		return nil
	}
	before := s.node.Catalog.Snapshot()
	if n := len(s.tx.savepoints); n > 0 {
		before = s.tx.savepoints[n-1].schema
	}
	if old := before.Table(c.table.OID); old == nil || old.Physical != c.table.Physical {
		return nil
	}
	return pgerr.New(pgerr.ObjectNotInPrerequisiteState,
		"cannot perform COPY FREEZE because the table was not created or truncated in the current subtransaction")
}

// copiedTable finds the table that rows are copied to, or from, in the order of the search path.
func (s *Session) copiedTable(rv *pg.RangeVar, to bool) (*catalog.Table, error) {
	direction := "from"
	if to {
		direction = "to"
	}
	path := s.env.fullPath()
	if rv.Schemaname != "" {
		sc := s.schemaNamed(rv.Schemaname)
		if sc == nil {
			return nil, pgerr.New(pgerr.InvalidSchemaName, "schema %q does not exist", rv.Schemaname)
		}
		path = []catalog.OID{sc.OID}
	}
	for _, oid := range path {
		switch r := s.snapshot().Relation(s.database, oid, rv.Relname).(type) {
		case *catalog.Table:
			return r, nil
		case *catalog.View:
			e := pgerr.New(pgerr.WrongObjectType, "cannot copy %s view %q", direction, rv.Relname)
			if to {
				return nil, e.WithHint("To enable copying to a view, provide an INSTEAD OF INSERT trigger.")
			}
			return nil, e.WithHint("Try the COPY (SELECT ...) TO variant.")
		case *catalog.Sequence:
			return nil, pgerr.New(pgerr.WrongObjectType, "cannot copy %s sequence %q", direction, rv.Relname)
		}
	}
	name := rv.Relname
	if rv.Schemaname != "" {
		name = rv.Schemaname + "." + name
	}
	return nil, pgerr.New(pgerr.UndefinedTable, "relation %q does not exist", name)
}

// readOptions reads COPY's WITH clause (copy.c, ProcessCopyOptions).
func (c *copying) readOptions() error {
	seen := map[string]bool{}
	for _, o := range c.stmt.Options {
		d := o.GetDefElem()
		if seen[d.Defname] {
			return c.at(d, pgerr.New(pgerr.SyntaxError, "conflicting or redundant options"))
		}
		seen[d.Defname] = true
		if err := c.option(d); err != nil {
			return err
		}
	}
	return c.options.Finish()
}

func (c *copying) option(d *pg.DefElem) error {
	o := &c.options
	value := defText(d)
	switch d.Defname {
	case "format":
		switch value {
		case "text":
		case "csv":
			o.CSV = true
		case "binary":
			o.Binary = true
		default:
			return c.at(d, pgerr.New(pgerr.InvalidParameterValue, "COPY format %q not recognized", value))
		}
	case "delimiter":
		o.Delimiter, o.DelimiterGiven = value, true
	case "null":
		o.Null, o.NullGiven = value, true
	case "header":
		if o.Match = strings.EqualFold(value, "match") && d.Arg.GetInteger() == nil; o.Match {
			o.Header = true
			if !o.From {
				return pgerr.New(pgerr.FeatureNotSupported, "cannot use \"match\" with HEADER in COPY TO")
			}
			return nil
		}
		var ok bool
		if o.Header, ok = booleanOption(d); !ok {
			return pgerr.New(pgerr.SyntaxError, "%s requires a Boolean value or \"match\"", d.Defname)
		}
	case "quote":
		if o.Quote = value; value == "" {
			o.Quote = "  " // refused as not one character
		}
	case "escape":
		if o.Escape = value; value == "" {
			o.Escape = "  "
		}
	case "freeze":
		var ok bool
		if c.freeze, ok = booleanOption(d); !ok {
			return pgerr.New(pgerr.SyntaxError, "%s requires a Boolean value", d.Defname)
		}
	case "encoding":
		_, err := checkEncoding(value)
		if pgerr.HasCode(err, pgerr.InvalidParameterValue) || d.Arg.GetString_() == nil {
			err = c.at(d, pgerr.New(pgerr.InvalidParameterValue, "argument to option %q must be a valid encoding name", d.Defname))
		}
		return err
	case "force_quote":
		if d.Arg.GetAStar() != nil {
			o.ForceQuoteAll = true
			return nil
		}
		o.ForceQuote = c.force(d)
	case "force_not_null":
		o.ForceNotNull = c.force(d)
	case "force_null":
		o.ForceNull = c.force(d)
	default:
		return c.at(d, pgerr.New(pgerr.SyntaxError, "option %q not recognized", d.Defname))
	}
	return nil
}

// at points at the option that an error is about.
func (c *copying) at(d *pg.DefElem, e *pgerr.E) *pgerr.E {
	return e.WithPosition(c.session.statement.Position(d.Location))
}

// booleanOption reads an option's value as defGetBoolean does.
func booleanOption(d *pg.DefElem) (value, ok bool) {
	if d.Arg == nil {
		return true, true
	}
	switch strings.ToLower(defText(d)) {
	case "true", "on", "1":
		return true, true
	case "false", "off", "0":
		return false, true
	}
	return false, false
}

// forced is a FORCE option's columns, which are looked for when the columns are known.
type forced struct {
	option string
	names  []*pg.Node
	set    map[int]bool
}

// force notes a FORCE option; its set is filled by resolveForced.
func (c *copying) force(d *pg.DefElem) map[int]bool {
	f := forced{strings.ToUpper(d.Defname), d.Arg.GetList().GetItems(), map[int]bool{}}
	c.forced = append(c.forced, f)
	return f.set
}

// resolveForced finds the columns of FORCE options among those that are copied.
func (c *copying) resolveForced(columns []string) error {
	for _, f := range c.forced {
		for _, n := range f.names {
			name := n.GetString_().GetSval()
			i := slices.Index(columns, name)
			switch {
			case i >= 0 && f.set[i]:
				return pgerr.New(pgerr.DuplicateColumn, "column %q specified more than once", name)
			case i >= 0:
				f.set[i] = true
			case c.table == nil:
				return pgerr.New(pgerr.UndefinedColumn, "column %q does not exist", name)
			case c.table.ColumnByName(name) == nil:
				return pgerr.New(pgerr.UndefinedColumn, "column %q of relation %q does not exist", name, c.table.Name)
			default:
				return pgerr.New(pgerr.InvalidColumnReference, "%s column %q not referenced by COPY", f.option, name)
			}
		}
	}
	return nil
}

// defText is an option's value as text; one without a value is true.
func defText(d *pg.DefElem) string {
	switch v := d.Arg.GetNode().(type) {
	case *pg.Node_String_:
		return v.String_.Sval
	case *pg.Node_Integer:
		return itoa(int64(v.Integer.Ival))
	case *pg.Node_Float:
		return v.Float.Fval
	case *pg.Node_Boolean:
		return onOff(v.Boolean.Boolval)
	}
	return "true"
}

// columnNames are the copied columns, quoted.
func (c *copying) columnNames() string {
	var names []string
	for _, col := range c.columns {
		names = append(names, quoteIdent(col.Name))
	}
	return strings.Join(names, ", ")
}

// target is the table's qualified name, quoted.
func (c *copying) target() string {
	return fmt.Sprintf("%s.%s", quoteIdent(c.schema), quoteIdent(c.table.Name))
}
