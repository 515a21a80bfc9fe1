package ddl

import (
	"context"
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
)

// addConstraints adds what waited for all columns: the primary key first, so
// that unique indexes know the shard key.
func (b *tableBuilder) addConstraints(ctx context.Context) error {
	later := b.later
	b.later = nil
	slices.SortStableFunc(later, func(x, y pendingConstraint) int {
		return constraintRank(x.def) - constraintRank(y.def)
	})
	for _, p := range later {
		if err := b.addConstraint(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func constraintRank(c *pg.Constraint) int {
	switch c.Contype {
	case pg.ConstrType_CONSTR_GENERATED:
		return 0
	case pg.ConstrType_CONSTR_PRIMARY:
		return 1
	case pg.ConstrType_CONSTR_UNIQUE:
		return 2
	case pg.ConstrType_CONSTR_FOREIGN: // those of its own table stand on its keys
		return 4
	}
	return 3
}

// addConstraint adds one constraint to the table.
func (b *tableBuilder) addConstraint(ctx context.Context, p pendingConstraint) error {
	con := p.def
	if p.deferrable && con.Contype != pg.ConstrType_CONSTR_FOREIGN {
		return pgerr.Unsupported("DEFERRABLE of a PRIMARY KEY or UNIQUE constraint")
	}
	if con.Indexname != "" {
		return b.adoptIndex(ctx, con)
	}
	switch con.Contype {
	case pg.ConstrType_CONSTR_CHECK:
		return b.addCheck(ctx, p)
	case pg.ConstrType_CONSTR_PRIMARY:
		return b.addPrimaryKey(ctx, p)
	case pg.ConstrType_CONSTR_UNIQUE:
		return b.addUnique(ctx, p)
	case pg.ConstrType_CONSTR_GENERATED:
		return b.setGenerated(ctx, b.table.ColumnByName(p.column), con)
	case pg.ConstrType_CONSTR_FOREIGN:
		return b.addForeignKey(ctx, p)
	case pg.ConstrType_CONSTR_EXCLUSION:
		return pgerr.Unsupported("EXCLUDE")
	}
	return pgerr.Unsupported("constraint of this kind")
}

// addCheck adds a CHECK constraint.
func (b *tableBuilder) addCheck(ctx context.Context, p pendingConstraint) error {
	t, con := b.table, p.def
	e, err := b.bindCheck(ctx, con.RawExpr, t)
	if err != nil {
		return b.unplaced(err)
	}
	ck := catalog.Check{Name: con.Conname, Expr: b.exprText(e), Columns: referenced(t, e), Valid: !con.SkipValidation || b.created, NoInherit: con.IsNoInherit}
	if ck.Name == "" {
		column := p.column
		if column == "" && len(ck.Columns) == 1 {
			column = t.Column(ck.Columns[0]).Name
		}
		ck.Name = b.chooseConstraintName(column, "check")
	} else if b.constraintExists(ck.Name) {
		if b.created {
			return pgerr.New(pgerr.DuplicateObject, "check constraint %q already exists", ck.Name)
		}
		return pgerr.New(pgerr.DuplicateObject, "constraint %q for relation %q already exists", ck.Name, t.Name)
	}
	if err := b.oids(ctx, &ck.OID); err != nil {
		return err
	}
	t.Checks = append(t.Checks, ck)
	if !b.created && !con.SkipValidation {
		b.after = append(b.after, func() error { return b.validateCheck(ctx, ck) })
	}
	return nil
}

// referenced lists the columns of t that a bound expression mentions; the
// binder names them by position.
func referenced(t *catalog.Table, e expr.Expr) []catalog.ColumnID {
	var ids []catalog.ColumnID
	for _, id := range expr.Columns(e) {
		if c := t.Columns[id].ID; !slices.Contains(ids, c) {
			ids = append(ids, c)
		}
	}
	slices.Sort(ids)
	return ids
}

// chooseConstraintName makes table_column_label.
func (b *tableBuilder) chooseConstraintName(column, label string) string {
	return chooseName(b.table.Name, column, label, func(name string) bool {
		return b.constraintExists(name) || b.relationTaken(name)
	})
}

// constraintExists reports whether the table has a constraint of the name.
func (b *tableBuilder) constraintExists(name string) bool {
	t := b.table
	return slices.ContainsFunc(t.Checks, func(c catalog.Check) bool { return c.Name == name }) || t.ForeignKeyByName(name) != nil ||
		slices.ContainsFunc(t.Indexes, func(ix catalog.Index) bool { return ix.Constraint != 0 && ix.Name == name })
}

// keyColumns finds the columns of a PRIMARY KEY or UNIQUE clause.
func (b *tableBuilder) keyColumns(p pendingConstraint, what string) ([]catalog.IndexColumn, []string, error) {
	names := []string{p.column}
	if p.column == "" {
		names = nil
		for _, k := range p.def.Keys {
			names = append(names, k.GetString_().GetSval())
		}
	}
	var cols []catalog.IndexColumn
	for _, name := range names {
		c := b.table.ColumnByName(name)
		if c == nil {
			return nil, nil, b.unplaced(b.at(pgerr.New(pgerr.UndefinedColumn, "column %q named in key does not exist", name), p.def.Location))
		}
		if slices.ContainsFunc(cols, func(k catalog.IndexColumn) bool { return k.Column == c.ID }) {
			return nil, nil, b.at(pgerr.New(pgerr.DuplicateColumn, "column %q appears twice in %s constraint", name, what), p.def.Location)
		}
		if err := b.indexable(c, "btree"); err != nil {
			return nil, nil, err
		}
		cols = append(cols, catalog.IndexColumn{Column: c.ID})
	}
	return cols, names, nil
}

// indexable refuses types without an order (42704), and what is made of such.
func (b *tableBuilder) indexable(c *catalog.Column, method string) error {
	switch base := c.Type.Base(); {
	case c.Type.Ordered():
		return nil
	case base.Elem != nil || base.Datum == types.KindRow:
		// PostgreSQL fails when the first two of them are compared.
		return pgerr.Unsupported("access method %q for type %s", method, c.Type.SQLName)
	}
	return noOperatorClass(c.Type, method)
}

func noOperatorClass(t *types.Type, method string) error {
	return pgerr.New(pgerr.UndefinedObject, "data type %s has no default operator class for access method %q", t.SQLName, method).
		WithHint("You must specify an operator class for the index or define a default operator class for the data type.")
}

// constraintIndex makes the index of a PRIMARY KEY or UNIQUE constraint.
func (b *tableBuilder) constraintIndex(ctx context.Context, p pendingConstraint, what, label string) (catalog.Index, error) {
	con := p.def
	ix := catalog.Index{Name: con.Conname, Unique: true, Method: "btree", Valid: true, NullsNotDistinct: con.NullsNotDistinct}
	cols, names, err := b.keyColumns(p, what)
	if err != nil {
		return ix, err
	}
	if len(cols) > 32 {
		return ix, pgerr.New(pgerr.TooManyColumns, "cannot use more than %d columns in an index", 32)
	}
	ix.Columns = cols
	for _, n := range con.Including {
		name := n.GetString_().GetSval()
		c := b.table.ColumnByName(name)
		if c == nil {
			return ix, b.at(pgerr.New(pgerr.UndefinedColumn, "column %q named in key does not exist", name), con.Location)
		}
		ix.Included = append(ix.Included, c.ID)
		names = append(names, name)
	}
	if ix.Name == "" {
		column := ""
		if label == "key" {
			column = strings.Join(names, "_")
		}
		ix.Name = b.chooseConstraintName(column, label)
	} else if !b.created && slices.ContainsFunc(b.table.Checks, func(ck catalog.Check) bool { return ck.Name == ix.Name }) {
		return ix, pgerr.New(pgerr.DuplicateObject, "constraint %q for relation %q already exists", ix.Name, b.table.Name)
	} else if b.relationTaken(ix.Name) {
		return ix, pgerr.New(pgerr.DuplicateTable, "relation %q already exists", ix.Name)
	}
	if ix.Options, err = storageHints(con.Options); err != nil {
		return ix, err
	}
	err = b.oids(ctx, &ix.OID, &ix.Constraint)
	ix.ID = uint32(ix.OID)
	return ix, err
}

// addPrimaryKey adds the PRIMARY KEY: its columns become the row's key and
// (but for WITH shard_key) the shard key. On a table with rows they all move.
func (b *tableBuilder) addPrimaryKey(ctx context.Context, p pendingConstraint) error {
	if t := b.table; t.PrimaryKey() != nil {
		err := pgerr.New(pgerr.InvalidTableDefinition, "multiple primary keys for table %q are not allowed", t.Name)
		if !b.created {
			return err
		}
		return b.at(err, p.def.Location)
	}
	ix, err := b.constraintIndex(ctx, p, "primary key", "pkey")
	if err != nil {
		return err
	}
	ix.Primary = true
	return b.putPrimaryKey(ctx, ix, p.def.Location)
}

// putPrimaryKey adds the index of a primary key, which a table has one of.
func (b *tableBuilder) putPrimaryKey(ctx context.Context, ix catalog.Index, location int32) error {
	t := b.table
	if t.PrimaryKey() != nil {
		return b.at(pgerr.New(pgerr.InvalidTableDefinition, "multiple primary keys for table %q are not allowed", t.Name), location)
	}
	t.Key = nil
	for _, k := range ix.Columns {
		c := t.Column(k.Column)
		c.NotNull = true
		t.Key = append(t.Key, k.Column)
	}
	t.ShardKey = len(t.Key)
	t.Indexes = append(t.Indexes, ix)
	if !b.created {
		b.dropRowID()
		b.rewrite = true
	}
	return b.decideGlobal(ctx)
}

// dropRowID retires the hidden key of a table that gets a real one.
func (b *tableBuilder) dropRowID() {
	for i := range b.table.Columns {
		if c := &b.table.Columns[i]; c.Hidden && !c.Generated {
			c.Dropped, c.NotNull = true, false
		}
	}
}

// addUnique adds a UNIQUE constraint.
func (b *tableBuilder) addUnique(ctx context.Context, p pendingConstraint) error {
	if b.created && p.def.Conname == "" {
		cols, _, err := b.keyColumns(p, "unique")
		if err != nil {
			return err
		}
		same := func(ix catalog.Index) bool {
			return slices.EqualFunc(ix.Columns, cols, func(x, y catalog.IndexColumn) bool {
				of, _ := x.Written()
				return of == y.Column
			}) && ix.NullsNotDistinct == p.def.NullsNotDistinct && len(ix.Included) == 0 && len(p.def.Including) == 0
		}
		if slices.ContainsFunc(b.table.Indexes, same) { // one index serves both (transformIndexConstraints)
			return nil
		}
	}
	ix, err := b.constraintIndex(ctx, p, "unique", "key")
	if err != nil {
		return err
	}
	if err := b.computeIndex(ctx, &ix); err != nil {
		return err
	}
	return b.addIndex(ctx, ix)
}

// addIndex adds an index of any kind, and builds it when there may be rows.
func (b *tableBuilder) addIndex(ctx context.Context, ix catalog.Index) error {
	t := b.table
	t.Indexes = append(t.Indexes, ix)
	if err := b.decideGlobal(ctx); err != nil {
		return err
	}
	if b.created {
		return nil
	}
	at := len(t.Indexes) - 1
	b.after = append(b.after, func() error { return b.build(ctx, &b.table.Indexes[at]) })
	return nil
}

// decideGlobal gives every unique index that does not contain the shard key a
// relation of its own: only there can one shard see all equal values.
func (b *tableBuilder) decideGlobal(ctx context.Context) error {
	t := b.table
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		if !ix.Unique || ix.Primary {
			continue
		}
		if containsShardKey(t, ix) {
			ix.Global = 0
			continue
		}
		if ix.Global == 0 {
			physical, err := b.Allocate.Physical(ctx)
			if err != nil {
				return err
			}
			ix.Global = physical
		}
	}
	return nil
}

// containsShardKey reports whether equal index columns imply the same shard.
func containsShardKey(t *catalog.Table, ix *catalog.Index) bool {
	if t.PrimaryKey() == nil || len(t.Key) == 0 {
		return false
	}
	for _, id := range t.Key[:t.ShardKey] {
		if !slices.ContainsFunc(ix.Columns, func(k catalog.IndexColumn) bool {
			of, plain := k.Written()
			return plain && of == id
		}) {
			return false
		}
	}
	return true
}

// validateCheck looks for rows that a new CHECK refuses (23514).
func (b *tableBuilder) validateCheck(ctx context.Context, ck catalog.Check) error {
	e, err := bind.Expression(b.Bind(), ck.Expr, columnsOf(b.table), bind.ForCheck, nil)
	if err != nil {
		return err
	}
	f := &expr.Formatter{Env: types.DefaultEnv(), TypeName: b.runnableType, Constructor: b.runnableFunction}
	rows, err := b.Rows.Run(ctx, fmt.Sprintf("SELECT 1 FROM %s WHERE NOT (%s) LIMIT 1", b.sqlName(b.table), f.Format(e)))
	if err != nil || len(rows) == 0 {
		return err
	}
	return b.violatedBySome(ck.Name)
}

// violatedBySome is the error of a constraint that rows do not obey which are there (23514).
func (b *tableBuilder) violatedBySome(name string) error {
	return pgerr.New(pgerr.CheckViolation, "check constraint %q of relation %q is violated by some row", name, b.table.Name).
		WithTable(b.schemaName(), b.table.Name).WithConstraint(name)
}

// schemaName is the table's schema's name.
func (b *tableBuilder) schemaName() string {
	return b.snapshot().SchemaByOID(b.Database, b.table.Schema).Name
}
