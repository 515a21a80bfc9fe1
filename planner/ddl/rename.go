package ddl

import (
	"context"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/bind"
)

// renamedObject is what the tag of a RENAME names: a column's is its relation's.
func renamedObject(n *pg.RenameStmt) pg.ObjectType {
	switch n.RenameType {
	case pg.ObjectType_OBJECT_COLUMN:
		return n.RelationType
	case pg.ObjectType_OBJECT_TABCONSTRAINT:
		return pg.ObjectType_OBJECT_TABLE
	}
	return n.RenameType
}

// rename is ALTER … RENAME of every kind of object.
func (s *statement) rename(ctx context.Context, n *pg.RenameStmt) error {
	switch n.RenameType {
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_SEQUENCE, pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_INDEX, pg.ObjectType_OBJECT_MATVIEW:
		return s.renameRelation(n)
	case pg.ObjectType_OBJECT_COLUMN:
		return s.renameColumn(n)
	case pg.ObjectType_OBJECT_TABCONSTRAINT:
		return s.renameConstraint(n)
	case pg.ObjectType_OBJECT_SCHEMA:
		return s.renameSchema(n)
	case pg.ObjectType_OBJECT_DATABASE:
		return s.renameDatabase(ctx, n)
	case pg.ObjectType_OBJECT_ROLE:
		return s.renameRole(n)
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
		return s.renameType(n)
	case pg.ObjectType_OBJECT_DOMCONSTRAINT:
		return s.renameDomainConstraint(n)
	case pg.ObjectType_OBJECT_ATTRIBUTE:
		return s.renameAttribute(n)
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE, pg.ObjectType_OBJECT_AGGREGATE:
		return s.renameFunction(n)
	}
	return pgerr.Unsupported("ALTER %s … RENAME", objectWord(n.RenameType))
}

// renameRelation renames a table, sequence, view or index, by whichever command.
func (s *statement) renameRelation(n *pg.RenameStmt) error {
	rv := n.Relation
	r, err := s.relation(rv.Schemaname, rv.Relname)
	if err != nil {
		return err
	}
	if r == nil {
		if t, ix, err := s.index(rv.Schemaname, rv.Relname); err != nil {
			return err
		} else if ix != nil {
			if err := checkAlterKind(n.RenameType, catalog.KindIndex, ix.Name, true); err != nil {
				return err
			}
			return s.renameIndex(t, ix, n.Newname)
		}
		if n.MissingOk {
			s.notice(pgerr.SuccessfulCompletion, "relation %q does not exist, skipping", rv.Relname)
			return nil
		}
		return undefinedRelation(rv.Schemaname, rv.Relname)
	}
	ref := r.Ref()
	if err := s.mustOwnRelation(r); err != nil {
		return err
	}
	if err := checkAlterKind(n.RenameType, ref.Kind, ref.Name, true); err != nil {
		return err
	}
	if catalog.IsSystemSchema(ref.Schema) {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied: %q is a system catalog", ref.Name)
	}
	if err := s.mayCreateIn(s.snapshot().SchemaByOID(s.Database, ref.Schema)); err != nil {
		return err
	}
	if err := s.checkFree(ref.Schema, n.Newname); err != nil {
		return err
	}
	if ref.Kind != catalog.KindSequence {
		if err := s.checkTypeFree(ref.Schema, n.Newname); err != nil {
			return err
		}
	}
	switch r := r.(type) {
	case *catalog.Table:
		c := cloneTable(r)
		c.Name = n.Newname
		return s.putRelation(c)
	case *catalog.Sequence:
		c := *r
		c.Name = n.Newname
		return s.putRelation(&c)
	case *catalog.View:
		c := *r
		c.Name = n.Newname
		return s.putRelation(&c)
	}
	return nil
}

func (s *statement) renameIndex(t *catalog.Table, ix *catalog.Index, name string) error {
	if err := s.mustOwn("index", ix.Name, t.Owner); err != nil {
		return err
	}
	if err := s.checkFree(t.Schema, name); err != nil {
		return err
	}
	c := cloneTable(t)
	c.Index(ix.OID).Name = name
	s.Change.Put(c)
	return nil
}

