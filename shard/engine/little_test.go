package engine_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

// little is a shard of n accounts with next to no memory for what reads gather:
// half of them settled, half in chains.
func little(t *testing.T, n int64) (*shardtest.Instance, *shard.Table) {
	in := open(t, config(t.TempDir(), shardtest.NewOracle(), 1, 1).InLittleMemory())
	acc := shardtest.Accounts(1)
	acc.Indexes = nil
	for half := range int64(2) {
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, half, n, 2)})
		commit(t, tx)
		if half == 0 {
			control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
		}
	}
	return in, acc
}

// TestSortsInLittleMemory: what is sorted behind a filter is all there, in
// order, though memory holds a few rows of it, and nothing stays behind.
func TestSortsInLittleMemory(t *testing.T) {
	const n = 3000
	in, acc := little(t, n)
	for _, limit := range []int64{-1, 700} {
		f := shardtest.Ordered(shardtest.Fragment(acc), 1, true) // by branch, of which there are seven
		f.Order = append(f.Order, expr.SortKey{Expr: shardtest.Col(acc, 0)})
		f.Filter = expr.True()
		if limit >= 0 {
			f.Limit = &expr.Const{Typed: expr.Typed{T: types.TInt8, Mod: -1}, Value: types.Int(limit)}
		}
		before := in.Service.(*engine.Node).Engines()[0].Runs()
		tx := in.Begin(t, txn.RepeatableRead)
		got, err := tx.Read(0, f)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for branch := int64(6); branch >= 0; branch-- {
			for id := branch; id < n; id += 7 {
				want = append(want, fmt.Sprintf("%d|%d|1|%s", id, branch, note(id)))
			}
		}
		if limit >= 0 {
			want = want[:limit]
		}
		if !slices.Equal(got, want) {
			t.Fatalf("limit %d: %d rows, want %d, or not in order", limit, len(got), len(want))
		}
		if in.Service.(*engine.Node).Engines()[0].Runs() == before {
			t.Fatal("nothing went to files")
		}
	}
	if left := in.Service.(*engine.Node).ScratchFiles(); left != 0 {
		t.Fatalf("%d files are left", left)
	}
}

// TestGroupsInLittleMemory: groups that do not fit come several times, with all
// that belongs to them altogether.
func TestGroupsInLittleMemory(t *testing.T) {
	const n = 20_000
	in, acc := little(t, n)
	f := shardtest.Fragment(acc)
	f.Group = &shard.Group{Keys: []expr.Expr{shardtest.Col(acc, 1)}, Aggs: []*expr.AggregateCall{shardtest.Sum(acc, 0)}}
	rows, err := in.Begin(t, txn.RepeatableRead).Read(0, f)
	if err != nil {
		t.Fatal(err)
	}
	got, want := map[int64]int64{}, map[int64]int64{}
	for _, row := range rows {
		var branch, sum int64
		fmt.Sscanf(row, "%d|%d", &branch, &sum)
		got[branch] += sum
	}
	for id := range int64(n) {
		want[id%7] += id
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("sums %v, want %v", got, want)
	}
	if len(rows) <= 7 {
		t.Fatal("no group came twice: all were held")
	}
}

// TestUniqueCheckInLittleMemory: two equal values are found in whichever pass
// over the table they come.
func TestUniqueCheckInLittleMemory(t *testing.T) {
	const n = 300
	in, acc := little(t, n)
	indexed := *shardtest.Accounts(1)
	indexed.Version++
	build := &shard.ControlRequest{Op: shard.ControlBuildIndex, Table: &indexed, Index: 2}
	for _, twice := range []int64{0, 17, 255} {
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: shardtest.Batch(shardtest.Account(acc, n, 0, 0, note(twice)))})
		commit(t, tx)
		_, err := in.Service.Control(t.Context(), build)
		if e := pgerr.From(err); !pgerr.HasCode(err, pgerr.UniqueViolation) || e.Detail != fmt.Sprintf("Key (note)=(%s) is duplicated.", note(twice)) {
			t.Fatalf("%v", err)
		}
		tx = in.Begin(t, txn.ReadCommitted)
		write(t, tx, &shard.WriteRequest{Op: shard.OpDelete, Table: acc, Values: shard.Values{Params: []types.Datum{types.Int(n)}},
			Find: shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0})})
		commit(t, tx)
	}
	control(t, in, build)
}

// Rule 4: a write set that no record could hold lies beside the log, and is
// there after a crash; one that was damaged there is not taken for good.
func TestRule4SideFiles(t *testing.T) {
	cfg := config(t.TempDir(), shardtest.NewOracle(), 1, 1)
	cfg.Log, cfg.SettleEvery = log.Options{SegmentBytes: 1 << 14}, -1
	in := open(t, cfg)
	acc := shardtest.Accounts(1)
	var rows [][]byte
	for i := range int64(100) {
		rows = append(rows, shardtest.Account(acc, i, 1, 1, strings.Repeat("x", 400)+fmt.Sprint(i)))
	}
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: shardtest.Batch(rows...)})
	commit(t, tx)
	in = in.Restart(t, false)
	if got := count(t, in.Begin(t, txn.ReadCommitted), 0, shardtest.Fragment(acc)); got != 100 {
		t.Fatalf("%d rows", got)
	}
	in.Service.(*engine.Node).Kill()
	files, _ := filepath.Glob(filepath.Join(cfg.Dir, "log", "0", "*.side"))
	if len(files) != 1 {
		t.Fatalf("side files %q", files)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	data[bytes.LastIndexByte(data, 'x')]++
	if err := os.WriteFile(files[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := engine.OpenNode(t.Context(), cfg); !pgerr.HasCode(err, pgerr.DataCorrupted) {
		n.Kill()
		t.Fatalf("a damaged side file: %v", err)
	}
}
