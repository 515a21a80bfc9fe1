package pgcatalog

import (
	"iter"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Rows walks the rows that a relation has in a database, in the order of its
// descriptor's columns, the hidden row id included: first those of built-in
// objects, then those of the snapshot's. A dynamic relation has none here (see
// Dynamic); nor has a relation that is none of ours.
func (c *Catalog) Rows(relation catalog.OID, database catalog.OID, snapshot *catalog.Snapshot) iter.Seq[[]types.Datum] {
	return func(yield func([]types.Datum) bool) {
		l := c.layouts[relation]
		if l == nil || l.dynamic {
			return
		}
		if l.static != "" && !l.yieldStatic(yield) {
			return
		}
		going := true
		g := &generator{c: c, database: database, snapshot: snapshot, only: l}
		g.emit = func(_ *layout, row []types.Datum) {
			going = going && yield(row)
		}
		for o := range objectsOf(snapshot, database) {
			if g.object(o); !going {
				return
			}
		}
	}
}

func (l *layout) yieldStatic(yield func([]types.Datum) bool) bool {
	env := types.DefaultEnv()
	serial := int64(0)
	for fields := range dataRows(l.static) {
		serial++
		if !yield(l.staticRow(env, fields, serial)) {
			return false
		}
	}
	return true
}

// objectsOf walks what is seen from a database: all databases and roles, its
// own schemas, types and relations, and the system's.
func objectsOf(s *catalog.Snapshot, database catalog.OID) iter.Seq[catalog.Object] {
	return func(yield func(catalog.Object) bool) {
		for d := range s.Databases() {
			if !yield(d) {
				return
			}
		}
		for r := range s.Roles() {
			if !yield(r) {
				return
			}
		}
		for n := range s.Schemas(database) {
			if !yield(n) {
				return
			}
		}
		for _, r := range s.SystemRelations() {
			if !yield(r) {
				return
			}
		}
		for t := range s.UserTypes(database) {
			if !yield(t) {
				return
			}
		}
		for f := range s.Functions(database) {
			if !yield(f) {
				return
			}
		}
		for r := range s.Relations(database) {
			if !yield(r) {
				return
			}
		}
	}
}

// generator makes the rows that one object has in all catalogs, or in one.
type generator struct {
	c        *Catalog
	database catalog.OID
	snapshot *catalog.Snapshot
	only     *layout // nil is all
	emit     func(l *layout, row []types.Datum)

	// owner and serial number the rows of relations with a hidden row id: an
	// object's OID in the high half, so that they do not depend on other objects.
	owner  catalog.OID
	serial map[*layout]int64
}

// row is one row in the making.
type row struct {
	g      *generator
	layout *layout
	values []types.Datum
}

// begin starts a row; nil when nobody wants rows of that relation.
func (g *generator) begin(relation string) *row {
	l := g.c.layout(relation)
	if g.only != nil && g.only != l {
		return nil
	}
	r := &row{g, l, append([]types.Datum(nil), l.blank...)}
	if l.table.Columns[0].Hidden {
		if g.serial == nil {
			g.serial = make(map[*layout]int64)
		}
		g.serial[l]++
		r.values[0] = types.Int(int64(g.owner)<<32 | g.serial[l])
	}
	return r
}

// wants reports whether rows of any of the relations are wanted: before work
// that only they need.
func (g *generator) wants(relations ...string) bool {
	if g.only == nil {
		return true
	}
	for _, r := range relations {
		if g.c.layout(r) == g.only {
			return true
		}
	}
	return false
}

func (r *row) set(column string, value types.Datum) *row {
	if r != nil {
		r.values[r.layout.position(column)] = value
	}
	return r
}

func (r *row) oid(column string, v catalog.OID) *row { return r.set(column, types.Int(int64(v))) }
func (r *row) int(column string, v int64) *row       { return r.set(column, types.Int(v)) }
func (r *row) bool(column string, v bool) *row       { return r.set(column, types.Bool(v)) }
func (r *row) text(column, v string) *row            { return r.set(column, types.Text(v)) }

// optional sets a text that is NULL when empty.
func (r *row) optional(column, v string) *row {
	if v == "" {
		return r.set(column, types.Null)
	}
	return r.text(column, v)
}

func (r *row) done() {
	if r != nil {
		r.g.emit(r.layout, r.values)
	}
}

// object makes all rows of one object.
func (g *generator) object(o catalog.Object) {
	g.owner = o.ObjectKey().OID
	clear(g.serial)
	switch o := o.(type) {
	case *catalog.Database:
		g.databaseRows(o)
	case *catalog.Role:
		g.roleRows(o)
	case *catalog.Schema:
		g.schemaRows(o)
	case *catalog.Table:
		g.tableRows(o)
	case *catalog.Sequence:
		g.sequenceRows(o)
	case *catalog.View:
		g.viewRows(o)
	case catalog.UserType:
		g.typeRows(o)
	case *catalog.Function:
		g.functionRows(o)
	}
}

func textArray(values []string) types.Datum {
	elems := make([]types.Datum, len(values))
	for i, v := range values {
		elems[i] = types.Text(v)
	}
	return array(types.TText, 1, elems)
}

func int2Array(values []int16) types.Datum {
	elems := make([]types.Datum, len(values))
	for i, v := range values {
		elems[i] = types.Int(int64(v))
	}
	return array(types.TInt2, 1, elems)
}

// vector makes an int2vector or oidvector, which count from 0.
func vector[T ~int16 | ~uint32](elem *types.Type, values []T) types.Datum {
	elems := make([]types.Datum, len(values))
	for i, v := range values {
		elems[i] = types.Int(int64(v))
	}
	return array(elem, 0, elems)
}

func array(elem *types.Type, lower int32, elems []types.Datum) types.Datum {
	a := &types.Array{Elem: elem, Elems: elems}
	if len(elems) > 0 {
		a.Dims, a.Lower = []int32{int32(len(elems))}, []int32{lower}
	}
	return types.ArrayDatum(a)
}
