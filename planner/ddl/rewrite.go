package ddl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// alterBuilder starts a change of a published table.
func (s *statement) alterBuilder(t *catalog.Table) *tableBuilder {
	return &tableBuilder{statement: s, table: cloneTable(t)}
}

// cloneTable copies a descriptor so far that its lists can be changed.
func cloneTable(t *catalog.Table) *catalog.Table {
	c := *t
	c.Columns = slices.Clone(t.Columns)
	c.Indexes = slices.Clone(t.Indexes)
	for i := range c.Indexes {
		c.Indexes[i].Columns = slices.Clone(t.Indexes[i].Columns)
	}
	c.Checks = slices.Clone(t.Checks)
	c.ForeignKeys = slices.Clone(t.ForeignKeys)
	c.Referenced = slices.Clone(t.Referenced)
	c.Key = slices.Clone(t.Key)
	options := make(map[string]string, len(t.Options))
	for k, v := range t.Options {
		options[k] = v
	}
	c.Options = options
	return &c
}

// publish locks the table, puts its new descriptor and then looks at the rows:
// moving them first when they cannot stay where they are.
func (b *tableBuilder) publish(ctx context.Context) error {
	old := b.snapshot().Table(b.table.OID)
	if err := b.checkRowUse(old); err != nil {
		return err
	}
	if !b.validates {
		if err := b.Rows.Lock(ctx, old); err != nil {
			return err
		}
	}
	b.finishSequences() // rows that move draw from them
	if b.rewrite {
		if err := b.moveRows(ctx, old); err != nil {
			return err
		}
	}
	b.Change.Put(b.table)
	if err := b.tellReferenced(ctx); err != nil {
		return err
	}
	looks := b.validate
	if !b.rewrite { // else the rows went through every other constraint on their way
		looks = append(b.after, b.validate...)
	}
	for _, look := range looks {
		if err := look(); err != nil {
			return err
		}
	}
	return nil
}

// checkRowUse refuses to change what rows are made of where other tables have
// them as values.
func (b *tableBuilder) checkRowUse(old *catalog.Table) error {
	columns := func(t *catalog.Table) (list []catalog.ColumnID) {
		for i := range t.Columns {
			if c := &t.Columns[i]; !c.Dropped && !c.Hidden {
				list = append(list, c.ID)
			}
		}
		return list
	}
	if len(b.retypedNow) > 0 {
		if err := b.checkRowTypeUse(old); err != nil {
			return err
		}
	}
	if slices.Equal(columns(old), columns(b.table)) {
		return nil
	}
	for _, user := range b.snapshot().TablesOf(old) {
		return pgerr.Unsupported("ALTER TABLE … ADD or DROP COLUMN of a table whose rows table \"%s\" has as values", user.Name)
	}
	return nil
}

// checkRowTypeUse refuses what would change the values of other tables' columns
// (find_composite_type_dependencies).
func (b *tableBuilder) checkRowTypeUse(old *catalog.Table) error {
	for _, user := range b.snapshot().TablesOf(old) {
		for i := range user.Columns {
			if c := &user.Columns[i]; !c.Dropped && b.contains(c.Type, old.RowType) {
				return pgerr.New(pgerr.FeatureNotSupported, "cannot alter table %q because column \"%s.%s\" uses its row type", old.Name, user.Name, c.Name)
			}
		}
	}
	return nil
}

// moveRows writes all rows of old into a fresh physical table in b.table's
// form. They pass through a table of their own name, as in PostgreSQL
// (cluster.c, make_new_heap), so that they meet every constraint there. The
// unique indexes are the table's own, and so is the version that they are written with.
func (b *tableBuilder) moveRows(ctx context.Context, old *catalog.Table) error {
	t := b.table
	target, err := b.freshTable(ctx, old)
	if err != nil {
		return err
	}
	if t.Query != "" && !t.Populated {
		return nil // it has none
	}
	mark := b.Change.Mark()
	b.Change.Put(target)
	_, err = b.Rows.Run(ctx, b.copyStatement(target, old))
	b.Change.Rollback(mark) // a step of its own would take the indexes' names along when it is undone
	for i := range t.Columns {
		t.Columns[i].Missing = types.Null
	}
	return b.asBuilt(err)
}

