package wire

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/wire/frame"
	"github.com/pegmatitedb/pegmatite/wire/session"
)

// startup reads the first packets and opens the session. It reports whether
// there is one; a client that it refused has been told why.
func (c *conn) startup() bool {
	c.net.SetDeadline(time.Now().Add(c.server.config.StartupTimeout))
	if c.server.draining() {
		return false // Drain has looked for it before it set this deadline
	}
	first := c.firstPacket()
	if first == nil {
		return false
	}
	if major, minor := first.Code>>16, first.Code&0xffff; major != 3 {
		e := pgerr.New(pgerr.FeatureNotSupported, "unsupported frontend protocol %d.%d: server supports 3.0 to 3.0", major, minor)
		if major < 3 {
			c.refuseOld(e)
		} else {
			c.fatal(e)
		}
		return false
	}
	if err := c.open(first); err != nil {
		c.leave(err)
		return false
	}
	c.net.SetDeadline(time.Time{})
	return true
}

// firstPacket answers requests for encryption (there is TLS, not GSS) and to
// cancel, and returns the packet that starts a session.
func (c *conn) firstPacket() *frame.Startup {
	asked := map[uint32]bool{} // each kind of encryption is asked for once
	for {
		p, err := frame.ReadStartup(c.stream)
		if err != nil {
			if pgerr.HasCode(err, pgerr.ProtocolViolation) {
				c.fatal(pgerr.From(err))
			}
			return nil
		}
		switch p.Code {
		case frame.SSLCode, frame.GSSENCCode:
			// Each is asked for once, and neither over TLS: what asks again names a protocol that there is not.
			if asked[p.Code] || c.tls != nil {
				return p
			}
			asked[p.Code] = true
			answer := c.refuseEncryption
			if p.Code == frame.SSLCode {
				answer = c.encrypt
			}
			if !answer() {
				return nil
			}
		case frame.CancelCode:
			c.server.Cancel(p.PID, p.Secret)
			return nil
		default:
			return p
		}
	}
}

// open does what PostgreSQL's ProcessStartupPacket and InitPostgres check, in
// their order but for this: who is not authenticated takes nobody's place.
// Then it greets the client.
func (c *conn) open(p *frame.Startup) error {
	c.negotiate(p)
	if c.server.draining() {
		return pgerr.New(pgerr.CannotConnectNow, "the database system is shutting down")
	}
	if err := checkStartup(p); err != nil {
		return err
	}
	// Roles, their passwords, and databases are those that any node has made (rule 22).
	c.server.node.CatchUp(context.Background())
	if err := c.authenticate(p.Params["user"]); err != nil {
		return err
	}
	if !c.server.conns.add(c, c.server.config.MaxConnections) {
		return errTooMany
	}
	c.writer.Send(&pgproto3.AuthenticationOk{})
	s, err := session.Open(c.server.node, p.Params, session.Client{
		Reader: c.reader, Writer: c.writer, PID: int32(c.pid), Address: c.net.RemoteAddr(), Local: c.net.LocalAddr(), TLS: c.encryption(), Interrupts: c,
	})
	if err != nil {
		c.server.conns.remove(c)
		return pgerr.From(err)
	}
	if reserved := c.server.config.Reserved; !s.Superuser() && c.server.conns.count() > c.server.config.MaxConnections-reserved {
		s.Close()
		c.server.conns.remove(c)
		return pgerr.New(pgerr.TooManyConnections, "remaining connection slots are reserved for non-replication superuser connections")
	}
	c.session = s
	s.Report()
	c.writer.Send(&pgproto3.BackendKeyData{ProcessID: c.pid, SecretKey: secretBytes(c.secret)})
	c.sendReady()
	return nil
}

var errTooMany = pgerr.New(pgerr.TooManyConnections, "sorry, too many clients already")

// checkStartup refuses a packet without a user, or that asks for replication,
// and cuts names to what names may be (ProcessStartupPacket).
func checkStartup(p *frame.Startup) error {
	if p.Params["user"] == "" {
		return pgerr.New(pgerr.InvalidAuthorizationSpecification, "no PostgreSQL user name specified in startup packet")
	}
	for _, k := range []string{"user", "database"} {
		if v := p.Params[k]; len(v) > maxNameBytes {
			p.Params[k] = v[:maxNameBytes]
		}
	}
	switch v := strings.ToLower(p.Params["replication"]); v {
	case "", "false", "off", "no", "0", "f", "n":
		return nil
	case "database", "true", "on", "yes", "1", "t", "y":
		return pgerr.Unsupported("a replication connection")
	default:
		return pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter \"replication\": %q", p.Params["replication"]).
			WithHint("Valid values are: \"false\", 0, \"true\", 1, \"database\".")
	}
}

// maxNameBytes is NAMEDATALEN - 1 (pg_config_manual.h).
const maxNameBytes = 63

// negotiate answers a newer minor version and protocol options (_pq_.…) with
// what there is: 3.0 and none of them (manual 55.2.1).
func (c *conn) negotiate(p *frame.Startup) {
	if p.Code&0xffff > 0 || len(p.Options) > 0 {
		c.writer.Send(&pgproto3.NegotiateProtocolVersion{NewestMinorProtocol: 3 << 16, UnrecognizedOptions: p.Options})
	}
}

// refuseOld tells a client of protocol 1 or 2 in its own words (elog.c, send_message_to_frontend).
func (c *conn) refuseOld(e *pgerr.E) {
	c.stream.Write(append([]byte("EFATAL:  "+e.Message+"\n"), 0))
}

// fatal tells the client why the connection ends.
func (c *conn) fatal(e *pgerr.E) {
	last := *e
	last.Severity = pgerr.SeverityFatal
	c.writer.Send(frame.ErrorMessage(&last))
	c.writer.Flush()
}
