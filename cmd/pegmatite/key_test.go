package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/test/node"
)

// get asks for /healthz over TLS, as a client with a PEM file does.
func get(t *testing.T, address, pem string) (string, error) {
	t.Helper()
	config := &tls.Config{ServerName: "pegmatite", RootCAs: x509.NewCertPool()}
	if pem == "" {
		config.InsecureSkipVerify = true
	} else {
		pair, err := tls.X509KeyPair([]byte(pem), []byte(pem))
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{pair}
		_, authority, _ := bytes.Cut([]byte(pem), []byte("-----END PRIVATE KEY-----"))
		config.RootCAs.AppendCertsFromPEM(authority)
	}
	transport := &http.Transport{TLSClientConfig: config}
	defer transport.CloseIdleConnections()
	reply, err := (&http.Client{Transport: transport}).Get("https://" + address + "/healthz")
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	return string(text), err
}

// TestHTTPBeyondLoopback: with a cluster's key the HTTP port answers other
// machines, those who have a certificate by that key.
func TestHTTPBeyondLoopback(t *testing.T) {
	code, secret, errs := call("key")
	if code != 0 || errs != "" {
		t.Fatalf("%d, %q", code, errs)
	}
	_, other, _ := call("key")
	if secret == other {
		t.Fatal("one key twice")
	}
	keyFile := file(t, secret)
	address := node.FreeAddress(t, node.Outside(t))
	launch(t, filepath.Join(t.TempDir(), "data"), "--http", address, "--cluster-key", keyFile).ready()
	_, ours, _ := call("certificate", keyFile)
	_, theirs, _ := call("certificate", file(t, other))
	if text, err := get(t, address, ours); err != nil || text != "ok\n" {
		t.Errorf("%q, %v", text, err)
	}
	for name, pem := range map[string]string{"another key": theirs, "no certificate": ""} {
		if text, err := get(t, address, pem); err == nil {
			t.Errorf("%s: %q", name, text)
		}
	}
	if reply, err := http.Get("http://" + address + "/healthz"); err == nil {
		if reply.Body.Close(); reply.StatusCode == http.StatusOK {
			t.Error("it answers without TLS")
		}
	}
}

// TestWrongKeys: what is no key is said before anything is made.
func TestWrongKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	refused(t, exitFailure, "cluster-key: ", "serve", "--data", dir, "--cluster-key", filepath.Join(dir, "none"))
	refused(t, exitFailure, "cluster-key: ", "etcd", "--data", dir, "--listen", "127.0.0.1:0", "--cluster-key", filepath.Join(dir, "none"))
	refused(t, exitFailure, "a cluster's key has 32 bytes at least, this one 2", "serve", "--data", dir, "--cluster-key", file(t, "00ff"))
	refused(t, exitFailure, "node-tls: ", "serve", "--data", dir, "--node-tls-ca", file(t, "x"), "--node-tls-cert", "x", "--node-tls-key", "x")
	cert, key := node.Certificate(t, t.TempDir())
	refused(t, exitFailure, "is not good for a server at 127.0.0.2: ", "serve", "--data", dir, "--node-listen", "127.0.0.2:0", "--node-tls-ca", cert, "--node-tls-cert", cert, "--node-tls-key", key)
	refused(t, exitFailure, "is not good for a server at 127.0.0.2: ", "etcd", "--data", dir, "--listen", "127.0.0.2:0", "--node-tls-ca", cert, "--node-tls-cert", cert, "--node-tls-key", key)
	refused(t, exitFailure, "a cluster's key is 32 or more random bytes", "certificate", file(t, "a secret!"))
	refused(t, exitUsage, "certificate needs one argument", "certificate")
	refused(t, exitUsage, "key takes no arguments", "key", "x")
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a directory was made")
	}
	if _, text, _ := call("help"); !strings.Contains(text, "pegmatite certificate") {
		t.Error(text)
	}
}
