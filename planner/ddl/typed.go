package ddl

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// addOf is ALTER TABLE … OF: the table must have just the type's columns (ATExecAddOf).
func (b *tableBuilder) addOf(n *pg.TypeName) error {
	t, err := b.rowTypeNamed(n)
	if err != nil {
		return err
	}
	var columns []*catalog.Column
	for i := range b.table.Columns {
		if c := &b.table.Columns[i]; !c.Dropped && !c.Hidden {
			columns = append(columns, c)
		}
	}
	for i := range t.Attributes {
		a := &t.Attributes[i]
		if i >= len(columns) {
			return pgerr.New(pgerr.DatatypeMismatch, "table is missing column %q", a.Name)
		}
		c := columns[i]
		switch {
		case c.Name != a.Name:
			return pgerr.New(pgerr.DatatypeMismatch, "table has column %q where type requires %q", c.Name, a.Name)
		case c.Type != a.Type || c.Typmod != a.Typmod || c.Collation != a.Collation:
			return pgerr.New(pgerr.DatatypeMismatch, "table %q has different type for column %q", b.table.Name, c.Name)
		}
	}
	if len(columns) > len(t.Attributes) {
		return pgerr.New(pgerr.DatatypeMismatch, "table has extra column %q", columns[len(t.Attributes)].Name)
	}
	b.table.OfType = t.OID
	return nil
}

// dropOf is ALTER TABLE … NOT OF.
func (b *tableBuilder) dropOf() error {
	if b.table.OfType == 0 {
		return pgerr.New(pgerr.WrongObjectType, "%q is not a typed table", b.table.Name)
	}
	b.table.OfType = 0
	return nil
}

// refuseTyped refuses what changes the columns of a typed table.
func (b *tableBuilder) refuseTyped(n *pg.AlterTableCmd) error {
	if b.table.OfType == 0 {
		return nil
	}
	what := map[pg.AlterTableType]string{
		pg.AlterTableType_AT_AddColumn: "add column to", pg.AlterTableType_AT_DropColumn: "drop column from",
		pg.AlterTableType_AT_AlterColumnType: "alter column type of",
	}[n.Subtype]
	if what == "" {
		return nil
	}
	return pgerr.New(pgerr.WrongObjectType, "cannot %s typed table", what)
}

// typedTables are the tables of a composite type.
func (s *statement) typedTables(t *catalog.Composite) (list []*catalog.Table) {
	for table := range s.snapshot().Tables(s.Database) {
		if table.OfType == t.OID {
			list = append(list, table)
		}
	}
	return list
}

// refuseOfTyped refuses to change a type that tables are of (find_typed_table_dependencies).
func (s *statement) refuseOfTyped(t *catalog.Composite, behavior pg.DropBehavior) error {
	if len(s.typedTables(t)) == 0 {
		return nil
	}
	if behavior == pg.DropBehavior_DROP_CASCADE {
		return pgerr.Unsupported("ALTER TYPE … CASCADE of a type that tables are of")
	}
	return pgerr.New(pgerr.DependentObjectsStillExist, "cannot alter type %q because it is the type of a typed table", t.Name).
		WithHint("Use ALTER ... CASCADE to alter the typed tables too.")
}
