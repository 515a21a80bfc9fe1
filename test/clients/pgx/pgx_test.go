// Package pgx runs pgx, as its users do, against a server.
package pgx

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

var modes = []pgx.QueryExecMode{
	pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec,
	pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
}

func numeric(s string) pgtype.Numeric {
	var n pgtype.Numeric
	if err := n.Scan(s); err != nil {
		panic(err)
	}
	return n
}

// TestTypes: values go in as parameters and come back the same, through a
// table and without one, in each mode's formats.
func TestTypes(t *testing.T) {
	n := node.Start(t, nil)
	at := time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.UTC)
	cases := []struct {
		sqlType string
		value   any
	}{
		{"bool", true}, {"bool", false}, {"int2", int16(-32768)}, {"int4", int32(math.MaxInt32)}, {"int8", int64(math.MinInt64)},
		{"float4", float32(1.5)}, {"float8", -math.MaxFloat64}, {"float8", math.Inf(1)}, {"text", "héllo \n\t'\"\\"}, {"text", ""},
		{"varchar(10)", "abc"}, {"name", "a_name"}, {"bytea", []byte{0, 1, 255}}, {"bytea", []byte{}},
		{"uuid", [16]byte{1, 2, 3, 15: 9}}, {"date", time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)}, {"timestamp", at}, {"timestamptz", at},
		{"time", pgtype.Time{Microseconds: 86399999999, Valid: true}},
		{"interval", pgtype.Interval{Microseconds: -1, Days: 40, Months: 13, Valid: true}},
		{"numeric", numeric("-12345678901234567890.000000001")}, {"numeric", numeric("NaN")}, {"numeric(10,2)", numeric("1.50")},
		{"oid", uint32(4000000000)}, {"json", map[string]any{"a": []any{1.0, "x", nil}}}, {"jsonb", map[string]any{"a": map[string]any{"b": true}}},
		{"int4[]", []int32{1, -2, 3}}, {"text[]", []string{"a", "", "c,d", `e"f`, "NULL"}}, {"int8[]", []int64{}}, {"float8[]", []float64{0.1, 1e300}},
		{"bool[]", []bool{true, false}}, {"timestamptz[]", []time.Time{at}}, {"uuid[]", [][16]byte{{1}}}, {"bytea[]", [][]byte{{1}, {}}},
	}
	for _, mode := range modes {
		conn := client.ConnectIn(t, n.Address(), mode)
		for i, c := range cases {
			if mode == pgx.QueryExecModeExec || mode == pgx.QueryExecModeSimpleProtocol {
				if _, uuid := c.value.([16]byte); uuid || c.sqlType == "uuid[]" || strings.HasPrefix(c.sqlType, "json") || c.sqlType == "bytea[]" {
					continue // pgx cannot tell what these are without being told
				}
			}
			got := reflect.New(reflect.TypeOf(c.value))
			if err := conn.QueryRow(context.Background(), "SELECT $1::"+c.sqlType, c.value).Scan(got.Interface()); err != nil {
				t.Errorf("%v, %s: %v", mode, c.sqlType, err)
				continue
			}
			same(t, mode, c.sqlType, got.Elem().Interface(), c.value)
			table := fmt.Sprintf("t_%d", i)
			client.Exec(t, conn, fmt.Sprintf("CREATE TABLE %s (id int PRIMARY KEY, v %s)", table, c.sqlType))
			if _, err := conn.Exec(t.Context(), "INSERT INTO "+table+" VALUES ($1, $2), (2, NULL)", 1, c.value); err != nil {
				t.Fatal(err)
			}
			got = reflect.New(reflect.TypeOf(c.value))
			if err := conn.QueryRow(context.Background(), "SELECT v FROM "+table+" WHERE id = $1", 1).Scan(got.Interface()); err != nil {
				t.Errorf("%v, %s stored: %v", mode, c.sqlType, err)
			} else {
				same(t, mode, c.sqlType+" stored", got.Elem().Interface(), c.value)
			}
			null := reflect.New(reflect.PointerTo(reflect.TypeOf(c.value)))
			if err := conn.QueryRow(context.Background(), "SELECT v FROM "+table+" WHERE id = 2").Scan(null.Interface()); err != nil || !null.Elem().IsNil() {
				t.Errorf("%v, %s NULL: %v, %v", mode, c.sqlType, null.Elem(), err)
			}
			client.Exec(t, conn, "DROP TABLE "+table)
		}
	}
}

