package bind

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/golden"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// tableMaker numbers the objects of a test's catalog.
type tableMaker struct {
	change *catalog.Change
	oid    catalog.OID
}

func (m *tableMaker) next() catalog.OID {
	m.oid++
	return m.oid
}

// table makes a table of "name type" columns, whose first word may be
// followed by options: "id int4 key", "v int4 default 7".
func (m *tableMaker) table(name string, columns ...string) *catalog.Table {
	t := &catalog.Table{OID: m.next(), Database: catalog.PostgresOID, Schema: catalog.PublicOID, Name: name, RowType: m.next(), ArrayType: m.next()}
	for i, spec := range columns {
		f := strings.Fields(spec)
		c := catalog.Column{ID: catalog.ColumnID(i + 1), Attnum: int16(i + 1), Name: f[0], Type: types.ByName(f[1]), Typmod: -1}
		rest := f[2:]
		for len(rest) > 0 {
			switch rest[0] {
			case "key":
				t.Key = append(t.Key, c.ID)
				c.NotNull = true
			case "dropped":
				c.Dropped = true
			case "identity":
				c.Identity = 'a'
			case "generated", "default":
				c.Generated = rest[0] == "generated"
				c.Default = strings.Join(rest[1:], " ")
				rest = rest[:1]
			}
			rest = rest[1:]
		}
		t.Columns = append(t.Columns, c)
	}
	t.ShardKey = len(t.Key)
	if len(t.Key) > 0 {
		t.Indexes = append(t.Indexes, m.unique(t.Name+"_pkey", true, t.Key...))
	}
	m.change.Put(t)
	return t
}

func (m *tableMaker) unique(name string, primary bool, columns ...catalog.ColumnID) catalog.Index {
	x := catalog.Index{OID: m.next(), Name: name, Unique: true, Primary: primary, Constraint: m.next(), Valid: true}
	for _, c := range columns {
		x.Columns = append(x.Columns, catalog.IndexColumn{Column: c})
	}
	return x
}

// testEnv is a catalog with the tables that the golden files use.
func testEnv() *Env {
	change := catalog.NewChange(catalog.NewSnapshot(nil))
	for _, o := range catalog.Bootstrap() {
		change.Put(o)
	}
	m := &tableMaker{change, catalog.FirstNormalOID}
	m.table("pgbench_accounts", "aid int4 key", "bid int4", "abalance int4", "filler bpchar")
	m.table("pgbench_history", "tid int4", "bid int4", "aid int4", "delta int4", "mtime timestamp", "filler bpchar")
	m.table("t", "a int4 key", "b text", "c numeric", "gone int4 dropped", "d timestamptz")
	m.table("u", "a int4", "x int8 key", "y text default 'why'::text", "z _int4")
	m.table("g", "id int4 identity key", "n int4 default 7", "twice int4 generated (n * 2)")
	m.table("flag", "id int4 key", "on_ bool", "name name", "arr _text", "j json")
	g := *change.Snapshot().Relation(catalog.PostgresOID, catalog.PublicOID, "g").(*catalog.Table)
	g.Checks = []catalog.Check{{OID: m.next(), Name: "g_n_check", Expr: "(n > 0)"}}
	g.Indexes = append(g.Indexes[:1:1], m.unique("g_n_key", false, 2))
	change.Put(&g)
	change.Put(&catalog.Sequence{
		OID: m.next(), Database: catalog.PostgresOID, Schema: catalog.PublicOID, Name: "g_id_seq", Type: types.TInt4,
		OwnedBy: g.OID, OwnedByColumn: 1, Identity: true, Start: 1, Increment: 1,
	})
	change.Put(&catalog.View{
		OID: m.next(), Database: catalog.PostgresOID, Schema: catalog.PublicOID, Name: "v", RowType: m.next(),
		Query:   "SELECT a, upper(b) AS big FROM public.t WHERE a > 5",
		Columns: []catalog.Column{{ID: 1, Attnum: 1, Name: "a", Type: types.TInt4, Typmod: -1}, {ID: 2, Attnum: 2, Name: "big", Type: types.TText, Typmod: -1}},
	})
	return &Env{
		Snapshot: change.Snapshot(), Database: catalog.PostgresOID, SearchPath: []catalog.OID{catalog.PgCatalogOID, catalog.PublicOID},
		Role: catalog.SuperuserOID, Types: types.DefaultEnv(), Library: builtin.Default(),
	}
}

// bound is the text that golden files hold for a statement.
func bound(env *Env, sql string) string {
	list, err := sqlparse.Parse(sql)
	if err != nil {
		return failure(err)
	}
	st, err := Statement(env, list[0], nil)
	if err != nil {
		return failure(err)
	}
	var b strings.Builder
	b.WriteString(plan.Dump(st.Root))
	if len(st.Params)+len(st.Lifted) > 0 {
		fmt.Fprintf(&b, "params %s lifted %s\n", typeNames(st.Params), typeNames(st.Lifted))
	}
	var result []string
	for _, c := range st.Result {
		result = append(result, c.Name+" "+types.FormatType(c.Type, c.Typmod))
	}
	if st.Result != nil {
		b.WriteString("result " + strings.Join(result, ", ") + "\n")
	}
	return b.String()
}

func typeNames(list []*types.Type) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = "-"
		if t != nil {
			out[i] = t.Name
		}
	}
	return out
}

func failure(err error) string {
	e := pgerr.From(err)
	s := fmt.Sprintf("%s %s at %d\n", e.Code, e.Message, e.Position)
	if e.Detail != "" {
		s += "detail " + e.Detail + "\n"
	}
	if e.Hint != "" {
		s += "hint " + e.Hint + "\n"
	}
	return s
}

// TestGolden binds the statements of testdata/*.txt: each ends with a
// semicolon at the end of a line, its plan or error follows up to an empty line.
func TestGolden(t *testing.T) {
	env := testEnv()
	golden.Files(t, "testdata/*.txt", func(_ *testing.T, text string) string { return rebind(env, text) })
}

func rebind(env *Env, text string) string {
	var b strings.Builder
	for _, block := range strings.Split(strings.TrimSpace(text), "\n\n") {
		sql, _, _ := strings.Cut(strings.TrimSpace(block), ";\n")
		sql = strings.TrimSuffix(sql, ";")
		b.WriteString(sql + ";\n" + bound(env, sql) + "\n")
	}
	return b.String()
}
