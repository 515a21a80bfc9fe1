package engine_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
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
		in = in.Restart(t, true)
		names := strings.Split(readView(t, file, `SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name`), "\n")
		var got []string
		for _, name := range names {
			got = append(got, strings.TrimPrefix(name, "postgres.public.")+": "+readView(t, file, fmt.Sprintf("SELECT * FROM %q", name)))
		}
		if !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	check([]string{"before: 1|of before", "changed: 1|of changed", "dropped: 1|of dropped", "stay: 1|of stay"}, stay, renamed, dropped, changed)
	version := readView(t, file, "PRAGMA schema_version")
	check([]string{"before: 1|of before", "changed: 1|of changed", "dropped: 1|of dropped", "stay: 1|of stay"}, stay, renamed, dropped, changed)
	if again := readView(t, file, "PRAGMA schema_version"); again != version {
		t.Errorf("views that are as they were were written again: version %s, before %s", again, version)
	}
	in = in.Restart(t, false)
	renamed.Name = "after"
	changed.Columns[1].Dropped = true
	// SQLite takes STAY for stay.
	check([]string{"STAY.t14: ", "after: 1|of before", "changed: 1", "stay: 1|of stay"}, stay, renamed, changed, viewed(14, "STAY"))
	in = in.Restart(t, false)
	changed.Name, renamed.Name = "after", "changed" // they swap names
	check([]string{"after: 1", "changed: 1|of before"}, renamed, changed)
	control(t, in, &shard.ControlRequest{Op: shard.ControlViews})
	in.Restart(t, true)
	if left := readView(t, file, `SELECT count(*) FROM sqlite_schema WHERE type = 'view'`); left != "0" {
		t.Errorf("%s views are left", left)
	}
}
