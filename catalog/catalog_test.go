package catalog_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

const db = catalog.PostgresOID

// newCluster is a new cluster's snapshot at revision 1.
func newCluster() *catalog.Snapshot {
	var ops []catalog.Op
	for _, o := range catalog.Bootstrap() {
		ops = append(ops, catalog.Op{Key: o.ObjectKey(), Object: o})
	}
	return catalog.NewSnapshot(nil).Apply(ops, 1)
}

func table(oid catalog.OID, schema catalog.OID, name string) *catalog.Table {
	return &catalog.Table{
		OID: oid, Database: db, Schema: schema, Name: name, Owner: catalog.SuperuserOID,
		Persistence: catalog.Permanent, RowType: oid + 1, ArrayType: oid + 2, Physical: uint64(oid),
		Columns: []catalog.Column{
			{ID: 1, Attnum: 1, Name: "id", Type: types.TInt4, Typmod: -1, NotNull: true},
			{ID: 2, Attnum: 2, Name: "v", Type: types.TText, Typmod: -1},
		},
		Key:     []catalog.ColumnID{1},
		Indexes: []catalog.Index{{OID: oid + 3, Constraint: oid + 4, Name: name + "_pkey", Primary: true, Unique: true, Columns: []catalog.IndexColumn{{Column: 1}}, Valid: true}},
	}
}

// publish applies a change as a store would.
func publish(t *testing.T, c *catalog.Change, head *catalog.Snapshot) *catalog.Snapshot {
	t.Helper()
	if err := c.Rebase(head); err != nil {
		t.Fatal(err)
	}
	return head.Apply(c.Ops(), head.Revision()+1)
}

func TestLookups(t *testing.T) {
	s := newCluster()
	c := catalog.NewChange(s)
	c.Put(table(20000, catalog.PublicOID, "t"))
	if s.Relation(db, catalog.PublicOID, "t") != nil {
		t.Fatal("the base shows what the change has put")
	}
	over := c.Snapshot()
	if r := over.Relation(db, catalog.PublicOID, "t"); r == nil || r.Ref().OID != 20000 || r.Ref().Version != 1 {
		t.Fatalf("the overlay answers %v", r)
	}
	if over.Relation(catalog.Template1OID, catalog.PublicOID, "t") != nil {
		t.Error("a table shows in another database's public schema")
	}
	if over.Relation(db, catalog.PublicOID, "t_pkey") != nil {
		t.Error("an index is found as a relation of a FROM clause")
	}
	if tab, x := over.IndexByName(db, catalog.PublicOID, "t_pkey"); tab == nil || x.OID != 20003 {
		t.Error("the index is not found by name")
	}
	if tab, x := over.IndexByOID(20003); tab == nil || x.Name != "t_pkey" {
		t.Error("the index is not found by OID")
	}
	if r := over.Owner(20004); r == nil || r.Ref().OID != 20000 {
		t.Error("the constraint does not lead to its table")
	}
	if !over.NameTaken(db, catalog.PublicOID, "t_pkey") || over.NameTaken(db, catalog.PublicOID, "u") {
		t.Error("NameTaken")
	}
	if over.Schema(db, "public").OID != catalog.PublicOID || over.SchemaByOID(db, catalog.PgCatalogOID).Name != "pg_catalog" {
		t.Error("schemas")
	}
	if over.Role("pg_monitor") == nil || over.RoleByOID(10).Name != "postgres" || over.Database("template1").OID != 1 || over.DatabaseByOID(5).Name != "postgres" {
		t.Error("roles and databases")
	}
	if over.Revision() != 1 || over.RevisionOf(catalog.Key{Class: catalog.ClassDatabase, OID: 5}) != 1 {
		t.Error("revisions")
	}
}

func TestRowTypes(t *testing.T) {
	c := catalog.NewChange(newCluster())
	c.Put(table(20000, catalog.PublicOID, "t"))
	s := c.Snapshot()
	row := s.TypeByOID(20001)
	if row == nil || row.Name != "t" || len(row.Columns()) != 2 {
		t.Fatalf("row type is %+v", row)
	}
	if row != s.TypeByName(db, catalog.PublicOID, "t") || s.TypeByName(db, catalog.PublicOID, "_t") != row.Array || s.TypeByOID(20002) != row.Array {
		t.Error("one version of a table has more than one row type")
	}
	if s.TypeByName(db, catalog.PgCatalogOID, "int4") != types.TInt4 || s.TypeByOID(23) != types.TInt4 {
		t.Error("built-in types")
	}
}

