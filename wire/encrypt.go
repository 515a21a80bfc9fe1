package wire

import (
	"crypto/tls"
	"time"

	"github.com/pegmatitedb/pegmatite/wire/auth"
	"github.com/pegmatitedb/pegmatite/wire/frame"
)

// certificate is what a client that asks for TLS is shown now; nil without TLS.
func (s *Server) certificate() *auth.Certificate {
	if s.config.Certificate == nil {
		return nil
	}
	return s.config.Certificate()
}

// encrypt answers an SSLRequest. Nothing of what comes after it has been read:
// what a client sends before it has its answer becomes part of the handshake.
// It reports whether the connection goes on.
func (c *conn) encrypt() bool {
	certificate := c.server.certificate()
	if certificate == nil {
		return c.refuseEncryption()
	}
	if _, err := c.stream.Write([]byte{'S'}); err != nil {
		return false
	}
	encrypted := certificate.Server(c.stream)
	if err := encrypted.Handshake(); err != nil {
		c.server.config.Log.Info("no TLS with a client", "address", c.net.RemoteAddr(), "error", err)
		return false
	}
	c.tls, c.endpoint = encrypted, certificate.Endpoint()
	c.stream, c.reader, c.writer = encrypted, frame.NewReader(encrypted), frame.NewWriter(encrypted)
	return true
}

// refuseEncryption tells the client that it may go on without. It reports whether it can.
func (c *conn) refuseEncryption() bool {
	_, err := c.stream.Write([]byte{'N'})
	return err == nil
}

// closeStream tells a client with TLS that there is no more to come: to it an
// end without that is one that somebody else made.
func (c *conn) closeStream() {
	if c.tls != nil {
		c.net.SetWriteDeadline(time.Now().Add(farewellTimeout))
		c.tls.CloseWrite()
	}
}

// encryption is the session's TLS, nil without.
func (c *conn) encryption() *tls.ConnectionState {
	if c.tls == nil {
		return nil
	}
	s := c.tls.ConnectionState()
	return &s
}