// renameColumn renames a column of a table or view.
func (s *statement) renameColumn(n *pg.RenameStmt) error {
	r, err := s.relation(n.Relation.Schemaname, n.Relation.Relname)
	if err != nil {
		return err
	}
	if v, ok := r.(*catalog.View); ok {
		if err := s.mustOwnRelation(v); err != nil {
			return err
		}
		return s.renameViewColumn(v, n)
	}
	if r == nil && n.MissingOk {
		s.notice(pgerr.SuccessfulCompletion, "relation %q does not exist, skipping", n.Relation.Relname)
		return nil
	}
	t, err := s.ownTable(n.Relation)
	if err != nil {
		return err
	}
	b := s.alterBuilder(t)
	c := b.table.ColumnByName(n.Subname)
	switch {
	case c == nil:
		return undefinedColumn(n.Subname)
	case b.table.ColumnByName(n.Newname) != nil:
		return duplicateColumn(n.Newname, t.Name)
	case isSystemColumn(n.Newname):
		return pgerr.New(pgerr.DuplicateColumn, "column name %q conflicts with a system column name", n.Newname)
	case t.OfType != 0:
		return pgerr.New(pgerr.WrongObjectType, "cannot rename column of typed table")
	}
	return s.renameInViews(t, c, n.Newname, func() error {
		if err := b.renameInExpressions(t, c, n.Newname); err != nil {
			return err
		}
		s.Change.Put(b.table)
		return nil
	})
}

// renameViewColumn renames a view's column: its query stays.
func (s *statement) renameViewColumn(v *catalog.View, n *pg.RenameStmt) error {
	renamed := *v
	renamed.Columns = slices.Clone(v.Columns)
	named := func(name string) int {
		return slices.IndexFunc(v.Columns, func(c catalog.Column) bool { return c.Name == name })
	}
	at := named(n.Subname)
	switch {
	case at < 0:
		return undefinedColumn(n.Subname)
	case named(n.Newname) >= 0:
		return duplicateColumn(n.Newname, v.Name)
	}
	renamed.Columns[at].Name = n.Newname
	return s.renameInViews(v, &v.Columns[at], n.Newname, func() error {
		s.Change.Put(&renamed)
		return nil
	})
}

func undefinedColumn(name string) *pgerr.E {
	return pgerr.New(pgerr.UndefinedColumn, "column %q does not exist", name)
}

func duplicateColumn(name, relation string) *pgerr.E {
	return pgerr.New(pgerr.DuplicateColumn, "column %q of relation %q already exists", name, relation)
}

// renameInViews gives a column its name in the texts of the views that read it,
// between which put changes the relation itself.
func (s *statement) renameInViews(r catalog.Relation, c *catalog.Column, name string, put func() error) error {
	old := c.Name
	views, err := s.dependents(r, nil, map[catalog.OID]bool{})
	if err != nil {
		return err
	}
	oid := r.Ref().OID
	var renamed []renamedView
	for _, d := range views {
		v := renamedView{view: *d.view}
		if v.view.Query, v.meant, err = bind.RenamedView(s.Bind(), d.view, bind.ColumnOf{Relation: oid, Attnum: c.Attnum}, old, name); err != nil {
			return pgerr.Unsupported("renaming a column that view %q reads in this way", d.view.Name).WithCause(err)
		}
		if v.aliased, err = bind.AliasedView(s.Bind(), d.view, oid); err != nil {
			return err
		}
		renamed = append(renamed, v)
	}
	if err := put(); err != nil {
		return err
	}
	return s.putRenamed(renamed)
}

// renamedView is a view whose text has a column's new name; aliased has the old one.
type renamedView struct {
	view    catalog.View
	aliased string
	meant   []bind.ColumnOf
}

// putRenamed puts the views if the new name means in them what the old one did.
// Where a join is by name, or another column is nearer, the old name stays as an alias.
func (s *statement) putRenamed(views []renamedView) error {
	for i := range views {
		v := &views[i]
		if bind.CheckMeanings(s.Bind(), &v.view, v.meant) != nil {
			v.view.Query = v.aliased
			if err := bind.CheckMeanings(s.Bind(), &v.view, v.meant); err != nil {
				return pgerr.Unsupported("renaming a column that view %q reads in this way", v.view.Name)
			}
		}
		s.putView(&v.view)
	}
	return nil
}

