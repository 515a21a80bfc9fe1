package protocol

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// encrypting starts a server with TLS whose certificate is in dir.
func encrypting(t *testing.T, dir string, trust bool) *node.Node {
	t.Helper()
	return node.Start(t, func(c *server.Config) {
		c.TLSCert, c.TLSKey = node.Certificate(t, dir)
		c.TrustLoopback, c.Shards = trust, 1
	})
}

// TestTLSClients: psql and pgx encrypt, verify the server, and do without if they want to.
func TestTLSClients(t *testing.T) {
	dir := t.TempDir()
	n := encrypting(t, dir, true)
	_, port, _ := net.SplitHostPort(n.Address())
	at := "host=localhost hostaddr=127.0.0.1 port=" + port + " user=postgres dbname=postgres "
	const query = "SELECT ssl, version, bits FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
	for options, want := range map[string]string{
		"sslmode=require": "t|TLSv1.3|", "sslmode=verify-full sslrootcert=" + dir + "/cert.pem": "t|TLSv1.3|",
		"sslmode=require ssl_max_protocol_version=TLSv1.2": "t|TLSv1.2|", "sslmode=disable": "f||", "sslmode=prefer": "t|TLSv1.3|",
	} {
		out, err := exec.Command(node.Psql(t), "-XAtd", at+options, "-c", query).CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), want) {
			t.Errorf("%s: %s", options, out)
		}
	}
	other := t.TempDir()
	node.Certificate(t, other)
	out, err := exec.Command(node.Psql(t), "-XAtd", at+"sslmode=verify-full sslrootcert="+other+"/cert.pem", "-c", query).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "certificate verify failed") {
		t.Errorf("another's certificate: %s", out)
	}
	conn, err := pgx.Connect(t.Context(), "postgres://postgres@"+n.Address()+"/postgres?sslmode=verify-full&sslrootcert="+dir+"/cert.pem")
	if err != nil {
		t.Fatal(err)
	}
	conn.Close(t.Context())
}

// TestTLSPassword: SCRAM over TLS is bound to the connection by those who can; a
// server that is asked for it without TLS cannot.
func TestTLSPassword(t *testing.T) {
	n := encrypting(t, t.TempDir(), false)
	_, port, _ := net.SplitHostPort(n.Address())
	setup, err := pgx.Connect(t.Context(), "host="+n.Dir+" port="+port+" user=postgres database=postgres")
	if err != nil {
		t.Fatal(err)
	}
	defer setup.Close(t.Context())
	if _, err := setup.Exec(t.Context(), "CREATE ROLE alice LOGIN PASSWORD 'sesame'"); err != nil {
		t.Fatal(err)
	}
	for options, want := range map[string]string{
		"sslmode=require channel_binding=require": "alice\n", "sslmode=require channel_binding=disable": "alice\n", "sslmode=disable": "alice\n",
		"sslmode=disable channel_binding=require": "channel binding",
	} {
		cmd := exec.Command(node.Psql(t), "-XAtwd", "host=127.0.0.1 port="+port+" user=alice dbname=postgres "+options, "-c", "SELECT current_user")
		cmd.Env = append(os.Environ(), "PGPASSWORD=sesame")
		if out, _ := cmd.CombinedOutput(); !strings.Contains(string(out), want) {
			t.Errorf("%s: %s", options, out)
		}
	}
	_, err = pgx.Connect(t.Context(), "postgres://alice:wrong@"+n.Address()+"/postgres?sslmode=require")
	var e *pgconn.PgError
	if !errors.As(err, &e) || e.Code != "28P01" {
		t.Errorf("%v", err)
	}
}

// dialTLS asks for TLS and returns the connection behind it.
func dialTLS(t *testing.T, address string) *tls.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	if err := sslRequest(nc); err != nil {
		t.Fatal(err)
	}
	return tls.Client(nc, &tls.Config{InsecureSkipVerify: true})
}

// sslRequest asks for TLS and expects to get it.
func sslRequest(nc net.Conn) error {
	if _, err := nc.Write([]byte("\x00\x00\x00\x08\x04\xd2\x16\x2f")); err != nil {
		return err
	}
	answer := make([]byte, 1)
	if _, err := io.ReadFull(nc, answer); err != nil || answer[0] != 'S' {
		return errors.Join(err, errors.New("answered "+string(answer)))
	}
	return nil
}

