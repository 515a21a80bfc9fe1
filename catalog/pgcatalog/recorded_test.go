package pgcatalog

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// recording is testdata/recorded.txt: what PostgreSQL answers about objects.sql.
type recording struct {
	columns map[string][]string   // by relation
	rows    map[string][][]string // by relation
}

func readRecording(t testing.TB) *recording {
	t.Helper()
	b, err := os.ReadFile("testdata/recorded.txt")
	if err != nil {
		t.Fatal(err)
	}
	r := &recording{make(map[string][]string), make(map[string][][]string)}
	relation := ""
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "== "):
			relation = line[3:]
		case r.columns[relation] == nil && relation != "defs":
			r.columns[relation] = strings.Split(line, "\t")
		default:
			r.rows[relation] = append(r.rows[relation], strings.Split(line, "\t"))
		}
	}
	return r
}

// find returns the value of a column in the first row where all given columns have the given values.
func (r *recording) find(t testing.TB, relation, column string, where ...string) catalog.OID {
	t.Helper()
	at := func(name string) int { return slices.Index(r.columns[relation], name) }
rows:
	for _, row := range r.rows[relation] {
		for i := 0; i < len(where); i += 2 {
			if row[at(where[i])] != where[i+1] {
				continue rows
			}
		}
		return oidOf(row[at(column)])
	}
	t.Fatalf("no row of %s where %v", relation, where)
	return 0
}

