package sqlparse

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// inlined puts the lifted literals back into a copy of the tree, without locations.
func inlined(s *Statement) string {
	n := proto.Clone(s.Node).(*pg.Node)
	Walk(n, func(m proto.Message) bool {
		node, ok := m.(*pg.Node)
		if !ok || node.GetParamRef() == nil || int(node.GetParamRef().Number) <= s.Params {
			clearLocation(m)
			return true
		}
		l := s.Lifted[int(node.GetParamRef().Number)-s.Params-1]
		node.Node = &pg.Node_String_{String_: &pg.String{Sval: fmt.Sprint(l.Kind, l.Negative, l.Text)}}
		return true
	})
	return n.String()
}

func clearLocation(m proto.Message) {
	r := m.ProtoReflect()
	for i := range r.Descriptor().Fields().Len() {
		fd := r.Descriptor().Fields().Get(i)
		if strings.HasSuffix(string(fd.Name()), "location") && fd.Kind() == protoreflect.Int32Kind {
			r.Clear(fd)
		}
	}
}

func sameStatements(t *testing.T, sql string, a, b []*Statement) {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%q: %d and %d statements", sql, len(a), len(b))
	}
	for i := range a {
		if x, y := inlined(a[i]), inlined(b[i]); x != y {
			t.Fatalf("%q:\n%s\n%s", sql, x, y)
		}
		if a[i].Key() != b[i].Key() {
			t.Fatalf("%q: keys %q and %q", sql, a[i].Key(), b[i].Key())
		}
	}
}

func values(s *Statement) string {
	var b strings.Builder
	for _, l := range s.Lifted {
		sign := ""
		if l.Negative {
			sign = "-"
		}
		fmt.Fprintf(&b, "%c:%s%s ", l.Kind.mark(), sign, l.Text)
	}
	return strings.TrimSpace(b.String())
}

// What is lifted, and what must stay.
func TestLift(t *testing.T) {
	for _, c := range []struct{ sql, want string }{
		{"UPDATE a SET b = b + -5 WHERE c = 17;", "i:-5 i:17"},
		{"select 2147483647, 3000000000, 99999999999999999999, 1.5, 1e5, .5", "i:2147483647 l:3000000000 n:99999999999999999999 n:1.5 n:1e5 n:.5"},
		{"select -2147483648", ""},
		{"select 2 - 5, 2 -5, 2 - -5", "i:2 i:5 i:2 i:5 i:2 i:-5"},
		{"select a from t where b = 'it''s' limit 10 offset 5", "s:it's i:10 i:5"},
		{"select 1 where exists (select 2 limit 3) or 4 = (select 5 limit 6) limit 7", "i:1 i:2 i:4 i:5 i:6 i:7"},
		{"select a, 3 from t order by 1, 'x' || a", "i:3"},
		{"select a + 1, 2 from t where c = 3 group by a + 1 having max(a) > 4", "i:3"},
		{"select distinct a + 1 from t where c = 3", "i:3"},
		{"select 1 union select 2 order by 1", "i:1 i:2"},
		{"select a::numeric(10,2), '5'::int8, date '2020-01-01'", "s:5 s:2020-01-01"},
		{"select interval '1 day', interval '1' year, 't'::regclass", ""},
		{"select string_agg(a, ',' order by b), string_agg(distinct a, ','), max(a || '1')", "s:1"},
		{"select extract(year from a), 'x' like 'y%'", "s:x s:y%"},
		{"select true, null, $1, 7", "i:7"},
		{"insert into t values (1, 'a'), (2, 'b') on conflict (a) do update set b = 'c'", "i:1 s:a i:2 s:b s:c"},
		{"create table t (a int default 5)", ""},
		{"explain select 5", ""},
		{"select E'a\\n', 5", ""},
		{"select 1 -- the rest\n, /* 2 /* nested */ */ 3", "i:1 i:3"},
		{"select 'a'\n'b'", ""},
		{"select a[1], x.y1 from t1", "i:1"},
	} {
		out, err := Parse(c.sql)
		if err != nil {
			t.Errorf("%s: %v", c.sql, err)
			continue
		}
		if got := values(out[0]); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.sql, got, c.want)
		}
	}
}

