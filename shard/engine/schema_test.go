package engine_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
)

func commit(t *testing.T, tx *shardtest.Tx) {
	t.Helper()
	if _, err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

func control(t *testing.T, in *shardtest.Instance, r *shard.ControlRequest) {
	t.Helper()
	if _, err := in.Service.Control(t.Context(), r); err != nil {
		t.Fatalf("%v (%s)", err, pgerr.From(err).Detail)
	}
}

func numeric(s string) types.Datum {
	d, _, err := apd.NewFromString(s)
	if err != nil {
		panic(err)
	}
	return types.Decimal(d)
}

// TestKeysBesideTheirColumns: 1.0 and 1.00 are one key, and each is shown as
// it was written, whether memory or SQLite has it.
func TestKeysBesideTheirColumns(t *testing.T) {
	in := open(t, config(t.TempDir(), shardtest.NewOracle(), 1, 1))
	notes := shardtest.Notes(3)
	row := func(word, n, body string) *shard.Batch {
		return shardtest.Batch(shardtest.Row(notes, types.Text(word), numeric(n), types.Text(body)))
	}
	all := shardtest.Fragment(notes)
	put := func(op shard.WriteOp, rows *shard.Batch) error {
		tx := in.Begin(t, txn.ReadCommitted)
		if _, err := tx.Write(&shard.WriteRequest{Op: op, Table: notes, Rows: rows}); err != nil {
			return err
		}
		commit(t, tx)
		return nil
	}
	check := func(n, body string) {
		t.Helper()
		rows, err := in.Begin(t, txn.ReadCommitted).Read(0, all)
		want := fmt.Sprintf("a|x%x|%s", notes.Columns[1].Type.Store(-1, numeric(n)).Bytes(), body)
		if err != nil || len(rows) != 1 || rows[0] != want {
			t.Fatalf("rows %q, want %q: %v", rows, want, err)
		}
	}
	if err := put(shard.OpInsert, row("a", "1.0", "first")); err != nil {
		t.Fatal(err)
	}
	for _, settled := range []bool{false, true} {
		if settled {
			control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
		}
		err := put(shard.OpInsert, row("a", "1.00", "second"))
		if e := pgerr.From(err); e == nil || e.Constraint != "notes_pkey" || e.Detail != "Key (word, n)=(a, 1.00) already exists." {
			t.Fatalf("a second 1: %v", err)
		}
		check("1.0", "first")
	}
	if err := put(shard.OpPut, row("a", "1.00", "third")); err != nil {
		t.Fatal(err)
	}
	check("1.00", "third")
	in = in.Restart(t, false)
	check("1.00", "third")
	control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
	check("1.00", "third")
}

// TestAddedColumn: images that are older than a column hold its missing value.
func TestAddedColumn(t *testing.T) {
	in := open(t, config(t.TempDir(), shardtest.NewOracle(), 1, 1))
	acc := shardtest.Accounts(1)
	add := func(table *shard.Table, row []byte) {
		t.Helper()
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: table, Rows: shardtest.Batch(row)})
		commit(t, tx)
	}
	add(acc, shardtest.Account(acc, 1, 1, 1, "settled"))
	control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
	add(acc, shardtest.Account(acc, 2, 1, 1, "recent"))
	wide := *acc
	wide.Version = 2
	wide.Columns = append(acc.Columns[:4:4], shard.Column{Name: "kind", Type: types.TText, Typmod: -1, Missing: types.Text("it's")})
	check := func() {
		t.Helper()
		rows, err := in.Begin(t, txn.ReadCommitted).Read(0, shardtest.Ordered(shardtest.Fragment(&wide), 0, false))
		if got := strings.Join(rows, " "); err != nil || got != "1|1|1|settled|it's 2|1|1|recent|it's 3|1|1|new|-" {
			t.Fatalf("%q: %v", got, err)
		}
	}
	add(&wide, shardtest.Row(&wide, types.Int(3), types.Int(1), types.Int(1), types.Text("new"), types.Null))
	check()
	control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
	check()
	in = in.Restart(t, false)
	check()
}

