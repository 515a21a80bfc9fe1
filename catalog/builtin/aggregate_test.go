package builtin

import (
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// TestRecordedAggregates computes the aggregates of testdata/aggregates.txt as a
// whole and in parts, and compares with PostgreSQL's answers.
func TestRecordedAggregates(t *testing.T) {
	questions, answers := lines(t, "testdata/aggregates.txt"), lines(t, "testdata/aggregates.answers")
	if len(questions) != len(answers) {
		t.Fatalf("%d aggregates, %d answers: record again", len(questions), len(answers))
	}
	for i, q := range questions {
		f := strings.Split(q, ";")
		rows := strings.Fields(f[2])
		if got := aggregateAnswer(t, f[0], strings.Split(f[1], ","), rows, -1); got != answers[i] {
			t.Errorf("%s\n got %s\nwant %s", q, got, answers[i])
		}
		for cut := 0; cut <= len(rows); cut++ {
			got := aggregateAnswer(t, f[0], strings.Split(f[1], ","), rows, cut)
			if got != "" && got != answers[i] {
				t.Errorf("%s in parts, cut at %d\n got %s\nwant %s", q, cut, got, answers[i])
			}
		}
	}
}

// aggregateAnswer aggregates rows; with cut >= 0 in two parts that are merged
// into a third, and "" for an aggregate without partial state.
func aggregateAnswer(t *testing.T, name string, argTypes, rows []string, cut int) string {
	t.Helper()
	args := make([]*types.Type, len(argTypes))
	for i, n := range argTypes {
		args[i] = types.ByName(n)
	}
	r, err := Default().ResolveFunction(FunctionCall{Name: name, Args: args})
	if err != nil {
		return errorLine(err)
	}
	agg := r.Aggregate()
	ctx := &expr.Context{Env: types.DefaultEnv()}
	whole := agg.New(ctx)
	if cut >= 0 {
		if agg.State == nil {
			return ""
		}
		for _, part := range [][]string{rows[:cut], rows[cut:]} {
			acc := agg.New(ctx)
			if err := addRows(t, ctx, agg, acc, args, part); err != nil {
				return errorLine(err)
			}
			state, err := acc.Partial()
			if err != nil {
				return errorLine(err)
			}
			if len(state) != len(agg.State) {
				t.Fatalf("%s: state of %d, declared %d", name, len(state), len(agg.State))
			}
			if err := whole.Merge(state); err != nil {
				return errorLine(err)
			}
		}
	} else if err := addRows(t, ctx, agg, whole, args, rows); err != nil {
		return errorLine(err)
	}
	v, err := whole.Result()
	if err != nil {
		return errorLine(err)
	}
	return r.Result.SQLName + "|" + show(ctx, r.Result, v)
}

func addRows(t *testing.T, ctx *expr.Context, agg *expr.Aggregate, acc expr.Accumulator, args []*types.Type, rows []string) error {
	t.Helper()
next:
	for _, row := range rows {
		values := make([]types.Datum, len(args))
		for i, s := range strings.Split(row, "|") {
			if s == "NULL" {
				if agg.Strict {
					continue next
				}
				continue
			}
			v, err := args[i].Parse(ctx.Env, s, -1)
			if err != nil {
				t.Fatal(row, err)
			}
			values[i] = v
		}
		if err := acc.Add(values); err != nil {
			return err
		}
	}
	return nil
}