func TestWalksAreOrdered(t *testing.T) {
	c := catalog.NewChange(newCluster())
	c.Put(&catalog.Schema{OID: 30000, Database: db, Name: "app", Owner: 10})
	for i, name := range []string{"c", "a", "b"} {
		c.Put(table(catalog.OID(20000+10*i), catalog.PublicOID, name))
	}
	c.Put(table(21000, 30000, "z"))
	c.Put(&catalog.Sequence{OID: 22000, Database: db, Schema: catalog.PublicOID, Name: "s", Owner: 10})
	var names []string
	for r := range c.Snapshot().Relations(db) {
		names = append(names, r.Ref().Name)
	}
	if want := []string{"a", "b", "c", "s", "z"}; !slices.Equal(names, want) {
		t.Errorf("relations %v, want %v", names, want)
	}
	names = nil
	for tab := range c.Snapshot().Tables(db) {
		names = append(names, tab.Name)
	}
	if want := []string{"a", "b", "c", "z"}; !slices.Equal(names, want) {
		t.Errorf("tables %v, want %v", names, want)
	}
	names = nil
	for r := range c.Snapshot().RelationsIn(db, catalog.PublicOID) {
		names = append(names, r.Ref().Name)
		if len(names) == 3 {
			break
		}
	}
	if want := []string{"a", "b", "c"}; !slices.Equal(names, want) {
		t.Errorf("relations of public %v, want %v", names, want)
	}
}

func TestRollback(t *testing.T) {
	c := catalog.NewChange(newCluster())
	c.Put(table(20000, catalog.PublicOID, "t"))
	mark := c.Mark()
	renamed := *c.Snapshot().Table(20000)
	renamed.Name = "u"
	c.Put(&renamed)
	c.Put(table(21000, catalog.PublicOID, "t"))
	inside := c.Snapshot()
	c.Rollback(mark)
	s := c.Snapshot()
	if r := s.Relation(db, catalog.PublicOID, "t"); r == nil || r.Ref().OID != 20000 || r.Ref().Version != 1 {
		t.Errorf("t is %v after rolling back", r)
	}
	if s.NameTaken(db, catalog.PublicOID, "u") || s.Table(21000) != nil || s.Owner(21003) != nil {
		t.Error("something of the subtransaction is left")
	}
	if inside.Relation(db, catalog.PublicOID, "u") == nil {
		t.Error("a snapshot given out has changed")
	}
	if ops := c.Ops(); len(ops) != 1 || ops[0].Key.OID != 20000 {
		t.Errorf("ops %v", ops)
	}
	c.Rollback(catalog.Mark{})
	if !c.Empty() || len(c.Ops()) != 0 {
		t.Error("rolling back all leaves something")
	}
}

func TestOpsNetOut(t *testing.T) {
	base := publish(t, changeOf(newCluster(), table(20000, catalog.PublicOID, "old")), newCluster())
	c := catalog.NewChange(base)
	c.Put(table(21000, catalog.PublicOID, "gone"))
	c.Delete(c.Snapshot().Table(21000))
	c.Delete(base.Table(20000))
	c.Put(table(22000, catalog.PublicOID, "old"))
	ops := c.Ops()
	if len(ops) != 2 || ops[0].Key.OID != 20000 || ops[0].Object != nil || ops[1].Key.OID != 22000 {
		t.Fatalf("ops %+v", ops)
	}
	next := base.Apply(ops, 3)
	if r := next.Relation(db, catalog.PublicOID, "old"); r == nil || r.Ref().OID != 22000 {
		t.Errorf("old is %v", r)
	}
}

func changeOf(base *catalog.Snapshot, put ...catalog.Object) *catalog.Change {
	c := catalog.NewChange(base)
	for _, o := range put {
		c.Put(o)
	}
	return c
}

