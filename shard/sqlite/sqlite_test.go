package sqlite

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

var ctx = context.Background()

func open(t testing.TB, opts Options) *DB {
	t.Helper()
	db, err := Open(filepath.Join(t.TempDir(), "shard.db"), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func writer(t testing.TB, db *DB) *Conn {
	t.Helper()
	c, err := db.Writer(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func reader(t testing.TB, db *DB) *Conn {
	t.Helper()
	c, err := db.Reader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// script runs SQL on the writer.
func script(t testing.TB, db *DB, sql string) {
	t.Helper()
	c := writer(t, db)
	defer c.Release()
	if err := c.Script(sql); err != nil {
		t.Fatal(err)
	}
}

// pack packs Go values: nil, int, float64, string, []byte.
func pack(values ...any) []byte {
	var b []byte
	for _, v := range values {
		b = value(v).AppendPacked(b)
	}
	return b
}

func value(v any) types.Value {
	switch v := v.(type) {
	case nil:
		return types.NullValue
	case int:
		return types.IntValue(int64(v))
	case int64:
		return types.IntValue(v)
	case float64:
		return types.RealValue(v)
	case string:
		return types.TextValue(v)
	case []byte:
		return types.BlobValue(v)
	}
	panic(fmt.Sprintf("%T", v))
}

// rowOf puts the length before packed columns.
func rowOf(b []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b...)
}

// show renders rows as text, one line each.
func show(t testing.TB, rows []byte) string {
	t.Helper()
	var lines []string
	for len(rows) > 0 {
		n := binary.LittleEndian.Uint32(rows)
		lines = append(lines, showRow(t, rows[4:4+n]))
		rows = rows[4+n:]
	}
	return strings.Join(lines, "\n")
}

func showRow(t testing.TB, row []byte) string {
	t.Helper()
	var cols []string
	for len(row) > 0 {
		v, rest, ok := types.NextPacked(row)
		if !ok {
			t.Fatalf("malformed row %x", row)
		}
		cols = append(cols, showValue(v))
		row = rest
	}
	return strings.Join(cols, "|")
}

func showValue(v types.Value) string {
	switch v.Tag {
	case types.TagNull:
		return "NULL"
	case types.TagInt64:
		return fmt.Sprint(v.Int())
	case types.TagReal:
		return fmt.Sprintf("%gR", v.Real())
	case types.TagText:
		return fmt.Sprintf("%q", v.Text())
	}
	return fmt.Sprintf("x'%x'", v.Bytes())
}

// query runs sql to its end and renders its rows.
func query(t testing.TB, c *Conn, sql string, params ...any) string {
	t.Helper()
	out, err := tryQuery(t, c, sql, params...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out
}

func tryQuery(t testing.TB, c *Conn, sql string, params ...any) (string, error) {
	t.Helper()
	st, err := c.Prepare(sql)
	if err != nil {
		return "", err
	}
	defer st.Done()
	page, err := st.Query(ctx, nil, pack(params...))
	for err == nil && page.More {
		page, err = st.Fetch(ctx, page.Rows)
	}
	if err != nil {
		return "", err
	}
	return show(t, page.Rows), nil
}

func TestValuesComeBackAsTheyWent(t *testing.T) {
	db := open(t, Options{})
	c := writer(t, db)
	defer c.Release()
	values := []any{nil, 0, 1, -1, 127, 128, -128, -129, 32767, 32768, -32768, -32769, 1<<31 - 1, 1 << 31, -1 << 31,
		-1<<31 - 1, int64(1<<63 - 1), int64(-1 << 63), 0.0, 1.5, -2.25, 1e300, "", "a", "Zürich €", strings.Repeat("x", 70000),
		[]byte{}, []byte{0, 1, 2}, make([]byte, 5000)}
	for _, v := range values {
		st, err := c.Prepare("SELECT ?1")
		if err != nil {
			t.Fatal(err)
		}
		page, err := st.Query(ctx, nil, pack(v))
		if err != nil || page.N != 1 || page.More {
			t.Fatalf("%v: %+v, %v", v, page, err)
		}
		if got, want := string(page.Rows), string(rowOf(pack(v))); got != want {
			t.Errorf("%.40v: got %.40x, want %.40x", v, got, want)
		}
		st.Done()
	}
}

func TestQueryResumesWhenTheBufferIsFull(t *testing.T) {
	db := open(t, Options{})
	c := writer(t, db)
	defer c.Release()
	const n = 2000
	sql := fmt.Sprintf("WITH RECURSIVE s(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM s WHERE i < %d) "+
		"SELECT i, printf('%%.*c', i %% 300, 'x') || ?1 FROM s", n)
	want := query(t, c, sql, "é")
	for _, size := range []int{1, 16, 100, 333, 4096} {
		st, err := c.Prepare(sql)
		if err != nil {
			t.Fatal(err)
		}
		param := pack("é")
		page, err := st.Query(ctx, make([]byte, 0, size), param)
		clear(param) // the statement must not look at it any more
		var got []string
		rows := 0
		for ; ; page, err = st.Fetch(ctx, make([]byte, 0, size)) {
			if err != nil {
				t.Fatal(err)
			}
			rows += page.N
			got = append(got, show(t, page.Rows))
			if !page.More {
				break
			}
			if page.N == 0 {
				t.Fatal("a page without rows that has more")
			}
		}
		st.Done()
		if text := strings.TrimSpace(strings.Join(got, "\n")); text != want || rows != n {
			t.Errorf("buffer of %d: rows differ (%d rows)", size, rows)
		}
	}
}

func TestExecManyAndExec(t *testing.T) {
	db := open(t, Options{})
	script(t, db, "CREATE TABLE t (id INTEGER PRIMARY KEY, v ANY) STRICT")
	c := writer(t, db)
	defer c.Release()
	st, err := c.Prepare("INSERT INTO t VALUES (?1, ?2)")
	if err != nil {
		t.Fatal(err)
	}
	defer st.Done()
	var rows []byte
	for i := range 100 {
		rows = append(rows, rowOf(pack(i, fmt.Sprint("v", i)))...)
	}
	if err := c.Begin(); err != nil {
		t.Fatal(err)
	}
	if n, err := st.ExecMany(rows); n != 100 || err != nil {
		t.Fatal(n, err)
	}
	if n, err := st.ExecMany(append(rowOf(pack(100, 1)), rowOf(pack(7, 1))...)); n != 1 || err == nil {
		t.Fatalf("a duplicate key went through: %d, %v", n, err)
	}
	if err := c.Commit(); err != nil {
		t.Fatal(err)
	}
	up, err := c.Prepare("UPDATE t SET v = NULL WHERE id < ?1")
	if err != nil {
		t.Fatal(err)
	}
	defer up.Done()
	if n, err := up.Exec(pack(5)); n != 5 || err != nil {
		t.Fatal(n, err)
	}
	if got := query(t, c, "SELECT count(*), count(v), max(id) FROM t"); got != "101|96|100" {
		t.Error(got)
	}
}

func TestMalformedParameters(t *testing.T) {
	db := open(t, Options{})
	c := writer(t, db)
	defer c.Release()
	st, err := c.Prepare("SELECT ?1, ?2")
	if err != nil {
		t.Fatal(err)
	}
	defer st.Done()
	for _, params := range [][]byte{nil, pack(1), pack(1, 2, 3), {types.TagInt8}, {99, 1}, {types.TagText, 5, 0, 0, 0, 'a'},
		pack(1, "abc")[:6], {types.TagInt64, 1, 2, 3}} {
		if page, err := st.Query(ctx, nil, params); !pgerr.HasCode(err, pgerr.InternalError) || page.N != 0 {
			t.Errorf("%x: %+v, %v", params, page, err)
		}
		if _, err := st.Exec(params); !pgerr.HasCode(err, pgerr.InternalError) {
			t.Errorf("exec %x: %v", params, err)
		}
	}
	for _, rows := range [][]byte{{1}, {5, 0, 0, 0, 1}, rowOf(pack(1))} {
		if _, err := st.ExecMany(rows); !pgerr.HasCode(err, pgerr.InternalError) {
			t.Errorf("rows %x: %v", rows, err)
		}
	}
	if got := query(t, c, "SELECT ?1, ?2", 1, "x"); got != `1|"x"` {
		t.Error(got)
	}
}

func TestReadersKeepTheirSnapshot(t *testing.T) {
	db := open(t, Options{})
	script(t, db, "CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT; INSERT INTO t VALUES (1)")
	old := reader(t, db)
	if err := old.BeginRead(); err != nil {
		t.Fatal(err)
	}
	script(t, db, "INSERT INTO t VALUES (2)")
	fresh := reader(t, db)
	for range 2 { // a statement that ends must not end the read
		if got := query(t, old, "SELECT count(*) FROM t"); got != "1" {
			t.Errorf("the open read sees %s rows", got)
		}
	}
	if got := query(t, fresh, "SELECT count(*) FROM t"); got != "2" {
		t.Errorf("a new read sees %s rows", got)
	}
	old.EndRead()
	if got := query(t, old, "SELECT count(*) FROM t"); got != "2" {
		t.Errorf("after EndRead: %s rows", got)
	}
	old.Release()
	fresh.Release()
}

func TestUncommittedIsInvisible(t *testing.T) {
	db := open(t, Options{})
	script(t, db, "CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT")
	w, r := writer(t, db), reader(t, db)
	if err := w.Begin(); err != nil {
		t.Fatal(err)
	}
	query(t, w, "INSERT INTO t VALUES (1)")
	if got := query(t, r, "SELECT count(*) FROM t"); got != "0" {
		t.Error("a reader sees an open transaction")
	}
	w.Release() // rolls back
	w = writer(t, db)
	if got := query(t, w, "SELECT count(*) FROM t"); got != "0" {
		t.Error("Release kept an open transaction")
	}
	w.Release()
	r.Release()
}

func TestInterrupt(t *testing.T) {
	db := open(t, Options{})
	c := reader(t, db)
	defer c.Release()
	cancelled, cancel := context.WithCancel(ctx)
	stop := c.Watch(cancelled)
	started := make(chan struct{})
	go func() {
		<-started
		cancel()
	}()
	close(started)
	_, err := tryQuery(t, c, "WITH RECURSIVE s(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM s) SELECT count(*) FROM s")
	if !pgerr.HasCode(err, pgerr.QueryCanceled) {
		t.Errorf("got %v", err)
	}
	stop()
	st, err := c.Prepare("SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	defer st.Done()
	if _, err := st.Query(cancelled, nil, nil); !pgerr.HasCode(err, pgerr.QueryCanceled) {
		t.Errorf("a cancelled context: %v", err)
	}
}

func TestReleaseClearsAnInterrupt(t *testing.T) {
	db := open(t, Options{MaxReaders: 1})
	c := reader(t, db)
	c.Interrupt()
	c.Release()
	c = reader(t, db)
	defer c.Release()
	if got := query(t, c, "WITH RECURSIVE s(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM s WHERE i < 10000) SELECT count(*) FROM s"); got != "10000" {
		t.Error(got)
	}
}

func TestKeySet(t *testing.T) {
	db := open(t, Options{})
	c := reader(t, db)
	defer c.Release()
	ask := func(set *KeySet, cols string, params ...any) string {
		t.Helper()
		st, err := c.Prepare(fmt.Sprintf("SELECT pegmatite_recent(?%d, %s)", len(params)+1, cols))
		if err != nil {
			t.Fatal(err)
		}
		defer st.Done()
		page, err := st.Query(ctx, nil, pack(params...), set)
		if err != nil {
			t.Fatal(err)
		}
		return show(t, page.Rows)
	}
	set := NewKeySet(0)
	defer set.Free()
	if ask(set, "?1", 1) != "0" {
		t.Error("the empty set has a key")
	}
	for i := range 1000 {
		set.Add(pack(i * 7))
		set.AddInt(int64(i * 7)) // the same key
		set.Add(pack(i, fmt.Sprint("key ", i)))
		set.Add(pack(fmt.Sprint(i)))
	}
	set.Add(pack(0.0))
	set.Add(pack([]byte{1}))
	set.Add(pack(strings.Repeat("long", 1000), nil))
	if set.Len() != 3003 {
		t.Errorf("%d keys", set.Len())
	}
	for i := range 1000 {
		if ask(set, "?1", i*7) != "1" || ask(set, "?1", i*7+1) != "0" || ask(set, "?1, ?2", i, fmt.Sprint("key ", i)) != "1" ||
			ask(set, "?1", fmt.Sprint(i)) != "1" || ask(set, "?1, ?2", i, "key") != "0" {
			t.Fatalf("key %d", i)
		}
	}
	if ask(set, "-0.0 * ?1", 1) != "1" || ask(set, "?1", []byte{1}) != "1" || ask(set, "?1", "\x01") != "0" ||
		ask(set, "?1, ?2", strings.Repeat("long", 1000), nil) != "1" {
		t.Error("a key of another kind")
	}
}

func TestKeySetMisuse(t *testing.T) {
	db := open(t, Options{})
	c := reader(t, db)
	defer c.Release()
	for _, sql := range []string{"SELECT pegmatite_recent(1, 2)", "SELECT pegmatite_recent()", "SELECT pegmatite_recent(NULL, 2)"} {
		if _, err := tryQuery(t, c, sql); !pgerr.HasCode(err, pgerr.InternalError) {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func TestStatementCache(t *testing.T) {
	db := open(t, Options{Statements: 3})
	c := reader(t, db)
	defer c.Release()
	one, _ := c.Prepare("SELECT 1")
	second, _ := c.Prepare("SELECT 1") // while the first is taken
	if one == second {
		t.Fatal("one statement given out twice")
	}
	second.Done()
	one.Done()
	for i := range 10 {
		query(t, c, fmt.Sprint("SELECT ", i))
	}
	if len(c.cache.byText) != 3 {
		t.Errorf("%d statements kept", len(c.cache.byText))
	}
	st, _ := c.Prepare("SELECT 9")
	if st.c == nil || !st.cached {
		t.Error("the latest statement was dropped")
	}
	// Release must take back what its holder forgot.
	c.Release()
	c = reader(t, db)
	if c.cache.taken != 0 || st.taken {
		t.Error("a statement stayed taken after Release")
	}
}

// TestParkedReaders: who waits for others keeps no reader from them, whether
// they come before or after; the connections that this takes go with it.
func TestParkedReaders(t *testing.T) {
	db := open(t, Options{MaxReaders: 1})
	a := reader(t, db)
	got := make(chan *Conn)
	go func() { got <- reader(t, db) }()
	for waits := 0; waits == 0; {
		db.mu.Lock()
		waits = len(db.waiting)
		db.mu.Unlock()
	}
	resume := a.Park()
	b := <-got
	if c, err := db.SpareReader(); c != nil || err != nil {
		t.Errorf("a second reader beside a parked one: %v, %v", c, err)
	}
	again := b.Park()
	c := reader(t, db)
	if query(t, c, "SELECT 1") != "1" || query(t, a, "SELECT 1") != "1" {
		t.Error("they do not read")
	}
	resume()
	again()
	c.Release()
	b.Release()
	a.Release()
	if len(db.readers) != 1 || len(db.idle) != 1 || db.parked != 0 {
		t.Errorf("%d readers, %d idle, %d parked", len(db.readers), len(db.idle), db.parked)
	}
}

// TestReadersThatAreKept: who does not get a reader in time gets one more.
func TestReadersThatAreKept(t *testing.T) {
	db := open(t, Options{MaxReaders: 1})
	a := reader(t, db)
	for range 3 {
		b := reader(t, db)
		c := reader(t, db)
		b.Release()
		c.Release()
		if len(db.readers) != 2 || len(db.idle) != 1 {
			t.Errorf("%d readers, %d idle", len(db.readers), len(db.idle))
		}
	}
	a.Release()
	if len(db.readers) != 1 || db.beyond != 0 {
		t.Errorf("%d readers, %d beyond", len(db.readers), db.beyond)
	}
}

func TestReaderPool(t *testing.T) {
	db := open(t, Options{MaxReaders: 2})
	a, b := reader(t, db), reader(t, db)
	short, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := db.Reader(short); !pgerr.HasCode(err, pgerr.QueryCanceled) {
		t.Errorf("a third reader: %v", err)
	}
	got := make(chan *Conn)
	go func() {
		c, err := db.Reader(ctx)
		if err != nil {
			t.Error(err)
		}
		got <- c
	}()
	a.Release()
	c := <-got
	if c != a {
		t.Error("another connection than the one released")
	}
	c.Release()
	b.Release()
}

func TestClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shard.db")
	db, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := reader(t, db)
	closed := make(chan error)
	go func() { closed <- db.Close() }()
	_, err = tryQuery(t, c, "WITH RECURSIVE s(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM s) SELECT count(*) FROM s")
	if !pgerr.HasCode(err, pgerr.QueryCanceled) {
		t.Errorf("Close did not interrupt: %v", err)
	}
	c.Release()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	for _, take := range []func(context.Context) (*Conn, error){db.Reader, db.Writer} {
		if _, err := take(ctx); !pgerr.HasCode(err, pgerr.AdminShutdown) {
			t.Errorf("after Close: %v", err)
		}
	}
	if _, err := db.Checkpoint(Passive); !pgerr.HasCode(err, pgerr.AdminShutdown) {
		t.Errorf("checkpoint after Close: %v", err)
	}
	if size := db.WALSize(); size != 0 {
		t.Errorf("WAL of %d bytes after Close", size)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func TestCheckpoint(t *testing.T) {
	db := open(t, Options{})
	script(t, db, "CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB) STRICT")
	script(t, db, "INSERT INTO t VALUES (1, zeroblob(100000))")
	if size := db.WALSize(); size < 100000 {
		t.Errorf("WAL of %d bytes", size)
	}
	if err := db.SyncWAL(); err != nil {
		t.Fatal(err)
	}
	cp, err := db.Checkpoint(Passive)
	if err != nil || cp.LogFrames < 25 || cp.Copied != cp.LogFrames {
		t.Errorf("%+v, %v", cp, err)
	}
	if cp, err = db.Checkpoint(Truncate); err != nil || cp.LogFrames != 0 {
		t.Errorf("%+v, %v", cp, err)
	}
	if size := db.WALSize(); size != 0 {
		t.Errorf("WAL of %d bytes after Truncate", size)
	}
}

// TryTruncate waits for no reader: what one needs stays in the WAL.
func TestTryTruncate(t *testing.T) {
	db := open(t, Options{})
	script(t, db, "CREATE TABLE t (b BLOB) STRICT")
	c := reader(t, db)
	if err := c.BeginRead(); err != nil {
		t.Fatal(err)
	}
	script(t, db, "INSERT INTO t VALUES (zeroblob(100000))")
	cp, err := db.Checkpoint(TryTruncate)
	if err != nil || cp.Copied >= cp.LogFrames {
		t.Errorf("beside a reader: %+v, %v", cp, err)
	}
	c.Release()
	if cp, err = db.Checkpoint(TryTruncate); err != nil || cp.LogFrames != 0 || db.WALSize() != 0 {
		t.Errorf("%+v, %v, WAL of %d bytes", cp, err, db.WALSize())
	}
}

func TestNoAutomaticCheckpoint(t *testing.T) {
	db := open(t, Options{})
	script(t, db, "CREATE TABLE t (b BLOB) STRICT")
	for range 3 {
		script(t, db, "INSERT INTO t VALUES (zeroblob(4000000))") // 1,000 pages: SQLite's own threshold
	}
	if size := db.WALSize(); size < 12000000 {
		t.Errorf("WAL of %d bytes: SQLite has checkpointed by itself", size)
	}
}

func TestErrors(t *testing.T) {
	db := open(t, Options{})
	c := writer(t, db)
	defer c.Release()
	if _, err := c.Prepare(`SELECT "no such column"`); err == nil {
		t.Error("a double-quoted name became a string")
	}
	for _, sql := range []string{"", " -- nothing", "SELEC 1"} {
		if _, err := c.Prepare(sql); !pgerr.HasCode(err, pgerr.InternalError) {
			t.Errorf("%q: %v", sql, err)
		}
	}
	if _, err := tryQuery(t, c, "SELECT zeroblob(2000000000)"); !pgerr.HasCode(err, pgerr.ProgramLimitExceeded) {
		t.Errorf("too big: %v", err)
	}
	for code, want := range map[int]pgerr.Code{13: pgerr.DiskFull, 11: pgerr.DataCorrupted, 26: pgerr.DataCorrupted,
		11 | 1<<8: pgerr.DataCorrupted, 9: pgerr.QueryCanceled, 5: pgerr.ObjectInUse, 18: pgerr.ProgramLimitExceeded,
		10 | 3<<8: pgerr.IOError, 7: pgerr.OutOfMemory, 1: pgerr.InternalError} {
		if got := (&Error{Code: code}).postgres().Code; got != want {
			t.Errorf("code %d is %s, want %s", code, got, want)
		}
	}
}

func TestDiskFull(t *testing.T) {
	db := open(t, Options{})
	script(t, db, "PRAGMA max_page_count=20; CREATE TABLE t (b BLOB) STRICT")
	c := writer(t, db)
	defer c.Release()
	if err := c.Begin(); err != nil {
		t.Fatal(err)
	}
	_, err := tryQuery(t, c, "INSERT INTO t VALUES (zeroblob(1000000))")
	if !pgerr.HasCode(err, pgerr.DiskFull) || !strings.HasPrefix(err.Error(), "could not extend file ") {
		t.Errorf("%v", err)
	}
	c.Rollback()
	if got := query(t, c, "SELECT count(*) FROM t"); got != "0" {
		t.Error(got)
	}
}

func TestDamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shard.db")
	writeFile(t, path, strings.Repeat("not a database. ", 1000))
	if _, err := Open(path, Options{}); !pgerr.HasCode(err, pgerr.DataCorrupted) {
		t.Errorf("%v", err)
	}
}

// A reader whose read was ended by an error must not go on at a later state.
func TestLostSnapshotIsNoticed(t *testing.T) {
	db := open(t, Options{})
	script(t, db, "CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT")
	c := reader(t, db)
	defer c.Release()
	if err := c.BeginRead(); err != nil {
		t.Fatal(err)
	}
	c.c.reading = 0
	c.EndRead()
	c.c.reading = 1 // as after an I/O error: SQLite has no transaction any more
	if _, err := tryQuery(t, c, "SELECT count(*) FROM t"); !pgerr.HasCode(err, pgerr.IOError) {
		t.Errorf("%v", err)
	}
}

func TestCachedStatementsSurviveDDL(t *testing.T) {
	db := open(t, Options{})
	script(t, db, "CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT; INSERT INTO t VALUES (1)")
	c := reader(t, db)
	defer c.Release()
	for i, want := range []string{"1", "1|NULL", "1|NULL|7"} {
		if got := query(t, c, "SELECT * FROM t"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		script(t, db, []string{"ALTER TABLE t ADD COLUMN b ANY", "ALTER TABLE t ADD COLUMN c INTEGER DEFAULT 7", "DROP TABLE t"}[i])
	}
	if _, err := tryQuery(t, c, "SELECT * FROM t"); err == nil {
		t.Error("a dropped table was read")
	}
}

func TestClosedFileIsPlainSQLite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shard.db")
	for i, vfs := range []string{"", "unix", "unix-excl"} {
		db, err := Open(path, Options{VFS: vfs})
		if err != nil {
			t.Fatal(err)
		}
		script(t, db, "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY) STRICT; INSERT INTO t SELECT count(*) FROM t")
		c := reader(t, db)
		if got := query(t, c, "SELECT count(*) FROM t"); got != fmt.Sprint(i+1) {
			t.Errorf("%s rows", got)
		}
		c.Release()
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path + "-wal"); err == nil {
			t.Error("Close left a WAL")
		}
	}
}

func TestKeepWAL(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shard.db")
	for i := range 3 {
		db, err := Open(path, Options{KeepWAL: true})
		if err != nil {
			t.Fatal(err)
		}
		script(t, db, "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY) STRICT; INSERT INTO t SELECT count(*) FROM t")
		c := reader(t, db)
		if got := query(t, c, "SELECT count(*) FROM t"); got != fmt.Sprint(i+1) {
			t.Errorf("%s rows", got)
		}
		c.Release()
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path + "-wal"); err != nil {
			t.Error("Close removed the WAL")
		}
	}
}

func TestTooDeepAnExpression(t *testing.T) {
	db := open(t, Options{})
	c := reader(t, db)
	defer c.Release()
	_, err := tryQuery(t, c, "SELECT 1"+strings.Repeat("+1", 3000))
	if !pgerr.HasCode(err, pgerr.StatementTooComplex) {
		t.Errorf("%v", err)
	}
}
