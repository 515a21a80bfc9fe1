package wire

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/wire/frame"
	"github.com/pegmatitedb/pegmatite/wire/session"
)

// conn is one client's connection. Its goroutine (run) owns everything but
// the fields under mu, through which others interrupt it.
type conn struct {
	server      *Server
	net         net.Conn
	reader      *frame.Reader
	writer      *frame.Writer
	session     *session.Session
	pid, secret uint32
	skipping    bool // an extended-protocol message failed: discard until Sync

	mu       sync.Mutex // protects the fields below
	cancel   context.CancelCauseFunc
	leaving  bool // end the session as soon as it is idle
	finished bool
}

func newConn(s *Server, nc net.Conn) *conn {
	return &conn{server: s, net: nc, reader: frame.NewReader(nc), writer: frame.NewWriter(nc)}
}

func secretBytes(secret uint32) []byte { return binary.BigEndian.AppendUint32(nil, secret) }

// run serves messages until the client leaves or is sent away.
func (c *conn) run() {
	defer c.finish()
	for {
		m, err := c.next()
		if err != nil {
			c.leave(err)
			return
		}
		if _, ok := m.(*pgproto3.Terminate); ok {
			return
		}
		if !c.handle(m) {
			return
		}
	}
}

// next waits for a message. What has been answered is flushed before waiting.
func (c *conn) next() (pgproto3.FrontendMessage, error) {
	c.mu.Lock()
	leaving := c.leaving
	c.mu.Unlock()
	if leaving && c.session.Settled() {
		return nil, errShutdown
	}
	return c.reader.Next()
}

// errShutdown is what a client reads that is sent away (postgres.c, ProcessInterrupts).
var errShutdown = pgerr.New(pgerr.AdminShutdown, "terminating connection due to administrator command")

// leave says goodbye: to a client that is sent away or broke the protocol.
func (c *conn) leave(err error) {
	c.mu.Lock()
	leaving := c.leaving
	c.mu.Unlock()
	var network net.Error
	switch {
	case errors.Is(err, io.EOF):
	case errors.As(err, &network):
		if leaving && network.Timeout() {
			c.net.SetDeadline(time.Now().Add(time.Second))
			c.fatal(errShutdown)
		}
	default:
		c.fatal(pgerr.From(err))
	}
}

// handle serves one message. It reports whether the connection goes on.
func (c *conn) handle(m pgproto3.FrontendMessage) bool {
	if c.skipping {
		if _, ok := m.(*pgproto3.Sync); !ok {
			return true
		}
	}
	ctx, done := c.begin()
	err := c.serve(ctx, m)
	done()
	if err != nil {
		return c.report(m, err)
	}
	return c.writer.Err() == nil
}

// serve hands a message to the session. A panic there is a bug of ours: the
// client gets XX000 and the connection ends, the server goes on.
func (c *conn) serve(ctx context.Context, m pgproto3.FrontendMessage) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.server.config.Log.Error("panic in a session", "panic", p, "stack", string(debug.Stack()))
			err = pgerr.Internal("internal error: %v", p).WithSeverity(pgerr.SeverityFatal)
		}
	}()
	s := c.session
	switch m := m.(type) {
	case *pgproto3.Query:
		s.Query(ctx, m.String)
		c.ready()
	case *pgproto3.Parse:
		return s.Parse(ctx, m.Name, m.Query, m.ParameterOIDs)
	case *pgproto3.Bind:
		return s.Bind(ctx, m)
	case *pgproto3.Describe:
		return s.Describe(ctx, m.ObjectType, m.Name)
	case *pgproto3.Execute:
		return s.Execute(ctx, m.Portal, m.MaxRows)
	case *pgproto3.Close:
		return s.CloseObject(m.ObjectType, m.Name)
	case *pgproto3.Sync:
		c.skipping = false
		if err := s.Sync(ctx); err != nil {
			s.Fail(ctx, err)
		}
		c.ready()
	case *pgproto3.Flush:
		c.writer.Flush()
	case *pgproto3.CopyData, *pgproto3.CopyDone, *pgproto3.CopyFail:
		// Left over from a COPY that failed: PostgreSQL ignores them too.
	case *pgproto3.FunctionCall:
		return pgerr.Unsupported("the function call sub-protocol")
	default:
		return pgerr.New(pgerr.ProtocolViolation, "invalid frontend message type").WithSeverity(pgerr.SeverityFatal)
	}
	return nil
}

// report sends an error of an extended-protocol message; the rest up to Sync
// is skipped. A FATAL one ends the connection.
func (c *conn) report(m pgproto3.FrontendMessage, err error) bool {
	e := pgerr.From(err)
	if e.Severity == pgerr.SeverityFatal {
		c.fatal(e)
		return false
	}
	c.session.Fail(context.Background(), e)
	c.skipping = true
	if _, ok := m.(*pgproto3.FunctionCall); ok {
		c.skipping = false
		c.ready()
	}
	return c.writer.Err() == nil
}

// ready ends a cycle of the protocol.
func (c *conn) ready() {
	c.writer.Send(&pgproto3.ReadyForQuery{TxStatus: c.session.Status()})
	c.writer.Flush()
}

// begin makes the context that interrupts the statement; done takes it away again.
func (c *conn) begin() (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	c.mu.Lock()
	c.cancel = cancel
	c.mu.Unlock()
	return ctx, func() {
		c.mu.Lock()
		c.cancel = nil
		c.mu.Unlock()
		cancel(nil)
	}
}

// Interrupt stops what is running with err as the reason; it implements
// session.Interrupts for pg_cancel_backend and the like.
func (c *conn) Interrupt(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cancel != nil {
		c.cancel(err)
	}
}

// cancelRunning is a CancelRequest's effect.
func (c *conn) cancelRunning() {
	c.Interrupt(pgerr.New(pgerr.QueryCanceled, "canceling statement due to user request"))
}

// drain ends the session as soon as it is idle; waking it if it is.
func (c *conn) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaving = true
	if c.cancel == nil && !c.finished {
		c.net.SetReadDeadline(time.Now())
	}
}

// terminate ends the session now.
func (c *conn) terminate() {
	c.Interrupt(errShutdown)
	c.net.SetDeadline(time.Now().Add(time.Second))
}

// finish ends the session: an open transaction is rolled back.
func (c *conn) finish() {
	c.mu.Lock()
	c.finished = true
	c.mu.Unlock()
	c.session.Close()
	c.writer.Flush()
}
