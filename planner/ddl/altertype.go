package ddl

import (
	"context"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
)

// retyping is an ALTER COLUMN … TYPE: what it makes of the column, and of the
// values that rows have in it.
type retyping struct {
	typ    *types.Type
	typmod int32
	// using is SQL over the old row, in words that ddl can run; nil is the column itself.
	using expr.Expr
}

// prepareTypes reads the types and USING expressions of a command before any
// part of it has run: they are about the table as it was (ATPrepAlterColumnType).
func (b *tableBuilder) prepareTypes(ctx context.Context, cmds []*pg.Node) error {
	for _, n := range cmds {
		c := n.GetAlterTableCmd()
		if c.Subtype != pg.AlterTableType_AT_AlterColumnType {
			continue
		}
		if err := b.prepareType(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (b *tableBuilder) prepareType(ctx context.Context, n *pg.AlterTableCmd) error {
	if isSystemColumn(n.Name) {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot alter system column %q", n.Name)
	}
	c, err := b.column(n.Name)
	if err != nil {
		return err
	}
	def := n.Def.GetColumnDef()
	if c.Generated && def.RawDefault != nil {
		return pgerr.New(pgerr.InvalidColumnDefinition, "cannot specify USING when altering type of generated column").
			WithDetail("Column %q is a generated column.", c.Name)
	}
	to := catalog.Column{Name: c.Name}
	if err := b.plainColumnType(&to, def); err != nil {
		return err
	}
	r := retyping{typ: to.Type, typmod: to.Typmod}
	if def.RawDefault != nil {
		r.using, err = b.bindTree(ctx, def.RawDefault, columnsOf(b.table), bind.ForUsing, &bind.Column{Name: c.Name, Type: to.Type, Typmod: to.Typmod})
		if err != nil {
			if def.RawDefault.GetAConst() != nil {
				err = withoutPosition(err) // it is converted when it has been parsed
			}
			return err
		}
	} else if !b.assignable(c.Type, to.Type) {
		err := pgerr.New(pgerr.DatatypeMismatch, "column %q cannot be cast automatically to type %s", c.Name, to.Type.SQLName)
		if c.Generated {
			return err
		}
		return err.WithHint("You might need to specify \"USING %s::%s\".", expr.QuoteIdent(c.Name), types.FormatType(to.Type, to.Typmod))
	}
	if b.retyped == nil {
		b.retyped = make(map[catalog.ColumnID]retyping)
	}
	if _, twice := b.retyped[c.ID]; !twice {
		b.retyped[c.ID] = r // a second one fails when it is its turn
	}
	return nil
}

// plainColumnType is columnType of a column that is there already: serial is no type.
func (b *tableBuilder) plainColumnType(c *catalog.Column, n *pg.ColumnDef) error {
	var err error
	if c.Type, c.Typmod, err = b.typeName(n.TypeName); err != nil {
		return withoutPosition(err)
	}
	if err = b.checkTypeOf(c, n); err != nil {
		return withoutPosition(err)
	}
	return nil
}

// withoutPosition is an error that PostgreSQL gives no place in the statement.
func withoutPosition(err error) error {
	bare := *pgerr.From(err) // it may be shared
	bare.Position = 0
	return &bare
}

// assignable reports whether values of a type can be assigned to a column of another.
func (s *statement) assignable(from, to *types.Type) bool {
	return from == types.TUnknown || s.Bind().Library.CanCoerce(from, to, builtin.Assignment)
}

// alterType is ALTER COLUMN … [SET DATA] TYPE: the descriptor has the new type,
// and with it defaults; constraints and indexes follow when all types are known.
func (b *tableBuilder) alterType(ctx context.Context, n *pg.AlterTableCmd) error {
	c, err := b.column(n.Name)
	if err != nil {
		return err
	}
	r := b.retyped[c.ID]
	if slices.Contains(b.retypedNow, c.ID) {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot alter type of column %q twice", c.Name)
	}
	b.retypedNow = append(b.retypedNow, c.ID)
	value, err := b.defaultOfType(c, r)
	if err != nil {
		return err
	}
	if err := b.checkTypeUsers(c); err != nil {
		return err
	}
	if !keepsValues(c, r) {
		b.rewrite, b.rewritten = true, true
	}
	to := catalog.Column{Name: c.Name}
	if err := b.plainColumnType(&to, n.Def.GetColumnDef()); err != nil {
		return err
	}
	c.Type, c.Typmod, c.Collation, c.Storage = to.Type, to.Typmod, to.Collation, 0
	if value != nil {
		c.Default = b.exprText(value)
	}
	b.forgetStatistics(c.ID)
	return b.identityOfType(ctx, c, n.Def.GetColumnDef().TypeName)
}

// keepsValues reports whether rows have the same bytes under both types, and
// none of them is too long for the new one.
func keepsValues(c *catalog.Column, r retyping) bool {
	if c.Generated {
		return false
	}
	if col, ok := r.using.(*expr.Column); r.using != nil && (!ok || col.Name != c.Name) {
		return false
	}
	if c.Type == r.typ && c.Typmod == r.typmod {
		return true
	}
	text := func(t *types.Type) bool { return t == types.TText || t == types.TVarchar }
	return text(c.Type) && text(r.typ) && (r.typmod < 0 || c.Typmod >= 0 && c.Typmod <= r.typmod)
}

// defaultOfType is a column's default, or generation expression, as one of the
// new type; nil if it has none. Conversions that the old type brought go.
func (b *tableBuilder) defaultOfType(c *catalog.Column, r retyping) (expr.Expr, error) {
	if c.Default == "" {
		return nil, nil
	}
	purpose, what, columns := bind.ForDefault, "default", []bind.Column(nil)
	if c.Generated {
		purpose, what, columns = bind.ForGenerated, "generation expression", columnsOf(b.table)
	}
	e, err := bind.Expression(b.Bind(), c.Default, columns, purpose, nil)
	if err != nil {
		return nil, err
	}
	if !b.assignable(e.Type(), r.typ) {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "%s for column %q cannot be cast automatically to type %s", what, c.Name, r.typ.SQLName)
	}
	return bind.Expression(b.Bind(), c.Default, columns, purpose, &bind.Column{Name: c.Name, Type: r.typ, Typmod: r.typmod})
}

// checkTypeUsers refuses to change the type of a column that a view reads or
// another column is generated from (RememberAllDependentForRebuilding).
func (b *tableBuilder) checkTypeUsers(c *catalog.Column) error {
	old := b.snapshot().Table(b.table.OID)
	if was := old.Column(c.ID); was == nil || was.Dropped {
		return nil
	}
	for _, v := range b.views() {
		reads, err := b.reads(v, old, old.Column(c.ID))
		if err != nil {
			return err
		}
		if reads {
			return pgerr.New(pgerr.FeatureNotSupported, "cannot alter type of a column used by a view or rule").
				WithDetail("rule _RETURN on %s depends on column %q", b.viewName(v), c.Name)
		}
	}
	for i := range b.table.Columns {
		g := &b.table.Columns[i]
		if !g.Generated || g.Hidden || g.Dropped || g.ID == c.ID {
			continue
		}
		e, err := bind.Expression(b.Bind(), g.Default, columnsOf(b.table), bind.ForUsing, nil)
		if err != nil {
			return err
		}
		if slices.Contains(referenced(b.table, e), c.ID) {
			return pgerr.New(pgerr.FeatureNotSupported, "cannot alter type of a column used by a generated column").
				WithDetail("Column %q is used by generated column %q.", c.Name, g.Name)
		}
	}
	return nil
}

// rebuildOfType makes constraints and indexes on columns with new types anew.
func (b *tableBuilder) rebuildOfType(ctx context.Context) error {
	if err := b.checksOfType(); err != nil {
		return err
	}
	for i := range b.table.Indexes {
		ix := &b.table.Indexes[i]
		if !slices.ContainsFunc(b.retypedNow, ix.Over) {
			continue
		}
		for _, k := range ix.Columns {
			of, plain := k.Written()
			if !plain || !slices.Contains(b.retypedNow, of) {
				continue
			}
			if err := b.indexable(b.table.Column(of), ix.Method); err != nil {
				return err
			}
		}
		if err := b.recompute(ctx, ix); err != nil {
			return err
		}
	}
	return b.decideGlobal(ctx)
}

// checksOfType binds the constraints on columns with new types anew.
func (b *tableBuilder) checksOfType() error {
	for i := range b.table.Checks {
		ck := &b.table.Checks[i]
		if !slices.ContainsFunc(ck.Columns, func(id catalog.ColumnID) bool { return slices.Contains(b.retypedNow, id) }) {
			continue
		}
		e, err := bind.Expression(b.Bind(), ck.Expr, columnsOf(b.table), bind.ForCheck, nil)
		if err != nil {
			return withoutPosition(err) // it would be in the constraint's text
		}
		ck.Expr = b.exprText(e)
	}
	return nil
}

// identityOfType gives the sequence of an identity column the column's type.
func (b *tableBuilder) identityOfType(ctx context.Context, c *catalog.Column, name *pg.TypeName) error {
	if c.Identity == 0 {
		return nil
	}
	_, seq, err := b.identityOf(c.Name)
	if err != nil {
		return err
	}
	switch c.Type {
	case types.TInt2, types.TInt4, types.TInt8:
	default:
		return pgerr.New(pgerr.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
	}
	as := &pg.DefElem{Defname: "as", Arg: &pg.Node{Node: &pg.Node_TypeName{TypeName: name}}}
	return b.changeSequence(ctx, seq, []*pg.Node{{Node: &pg.Node_DefElem{DefElem: as}}})
}

// forgetStatistics drops what ANALYZE knew of a column's values.
func (b *tableBuilder) forgetStatistics(id catalog.ColumnID) {
	if _, known := b.table.Stats.Columns[id]; !known {
		return
	}
	kept := make(map[catalog.ColumnID]catalog.ColumnStatistics, len(b.table.Stats.Columns))
	for c, st := range b.table.Stats.Columns {
		if c != id {
			kept[c] = st
		}
	}
	b.table.Stats.Columns = kept
}

// movedValue is the SQL by which a moved row gets a column's value from the old one.
func (b *tableBuilder) movedValue(c, old *catalog.Column) string {
	r, ok := b.retyped[c.ID]
	if !ok || r.using == nil {
		return quote(old.Name)
	}
	f := &expr.Formatter{Env: types.DefaultEnv(), TypeName: b.runnableType, Constructor: b.runnableFunction}
	return f.Format(r.using)
}