func same(t *testing.T, mode pgx.QueryExecMode, what string, got, want any) {
	t.Helper()
	if a, ok := got.(time.Time); ok && a.Equal(want.(time.Time)) {
		return
	}
	if a, ok := got.([]time.Time); ok && len(a) == 1 && a[0].Equal(want.([]time.Time)[0]) {
		return
	}
	if a, ok := got.(pgtype.Numeric); ok {
		x, _ := a.Value()
		y, _ := want.(pgtype.Numeric).Value()
		got, want = x, y
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %s: got %#v, want %#v", mode, what, got, want)
	}
}

// TestBatch: one pipeline of several statements, whole or not at all.
func TestBatch(t *testing.T) {
	n := node.Start(t, nil)
	for i, mode := range modes {
		conn := client.ConnectIn(t, n.Address(), mode)
		table := fmt.Sprintf("b%d", i)
		client.Exec(t, conn, "CREATE TABLE "+table+" (a int PRIMARY KEY, b text)")
		b := &pgx.Batch{}
		for k := range 20 {
			b.Queue("INSERT INTO "+table+" VALUES ($1, $2)", k, fmt.Sprint(k))
		}
		b.Queue("SELECT count(*) FROM " + table)
		r := conn.SendBatch(context.Background(), b)
		for range 20 {
			if tag, err := r.Exec(); err != nil || tag.String() != "INSERT 0 1" {
				t.Fatalf("%v: %q %v", mode, tag, err)
			}
		}
		var count int
		if err := r.QueryRow().Scan(&count); err != nil || count != 20 {
			t.Errorf("%v: %d, %v", mode, count, err)
		}
		if err := r.Close(); err != nil {
			t.Errorf("%v: %v", mode, err)
		}
		b = &pgx.Batch{}
		b.Queue("INSERT INTO "+table+" VALUES ($1, 'x')", 100)
		b.Queue("INSERT INTO "+table+" VALUES ($1, 'x')", 1)
		b.Queue("INSERT INTO "+table+" VALUES ($1, 'x')", 101)
		if err := conn.SendBatch(context.Background(), b).Close(); client.Code(err) != "23505" {
			t.Errorf("%v: %v", mode, err)
		}
		if err := conn.QueryRow(context.Background(), "SELECT count(*) FROM "+table).Scan(&count); err != nil || count != 20 {
			t.Errorf("%v: %d after a failed batch, %v", mode, count, err)
		}
	}
}

// TestTransactions: commit, rollback, nested ones (savepoints), levels, failed blocks.
func TestTransactions(t *testing.T) {
	n := node.Start(t, nil)
	ctx := context.Background()
	conn := client.ConnectIn(t, n.Address(), pgx.QueryExecModeCacheStatement)
	client.Exec(t, conn, "CREATE TABLE t (a int PRIMARY KEY)")
	count := func() (c int) {
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM t").Scan(&c); err != nil {
			t.Fatal(err)
		}
		return c
	}
	err := pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO t VALUES (1)"); err != nil {
			return err
		}
		nested := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO t VALUES (1)")
			return err
		})
		if client.Code(nested) != "23505" {
			t.Errorf("nested: %v", nested)
		}
		_, err := tx.Exec(ctx, "INSERT INTO t VALUES (2)")
		return err
	})
	if err != nil || count() != 2 {
		t.Errorf("%v, %d rows", err, count())
	}
	tx, _ := conn.Begin(ctx)
	if _, err := tx.Exec(ctx, "SELECT 1/0"); client.Code(err) != "22012" {
		t.Error(err)
	}
	if _, err := tx.Exec(ctx, "SELECT 1"); client.Code(err) != "25P02" {
		t.Error(err)
	}
	if err := tx.Commit(ctx); !errors.Is(err, pgx.ErrTxCommitRollback) {
		t.Error(err)
	}
	_, err = conn.Exec(ctx, "INSERT INTO t VALUES (1)")
	var e *pgconn.PgError
	if !errors.As(err, &e) || e.ConstraintName != "t_pkey" || e.TableName != "t" || e.SchemaName != "public" || e.Detail != "Key (a)=(1) already exists." {
		t.Errorf("%+v", e)
	}
	if err := pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM t")
		return err
	}); client.Code(err) != "25006" {
		t.Error(err)
	}
}

