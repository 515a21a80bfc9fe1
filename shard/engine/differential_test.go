package engine_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/fixedseed"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
)

// side is one of two services that are told the same.
type side struct {
	in *shardtest.Instance
	tx *shardtest.Tx
}

// drawFragment draws a read: conditions, order, filter, limit, output.
func drawFragment(t *rapid.T, acc *shard.Table) (*shard.Fragment, []types.Datum) {
	var where []shardtest.Condition
	var params []types.Datum
	for i := range rapid.IntRange(0, 2).Draw(t, "conditions") {
		where = append(where, shardtest.Condition{
			Column:   rapid.IntRange(0, 2).Draw(t, "column"),
			Operator: rapid.SampledFrom([]string{"=", "<", ">="}).Draw(t, "operator"), Param: i})
		p := types.Int(rapid.Int64Range(0, 8).Draw(t, "param"))
		if rapid.IntRange(0, 9).Draw(t, "null") == 0 {
			p = types.Null
		}
		params = append(params, p)
	}
	f := shardtest.Fragment(acc, where...)
	if rapid.Bool().Draw(t, "ordered") {
		f = shardtest.Ordered(f, 0, rapid.Bool().Draw(t, "desc")) // by the key: one order only
		if rapid.Bool().Draw(t, "limited") {
			f.Limit = &expr.Const{Typed: expr.Typed{T: types.TInt8, Mod: -1}, Value: types.Int(rapid.Int64Range(0, 5).Draw(t, "limit"))}
		}
	}
	if rapid.Bool().Draw(t, "output") {
		f.Output = []expr.Expr{shardtest.Col(acc, 2), shardtest.Col(acc, 0)}
	}
	return f, params
}

// TestChainsDoNotShow does the same to a shard that settles after every step
// and to one that never does (and whose write sets spill): no read may tell
// them apart, inside the writing transaction and outside.
func TestChainsDoNotShow(t *testing.T) {
	acc := shardtest.Accounts(1)
	fixedseed.Check(t, func(rt *rapid.T) {
		disk, err := sqlite.NewDisk()
		if err != nil {
			rt.Fatal(err)
		}
		never := config("data", shardtest.NewOracle(), 1, 1)
		never.FS, never.SQLite.VFS, never.Log.SegmentBytes = vfs.NewMem(), disk.VFS(), 1<<16
		never.SettleEvery, never.WriteSetBytes = -1, 2000
		always := config("", shardtest.NewOracle(), 1, 1)
		always.SettleEvery = -1
		sides := []*side{{in: open(t, never)}, {in: open(t, always)}}
		both := func(what string, do func(s *side) (any, error)) {
			var answers []string
			for _, s := range sides {
				v, err := do(s)
				answers = append(answers, fmt.Sprint(v, err))
			}
			if answers[0] != answers[1] {
				rt.Fatalf("%s: with chains %s, without %s", what, answers[0], answers[1])
			}
		}
		tx := func(s *side) *shardtest.Tx {
			if s.tx == nil {
				s.tx = s.in.Begin(t, txn.ReadCommitted)
			}
			return s.tx
		}
		writes := func(what string, r func() *shard.WriteRequest) {
			both(what, func(s *side) (any, error) {
				reply, err := tx(s).Write(r())
				if err != nil {
					return nil, err
				}
				return fmt.Sprint(reply.Count, reply.Skipped), nil
			})
		}
		rt.Repeat(map[string]func(*rapid.T){
			"insert": func(rt *rapid.T) {
				id, branch := rapid.Int64Range(0, 8).Draw(rt, "id"), rapid.Int64Range(0, 3).Draw(rt, "branch")
				n := rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(rt, "note")
				conflict := rapid.Bool().Draw(rt, "on conflict do nothing")
				writes("insert", func() *shard.WriteRequest {
					r := &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: shardtest.Batch(shardtest.Account(acc, id, branch, id, n))}
					if conflict {
						r.OnConflict = &shard.OnConflict{}
					}
					return r
				})
			},
			"update": func(rt *rapid.T) {
				f, params := drawFragment(rt, acc)
				if f.Limit != nil || f.Output != nil || len(f.Order) > 0 || len(params) > 1 {
					rt.Skip("no search of an update")
				}
				for len(params) < 2 {
					params = append(params, types.Int(1))
				}
				writes("update", func() *shard.WriteRequest { return shardtest.AddBalance(f, params...) })
			},
			"delete": func(rt *rapid.T) {
				f := shardtest.Fragment(acc, shardtest.Condition{Column: rapid.IntRange(0, 1).Draw(rt, "column"), Operator: "=", Param: 0})
				p := types.Int(rapid.Int64Range(0, 8).Draw(rt, "param"))
				writes("delete", func() *shard.WriteRequest {
					return &shard.WriteRequest{Op: shard.OpDelete, Table: acc, Find: f, Values: shard.Values{Params: []types.Datum{p}}}
				})
			},
			"commit": func(rt *rapid.T) {
				both("commit", func(s *side) (any, error) {
					out, err := tx(s).Commit()
					s.tx = nil
					return out.State, err
				})
				if _, err := sides[1].in.Service.Control(t.Context(), &shard.ControlRequest{Op: shard.ControlSettle}); err != nil {
					t.Fatal(err)
				}
			},
			"rollback": func(*rapid.T) {
				for _, s := range sides {
					tx(s).Rollback()
					s.tx = nil
				}
			},
			"read": func(rt *rapid.T) {
				f, params := drawFragment(rt, acc)
				inside := rapid.Bool().Draw(rt, "inside")
				both("read", func(s *side) (any, error) {
					reader := s.in.Begin(t, txn.ReadCommitted)
					if inside {
						reader = tx(s)
					}
					rows, err := reader.Read(0, f, params...)
					if len(f.Order) == 0 {
						slices.Sort(rows)
					}
					return rows, err
				})
			},
		})
	})
}
