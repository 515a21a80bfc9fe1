package pgcatalog

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
)

// What follows answers ruleutils.c's functions from a snapshot. ok is false
// where PostgreSQL answers NULL: for an OID that is no such object.

// IndexDef is pg_get_indexdef: the CREATE INDEX statement, or with column > 0
// that column alone. It leaves the schema out where visible says that the search path
// finds the table; nil is never. show prints an expression over the table that the catalog keeps.
func IndexDef(s *catalog.Snapshot, database, index catalog.OID, column int, visible func(catalog.Ref) bool, show func(t *catalog.Table, text string) string) (def string, ok bool) {
	t, x := s.IndexByOID(index)
	if t == nil {
		return "", false
	}
	if column > 0 {
		if column > len(x.Columns)+len(x.Included) {
			return "", true
		}
		if column > len(x.Columns) {
			return quote(t.Column(x.Included[column-1-len(x.Columns)]).Name), true
		}
		return indexKey(t, &x.Columns[column-1], show), true
	}
	if visible != nil && visible(t.Ref()) {
		return createIndex(t, x, quote(t.Name), show), true
	}
	return createIndex(t, x, qualified(s, database, t.Ref()), show), true
}

// kept prints expressions as the catalog keeps them.
func kept(_ *catalog.Table, text string) string { return text }

// indexKey is a key of an index: a column's name, or an expression.
func indexKey(t *catalog.Table, k *catalog.IndexColumn, show func(*catalog.Table, string) string) string {
	of, plain := k.Written()
	if plain {
		return quote(t.Column(of).Name)
	}
	if bare := bareKey(k.Expr); bare != k.Expr {
		return "(" + show(t, bare) + ")"
	}
	return show(t, k.Expr)
}

// bareKey is an index's expression without the parentheses that the index puts
// around what is no call.
func bareKey(text string) string {
	if inner, ok := strings.CutPrefix(text, "("); ok {
		return strings.TrimSuffix(inner, ")")
	}
	return text
}

// indexDef is pg_get_indexdef(oid): always with the schema.
func indexDef(s *catalog.Snapshot, database catalog.OID, t *catalog.Table, x *catalog.Index) string {
	return createIndex(t, x, qualified(s, database, t.Ref()), kept)
}

func createIndex(t *catalog.Table, x *catalog.Index, table string, show func(*catalog.Table, string) string) string {
	var b strings.Builder
	b.WriteString("CREATE ")
	if x.Unique {
		b.WriteString("UNIQUE ")
	}
	b.WriteString("INDEX " + quote(x.Name) + " ON " + table + " USING " + method(x) + " (")
	for i, c := range x.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(indexKey(t, &c, show))
		if c.Collation != "" {
			b.WriteString(" COLLATE " + quote(c.Collation))
		}
		if c.Opclass != "" {
			b.WriteString(" " + c.Opclass)
		}
		// The order's default for NULLS is left out (get_indexdef_worker).
		switch {
		case c.Desc && c.NullsFirst:
			b.WriteString(" DESC")
		case c.Desc:
			b.WriteString(" DESC NULLS LAST")
		case c.NullsFirst:
			b.WriteString(" NULLS FIRST")
		}
	}
	b.WriteString(")")
	writeColumnList(&b, " INCLUDE ", t, x.Included)
	if x.NullsNotDistinct {
		b.WriteString(" NULLS NOT DISTINCT")
	}
	writeOptions(&b, x.Options)
	if x.Where != "" {
		b.WriteString(" WHERE " + show(t, x.Where))
	}
	return b.String()
}

func method(x *catalog.Index) string {
	if x.Method == "" {
		return "btree"
	}
	return x.Method
}

func writeColumnList(b *strings.Builder, word string, t *catalog.Table, ids []catalog.ColumnID) {
	if len(ids) == 0 {
		return
	}
	b.WriteString(word + "(")
	for i, id := range ids {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quote(t.Column(id).Name))
	}
	b.WriteString(")")
}

