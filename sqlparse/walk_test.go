package sqlparse

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// reflected are all messages under m, parents first, as reflection finds them
// with the fields in the order in which they are declared.
func reflected(m protoreflect.Message, out []proto.Message) []proto.Message {
	out = append(out, m.Interface())
	for i := range m.Descriptor().Fields().Len() {
		switch fd := m.Descriptor().Fields().Get(i); {
		case fd.Message() == nil || !m.Has(fd):
		case fd.IsList():
			for i := range m.Get(fd).List().Len() {
				out = reflected(m.Get(fd).List().Get(i).Message(), out)
			}
		default:
			out = reflected(m.Get(fd).Message(), out)
		}
	}
	return out
}

// TestWalk: what Walk goes through by itself is all that reflection finds.
func TestWalk(t *testing.T) {
	for _, sql := range []string{
		"SELECT 1, 2.5, 'x', true, NULL, B'101', $1, -a + b * 3 FROM t WHERE a IN (1, 2) AND b BETWEEN 1 AND 2 OR c LIKE 'x' ESCAPE 'y'",
		"VALUES (1, 'a'), (2.5, NULL), (DEFAULT, $2)",
		"INSERT INTO t (a, b) VALUES (1, (SELECT max(x::numeric(5, 2)) FROM u)) ON CONFLICT (a) DO UPDATE SET b = excluded.b + 1 RETURNING *",
		"UPDATE t SET (a, b) = (1, 2), c[1].d = ARRAY[1, '2'] WHERE a = ANY (ARRAY[1, 2]) AND NOT b OPERATOR(pg_catalog.=) ALL ('{1}')",
		"WITH w AS (DELETE FROM t USING u WHERE t.a = u.a RETURNING t.*) SELECT CASE a WHEN 1 THEN 'x' ELSE 'y' END, coalesce(a, 1), (1, 2) = (3, 4) FROM w ORDER BY 1 LIMIT 5 FOR UPDATE OF w",
		"CREATE TABLE t (a int PRIMARY KEY DEFAULT 5 CHECK (a > 1), b numeric(5, 2)[])",
	} {
		s, err := ParseQuery(sql)
		if err != nil {
			t.Fatal(err)
		}
		var walked []proto.Message
		Walk(s.Node, func(m proto.Message) bool { walked = append(walked, m); return true })
		if want := reflected(s.Node.ProtoReflect(), nil); !slices.Equal(walked, want) {
			t.Errorf("%s: %d messages, want %d", sql, len(walked), len(want))
		}
		left := 0
		Walk(s.Node, func(proto.Message) bool { left++; return false })
		if left != 1 {
			t.Errorf("%s: %d messages under one that is left out", sql, left-1)
		}
	}
}

// TestWalkOfRows: the rows of a long statement are gone through without
// reflection, which makes something for each of them.
func TestWalkOfRows(t *testing.T) {
	const rows = 1000
	s, err := ParseQuery("INSERT INTO t VALUES (1, 'a', 2.5, 1 + 2)" + strings.Repeat(", (1, 'a', 2.5, 1 + 2)", rows))
	if err != nil {
		t.Fatal(err)
	}
	visited := 0
	visit := func(proto.Message) bool { visited++; return true }
	if n := testing.AllocsPerRun(10, func() { Walk(s.Node, visit) }); n > rows/10 {
		t.Errorf("%.0f allocations for %d rows", n, rows)
	}
}
