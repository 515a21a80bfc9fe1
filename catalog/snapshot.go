package catalog

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/tidwall/btree"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Snapshot is all descriptors at one revision: immutable, shared by every
// session that plans with it. Copies share structure, so that the overlay of a
// transaction's DDL costs by what it changes.
type Snapshot struct {
	revision uint64
	system   *systemRelations

	// copying protects the copy-on-write marks of the trees, which a copy of a
	// shared snapshot writes; look-ups do not read them.
	copying sync.Mutex
	objects *btree.BTreeG[objectEntry]
	names   *btree.BTreeG[nameEntry]
	parts   *btree.BTreeG[partEntry]
	uses    *btree.BTreeG[useEntry]
}

// objectEntry is a descriptor with the revision that published it; 0 in the
// overlay of a transaction.
type objectEntry struct {
	key      Key
	object   Object
	revision uint64
}

// nameEntry is a name within its name space. Indexes share that of relations.
type nameEntry struct {
	class    Class
	database OID
	schema   OID
	name     string
	object   Object
	index    OID // of an index: object is its *Table; of a composite as a relation; of an array or multirange type: object is what makes it
}

// partEntry leads from the OID of a part to its relation or type.
type partEntry struct {
	part  OID
	owner Key
}

func lessObject(a, b objectEntry) bool { return a.key.compare(b.key) < 0 }

func (k Key) compare(o Key) int {
	if k.Class != o.Class {
		return cmp.Compare(k.Class, o.Class)
	}
	if k.OID != o.OID {
		return cmp.Compare(k.OID, o.OID)
	}
	return cmp.Compare(k.Database, o.Database)
}

func lessName(a, b nameEntry) bool { return compareName(&a, &b) < 0 }

func compareName(a, b *nameEntry) int {
	if a.class != b.class {
		return cmp.Compare(a.class, b.class)
	}
	if a.database != b.database {
		return cmp.Compare(a.database, b.database)
	}
	if a.schema != b.schema {
		return cmp.Compare(a.schema, b.schema)
	}
	return strings.Compare(a.name, b.name)
}

func lessPart(a, b partEntry) bool { return a.part < b.part }

// treeDegree makes nodes of up to 63 items: a copied path of three nodes is
// a few KB, and 100,000 relations are three levels.
const treeDegree = 32

// NewSnapshot makes a snapshot with no objects but the given system relations,
// which belong to every database and never change: those of package pgcatalog.
func NewSnapshot(system []Relation) *Snapshot {
	options := btree.Options{Degree: treeDegree, NoLocks: true}
	return &Snapshot{
		system:  newSystemRelations(system),
		objects: btree.NewBTreeGOptions(lessObject, options),
		names:   btree.NewBTreeGOptions(lessName, options),
		parts:   btree.NewBTreeGOptions(lessPart, options),
		uses:    btree.NewBTreeGOptions(lessUse, options),
	}
}

// clone makes a copy that may be written to.
func (s *Snapshot) clone() *Snapshot {
	s.copying.Lock()
	defer s.copying.Unlock()
	return &Snapshot{
		revision: s.revision,
		system:   s.system,
		objects:  s.objects.IsoCopy(),
		names:    s.names.IsoCopy(),
		parts:    s.parts.IsoCopy(),
		uses:     s.uses.IsoCopy(),
	}
}

// Revision is the number of the last change that the snapshot contains. A
// transaction's overlay keeps the revision of what it lies over.
func (s *Snapshot) Revision() uint64 { return s.revision }

// RevisionOf is the revision that published the descriptor that s has under
// the key: 0 when there is none, or when a transaction's own overlay has put it.
func (s *Snapshot) RevisionOf(k Key) uint64 {
	e, _ := s.objects.Get(objectEntry{key: k})
	return e.revision
}

// Object returns the descriptor under the key, or nil.
func (s *Snapshot) Object(k Key) Object {
	e, _ := s.objects.Get(objectEntry{key: k})
	return e.object
}

// Op is one step of a change: Object takes the place of what is under Key, or
// Key goes when Object is nil.
type Op struct {
	Key    Key
	Object Object
}

// Apply returns s with the ops done in order, as of the given revision.
func (s *Snapshot) Apply(ops []Op, revision uint64) *Snapshot {
	next := s.clone()
	next.revision = revision
	for _, op := range ops {
		if op.Object == nil {
			next.remove(op.Key)
		} else {
			next.put(op.Object, revision)
		}
	}
	return next
}

