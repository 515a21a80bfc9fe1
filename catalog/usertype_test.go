package catalog_test

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

func enum(oid catalog.OID, name string, labels ...string) *catalog.Enum {
	e := &catalog.Enum{TypeHeader: catalog.TypeHeader{
		OID: oid, Database: db, Schema: catalog.PublicOID, Name: name, Array: oid + 1, ArrayName: "_" + name, Owner: catalog.SuperuserOID,
	}}
	for i, l := range labels {
		e.Labels = append(e.Labels, catalog.EnumLabel{OID: oid + 2 + catalog.OID(i), Label: l, Sort: int64(i) * catalog.LabelStep})
	}
	return e
}

func tableOf(oid catalog.OID, name string, column *types.Type) *catalog.Table {
	return &catalog.Table{
		OID: oid, Database: db, Schema: catalog.PublicOID, Name: name, Owner: catalog.SuperuserOID, RowType: oid + 1, ArrayType: oid + 2,
		Columns: []catalog.Column{{ID: 1, Attnum: 1, Name: "c", Type: column}},
	}
}

func ops(objects ...catalog.Object) (list []catalog.Op) {
	for _, o := range objects {
		list = append(list, catalog.Op{Key: o.ObjectKey(), Object: o})
	}
	return list
}

// consistent sees that all types in a snapshot are the snapshot's own.
func consistent(t *testing.T, s *catalog.Snapshot) {
	t.Helper()
	check := func(of string, typ *types.Type) {
		if now := s.TypeByOID(typ.OID); now != typ {
			t.Errorf("%s has another type %d than the snapshot: %p, %p", of, typ.OID, typ, now)
		}
	}
	for r := range s.Relations(db) {
		if table, ok := r.(*catalog.Table); ok {
			for _, c := range table.Columns {
				check(table.Name, c.Type)
			}
			row, array := s.RowType(table)
			check(table.Name, row)
			check(table.Name, array)
			if row.Columns()[0].Type != table.Columns[0].Type {
				t.Errorf("the row type of %s has another type", table.Name)
			}
		}
	}
	for u := range s.UserTypes(db) {
		typ, array := catalog.Type(u)
		check(u.Header().Name, typ)
		check(u.Header().Name, array)
		if d, ok := u.(*catalog.Domain); ok {
			check(d.Name, d.Base)
		}
		for _, c := range typ.Columns() {
			check(u.Header().Name, c.Type)
		}
	}
}

// made are an enum, a domain over it, a composite with the domain's array, a
// table with the composite, and a table with rows of that one.
func made(t *testing.T) *catalog.Snapshot {
	s := catalog.NewSnapshot(nil)
	add := func(o catalog.Object) {
		s = s.Apply(ops(o), s.Revision()+1)
		consistent(t, s)
	}
	add(enum(20000, "e", "a", "b"))
	add(&catalog.Domain{TypeHeader: catalog.TypeHeader{OID: 20100, Database: db, Schema: catalog.PublicOID, Name: "d", Array: 20101, ArrayName: "_d"}, Base: s.TypeByOID(20000)})
	add(&catalog.Composite{
		TypeHeader: catalog.TypeHeader{OID: 20200, Database: db, Schema: catalog.PublicOID, Name: "c", Array: 20201, ArrayName: "_c"}, Relation: 20202,
		Attributes: []catalog.Column{{ID: 1, Attnum: 1, Name: "x", Type: s.TypeByOID(20101)}}, NextAttnum: 2,
	})
	add(tableOf(20300, "t", s.TypeByOID(20200)))
	add(tableOf(20400, "u", s.TypeByOID(20302)))
	return s
}

// Whoever is made of a type has the type as the snapshot has it, whatever changes.
func TestTypesOfUsers(t *testing.T) {
	s := made(t)
	old := s.TypeByOID(20400 + 1)
	next := s.Apply(ops(enum(20000, "e", "a", "b", "c")), s.Revision()+1)
	consistent(t, next)
	consistent(t, s)
	row := next.TypeByOID(20400 + 1)
	if row == old {
		t.Fatal("the row type of what is made of it is the old one")
	}
	e := row.Columns()[0].Type.Elem.Columns()[0].Type.Columns()[0].Type.Elem.Base()
	if _, err := e.Parse(types.DefaultEnv(), "c", -1); err != nil {
		t.Error(err)
	}
	for _, oid := range []catalog.OID{20300, 20400} {
		key := catalog.Key{Class: catalog.ClassRelation, OID: oid}
		if next.RevisionOf(key) != s.RevisionOf(key) || next.Table(oid).Version != s.Table(oid).Version {
			t.Errorf("table %d counts as changed", oid)
		}
	}
	if tables := next.TablesOf(next.UserTypeByOID(20000)); len(tables) != 2 {
		t.Errorf("%d tables have values of the enum", len(tables))
	}
}

