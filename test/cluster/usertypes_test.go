package cluster

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestUserTypesOverNodes: values of users' types go to other nodes' shards and
// back as parameters, in keys and conditions, in text and in binary form.
func TestUserTypesOverNodes(t *testing.T) {
	c := node.StartCluster(t, 3, 8, nil)
	conns := connectAll(t, c)
	run(t, conns[0], "CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad')")
	run(t, conns[1], "CREATE DOMAIN score AS int CHECK (VALUE BETWEEN 1 AND 100)")
	run(t, conns[2], "CREATE TYPE mark AS (m mood, s score, note text)")
	run(t, conns[0], "CREATE TABLE marks (id score, m mood, mark mark, all_of mark[], PRIMARY KEY (id, m))")
	for _, conn := range conns {
		loadTypes(t, conn, "mood", "_mood", "score", "mark", "_mark")
	}
	for i, conn := range conns {
		for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeExec} {
			for j, m := range []string{"sad", "ok", "glad"} {
				id := 1 + 10*i + j
				var value any = mark{m, int32(id), "a (b, \"c\")"}
				if mode == pgx.QueryExecModeExec { // text, of which the type is to be told
					value = fmt.Sprintf(`(%s,%d,"a (b, ""c"")")`, m, id)
				}
				run(t, conn, "DELETE FROM marks WHERE id = $1 AND m = $2", mode, id, m)
				run(t, conn, "INSERT INTO marks VALUES ($1, $2, $3, ARRAY[$3::mark, NULL])", mode, id, m, value)
				other := conns[(i+1)%len(conns)]
				var got mark
				if err := other.QueryRow(t.Context(), "SELECT mark FROM marks WHERE id = $1 AND m = $2 AND mark = all_of[1]", id, m).Scan(&got); err != nil {
					t.Fatal(err)
				}
				if got != (mark{m, int32(id), "a (b, \"c\")"}) {
					t.Fatalf("read %+v", got)
				}
				if n := one[int](t, other, "SELECT count(*)::int FROM marks WHERE (mark).m >= $1 AND (mark).s = $2 AND m::text = ANY ($3)", m, id, []string{m}); n != 1 {
					t.Fatalf("%d rows", n)
				}
			}
		}
	}
	if got := one[[]string](t, conns[1], "SELECT array_agg(DISTINCT m ORDER BY m) FROM marks"); fmt.Sprint(got) != "[sad ok glad]" {
		t.Errorf("%v", got)
	}
	if _, err := conns[2].Exec(t.Context(), "UPDATE marks SET mark.s = (mark).s + 90 WHERE id > $1", 11); client.Code(err) != "23514" {
		t.Errorf("a score above 100: %v", err)
	}
	if _, err := conns[2].Exec(t.Context(), "INSERT INTO marks (id, m) VALUES ($1, 'ok')", 101); client.Code(err) != "23514" {
		t.Errorf("a score above 100: %v", err)
	}
}

type mark struct {
	M    string
	S    int32
	Note string
}

// loadTypes teaches a client types, from the catalogs.
func loadTypes(t *testing.T, conn *pgx.Conn, names ...string) {
	t.Helper()
	for _, name := range names {
		typ, err := conn.LoadType(t.Context(), name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		conn.TypeMap().RegisterType(typ)
	}
}
