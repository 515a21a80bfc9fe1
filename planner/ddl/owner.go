package ddl

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// alterOwner is ALTER DATABASE | SCHEMA | TYPE | DOMAIN … OWNER TO.
func (s *statement) alterOwner(n *pg.AlterOwnerStmt) error {
	role, err := s.role(n.Newowner)
	if err != nil {
		return err
	}
	name := n.Object.GetString_().GetSval()
	switch n.ObjectType {
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
		return s.changeTypeOwner(n, role)
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE, pg.ObjectType_OBJECT_AGGREGATE:
		return s.changeFunctionOwner(n, role)
	case pg.ObjectType_OBJECT_DATABASE:
		db, err := s.databaseCopy(name)
		if err != nil {
			return err
		}
		if err := s.mayHandOverDatabase(db, role); err != nil {
			return err
		}
		db.Owner = role.OID
		s.Change.Put(db)
		return nil
	case pg.ObjectType_OBJECT_SCHEMA:
		sc, err := s.schema(name)
		if err != nil {
			return err
		}
		if err := s.mayHandOverSchema(sc, role); err != nil {
			return err
		}
		c := *sc
		c.Owner = role.OID
		s.Change.Put(&c)
		return nil
	}
	return pgerr.Unsupported("ALTER %s … OWNER TO", objectWord(n.ObjectType))
}

// changeOwner is ALTER TABLE … OWNER TO; owned sequences follow.
func (b *tableBuilder) changeOwner(spec *pg.RoleSpec) error {
	role, err := b.role(spec)
	if err != nil {
		return err
	}
	if err := b.mayHandOver(b.table, role); err != nil {
		return err
	}
	b.table.Owner = role.OID
	for _, seq := range b.ownedSequences(b.table.OID, 0) {
		c := *seq
		c.Owner = role.OID
		b.Change.Put(&c)
	}
	return nil
}

// alterRelationOwner is ALTER SEQUENCE … OWNER TO, in ALTER TABLE's clothes.
func (s *statement) alterRelationOwner(seq *catalog.Sequence, n *pg.AlterTableStmt) error {
	c := *seq
	for _, cmd := range n.Cmds {
		a := cmd.GetAlterTableCmd()
		switch a.Subtype {
		case pg.AlterTableType_AT_ChangeOwner:
			role, err := s.role(a.Newowner)
			if err != nil {
				return err
			}
			if err := s.mayHandOver(seq, role); err != nil {
				return err
			}
			c.Owner = role.OID
		case pg.AlterTableType_AT_SetLogged:
			c.Persistence = catalog.Permanent
		case pg.AlterTableType_AT_SetUnLogged:
			c.Persistence = catalog.Unlogged
		default:
			return unsupportedAlter(n.Objtype, a)
		}
	}
	s.Change.Put(&c)
	return nil
}

func (s *statement) mayHandOverSchema(sc *catalog.Schema, to *catalog.Role) error {
	if err := s.mustOwn("schema", sc.Name, sc.Owner); err != nil {
		return err
	}
	if err := s.mustBeMember(to); err != nil {
		return err
	}
	return s.mayCreateInDatabase()
}

func (s *statement) mayHandOverDatabase(db *catalog.Database, to *catalog.Role) error {
	if err := s.mustOwn("database", db.Name, db.Owner); err != nil {
		return err
	}
	if err := s.mustBeMember(to); err != nil {
		return err
	}
	if !s.createsDatabases() {
		return denied("permission denied to change owner of database")
	}
	return nil
}
