package pgcatalog

import (
	"cmp"
	"slices"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Changes is what one relation loses and gains.
type Changes struct {
	Relation *catalog.Table
	Remove   [][]types.Datum
	Add      [][]types.Datum
}

// Diff is what changes in the catalogs of a database between two snapshots,
// in order of relation OID: what brings a materialized catalog up to date, or
// shows a transaction its own DDL. It costs by the objects that differ, and a look at all.
func (c *Catalog) Diff(database catalog.OID, from, to *catalog.Snapshot) []Changes {
	collected := make(map[*layout]*rowSets)
	for _, change := range changedObjects(database, from, to) {
		c.collect(database, from, change.old, collected, func(s *rowSets) map[string][]types.Datum { return s.old })
		c.collect(database, to, change.now, collected, func(s *rowSets) map[string][]types.Datum { return s.now })
	}
	var out []Changes
	for l, sets := range collected {
		if d := sets.changes(l); d.Remove != nil || d.Add != nil {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b Changes) int { return cmp.Compare(a.Relation.OID, b.Relation.OID) })
	return out
}

// rowSets are rows by key, before and after.
type rowSets struct{ old, now map[string][]types.Datum }

func (c *Catalog) collect(database catalog.OID, s *catalog.Snapshot, o catalog.Object, into map[*layout]*rowSets, side func(*rowSets) map[string][]types.Datum) {
	if o == nil {
		return
	}
	g := &generator{c: c, database: database, snapshot: s}
	g.emit = func(l *layout, row []types.Datum) {
		sets := into[l]
		if sets == nil {
			sets = &rowSets{make(map[string][]types.Datum), make(map[string][]types.Datum)}
			into[l] = sets
		}
		side(sets)[l.key(row)] = row
	}
	g.object(o)
}

// key is a row's primary key as text.
func (l *layout) key(row []types.Datum) string {
	var b []byte
	env := types.DefaultEnv()
	for _, id := range l.table.Key {
		b = l.table.Columns[id-1].Type.Format(env, b, row[id-1])
		b = append(b, 0)
	}
	return string(b)
}

func (s *rowSets) changes(l *layout) Changes {
	d := Changes{Relation: l.table}
	for key, row := range s.old {
		if now, stays := s.now[key]; !stays || !l.sameRow(row, now) {
			d.Remove = append(d.Remove, row)
		}
	}
	for key, row := range s.now {
		if old, was := s.old[key]; !was || !l.sameRow(row, old) {
			d.Add = append(d.Add, row)
		}
	}
	byKey := func(a, b []types.Datum) int {
		for _, id := range l.table.Key {
			if n := l.table.Columns[id-1].Type.Compare(a[id-1], b[id-1]); n != 0 {
				return n
			}
		}
		return 0
	}
	slices.SortFunc(d.Remove, byKey)
	slices.SortFunc(d.Add, byKey)
	return d
}

// sameRow compares as text: some types of the catalogs have no order.
func (l *layout) sameRow(a, b []types.Datum) bool {
	env := types.DefaultEnv()
	for i := range a {
		if a[i].IsNull() != b[i].IsNull() {
			return false
		}
		if a[i].IsNull() {
			continue
		}
		t := l.table.Columns[i].Type
		if string(t.Format(env, nil, a[i])) != string(t.Format(env, nil, b[i])) {
			return false
		}
	}
	return true
}

// changed is an object that differs, or whose rows do.
type changed struct{ old, now catalog.Object }

func changedObjects(database catalog.OID, from, to *catalog.Snapshot) []changed {
	if from == to {
		return nil
	}
	var old []catalog.Object
	for o := range objectsOf(from, database) {
		old = append(old, o)
	}
	byKey := make(map[catalog.Key]catalog.Object, len(old))
	for _, o := range old {
		byKey[o.ObjectKey()] = o
	}
	affected := affectedObjects(database, byKey, from, to)
	var out []changed
	seen := 0
	for now := range objectsOf(to, database) {
		key := now.ObjectKey()
		was, stays := byKey[key]
		if stays {
			seen++
			delete(byKey, key)
		}
		if !stays || was != now || affected(now) {
			out = append(out, changed{was, now})
		}
	}
	if seen < len(old) {
		for _, o := range old {
			if _, gone := byKey[o.ObjectKey()]; gone {
				out = append(out, changed{o, nil})
			}
		}
	}
	return out
}

// affectedObjects tells which objects have other rows because others changed:
// rows contain the names of databases, schemas and owners; a group's its
// members; a column's its default's sequence.
func affectedObjects(database catalog.OID, old map[catalog.Key]catalog.Object, from, to *catalog.Snapshot) func(catalog.Object) bool {
	if a, b := from.DatabaseByOID(database), to.DatabaseByOID(database); a != nil && b != nil && a.Name != b.Name {
		return func(catalog.Object) bool { return true }
	}
	renamed, rolesDiffer := renamedObjects(database, old, to)
	shown := showing(database, old, to)
	rolesDiffer = rolesDiffer || countRoles(from) != countRoles(to)
	return func(o catalog.Object) bool {
		switch o := o.(type) {
		case *catalog.Role:
			return rolesDiffer
		case *catalog.Schema:
			return renamed[roleKey(o.Owner)]
		case catalog.Relation:
			ref := o.Ref()
			return renamed[roleKey(ref.Owner)] || shown[ref.OID] ||
				renamed[catalog.Key{Class: catalog.ClassSchema, OID: ref.Schema, Database: database}] || refersInto(o, to, renamed)
		case catalog.UserType:
			h := o.Header()
			return renamed[roleKey(h.Owner)] || renamed[catalog.Key{Class: catalog.ClassSchema, OID: h.Schema, Database: database}]
		case *catalog.Function:
			return renamed[roleKey(o.Owner)] || renamed[catalog.Key{Class: catalog.ClassSchema, OID: o.Schema, Database: database}]
		}
		return false
	}
}

// refersInto reports whether a foreign key refers to a table in one of the schemas.
func refersInto(r catalog.Relation, s *catalog.Snapshot, schemas map[catalog.Key]bool) bool {
	t, ok := r.(*catalog.Table)
	if !ok {
		return false
	}
	for i := range t.ForeignKeys {
		to := s.Table(t.ForeignKeys[i].Table)
		if to != nil && schemas[catalog.Key{Class: catalog.ClassSchema, OID: to.Schema, Database: to.Database}] {
			return true
		}
	}
	return false
}

func roleKey(oid catalog.OID) catalog.Key { return catalog.Key{Class: catalog.ClassRole, OID: oid} }

// renamedObjects are the roles and schemas of another name; rolesDiffer that
// there is a new role or one that changed in any way.
func renamedObjects(database catalog.OID, old map[catalog.Key]catalog.Object, to *catalog.Snapshot) (renamed map[catalog.Key]bool, rolesDiffer bool) {
	renamed = make(map[catalog.Key]bool)
	for r := range to.Roles() {
		was, _ := old[r.ObjectKey()].(*catalog.Role)
		rolesDiffer = rolesDiffer || was != r
		if was != nil && was.Name != r.Name {
			renamed[r.ObjectKey()] = true
		}
	}
	for n := range to.Schemas(database) {
		if was, ok := old[n.ObjectKey()].(*catalog.Schema); ok && was.Name != n.Name {
			renamed[n.ObjectKey()] = true
		}
	}
	return renamed, rolesDiffer
}

func countRoles(s *catalog.Snapshot) int {
	n := 0
	for range s.Roles() {
		n++
	}
	return n
}

// showing are the tables whose rows show what changed sequences and tables are:
// the parameters of an identity column's, the name of one in a default, the
// columns that a foreign key refers to.
func showing(database catalog.OID, old map[catalog.Key]catalog.Object, to *catalog.Snapshot) map[catalog.OID]bool {
	changed, tables := make(map[catalog.OID]bool), make(map[catalog.OID]bool)
	for r := range to.Relations(database) {
		if t, ok := r.(*catalog.Table); ok && old[t.ObjectKey()] != catalog.Object(t) {
			for _, x := range t.Referenced { // whose constraints show its keys
				tables[x.Table] = true
			}
		}
		if q, ok := r.(*catalog.Sequence); ok && old[q.ObjectKey()] != catalog.Object(q) {
			changed[q.OID] = true
			if q.Identity {
				tables[q.OwnedBy] = true
			}
		}
	}
	if len(changed) == 0 {
		return tables
	}
	for t := range to.Tables(database) {
		for i := range t.Columns {
			for _, named := range namedRelations(t.Columns[i].Default) {
				tables[t.OID] = tables[t.OID] || changed[named]
			}
		}
	}
	return tables
}
