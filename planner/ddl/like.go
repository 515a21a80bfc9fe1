package ddl

import (
	"context"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
)

// What LIKE includes (parsenodes.h, TableLikeOption). Extended statistics there are none.
const (
	likeComments = 1 << iota
	likeCompression
	likeConstraints
	likeDefaults
	likeGenerated
	likeIdentity
	likeIndexes
	likeStatistics
	likeStorage
)

// addLike adds the columns of LIKE relation. Its constraints and indexes follow
// when all columns are there.
func (b *tableBuilder) addLike(ctx context.Context, n *pg.TableLikeClause) error {
	columns, t, err := b.likeSource(n.Relation)
	if err != nil {
		return b.at(err, n.Relation.Location)
	}
	for i := range columns {
		if c := &columns[i]; !c.Dropped && !c.Hidden {
			if err := b.addLikeColumn(ctx, c, t, n.Options); err != nil {
				return err
			}
		}
	}
	if t != nil {
		b.like = append(b.like, likeTable{t, n.Options})
	}
	return nil
}

// likeTable is a table that LIKE names, with what is included of it.
type likeTable struct {
	from    *catalog.Table
	options uint32
}

// likeSource finds a relation or composite type that LIKE names; t is nil unless it is a table.
func (b *tableBuilder) likeSource(rv *pg.RangeVar) (columns []catalog.Column, t *catalog.Table, err error) {
	r, err := b.relation(rv.Schemaname, rv.Relname)
	if err != nil {
		return nil, nil, err
	}
	invalid := pgerr.New(pgerr.WrongObjectType, "relation %q is invalid in LIKE clause", rv.Relname)
	switch r := r.(type) {
	case *catalog.Table:
		return r.Columns, r, nil
	case *catalog.View:
		return r.Columns, nil, nil
	case *catalog.Sequence:
		return nil, nil, invalid.WithDetail("This operation is not supported for sequences.")
	}
	if _, ix, err := b.index(rv.Schemaname, rv.Relname); err == nil && ix != nil {
		return nil, nil, invalid.WithDetail("This operation is not supported for indexes.")
	}
	c, err := b.composite(rv, false)
	if err != nil {
		return nil, nil, err
	}
	return c.Attributes, nil, nil
}

// addLikeColumn copies a column, with what options say; t is its table, if it is one's.
func (b *tableBuilder) addLikeColumn(ctx context.Context, from *catalog.Column, t *catalog.Table, options uint32) error {
	to := b.table
	if err := checkNewColumn(to, from.Name); err != nil {
		return err
	}
	c := catalog.Column{
		ID: to.NextColumn, Attnum: to.NextAttnum, Name: from.Name, Type: from.Type, Typmod: from.Typmod,
		NotNull: from.NotNull, Collation: from.Collation, Stats: -1,
	}
	if err := b.checkColumnType(c.Name, c.Type); err != nil {
		return err
	}
	if options&likeComments != 0 {
		c.Comment = from.Comment
	}
	if options&likeStorage != 0 {
		c.Storage = from.Storage
	}
	if options&likeCompression != 0 {
		c.Compression = from.Compression
	}
	if from.Default != "" && (from.Generated && options&likeGenerated != 0 || !from.Generated && options&likeDefaults != 0) {
		c.Default, c.Generated = from.Default, from.Generated
		if err := b.oids(ctx, &c.DefaultOID); err != nil {
			return err
		}
	}
	to.NextColumn++
	to.NextAttnum++
	to.Columns = append(to.Columns, c)
	if from.Identity == 0 || options&likeIdentity == 0 || t == nil {
		return nil
	}
	return b.likeIdentity(ctx, &to.Columns[len(to.Columns)-1], from, t)
}

// likeIdentity gives a column a sequence like another's.
func (b *tableBuilder) likeIdentity(ctx context.Context, c, from *catalog.Column, t *catalog.Table) error {
	for _, like := range b.ownedSequences(t.OID, from.ID) {
		if !like.Identity {
			continue
		}
		seq, err := b.ownedSequence(ctx, c, nil)
		if err != nil {
			return err
		}
		seq.Identity, seq.Type, seq.Start, seq.Increment = true, like.Type, like.Start, like.Increment
		seq.Min, seq.Max, seq.Cache, seq.Cycle = like.Min, like.Max, like.Cache, like.Cycle
		c.Identity, c.NotNull = from.Identity, true
	}
	return nil
}