// renameInExpressions gives the column its name and prints checks and
// generation expressions anew: bound over the old descriptor, their column
// references take the name that the new one has.
func (b *tableBuilder) renameInExpressions(old *catalog.Table, c *catalog.Column, name string) error {
	c.Name = name
	for i := range b.table.Checks {
		ck := &b.table.Checks[i]
		if !slices.Contains(ck.Columns, c.ID) {
			continue
		}
		text, err := b.renamedText(ck.Expr, old, b.table, nil)
		if err != nil {
			return err
		}
		ck.Expr = text
	}
	for i := range b.table.Columns {
		g := &b.table.Columns[i]
		if !g.Generated || g.Dropped {
			continue
		}
		target := g
		if g.Hidden {
			target = nil
		}
		text, err := b.renamedText(g.Default, old, b.table, target)
		if err != nil {
			return err
		}
		g.Default = text
	}
	return b.renameInIndexes(old)
}

// renameInIndexes prints what indexes are computed by with the columns' new names.
func (b *tableBuilder) renameInIndexes(old *catalog.Table) error {
	for i := range b.table.Indexes {
		ix := &b.table.Indexes[i]
		if ix.Where != "" {
			text, err := b.renamedText(ix.Where, old, b.table, nil)
			if err != nil {
				return err
			}
			ix.Where = text
		}
		for j := range ix.Columns {
			if err := b.renameInKey(&ix.Columns[j], old); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *tableBuilder) renameInKey(k *catalog.IndexColumn, old *catalog.Table) error {
	of, plain := k.Written()
	switch {
	case plain && of != k.Column:
		b.table.Column(k.Column).Name = expr.QuoteIdent(b.table.Column(of).Name)
	case !plain:
		e, err := b.renamed(k.Expr, old, b.table, bind.ForUsing, nil)
		if err != nil {
			return err
		}
		k.Expr = indexText(b.exprText(e), e)
		b.table.Column(k.Column).Name = b.shownText(k.Expr)
	}
	return nil
}

func (s *statement) renameConstraint(n *pg.RenameStmt) error {
	if r, err := s.relation(n.Relation.Schemaname, n.Relation.Relname); err == nil && r == nil && n.MissingOk {
		s.notice(pgerr.SuccessfulCompletion, "relation %q does not exist, skipping", n.Relation.Relname)
		return nil
	}
	t, err := s.ownTable(n.Relation)
	if err != nil {
		return err
	}
	b := s.alterBuilder(t)
	if b.constraintExists(n.Newname) {
		return pgerr.New(pgerr.DuplicateObject, "constraint %q for relation %q already exists", n.Newname, t.Name)
	}
	for i := range b.table.Checks {
		if b.table.Checks[i].Name == n.Subname {
			b.table.Checks[i].Name = n.Newname
			s.Change.Put(b.table)
			return nil
		}
	}
	if k := b.table.ForeignKeyByName(n.Subname); k != nil {
		k.Name = n.Newname
		s.Change.Put(b.table)
		return nil
	}
	for i := range b.table.Indexes {
		if ix := &b.table.Indexes[i]; ix.Constraint != 0 && ix.Name == n.Subname {
			return s.renameIndex(t, ix, n.Newname)
		}
	}
	return pgerr.New(pgerr.UndefinedObject, "constraint %q for table %q does not exist", n.Subname, t.Name)
}

func (s *statement) renameSchema(n *pg.RenameStmt) error {
	sc, err := s.schema(n.Subname)
	if err != nil {
		return err
	}
	if err := s.mustOwn("schema", sc.Name, sc.Owner); err != nil {
		return err
	}
	if err := s.mayCreateInDatabase(); err != nil {
		return err
	}
	switch {
	case s.snapshot().Schema(s.Database, n.Newname) != nil:
		return pgerr.New(pgerr.DuplicateSchema, "schema %q already exists", n.Newname)
	case strings.HasPrefix(n.Newname, "pg_"):
		return pgerr.New(pgerr.ReservedName, "unacceptable schema name %q", n.Newname).
			WithDetail("The prefix \"pg_\" is reserved for system schemas.")
	case catalog.IsSystemSchema(sc.OID):
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied for schema %s", sc.Name)
	}
	c := *sc
	c.Name = n.Newname
	return s.putSchema(&c)
}

func (s *statement) renameDatabase(ctx context.Context, n *pg.RenameStmt) error {
	db, err := s.databaseCopy(n.Subname)
	if err != nil {
		return err
	}
	if err := s.mustOwn("database", db.Name, db.Owner); err != nil {
		return err
	}
	if !s.createsDatabases() {
		return denied("permission denied to rename database")
	}
	switch {
	case s.snapshot().Database(n.Newname) != nil:
		return pgerr.New(pgerr.DuplicateDatabase, "database %q already exists", n.Newname)
	case db.OID == s.Database:
		return pgerr.New(pgerr.FeatureNotSupported, "current database cannot be renamed")
	}
	if err := s.mustBeUnused(ctx, db); err != nil {
		return err
	}
	db.Name = n.Newname
	s.Change.Put(db)
	return nil
}

func (s *statement) renameRole(n *pg.RenameStmt) error {
	r := s.snapshot().Role(n.Subname)
	switch {
	case r == nil:
		return undefinedRole(n.Subname)
	case s.snapshot().Role(n.Newname) != nil:
		return pgerr.New(pgerr.DuplicateObject, "role %q already exists", n.Newname)
	case r.OID == s.Role.OID:
		return pgerr.New(pgerr.FeatureNotSupported, "session user cannot be renamed")
	case r.Super && !s.Role.Super:
		return denied("must be superuser to rename superusers")
	case !s.createsRoles():
		return denied("permission denied to rename role")
	}
	c := roleCopy(r)
	c.Name = n.Newname
	s.Change.Put(c)
	return nil
}

// setSchema is ALTER … SET SCHEMA.
func (s *statement) setSchema(n *pg.AlterObjectSchemaStmt) error {
	switch n.ObjectType {
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
		return s.setTypeSchema(n)
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE, pg.ObjectType_OBJECT_AGGREGATE:
		return s.setFunctionSchema(n)
	}
	if n.Relation == nil {
		return pgerr.Unsupported("ALTER %s … SET SCHEMA", objectWord(n.ObjectType))
	}
	r, err := s.relation(n.Relation.Schemaname, n.Relation.Relname)
	if err != nil {
		return err
	}
	if r == nil {
		if n.MissingOk {
			s.notice(pgerr.SuccessfulCompletion, "relation %q does not exist, skipping", n.Relation.Relname)
			return nil
		}
		return undefinedRelation(n.Relation.Schemaname, n.Relation.Relname)
	}
	if err := s.mustOwnRelation(r); err != nil {
		return err
	}
	sc, err := s.creationSchema(n.Newschema)
	if err != nil {
		return err
	}
	if err := checkMove(s.snapshot().SchemaByOID(s.Database, r.Ref().Schema), sc); err != nil {
		return err
	}
	return s.moveRelation(r, sc)
}

// moveRelation moves a relation, with the sequences that it owns.
func (s *statement) moveRelation(r catalog.Relation, sc *catalog.Schema) error {
	if err := s.checkFree(sc.OID, r.Ref().Name); err != nil {
		return err
	}
	if r.Ref().Kind != catalog.KindSequence && !s.freeTypeName(sc.OID, r.Ref().Name) {
		return errTypeInSchema(r.Ref().Name, sc.Name)
	}
	switch r := r.(type) {
	case *catalog.Table:
		owned := s.ownedSequences(r.OID, 0)
		c := cloneTable(r)
		c.Schema = sc.OID
		if err := s.putRelation(c); err != nil {
			return err
		}
		for _, seq := range owned {
			if err := s.moveRelation(seq, sc); err != nil {
				return err
			}
		}
	case *catalog.Sequence:
		c := *r
		c.Schema = sc.OID
		return s.putRelation(&c)
	case *catalog.View:
		c := *r
		c.Schema = sc.OID
		return s.putRelation(&c)
	}
	return nil
}