// recordedObjects are the descriptors of objects.sql, with the OIDs that PostgreSQL gave them.
func recordedObjects(t testing.TB, r *recording) []catalog.Object {
	t.Helper()
	class := func(name string) catalog.OID { return r.find(t, "pg_class", "oid", "relname", name) }
	typ := func(name string) catalog.OID { return r.find(t, "pg_type", "oid", "typname", name) }
	constraint := func(name string) catalog.OID { return r.find(t, "pg_constraint", "oid", "conname", name) }
	app := r.find(t, "pg_namespace", "oid", "nspname", "app")
	owner := r.find(t, "pg_roles", "oid", "rolname", "app_owner")
	readers := r.find(t, "pg_roles", "oid", "rolname", "readers")
	attrdef := func(table, attnum string) catalog.OID {
		return r.find(t, "pg_attrdef", "oid", "adrelid", decimal(class(table)), "adnum", attnum)
	}
	numeric102 := types.NumericTypmod(10, 2)
	col := func(id catalog.ColumnID, name string, t *types.Type, mod int32) catalog.Column {
		return catalog.Column{ID: id, Attnum: int16(id), Name: name, Type: t, Typmod: mod, Storage: t.Storage, Stats: -1}
	}
	with := func(c catalog.Column, set func(*catalog.Column)) catalog.Column { set(&c); return c }
	tt := &catalog.Table{
		OID: class("tt"), Database: catalog.PostgresOID, Schema: catalog.PublicOID, Name: "tt", Owner: 10, Persistence: 'p', Comment: "hello",
		RowType: typ("tt"), ArrayType: typ("_tt"), Key: []catalog.ColumnID{1}, ShardKey: 1, Stats: catalog.Statistics{Rows: -1},
		Columns: []catalog.Column{
			with(col(1, "id", types.TInt4, -1), func(c *catalog.Column) {
				c.NotNull, c.Default, c.DefaultOID = true, "nextval('"+decimal(class("tt_id_seq"))+"'::regclass)", attrdef("tt", "1")
			}),
			with(col(2, "a", types.TText, -1), func(c *catalog.Column) {
				c.NotNull, c.Default, c.DefaultOID, c.Comment = true, "'x'::text", attrdef("tt", "2"), "it's a column"
			}),
			col(3, "b", types.TNumeric, numeric102),
			col(4, "c", types.TVarchar, 9),
			with(col(5, "d", types.TInt4, -1), func(c *catalog.Column) { c.NotNull, c.Identity = true, 'a' }),
			with(col(6, "e", types.TTimestamptz, -1), func(c *catalog.Column) { c.Dropped = true }),
			with(col(7, "F g", types.TBpchar.Array, 7), func(c *catalog.Column) {}),
			col(8, "h", types.TInterval, 0x7fff<<16|3),
		},
		Checks: []catalog.Check{{OID: constraint("tt_b_check"), Name: "tt_b_check", Expr: "(b > (0)::numeric)", Columns: []catalog.ColumnID{3}, Valid: true, Comment: "positive"}},
		Indexes: []catalog.Index{
			{OID: class("tt_pkey"), Constraint: constraint("tt_pkey"), ID: 1, Name: "tt_pkey", Unique: true, Primary: true, Valid: true, Columns: []catalog.IndexColumn{{Column: 1}}},
			{OID: class("tt_c_key"), Constraint: constraint("tt_c_key"), ID: 2, Name: "tt_c_key", Unique: true, Valid: true, Columns: []catalog.IndexColumn{{Column: 4}}},
			{OID: class("tt_a"), ID: 3, Name: "tt_a", Valid: true, Comment: "an index", Included: []catalog.ColumnID{1},
				Columns: []catalog.IndexColumn{{Column: 2, Desc: true, NullsFirst: true}, {Column: 3}}},
			{OID: class("Odd Index"), ID: 4, Name: "Odd Index", Valid: true, Options: map[string]string{"fillfactor": "70"},
				Columns: []catalog.IndexColumn{{Column: 2, Desc: true}, {Column: 4, NullsFirst: true}}},
		},
	}
	u := &catalog.Table{
		OID: class("u"), Database: catalog.PostgresOID, Schema: app, Name: "u", Owner: owner, Persistence: 'u',
		RowType: typ("u"), ArrayType: typ("_u"), Key: []catalog.ColumnID{6}, ShardKey: 1, Stats: catalog.Statistics{Rows: -1},
		Options: map[string]string{"fillfactor": "50", "autovacuum_enabled": "off"},
		Columns: []catalog.Column{
			col(1, "k", types.TUUID, -1), col(2, "n", types.TName, -1),
			with(col(3, "j", types.TInt2, -1), func(c *catalog.Column) {
				c.Generated, c.Default, c.DefaultOID = true, "(1)::smallint", attrdef("u", "3")
			}),
			col(4, "t", types.TTimestamp, 2), col(5, "f", types.TFloat4, -1),
			{ID: 6, Name: rowIDName, Type: types.TInt8, Typmod: -1, NotNull: true, Hidden: true},
		},
		Indexes: []catalog.Index{{OID: class("u_n"), ID: 1, Name: "u_n", Unique: true, NullsNotDistinct: true, Valid: true, Columns: []catalog.IndexColumn{{Column: 2}}}},
	}
	sequence := func(name string, schema catalog.OID) *catalog.Sequence {
		return &catalog.Sequence{OID: class(name), Database: catalog.PostgresOID, Schema: schema, Name: name, Owner: 10, Persistence: 'p',
			Type: types.TInt4, Start: 1, Increment: 1, Min: 1, Max: 1<<31 - 1, Cache: 1}
	}
	serial, identity, ss := sequence("tt_id_seq", catalog.PublicOID), sequence("tt_d_seq", catalog.PublicOID), sequence("ss", app)
	serial.OwnedBy, serial.OwnedByColumn = tt.OID, 1
	identity.OwnedBy, identity.OwnedByColumn, identity.Identity = tt.OID, 5, true
	ss.Type, ss.Start, ss.Increment, ss.Min, ss.Max, ss.Cache, ss.Cycle = types.TInt2, -1, -2, -1<<15, -1, 4, true
	return []catalog.Object{
		&catalog.Role{OID: owner, Name: "app_owner", Inherit: true, Login: true, ConnLimit: 5, ValidUntil: "2030-01-01 00:00:00+00",
			MemberOf: []catalog.Membership{{Role: readers, Grantor: 10}}, Settings: map[string]string{"work_mem": "8MB"}},
		&catalog.Role{OID: readers, Name: "readers", Inherit: true, ConnLimit: -1, Comment: "may read"},
		&catalog.Schema{OID: app, Database: catalog.PostgresOID, Name: "app", Owner: owner, Comment: "the app"},
		serial, identity, ss, tt, u,
		&catalog.View{OID: class("vv"), Database: catalog.PostgresOID, Schema: catalog.PublicOID, Name: "vv", Owner: 10,
			RowType: typ("vv"), ArrayType: typ("_vv"), Rule: r.find(t, "pg_rewrite", "oid", "rulename", "_RETURN"),
			Query:   " SELECT tt.id,\n    tt.a\n   FROM tt\n LIMIT 10;",
			Columns: []catalog.Column{col(1, "id", types.TInt4, -1), col(2, "a", types.TText, -1)}},
	}
}

// newSnapshot is a new cluster's snapshot with the system relations of c.
func newSnapshot(c *Catalog, more ...catalog.Object) *catalog.Snapshot {
	var ops []catalog.Op
	for _, o := range append(catalog.Bootstrap(), more...) {
		ops = append(ops, catalog.Op{Key: o.ObjectKey(), Object: o})
	}
	return catalog.NewSnapshot(c.Relations()).Apply(ops, 1)
}

// filters are the columns by which recorded rows of a relation were chosen:
// those of objects in the schemas that users have.
var filters = map[string]string{
	"pg_tables": "schemaname", "pg_indexes": "schemaname", "pg_views": "schemaname",
	"information_schema.tables": "table_schema", "information_schema.columns": "table_schema", "information_schema.views": "table_schema",
	"information_schema.table_constraints": "table_schema", "information_schema.key_column_usage": "table_schema",
	"information_schema.constraint_column_usage": "table_schema", "information_schema.check_constraints": "constraint_schema",
}

