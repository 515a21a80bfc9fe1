package planner_test

import (
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/planner/rewrite"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// TestRewrites shows what rewriting makes of statements, what it says that it
// did, and what it left alone and why.
func TestRewrites(t *testing.T) {
	w := newWorld(t, 1, 1)
	schema(w)
	transcript(t, "testdata/rewrites.txt", func(sql string) string {
		list, err := sqlparse.Parse(sql)
		if err != nil {
			return failure(err)
		}
		st, err := bind.Statement(w.env(), list[0], nil)
		if err != nil {
			return failure(err)
		}
		before := plan.Dump(st.Root)
		out, reasons, err := rewrite.Rewrite(types.DefaultEnv(), st, nil)
		if err != nil {
			return failure(err)
		}
		if after := plan.Dump(st.Root); after != before {
			t.Errorf("%s: the plan that was rewritten has changed", sql)
		}
		var b strings.Builder
		for _, reason := range reasons {
			b.WriteString("- " + reason + "\n")
		}
		if len(reasons) == 0 {
			b.WriteString("- nothing to say\n")
		}
		return b.String() + plan.Dump(out.Root)
	})
}
