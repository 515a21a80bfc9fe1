package pgcatalog

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// TestDescriptors: spot checks against what psql shows, and what every descriptor needs.
func TestDescriptors(t *testing.T) {
	c := New()
	s := newSnapshot(c)
	class := s.Table(1259)
	if class == nil || class.Name != "pg_class" || len(class.Columns) != 33 || class.Home != catalog.HomeCatalog {
		t.Fatalf("pg_class is %+v", class)
	}
	if col := class.ColumnByName("relname"); col.Attnum != 2 || col.Type != types.TName || !col.NotNull {
		t.Errorf("relname is %+v", col)
	}
	if !slices.Equal(class.Key, []catalog.ColumnID{1}) || len(class.Indexes) != 3 {
		t.Errorf("pg_class has key %v and %d indexes", class.Key, len(class.Indexes))
	}
	if tab, x := s.IndexByName(catalog.PostgresOID, catalog.PgCatalogOID, "pg_attribute_relid_attnum_index"); tab == nil || x.OID != 2659 || len(x.Columns) != 2 {
		t.Error("pg_attribute's index is not there")
	}
	if row := s.TypeByName(catalog.PostgresOID, catalog.PgCatalogOID, "pg_class"); row == nil || row.OID != 83 {
		t.Errorf("pg_class's row type is %+v", row)
	}
	if s.Relation(catalog.PostgresOID, catalog.InformationSchemaOID, "tables") == nil || s.Relation(catalog.PostgresOID, catalog.PegmatiteOID, "shards") == nil {
		t.Error("information_schema.tables or pegmatite.shards is not there")
	}
	if v := s.View(s.Relation(catalog.PostgresOID, catalog.PgCatalogOID, "pg_stat_all_tables").Ref().OID); v == nil || !strings.Contains(v.Query, "pg_stat_get_numscans") {
		t.Errorf("pg_stat_all_tables is %+v", v)
	}
	for _, r := range c.Relations() {
		tab, ok := r.(*catalog.Table)
		if !ok {
			continue
		}
		for i := range tab.Columns {
			if tab.Columns[i].ID != catalog.ColumnID(i+1) || tab.Columns[i].Type == nil {
				t.Errorf("%s: column %d is %+v", tab.Name, i, tab.Columns[i])
			}
		}
		if len(tab.Key) == 0 {
			t.Errorf("%s has no key", tab.Name)
		}
	}
}

// TestRowViewsExist: every name in the lists is a relation.
func TestRowViewsExist(t *testing.T) {
	c := New()
	for _, list := range []map[string]bool{rowViews, dynamicRelations} {
		for name := range list {
			c.layout(name)
		}
	}
	for name := range blanks {
		c.layout(name)
	}
}

// TestAllRows walks every relation: rows have their columns' forms, no NULL where
// there may be none in a key, and no key twice.
func TestAllRows(t *testing.T) {
	c := New()
	s := newSnapshot(c, recordedObjects(t, readRecording(t))...)
	total := 0
	for _, l := range c.layouts {
		keys := make(map[string]bool)
		for row := range c.Rows(l.table.OID, catalog.PostgresOID, s) {
			total++
			for i, d := range row {
				if col := &l.table.Columns[i]; !d.IsNull() && d.Kind() != col.Type.Datum {
					t.Fatalf("%s.%s holds kind %d, its type %s kind %d", l.table.Name, col.Name, d.Kind(), col.Type.Name, col.Type.Datum)
				} else if d.IsNull() && col.NotNull && !strings.HasPrefix(col.Type.Name, "pg_node_tree") {
					t.Fatalf("%s.%s is NULL in %s", l.table.Name, col.Name, l.cells(row, []string{l.table.Columns[0].Name}))
				}
			}
			key := l.key(row)
			if keys[key] {
				t.Fatalf("%s has the key %q twice", l.table.Name, key)
			}
			keys[key] = true
		}
	}
	if total < 15000 {
		t.Errorf("%d rows in all", total)
	}
}

