package main

import (
	"crypto/tls"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestHangup: SIGHUP has the certificate read anew, and ends nobody's session.
func TestHangup(t *testing.T) {
	certificates := t.TempDir()
	cert, key := node.Certificate(t, certificates)
	p := launch(t, filepath.Join(t.TempDir(), "data"), "--tls-cert", cert, "--tls-key", key).ready()
	serial := func() (shown string) {
		config, err := pgx.ParseConfig("postgres://postgres@" + p.address + "/postgres?sslmode=require")
		if err != nil {
			t.Fatal(err)
		}
		config.TLSConfig.VerifyConnection = func(s tls.ConnectionState) error {
			shown = s.PeerCertificates[0].SerialNumber.String()
			return nil
		}
		conn, err := pgx.ConnectConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		conn.Close(t.Context())
		return shown
	}
	session := p.connect()
	before := serial()
	node.Certificate(t, certificates)
	p.signal(syscall.SIGHUP)
	for deadline := time.Now().Add(20 * time.Second); serial() == before; {
		if time.Now().After(deadline) {
			t.Fatal("the certificate stays")
		}
	}
	if _, err := session.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Error(err)
	}
}

// TestNoCertificate: a certificate that cannot be read is said, and nothing is made.
func TestNoCertificate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	refused(t, exitUsage, "tls-cert and tls-key: one is of no use without the other", "serve", "--data", dir, "--tls-cert", "x")
	refused(t, exitFailure, "TLS certificate", "serve", "--data", dir, "--tls-cert", file(t, "x"), "--tls-key", file(t, "x"))
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a directory was made")
	}
}
