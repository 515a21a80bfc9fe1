package ddl

import (
	"context"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// newType makes the header of a type that is to be made in its schema, under
// OIDs in the order in which PostgreSQL takes them.
func (s *statement) newType(ctx context.Context, names []*pg.Node) (catalog.TypeHeader, error) {
	schema, name := dotted(names)
	sc, err := s.typeSchema(schema)
	if err != nil {
		return catalog.TypeHeader{}, err
	}
	if err := s.checkTypeFree(sc.OID, name); err != nil {
		return catalog.TypeHeader{}, err
	}
	h := catalog.TypeHeader{Database: s.Database, Schema: sc.OID, Name: name, Owner: s.Role.OID}
	h.ArrayName = s.arrayTypeName(sc.OID, name)
	return h, s.oids(ctx, &h.Array, &h.OID)
}

// typeSchema is creationSchema for a type.
func (s *statement) typeSchema(schema string) (*catalog.Schema, error) {
	sc, err := s.creationSchema(schema)
	if err == nil && sc.Backend != 0 {
		err = pgerr.Unsupported("a temporary type")
	}
	return sc, err
}

// checkTypeFree refuses a type's name that is taken (42710).
func (s *statement) checkTypeFree(schema catalog.OID, name string) error {
	if !s.freeTypeName(schema, name) {
		return pgerr.New(pgerr.DuplicateObject, "type %q already exists", name)
	}
	return nil
}

func errTypeInSchema(name, schema string) error {
	return pgerr.New(pgerr.DuplicateObject, "type %q already exists in schema %q", name, schema)
}

// freeTypeName reports whether a type can have the name: an array type that
// nobody has named gives it up (moveArrayTypeName in pg_type.c).
func (s *statement) freeTypeName(schema catalog.OID, name string) bool {
	t := s.snapshot().TypeByName(s.Database, schema, name)
	if t == nil {
		return true
	}
	if t.Elem == nil || t.Elem.Array != t {
		return false
	}
	free := s.arrayTypeName(schema, name)
	switch o := s.snapshot().TypeOwner(t).(type) {
	case catalog.UserType:
		c := o.Copy()
		catalog.HeaderFor(c, t).ArrayName = free
		s.Change.Put(c)
	case *catalog.Table:
		c := cloneTable(o)
		c.ArrayName = free
		s.Change.Put(c)
	case *catalog.View:
		c := *o
		c.ArrayName = free
		s.Change.Put(&c)
	}
	return true
}

// rowArrayName is what a relation of that name is to keep as the name of its
// array type: "" where that goes without saying.
func (s *statement) rowArrayName(schema catalog.OID, name string) string {
	if free := s.arrayTypeName(schema, name); free != catalog.ArrayTypeName(name) {
		return free
	}
	return ""
}

// arrayTypeName is what an array type is called: _name, with as many
// underscores as make it nobody else's (makeArrayTypeName).
func (s *statement) arrayTypeName(schema catalog.OID, name string) string {
	for {
		name = types.TruncateName("_" + name)
		if s.snapshot().TypeByName(s.Database, schema, name) == nil {
			return name
		}
	}
}

// userType finds a type that a statement is to change: 42704 for none, 2BP01 or
// 42809 for one that no statement about types changes. refused says why not.
func (s *statement) userType(n *pg.TypeName) (catalog.UserType, error) {
	t, _, err := s.typeName(n)
	if err != nil {
		return nil, err
	}
	return s.changeable(t)
}

// typeNamed is userType of a name in a list.
func (s *statement) typeNamed(list *pg.Node) (catalog.UserType, error) {
	return s.userType(typeNameOf(list))
}

// changeable is what makes a type that is user-defined, and owned by who asks.
func (s *statement) changeable(t *types.Type) (catalog.UserType, error) {
	switch o := s.snapshot().TypeOwner(t).(type) {
	case catalog.UserType:
		if t.OID == catalog.HeaderFor(o, t).Array {
			return nil, pgerr.New(pgerr.WrongObjectType, "cannot alter array type %s", t.SQLName).
				WithHint("You can alter type %s, which will alter the array type as well.", t.Elem.SQLName)
		}
		s.NamedTypes = append(s.NamedTypes, o.Header().OID)
		return o, s.mustOwnType(o)
	case catalog.Relation:
		if t.Elem != nil {
			return nil, pgerr.New(pgerr.WrongObjectType, "cannot alter array type %s", t.SQLName).
				WithHint("You can alter type %s, which will alter the array type as well.", t.Elem.SQLName)
		}
		return nil, pgerr.New(pgerr.WrongObjectType, "%s is a table's row type", t.SQLName).WithHint("Use ALTER TABLE instead.")
	}
	return nil, denied("must be owner of type %s", t.SQLName)
}

func (s *statement) mustOwnType(t catalog.UserType) error {
	h := t.Header()
	typ, _ := catalog.Type(t)
	return s.mustOwn("type", typ.SQLName, h.Owner)
}

// visibleTypeName is a type's name, with its schema when the search path does
// not lead to it (format_type_be).
func (s *statement) visibleTypeName(t *types.Type) string {
	if t.Elem != nil && t.Elem.Array == t {
		return s.visibleTypeName(t.Elem) + "[]"
	}
	var schema catalog.OID
	switch o := s.snapshot().TypeOwner(t).(type) {
	case catalog.Relation:
		return s.visibleName(o)
	case catalog.UserType:
		schema = catalog.HeaderFor(o, t).Schema
	default:
		return t.SQLName
	}
	for _, oid := range s.lookupPath() {
		if found := s.snapshot().TypeByName(s.Database, oid, t.Name); found != nil {
			if found == t {
				return expr.QuoteIdent(t.Name)
			}
			break
		}
	}
	return expr.QuoteIdent(s.snapshot().SchemaByOID(s.Database, schema).Name) + "." + expr.QuoteIdent(t.Name)
}

// checkColumnType refuses what no column can be of.
func (s *statement) checkColumnType(name string, t *types.Type) error {
	switch {
	case t.Kind == 'p':
		return pgerr.New(pgerr.InvalidTableDefinition, "column %q has pseudo-type %s", name, t.SQLName)
	case types.ByOID(t.OID) == nil && t.OID < catalog.FirstNormalOID:
		return pgerr.Unsupported("column \"%s\" of type %s, a system catalog's rows", name, t.SQLName)
	case !t.Supported():
		return pgerr.Unsupported("a column of type %s", t.SQLName)
	}
	if r, ok := s.snapshot().TypeOwner(t).(catalog.Relation); ok && r.Ref().Persistence == catalog.Temporary {
		return pgerr.Unsupported("column \"%s\" of type %s, a temporary table's rows", name, t.SQLName)
	}
	return nil
}

// storedAs is a built-in type whose values lie in rows as those of t do: what a
// dropped column keeps of its type, which may be dropped as well.
func storedAs(t *types.Type) *types.Type {
	for t.Base() != t {
		t = t.Base()
	}
	switch {
	case types.ByOID(t.OID) == t:
		return t
	case t.Storing == types.StoreInteger:
		return types.TInt8
	}
	return types.TBytea
}

// touchTables gives the tables that have values of a type a new version: no
// statement that was planned with the type as it was reads or writes them from then on (rule 21).
func (s *statement) touchTables(t catalog.UserType) {
	for _, table := range s.snapshot().TablesOf(t) {
		s.Change.Put(cloneTable(table))
	}
}

// renameType is ALTER TYPE and ALTER DOMAIN … RENAME TO.
func (s *statement) renameType(n *pg.RenameStmt) error {
	t, h, err := s.typeToAlter(n.Object, n.RenameType)
	if err != nil {
		return err
	}
	if c, ok := t.(*catalog.Composite); ok {
		if err := s.checkFree(c.Schema, n.Newname); err != nil {
			return err
		}
	}
	if err := s.checkTypeFree(h.Schema, n.Newname); err != nil {
		return err
	}
	c := s.snapshot().UserTypeByOID(t.Header().OID).Copy() // its array may have given the name up
	headerOf(c, h).Name = n.Newname
	s.Change.Put(c)
	c = c.Copy()
	headerOf(c, h).ArrayName = s.arrayTypeName(h.Schema, n.Newname)
	s.Change.Put(c)
	return nil
}

// headerOf is the one of a descriptor's headers that stands for the same type as another version's.
func headerOf(t catalog.UserType, as *catalog.TypeHeader) *catalog.TypeHeader {
	if r, ok := t.(*catalog.Range); ok && as.OID == r.Multirange.OID {
		return &r.Multirange
	}
	return t.Header()
}

// typeToAlter finds a type that ALTER TYPE names, or a domain that ALTER DOMAIN
// does, with its header: the second of a range type's where the multirange type is named.
func (s *statement) typeToAlter(names *pg.Node, object pg.ObjectType) (t catalog.UserType, h *catalog.TypeHeader, err error) {
	if object == pg.ObjectType_OBJECT_DOMAIN {
		d, err := s.domain(names.GetList().GetItems())
		if err != nil {
			return nil, nil, err
		}
		return d, d.Header(), nil
	}
	typ, _, err := s.typeName(typeNameOf(names))
	if err != nil {
		return nil, nil, err
	}
	if t, err = s.changeable(typ); err != nil {
		return nil, nil, err
	}
	return t, catalog.HeaderFor(t, typ), nil
}

// typeNameOf is a name in a list as one of a type.
func typeNameOf(list *pg.Node) *pg.TypeName {
	return &pg.TypeName{Names: list.GetList().GetItems(), Typemod: -1, Location: -1}
}

// setTypeSchema is ALTER TYPE and ALTER DOMAIN … SET SCHEMA.
func (s *statement) setTypeSchema(n *pg.AlterObjectSchemaStmt) error {
	t, h, err := s.typeToAlter(n.Object, n.ObjectType)
	if err != nil {
		return err
	}
	sc, err := s.creationSchema(n.Newschema)
	if err != nil {
		return err
	}
	if h.Schema == sc.OID {
		return nil
	}
	if !s.freeTypeName(sc.OID, h.Name) {
		return errTypeInSchema(h.Name, sc.Name)
	}
	if _, ok := t.(*catalog.Composite); ok {
		if err := s.checkFree(sc.OID, h.Name); err != nil {
			return err
		}
	}
	c := t.Copy()
	moved := headerOf(c, h)
	moved.Schema, moved.ArrayName = sc.OID, s.arrayTypeName(sc.OID, h.Name)
	s.Change.Put(c)
	return nil
}

// changeTypeOwner is ALTER TYPE and ALTER DOMAIN … OWNER TO.
func (s *statement) changeTypeOwner(n *pg.AlterOwnerStmt, to *catalog.Role) error {
	t, h, err := s.typeToAlter(n.Object, n.ObjectType)
	if err != nil {
		return err
	}
	if err := s.checkMultirangeOwner(t, h, to); err != nil {
		return err
	}
	if !s.Role.Super && h.Owner != to.OID {
		if err := s.mustBeMember(to); err != nil {
			return err
		}
		if err := s.roleCreatesIn(to, s.snapshot().SchemaByOID(s.Database, h.Schema)); err != nil {
			return err
		}
	}
	c := t.Copy()
	c.Header().Owner = to.OID
	if r, ok := c.(*catalog.Range); ok {
		r.Multirange.Owner = to.OID
	}
	s.Change.Put(c)
	return nil
}

// commentType is COMMENT ON TYPE and ON DOMAIN.
func (s *statement) commentType(n *pg.CommentStmt) error {
	typ, _, err := s.typeName(n.Object.GetTypeName())
	if err != nil {
		return err
	}
	if _, ok := s.snapshot().TypeOwner(typ).(catalog.UserType); !ok {
		return pgerr.Unsupported("COMMENT ON TYPE of a type that is built in, or of a relation's rows")
	}
	t, err := s.changeable(typ)
	if err != nil {
		return err
	}
	if n.Objtype == pg.ObjectType_OBJECT_DOMAIN {
		if _, ok := t.(*catalog.Domain); !ok {
			return errNotDomain(t)
		}
	}
	c := t.Copy()
	catalog.HeaderFor(c, typ).Comment = n.Comment
	s.Change.Put(c)
	return nil
}

// errNotDomain is what commands that look a domain up say of another type (objectaddress.c).
func errNotDomain(t catalog.UserType) error {
	return pgerr.New(pgerr.WrongObjectType, "%q is not a domain", t.Header().Name)
}
