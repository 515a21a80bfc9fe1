// Package mysql runs statements of MySQL's dialect through the wire and compares
// with what MySQL 8 answers by its manual.
package mysql

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pegmatitedb/pegmatite/internal/golden"
	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestAnswers runs the scripts in testdata, each in a session of its own:
// statements with their answers, a blank line between them.
func TestAnswers(t *testing.T) {
	n := node.Start(t, func(c *server.Config) { c.Shards = 4 })
	golden.Files(t, "testdata/*.txt", func(t *testing.T, text string) string {
		conn := connect(t, n, "-c sql_dialect=mysql")
		return golden.Blocks(text, func(sql string) string { return answer(t.Context(), conn, sql) })
	})
}

// connect opens a connection with start-up options.
func connect(t *testing.T, n *node.Node, options string) *pgx.Conn {
	t.Helper()
	host, port, _ := strings.Cut(n.Address(), ":")
	c, err := pgx.Connect(t.Context(), fmt.Sprintf("host=%s port=%s user=postgres dbname=postgres sslmode=disable options='%s'", host, port, options))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.WithoutCancel(t.Context())) })
	return c
}

// answer runs a text by the simple protocol: its rows or tags, or its error.
func answer(ctx context.Context, conn *pgx.Conn, sql string) string {
	var lines []string
	results := conn.PgConn().Exec(ctx, sql)
	for results.NextResult() {
		r := results.ResultReader()
		fields := r.FieldDescriptions()
		if len(fields) > 0 {
			names := make([]string, len(fields))
			for i, f := range fields {
				names[i] = f.Name
			}
			lines = append(lines, strings.Join(names, " | "))
		}
		for r.NextRow() {
			lines = append(lines, rowText(r.Values()))
		}
		if tag, err := r.Close(); err == nil && len(fields) == 0 {
			lines = append(lines, tag.String())
		}
	}
	var e *pgconn.PgError
	if err := results.Close(); errors.As(err, &e) {
		lines = append(lines, "ERROR "+e.Code+": "+e.Message)
	}
	return strings.Join(lines, "\n")
}

func rowText(values [][]byte) string {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = string(v)
		if v == nil {
			cells[i] = "NULL"
		}
	}
	return strings.Join(cells, " | ")
}

// TestDialectOfSession: the setting is a session's, from start-up options, a role or SET, and each of
// two sessions reads the same text in its own dialect, though texts are cached for all.
func TestDialectOfSession(t *testing.T) {
	n := node.Start(t, nil)
	ctx := t.Context()
	plain, mine := connect(t, n, ""), connect(t, n, "-c sql_dialect=mysql")
	same := `SELECT 7 / 2 AS "q"`
	for range 3 {
		if got := answer(ctx, plain, same); got != "q\n3" {
			t.Errorf("postgres: %s", got)
		}
		if got := answer(ctx, mine, same); got != "q\n3.5000" {
			t.Errorf("mysql: %s", got)
		}
	}
	for _, step := range []struct {
		conn      *pgx.Conn
		sql, want string
	}{
		{plain, "SHOW sql_dialect", "sql_dialect\npostgres"},
		{plain, "SET sql_dialect = 'oracle'", `ERROR 22023: invalid value for parameter "sql_dialect": "oracle"`},
		{plain, "SET sql_dialect = mysql", "SET"},
		{plain, `SELECT "x"`, "x\nx"},
		{plain, "SHOW sql_dialect", "sql_dialect\nmysql"},
		{plain, "RESET sql_dialect", "RESET"},
		{plain, `SELECT "x"`, `ERROR 42703: column "x" does not exist`},
		{mine, "SET sql_dialect = DEFAULT", "SET"},
		{mine, "SELECT @@sql_dialect", "@@sql_dialect\nmysql"}, // the default is the start-up option's
		{mine, "SET @@session.sql_dialect = 'postgres'", "SET"},
		{mine, "SELECT 1::text", "text\n1"},
		{mine, "BEGIN; SET LOCAL sql_dialect = 'mysql'", "BEGIN\nSET"},
		{mine, `SELECT "y"`, "y\ny"},
		{mine, "ROLLBACK", "ROLLBACK"},
		{mine, "CREATE ROLE visitor LOGIN; ALTER ROLE visitor SET sql_dialect = 'mysql'; SELECT rolconfig FROM pg_roles WHERE rolname = 'visitor'",
			"CREATE ROLE\nALTER ROLE\nrolconfig\n{sql_dialect=mysql}"},
	} {
		if got := answer(ctx, step.conn, step.sql); got != step.want {
			t.Errorf("%s gives\n%s\nnot\n%s", step.sql, got, step.want)
		}
	}
}

// TestParameters: prepared statements have question marks.
// TestDeepCalls: what a call is translated to has each argument once.
func TestDeepCalls(t *testing.T) {
	c := connect(t, node.Start(t, nil), "-c sql_dialect=mysql")
	deep := strings.Repeat("GREATEST(1, LEAST(9, ", 30) + "7" + strings.Repeat("))", 30)
	if got := answer(t.Context(), c, "SELECT "+deep+" AS x"); got != "x\n7" {
		t.Error(got)
	}
}

func TestParameters(t *testing.T) {
	n := node.Start(t, nil)
	c := connect(t, n, "-c sql_dialect=mysql")
	ctx := t.Context()
	if _, err := c.Exec(ctx, "CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(10))"); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"x", "y", "z"} {
		if _, err := c.Exec(ctx, "INSERT INTO t (b, a) VALUES (?, ?) ON DUPLICATE KEY UPDATE b = VALUES(b)", name, i%2); err != nil {
			t.Fatal(err)
		}
	}
	var b string
	if err := c.QueryRow(ctx, "SELECT `b` FROM t WHERE a = ? AND b <> ?", 0, "q").Scan(&b); err != nil || b != "z" {
		t.Errorf("%q, %v", b, err)
	}
}

// TestStatementsCommitEach: MySQL has no implicit transaction around the statements of a text or a pipeline.
func TestStatementsCommitEach(t *testing.T) {
	n := node.Start(t, nil)
	c := connect(t, n, "-c sql_dialect=mysql")
	ctx := t.Context()
	answer(ctx, c, "CREATE TABLE t (a INT PRIMARY KEY)")
	if got := answer(ctx, c, "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); INSERT INTO t VALUES (1); INSERT INTO t VALUES (3)"); !strings.Contains(got, "23505") {
		t.Error(got)
	}
	batch := &pgx.Batch{}
	for _, a := range []int{10, 11, 10, 12} {
		batch.Queue("INSERT INTO t VALUES (?)", a)
	}
	if err := c.SendBatch(ctx, batch).Close(); err == nil {
		t.Error("no duplicate in the pipeline")
	}
	if got := answer(ctx, c, "SELECT a FROM t ORDER BY a"); got != "a\n1\n2\n10\n11" {
		t.Error(got)
	}
}
