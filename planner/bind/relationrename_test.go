package bind

import "testing"

func TestWithRelation(t *testing.T) {
	from, to := RelationName{"s", "a"}, RelationName{"s", "b"}
	moved := RelationName{"z", "a"}
	for _, c := range []struct {
		text string
		to   RelationName
		want string // "": refused
	}{
		{"SELECT x FROM s.a", to, "SELECT x FROM s.b"},
		{"SELECT x FROM s.c", to, "SELECT x FROM s.c"},
		{"SELECT x FROM z.a", to, "SELECT x FROM z.a"},
		{"SELECT x FROM s.a q", to, "SELECT x FROM s.b q"},
		{"SELECT a.x FROM s.a", to, "SELECT a.x FROM s.b a"},
		{"SELECT a FROM s.a", to, "SELECT a FROM s.b a"},
		{"SELECT x FROM s.a FOR UPDATE OF a", to, "SELECT x FROM s.b a FOR UPDATE OF a"},
		{"SELECT x, b.y FROM s.a, z.c b", to, "SELECT x, b.y FROM s.b a, z.c b"},
		{"WITH b AS (SELECT 1) SELECT x FROM s.a, b", to, "WITH b AS (SELECT 1) SELECT x FROM s.b a, b"},
		{"SELECT s.a.x FROM s.a", to, "SELECT s.b.x FROM s.b"},
		{"SELECT s.a.x, a.y FROM s.a", to, "SELECT a.x, a.y FROM s.b a"},
		{"SELECT s.a.x, z.a.x FROM s.a, z.a", to, "SELECT s.b.x, z.a.x FROM s.b, z.a"},
		{"SELECT (SELECT s.a.x FROM z.c a WHERE a.y = 1) FROM s.a", to, ""},
		{"SELECT count(s.a.*) FROM s.a", to, "SELECT count(s.b.*) FROM s.b"},
		{"SELECT a.x, s.a.y FROM s.a", moved, "SELECT a.x, z.a.y FROM z.a"},
		{"SELECT (r::s.a).x FROM z.c", to, "SELECT (r::s.b).x FROM z.c"},
	} {
		got, ok, err := WithRelation(c.text, from, c.to)
		if err != nil || ok != (c.want != "") || got != c.want {
			t.Errorf("%s\n got %q %v %v\nwant %q", c.text, got, ok, err, c.want)
		}
	}
}

func TestWithSchema(t *testing.T) {
	const text = "SELECT s.a.x, s.y, (r::s.a).x FROM s.a, z.s WHERE s.a.x = 's.a'"
	const want = "SELECT t.a.x, s.y, (r::t.a).x FROM t.a, z.s WHERE t.a.x = 's.a'"
	if got, err := WithSchema(text, "s", "t"); err != nil || got != want {
		t.Errorf("got %q %v\nwant %q", got, err, want)
	}
}
