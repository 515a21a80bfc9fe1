package wire

import (
	"context"
	"errors"
	"math"
	"net"
	"sync"
	"time"

	"github.com/pegmatitedb/pegmatite/wire/auth"
	"github.com/pegmatitedb/pegmatite/wire/session"
)

// Serve accepts clients on every listener until Drain; it returns when the
// last session has ended.
func (s *Server) Serve(listeners ...net.Listener) error {
	var accepting, sessions, watching sync.WaitGroup
	watching.Add(1)
	go func() {
		defer watching.Done()
		s.watch()
	}()
	errs := make(chan error, len(listeners))
	for _, l := range listeners {
		accepting.Add(1)
		go func() {
			defer accepting.Done()
			if err := s.accept(l, &sessions); err != nil {
				errs <- err
			}
		}()
	}
	<-s.closing
	for _, l := range listeners {
		l.Close()
	}
	accepting.Wait()
	sessions.Wait()
	watching.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

// accept runs a goroutine per client.
func (s *Server) accept(l net.Listener, sessions *sync.WaitGroup) error {
	for {
		nc, err := l.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			// Out of file descriptors and the like: others may end meanwhile.
			s.config.Log.Warn("accept failed", "error", err)
			select {
			case <-s.closing:
				return nil
			case <-time.After(50 * time.Millisecond):
			}
			continue
		}
		sessions.Add(1)
		go func() {
			defer sessions.Done()
			s.serveConn(nc)
		}()
	}
}

// serveConn takes one client from its first packet to its last.
func (s *Server) serveConn(nc net.Conn) {
	if tcp, ok := nc.(*net.TCPConn); ok {
		tcp.SetNoDelay(true)
		tcp.SetKeepAlive(true)
	}
	c := newConn(s, nc)
	defer func() {
		c.closeStream()
		discardInput(nc)
		nc.Close()
	}()
	if !s.conns.open(c, s.earlyLimit(nc)) {
		c.leave(errTooMany)
		return
	}
	started := c.startup()
	s.conns.opened(c)
	if !started {
		return
	}
	defer s.conns.remove(c)
	if s.draining() {
		c.drain() // Drain may have looked before the session was there
	}
	c.run()
}

// earlyLimit is how many clients may be starting up besides one at its address:
// whoever must authenticate first cannot take all that there is by not doing so
// (MaxLivePostmasterChildren is as many). Others do not wait for anything.
func (s *Server) earlyLimit(nc net.Conn) int {
	if auth.Trusted(nc.RemoteAddr(), s.config.TrustLoopback) {
		return math.MaxInt
	}
	return 2 * (s.config.MaxConnections + 1)
}

// Drain stops accepting, ends sessions as soon as their running statement is
// done, and cancels what still runs when ctx ends.
func (s *Server) Drain(ctx context.Context) {
	close(s.closing)
	for _, c := range s.conns.opening() {
		c.net.SetReadDeadline(time.Now()) // it has nothing to lose yet
	}
	for _, c := range s.conns.all() {
		c.drain()
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for s.conns.count() > 0 {
		select {
		case <-ctx.Done():
			for _, c := range s.conns.all() {
				c.Terminate(session.ErrShutdown)
			}
			return
		case <-tick.C:
		}
	}
}

// draining reports whether Drain was called.
func (s *Server) draining() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}
