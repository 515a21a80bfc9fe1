package engine_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

// viewed is a table of a number, with one text column beside its key.
func viewed(physical uint64, name string) *shard.Table {
	return &shard.Table{Physical: physical, Relation: types.OID(physical), Version: 1, Schema: "postgres.public", Name: name, KeyName: "k", Key: []int{0},
		Columns: []shard.Column{{Name: "id", Type: types.TInt8, Typmod: -1}, {Name: "v", Type: types.TText, Typmod: -1}}}
}

// TestViewsFollow: whatever became of tables since the last clean stop, and how
// often the process was killed in between, the views are those of now.
func TestViewsFollow(t *testing.T) {
	dir := t.TempDir()
	in := open(t, config(dir, shardtest.NewOracle(), 1, 1))
	stay, renamed, dropped, changed := viewed(10, "stay"), viewed(11, "before"), viewed(12, "dropped"), viewed(13, "changed")
	for _, table := range []*shard.Table{stay, renamed, dropped, changed} {
		row := types.TextValue("of " + table.Name).AppendPacked(types.IntValue(1).AppendPacked(nil))
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: table, Rows: shardtest.Batch(row)})
		commit(t, tx)
	}
	file := filepath.Join(dir, "shards", "0000.db")
	check := func(want []string, tables ...*shard.Table) {
		t.Helper()
		control(t, in, &shard.ControlRequest{Op: shard.ControlViews, Tables: tables})
		stop(t, in)
		names := strings.Split(readView(t, file, `SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name`), "\n")
		var got []string
		for _, name := range names {
			got = append(got, strings.TrimPrefix(name, "postgres.public.")+": "+readView(t, file, fmt.Sprintf("SELECT * FROM %q", name)))
		}
		if !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		in = in.Restart(t, true)
		if left := countViews(t, file); left != "0" {
			t.Errorf("%s views are there while the file is served", left)
		}
	}
	check([]string{"before: 1|of before", "changed: 1|of changed", "dropped: 1|of dropped", "stay: 1|of stay"}, stay, renamed, dropped, changed)
	in = in.Restart(t, false)
	renamed.Name = "after"
	changed.Columns[1].Dropped = true
	// SQLite takes STAY for stay.
	check([]string{"STAY.t14: ", "after: 1|of before", "changed: 1", "stay: 1|of stay"}, stay, renamed, changed, viewed(14, "STAY"))
	in = in.Restart(t, false)
	changed.Name, renamed.Name = "after", "changed" // they swap names
	check([]string{"after: 1", "changed: 1|of before"}, renamed, changed)
	control(t, in, &shard.ControlRequest{Op: shard.ControlViews})
	stop(t, in)
	if left := countViews(t, file); left != "0" {
		t.Errorf("%s views are left", left)
	}
}

func countViews(t *testing.T, file string) string {
	t.Helper()
	return readView(t, file, `SELECT count(*) FROM sqlite_schema WHERE type = 'view'`)
}

// stop closes a node cleanly; only then its files are anybody's.
func stop(t *testing.T, in *shardtest.Instance) {
	t.Helper()
	if err := in.Service.(*engine.Node).Close(); err != nil {
		t.Fatal(err)
	}
}

// TestViewsAreShort: whoever opens a file reads all its views, of thousands of tables maybe.
func TestViewsAreShort(t *testing.T) {
	dir := t.TempDir()
	in := open(t, config(dir, shardtest.NewOracle(), 1, 1))
	table := viewed(10, "events")
	for _, k := range []*types.Type{types.TInt4, types.TNumeric, types.TTimestamptz, types.TInterval} {
		table.Columns = append(table.Columns, shard.Column{Name: k.Name, Type: k, Typmod: -1})
	}
	row := types.TextValue("v").AppendPacked(types.IntValue(1).AppendPacked(nil))
	for range table.Columns[2:] {
		row = types.NullValue.AppendPacked(row)
	}
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: table, Rows: shardtest.Batch(row)})
	commit(t, tx)
	control(t, in, &shard.ControlRequest{Op: shard.ControlViews, Tables: []*shard.Table{table}})
	stop(t, in)
	const most = 4096 // a page
	if n, _ := strconv.Atoi(readView(t, filepath.Join(dir, "shards", "0000.db"), `SELECT length(sql) FROM sqlite_schema WHERE type = 'view'`)); n == 0 || n > most {
		t.Errorf("the view has %d bytes, more than %d", n, most)
	}
}