// TestCancelOverTLS: a cancel request may be encrypted as well.
func TestCancelOverTLS(t *testing.T) {
	n := encrypting(t, t.TempDir(), true)
	nc := dialTLS(t, n.Address())
	f := pgproto3.NewFrontend(nc, nc)
	f.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "postgres"}})
	f.Send(&pgproto3.Query{String: "SELECT 1; SELECT pg_sleep(1000)"})
	if err := f.Flush(); err != nil {
		t.Fatal(err)
	}
	var key pgproto3.BackendKeyData
	for {
		m, err := f.Receive()
		if err != nil {
			t.Fatal(err)
		}
		switch m := m.(type) {
		case *pgproto3.BackendKeyData:
			key = *m
		case *pgproto3.ReadyForQuery:
			cancelOverTLS(t, n.Address(), key)
		case *pgproto3.ErrorResponse:
			if m.Code != "57014" {
				t.Errorf("%s %s", m.Code, m.Message)
			}
			return
		}
	}
}

// cancelOverTLS cancels until the connection is closed by the other side each time; what runs may not have begun yet.
func cancelOverTLS(t *testing.T, address string, key pgproto3.BackendKeyData) {
	t.Helper()
	go func() {
		for t.Context().Err() == nil {
			nc, err := net.Dial("tcp", address)
			if err != nil {
				return
			}
			if err := sslRequest(nc); err != nil {
				nc.Close()
				return
			}
			client := tls.Client(nc, &tls.Config{InsecureSkipVerify: true})
			packet := binary.BigEndian.AppendUint32([]byte("\x00\x00\x00\x10\x04\xd2\x16\x2e"), key.ProcessID)
			client.Write(append(packet, key.SecretKey...))
			io.Copy(io.Discard, client)
			nc.Close()
		}
	}()
}

// TestTLSRequests: GSS is refused and TLS may follow; over TLS neither is offered
// again; a client that speaks before it is answered is not served in the clear.
func TestTLSRequests(t *testing.T) {
	n := encrypting(t, t.TempDir(), true)
	nc, err := net.Dial("tcp", n.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	answer := make([]byte, 1)
	nc.Write([]byte("\x00\x00\x00\x08\x04\xd2\x16\x30"))
	if _, err := io.ReadFull(nc, answer); err != nil || answer[0] != 'N' {
		t.Fatalf("%q, %v", answer, err)
	}
	if err := sslRequest(nc); err != nil {
		t.Fatal(err)
	}
	client := tls.Client(nc, &tls.Config{InsecureSkipVerify: true})
	client.Write([]byte("\x00\x00\x00\x08\x04\xd2\x16\x30"))
	f := pgproto3.NewFrontend(client, client)
	if m, err := f.Receive(); err != nil || !strings.Contains(m.(*pgproto3.ErrorResponse).Message, "unsupported frontend protocol 1234.5680") {
		t.Errorf("%v, %v", m, err)
	}
	if _, err := client.Read(answer); err != io.EOF { // the end that TLS announces
		t.Error(err)
	}

	early, err := net.Dial("tcp", n.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer early.Close()
	startup, _ := (&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "postgres"}}).Encode(nil)
	early.Write(append([]byte("\x00\x00\x00\x08\x04\xd2\x16\x2f"), startup...))
	if text, _ := io.ReadAll(early); strings.Contains(string(text), "server_version") {
		t.Errorf("served: %q", text)
	}
}

// TestReload: a certificate that is read anew is the one that new clients see; one
// that cannot be read changes nothing.
func TestReload(t *testing.T) {
	dir := t.TempDir()
	n := encrypting(t, dir, true)
	serial := func() string {
		nc := dialTLS(t, n.Address())
		if err := nc.Handshake(); err != nil {
			t.Fatal(err)
		}
		return nc.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	before := serial()
	node.Certificate(t, dir)
	n.Reload()
	after := serial()
	if before == after {
		t.Error("the certificate stayed")
	}
	if err := os.WriteFile(dir+"/cert.pem", []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	n.Reload()
	if serial() != after {
		t.Error("the certificate went")
	}
}
