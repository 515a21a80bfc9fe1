package sqlite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

const benchRows = 100000

// filled is a database with a table of n rows: id, two ints, 84 bytes of text, a timestamp.
func filled(b *testing.B, db *DB, n int) {
	b.Helper()
	script(b, db, "CREATE TABLE t1 (c1 INTEGER PRIMARY KEY, c2 INTEGER, c3 INTEGER, c4 TEXT, c5 INTEGER) STRICT")
	c := writer(b, db)
	defer c.Release()
	if err := c.Begin(); err != nil {
		b.Fatal(err)
	}
	insert(b, c, 0, n)
	if err := c.Commit(); err != nil {
		b.Fatal(err)
	}
}

func insert(b *testing.B, c *Conn, from, to int) {
	b.Helper()
	st, err := c.Prepare("INSERT INTO t1 VALUES (?1, ?2, ?3, ?4, ?5)")
	if err != nil {
		b.Fatal(err)
	}
	defer st.Done()
	rows := benchBatch(from, to)
	if n, err := st.ExecMany(rows); err != nil || n != to-from {
		b.Fatal(n, err)
	}
}

func benchBatch(from, to int) []byte {
	text := types.TextValue(strings.Repeat("abcdefghijkl", 7))
	var rows, row []byte
	for i := from; i < to; i++ {
		row = types.IntValue(int64(i)).AppendPacked(row[:0])
		row = types.IntValue(int64(i % 1000)).AppendPacked(row)
		row = types.IntValue(int64(i * 7919 % 100000)).AppendPacked(row)
		row = text.AppendPacked(row)
		row = types.IntValue(int64(i) * 1000003).AppendPacked(row)
		rows = append(rows, rowOf(row)...)
	}
	return rows
}

var benchFiles = []struct {
	name string
	open func(testing.TB) *DB
}{
	{"unix-excl", func(b testing.TB) *DB { return open(b, Options{}) }},
	{"unix", func(b testing.TB) *DB { return open(b, Options{VFS: "unix"}) }},
	{"memory", func(b testing.TB) *DB { return openMemory(b) }},
}

const pointSQL = "SELECT c1, c2, c3, c4, c5 FROM t1 WHERE c1 = ?1"

func BenchmarkPointRead(b *testing.B) {
	for _, f := range benchFiles {
		b.Run(f.name, func(b *testing.B) {
			db := f.open(b)
			filled(b, db, benchRows)
			if _, err := db.Checkpoint(Truncate); err != nil {
				b.Fatal(err)
			}
			b.Run("1", func(b *testing.B) {
				b.ReportAllocs()
				buf, params := make([]byte, 0, 4096), make([]byte, 0, 16)
				for i := 0; b.Loop(); i++ {
					pointRead(b, db, i, buf, params)
				}
			})
			b.Run("parallel", func(b *testing.B) {
				b.SetParallelism(4)
				b.RunParallel(func(p *testing.PB) {
					buf, params := make([]byte, 0, 4096), make([]byte, 0, 16)
					for i := 0; p.Next(); i++ {
						pointRead(b, db, i, buf, params)
					}
				})
			})
		})
	}
}

func pointRead(b *testing.B, db *DB, i int, buf, params []byte) {
	c, err := db.Reader(ctx)
	if err != nil {
		b.Fatal(err)
	}
	st, err := c.Prepare(pointSQL)
	if err != nil {
		b.Fatal(err)
	}
	page, err := st.Query(ctx, buf, types.IntValue(int64(i*7919%benchRows)).AppendPacked(params))
	if err != nil || page.N != 1 {
		b.Fatal(err, page.N)
	}
	st.Done()
	c.Release()
}

// A read of several statements at one snapshot: its opening and end.
func BenchmarkBeginRead(b *testing.B) {
	db := open(b, Options{})
	filled(b, db, 1000)
	c := reader(b, db)
	defer c.Release()
	for b.Loop() {
		if err := c.BeginRead(); err != nil {
			b.Fatal(err)
		}
		c.EndRead()
	}
}

func BenchmarkScan(b *testing.B) {
	recent := NewKeySet(100)
	defer recent.Free()
	for i := range 100 {
		recent.AddInt(int64(i * 997))
	}
	for _, q := range []struct {
		name, sql string
		sets      []*KeySet
	}{
		{"4 columns", "SELECT c1, c2, c3, c5 FROM t1", nil},
		{"4 columns, recent", "SELECT c1, c2, c3, c5 FROM t1 WHERE NOT pegmatite_recent(?1, c1)", []*KeySet{recent}},
		{"text", "SELECT c1, c4 FROM t1", nil},
		{"native sum", "SELECT count(*) FROM t1 WHERE c2 + c3 > 5", nil},
		{"checked sum", "SELECT count(*) FROM t1 WHERE pg_int4pl(c2, c3) > 5", nil},
		{"like", "SELECT count(*) FROM t1 WHERE pg_like(c4, '%lab%d')", nil},
		{"ilike", "SELECT count(*) FROM t1 WHERE pg_ilike(c4, '%LAB%D')", nil},
		{"date_part", "SELECT count(*) FROM t1 WHERE pg_date_part_year(c5) = 2001.0", nil},
	} {
		b.Run(q.name, func(b *testing.B) {
			db := open(b, Options{})
			filled(b, db, benchRows)
			if _, err := db.Checkpoint(Truncate); err != nil {
				b.Fatal(err)
			}
			c := reader(b, db)
			defer c.Release()
			buf := make([]byte, 0, 64<<10)
			b.ReportAllocs()
			for b.Loop() {
				scan(b, c, q.sql, buf, q.sets)
			}
			b.ReportMetric(float64(benchRows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}

func scan(b *testing.B, c *Conn, sql string, buf []byte, sets []*KeySet) {
	st, err := c.Prepare(sql)
	if err != nil {
		b.Fatal(err)
	}
	defer st.Done()
	page, err := st.Query(ctx, buf, nil, sets...)
	for err == nil && page.More {
		page, err = st.Fetch(ctx, buf)
	}
	if err != nil {
		b.Fatal(err)
	}
}

// Sorted rows into an empty table, in transactions of 10,000.
func BenchmarkBulkInsert(b *testing.B) {
	const rows, batch = 1000000, 10000
	for b.Loop() {
		db := open(b, Options{})
		script(b, db, "CREATE TABLE t1 (c1 INTEGER PRIMARY KEY, c2 INTEGER, c3 INTEGER, c4 TEXT, c5 INTEGER) STRICT")
		c := writer(b, db)
		for i := 0; i < rows; i += batch {
			if err := c.Begin(); err != nil {
				b.Fatal(err)
			}
			insert(b, c, i, i+batch)
			if err := c.Commit(); err != nil {
				b.Fatal(err)
			}
			if db.WALSize() > 64<<20 {
				if _, err := db.Checkpoint(Passive); err != nil {
					b.Fatal(err)
				}
			}
		}
		c.Release()
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds()/1e3, "krows/s")
}

func BenchmarkKeySet(b *testing.B) {
	key := pack(12345, "some key")
	for _, n := range []int{10, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s := NewKeySet(n)
				for i := range n {
					s.AddInt(int64(i))
				}
				s.Add(key)
				s.Free()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/key")
		})
	}
}