// TestRecordedRows: the rows of users' objects are those that PostgreSQL has, all and no more.
func TestRecordedRows(t *testing.T) {
	r := readRecording(t)
	c := New()
	s := newSnapshot(c, recordedObjects(t, r)...)
	for relation, columns := range r.columns {
		t.Run(relation, func(t *testing.T) {
			var want, got []string
			for _, row := range r.rows[relation] {
				want = append(want, strings.Join(row, "\t"))
			}
			g := &generator{c: c, database: catalog.PostgresOID, snapshot: s, only: c.layout(relation)}
			g.emit = func(l *layout, row []types.Datum) {
				if relation == "pg_attrdef" {
					text := Expression(s, catalog.PostgresOID, row[l.position("adbin")].Text(), inPublic, plainTypeName(s))
					row[l.position("adbin")] = types.Text(text)
				}
				if l.recorded(row, filters[relation]) {
					got = append(got, l.cells(row, columns))
				}
			}
			if relation == "pg_views" || relation == "information_schema.views" {
				for _, row := range c.Views(relation, catalog.PostgresOID, s, func(v *catalog.View) string { return v.Query }) {
					g.emit(g.only, row)
				}
			}
			for o := range objectsOf(s, catalog.PostgresOID) {
				if r, ok := o.(catalog.Relation); !ok || r.Ref().Schema != catalog.PegmatiteOID {
					g.object(o)
				}
			}
			compareLines(t, got, want)
		})
	}
}

func (l *layout) recorded(row []types.Datum, filter string) bool {
	if filter == "" {
		if l.table.Name == "pg_namespace" || l.table.Name == "schemata" || l.table.Name == "pg_description" {
			for _, d := range row {
				if d.Kind() == types.KindInt && d.Int() == int64(catalog.PegmatiteOID) || d.Kind() == types.KindText && d.Text() == "pegmatite" {
					return false
				}
			}
		}
		return true
	}
	schema := row[l.position(filter)].Text()
	return schema == "public" || schema == "app"
}

// cells is a row as it was recorded: the named columns' text, as casts to text write them.
func (l *layout) cells(row []types.Datum, columns []string) string {
	var out []string
	env := types.DefaultEnv()
	for _, name := range columns {
		i := l.position(name)
		text := `\N`
		switch d := row[i]; {
		case d.IsNull():
		case strings.HasPrefix(l.table.Columns[i].Type.Name, "reg"):
			text = decimal(catalog.OID(d.Int()))
		case d.Kind() == types.KindBool && d.Bool():
			text = "true"
		case d.Kind() == types.KindBool:
			text = "false"
		default:
			text = strings.ReplaceAll(string(l.table.Columns[i].Type.Format(env, nil, d)), "\n", `\n`)
		}
		out = append(out, text)
	}
	return strings.Join(out, "\t")
}

func compareLines(t *testing.T, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	shown := 0
	report := func(sign, line string) {
		if shown++; shown <= 12 {
			t.Errorf("%s %s", sign, line)
		}
	}
	for len(got) > 0 || len(want) > 0 {
		switch {
		case len(want) == 0 || len(got) > 0 && got[0] < want[0]:
			report("too much:", got[0])
			got = got[1:]
		case len(got) == 0 || want[0] < got[0]:
			report("missing: ", want[0])
			want = want[1:]
		default:
			got, want = got[1:], want[1:]
		}
	}
}

// TestRecordedDefinitions: the functions of ruleutils.c and of visibility.
func TestRecordedDefinitions(t *testing.T) {
	r := readRecording(t)
	c := New()
	s := newSnapshot(c, recordedObjects(t, r)...)
	path := []catalog.OID{catalog.PgCatalogOID, catalog.PublicOID}
	visible := func(ref catalog.Ref) bool {
		v, _ := RelationVisible(s, catalog.PostgresOID, path, ref.OID)
		return v
	}
	for _, row := range r.rows["defs"] {
		oid := oidOf(row[1])
		switch row[0] {
		case "index":
			full, _ := IndexDef(s, catalog.PostgresOID, oid, 0, nil, kept)
			pretty, _ := IndexDef(s, catalog.PostgresOID, oid, 0, visible, kept)
			first, _ := IndexDef(s, catalog.PostgresOID, oid, 1, visible, kept)
			compareLines(t, []string{full, pretty, first}, row[2:])
		case "constraint":
			def, _ := ConstraintDef(s, oid)
			compareLines(t, []string{def}, row[2:])
		case "visible":
			v, ok := RelationVisible(s, catalog.PostgresOID, path, oid)
			if !ok || v != (row[2] == "t") {
				t.Errorf("%d is visible: %v, want %s", oid, v, row[2])
			}
		case "serial":
			tt := s.Relation(catalog.PostgresOID, catalog.PublicOID, "tt").(*catalog.Table)
			for i, column := range []string{"id", "a", "d"} {
				name, ok := SerialSequence(s, catalog.PostgresOID, tt, tt.ColumnByName(column))
				if !ok {
					name = `\N`
				}
				compareLines(t, []string{name}, row[2+i:3+i])
			}
		}
	}
}
