package wire

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
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
	net         net.Conn  // the socket: its deadlines, its address
	stream      net.Conn  // what is read and written: net, with patience, or TLS over it
	tls         *tls.Conn // nil without TLS
	endpoint    []byte    // of tls's certificate, for channel binding
	reader      *frame.Reader
	writer      *frame.Writer
	session     *session.Session
	pid, secret uint32
	skipping    bool // an extended-protocol message failed: discard until Sync
	ready       bool // ReadyForQuery was the last word: the client is idle

	mu      sync.Mutex              // protects the fields below
	cancel  context.CancelCauseFunc // of the context that messages are served with
	running time.Time               // since when a message is served; zero between messages
	settled bool                    // waiting for a message, outside a transaction
	leaving error                   // why the session ends as soon as it may, or nil
	// terminated: it may now, whatever it does; leaving says why.
	terminated bool
}

func newConn(s *Server, nc net.Conn) *conn {
	stream := &patient{Conn: nc, stuckAfter: stuckAfter}
	return &conn{server: s, net: nc, stream: stream, reader: frame.NewReader(stream), writer: frame.NewWriter(stream)}
}

func secretBytes(secret uint32) []byte { return binary.BigEndian.AppendUint32(nil, secret) }

// run serves messages until the client leaves or is sent away.
func (c *conn) run() {
	defer c.finish()
	var ctx context.Context // interrupts what a message starts
	for {
		m, err := c.next()
		if err != nil {
			if !c.mend(err) {
				return
			}
			continue
		}
		if _, ok := m.(*pgproto3.Terminate); ok {
			return
		}
		if ctx = c.begin(ctx); !c.handle(ctx, m) {
			return
		}
	}
}

// next waits for a message, as long as the session's idle timeouts allow.
func (c *conn) next() (pgproto3.FrontendMessage, error) {
	limit, expired := time.Duration(0), error(nil)
	idle := !c.reader.Buffered()
	if idle && c.ready {
		limit, expired = c.session.IdleLimit()
	}
	if err := c.wait(idle, limit); err != nil {
		return nil, err
	}
	m, err := c.reader.Next()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settled = false
	if limit > 0 && c.leaving == nil {
		c.net.SetReadDeadline(time.Time{})
	}
	if err != nil && isTimeout(err) {
		if c.leaving != nil {
			return nil, c.leaving
		}
		return nil, expired
	}
	return m, err
}

// wait notes that a message is waited for, of which (idle) nothing has come yet.
// The error is why it is not.
func (c *conn) wait(idle bool, limit time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settled = idle && c.session.Settled()
	if c.terminated || c.leaving != nil && c.settled {
		return c.leaving
	}
	if limit > 0 {
		c.net.SetReadDeadline(time.Now().Add(limit))
	}
	return nil
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}

// mend answers the error of reading a message. It reports whether the connection goes on.
func (c *conn) mend(err error) bool {
	var broken *frame.Malformed
	if errors.As(err, &broken) {
		return c.malformed(broken)
	}
	c.leave(err)
	return false
}

// errVanished ends what a client runs that is not there any more.
var errVanished = pgerr.New(pgerr.ConnectionFailure, "connection to client lost").WithSeverity(pgerr.SeverityFatal)

// farewellTimeout is when patience with a client that may not read its last words begins to end.
const farewellTimeout = time.Second

// leave says goodbye to a client that is sent away or broke the protocol.
func (c *conn) leave(err error) {
	var e *pgerr.E
	if errors.As(err, &e) {
		c.net.SetDeadline(time.Now().Add(farewellTimeout))
		c.fatal(e)
	}
}

// handle serves one message. It reports whether the connection goes on.
func (c *conn) handle(ctx context.Context, m pgproto3.FrontendMessage) bool {
	defer c.end()
	if _, sync := m.(*pgproto3.Sync); c.skipping && !sync {
		return true
	}
	c.ready = false
	if err := c.serve(ctx, m); err != nil {
		return c.report(ctx, m, err)
	}
	return c.writer.Err() == nil
}

// malformed answers a message that makes no sense. It reports whether the connection goes on.
func (c *conn) malformed(m *frame.Malformed) bool {
	switch m.Type {
	case 'Q', 'S':
		c.skipping = false
		c.session.Fail(context.Background(), m)
		c.sendReady()
	default:
		if !c.skipping {
			c.session.Fail(context.Background(), m)
			c.skip()
		}
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
		if err := s.Query(ctx, m.String); err != nil {
			return err
		}
		c.sendReady()
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
			if err := s.Fail(ctx, err); err != nil {
				return err
			}
		}
		c.sendReady()
	case *pgproto3.Flush:
		c.writer.Flush()
	case *pgproto3.CopyData, *pgproto3.CopyDone, *pgproto3.CopyFail:
		// Left over from a COPY that failed: PostgreSQL ignores them too.
	case *pgproto3.FunctionCall:
		return pgerr.Unsupported("the function call sub-protocol")
	}
	return nil
}

// report sends an error of an extended-protocol message; the rest up to Sync
// is skipped. A FATAL one ends the connection.
func (c *conn) report(ctx context.Context, m pgproto3.FrontendMessage, err error) bool {
	if err := c.session.Fail(ctx, err); err != nil {
		c.leave(err)
		return false
	}
	if _, ok := m.(*pgproto3.FunctionCall); ok {
		c.sendReady()
	} else {
		c.skip()
	}
	return c.writer.Err() == nil
}

// skip discards what comes until Sync. The client is told now: it may be
// waiting for what it asked for with Flush, which is discarded too.
func (c *conn) skip() {
	c.skipping = true
	c.writer.Flush()
}

// sendReady ends a cycle of the protocol.
func (c *conn) sendReady() {
	c.session.Report()
	c.writer.Send(&pgproto3.ReadyForQuery{TxStatus: c.session.Status()})
	c.writer.Flush()
	c.ready = true
}

// begin returns the context that interrupts what a message starts: the one
// before, or a new one when that was interrupted.
func (c *conn) begin(ctx context.Context) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ctx == nil || ctx.Err() != nil {
		ctx, c.cancel = context.WithCancelCause(context.Background())
	}
	c.running = time.Now()
	if c.terminated {
		c.cancel(c.leaving)
	}
	return ctx
}

func (c *conn) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = time.Time{}
}

// Interrupt stops what is running with err as the reason. It implements session.Interrupter.
func (c *conn) Interrupt(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.running.IsZero() {
		c.cancel(err)
	}
}

// Terminate ends the session now: what it runs is stopped, what it waits for
// does not come. It implements session.Interrupter.
func (c *conn) Terminate(reason *pgerr.E) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaving, c.terminated = reason, true
	c.net.SetReadDeadline(time.Now())
	c.net.SetWriteDeadline(time.Now().Add(time.Second)) // it may be stuck in an answer
	if !c.running.IsZero() {
		c.cancel(reason)
	}
}

// cancelRunning is a CancelRequest's effect.
func (c *conn) cancelRunning() {
	c.Interrupt(pgerr.New(pgerr.QueryCanceled, "canceling statement due to user request"))
}

// drain ends the session as soon as it is outside a transaction; waking it if it is.
func (c *conn) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaving = session.ErrShutdown
	if c.settled {
		c.net.SetReadDeadline(time.Now())
	}
}

// vanished ends what has been running since before a moment if its client is gone.
func (c *conn) vanished(before time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.running.IsZero() && c.running.Before(before) && hungUp(c.net) {
		c.cancel(errVanished)
	}
}

// finish ends the session: an open transaction is rolled back.
func (c *conn) finish() {
	c.session.Close()
	c.writer.Flush()
}
