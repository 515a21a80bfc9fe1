package ddl

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// comment is COMMENT ON.
func (s *statement) comment(n *pg.CommentStmt) error {
	switch n.Objtype {
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_SEQUENCE, pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_MATVIEW:
		return s.commentRelation(n)
	case pg.ObjectType_OBJECT_COLUMN:
		return s.commentColumn(n)
	case pg.ObjectType_OBJECT_INDEX:
		return s.commentIndex(n)
	case pg.ObjectType_OBJECT_TABCONSTRAINT:
		return s.commentConstraint(n)
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
		return s.commentType(n)
	case pg.ObjectType_OBJECT_DOMCONSTRAINT:
		return s.commentDomainConstraint(n)
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE, pg.ObjectType_OBJECT_AGGREGATE:
		return s.commentFunction(n)
	case pg.ObjectType_OBJECT_SCHEMA:
		sc, err := s.schema(n.Object.GetString_().GetSval())
		if err != nil {
			return err
		}
		if err := s.mustOwn("schema", sc.Name, sc.Owner); err != nil {
			return err
		}
		c := *sc
		c.Comment = n.Comment
		s.Change.Put(&c)
		return nil
	case pg.ObjectType_OBJECT_DATABASE:
		db, err := s.databaseCopy(n.Object.GetString_().GetSval())
		if err != nil {
			return err
		}
		if err := s.mustOwn("database", db.Name, db.Owner); err != nil {
			return err
		}
		db.Comment = n.Comment
		s.Change.Put(db)
		return nil
	case pg.ObjectType_OBJECT_ROLE:
		name := n.Object.GetString_().GetSval()
		r := s.snapshot().Role(name)
		if r == nil {
			return undefinedRole(name)
		}
		switch {
		case r.Super && !s.Role.Super:
			return denied("must be superuser")
		case !s.createsRoles():
			return denied("must have CREATEROLE privilege")
		}
		c := roleCopy(r)
		c.Comment = n.Comment
		s.Change.Put(c)
		return nil
	}
	return pgerr.Unsupported("COMMENT ON %s", objectWord(n.Objtype))
}

func (s *statement) commentRelation(n *pg.CommentStmt) error {
	schema, name := dotted(n.Object.GetList().GetItems())
	r, err := s.relation(schema, name)
	if err != nil {
		return err
	}
	if r == nil {
		return undefinedRelation(schema, name)
	}
	if err := s.mustOwnRelation(r); err != nil {
		return err
	}
	switch r := r.(type) {
	case *catalog.Table:
		if n.Objtype != pg.ObjectType_OBJECT_TABLE && n.Objtype != pg.ObjectType_OBJECT_MATVIEW || (n.Objtype == pg.ObjectType_OBJECT_MATVIEW) != (r.Query != "") {
			break
		}
		c := cloneTable(r)
		c.Comment = n.Comment
		s.Change.Put(c)
		return nil
	case *catalog.Sequence:
		if n.Objtype != pg.ObjectType_OBJECT_SEQUENCE {
			break
		}
		c := *r
		c.Comment = n.Comment
		s.Change.Put(&c)
		return nil
	case *catalog.View:
		if n.Objtype != pg.ObjectType_OBJECT_VIEW {
			break
		}
		c := *r
		c.Comment = n.Comment
		s.Change.Put(&c)
		return nil
	}
	what := map[pg.ObjectType]string{pg.ObjectType_OBJECT_TABLE: "table", pg.ObjectType_OBJECT_SEQUENCE: "sequence", pg.ObjectType_OBJECT_VIEW: "view", pg.ObjectType_OBJECT_MATVIEW: "materialized view"}
	return pgerr.New(pgerr.WrongObjectType, "%q is not a %s", name, what[n.Objtype])
}

func (s *statement) commentColumn(n *pg.CommentStmt) error {
	items := n.Object.GetList().GetItems()
	schema, table := dotted(items[:len(items)-1])
	t, err := s.table(&pg.RangeVar{Schemaname: schema, Relname: table})
	if err != nil {
		return err
	}
	if err := s.mustOwn("relation", t.Name, t.Owner); err != nil {
		return err
	}
	b := s.alterBuilder(t)
	c, err := b.column(items[len(items)-1].GetString_().GetSval())
	if err != nil {
		return err
	}
	c.Comment = n.Comment
	s.Change.Put(b.table)
	return nil
}

func (s *statement) commentIndex(n *pg.CommentStmt) error {
	schema, name := dotted(n.Object.GetList().GetItems())
	t, ix, err := s.index(schema, name)
	if err != nil {
		return err
	}
	if ix == nil {
		return undefinedRelation(schema, name)
	}
	if err := s.mustOwn("index", ix.Name, t.Owner); err != nil {
		return err
	}
	c := cloneTable(t)
	c.Index(ix.OID).Comment = n.Comment
	s.Change.Put(c)
	return nil
}

func (s *statement) commentConstraint(n *pg.CommentStmt) error {
	items := n.Object.GetList().GetItems()
	schema, table := dotted(items[:len(items)-1])
	t, err := s.table(&pg.RangeVar{Schemaname: schema, Relname: table})
	if err != nil {
		return err
	}
	if err := s.mustOwn("relation", t.Name, t.Owner); err != nil {
		return err
	}
	name := items[len(items)-1].GetString_().GetSval()
	c := cloneTable(t)
	for i := range c.Checks {
		if c.Checks[i].Name == name {
			c.Checks[i].Comment = n.Comment
			s.Change.Put(c)
			return nil
		}
	}
	if k := c.ForeignKeyByName(name); k != nil {
		k.Comment = n.Comment
		s.Change.Put(c)
		return nil
	}
	for i := range c.Indexes {
		if ix := &c.Indexes[i]; ix.Constraint != 0 && ix.Name == name {
			ix.ConstraintComment = n.Comment
			s.Change.Put(c)
			return nil
		}
	}
	return pgerr.New(pgerr.UndefinedObject, "constraint %q for table %q does not exist", name, t.Name)
}
