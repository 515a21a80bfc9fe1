package ddl

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// maxColumns is MaxHeapAttributeNumber (htup_details.h); dropped ones count.
const maxColumns = 1600

// addColumn adds one column with its own constraints. CHECK, UNIQUE and
// PRIMARY KEY wait in b.later until all columns are known.
func (b *tableBuilder) addColumn(ctx context.Context, n *pg.ColumnDef) error {
	t := b.table
	if err := checkNewColumn(t, n.Colname); err != nil {
		return err
	}
	c := catalog.Column{ID: t.NextColumn, Attnum: t.NextAttnum, Name: n.Colname, Stats: -1}
	serial, err := b.columnType(&c, n)
	if err != nil {
		return err
	}
	t.NextColumn++
	t.NextAttnum++
	t.Columns = append(t.Columns, c)
	i := len(t.Columns) - 1
	if serial {
		if err := b.addSerial(ctx, i); err != nil {
			return err
		}
	}
	if !b.created && b.guarded(c.Type) {
		b.rewrite, b.rewritten = true, true // what rows that are there get is to obey
	}
	return b.columnConstraints(ctx, i, n)
}

// guarded reports whether a type is a domain with a default or constraints.
func (s *statement) guarded(t *types.Type) bool {
	for ; t.Kind == 'd'; t, _ = t.Under() {
		d := s.snapshot().TypeOwner(t).(*catalog.Domain)
		if d.NotNull || d.Default != "" || len(d.Checks) > 0 {
			return true
		}
	}
	return false
}

// isSystemColumn reports whether a name is a system column's (heap.c, SystemAttributeByName).
func isSystemColumn(name string) bool {
	switch name {
	case "tableoid", "ctid", "xmin", "xmax", "cmin", "cmax":
		return true
	}
	return false
}

// serialTypes are type names that stand for an integer with a sequence.
var serialTypes = map[string]*types.Type{
	"smallserial": types.TInt2, "serial2": types.TInt2, "serial": types.TInt4, "serial4": types.TInt4,
	"bigserial": types.TInt8, "serial8": types.TInt8,
}

// columnType reads the type, collation and storage of a column.
func (b *tableBuilder) columnType(c *catalog.Column, n *pg.ColumnDef) (serial bool, err error) {
	if names := n.TypeName.GetNames(); len(names) == 1 {
		if t := serialTypes[names[0].GetString_().GetSval()]; t != nil {
			if len(n.TypeName.ArrayBounds) > 0 {
				return false, pgerr.New(pgerr.FeatureNotSupported, "array of serial is not implemented")
			}
			c.Type, c.Typmod, c.NotNull = t, -1, true
			return true, nil
		}
	}
	if c.Type, c.Typmod, err = b.typeName(n.TypeName); err != nil {
		return false, err
	}
	if err := b.checkTypeOf(c, n); err != nil {
		return false, err
	}
	if n.StorageName != "" {
		if c.Storage, err = storageOf(n.StorageName, c.Type); err != nil {
			return false, err
		}
	}
	c.Compression, err = compressionOf(n.Compression, c.Type)
	return false, err
}

// checkTypeOf refuses types that the table's columns cannot have, and reads the collation.
func (b *tableBuilder) checkTypeOf(c *catalog.Column, n *pg.ColumnDef) (err error) {
	if err := b.checkColumnType(c.Name, c.Type); err != nil {
		return err
	}
	if b.contains(c.Type, b.table.RowType) {
		return pgerr.New(pgerr.InvalidTableDefinition, "composite type %s cannot be made a member of itself", b.visibleName(b.table))
	}
	if d, ok := b.snapshot().TypeOwner(c.Type).(*catalog.Domain); ok && d.OID == c.Type.OID {
		c.Collation = d.Collation
	}
	if n.CollClause != nil {
		c.Collation, err = collation(n.CollClause, c.Type)
		err = b.at(err, n.CollClause.Location)
	}
	return err
}