// TestBuiltInRows: counts as PostgreSQL 15 has them.
func TestBuiltInRows(t *testing.T) {
	c := New()
	s := newSnapshot(c)
	for relation, want := range map[string]int{"pg_cast": 229, "pg_operator": 799, "pg_am": 7, "pg_authid": 13, "pg_database": 3, "pg_language": 4, "pg_trigger": 0} {
		n := 0
		for range c.Rows(c.layout(relation).table.OID, catalog.PostgresOID, s) {
			n++
		}
		if n != want {
			t.Errorf("%s has %d rows, want %d", relation, n, want)
		}
	}
	var types []string
	l := c.layout("pg_type")
	for row := range c.Rows(l.table.OID, catalog.PostgresOID, s) {
		if row[l.position("oid")].Int() == 23 {
			types = append(types, l.cells(row, []string{"typname", "typnamespace", "typlen", "typarray", "typinput"}))
		}
	}
	if want := []string{"int4\t11\t4\t1007\t42"}; !slices.Equal(types, want) {
		t.Errorf("int4 is %q, want %q", types, want)
	}
}

// objectRows are the rows that objects have in all relations, as text by relation and key.
func (c *Catalog) objectRows(s *catalog.Snapshot) map[string]string {
	out := make(map[string]string)
	g := &generator{c: c, database: catalog.PostgresOID, snapshot: s}
	g.emit = func(l *layout, row []types.Datum) {
		out[fmt.Sprintf("%d %s", l.table.OID, l.key(row))] = l.cells(row, l.names())
	}
	for o := range objectsOf(s, catalog.PostgresOID) {
		g.object(o)
	}
	return out
}

func (l *layout) names() []string {
	var names []string
	for i := range l.table.Columns {
		names = append(names, l.table.Columns[i].Name)
	}
	return names
}

// TestDiff: the rows before and the diff give the rows after, and the diff
// removes only what is there and adds only what is not.
func TestDiff(t *testing.T) {
	c := New()
	objects := recordedObjects(t, readRecording(t))
	empty, full := newSnapshot(c), newSnapshot(c, objects...)
	edit := func(change func(*catalog.Change)) *catalog.Snapshot {
		ch := catalog.NewChange(full)
		change(ch)
		return ch.Snapshot()
	}
	tt := full.Relation(catalog.PostgresOID, catalog.PublicOID, "tt").(*catalog.Table)
	renamedTable := *tt
	renamedTable.Name = "renamed"
	app := *full.Schema(catalog.PostgresOID, "app")
	app.Name = "renamed_app"
	owner := *full.Role("app_owner")
	owner.Name = "renamed_owner"
	alone := owner
	alone.Name, alone.MemberOf = "app_owner", nil
	serial := *full.Relation(catalog.PostgresOID, catalog.PublicOID, "tt_id_seq").(*catalog.Sequence)
	serial.Name = "renamed_seq"
	identity := *full.Relation(catalog.PostgresOID, catalog.PublicOID, "tt_d_seq").(*catalog.Sequence)
	identity.Increment = 7
	database := *full.Database("postgres")
	database.Name = "renamed_db"
	tests := []struct {
		name     string
		from, to *catalog.Snapshot
		most     int // rows that may change
	}{
		{"nothing", full, full, 0},
		{"all created", empty, full, 1000},
		{"all dropped", full, empty, 1000},
		{"a table renamed", full, edit(func(c *catalog.Change) { c.Put(&renamedTable) }), 90},
		{"a table dropped", full, edit(func(c *catalog.Change) {
			c.Delete(tt)
			for _, name := range []string{"tt_id_seq", "tt_d_seq"} {
				c.Delete(full.Relation(catalog.PostgresOID, catalog.PublicOID, name))
			}
		}), 250},
		{"the sequence of an identity column changed", full, edit(func(c *catalog.Change) { c.Put(&identity) }), 4},
		{"a default's sequence renamed", full, edit(func(c *catalog.Change) { c.Put(&serial) }), 10},
		{"a role left a group", full, edit(func(c *catalog.Change) { c.Put(&alone) }), 3},
		{"a schema renamed", full, edit(func(c *catalog.Change) { c.Put(&app) }), 90},
		{"a role renamed", full, edit(func(c *catalog.Change) { c.Put(&owner) }), 40},
		{"the database renamed", full, edit(func(c *catalog.Change) { c.Put(&database) }), 20000},
		{"statistics", full, full.WithStatistics(map[catalog.OID]catalog.Statistics{tt.OID: {Rows: 5}}, 2), 12},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rows := c.objectRows(test.from)
			changed := 0
			for _, d := range c.Diff(catalog.PostgresOID, test.from, test.to) {
				l := c.layouts[d.Relation.OID]
				for _, row := range d.Remove {
					key := fmt.Sprintf("%d %s", d.Relation.OID, l.key(row))
					if _, there := rows[key]; !there {
						t.Errorf("%s: removes %q, which is not there", d.Relation.Name, key)
					}
					delete(rows, key)
				}
				for _, row := range d.Add {
					key := fmt.Sprintf("%d %s", d.Relation.OID, l.key(row))
					if _, there := rows[key]; there {
						t.Errorf("%s: adds %q, which is there", d.Relation.Name, key)
					}
					rows[key] = l.cells(row, l.names())
				}
				changed += len(d.Remove) + len(d.Add)
			}
			want := c.objectRows(test.to)
			for key, row := range want {
				if rows[key] != row {
					t.Errorf("%q is %q, want %q", key, rows[key], row)
				}
			}
			if len(rows) != len(want) {
				t.Errorf("%d rows, want %d", len(rows), len(want))
			}
			if changed > test.most {
				t.Errorf("%d rows changed, want at most %d", changed, test.most)
			}
		})
	}
}

