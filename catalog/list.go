package catalog

import "iter"

// Databases walks all databases in order of name.
func (s *Snapshot) Databases() iter.Seq[*Database] {
	return walkNames[*Database](s, nameEntry{class: ClassDatabase})
}

// Roles walks all roles in order of name.
func (s *Snapshot) Roles() iter.Seq[*Role] {
	return walkNames[*Role](s, nameEntry{class: ClassRole})
}

// Schemas walks a database's schemas in order of name.
func (s *Snapshot) Schemas(database OID) iter.Seq[*Schema] {
	return walkNames[*Schema](s, nameEntry{class: ClassSchema, database: database})
}

// Relations walks a database's own relations, in order of schema OID and name.
func (s *Snapshot) Relations(database OID) iter.Seq[Relation] {
	return walkNames[Relation](s, nameEntry{class: ClassRelation, database: database})
}

// RelationsIn walks the relations of one schema of a database, in order of name.
func (s *Snapshot) RelationsIn(database, schema OID) iter.Seq[Relation] {
	return func(yield func(Relation) bool) {
		for r := range walkNames[Relation](s, nameEntry{class: ClassRelation, database: database, schema: schema}) {
			if r.Ref().Schema != schema || !yield(r) {
				return
			}
		}
	}
}

// Tables walks a database's own tables, in order of schema OID and name.
func (s *Snapshot) Tables(database OID) iter.Seq[*Table] {
	return walkNames[*Table](s, nameEntry{class: ClassRelation, database: database})
}

// SystemRelations are the relations that every database has, in order of OID;
// callers must not change the slice.
func (s *Snapshot) SystemRelations() []Relation { return s.system.list }

// Objects walks every descriptor of the cluster, system relations left out, in
// order of key.
func (s *Snapshot) Objects() iter.Seq2[Object, uint64] {
	return func(yield func(Object, uint64) bool) {
		s.objects.Scan(func(e objectEntry) bool { return yield(e.object, e.revision) })
	}
}

// walkNames walks the objects of type T whose names begin as from does.
func walkNames[T Object](s *Snapshot, from nameEntry) iter.Seq[T] {
	return func(yield func(T) bool) {
		s.names.Ascend(from, func(e nameEntry) bool {
			if e.class != from.class || e.database != from.database {
				return false
			}
			o, ok := e.object.(T)
			return e.index != 0 || !ok || yield(o)
		})
	}
}
