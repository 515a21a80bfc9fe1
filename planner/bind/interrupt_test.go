package bind

import (
	"context"
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// TestInterrupted: binding a long statement hears of its end, from the first
// look at the tree to the last row.
func TestInterrupted(t *testing.T) {
	const rows = 20_000
	for _, sql := range []string{
		"VALUES (1)" + strings.Repeat(", (1)", rows),
		"SELECT 1 WHERE 1 IN (1" + strings.Repeat(", 1", rows) + ")",
	} {
		s, err := sqlparse.ParseQuery(sql)
		if err != nil {
			t.Fatal(err)
		}
		env, looks := *testEnv(), 0
		env.Interrupted = func() error { looks++; return nil }
		if _, err := Statement(&env, s, nil); err != nil {
			t.Fatal(err)
		}
		nodes := 0
		sqlparse.Walk(s.Node, func(proto.Message) bool { nodes++; return true })
		if want := (nodes + rows) / stepsBetween; looks < want {
			t.Errorf("%.20s…: %d looks, want %d", sql, looks, want)
		}
		for _, last := range []int{1, looks} {
			left := last
			env.Interrupted = func() error {
				if left--; left == 0 {
					return context.Canceled
				}
				return nil
			}
			if _, err := Statement(&env, s, nil); !errors.Is(err, context.Canceled) {
				t.Errorf("%.20s…: %v at the look %d", sql, err, last)
			}
		}
	}
}