// WithStatistics returns s with the statistics of some tables replaced, as of
// the given revision. The tables' own revisions stay: statistics are no change
// that DDL could conflict with. Tables that are gone are passed over.
func (s *Snapshot) WithStatistics(statistics map[OID]Statistics, revision uint64) *Snapshot {
	next := s.clone()
	next.revision = revision
	for oid, stats := range statistics {
		key := Key{Class: ClassRelation, OID: oid}
		e, ok := next.objects.Get(objectEntry{key: key})
		table, isTable := e.object.(*Table)
		if !ok || !isTable {
			continue
		}
		changed := *table
		changed.Stats = stats
		next.put(&changed, e.revision)
	}
	return next
}

// put writes o into a snapshot that nobody else has seen. What is made of o's
// types, or has them in its name, is put anew at its own revision.
func (s *Snapshot) put(o Object, revision uint64) {
	if e, ok := o.(*Enum); ok && revision != 0 {
		o = e.settled()
	}
	o = s.withTypes(o)
	s.prepareTypes(o)
	key := o.ObjectKey()
	old, replaced := s.objects.Set(objectEntry{key, o, revision})
	if replaced {
		s.forgetNames(old.object)
	}
	eachName(o, func(e nameEntry) { s.names.Set(e) })
	partOIDs(o, func(part OID) { s.parts.Set(partEntry{part, key}) })
	eachType(o, func(t **types.Type) { s.uses.Set(useEntry{(*t).OID, key}) })
	s.putUsers(o)
	if schema, ok := o.(*Schema); ok {
		s.putTypesIn(schema)
	}
}

// putTypesIn puts the types of a schema anew: their names in SQL have its name.
func (s *Snapshot) putTypesIn(schema *Schema) {
	for _, t := range slices.Collect(s.UserTypesIn(schema.Database, schema.OID)) {
		if name, multirange := s.sqlNames(t); (*t.cell()).name != name || (*t.cell()).multirangeName != multirange {
			s.put(t.Copy(), s.RevisionOf(t.ObjectKey()))
		}
	}
}

func (s *Snapshot) remove(k Key) {
	if old, ok := s.objects.Delete(objectEntry{key: k}); ok {
		s.forgetNames(old.object)
	}
}

// forgetNames takes out an object's names, parts and uses of types, but for a
// name that another object has taken meanwhile.
func (s *Snapshot) forgetNames(o Object) {
	key := o.ObjectKey()
	eachName(o, func(e nameEntry) {
		if have, ok := s.names.Get(e); ok && have.object.ObjectKey() == key {
			s.names.Delete(e)
		}
	})
	partOIDs(o, func(part OID) {
		if have, ok := s.parts.Get(partEntry{part: part}); ok && have.owner == key {
			s.parts.Delete(have)
		}
	})
	eachType(o, func(t **types.Type) { s.uses.Delete(useEntry{(*t).OID, key}) })
}

// eachName calls yield for every name that the object takes.
func eachName(o Object, yield func(nameEntry)) {
	switch o := o.(type) {
	case *Database:
		yield(nameEntry{class: ClassDatabase, name: o.Name, object: o})
	case *Role:
		yield(nameEntry{class: ClassRole, name: o.Name, object: o})
	case *Schema:
		yield(nameEntry{class: ClassSchema, database: o.Database, name: o.Name, object: o})
	case *Function:
		yield(nameEntry{class: ClassFunction, database: o.Database, schema: o.Schema, name: o.entryName(), object: o})
	case UserType:
		h := o.Header()
		e := nameEntry{class: ClassType, database: h.Database, schema: h.Schema, name: h.Name, object: o}
		yield(e)
		e.name, e.index = h.ArrayName, h.Array
		yield(e)
		switch o := o.(type) {
		case *Composite:
			e.class, e.name, e.index = ClassRelation, h.Name, o.Relation
			yield(e)
		case *Range:
			e.schema, e.name, e.index = o.Multirange.Schema, o.Multirange.Name, o.Multirange.OID
			yield(e)
			e.name, e.index = o.Multirange.ArrayName, o.Multirange.Array
			yield(e)
		}
	case Relation:
		ref := o.Ref()
		e := nameEntry{class: ClassType, database: ref.Database, schema: ref.Schema, name: ref.Name, object: o}
		if oid, name := RowArray(o); oid != 0 {
			yield(e)
			e.name, e.index = name, oid
			yield(e)
		}
		e.class, e.name, e.index = ClassRelation, ref.Name, 0
		yield(e)
		if t, ok := o.(*Table); ok {
			for i := range t.Indexes {
				e.name, e.index = t.Indexes[i].Name, t.Indexes[i].OID
				yield(e)
			}
		}
	}
}