// finishLike adds the constraints and indexes of the tables that LIKE has named.
func (b *tableBuilder) finishLike(ctx context.Context) error {
	for _, l := range b.like {
		if l.options&likeConstraints != 0 {
			for _, ck := range l.from.Checks {
				if err := b.likeCheck(ctx, ck, l.options); err != nil {
					return err
				}
			}
		}
		if l.options&likeIndexes == 0 {
			continue
		}
		for i := range l.from.Indexes {
			if err := b.likeIndex(ctx, l.from, &l.from.Indexes[i], l.options); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *tableBuilder) likeCheck(ctx context.Context, ck catalog.Check, options uint32) error {
	if b.constraintExists(ck.Name) {
		return pgerr.New(pgerr.DuplicateObject, "constraint %q for relation %q already exists", ck.Name, b.table.Name)
	}
	e, err := bind.Expression(b.Bind(), ck.Expr, columnsOf(b.table), bind.ForCheck, nil)
	if err != nil {
		return err
	}
	ck.Columns, ck.Valid = referenced(b.table, e), true
	if options&likeComments == 0 {
		ck.Comment = ""
	}
	b.table.Checks = append(b.table.Checks, ck)
	return b.oids(ctx, &b.table.Checks[len(b.table.Checks)-1].OID)
}

// likeIndex makes an index like another table's, under a name of its own.
func (b *tableBuilder) likeIndex(ctx context.Context, t *catalog.Table, like *catalog.Index, options uint32) error {
	ix := *like
	ix.Columns, ix.Included = slices.Clone(like.Columns), slices.Clone(like.Included)
	ix.Name, ix.Comment, ix.ConstraintComment, ix.Global, ix.Clustered, ix.ReplicaIdentity = "", "", "", 0, false, false
	if options&likeComments != 0 {
		ix.Comment = like.Comment
	}
	column := func(id catalog.ColumnID) catalog.ColumnID { return b.table.ColumnByName(t.Column(id).Name).ID }
	var names []string
	for i := range ix.Columns {
		k := &ix.Columns[i]
		of, plain := k.Written()
		k.Of, k.Column, k.Boxed = 0, 0, false
		if !plain {
			names = append(names, catalog.UniqueName(names, k.Name))
			continue
		}
		k.Column = column(of)
		names = append(names, catalog.UniqueName(names, t.Column(of).Name))
	}
	for i, id := range ix.Included {
		ix.Included[i] = column(id)
		names = append(names, catalog.UniqueName(names, t.Column(id).Name))
	}
	ix.Name = b.indexName(&ix, names)
	into := []*catalog.OID{&ix.OID}
	if ix.Constraint != 0 {
		into = append(into, &ix.Constraint)
	}
	if err := b.oids(ctx, into...); err != nil {
		return err
	}
	ix.ID = uint32(ix.OID)
	if ix.Primary {
		return b.putPrimaryKey(ctx, ix, -1)
	}
	if err := b.computeIndex(ctx, &ix); err != nil {
		return err
	}
	return b.addIndex(ctx, ix)
}

// typedTable gives a table the columns of the composite type that CREATE TABLE OF names.
func (b *tableBuilder) typedTable(n *pg.TypeName) error {
	t, err := b.rowTypeNamed(n)
	if err != nil {
		return err
	}
	b.table.OfType = t.OID
	for _, a := range t.Attributes {
		if err := b.checkColumnType(a.Name, a.Type); err != nil {
			return err
		}
		b.table.Columns = append(b.table.Columns, catalog.Column{
			ID: b.table.NextColumn, Attnum: b.table.NextAttnum, Name: a.Name, Type: a.Type, Typmod: a.Typmod, Collation: a.Collation, Stats: -1,
		})
		b.table.NextColumn++
		b.table.NextAttnum++
	}
	return nil
}

// rowTypeNamed finds a composite type for a typed table (check_of_type).
func (s *statement) rowTypeNamed(n *pg.TypeName) (*catalog.Composite, error) {
	typ, _, err := s.typeName(n)
	if err != nil {
		return nil, withoutPosition(err)
	}
	if c, ok := s.snapshot().TypeOwner(typ).(*catalog.Composite); ok && typ.Elem == nil {
		s.Change.Read(c)
		return c, s.mustOwnType(c)
	}
	return nil, pgerr.New(pgerr.WrongObjectType, "type %s is not a composite type", types.FormatType(typ, -1))
}

// columnOptions are the constraints that CREATE TABLE OF gives a column of the type.
func (b *tableBuilder) columnOptions(ctx context.Context, n *pg.ColumnDef, given map[string]bool) error {
	i := slices.IndexFunc(b.table.Columns, func(c catalog.Column) bool { return c.Name == n.Colname })
	switch {
	case i < 0:
		return pgerr.New(pgerr.UndefinedColumn, "column %q does not exist", n.Colname)
	case given[n.Colname]:
		return pgerr.New(pgerr.DuplicateColumn, "column %q specified more than once", n.Colname)
	}
	given[n.Colname] = true
	if slices.ContainsFunc(n.Constraints, func(c *pg.Node) bool { return c.GetConstraint().Contype == pg.ConstrType_CONSTR_GENERATED }) {
		return pgerr.New(pgerr.FeatureNotSupported, "generated columns are not supported on typed tables")
	}
	return b.columnConstraints(ctx, i, n)
}
