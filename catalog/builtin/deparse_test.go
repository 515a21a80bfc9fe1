package builtin

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// TestDeparse compares expr.Format with pg_get_expr (testdata/deparse.sh).
func TestDeparse(t *testing.T) {
	questions, answers := lines(t, "testdata/deparse.txt"), lines(t, "testdata/deparse.answers")
	if len(questions) != len(answers) {
		t.Fatalf("%d expressions, %d answers: record again", len(questions), len(answers))
	}
	for i, q := range questions {
		e, err := bindSQL(types.DefaultEnv(), q)
		if err != nil {
			t.Error(q, err)
			continue
		}
		if got := expr.Format(types.DefaultEnv(), &expr.Test{Kind: expr.IsNotNull, Arg: e}); got != answers[i] {
			t.Errorf("%s\n got %s\nwant %s", q, got, answers[i])
		}
	}
}
