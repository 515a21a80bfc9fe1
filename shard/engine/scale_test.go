package engine_test

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

var scaleRows = flag.Int64("scale", 0, "rows of TestScale; 0 leaves it out")

func anonymous() string {
	data, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(data), "\n") {
		if strings.HasPrefix(line, "RssAnon") {
			return strings.TrimSpace(strings.TrimPrefix(line, "RssAnon:"))
		}
	}
	return "unknown"
}

// TestScale loads and updates many rows in one transaction each, and says what
// that takes.
func TestScale(t *testing.T) {
	if *scaleRows == 0 {
		t.Skip("prints times and memory for a number of rows, tests nothing: with -scale N")
	}
	cfg := config(t.TempDir(), shardtest.NewOracle(), 1, 1)
	cfg.SettleEvery = 100 * time.Millisecond
	in := open(t, cfg)
	acc := shardtest.Accounts(1)
	acc.Indexes = acc.Indexes[:1]
	began := time.Now()
	step := func(what string) {
		t.Logf("%s: %v, %s", what, time.Since(began).Round(time.Millisecond), anonymous())
		began = time.Now()
	}
	tx := in.Begin(t, txn.ReadCommitted)
	for from := int64(0); from < *scaleRows; from += 1000 {
		var rows [][]byte
		for i := from; i < min(from+1000, *scaleRows); i++ {
			rows = append(rows, shardtest.Account(acc, i, i%10, 0, strings.Repeat("x", 84)))
		}
		write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: shardtest.Batch(rows...)})
	}
	step("inserted")
	if _, err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	step("committed")
	tx = in.Begin(t, txn.ReadCommitted)
	write(t, tx, shardtest.AddBalance(shardtest.Fragment(acc), types.Null, types.Int(1)))
	step("updated")
	if _, err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	step("committed")
}