// A catalog is read in whatever order it was published.
func TestTypesComeLater(t *testing.T) {
	s := made(t)
	var all []catalog.Object
	for o := range s.Objects() {
		switch o := o.(type) {
		case *catalog.Table:
			all = append(all, tableOf(o.OID, o.Name, types.Unresolved(o.Columns[0].Type.OID)))
		case *catalog.Enum:
			all = append(all, enum(o.OID, o.Name, "a", "b"))
		case *catalog.Domain:
			all = append(all, &catalog.Domain{TypeHeader: o.TypeHeader, Base: types.Unresolved(o.Base.OID)})
		case *catalog.Composite:
			c := o.Copy().(*catalog.Composite)
			c.Attributes[0].Type = types.Unresolved(c.Attributes[0].Type.OID)
			all = append(all, c)
		}
	}
	read := catalog.NewSnapshot(nil)
	for _, o := range all {
		read = read.Apply(ops(o), read.Revision()+1)
	}
	if len(all) != 5 {
		t.Fatalf("%d objects", len(all))
	}
	consistent(t, read)
}

// A transaction's labels may be used by nobody until they are published.
func TestFreshLabels(t *testing.T) {
	c := catalog.NewChange(made(t))
	mark := c.Mark()
	e := c.Snapshot().UserTypeByOID(20000).Copy().(*catalog.Enum)
	e.Labels = append(e.Labels, catalog.EnumLabel{OID: 20050, Label: "c", Sort: 9 * catalog.LabelStep, Fresh: true})
	c.Put(e)
	consistent(t, c.Snapshot())
	read := func(s *catalog.Snapshot) error {
		_, err := s.TypeByOID(20000).Parse(types.DefaultEnv(), "c", -1)
		return err
	}
	if err := read(c.Snapshot()); !pgerr.HasCode(err, pgerr.UnsafeNewEnumValueUsage) {
		t.Errorf("before the commit: %v", err)
	}
	published := c.Base().Apply(c.Ops(), c.Base().Revision()+1)
	consistent(t, published)
	if err := read(published); err != nil {
		t.Errorf("after it: %v", err)
	}
	c.Rollback(mark)
	consistent(t, c.Snapshot())
	if err := read(c.Snapshot()); !pgerr.HasCode(err, pgerr.InvalidTextRepresentation) {
		t.Errorf("taken back: %v", err)
	}
}

// Types share the names of relations' row types, and their own with array types.
func TestTypeNames(t *testing.T) {
	s := made(t)
	for name, oid := range map[string]catalog.OID{"e": 20000, "_e": 20001, "d": 20100, "_c": 20201, "t": 20301, "_t": 20302} {
		if typ := s.TypeByName(db, catalog.PublicOID, name); typ == nil || typ.OID != oid {
			t.Errorf("%s is %v, want %d", name, typ, oid)
		}
	}
	for _, taken := range []catalog.Object{enum(21000, "t"), enum(21000, "_e"), tableOf(21000, "e", types.TInt4), enum(21000, "_t")} {
		c := catalog.NewChange(s)
		c.Put(taken)
		if err := c.CheckNames(); !pgerr.HasCode(err, pgerr.UniqueViolation) {
			t.Errorf("%+v: %v", taken, err)
		}
	}
}

// Who makes something of a type, and who drops it, cannot both be published.
func TestTypeDroppedMeanwhile(t *testing.T) {
	s := catalog.NewSnapshot(nil).Apply(ops(enum(20000, "e", "a")), 1)
	uses, drops := catalog.NewChange(s), catalog.NewChange(s)
	uses.Put(tableOf(20300, "t", s.TypeByOID(20000)))
	drops.Delete(s.UserTypeByOID(20000))
	dropped := s.Apply(drops.Ops(), 2)
	if err := uses.Rebase(dropped); !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
		t.Errorf("the type is gone: %v", err)
	}
	if err := drops.Rebase(s.Apply(uses.Ops(), 2)); !pgerr.HasCode(err, pgerr.DependentObjectsStillExist) {
		t.Errorf("the type is used: %v", err)
	}
}