// TestPreparedStatements: the driver's cache survives other sessions' schema
// changes; a changed result is told once, and then read anew.
func TestPreparedStatements(t *testing.T) {
	n := node.Start(t, nil)
	ctx := context.Background()
	conn := client.ConnectIn(t, n.Address(), pgx.QueryExecModeCacheStatement)
	other := client.ConnectIn(t, n.Address(), pgx.QueryExecModeCacheStatement)
	client.Exec(t, conn, "CREATE TABLE t (a int PRIMARY KEY, b text)")
	client.Exec(t, conn, "INSERT INTO t VALUES (1, 'x')")
	read := func(sql string) (int, error) {
		rows, err := conn.Query(ctx, sql, 1)
		if err != nil {
			return 0, err
		}
		defer rows.Close()
		for rows.Next() {
		}
		return len(rows.FieldDescriptions()), rows.Err()
	}
	if columns, err := read("SELECT * FROM t WHERE a = $1"); err != nil || columns != 2 {
		t.Fatal(columns, err)
	}
	client.Exec(t, other, "ALTER TABLE t ADD COLUMN c int")
	if _, err := read("SELECT * FROM t WHERE a = $1"); client.Code(err) != "0A000" {
		t.Errorf("got %v", err)
	}
	if columns, err := read("SELECT * FROM t WHERE a = $1"); err != nil || columns != 3 {
		t.Errorf("%d columns, %v", columns, err)
	}
	if _, err := conn.Prepare(ctx, "named", "SELECT b FROM t WHERE a = $1"); err != nil {
		t.Fatal(err)
	}
	client.Exec(t, other, "ALTER TABLE t DROP COLUMN c")
	if columns, err := read("named"); err != nil || columns != 1 {
		t.Errorf("%d columns, %v", columns, err)
	}
	if err := conn.Deallocate(ctx, "named"); err != nil {
		t.Error(err)
	}
}

// TestContextCancel: a cancelled context stops the statement on the server.
func TestContextCancel(t *testing.T) {
	n := node.Start(t, nil)
	watch := client.ConnectIn(t, n.Address(), pgx.QueryExecModeExec)
	for _, mode := range modes {
		conn := client.ConnectIn(t, n.Address(), mode)
		pid := int32(conn.PgConn().PID())
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		_, err := conn.Exec(ctx, "SELECT pg_sleep(1000)")
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v: %v", mode, err)
		}
		for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			var active int
			if err := watch.QueryRow(context.Background(), "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state = 'active'", pid).Scan(&active); err != nil {
				t.Fatal(err)
			}
			if active == 0 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%v: still running", mode)
			}
		}
	}
}

// TestReadAhead: rows are read as they are asked for, and leaving early is no harm.
func TestReadAhead(t *testing.T) {
	n := node.Start(t, nil)
	for _, mode := range modes {
		conn := client.ConnectIn(t, n.Address(), mode)
		rows, err := conn.Query(context.Background(), "SELECT g, repeat('x', 100) FROM generate_series(1, $1::int) g", 100000)
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i <= 10; i++ {
			var g int
			var s string
			if !rows.Next() {
				t.Fatal(rows.Err())
			}
			if err := rows.Scan(&g, &s); err != nil || g != i || len(s) != 100 {
				t.Fatalf("%v: %d %d %v", mode, g, len(s), err)
			}
		}
		rows.Close()
		client.Exec(t, conn, "SELECT 1")
	}
}

// TestCopyFrom: pgx copies in binary form.
func TestCopyFrom(t *testing.T) {
	n := node.Start(t, nil)
	conn := client.ConnectIn(t, n.Address(), pgx.QueryExecModeCacheStatement)
	client.Exec(t, conn, "CREATE TABLE t (a int PRIMARY KEY, b text, c float8, d timestamptz)")
	rows := make([][]any, 5000)
	for i := range rows {
		rows[i] = []any{i, fmt.Sprint("row ", i), float64(i) / 2, time.Unix(int64(i), 0)}
	}
	count, err := conn.CopyFrom(context.Background(), pgx.Identifier{"t"}, []string{"a", "b", "c", "d"}, pgx.CopyFromRows(rows))
	if err != nil || count != 5000 {
		t.Fatalf("%d, %v", count, err)
	}
	var sum, length int
	if err := conn.QueryRow(context.Background(), "SELECT sum(a), sum(length(b)) FROM t WHERE c = a / 2.0::float8").Scan(&sum, &length); err != nil || sum != 5000*4999/2 {
		t.Errorf("%d, %v", sum, err)
	}
	if _, err := conn.CopyFrom(context.Background(), pgx.Identifier{"t"}, []string{"a"}, pgx.CopyFromRows([][]any{{1}})); client.Code(err) != "23505" {
		t.Error(err)
	}
	client.Exec(t, conn, "SELECT 1")
}
