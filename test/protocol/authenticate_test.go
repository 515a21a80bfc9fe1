package protocol

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// asking starts a server that asks clients on TCP for passwords, with some roles.
func asking(t *testing.T) *node.Node {
	t.Helper()
	dir, err := os.MkdirTemp("", "pegmatite") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	n := node.StartIn(t, dir, func(c *server.Config) { c.TrustLoopback, c.Shards = false, 1 })
	_, port, _ := net.SplitHostPort(n.Address())
	conn, err := pgx.Connect(t.Context(), "host="+dir+" port="+port+" user=postgres database=postgres")
	if err != nil {
		t.Fatal("by the socket:", err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `
		CREATE ROLE alice LOGIN PASSWORD 'sésame';
		CREATE ROLE blank LOGIN;
		CREATE ROLE group_a PASSWORD 'sésame';
		CREATE ROLE late LOGIN PASSWORD 'sésame' VALID UNTIL 'yesterday';
	`); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestPasswords: pgx gets in with the password and is refused otherwise, as PostgreSQL does it.
func TestPasswords(t *testing.T) {
	n := asking(t)
	for _, c := range []struct{ user, password, code, message string }{
		{"alice", "sésame", "", ""},
		{"alice", "sesame", "28P01", `password authentication failed for user "alice"`},
		{"nobody", "sésame", "28P01", `password authentication failed for user "nobody"`},
		{"blank", "sésame", "28P01", `password authentication failed for user "blank"`},
		{"late", "sésame", "28P01", `password authentication failed for user "late"`},
		{"group_a", "sesame", "28P01", `password authentication failed for user "group_a"`},
		{"group_a", "sésame", "28000", `role "group_a" is not permitted to log in`},
	} {
		conn, err := pgx.Connect(t.Context(), "postgres://"+c.user+":"+c.password+"@"+n.Address()+"/postgres?sslmode=disable")
		if c.code == "" {
			if err != nil {
				t.Errorf("%+v: %v", c, err)
				continue
			}
			conn.Close(t.Context())
			continue
		}
		var e *pgconn.PgError
		if !errors.As(err, &e) || e.Code != c.code || e.Message != c.message || e.Severity != "FATAL" {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestPsqlPassword: psql gets in with the password of PGPASSWORD.
func TestPsqlPassword(t *testing.T) {
	n := asking(t)
	for password, want := range map[string]string{"sésame": "alice\n", "sesame": `password authentication failed for user "alice"`, "": "no password supplied"} {
		cmd := exec.Command(node.Psql(t), "-XAtw", "-d", "postgres://alice@"+n.Address()+"/postgres", "-c", "SELECT current_user")
		cmd.Env = append(os.Environ(), "PGPASSWORD="+password, "PGPASSFILE="+filepath.Join(t.TempDir(), "none"), "LC_ALL=C.UTF-8")
		out, _ := cmd.CombinedOutput()
		if !strings.HasSuffix(strings.TrimSpace(string(out)), strings.TrimSpace(want)) {
			t.Errorf("%q: %s", password, out)
		}
	}
}

// TestBrokenExchanges: what is not SCRAM where it has to be ends the connection,
// with an error or without a word where PostgreSQL says none.
func TestBrokenExchanges(t *testing.T) {
	n := asking(t)
	choice := func(mechanism, data string) pgproto3.FrontendMessage {
		return &pgproto3.SASLInitialResponse{AuthMechanism: mechanism, Data: []byte(data)}
	}
	for _, c := range []struct {
		name string
		send []pgproto3.FrontendMessage
		want string // "" is silence
	}{
		{"a query", []pgproto3.FrontendMessage{&pgproto3.Query{String: "SELECT 1"}}, "08P01 expected SASL response, got message type 81"},
		{"a query later", []pgproto3.FrontendMessage{choice("SCRAM-SHA-256", "n,,n=,r=abc"), &pgproto3.Query{String: "SELECT 1"}}, "08P01 expected SASL response, got message type 81"},
		{"a mechanism", []pgproto3.FrontendMessage{choice("PLAIN", "x")}, "08P01 client selected an invalid SASL authentication mechanism"},
		{"no text", []pgproto3.FrontendMessage{choice("SCRAM-SHA-256", "n,,n=,\x00r=abc")}, "08P01 malformed SCRAM message"},
		{"no length", []pgproto3.FrontendMessage{&pgproto3.PasswordMessage{Password: "SCRAM-SHA-256"}}, "08P01 insufficient data left in message"},
		{"too long", []pgproto3.FrontendMessage{choice("SCRAM-SHA-256", "n,,n=,r="+strings.Repeat("a", 1100))}, ""},
		{"gone", nil, ""},
	} {
		nc, err := net.Dial("tcp", n.Address())
		if err != nil {
			t.Fatal(err)
		}
		f := pgproto3.NewFrontend(nc, nc)
		f.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "alice"}})
		for _, m := range c.send {
			f.Send(m)
		}
		if err := f.Flush(); err != nil {
			t.Fatal(err)
		}
		if c.send == nil {
			nc.(*net.TCPConn).CloseWrite()
		}
		if got := farewell(f); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		nc.Close()
	}
}

// farewell reads up to the end and returns the error that came, if one did.
func farewell(f *pgproto3.Frontend) string {
	got := ""
	for {
		m, err := f.Receive()
		switch m := m.(type) {
		case *pgproto3.ErrorResponse:
			got = m.Code + " " + m.Message
		case *pgproto3.AuthenticationOk:
			return "let in"
		}
		if err != nil {
			if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
				return err.Error()
			}
			return got
		}
	}
}

// TestFirstMessageLater: a client may choose the mechanism first, and begin when it is asked to.
func TestFirstMessageLater(t *testing.T) {
	n := asking(t)
	nc, err := net.Dial("tcp", n.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	f := pgproto3.NewFrontend(nc, nc)
	f.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "alice"}})
	if err := f.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, err := nc.Write([]byte("p\x00\x00\x00\x16SCRAM-SHA-256\x00\xff\xff\xff\xff")); err != nil {
		t.Fatal(err)
	}
	if m, err := f.Receive(); err != nil || m.(*pgproto3.AuthenticationSASL) == nil {
		t.Fatal(m, err)
	}
	if m, err := f.Receive(); err != nil || len(m.(*pgproto3.AuthenticationSASLContinue).Data) != 0 {
		t.Fatal(m, err)
	}
	f.Send(&pgproto3.SASLResponse{Data: []byte("n,,n=,r=abc")})
	if err := f.Flush(); err != nil {
		t.Fatal(err)
	}
	if m, err := f.Receive(); err != nil || !strings.HasPrefix(string(m.(*pgproto3.AuthenticationSASLContinue).Data), "r=abc") {
		t.Fatal(m, err)
	}
}

// TestUnauthenticatedAreFew: clients that do not finish to authenticate keep no others out
// but those who would have to as well.
func TestUnauthenticatedAreFew(t *testing.T) {
	dir, err := os.MkdirTemp("", "pegmatite")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	n := node.StartIn(t, dir, func(c *server.Config) { c.TrustLoopback, c.Shards, c.MaxConnections = false, 1, 1 })
	knock := func() pgproto3.BackendMessage {
		nc, err := net.Dial("tcp", n.Address())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		f := pgproto3.NewFrontend(nc, nc)
		f.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "postgres"}})
		if err := f.Flush(); err != nil {
			t.Fatal(err)
		}
		m, err := f.Receive()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for range 4 {
		if m, ok := knock().(*pgproto3.AuthenticationSASL); !ok {
			t.Fatalf("%#v", m)
		}
	}
	if m, ok := knock().(*pgproto3.ErrorResponse); !ok || m.Code != "53300" {
		t.Errorf("%#v", m)
	}
	_, port, _ := net.SplitHostPort(n.Address())
	conn, err := pgx.Connect(t.Context(), "host="+dir+" port="+port+" user=postgres database=postgres")
	if err != nil {
		t.Fatal(err)
	}
	conn.Close(t.Context())
}
