package ddl

import (
	"context"
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// alterTable is ALTER TABLE (and ALTER INDEX, SEQUENCE, VIEW in its clothes).
func (s *statement) alterTable(ctx context.Context, n *pg.AlterTableStmt) error {
	if n.Objtype == pg.ObjectType_OBJECT_TYPE {
		return s.alterComposite(n)
	}
	r, err := s.relation(n.Relation.Schemaname, n.Relation.Relname)
	if err != nil {
		return err
	}
	if r == nil {
		if _, ix, err := s.index(n.Relation.Schemaname, n.Relation.Relname); err != nil {
			return err
		} else if ix != nil || n.Objtype == pg.ObjectType_OBJECT_INDEX {
			return s.alterIndex(n)
		}
	}
	if r == nil && n.MissingOk {
		s.notice(pgerr.SuccessfulCompletion, "relation %q does not exist, skipping", n.Relation.Relname)
		return nil
	}
	if r != nil {
		if err := s.mustOwnRelation(r); err != nil {
			return err
		}
		if err := checkAlterKind(n.Objtype, r.Ref().Kind, r.Ref().Name, false); err != nil {
			return err
		}
	}
	switch r := r.(type) {
	case *catalog.Sequence:
		if err := checkSequenceActions(r, n.Cmds); err != nil {
			return err
		}
		return s.alterRelationOwner(r, n)
	case *catalog.View:
		return s.alterView(ctx, r, n)
	}
	t, err := s.table(n.Relation)
	if err != nil {
		return err
	}
	if t.Query != "" {
		if err := refuseMatview(t, n.Cmds); err != nil {
			return err
		}
	}
	if err := s.checkOwnSession(t, "alter"); err != nil {
		return err
	}
	if err := s.checkNotInUse(t, "ALTER TABLE"); err != nil {
		return err
	}
	b := s.alterBuilder(t)
	b.validates = Validates(n)
	if err := b.alterAll(ctx, n.Cmds); err != nil {
		return err
	}
	return b.publish(ctx)
}

// Validates reports whether an ALTER TABLE validates constraints and does nothing else.
func Validates(n *pg.AlterTableStmt) bool {
	return !slices.ContainsFunc(n.Cmds, func(c *pg.Node) bool {
		return c.GetAlterTableCmd().GetSubtype() != pg.AlterTableType_AT_ValidateConstraint
	})
}

// alterAll runs the subcommands, in PostgreSQL's order of passes.
func (b *tableBuilder) alterAll(ctx context.Context, cmds []*pg.Node) error {
	if err := b.prepareTypes(ctx, cmds); err != nil {
		return err
	}
	for pass := passDrop; pass <= passMisc; pass++ {
		for _, c := range cmds {
			cmd := c.GetAlterTableCmd()
			if alterPass(cmd) != pass {
				continue
			}
			if err := b.alter(ctx, cmd); err != nil {
				return err
			}
			b.reportCascade()
		}
		if pass == passType {
			if err := b.rebuildOfType(ctx); err != nil {
				return err
			}
			if err := b.foreignKeysOfType(ctx); err != nil {
				return err
			}
		}
		if pass == passConstraint {
			if err := b.addConstraints(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// The passes of an ALTER TABLE: AT_PASS_… of tablecmds.c, as far as they make a difference.
const (
	passDrop = iota
	passType
	passAddColumn
	passColumn
	passDefault
	passConstraint
	passMisc
)

// alterPass is the pass that a subcommand belongs to (ATPrepCmd in tablecmds.c).
func alterPass(c *pg.AlterTableCmd) int {
	switch c.Subtype {
	case pg.AlterTableType_AT_DropColumn, pg.AlterTableType_AT_DropConstraint, pg.AlterTableType_AT_DropNotNull, pg.AlterTableType_AT_DropIdentity,
		pg.AlterTableType_AT_DropExpression:
		return passDrop
	case pg.AlterTableType_AT_AlterColumnType:
		return passType
	case pg.AlterTableType_AT_AddColumn:
		return passAddColumn
	case pg.AlterTableType_AT_SetNotNull, pg.AlterTableType_AT_SetIdentity:
		return passColumn
	case pg.AlterTableType_AT_ColumnDefault:
		if c.Def == nil {
			return passDrop
		}
		return passDefault
	case pg.AlterTableType_AT_AddConstraint, pg.AlterTableType_AT_AddIdentity:
		return passConstraint
	}
	return passMisc
}

// alter runs one subcommand.
func (b *tableBuilder) alter(ctx context.Context, c *pg.AlterTableCmd) error {
	if err := b.refuseTyped(c); err != nil {
		return err
	}
	switch c.Subtype {
	case pg.AlterTableType_AT_AddColumn:
		return b.alterAddColumn(ctx, c)
	case pg.AlterTableType_AT_DropColumn:
		return b.dropColumn(ctx, c)
	case pg.AlterTableType_AT_AlterColumnType:
		return b.alterType(ctx, c)
	case pg.AlterTableType_AT_ColumnDefault:
		return b.alterDefault(ctx, c)
	case pg.AlterTableType_AT_SetNotNull:
		return b.setNotNull(ctx, c.Name)
	case pg.AlterTableType_AT_DropNotNull:
		return b.dropNotNull(c.Name)
	case pg.AlterTableType_AT_SetIdentity:
		return b.changeIdentity(ctx, c)
	case pg.AlterTableType_AT_DropIdentity:
		return b.dropIdentity(c)
	case pg.AlterTableType_AT_AddIdentity:
		return b.addIdentity(ctx, c)
	case pg.AlterTableType_AT_DropExpression:
		return b.dropExpression(c)
	case pg.AlterTableType_AT_AddConstraint:
		b.later = append(b.later, tableConstraint(c.Def.GetConstraint()))
		return nil
	case pg.AlterTableType_AT_DropConstraint:
		return b.dropConstraint(ctx, c)
	case pg.AlterTableType_AT_AlterConstraint:
		return b.alterConstraint(c)
	case pg.AlterTableType_AT_ValidateConstraint:
		return b.validateConstraint(ctx, c.Name)
	case pg.AlterTableType_AT_ChangeOwner:
		return b.changeOwner(c.Newowner)
	case pg.AlterTableType_AT_SetRelOptions:
		return b.setOptions(c.Def.GetList().GetItems())
	case pg.AlterTableType_AT_ResetRelOptions:
		return b.resetOptions(c.Def.GetList().GetItems())
	}
	return b.alterHint(c)
}

// alterHint runs a subcommand that changes what is shown and nothing else.
func (b *tableBuilder) alterHint(c *pg.AlterTableCmd) error {
	switch c.Subtype {
	case pg.AlterTableType_AT_SetStatistics, pg.AlterTableType_AT_SetStorage, pg.AlterTableType_AT_SetCompression,
		pg.AlterTableType_AT_SetOptions, pg.AlterTableType_AT_ResetOptions:
		return b.columnHint(c)
	case pg.AlterTableType_AT_SetLogged:
		return b.setLogged(catalog.Permanent)
	case pg.AlterTableType_AT_SetUnLogged:
		return b.setLogged(catalog.Unlogged)
	case pg.AlterTableType_AT_ClusterOn, pg.AlterTableType_AT_DropCluster:
		return b.clusterOn(c.Name)
	case pg.AlterTableType_AT_ReplicaIdentity:
		return b.replicaIdentity(c.Def.GetReplicaIdentityStmt())
	case pg.AlterTableType_AT_AddOf:
		return b.addOf(c.Def.GetTypeName())
	case pg.AlterTableType_AT_DropOf:
		return b.dropOf()
	case pg.AlterTableType_AT_SetTableSpace:
		return checkTablespace(c.Name)
	case pg.AlterTableType_AT_DropOids:
		return nil
	}
	return unsupportedAlter(pg.ObjectType_OBJECT_TABLE, c)
}

func unsupportedAlter(object pg.ObjectType, c *pg.AlterTableCmd) error {
	return pgerr.Unsupported("%s", alterName(object, c))
}

// column finds a live column (42703).
func (b *tableBuilder) column(name string) (*catalog.Column, error) {
	if c := b.table.ColumnByName(name); c != nil {
		return c, nil
	}
	return nil, pgerr.New(pgerr.UndefinedColumn, "column %q of relation %q does not exist", name, b.table.Name)
}

// alterAddColumn is ADD COLUMN.
func (b *tableBuilder) alterAddColumn(ctx context.Context, c *pg.AlterTableCmd) error {
	def := c.Def.GetColumnDef()
	if b.table.ColumnByName(def.Colname) != nil {
		if c.MissingOk {
			b.notice(pgerr.DuplicateColumn, "column %q of relation %q already exists, skipping", def.Colname, b.table.Name)
			return nil
		}
		return pgerr.New(pgerr.DuplicateColumn, "column %q of relation %q already exists", def.Colname, b.table.Name)
	}
	before := len(b.sequences)
	if err := b.addColumn(ctx, def); err != nil {
		return err
	}
	col := &b.table.Columns[len(b.table.Columns)-1]
	if b.added == nil {
		b.added = make(map[catalog.ColumnID]string)
	}
	b.added[col.ID] = col.Default
	if len(b.sequences) > before {
		b.rewrite, b.rewritten = true, true // every row gets a value of its own
	}
	if col.NotNull && col.Missing.IsNull() && !b.rewrite {
		name := col.Name
		b.after = append(b.after, func() error { return b.validateNotNull(ctx, name) })
	}
	return nil
}

// alterDefault is SET DEFAULT and DROP DEFAULT.
func (b *tableBuilder) alterDefault(ctx context.Context, n *pg.AlterTableCmd) error {
	c, err := b.column(n.Name)
	if err != nil {
		return err
	}
	if n.Def == nil {
		switch {
		case c.Identity != 0:
			return pgerr.New(pgerr.SyntaxError, "column %q of relation %q is an identity column", c.Name, b.table.Name).
				WithHint("Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead.")
		case c.Generated:
			return pgerr.New(pgerr.SyntaxError, "column %q of relation %q is a generated column", c.Name, b.table.Name).
				WithHint("Use ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION instead.")
		}
		c.Default, c.DefaultOID = "", 0
		return nil
	}
	if _, err = b.setDefault(ctx, c, n.Def); err != nil {
		e := *pgerr.From(err)
		e.Position = 0 // as in PostgreSQL, which has no text by then
		return &e
	}
	return nil
}

// setNotNull is SET NOT NULL: the rows are looked at.
func (b *tableBuilder) setNotNull(ctx context.Context, name string) error {
	c, err := b.column(name)
	if err != nil || c.NotNull {
		return err
	}
	c.NotNull = true
	b.after = append(b.after, func() error { return b.validateNotNull(ctx, name) })
	return nil
}

// validateNotNull looks for a NULL (23502).
func (b *tableBuilder) validateNotNull(ctx context.Context, name string) error {
	rows, err := b.Rows.Run(ctx, fmt.Sprintf("SELECT 1 FROM %s WHERE %s LIMIT 1", b.sqlName(b.table), isNull(b.table.ColumnByName(name))))
	if err != nil || len(rows) == 0 {
		return err
	}
	return b.containsNulls(name)
}

// isNull is SQL that tells whether a column is NULL: a row with nothing in it is not.
func isNull(c *catalog.Column) string {
	if c.Type.Datum == types.KindRow {
		return quote(c.Name) + " IS NOT DISTINCT FROM NULL"
	}
	return quote(c.Name) + " IS NULL"
}

// containsNulls is the error of a column that may not be null, and is (23502).
func (b *tableBuilder) containsNulls(column string) error {
	return pgerr.New(pgerr.NotNullViolation, "column %q of relation %q contains null values", column, b.table.Name).
		WithTable(b.schemaName(), b.table.Name).WithColumn(column)
}

func (b *tableBuilder) dropNotNull(name string) error {
	c, err := b.column(name)
	if err != nil {
		return err
	}
	if slices.Contains(b.table.Key, c.ID) {
		return pgerr.New(pgerr.InvalidTableDefinition, "column %q is in a primary key", name)
	}
	if c.Identity != 0 {
		return pgerr.New(pgerr.SyntaxError, "column %q of relation %q is an identity column", name, b.table.Name)
	}
	c.NotNull = false
	return nil
}

// dropConstraint is DROP CONSTRAINT: a check, a unique or the primary key.
func (b *tableBuilder) dropConstraint(ctx context.Context, n *pg.AlterTableCmd) error {
	t := b.table
	for i := range t.Checks {
		if t.Checks[i].Name == n.Name {
			t.Checks = slices.Delete(t.Checks, i, i+1)
			return nil
		}
	}
	for i := range t.ForeignKeys {
		if t.ForeignKeys[i].Name == n.Name {
			return b.dropForeignKeyAt(ctx, i)
		}
	}
	for i := range t.Indexes {
		if t.Indexes[i].Name == n.Name && t.Indexes[i].Constraint != 0 {
			if err := b.dropReferringToIndex(ctx, &t.Indexes[i], n.Behavior == pg.DropBehavior_DROP_CASCADE); err != nil {
				return err
			}
			if t.Indexes[i].Primary {
				old, cascade := b.snapshot().Table(t.OID), n.Behavior == pg.DropBehavior_DROP_CASCADE
				if err := b.dropKeyDependents(old, n.Name, cascade); err != nil {
					return err
				}
			}
			return b.dropIndexAt(ctx, i)
		}
	}
	if n.MissingOk {
		b.notice(pgerr.SuccessfulCompletion, "constraint %q of relation %q does not exist, skipping", n.Name, t.Name)
		return nil
	}
	return pgerr.New(pgerr.UndefinedObject, "constraint %q of relation %q does not exist", n.Name, t.Name)
}

// dropIndexAt removes an index. Without its primary key a table's rows move
// back under a hidden row id.
func (b *tableBuilder) dropIndexAt(ctx context.Context, i int) error {
	t := b.table
	primary := t.Indexes[i].Primary
	b.retireHidden(&t.Indexes[i])
	t.Indexes = slices.Delete(t.Indexes, i, i+1)
	if !primary {
		return nil
	}
	t.Key = nil
	b.addRowID()
	b.rewrite = true
	return b.decideGlobal(ctx)
}

// validateConstraint is VALIDATE CONSTRAINT.
func (b *tableBuilder) validateConstraint(ctx context.Context, name string) error {
	for i := range b.table.Checks {
		if ck := &b.table.Checks[i]; ck.Name == name {
			ck.Valid = true
			b.after = append(b.after, func() error { return b.validateCheck(ctx, *ck) })
			return nil
		}
	}
	if k := b.table.ForeignKeyByName(name); k != nil {
		if !k.Valid {
			k.Valid = true
			valid := *k
			b.validate = append(b.validate, func() error { return b.validateForeignKey(ctx, b.table, &valid) })
		}
		return nil
	}
	if b.constraintExists(name) {
		return pgerr.New(pgerr.WrongObjectType, "constraint %q of relation %q is not a foreign key or check constraint", name, b.table.Name)
	}
	return pgerr.New(pgerr.UndefinedObject, "constraint %q of relation %q does not exist", name, b.table.Name)
}

// dropColumn is DROP COLUMN: the column stays in the images, nobody sees it.
func (b *tableBuilder) dropColumn(ctx context.Context, n *pg.AlterTableCmd) error {
	t := b.table
	if isSystemColumn(n.Name) {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot drop system column %q", n.Name)
	}
	c := t.ColumnByName(n.Name)
	if c == nil {
		if n.MissingOk {
			b.notice(pgerr.SuccessfulCompletion, "column %q of relation %q does not exist, skipping", n.Name, t.Name)
			return nil
		}
		return pgerr.New(pgerr.UndefinedColumn, "column %q of relation %q does not exist", n.Name, t.Name)
	}
	cascade := n.Behavior == pg.DropBehavior_DROP_CASCADE
	if err := b.dropColumnDependents(b.snapshot().Table(t.OID), c, cascade); err != nil {
		return err
	}
	return b.removeColumn(ctx, c, cascade)
}

// removeColumn takes the column out, with the indexes and constraints on it.
func (b *tableBuilder) removeColumn(ctx context.Context, c *catalog.Column, cascade bool) error {
	t := b.table
	what := "column " + c.Name + " of table " + b.visibleName(t)
	needs := func(r catalog.Reference) bool { return slices.Contains(r.Keys, c.ID) }
	if err := b.dropReferringTo(ctx, what, what, needs, true, cascade); err != nil {
		return err
	}
	if err := b.dropGenerated(ctx, c, cascade); err != nil {
		return err
	}
	for i := len(t.ForeignKeys) - 1; i >= 0; i-- {
		if slices.Contains(t.ForeignKeys[i].Columns, c.ID) {
			if err := b.dropForeignKeyAt(ctx, i); err != nil {
				return err
			}
		}
	}
	for i := len(t.Indexes) - 1; i >= 0; i-- {
		if t.Indexes[i].Over(c.ID) {
			if err := b.dropIndexAt(ctx, i); err != nil {
				return err
			}
			c = t.Column(c.ID)
		}
	}
	t.Checks = slices.DeleteFunc(t.Checks, func(ck catalog.Check) bool { return slices.Contains(ck.Columns, c.ID) })
	b.dropOwnedSequences(t.OID, c.ID)
	c.Dropped, c.NotNull, c.Default, c.DefaultOID, c.Identity, c.Generated = true, false, "", 0, 0, false
	c.Missing, c.Type = types.Null, storedAs(c.Type)
	return nil
}

// setOptions is SET (…) of a table.
func (b *tableBuilder) setOptions(list []*pg.Node) error {
	options, shardKey, err := tableOptions(list)
	if err != nil {
		return err
	}
	if shardKey != nil {
		return pgerr.Unsupported("ALTER TABLE … SET (shard_key)")
	}
	for k, v := range options {
		b.table.Options[k] = v
	}
	return nil
}

func (b *tableBuilder) resetOptions(list []*pg.Node) error {
	for _, o := range list {
		delete(b.table.Options, o.GetDefElem().Defname)
	}
	return nil
}
