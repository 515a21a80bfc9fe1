package nodetls

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"sync/atomic"
)

// FromFiles takes an operator's certificates: of the authority that vouches for
// all of the cluster, and this process's own (good for both sides of a
// connection) with its key. The latter two are read anew for each handshake, so that they can be
// replaced; while they cannot be read, the last ones are shown.
func FromFiles(f Files) (*Credentials, error) {
	text, err := os.ReadFile(f.CA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificate", f.CA)
	}
	own := &pair{files: f}
	if err := own.read(); err != nil {
		return nil, err
	}
	return &Credentials{
		certificate: own.newest, nodes: pool, readers: pool, check: func(host string) error { return own.check(pool, host) },
		write: func(string, []string) (Files, error) { return f, nil },
	}, nil
}

// pair is a certificate in files.
type pair struct {
	files Files
	last  atomic.Pointer[tls.Certificate]
}

func (p *pair) read() error {
	c, err := tls.LoadX509KeyPair(p.files.Cert, p.files.Key)
	if err != nil {
		return fmt.Errorf("certificate %s: %w", p.files.Cert, err)
	}
	p.last.Store(&c)
	return nil
}

func (p *pair) newest() (*tls.Certificate, error) {
	_ = p.read() // half replaced files are whole at the next handshake
	return p.last.Load(), nil
}

// check refuses a certificate that the cluster's other processes would not
// believe, as a client's or as a server's that they dial at a host ("": at none).
func (p *pair) check(pool *x509.CertPool, host string) error {
	shown := p.last.Load()
	between := x509.NewCertPool()
	for _, der := range shown.Certificate[1:] {
		if c, err := x509.ParseCertificate(der); err == nil {
			between.AddCert(c)
		}
	}
	believe := x509.VerifyOptions{Roots: pool, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	if _, err := shown.Leaf.Verify(believe); err != nil {
		return fmt.Errorf("certificate %s is not good for a client: %w", p.files.Cert, err)
	}
	if host == "" {
		return nil
	}
	believe.DNSName, believe.KeyUsages = host, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if _, err := shown.Leaf.Verify(believe); err != nil {
		return fmt.Errorf("certificate %s is not good for a server at %s: %w", p.files.Cert, host, err)
	}
	return nil
}

// encode makes PEM of a certificate and of its key.
func encode(c *tls.Certificate) (cert, key []byte, err error) {
	pkcs8, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	return encodeCertificate(c.Leaf.Raw), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), err
}

func encodeCertificate(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