// writeOptions writes reloptions as flatten_reloptions does.
func writeOptions(b *strings.Builder, options map[string]string) {
	list := optionArray(options)
	if list.IsNull() {
		return
	}
	b.WriteString(" WITH (")
	for i, o := range list.Array().Elems {
		if i > 0 {
			b.WriteString(", ")
		}
		name, value, _ := strings.Cut(o.Text(), "=")
		b.WriteString(quote(name) + "='" + strings.ReplaceAll(value, "'", "''") + "'")
	}
	b.WriteString(")")
}

// ConstraintDef is pg_get_constraintdef.
func ConstraintDef(s *catalog.Snapshot, constraint catalog.OID) (def string, ok bool) {
	t, _ := s.Owner(constraint).(*catalog.Table)
	if t == nil {
		return "", false
	}
	for i := range t.Checks {
		if t.Checks[i].OID == constraint {
			return checkDef(&t.Checks[i]), true
		}
	}
	for i := range t.Indexes {
		if t.Indexes[i].Constraint == constraint {
			return keyDef(t, &t.Indexes[i]), true
		}
	}
	if k := t.ForeignKey(constraint); k != nil {
		if to := s.Table(k.Table); to != nil {
			return ForeignKeyDef(s, t, k, quote(to.Name)), true
		}
	}
	return "", false
}

func checkDef(k *catalog.Check) string {
	// The stored text has its own parentheses when it is an operator's; ours are around all.
	def := "CHECK (" + k.Expr + ")"
	if k.NoInherit {
		def += " NO INHERIT"
	}
	if !k.Valid {
		def += " NOT VALID"
	}
	return def
}

func keyDef(t *catalog.Table, x *catalog.Index) string {
	var b strings.Builder
	word := "UNIQUE "
	if x.Primary {
		word = "PRIMARY KEY "
	} else if x.NullsNotDistinct {
		word = "UNIQUE NULLS NOT DISTINCT "
	}
	var ids []catalog.ColumnID
	for _, c := range x.Columns {
		of, _ := c.Written()
		ids = append(ids, of)
	}
	writeColumnList(&b, word, t, ids)
	writeColumnList(&b, " INCLUDE ", t, x.Included)
	writeOptions(&b, x.Options)
	if x.Deferrable {
		b.WriteString(" DEFERRABLE")
	}
	if x.Deferred {
		b.WriteString(" INITIALLY DEFERRED")
	}
	return b.String()
}

// ViewDef is pg_get_viewdef.
func (c *Catalog) ViewDef(s *catalog.Snapshot, view catalog.OID) (def string, ok bool) {
	if v := s.View(view); v != nil {
		return v.Query, true
	}
	def, ok = c.viewdefs[view]
	return def, ok
}

// UserByOID is pg_get_userbyid.
func UserByOID(s *catalog.Snapshot, role catalog.OID) string {
	if r := s.RoleByOID(role); r != nil {
		return r.Name
	}
	return "unknown (OID=" + decimal(role) + ")"
}

// qualified is a relation's name with its schema, both quoted where they must be.
func qualified(s *catalog.Snapshot, database catalog.OID, ref catalog.Ref) string {
	schema := s.SchemaByOID(database, ref.Schema)
	if schema == nil {
		return quote(ref.Name)
	}
	return quote(schema.Name) + "." + quote(ref.Name)
}

// SerialSequence is pg_get_serial_sequence: the sequence that a column owns,
// as qualified text.
func SerialSequence(s *catalog.Snapshot, database catalog.OID, t *catalog.Table, column *catalog.Column) (name string, ok bool) {
	for r := range s.Relations(database) {
		if q, is := r.(*catalog.Sequence); is && q.OwnedBy == t.OID && q.OwnedByColumn == column.ID {
			return qualified(s, database, q.Ref()), true
		}
	}
	return "", false
}
