package nodetls

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Certificates are valid for ever: their moments could only keep a node out whose
// clock is wrong. 9999-12-31T23:59:59Z is RFC 5280's "no end".
var (
	validFrom  = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	validUntil = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

// nodeName is in every derived certificate, for clients that must verify a name.
const nodeName = "pegmatite"

// authority signs certificates of one kind. All who have the key have the same.
type authority struct {
	certificate *x509.Certificate
	private     ed25519.PrivateKey
}

// deriveAuthority makes the authority of a kind: HKDF of the key, under a label
// that is never used for anything else, is the seed of its key pair. Its name
// has a fingerprint of the public key, for errors.
func deriveAuthority(key []byte, kind string) (*authority, error) {
	seed, err := hkdf.Key(sha256.New, key, nil, "pegmatite certificate authority of "+kind, ed25519.SeedSize)
	if err != nil {
		return nil, err
	}
	private := ed25519.NewKeyFromSeed(seed)
	public := private.Public().(ed25519.PublicKey)
	fingerprint := sha256.Sum256(public)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "pegmatite " + kind + " " + hex.EncodeToString(fingerprint[:6])},
		NotBefore: validFrom, NotAfter: validUntil,
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	return &authority{certificate, private}, err
}

// issue makes a certificate with a key of its own.
func (a *authority) issue(subject string, hosts []string, usages ...x509.ExtKeyUsage) (*tls.Certificate, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: subject}, NotBefore: validFrom, NotAfter: validUntil,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: usages,
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, public, a.private)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private, Leaf: leaf}, err
}

// issueNode makes a certificate that a node shows to others, of either side.
func (a *authority) issueNode(hosts ...string) (*tls.Certificate, error) {
	return a.issue("pegmatite node", append([]string{nodeName}, hosts...), x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth)
}

// Kinds of authorities: labels of the derivation, which must never change.
const (
	kindNodes   = "nodes"
	kindReaders = "readers"
)

// FromKey derives the credentials of a process of the cluster whose key it is.
func FromKey(key []byte) (*Credentials, error) {
	nodes, err := deriveAuthority(key, kindNodes)
	if err != nil {
		return nil, err
	}
	readers, err := deriveAuthority(key, kindReaders)
	if err != nil {
		return nil, err
	}
	own, err := nodes.issueNode()
	if err != nil {
		return nil, err
	}
	return &Credentials{
		certificate: func() (*tls.Certificate, error) { return own, nil },
		nodes:       pool(nodes), readers: pool(nodes, readers), derived: nodes.certificate.Subject.CommonName,
		write: nodes.write,
	}, nil
}

func pool(of ...*authority) *x509.CertPool {
	p := x509.NewCertPool()
	for _, a := range of {
		p.AddCert(a.certificate)
	}
	return p
}

// write puts a node's certificate into a directory.
func (a *authority) write(dir string, hosts []string) (Files, error) {
	own, err := a.issueNode(hosts...)
	if err != nil {
		return Files{}, err
	}
	cert, key, err := encode(own)
	if err != nil {
		return Files{}, err
	}
	f := Files{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	for name, text := range map[string][]byte{f.CA: encodeCertificate(a.certificate.Raw), f.Cert: cert, f.Key: key} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			return Files{}, err
		}
	}
	return f, nil
}

// ReaderPEM issues a certificate for a program that reads metrics and health over
// HTTP, and may do nothing else: certificate, key, and the authority that vouches
// for nodes, whose certificates are for the name `pegmatite`.
func ReaderPEM(key []byte) ([]byte, error) {
	nodes, err := deriveAuthority(key, kindNodes)
	if err != nil {
		return nil, err
	}
	readers, err := deriveAuthority(key, kindReaders)
	if err != nil {
		return nil, err
	}
	own, err := readers.issue("pegmatite reader", nil, x509.ExtKeyUsageClientAuth)
	if err != nil {
		return nil, err
	}
	cert, private, err := encode(own)
	return append(append(cert, private...), encodeCertificate(nodes.certificate.Raw)...), err
}
