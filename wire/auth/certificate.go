package auth

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
)

// Certificate is what the server shows clients that ask for TLS. It does not change.
type Certificate struct {
	config   *tls.Config
	endpoint []byte
}

// LoadCertificate reads a certificate, with those that vouch for it behind it,
// and its key, both PEM.
func LoadCertificate(certFile, keyFile string) (*Certificate, error) {
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate %s: %w", certFile, err)
	}
	return &Certificate{
		config: &tls.Config{
			Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12,
			SessionTicketsDisabled: true, // as in PostgreSQL: sessions are long, and no two share anything
		},
		endpoint: endpoint(pair.Leaf),
	}, nil
}

// Server makes the server's side of a TLS connection; the handshake is the caller's.
func (c *Certificate) Server(nc net.Conn) *tls.Conn { return tls.Server(nc, c.config) }

// Endpoint is the hash of the certificate that SCRAM binds to
// (tls-server-end-point, RFC 5929); nil when its signature's algorithm defines none.
func (c *Certificate) Endpoint() []byte { return c.endpoint }

// endpoint hashes as the signature does, but for hashes that are too weak. Of PSS
// signatures libpq cannot tell the hash, of Ed25519 there is none.
func endpoint(leaf *x509.Certificate) []byte {
	switch leaf.SignatureAlgorithm {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.SHA256WithRSA, x509.ECDSAWithSHA256:
		sum := sha256.Sum256(leaf.Raw)
		return sum[:]
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384:
		sum := sha512.Sum384(leaf.Raw)
		return sum[:]
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512:
		sum := sha512.Sum512(leaf.Raw)
		return sum[:]
	}
	return nil
}