// TestClientRelations: what psql's describe commands and pgbench read has rows
// here; none of it waits for views to be expanded.
func TestClientRelations(t *testing.T) {
	c := New()
	for name := range strings.FieldsSeq(`pg_class pg_namespace pg_am pg_type pg_constraint pg_roles pg_publication pg_index
		pg_attribute pg_collation pg_proc pg_inherits pg_policy pg_description pg_database pg_auth_members pg_attrdef
		pg_publication_rel pg_publication_namespace pg_language pg_foreign_server pg_ts_config pg_trigger pg_tablespace
		pg_statistic_ext pg_rewrite pg_opfamily pg_operator pg_opclass pg_foreign_table pg_foreign_data_wrapper
		pg_extension pg_event_trigger pg_depend pg_default_acl pg_db_role_setting pg_conversion pg_cast pg_sequence
		pg_partitioned_table pg_shdescription pg_settings pg_user pg_enum pg_range pg_aggregate pg_ts_dict pg_ts_parser
		pg_ts_template pg_subscription pg_largeobject_metadata pg_user_mappings`) {
		if c.byName[name] == nil {
			t.Errorf("%s has no rows", name)
		}
	}
}

// TestMissingAndStatistics: values of type anyarray.
func TestMissingAndStatistics(t *testing.T) {
	c := New()
	objects := recordedObjects(t, readRecording(t))
	tt := objects[6].(*catalog.Table)
	tt.Columns[1].Missing = types.Text("it's \"old\"")
	tt.Stats = catalog.Statistics{Rows: 10, Columns: map[catalog.ColumnID]catalog.ColumnStatistics{
		2: {NullFraction: .25, Width: 3, Distinct: -.5, MostCommon: []string{"a b", "c"}, Frequencies: []float64{.5, .25}, Histogram: []string{"a", "z"}},
	}}
	s := newSnapshot(c, objects...)
	check := func(relation string, columns []string, where func(string) bool, want string) {
		t.Helper()
		l := c.layout(relation)
		var got []string
		for row := range c.Rows(l.table.OID, catalog.PostgresOID, s) {
			if cells := l.cells(row, columns); where(cells) {
				got = append(got, cells)
			}
		}
		compareLines(t, got, []string{want})
	}
	check("pg_attribute", []string{"attrelid", "attnum", "atthasmissing", "attmissingval"},
		func(s string) bool { return strings.HasPrefix(s, fmt.Sprintf("%d\t2\t", tt.OID)) },
		fmt.Sprintf("%d\t2\ttrue\t{\"it's \\\"old\\\"\"}", tt.OID))
	check("pg_stats", []string{"schemaname", "tablename", "attname", "null_frac", "n_distinct", "most_common_vals", "most_common_freqs", "histogram_bounds", "correlation"},
		func(string) bool { return true }, "public\ttt\ta\t0.25\t-0.5\t{\"a b\",c}\t{0.5,0.25}\t{a,z}\t\\N")
}

