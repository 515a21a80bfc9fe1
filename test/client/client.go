// Package client is the sessions of tests that have a whole server: a session
// ends with its test, and what goes wrong ends the test.
package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Patience bounds waits that end early unless the test fails.
const Patience = 30 * time.Second

// Connect opens a session of postgres that runs statements by the simple protocol.
func Connect(t testing.TB, address string) *pgx.Conn {
	t.Helper()
	return ConnectIn(t, address, pgx.QueryExecModeSimpleProtocol)
}

// ConnectTo is Connect for another database.
func ConnectTo(t testing.TB, address, database string) *pgx.Conn {
	t.Helper()
	return open(t, address, database, pgx.QueryExecModeSimpleProtocol)
}

// ConnectIn opens a session of postgres; mode says how it runs statements.
func ConnectIn(t testing.TB, address string, mode pgx.QueryExecMode) *pgx.Conn {
	t.Helper()
	return open(t, address, "postgres", mode)
}

func open(t testing.TB, address, database string, mode pgx.QueryExecMode) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig("postgres://postgres@" + address + "/" + database + "?sslmode=disable&timezone=UTC")
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = mode
	c, err := pgx.ConnectConfig(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

// Exec runs statements one after the other.
func Exec(t testing.TB, c *pgx.Conn, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		_, err := c.Exec(ctx, sql)
		cancel()
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// One reads a query's only value as text, "null" for NULL.
func One(t testing.TB, c *pgx.Conn, sql string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	var v *string
	if err := c.QueryRow(ctx, sql).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	if v == nil {
		return "null"
	}
	return *v
}

// Code is the SQLSTATE of a server's error, and the text of any other.
func Code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

// Eventually waits for what another goroutine or process brings about.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// Cancel sends a CancelRequest to a server, and waits until that has taken it.
func Cancel(t testing.TB, address string, pid uint32, secret []byte) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	request, err := (&pgproto3.CancelRequest{ProcessID: pid, SecretKey: secret}).Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(request); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(Patience)); err != nil {
		t.Fatal(err)
	}
	_, _ = c.Read(make([]byte, 1)) // the server closes
}