// TestSettledWhileRead: reads of a new column come while settling makes the table as it was before.
func TestSettledWhileRead(t *testing.T) {
	in := open(t, config(t.TempDir(), shardtest.NewOracle(), 1, 1))
	for i := range uint64(60) {
		acc := shardtest.Accounts(i + 1)
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: shardtest.Batch(shardtest.Account(acc, 1, 1, 1, "old"))})
		commit(t, tx)
		wide := *acc
		wide.Version = 2
		wide.Columns = append(acc.Columns[:4:4], shard.Column{Name: "kind", Type: types.TText, Typmod: -1, Missing: types.Text("none")})
		all, one := shardtest.Fragment(&wide), shardtest.Fragment(&wide, shardtest.Condition{Column: 0, Operator: "=", Param: 0})
		var readers sync.WaitGroup
		var settled atomic.Bool
		for _, f := range []*shard.Fragment{all, one} {
			readers.Go(func() {
				for done := false; !done; {
					done = settled.Load()
					rows, err := in.Begin(t, txn.ReadCommitted).Read(0, f, types.Int(1))
					if err != nil || len(rows) != 1 || rows[0] != "1|1|1|old|none" {
						t.Errorf("%q %v", rows, err)
						return
					}
				}
			})
		}
		control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
		settled.Store(true)
		readers.Wait()
	}
}

func TestIndexesAndDrops(t *testing.T) {
	in := open(t, config(t.TempDir(), shardtest.NewOracle(), 1, 1))
	acc := shardtest.Accounts(1)
	plain := *acc
	plain.Indexes = nil
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: &plain, Rows: shardtest.Batch(
		shardtest.Account(acc, 1, 1, 1, "twice"), shardtest.Account(acc, 2, 1, 1, "twice"))})
	commit(t, tx)
	indexed := *acc
	indexed.Version = 2
	build := &shard.ControlRequest{Op: shard.ControlBuildIndex, Table: &indexed, Index: 2}
	_, err := in.Service.Control(t.Context(), build)
	if e := pgerr.From(err); e == nil || e.Code != pgerr.UniqueViolation || e.Message != `could not create unique index "accounts_note_key"` || e.Detail != "Key (note)=(twice) is duplicated." {
		t.Fatalf("%v (%s)", err, e.Detail)
	}
	tx = in.Begin(t, txn.ReadCommitted)
	write(t, tx, &shard.WriteRequest{Op: shard.OpDelete, Table: &plain, Find: shardtest.Fragment(&plain, shardtest.Condition{Operator: "=", Param: 0}),
		Values: shard.Values{Params: []types.Datum{types.Int(2)}}})
	commit(t, tx)
	control(t, in, build)
	control(t, in, &shard.ControlRequest{Op: shard.ControlDropIndex, Table: &indexed, Index: 2})
	control(t, in, &shard.ControlRequest{Op: shard.ControlDropTable, Physical: 1})
	check := func() {
		t.Helper()
		if got := count(t, in.Begin(t, txn.ReadCommitted), 0, shardtest.Fragment(&plain)); got != 0 {
			t.Fatalf("%d rows in a dropped table", got)
		}
	}
	check()
	in = in.Restart(t, false)
	check()
}

// TestIndexOfAColumnThatTheFileLacks: nobody has read the rows since the column came.
func TestIndexOfAColumnThatTheFileLacks(t *testing.T) {
	for _, unique := range []bool{false, true} {
		c := newReshapeCrash(t)
		wide := widened(c.acc, types.Int(5))
		wide.Indexes[len(wide.Indexes)-1] = shard.Index{ID: 9, Name: "more_idx", Columns: []int{len(c.acc.Columns)}, Desc: []bool{false}, Unique: unique}
		_, err := c.in.Service.Control(t.Context(), &shard.ControlRequest{Op: shard.ControlBuildIndex, Table: wide, Index: 9})
		if want := unique; pgerr.HasCode(err, pgerr.UniqueViolation) != want || err != nil && !want {
			t.Fatalf("unique %v: %v", unique, err)
		}
	}
}

