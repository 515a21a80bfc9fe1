package planner_test

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// schema makes the tables of the golden files.
func schema(w *world) {
	w.table("accounts", "aid int4 key", "bid int4", "abalance int4", "filler bpchar(84)")
	w.table("branches", "bid int4 key", "bbalance int4")
	w.table("history", "aid int4", "bid int4", "delta int4", "mtime timestamp")
	w.table("people", "id int8 key", "email text", "name text notnull", "born date", "rate numeric(10,2)", "score float8",
		"unique email", "index name")
	w.table("lines", "ord int4 key", "num int4 key", "item text", "qty int4", "price numeric(12,2)", "index item")
}

func TestPlans(t *testing.T) {
	w := newWorld(t, 4, 1)
	schema(w)
	transcript(t, "testdata/plans.txt", func(sql string) string {
		st, _, err := w.plan(sql)
		if err != nil {
			return failure(err)
		}
		return explain(st)
	})
}

func explain(st *plan.Statement) string {
	return plan.Explain(st, plan.ExplainOptions{Verbose: true})
}

func TestStatements(t *testing.T) {
	for _, c := range []struct {
		name         string
		shards, logs int
		workMem      int64
	}{{"one shard", 1, 1, 0}, {"four shards", 4, 1, 0}, {"three logs", 4, 3, 0}, {"little memory", 4, 1, 1}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, c.shards, c.logs)
			w.workMem = c.workMem
			schema(w)
			transcript(t, "testdata/statements.txt", func(sql string) string {
				out, err := w.exec(sql)
				if err != nil {
					return failure(err)
				}
				return out
			})
		})
	}
}
