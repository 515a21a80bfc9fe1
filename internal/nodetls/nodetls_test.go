package nodetls

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// meet makes a TLS connection of two configurations and has a byte sent each
// way. Its errors are the two sides'.
func meet(t *testing.T, server, client *tls.Config) (serverErr, clientErr error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan error, 1)
	go func() {
		far, err := l.Accept()
		if err == nil {
			err = exchange(tls.Server(far, server))
			far.Close()
		}
		done <- err
	}()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	clientErr = exchange(tls.Client(near, client))
	near.Close()
	return <-done, clientErr
}

// exchange sends a byte and reads one: what the other side thinks of a
// certificate is known after the handshake only.
func exchange(c *tls.Conn) error {
	if err := c.Handshake(); err != nil {
		return err
	}
	if _, err := c.Write([]byte{1}); err != nil {
		return err
	}
	_, err := io.ReadFull(c, make([]byte, 1))
	return err
}

func fromKey(t *testing.T, key string) *Credentials {
	t.Helper()
	c, err := FromKey([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// reader is the client configuration of a certificate for reading metrics.
func reader(t *testing.T, key string) *tls.Config {
	t.Helper()
	text, err := ReaderPEM([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	_, behind, _ := bytes.Cut(text, []byte("-----END PRIVATE KEY-----"))
	if !roots.AppendCertsFromPEM(behind) {
		t.Fatal("no authority")
	}
	show := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	return &tls.Config{Certificates: []tls.Certificate{pair}, GetClientCertificate: show, RootCAs: roots, ServerName: "pegmatite"}
}

// TestWhoIsLetIn: processes with the same key, and nobody else; readers where they may.
func TestWhoIsLetIn(t *testing.T) {
	const ours, theirs = "0123456789abcdef0123456789abcdef", "another key, which nobody here has"
	a, b, other := fromKey(t, ours), fromKey(t, ours), fromKey(t, theirs)
	lax := other.ClientTLS()
	lax.VerifyConnection = nil
	const clear = "the other side is not of this cluster"
	for _, c := range []struct {
		name           string
		server, client *tls.Config
		refusal        string // of the side that refuses; "" is let in
	}{
		{"a node", a.ServerTLS(), b.ClientTLS(), ""},
		{"a node at the HTTP port", a.HTTPTLS(), b.ClientTLS(), ""},
		{"a reader at the HTTP port", a.HTTPTLS(), reader(t, ours), ""},
		{"a reader at a node's", a.ServerTLS(), reader(t, ours), clear},
		{"a reader of another cluster", a.HTTPTLS(), func() *tls.Config { c := reader(t, theirs); c.InsecureSkipVerify = true; return c }(), clear},
		{"a node of another cluster", a.ServerTLS(), other.ClientTLS(), clear},
		{"one that believes everybody", a.ServerTLS(), lax, clear},
		{"without a certificate", a.ServerTLS(), &tls.Config{InsecureSkipVerify: true}, "client didn't provide a certificate"},
		{"an old TLS", a.ServerTLS(), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}, "protocol version"},
	} {
		s, cl := meet(t, c.server, c.client)
		switch {
		case c.refusal == "" && (s != nil || cl != nil):
			t.Errorf("%s: %v; %v", c.name, s, cl)
		case c.refusal != "" && (s == nil || cl == nil):
			t.Errorf("%s is let in: %v; %v", c.name, s, cl)
		case c.refusal != "" && !strings.Contains(s.Error(), c.refusal) && !strings.Contains(cl.Error(), c.refusal):
			t.Errorf("%s: %v; %v", c.name, s, cl)
		}
	}
}

// TestReaderServesNobody: a reader's certificate does not pass for a node's to clients.
func TestReaderServesNobody(t *testing.T) {
	const key = "0123456789abcdef0123456789abcdef"
	impostor := reader(t, key)
	impostor.ClientAuth = tls.RequireAnyClientCert
	if _, err := meet(t, impostor, fromKey(t, key).ClientTLS()); err == nil || !strings.Contains(err.Error(), "not of this cluster") {
		t.Error(err)
	}
}

// TestDerivationIsFixed: the authorities of a key are these for ever, for nodes of
// different versions meet.
func TestDerivationIsFixed(t *testing.T) {
	for kind, want := range map[string]string{
		kindNodes: "pegmatite nodes e008a8bfb0cb", kindReaders: "pegmatite readers 8b317983c010",
	} {
		a, err := deriveAuthority([]byte("0123456789abcdef0123456789abcdef"), kind)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.certificate.Subject.CommonName; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestKeys(t *testing.T) {
	raw := bytes.Repeat([]byte{0xfb, 0x07}, 24)
	for name, text := range map[string]string{
		"hex": hex.EncodeToString(raw), "HEX": strings.ToUpper(hex.EncodeToString(raw)), "base64": base64.StdEncoding.EncodeToString(raw) + "\n",
		"wrapped": base64.StdEncoding.EncodeToString(raw)[:40] + "\r\n" + base64.StdEncoding.EncodeToString(raw)[40:],
	} {
		if key, err := parseKey([]byte(text)); err != nil || !bytes.Equal(key, raw) {
			t.Errorf("%s: %x, %v", name, key, err)
		}
	}
	for _, text := range []string{"", "secret", "00ff", base64.StdEncoding.EncodeToString(raw[:31]), strings.Repeat("ab", 31)} {
		if key, err := parseKey([]byte(text)); err == nil {
			t.Errorf("%q: %x", text, key)
		}
	}
	if one, two := NewKey(), NewKey(); one == two {
		t.Error(one)
	} else if key, err := parseKey([]byte(one)); err != nil || len(key) != KeyBytes {
		t.Errorf("%q: %v", one, err)
	}
}

// checked wants what Check says of a host; "" is that it is well.
func checked(t *testing.T, c *Credentials, host, want string) {
	t.Helper()
	if err := c.Check(host); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("at %q: %v, want %q", host, err, want)
	}
}

// TestCheck: what others would refuse is known before they do, of either side,
// also of a certificate that another one stands behind; what is derived of a key
// is good everywhere.
func TestCheck(t *testing.T) {
	checked(t, fromKey(t, "0123456789abcdef0123456789abcdef"), "anywhere", "")
	root, mid := chain(t)
	both := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	for _, c := range []struct {
		by     *authority
		usages []x509.ExtKeyUsage
		behind [][]byte
		want   string
	}{
		{root, both, nil, ""},
		{root, both[:1], nil, "x is not good for a server at node1: x509: certificate specifies an incompatible key usage"},
		{root, both[1:], nil, "x is not good for a client: x509: certificate specifies an incompatible key usage"},
		{mid, both, [][]byte{mid.certificate.Raw}, ""},
		{mid, both, nil, "signed by unknown authority"},
	} {
		own, err := c.by.issue("node", []string{"node1"}, c.usages...)
		if err != nil {
			t.Fatal(err)
		}
		own.Certificate = append(own.Certificate, c.behind...)
		p := &pair{files: Files{Cert: "x"}}
		p.last.Store(own)
		checked(t, &Credentials{check: func(host string) error { return p.check(pool(root), host) }}, "node1", c.want)
	}
}

// chain is an authority and one that it vouches for.
func chain(t *testing.T) (root, mid *authority) {
	t.Helper()
	root, err := deriveAuthority([]byte("the first"), kindNodes)
	if err != nil {
		t.Fatal(err)
	}
	root.certificate.MaxPathLen, root.certificate.MaxPathLenZero = -1, false
	if mid, err = deriveAuthority([]byte("the second"), kindReaders); err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, mid.certificate, root.certificate, mid.private.Public(), root.private)
	if err != nil {
		t.Fatal(err)
	}
	if mid.certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return root, mid
}

// TestFiles: an operator's certificates; those that are replaced are shown from then on.
func TestFiles(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	files, err := fromKey(t, "0123456789abcdef0123456789abcdef").WriteFiles(dir, "127.0.0.1", "node1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fromKey(t, "another key, which nobody here has").WriteFiles(other, "node1"); err != nil {
		t.Fatal(err)
	}
	c, err := FromFiles(files)
	if err != nil {
		t.Fatal(err)
	}
	checked(t, c, "", "")
	checked(t, c, "node1", "")
	checked(t, c, "127.0.0.1", "")
	checked(t, c, "node2", "cert.pem is not good for a server at node2: ")
	client := func(host string) *tls.Config {
		t := c.ClientTLS()
		t.ServerName = host
		return t
	}
	for _, host := range []string{"node1", "127.0.0.1"} {
		if s, cl := meet(t, c.ServerTLS(), client(host)); s != nil || cl != nil {
			t.Errorf("%s: %v; %v", host, s, cl)
		}
	}
	if _, err := meet(t, c.ServerTLS(), client("node2")); err == nil || !strings.Contains(err.Error(), "node2") {
		t.Errorf("another host: %v", err)
	}
	if again, err := c.WriteFiles(t.TempDir()); err != nil || again != files {
		t.Errorf("%+v, %v", again, err)
	}
	for _, name := range []string{"cert.pem", "key.pem"} {
		text, err := os.ReadFile(filepath.Join(other, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := meet(t, c.ServerTLS(), client("node1")); err == nil || !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("another authority's certificate: %v", err)
	}
	if err := os.Remove(files.Key); err != nil {
		t.Fatal(err)
	}
	if shown, err := c.certificate(); err != nil || shown == nil {
		t.Error("nothing is shown while a file is missing")
	}
	if _, err := FromFiles(files); err == nil {
		t.Error("a key that is missing")
	}
	files.CA = filepath.Join(dir, "key.pem")
	if err := os.WriteFile(files.CA, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := FromFiles(files); err == nil {
		t.Error("an authority that is nothing")
	}
}