// freshTable gives the table new places on the shards, and answers the table through
// which rows get there.
func (b *tableBuilder) freshTable(ctx context.Context, old *catalog.Table) (*catalog.Table, error) {
	t := b.table
	physical, err := b.Allocate.Physical(ctx)
	if err != nil {
		return nil, err
	}
	t.Physical, t.Moved = physical, old.Version
	if b.rewritten {
		t.Moved = 0 // older snapshots find it empty in PostgreSQL, too
	}
	for i := range t.Indexes {
		if t.Indexes[i].Global != 0 {
			if t.Indexes[i].Global, err = b.Allocate.Physical(ctx); err != nil {
				return nil, err
			}
		}
	}
	target := cloneTable(t)
	// Rows need not obey what is not valid yet.
	target.Checks = slices.DeleteFunc(target.Checks, func(ck catalog.Check) bool { return !ck.Valid })
	target.Query, target.Rule = "", 0
	target.Name, target.ArrayName = fmt.Sprintf("pg_temp_%d", old.OID), ""
	target.ForeignKeys, target.Referenced = nil, nil // what the rows refer to does not change
	if err := b.oids(ctx, &target.OID, &target.RowType, &target.ArrayType); err != nil {
		return nil, err
	}
	for i := range target.Columns {
		c := &target.Columns[i]
		c.Missing, c.Identity = types.Null, 0
		if d, ok := b.added[c.ID]; ok && !c.Generated {
			c.Default = d
		}
		if seq := b.addedIdentity(c.ID); seq != nil {
			c.Default = nextvalOf(seq)
		}
	}
	return target, nil
}

// asBuilt words a duplicate that moving the rows has met as building the index
// over them would, and a null or another violation as checking them; it names the table whose rows they are.
func (b *tableBuilder) asBuilt(err error) error {
	var e *pgerr.E
	if !errors.As(err, &e) {
		return err
	}
	if e.Code == pgerr.NotNullViolation && e.Column != "" { // and no domain's
		return b.containsNulls(e.Column)
	}
	if e.Code == pgerr.CheckViolation && slices.ContainsFunc(b.table.Checks, func(ck catalog.Check) bool { return ck.Name == e.Constraint }) {
		return b.violatedBySome(e.Constraint)
	}
	if e.Code != pgerr.UniqueViolation {
		return err
	}
	return pgerr.New(pgerr.UniqueViolation, "could not create unique index %q", e.Constraint).
		WithDetail("%s", strings.TrimSuffix(e.Detail, "already exists.")+"is duplicated.").
		WithTable(b.schemaName(), b.table.Name).WithConstraint(e.Constraint)
}

// addedIdentity is the sequence of an identity column that this statement adds.
func (b *tableBuilder) addedIdentity(column catalog.ColumnID) *catalog.Sequence {
	for _, seq := range b.sequences {
		if seq.Identity && seq.OwnedByColumn == column {
			return seq
		}
	}
	return nil
}

// copyStatement is the INSERT that moves the rows: every column that both
// tables have and that is not computed anew.
func (b *tableBuilder) copyStatement(target, old *catalog.Table) string {
	var into, from []string
	for _, c := range b.table.Columns {
		o := old.Column(c.ID)
		if o == nil || c.Dropped || c.Hidden || c.Generated {
			continue
		}
		into, from = append(into, quote(c.Name)), append(from, b.movedValue(&c, o))
	}
	if into == nil {
		return fmt.Sprintf("INSERT INTO %s SELECT FROM %s", b.sqlName(target), b.sqlName(old))
	}
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s",
		b.sqlName(target), strings.Join(into, ", "), strings.Join(from, ", "), b.sqlName(old))
}

// columnList is an index's columns as messages name them.
func (b *tableBuilder) columnList(ix *catalog.Index) string {
	var names []string
	for _, k := range ix.Columns {
		names = append(names, b.table.Column(k.Column).Name)
	}
	return strings.Join(names, ", ")
}

// keyText is an index key's values as messages show them.
func (b *tableBuilder) keyText(ix *catalog.Index, row []types.Datum) string {
	env := types.DefaultEnv()
	var values []string
	for i, k := range ix.Columns {
		values = append(values, string(b.table.Column(k.Column).Type.Format(env, nil, row[i])))
	}
	return strings.Join(values, ", ")
}
