package planner_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/exec"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
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

// TestExplainNamesShards: what the values in the statement decide is said by number.
func TestExplainNamesShards(t *testing.T) {
	w := newWorld(t, 8, 1)
	schema(w)
	for _, c := range []struct{ sql, want string }{
		{"SELECT 1 FROM accounts WHERE aid = 7", fmt.Sprintf("Shards: #%d of 8, of key ($2)", w.shardOf(7))},
		{"UPDATE accounts SET abalance = 0 WHERE aid = 8", fmt.Sprintf("Shards: #%d of 8, of key ($2)", w.shardOf(8))},
		{"SELECT count(*) FROM accounts", "Shards: 8 of 8, all"},
		{"SELECT 1 FROM people WHERE email = 'a@x'", "Shards: of key ($i1)"},
	} {
		st, lifted, err := w.plan(c.sql)
		if err != nil {
			t.Fatal(err)
		}
		env := &exec.Env{Cluster: w, Types: types.DefaultEnv()}
		got := plan.Explain(st, plan.ExplainOptions{Shards: exec.RouteShards(t.Context(), env, st, nil, lifted)})
		if !strings.Contains(got, c.want+"\n") {
			t.Errorf("%s: no %q in\n%s", c.sql, c.want, got)
		}
	}
}

// shardOf is the shard of an int4 key.
func (w *world) shardOf(key int64) shard.ID {
	return w.ShardOf(placement.Hash([]*types.Type{types.TInt4}, []types.Datum{types.Int(key)}))
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
