package pgcatalog

import (
	"fmt"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

func (g *generator) schemataRow(n *catalog.Schema) {
	if r := g.begin("information_schema.schemata"); r != nil {
		r.set("catalog_name", g.databaseName()).text("schema_name", n.Name).set("schema_owner", g.roleName(n.Owner)).done()
	}
}

// place sets the catalog, schema and name columns that begin with prefix.
func (r *row) place(prefix string, ref catalog.Ref) *row {
	if r == nil {
		return nil
	}
	g := r.g
	return r.set(prefix+"_catalog", g.databaseName()).set(prefix+"_schema", g.schemaName(ref.Schema)).text(prefix+"_name", ref.Name)
}

func (g *generator) infoTable(ref catalog.Ref, kind string, insertable bool) {
	r := g.begin("information_schema.tables").place("table", ref)
	r.text("table_type", kind).text("is_insertable_into", yesNo(insertable)).text("is_typed", "NO")
	if kind == "LOCAL TEMPORARY" {
		r.text("commit_action", "PRESERVE")
	}
	r.done()
}

func (g *generator) infoColumns(ref catalog.Ref, columns []catalog.Column, updatable func(i int) bool) {
	if !g.wants("information_schema.columns") {
		return
	}
	for i := range columns {
		if c := &columns[i]; !c.Hidden && !c.Dropped {
			g.infoColumn(ref, c, updatable(i))
		}
	}
}

func (g *generator) infoColumn(ref catalog.Ref, c *catalog.Column, updatable bool) {
	r := g.begin("information_schema.columns").place("table", ref)
	r.text("column_name", c.Name).int("ordinal_position", int64(c.Attnum)).text("is_nullable", yesNo(!c.NotNull))
	r.infoType(c)
	r.udt(c.Type)
	r.text("dtd_identifier", fmt.Sprint(c.Attnum)).text("is_self_referencing", "NO").text("is_identity", yesNo(c.Identity != 0))
	if collation := columnCollation(c); collation == cCollation || collation == posixCollation {
		name := "C"
		if collation == posixCollation {
			name = "POSIX"
		}
		r.set("collation_catalog", g.databaseName()).text("collation_schema", "pg_catalog").text("collation_name", name)
	}
	if d, ok := g.c.domainColumns[domainColumn{ref.OID, c.Attnum}]; ok {
		r.set("domain_catalog", g.databaseName()).text("domain_schema", "information_schema").text("domain_name", d)
	}
	g.infoIdentity(r, ref, c)
	value := Expression(g.snapshot, g.database, c.Default, inPublic, plainTypeName(g.snapshot))
	r.text("is_generated", "NEVER").optional("column_default", value)
	if c.Generated {
		r.text("is_generated", "ALWAYS").set("column_default", types.Null).text("generation_expression", value)
	}
	r.text("is_updatable", yesNo(updatable)).done()
}

// infoIdentity sets the columns about the sequence of an identity column.
func (g *generator) infoIdentity(r *row, ref catalog.Ref, c *catalog.Column) {
	r.text("identity_cycle", "NO")
	switch c.Identity {
	case 'a':
		r.text("identity_generation", "ALWAYS")
	case 'd':
		r.text("identity_generation", "BY DEFAULT")
	default:
		return
	}
	s := ownedSequence(g.snapshot, ref, c.ID)
	if s == nil {
		return
	}
	for column, v := range map[string]int64{"start": s.Start, "increment": s.Increment, "maximum": s.Max, "minimum": s.Min} {
		r.text("identity_"+column, string(types.AppendInt(nil, v)))
	}
	r.text("identity_cycle", yesNo(s.Cycle))
}

// ownedSequence finds the sequence that a column owns.
func ownedSequence(s *catalog.Snapshot, ref catalog.Ref, column catalog.ColumnID) *catalog.Sequence {
	for r := range s.RelationsIn(ref.Database, ref.Schema) {
		if q, ok := r.(*catalog.Sequence); ok && q.OwnedBy == ref.OID && q.OwnedByColumn == column {
			return q
		}
	}
	return nil
}

// maxOctets is what _pg_char_octet_length answers without a length.
const maxOctets = 1 << 30

// infoType sets the columns that information_schema's _pg_… functions compute
// from a type and its typmod.
func (r *row) infoType(c *catalog.Column) {
	if r == nil {
		return
	}
	c = r.g.underDomain(c)
	t, mod := c.Type, int64(c.Typmod)
	switch {
	case t.Elem != nil && t.Len == -1:
		r.text("data_type", "ARRAY")
		return
	case t.OID >= catalog.FirstNormalOID:
		r.text("data_type", "USER-DEFINED")
		return
	}
	r.text("data_type", t.SQLName)
	numeric := func(precision, radix int64) {
		r.int("numeric_precision", precision).int("numeric_precision_radix", radix)
	}
	switch t {
	case types.TInt2:
		numeric(16, 2)
		r.int("numeric_scale", 0)
	case types.TInt4:
		numeric(32, 2)
		r.int("numeric_scale", 0)
	case types.TInt8:
		numeric(64, 2)
		r.int("numeric_scale", 0)
	case types.TFloat4:
		numeric(24, 2)
	case types.TFloat8:
		numeric(53, 2)
	case types.TNumeric:
		r.int("numeric_precision_radix", 10)
		if precision, scale, ok := types.NumericPrecision(c.Typmod); ok {
			r.int("numeric_precision", int64(precision)).int("numeric_scale", int64(scale))
		}
	case types.TVarchar, types.TBpchar:
		if mod >= 4 {
			r.int("character_maximum_length", mod-4).int("character_octet_length", 4*(mod-4))
		} else {
			r.int("character_octet_length", maxOctets)
		}
	case types.TText:
		r.int("character_octet_length", maxOctets)
	case types.TBit, types.TVarbit:
		if mod >= 0 {
			r.int("character_maximum_length", mod)
		}
	case types.TDate:
		r.int("datetime_precision", 0)
	case types.TTime, types.TTimeTZ, types.TTimestamp, types.TTimestamptz:
		if mod < 0 {
			mod = 6
		}
		r.int("datetime_precision", mod)
	case types.TInterval:
		if mod < 0 || mod&0xffff == 0xffff {
			mod = 6
		}
		r.int("datetime_precision", mod&0xffff)
		r.optional("interval_type", intervalFields(c))
	}
}

// intervalFields is _pg_interval_type: "YEAR TO MONTH" of interval year to month.
func intervalFields(c *catalog.Column) string {
	if c.Typmod < 0 {
		return ""
	}
	fields := strings.TrimPrefix(types.FormatType(c.Type, c.Typmod), "interval")
	fields, _, _ = strings.Cut(fields, "(")
	return strings.ToUpper(strings.TrimSpace(fields))
}

func (g *generator) infoConstraints(t *catalog.Table) {
	if !g.wants("information_schema.table_constraints", "information_schema.key_column_usage",
		"information_schema.constraint_column_usage", "information_schema.check_constraints", "information_schema.referential_constraints") {
		return
	}
	g.infoForeignKeys(t)
	for i := range t.Indexes {
		if x := &t.Indexes[i]; x.Constraint != 0 {
			g.infoKey(t, x)
		}
	}
	for i := range t.Checks {
		k := &t.Checks[i]
		g.infoConstraint(t, k.Name, "CHECK")
		g.infoCheck(t, k.Name, checkClause(k))
		for _, id := range k.Columns {
			g.infoUsage(t, k.Name, t.Column(id))
		}
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; c.NotNull && !c.Hidden && !c.Dropped {
			name := fmt.Sprintf("%d_%d_%d_not_null", t.Schema, t.OID, c.Attnum)
			g.infoConstraint(t, name, "CHECK")
			g.infoCheck(t, name, c.Name+" IS NOT NULL")
		}
	}
}

// infoConstraint begins a row of table_constraints; done unless kind is a key's.
func (g *generator) infoConstraint(t *catalog.Table, name, kind string) {
	r := g.begin("information_schema.table_constraints").place("table", t.Ref()).constraintName(t, name)
	r.text("constraint_type", kind).text("is_deferrable", "NO").text("initially_deferred", "NO").text("enforced", "YES").done()
}

func (r *row) constraintName(t *catalog.Table, name string) *row {
	return r.place("constraint", catalog.Ref{Schema: t.Schema, Name: name})
}

func (g *generator) infoKey(t *catalog.Table, x *catalog.Index) {
	r := g.begin("information_schema.table_constraints").place("table", t.Ref()).constraintName(t, x.Name)
	r.text("is_deferrable", yesNo(x.Deferrable)).text("initially_deferred", yesNo(x.Deferred)).text("enforced", "YES")
	if x.Primary {
		r.text("constraint_type", "PRIMARY KEY")
	} else {
		r.text("constraint_type", "UNIQUE").text("nulls_distinct", yesNo(!x.NullsNotDistinct))
	}
	r.done()
	for i, c := range x.Columns {
		of, _ := c.Written()
		column := t.Column(of)
		u := g.begin("information_schema.key_column_usage").place("table", t.Ref()).constraintName(t, x.Name)
		u.text("column_name", column.Name).int("ordinal_position", int64(i+1)).done()
		g.infoUsage(t, x.Name, column)
	}
}

func (g *generator) infoUsage(t *catalog.Table, constraint string, c *catalog.Column) {
	r := g.begin("information_schema.constraint_column_usage").place("table", t.Ref()).constraintName(t, constraint)
	r.text("column_name", c.Name).done()
}

func (g *generator) infoCheck(t *catalog.Table, name, clause string) {
	g.begin("information_schema.check_constraints").constraintName(t, name).text("check_clause", clause).done()
}

// checkClause is what information_schema shows of a CHECK: pg_get_constraintdef without the word.
func checkClause(k *catalog.Check) string { return checkDef(k)[len("CHECK "):] }

// quote is quote_identifier.
func quote(name string) string { return expr.QuoteIdent(name) }