// TestSwapOfNames: names that pass through each other inside a transaction
// arrive in an order in which one overwrites the other.
func TestSwapOfNames(t *testing.T) {
	base := newCluster()
	base = publish(t, changeOf(base, table(20000, catalog.PublicOID, "a"), table(21000, catalog.PublicOID, "b")), base)
	c := catalog.NewChange(base)
	for _, step := range []struct {
		oid  catalog.OID
		name string
	}{{20000, "tmp"}, {21000, "a"}, {20000, "b"}} {
		changed := *c.Snapshot().Table(step.oid)
		changed.Name = step.name
		c.Put(&changed)
	}
	next := publish(t, c, base)
	for name, oid := range map[string]catalog.OID{"a": 21000, "b": 20000} {
		if r := next.Relation(db, catalog.PublicOID, name); r == nil || r.Ref().OID != oid {
			t.Errorf("%s is %v, want %d", name, r, oid)
		}
	}
	if next.NameTaken(db, catalog.PublicOID, "tmp") {
		t.Error("a name in between is left")
	}
}

func TestRebase(t *testing.T) {
	base := newCluster()
	app := &catalog.Schema{OID: 30000, Database: db, Name: "app", Owner: 10}
	base = publish(t, changeOf(base, app, table(20000, catalog.PublicOID, "t"),
		&catalog.Role{OID: 31000, Name: "r"}, &catalog.Database{OID: 32000, Name: "d"}), base)
	renamed := *base.Table(20000)
	renamed.Name = "u"
	owned := table(23000, catalog.PublicOID, "owned")
	owned.Owner = 31000
	remove := func(o catalog.Object) func(*catalog.Change) {
		return func(c *catalog.Change) { c.Delete(o) }
	}
	put := func(o catalog.Object) func(*catalog.Change) {
		return func(c *catalog.Change) { c.Put(o) }
	}
	clone := func(t *catalog.Table) *catalog.Table { c := *t; return &c }
	tests := []struct {
		name        string
		mine, their func(*catalog.Change)
		code        pgerr.Code
	}{
		{"different tables", put(table(21000, catalog.PublicOID, "x")), put(table(22000, catalog.PublicOID, "y")), ""},
		{"the same name", put(table(21000, catalog.PublicOID, "x")), put(table(22000, catalog.PublicOID, "x")), pgerr.UniqueViolation},
		{"the name of an index", put(table(21000, catalog.PublicOID, "x_pkey")), put(table(22000, catalog.PublicOID, "x")), pgerr.UniqueViolation},
		{"the same table", put(clone(&renamed)), put(clone(&renamed)), pgerr.TRSerializationFailure},
		{"a table that went", put(clone(&renamed)), remove(base.Table(20000)), pgerr.TRSerializationFailure},
		{"CREATE TABLE, then their DROP SCHEMA", put(table(21000, 30000, "x")), remove(app), pgerr.TRSerializationFailure},
		{"DROP SCHEMA, then their CREATE TABLE", remove(app), put(table(21000, 30000, "x")), pgerr.DependentObjectsStillExist},
		{"CREATE SCHEMA, then their DROP DATABASE", put(&catalog.Schema{OID: 33000, Database: 32000, Name: "s"}),
			remove(base.DatabaseByOID(32000)), pgerr.TRSerializationFailure},
		{"DROP DATABASE, then their CREATE SCHEMA", remove(base.DatabaseByOID(32000)),
			put(&catalog.Schema{OID: 33000, Database: 32000, Name: "s"}), pgerr.DependentObjectsStillExist},
		{"CREATE TABLE, then their DROP ROLE of its owner", put(clone(owned)), remove(base.RoleByOID(31000)), pgerr.TRSerializationFailure},
		{"DROP ROLE, then their CREATE TABLE for it", remove(base.RoleByOID(31000)), put(clone(owned)), pgerr.DependentObjectsStillExist},
		{"read, and they changed it", func(c *catalog.Change) { c.Read(base.Table(20000)); c.Put(table(21000, catalog.PublicOID, "x")) },
			put(clone(&renamed)), pgerr.TRSerializationFailure},
		{"read and rolled back, and they changed it", func(c *catalog.Change) {
			m := c.Mark()
			c.Read(base.Table(20000))
			c.Rollback(m)
			c.Put(table(21000, catalog.PublicOID, "x"))
		}, put(clone(&renamed)), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			mine, their := catalog.NewChange(base), catalog.NewChange(base)
			test.mine(mine)
			test.their(their)
			head := publish(t, their, base)
			before := mine.Snapshot()
			err := mine.Rebase(head)
			if test.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				if mine.Base() != head || mine.Snapshot().Revision() != head.Revision() {
					t.Error("the change is not on head")
				}
				return
			}
			if !pgerr.HasCode(err, test.code) {
				t.Fatalf("error %v, want %s", err, test.code)
			}
			if mine.Base() != base || mine.Snapshot() != before {
				t.Error("a failed Rebase has moved the change")
			}
		})
	}
}

