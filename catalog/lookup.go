package catalog

// Database returns the database of that name, or nil.
func (s *Snapshot) Database(name string) *Database {
	e, _ := s.names.Get(nameEntry{class: ClassDatabase, name: name})
	d, _ := e.object.(*Database)
	return d
}

// DatabaseByOID returns the database with that OID, or nil.
func (s *Snapshot) DatabaseByOID(oid OID) *Database {
	d, _ := s.Object(Key{Class: ClassDatabase, OID: oid}).(*Database)
	return d
}

// Role returns the role of that name, or nil.
func (s *Snapshot) Role(name string) *Role {
	e, _ := s.names.Get(nameEntry{class: ClassRole, name: name})
	r, _ := e.object.(*Role)
	return r
}

// RoleByOID returns the role with that OID, or nil.
func (s *Snapshot) RoleByOID(oid OID) *Role {
	r, _ := s.Object(Key{Class: ClassRole, OID: oid}).(*Role)
	return r
}

// Schema returns a database's schema of that name, or nil.
func (s *Snapshot) Schema(database OID, name string) *Schema {
	e, _ := s.names.Get(nameEntry{class: ClassSchema, database: database, name: name})
	schema, _ := e.object.(*Schema)
	return schema
}

// SchemaByOID returns a database's schema with that OID, or nil.
func (s *Snapshot) SchemaByOID(database, oid OID) *Schema {
	schema, _ := s.Object(Key{Class: ClassSchema, OID: oid, Database: database}).(*Schema)
	return schema
}

// Relation returns the table, sequence or view of that name in a database's
// schema, the database's own before the system's; nil when there is none.
func (s *Snapshot) Relation(database, schema OID, name string) Relation {
	e, ok := s.names.Get(nameEntry{class: ClassRelation, database: database, schema: schema, name: name})
	if !ok {
		return s.system.relation(schema, name)
	}
	if e.index != 0 {
		return nil
	}
	return e.object.(Relation)
}

// RelationByOID returns the table, sequence or view with that OID, or nil.
func (s *Snapshot) RelationByOID(oid OID) Relation {
	if r, ok := s.Object(Key{Class: ClassRelation, OID: oid}).(Relation); ok {
		return r
	}
	if r, ok := s.system.byOID[oid]; ok {
		return r
	}
	return nil
}

// Table returns the table with that OID; nil for other relations and none.
func (s *Snapshot) Table(oid OID) *Table {
	t, _ := s.RelationByOID(oid).(*Table)
	return t
}

// Sequence returns the sequence with that OID, or nil.
func (s *Snapshot) Sequence(oid OID) *Sequence {
	q, _ := s.RelationByOID(oid).(*Sequence)
	return q
}

// View returns the view with that OID, or nil.
func (s *Snapshot) View(oid OID) *View {
	v, _ := s.RelationByOID(oid).(*View)
	return v
}

// IndexByName returns the index of that name in a database's schema, with its
// table; nil, nil when there is none.
func (s *Snapshot) IndexByName(database, schema OID, name string) (*Table, *Index) {
	e, ok := s.names.Get(nameEntry{class: ClassRelation, database: database, schema: schema, name: name})
	if t, isTable := e.object.(*Table); ok && e.index != 0 && isTable {
		return t, t.Index(e.index)
	}
	if !ok {
		return s.system.index(schema, name)
	}
	return nil, nil
}

// IndexByOID returns the index with that OID and its table, or nil, nil.
func (s *Snapshot) IndexByOID(oid OID) (*Table, *Index) {
	t, _ := s.Owner(oid).(*Table)
	if t == nil {
		return nil, nil
	}
	if x := t.Index(oid); x != nil {
		return t, x
	}
	return nil, nil
}

// Owner returns the relation that a part belongs to: an index, constraint,
// default, rule, row type or array type, by OID; nil when the OID is no part.
func (s *Snapshot) Owner(part OID) Relation {
	r, _ := s.partOwner(part).(Relation)
	return r
}

// partOwner is the relation or user-defined type that a part belongs to, or nil.
func (s *Snapshot) partOwner(part OID) Object {
	if e, ok := s.parts.Get(partEntry{part: part}); ok {
		return s.Object(e.owner)
	}
	if r, ok := s.system.byPart[part]; ok {
		return r
	}
	return nil
}

// PartOfType returns the user-defined type that a part belongs to: its array type,
// a composite's relation, a domain's constraint, by OID; nil when the OID is none.
func (s *Snapshot) PartOfType(part OID) UserType {
	t, _ := s.partOwner(part).(UserType)
	return t
}

// NameTaken reports whether a relation or index of that name is in the schema:
// the two share a name space.
func (s *Snapshot) NameTaken(database, schema OID, name string) bool {
	_, ok := s.names.Get(nameEntry{class: ClassRelation, database: database, schema: schema, name: name})
	if !ok {
		_, ok = s.system.byName[systemName{schema, name}]
	}
	return ok
}

// systemRelations are the relations that come with the program. They are the
// same in every database and at every revision.
type systemRelations struct {
	list   []Relation // by OID
	byOID  map[OID]Relation
	byPart map[OID]Relation
	byName map[systemName]systemEntry
}

type systemName struct {
	schema OID
	name   string
}

type systemEntry struct {
	relation Relation
	index    OID
}

func newSystemRelations(list []Relation) *systemRelations {
	s := &systemRelations{
		list:   list,
		byOID:  make(map[OID]Relation, len(list)),
		byPart: make(map[OID]Relation, 3*len(list)),
		byName: make(map[systemName]systemEntry, 2*len(list)),
	}
	for _, r := range list {
		prepareRow(r)
		s.byOID[r.Ref().OID] = r
		partOIDs(r, func(part OID) { s.byPart[part] = r })
		eachName(r, func(e nameEntry) {
			if e.class == ClassRelation {
				s.byName[systemName{e.schema, e.name}] = systemEntry{r, e.index}
			}
		})
	}
	return s
}

func (s *systemRelations) relation(schema OID, name string) Relation {
	if e, ok := s.byName[systemName{schema, name}]; ok && e.index == 0 {
		return e.relation
	}
	return nil
}

func (s *systemRelations) index(schema OID, name string) (*Table, *Index) {
	e := s.byName[systemName{schema, name}]
	if t, ok := e.relation.(*Table); ok && e.index != 0 {
		return t, t.Index(e.index)
	}
	return nil, nil
}