// Texts of one shape share a tree and a key; texts whose fixed literals differ do not.
func TestCacheShapes(t *testing.T) {
	c := NewCache(1 << 20)
	parse := func(sql string) *Statement {
		out, err := c.Parse(context.Background(), Postgres, sql)
		if err != nil {
			t.Fatal(err)
		}
		direct, _ := Parse(sql)
		sameStatements(t, sql, direct, out)
		return out[0]
	}
	a := parse("select a from t where b = 1 and c = 'x' order by 1")
	b := parse("select a from t where b = 22222 and c = '' order by 1")
	if a.Node != b.Node || a.Key() != b.Key() {
		t.Error("one shape, two trees")
	}
	if d := parse("select a from t where b = 1 and c = 'x' order by 2"); d.Node == a.Node || d.Key() == a.Key() {
		t.Error("ORDER BY 1 is not ORDER BY 2")
	}
	if d := parse("select a from t where b = 3000000000 and c = 'x' order by 1"); d.Node == a.Node || d.Key() == a.Key() {
		t.Error("an int8 is not an int4")
	}
	ref := b.Node.GetSelectStmt().WhereClause.GetBoolExpr().Args[1].GetAExpr().Lexpr.GetColumnRef()
	if got := b.Position(ref.Location); got != 37 {
		t.Errorf("position %d", got)
	}
	if got := b.LiteralPosition(1); got != 41 {
		t.Errorf("literal position %d", got)
	}
}

func TestPinnedLiteralsAreInTheKey(t *testing.T) {
	c := NewCache(1 << 20)
	get := func(sql string) *Statement {
		out, err := c.Parse(context.Background(), Postgres, sql)
		if err != nil {
			t.Fatal(err)
		}
		return out[0]
	}
	a := get("select nextval('s'), 1")
	before := a.Key()
	a.Pin(0)
	b, d := get("select nextval('t'), 1"), get("select nextval('s'), 2")
	if a.Key() == before || b.Key() == a.Key() || d.Key() != a.Key() || !b.Pinned(0) || b.Pinned(1) {
		t.Errorf("%q %q %q", a.Key(), b.Key(), d.Key())
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := NewCache(1 << 18)
	for i := range 2000 {
		if _, err := c.Parse(context.Background(), Postgres, fmt.Sprintf("select c%d from t%d where a = %d", i, i, i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := c.lru.Bytes(); n > 1<<18 || n == 0 {
		t.Errorf("%d bytes", n)
	}
	if n := c.lru.Len(); n == 0 || n > 300 {
		t.Errorf("%d entries", n)
	}
}

func TestCacheConcurrently(t *testing.T) {
	c := NewCache(1 << 16)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 200 {
				sql := fmt.Sprintf("select a, %d from t%d where b = 'x%d'", i, i%20, g)
				out, err := c.Parse(context.Background(), Postgres, sql)
				if err != nil || out[0].Lifted[0].Text != fmt.Sprint(i) {
					t.Errorf("%s: %v %v", sql, out, err)
					return
				}
				out[0].Pin(1)
			}
		})
	}
	wg.Wait()
}

func TestLRUForgetsTheOldest(t *testing.T) {
	l := NewLRU[int](lruSegments * 100)
	l.Put("big", 1, 101)
	if _, ok := l.Get("big"); ok {
		t.Error("larger than a segment and kept")
	}
	for i := range 1000 {
		l.Put(fmt.Sprint("k", i), i, 10)
		if v, ok := l.Get(fmt.Sprint("k", i)); !ok || v != i {
			t.Fatalf("k%d is lost", i)
		}
	}
	if _, ok := l.Get("k0"); ok {
		t.Error("k0 outlived 1000 others")
	}
	l.Put("k999", 7, 10)
	if v, _ := l.Get("k999"); v != 7 {
		t.Error("not replaced")
	}
	l.Delete("k999")
	if _, ok := l.Get("k999"); ok {
		t.Error("not deleted")
	}
}

func BenchmarkCacheShape(b *testing.B) {
	c := NewCache(1 << 20)
	b.ReportAllocs()
	for b.Loop() {
		c.Parse(context.Background(), Postgres, "UPDATE pgbench_accounts SET abalance = abalance + -4321 WHERE aid = 712345;")
	}
}