// TestViews reads a stopped shard's file as anybody would.
func TestViews(t *testing.T) {
	dir := t.TempDir()
	in := open(t, config(dir, shardtest.NewOracle(), 1, 1))
	table := &shard.Table{Physical: 5, Relation: 1, Version: 1, Schema: "postgres.public", Name: "kinds", KeyName: "k", Key: []int{0}, Columns: []shard.Column{
		{Name: "id", Type: types.TInt8, Typmod: -1},
		{Name: "ok", Type: types.TBool, Typmod: -1},
		{Name: "day", Type: types.TDate, Typmod: -1},
		{Name: "at", Type: types.TTimestamp, Typmod: -1},
		{Name: "gone", Type: types.TText, Typmod: -1, Dropped: true},
		{Name: "price", Type: types.TNumeric, Typmod: (10<<16 | 2) + 4},
		{Name: "raw", Type: types.TBytea, Typmod: -1},
		{Name: `odd "name"`, Type: types.TText, Typmod: -1},
	}}
	env := types.DefaultEnv()
	var row []byte
	for i, text := range []string{"1", "t", "1999-12-31", "1969-07-20 20:17:40.5", "", "-12.05", `\x00ff`, "text"} {
		c := &table.Columns[i]
		d, err := c.Type.Parse(env, text, c.Typmod)
		if err != nil {
			t.Fatal(err)
		}
		row = c.Type.Store(c.Typmod, d).AppendPacked(row)
	}
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: table, Rows: shardtest.Batch(row)})
	commit(t, tx)
	empty := *table
	empty.Physical, empty.Name = 6, "empty"
	control(t, in, &shard.ControlRequest{Op: shard.ControlViews, Tables: []*shard.Table{table, &empty}})
	stop(t, in)
	got := readView(t, filepath.Join(dir, "shards", "0000.db"), `SELECT * FROM "postgres.public.kinds" UNION ALL SELECT * FROM "postgres.public.empty"`)
	if want := `1|t|1999-12-31|1969-07-20 20:17:40.5|-12.05|\x00ff|text`; got != want {
		t.Fatalf("view shows %q, want %q", got, want)
	}
}

// readView reads through a connection of its own, as far as a stopped shard
// lets one in.
func readView(t *testing.T, path, sql string) string {
	t.Helper()
	db, err := sqlite.Open(path, sqlite.Options{VFS: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Reader(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	st, err := conn.Prepare(sql)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Done()
	page, err := st.Query(context.Background(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(shardtest.Text(&shard.Batch{Data: page.Rows, Count: page.N}), "\n")
}

// TestFullDisk: writers get 53100, reads and what is under way go on.
func TestFullDisk(t *testing.T) {
	disk, err := sqlite.NewDisk()
	if err != nil {
		t.Fatal(err)
	}
	fs := vfs.NewMem()
	cfg := config("data", shardtest.NewOracle(), 1, 1)
	cfg.FS, cfg.SQLite.VFS, cfg.Log = fs, disk.VFS(), log.Options{SegmentBytes: 1 << 14}
	in := open(t, cfg)
	acc := shardtest.Accounts(1)
	load := func(id int64) error {
		tx := in.Begin(t, txn.ReadCommitted)
		if _, err := tx.Write(&shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: shardtest.Batch(shardtest.Account(acc, id, 1, 1, strings.Repeat("x", 500)+fmt.Sprint(id)))}); err != nil {
			tx.Rollback()
			return err
		}
		_, err := tx.Commit()
		return err
	}
	if err := load(0); err != nil {
		t.Fatal(err)
	}
	under := in.Begin(t, txn.ReadCommitted)
	write(t, under, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 5000, 5001, 1)})
	fs.SetCapacity(fs.UsedBytes())
	var full error
	loaded := int64(1)
	n := in.Service.(*engine.Node)
	for n.CheckSpace() == nil && full == nil && loaded < 1000 {
		if full = load(loaded); full == nil {
			loaded++
		}
	}
	refused := in.Begin(t, txn.ReadCommitted)
	_, err = refused.Write(&shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 5001, 5002, 1)})
	if !pgerr.HasCode(err, pgerr.DiskFull) || full != nil {
		t.Fatalf("after %d rows: %v; before commits failed: %v", loaded, err, full)
	}
	commit(t, under)
	loaded++
	if got := count(t, in.Begin(t, txn.ReadCommitted), 0, shardtest.Fragment(acc)); int64(got) != loaded {
		t.Fatalf("%d rows, %d were acknowledged", got, loaded)
	}
	fs.SetCapacity(1 << 30)
	if err := load(2000); err != nil {
		// The log looks for space again by itself; until it has, it says so.
		if !pgerr.HasCode(err, pgerr.DiskFull) {
			t.Fatal(err)
		}
	}
}