func TestDynamic(t *testing.T) {
	c := New()
	for name, want := range map[string]bool{"pg_settings": true, "pegmatite.shards": true, "pg_class": false} {
		if got := c.Dynamic(c.layout(name).table.OID); got != want {
			t.Errorf("%s is dynamic: %v", name, got)
		}
	}
	if c.Dynamic(99999) {
		t.Error("an unknown relation is dynamic")
	}
}

func TestSequences(t *testing.T) {
	c := New()
	s := newSnapshot(c, recordedObjects(t, readRecording(t))...)
	l := c.layout("pg_sequences")
	var got []string
	for _, row := range c.Sequences(catalog.PostgresOID, 0, s, func(q *catalog.Sequence) (int64, bool) { return 42, q.Name == "ss" }) {
		got = append(got, l.cells(row, []string{"schemaname", "sequencename", "sequenceowner", "min_value", "cycle", "last_value"}))
	}
	compareLines(t, got, []string{
		"app\tss\tpostgres\t-32768\ttrue\t42", "public\ttt_d_seq\tpostgres\t1\tfalse\t\\N", "public\ttt_id_seq\tpostgres\t1\tfalse\t\\N",
	})
}

func TestRow(t *testing.T) {
	c := New()
	shards := c.Relation("pegmatite.shards")
	row := c.Row(shards, 3, map[string]types.Datum{"shard": types.Int(2), "state": types.Text("serving")})
	if got := c.layout("pegmatite.shards").cells(row, []string{"shard", "node", "state"}); got != "2\t\\N\tserving" || row[0].Int() != 3 {
		t.Errorf("row %q", got)
	}
}

func TestDescriptions(t *testing.T) {
	c := New()
	s := newSnapshot(c, recordedObjects(t, readRecording(t))...)
	tt := s.Relation(catalog.PostgresOID, catalog.PublicOID, "tt").(*catalog.Table)
	tests := []struct {
		class  string
		oid    catalog.OID
		column int
		want   string
	}{
		{"pg_class", tt.OID, 0, "hello"},
		{"pg_class", tt.OID, 2, "it's a column"},
		{"pg_class", tt.OID, 1, ""},
		{"pg_class", tt.Indexes[2].OID, 0, "an index"},
		{"pg_constraint", tt.Checks[0].OID, 0, "positive"},
		{"pg_namespace", s.Schema(catalog.PostgresOID, "app").OID, 0, "the app"},
		{"pg_proc", 1317, 0, "length"},
		{"pg_class", 1317, 0, ""},
		{"no_catalog", tt.OID, 0, ""},
	}
	for _, test := range tests {
		if got, ok := c.Description(s, catalog.PostgresOID, test.class, test.oid, test.column); got != test.want || ok != (test.want != "") {
			t.Errorf("%s %d.%d: %q, want %q", test.class, test.oid, test.column, got, test.want)
		}
	}
	if got, _ := c.SharedDescription(s, "pg_database", 1); got != "default template for new databases" {
		t.Errorf("template1: %q", got)
	}
	if got, _ := c.SharedDescription(s, "pg_authid", s.Role("readers").OID); got != "may read" {
		t.Errorf("readers: %q", got)
	}
}

