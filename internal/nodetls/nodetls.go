// Package nodetls makes a cluster's processes known to each other: mutual TLS
// between nodes, to etcd and to the HTTP port. Either all of a cluster have one
// secret, its key, from which each derives the same certificate authority and
// makes itself a certificate; or an operator gives each a certificate of an
// authority of their own.
//
//	nodetls.go  Credentials (this file: the contract)
//	key.go      a cluster's key
//	authority.go  what is derived from it
//	files.go    certificates in files
//	look.go     why two processes cannot talk
package nodetls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
)

// Credentials are what a process shows others of its cluster and whom it
// believes. They are safe for concurrent use.
type Credentials struct {
	// certificate is what is shown, asked for at each handshake.
	certificate func() (*tls.Certificate, error)
	// nodes vouch for nodes and etcd, readers for those who may only read metrics and health.
	nodes, readers *x509.CertPool
	// derived are the nodes' authority's name, when the key and not a name says who the other is.
	derived string
	// check is Check of an operator's certificate; nil where this process has made its own.
	check func(host string) error
	// write puts what is shown into files.
	write func(dir string, hosts []string) (Files, error)
}

// ServerTLS lets in nodes of the cluster. Each call makes a configuration of its own.
func (c *Credentials) ServerTLS() *tls.Config { return c.serverTLS(c.nodes) }

// HTTPTLS lets in nodes, and who may read metrics and health.
func (c *Credentials) HTTPTLS() *tls.Config { return c.serverTLS(c.readers) }

func (c *Credentials) serverTLS(clients *x509.CertPool) *tls.Config {
	t := &tls.Config{
		MinVersion: tls.VersionTLS13, SessionTicketsDisabled: true,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.certificate() },
		ClientAuth:     tls.RequireAndVerifyClientCert, ClientCAs: clients,
	}
	if c.derived != "" {
		t.ClientAuth = tls.RequireAnyClientCert
		t.VerifyConnection = c.verifier(clients, x509.ExtKeyUsageClientAuth)
	}
	return t
}

// ClientTLS connects to a node or an etcd of the cluster. With an operator's
// certificates the other's must name the host that is dialed.
func (c *Credentials) ClientTLS() *tls.Config {
	t := &tls.Config{
		MinVersion: tls.VersionTLS13, RootCAs: c.nodes,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c.certificate() },
	}
	if c.derived != "" {
		// Nodes have no names that certificates could be of: the key alone says who
		// belongs to the cluster, and the verifier checks that.
		t.InsecureSkipVerify = true
		t.VerifyConnection = c.verifier(c.nodes, x509.ExtKeyUsageServerAuth)
	}
	return t
}

// verifier believes who has a certificate of an authority in the pool. It asks no clock.
func (c *Credentials) verifier(pool *x509.CertPool, usage x509.ExtKeyUsage) func(tls.ConnectionState) error {
	return func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) == 0 {
			return errors.New("the other side has no certificate")
		}
		leaf := s.PeerCertificates[0]
		_, err := leaf.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: validFrom.AddDate(1, 0, 0), KeyUsages: []x509.ExtKeyUsage{usage}})
		if err != nil {
			return fmt.Errorf("the other side is not of this cluster, or may not do this: it has a certificate of %q, this process is of %q", leaf.Issuer.CommonName, c.derived)
		}
		return nil
	}
}

// Check refuses a certificate that the cluster's other processes would not
// believe: as a client's, or, if this one listens for them at a host, as a
// server's there ("" is at no host that has to be named).
func (c *Credentials) Check(host string) error {
	if c.check == nil {
		return nil
	}
	return c.check(host)
}

// Files are PEM files, for programs that take them by name.
type Files struct {
	CA   string // whom to believe
	Cert string // what to show
	Key  string
}

// WriteFiles puts the credentials into files for an etcd that runs with them: into dir,
// which must be there, a certificate for hosts (names and addresses); an operator's own are named where they are.
func (c *Credentials) WriteFiles(dir string, hosts ...string) (Files, error) {
	return c.write(dir, hosts)
}