// TestNamesGivenTwice: a change whose names are not free is refused before it is
// published, on its own base, too.
func TestNamesGivenTwice(t *testing.T) {
	base := newCluster()
	base = publish(t, changeOf(base, table(20000, catalog.PublicOID, "t")), base)
	view := func(oid catalog.OID, name string) *catalog.View {
		return &catalog.View{OID: oid, Database: db, Schema: catalog.PublicOID, Name: name, Owner: 10}
	}
	indexed := *base.Table(20000)
	indexed.Indexes = append(slices.Clone(indexed.Indexes), catalog.Index{OID: 20009, Name: "t"})
	for name, test := range map[string]struct {
		objects []catalog.Object
		code    pgerr.Code
	}{
		"free":                         {[]catalog.Object{view(21000, "v"), view(21001, "w")}, ""},
		"an index's":                   {[]catalog.Object{view(21000, "t_pkey")}, pgerr.UniqueViolation},
		"a table's":                    {[]catalog.Object{view(21000, "t")}, pgerr.UniqueViolation},
		"two of the change's":          {[]catalog.Object{view(21000, "v"), view(21001, "v")}, pgerr.UniqueViolation},
		"an index's and its own table": {[]catalog.Object{&indexed}, pgerr.UniqueViolation},
	} {
		var code pgerr.Code
		if e, ok := changeOf(base, test.objects...).CheckNames().(*pgerr.E); ok {
			code = e.Code
		}
		if code != test.code {
			t.Errorf("%s: %q, want %q", name, code, test.code)
		}
	}
}

func TestRollbackAfterRebase(t *testing.T) {
	base := newCluster()
	c := catalog.NewChange(base)
	c.Put(table(20000, catalog.PublicOID, "mine"))
	mark := c.Mark()
	c.Put(table(21000, catalog.PublicOID, "late"))
	head := publish(t, changeOf(base, table(22000, catalog.PublicOID, "theirs")), base)
	if err := c.Rebase(head); err != nil {
		t.Fatal(err)
	}
	c.Rollback(mark)
	s := c.Snapshot()
	if s.Table(21000) != nil || s.Table(20000) == nil || s.Table(22000) == nil {
		t.Error("rolling back over a rebase lost or kept the wrong tables")
	}
}

func TestStatisticsAreNoChange(t *testing.T) {
	base := newCluster()
	base = publish(t, changeOf(base, table(20000, catalog.PublicOID, "t")), base)
	key := base.Table(20000).ObjectKey()
	next := base.WithStatistics(map[catalog.OID]catalog.Statistics{20000: {Rows: 7}, 999: {Rows: 1}}, 9)
	if next.Table(20000).Stats.Rows != 7 || base.Table(20000).Stats.Rows != 0 || next.Revision() != 9 {
		t.Error("statistics")
	}
	if next.RevisionOf(key) != base.RevisionOf(key) {
		t.Error("statistics raise the descriptor's revision")
	}
}

func TestSystemRelations(t *testing.T) {
	system := table(1259, catalog.PgCatalogOID, "pg_class")
	system.Database = 0
	s := catalog.NewSnapshot([]catalog.Relation{system})
	if s.Relation(db, catalog.PgCatalogOID, "pg_class") != system || s.RelationByOID(1259) != system || s.Owner(1260) != system {
		t.Error("a system relation is not found")
	}
	if tab, x := s.IndexByName(77, catalog.PgCatalogOID, "pg_class_pkey"); tab != system || x == nil {
		t.Error("a system index is not found")
	}
	if s.Relation(db, catalog.PublicOID, "pg_class") != nil {
		t.Error("a system relation shows in public")
	}
}

// BenchmarkCreateInOneTransaction is 5,000 CREATE TABLEs, each planned with what the earlier ones made.
func BenchmarkCreateInOneTransaction(b *testing.B) {
	base := newCluster()
	for b.Loop() {
		c := catalog.NewChange(base)
		for i := range 5000 {
			c.Put(table(catalog.OID(20000+10*i), catalog.PublicOID, fmt.Sprintf("t%d", i)))
			c.Snapshot()
		}
		if err := c.Rebase(base.Apply(nil, 2)); err != nil {
			b.Fatal(err)
		}
	}
}