func TestVisibility(t *testing.T) {
	c := New()
	s := newSnapshot(c, recordedObjects(t, readRecording(t))...)
	app := s.Schema(catalog.PostgresOID, "app").OID
	shadow := &catalog.View{OID: 50000, Database: catalog.PostgresOID, Schema: app, Name: "tt"}
	s = s.Apply([]catalog.Op{{Key: shadow.ObjectKey(), Object: shadow}}, 2)
	tt := s.Relation(catalog.PostgresOID, catalog.PublicOID, "tt").Ref().OID
	path := func(oids ...catalog.OID) []catalog.OID { return append([]catalog.OID{catalog.PgCatalogOID}, oids...) }
	if v, ok := RelationVisible(s, catalog.PostgresOID, path(catalog.PublicOID, app), tt); !v || !ok {
		t.Error("tt is hidden by one behind it")
	}
	if v, ok := RelationVisible(s, catalog.PostgresOID, path(app, catalog.PublicOID), tt); v || !ok {
		t.Error("tt is visible behind another of its name")
	}
	if v, ok := RelationVisible(s, catalog.PostgresOID, path(), 1259); !v || !ok {
		t.Error("pg_class is not visible")
	}
	if _, ok := RelationVisible(s, catalog.PostgresOID, path(), 424242); ok {
		t.Error("what does not exist is visible or not")
	}
	if v, ok := TypeVisible(s, catalog.PostgresOID, path(), 23); !v || !ok {
		t.Error("int4 is not visible")
	}
	if v, ok := TypeVisible(s, catalog.PostgresOID, path(), s.Table(tt).RowType); v || !ok {
		t.Error("tt's row type is visible without public")
	}
	if !BuiltInVisible(path()) || BuiltInVisible([]catalog.OID{app}) {
		t.Error("built-in objects")
	}
}

func TestNoSuchObject(t *testing.T) {
	c := New()
	s := newSnapshot(c)
	if _, ok := IndexDef(s, catalog.PostgresOID, 1, 0, nil, kept); ok {
		t.Error("an index of no OID")
	}
	if _, ok := ConstraintDef(s, 1); ok {
		t.Error("a constraint of no OID")
	}
	if _, ok := c.ViewDef(s, 1259); ok {
		t.Error("pg_class has a view's definition")
	}
	if UserByOID(s, 10) != "postgres" || UserByOID(s, 7) != "unknown (OID=7)" {
		t.Error("pg_get_userbyid")
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		New()
	}
}

// BenchmarkDiff is a CREATE TABLE beside 1,000 tables.
func BenchmarkDiff(b *testing.B) {
	c := New()
	var objects []catalog.Object
	r := readRecording(b)
	tt := recordedObjects(b, r)[6].(*catalog.Table)
	for i := range 1001 {
		t := *tt
		t.OID, t.Name, t.RowType, t.ArrayType = catalog.OID(100000+10*i), fmt.Sprintf("t%d", i), catalog.OID(100001+10*i), catalog.OID(100002+10*i)
		t.Indexes = nil
		objects = append(objects, &t)
	}
	from := newSnapshot(c, objects[:1000]...)
	change := catalog.NewChange(from)
	change.Put(objects[1000])
	to := change.Snapshot()
	for b.Loop() {
		c.Diff(catalog.PostgresOID, from, to)
	}
}

// BenchmarkRows is all rows of all relations.
func BenchmarkRows(b *testing.B) {
	c := New()
	s := newSnapshot(c)
	for b.Loop() {
		for _, l := range c.layouts {
			for range c.Rows(l.table.OID, catalog.PostgresOID, s) {
			}
		}
	}
}
