package wire

import (
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/wire/auth"
)

// authenticate makes a client that is not trusted prove that it knows the
// role's password. A client that leaves instead (to ask for a password) is told
// nothing; neither is one that takes too long, as in PostgreSQL.
func (c *conn) authenticate(role string) error {
	if auth.Trusted(c.net.RemoteAddr(), c.server.config.TrustLoopback) {
		return nil
	}
	r := auth.FindRole(c.server.node.Catalog.Snapshot(), role, c.server.config.Secret, time.Now())
	err := c.exchange(auth.NewExchange(r, c.endpoint))
	c.server.logFailure(c, r, err)
	return err
}

// exchange carries a SCRAM exchange's messages (manual 55.3.1).
func (c *conn) exchange(x *auth.Exchange) error {
	c.writer.Send(&pgproto3.AuthenticationSASL{AuthMechanisms: x.Mechanisms()})
	c.writer.Flush()
	mechanism, first, err := c.reader.SASLInitial()
	if err == nil && first == nil { // the first message follows when it is asked for
		c.writer.Send(&pgproto3.AuthenticationSASLContinue{})
		c.writer.Flush()
		first, err = c.reader.SASL()
	}
	if err != nil {
		return err
	}
	challenge, err := x.Begin(mechanism, first)
	if err != nil {
		return err
	}
	c.writer.Send(&pgproto3.AuthenticationSASLContinue{Data: challenge})
	c.writer.Flush()
	last, err := c.reader.SASL()
	if err != nil {
		return err
	}
	proof, err := x.Finish(last)
	if err == nil {
		c.writer.Send(&pgproto3.AuthenticationSASLFinal{Data: proof})
	}
	return err
}

// logFailure notes who was kept out, and what the client was not told.
func (s *Server) logFailure(c *conn, r auth.Role, err error) {
	var e *pgerr.E
	switch {
	case err == nil:
	case isTimeout(err):
		s.config.Log.Warn("authentication timed out", "role", r.Name, "address", c.net.RemoteAddr())
	case errors.As(err, &e):
		log := s.config.Log.With("role", r.Name, "address", c.net.RemoteAddr())
		if r.Refused != "" {
			log = log.With("reason", r.Refused)
		}
		log.Warn("authentication failed", "error", e)
	}
}