// collation is the name of the collation that a column of the type is made with; "" is the default.
func collation(n *pg.CollateClause, t *types.Type) (string, error) {
	schema, name := dotted(n.Collname)
	if !t.Collates {
		return "", pgerr.New(pgerr.DatatypeMismatch, "collations are not supported by type %s", t.SQLName)
	}
	c := catalog.CollationByName(name)
	switch {
	case c == nil && catalog.IsLocaleCollation(name):
		return "", pgerr.Unsupported("collation %q", name)
	case c == nil || schema != "" && schema != "pg_catalog":
		if schema != "" {
			name = schema + "." + name
		}
		return "", pgerr.New(pgerr.UndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist", name)
	case name == "default":
		return "", nil
	}
	return name, nil
}

// addSerial makes the sequence and default of a serial column.
func (b *tableBuilder) addSerial(ctx context.Context, i int) error {
	c := &b.table.Columns[i]
	seq, err := b.ownedSequence(ctx, c, nil)
	if err != nil {
		return err
	}
	c.Default = nextvalOf(seq)
	b.rewriteAdded()
	return b.oids(ctx, &c.DefaultOID)
}

// nextvalOf is the default that draws from a sequence, as catalogs keep it.
func nextvalOf(seq *catalog.Sequence) string { return fmt.Sprintf("nextval('%d'::regclass)", seq.OID) }

// rewriteAdded has the rows written anew when a column is added to a table that may have some.
func (b *tableBuilder) rewriteAdded() {
	if !b.created {
		b.rewrite, b.rewritten = true, true
	}
}

// ownedSequence makes the sequence of a serial or identity column.
func (b *tableBuilder) ownedSequence(ctx context.Context, c *catalog.Column, options []*pg.Node) (*catalog.Sequence, error) {
	t := b.table
	name := chooseName(t.Name, c.Name, "seq", b.relationTaken)
	seq, err := b.newSequence(ctx, t.Schema, name, c.Type, options)
	if err != nil {
		return nil, err
	}
	seq.OwnedBy, seq.OwnedByColumn, seq.Persistence = t.OID, c.ID, t.Persistence
	b.sequences = append(b.sequences, seq)
	return seq, nil
}

// relationTaken reports whether a relation of the table's schema has the name. An
// index that the statement drops has given its name up.
func (b *tableBuilder) relationTaken(name string) bool {
	if b.nameInUse(name) {
		return true
	}
	published := b.snapshot().Table(b.table.OID)
	if published != nil && slices.ContainsFunc(published.Indexes, func(ix catalog.Index) bool {
		return ix.Name == name && b.table.Index(ix.OID) == nil
	}) {
		return false
	}
	return b.snapshot().NameTaken(b.Database, b.table.Schema, name)
}

// nameInUse reports whether something of this table that is not published yet has the name.
func (b *tableBuilder) nameInUse(name string) bool {
	if b.table.Name == name {
		return true
	}
	for _, s := range b.sequences {
		if s.Name == name {
			return true
		}
	}
	for i := range b.table.Indexes {
		if b.table.Indexes[i].Name == name {
			return true
		}
	}
	for i := range b.table.Checks {
		if b.table.Checks[i].Name == name {
			return true
		}
	}
	return false
}

// columnConstraints applies a column definition's constraints (transformColumnDefinition).
func (b *tableBuilder) columnConstraints(ctx context.Context, i int, n *pg.ColumnDef) error {
	if err := b.checkAttributes(n.Constraints); err != nil {
		return err
	}
	for _, e := range n.Constraints {
		con := e.GetConstraint()
		if err := b.columnConstraint(ctx, &b.table.Columns[i], con, n.Constraints); err != nil {
			return err
		}
	}
	return nil
}

// at gives an error a position in the statement.
func (s *statement) at(err error, location int32) error {
	e, ok := err.(*pgerr.E)
	if !ok || e.Position != 0 || location < 0 {
		return err
	}
	c := *e
	return c.WithPosition(s.text.Position(location))
}

// columnConstraint applies one constraint out of a column's list.
func (b *tableBuilder) columnConstraint(ctx context.Context, c *catalog.Column, con *pg.Constraint, list []*pg.Node) error {
	null := hasConstraint(list, con, pg.ConstrType_CONSTR_NULL)
	notNull := hasConstraint(list, con, pg.ConstrType_CONSTR_NOTNULL)
	conflict := b.at(pgerr.New(pgerr.SyntaxError, "conflicting NULL/NOT NULL declarations for column %q of table %q", c.Name, b.table.Name), con.Location)
	switch con.Contype {
	case pg.ConstrType_CONSTR_NULL:
		if notNull {
			return conflict
		}
	case pg.ConstrType_CONSTR_NOTNULL:
		if null {
			return conflict
		}
		c.NotNull = true
	case pg.ConstrType_CONSTR_DEFAULT:
		if err := b.valueConflict(c, con, list); err != nil {
			return err
		}
		e, err := b.setDefault(ctx, c, con.RawExpr)
		if err != nil {
			return err
		}
		return b.missing(ctx, c, e)
	case pg.ConstrType_CONSTR_IDENTITY:
		if err := b.valueConflict(c, con, list); err != nil {
			return err
		}
		return b.setIdentity(ctx, c, con)
	case pg.ConstrType_CONSTR_GENERATED:
		if err := b.valueConflict(c, con, list); err != nil {
			return err
		}
		c.Generated = true // so that no other generated column refers to it
		b.later = append(b.later, pendingConstraint{def: con, column: c.Name})
	case pg.ConstrType_CONSTR_ATTR_DEFERRABLE, pg.ConstrType_CONSTR_ATTR_DEFERRED,
		pg.ConstrType_CONSTR_ATTR_NOT_DEFERRABLE, pg.ConstrType_CONSTR_ATTR_IMMEDIATE:
		// They belong to the constraint before them.
	default:
		p := pendingConstraint{def: con, column: c.Name}
		p.deferrable, p.deferred = attributes(con, list)
		b.later = append(b.later, p)
	}
	return nil
}

// hasConstraint reports whether one of a type stands before con.
func hasConstraint(list []*pg.Node, con *pg.Constraint, t pg.ConstrType) bool {
	for _, e := range list {
		switch have := e.GetConstraint(); {
		case have == con:
			return false
		case have.Contype == t:
			return true
		}
	}
	return false
}

// valueConflict refuses two ways in which a column would get its value.
func (b *tableBuilder) valueConflict(c *catalog.Column, con *pg.Constraint, list []*pg.Node) error {
	isDefault := con.Contype == pg.ConstrType_CONSTR_DEFAULT || c.Default != "" || hasConstraint(list, con, pg.ConstrType_CONSTR_DEFAULT)
	isIdentity := con.Contype == pg.ConstrType_CONSTR_IDENTITY || hasConstraint(list, con, pg.ConstrType_CONSTR_IDENTITY)
	isGenerated := con.Contype == pg.ConstrType_CONSTR_GENERATED || hasConstraint(list, con, pg.ConstrType_CONSTR_GENERATED)
	what := ""
	switch {
	case con.Contype == pg.ConstrType_CONSTR_DEFAULT && (c.Default != "" || hasConstraint(list, con, con.Contype)):
		what = "multiple default values specified"
	case con.Contype == pg.ConstrType_CONSTR_IDENTITY && hasConstraint(list, con, con.Contype):
		what = "multiple identity specifications"
	case con.Contype == pg.ConstrType_CONSTR_GENERATED && hasConstraint(list, con, con.Contype):
		what = "multiple generation clauses specified"
	case isDefault && isIdentity:
		what = "both default and identity specified"
	case isDefault && isGenerated:
		what = "both default and generation expression specified"
	case isIdentity && isGenerated:
		what = "both identity and generation expression specified"
	default:
		return nil
	}
	err := pgerr.New(pgerr.SyntaxError, "%s for column %q of table %q", what, c.Name, b.table.Name)
	if c.Default != "" && !hasConstraint(list, con, pg.ConstrType_CONSTR_DEFAULT) {
		return err // the default is that of serial
	}
	return b.at(err, con.Location)
}

// unplaced is an error in an expression, or of a key, of the table's: ALTER TABLE
// has lost the text when it comes to these.
func (b *tableBuilder) unplaced(err error) error {
	if b.created {
		return err
	}
	return withoutPosition(err)
}

// setDefault binds and keeps a default, for rows to come.
func (b *tableBuilder) setDefault(ctx context.Context, c *catalog.Column, n *pg.Node) (expr.Expr, error) {
	switch {
	case c.Identity != 0:
		return nil, pgerr.New(pgerr.SyntaxError, "column %q of relation %q is an identity column", c.Name, b.table.Name)
	case c.Generated:
		return nil, pgerr.New(pgerr.SyntaxError, "column %q of relation %q is a generated column", c.Name, b.table.Name)
	}
	e, err := b.bindDefault(ctx, n, c.Name, c.Type, c.Typmod)
	if err != nil {
		return nil, b.unplaced(err)
	}
	if n, ok := e.(*expr.Const); ok && n.Value.IsNull() { // that is none (AddRelationNewConstraints)
		c.Default, c.DefaultOID = "", 0
		return e, nil
	}
	c.Default = b.exprText(e)
	if c.DefaultOID == 0 {
		err = b.oids(ctx, &c.DefaultOID)
	}
	return e, err
}

// missing notes what rows older than an added column hold: the default's
// value, when it is the same for all of them; else the rows are rewritten.
func (b *tableBuilder) missing(ctx context.Context, c *catalog.Column, e expr.Expr) error {
	if b.created {
		return nil
	}
	if expr.HasVolatile(e) || types.ByOID(c.Type.OID) == nil {
		// The catalog keeps no values of types that can change.
		b.rewrite, b.rewritten = true, true
		return nil
	}
	v, err := b.constantValue(ctx, e)
	c.Missing = v
	return err
}

// setIdentity is GENERATED … AS IDENTITY.
func (b *tableBuilder) setIdentity(ctx context.Context, c *catalog.Column, con *pg.Constraint) error {
	if err := b.makeIdentity(ctx, c, con); err != nil {
		return err
	}
	b.rewriteAdded()
	return nil
}

// makeIdentity gives a column its sequence.
func (b *tableBuilder) makeIdentity(ctx context.Context, c *catalog.Column, con *pg.Constraint) error {
	switch c.Type {
	case types.TInt2, types.TInt4, types.TInt8:
	default:
		return pgerr.New(pgerr.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
	}
	seq, err := b.ownedSequence(ctx, c, con.Options)
	if err != nil {
		return err
	}
	seq.Identity = true
	c.Identity, c.NotNull = con.GeneratedWhen[0], true
	return nil
}

// setGenerated is GENERATED ALWAYS AS (…) STORED.
func (b *tableBuilder) setGenerated(ctx context.Context, c *catalog.Column, con *pg.Constraint) error {
	e, err := b.bindGenerated(ctx, con.RawExpr, b.table, c.Name, c.Type, c.Typmod)
	if err != nil {
		return b.unplaced(err)
	}
	c.Default, c.Generated = b.exprText(e), true
	if !b.created {
		b.rewrite, b.rewritten = true, true
	}
	return b.oids(ctx, &c.DefaultOID)
}
