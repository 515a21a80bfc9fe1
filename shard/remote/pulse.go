package remote

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pegmatitedb/pegmatite/shard/remote/codec"
)

// Pulse ends a connection whose node has fallen silent: a process that is
// halted, or a machine that is gone, answers nothing and closes nothing, and
// gRPC looks for that every ten seconds at most. Whatever comes is a sign of
// life; when nothing comes the node is asked for one. A Pulse is one
// connection's.
type Pulse struct {
	heard  atomic.Int64 // signs of life: how often something has come
	silent atomic.Bool  // the last connection was ended, and nothing has come by another

	mu   sync.Mutex // protects conn
	conn *heard     // what gRPC's connection is made on at the moment, or was
}

// A node is silent that has given no sign of life for silentTicks looks, one
// every tick. Looks are counted and not time, so that a process that was itself
// halted, or waited for the processor, does not take its own absence for the other's.
const (
	tick        = 500 * time.Millisecond
	silentTicks = 6
)

// Options are those of Connect by which the connection is heard, and requests
// to a silent node fail at once.
func (p *Pulse) Options() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithContextDialer(p.dial),
		grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, q, reply any, c *grpc.ClientConn, send grpc.UnaryInvoker, o ...grpc.CallOption) error {
			if p.silent.Load() && method != codec.Path(codec.Ping) {
				return errStillSilent
			}
			return send(ctx, method, q, reply, c, o...)
		}),
		grpc.WithChainStreamInterceptor(func(ctx context.Context, d *grpc.StreamDesc, c *grpc.ClientConn, method string, open grpc.Streamer, o ...grpc.CallOption) (grpc.ClientStream, error) {
			if p.silent.Load() {
				return nil, errStillSilent
			}
			return open(ctx, d, c, method, o...)
		}),
	}
}

func (p *Pulse) dial(ctx context.Context, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conn = &heard{Conn: conn, pulse: p}
	p.heard.Add(1)
	return p.conn, nil
}

// Run listens until ctx ends. silent is told when a connection was ended; what
// was under way on it fails with 08006, as does what comes later until the node
// has answered on another.
func (p *Pulse) Run(ctx context.Context, conn *grpc.ClientConn, silent func()) {
	var asked sync.WaitGroup
	defer asked.Wait()
	var asking atomic.Bool
	looks := time.NewTicker(tick)
	defer looks.Stop()
	quiet := silence{heard: p.heard.Load()}
	for {
		select {
		case <-looks.C:
		case <-ctx.Done():
			return
		}
		switch quiet.look(p.heard.Load()) {
		case 0:
			continue
		case silentTicks:
			if p.hangUp() {
				silent()
			}
		}
		if asking.CompareAndSwap(false, true) {
			asked.Go(func() {
				conn.Invoke(ctx, codec.Path(codec.Ping), new(codec.Frame), new(codec.Frame)) // it is the bytes that are heard
				asking.Store(false)
			})
		}
	}
}

// silence counts looks without a sign of life.
type silence struct {
	heard int64 // as of the last look
	looks int
}

// look returns how many looks have found nothing new since the last that did, or
// since there was silence enough.
func (s *silence) look(heard int64) int {
	switch {
	case s.heard != heard:
		s.heard, s.looks = heard, 0
	case s.looks == silentTicks:
		s.looks = 1
	default:
		s.looks++
	}
	return s.looks
}

// hangUp ends the connection of the moment, unless it has done so before, or
// nothing has ever come by it: then it is not made yet, and gRPC waits no longer
// than connectWithin.
func (p *Pulse) hangUp() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil || !p.conn.alive.Load() || p.conn.ended.Swap(true) {
		return false
	}
	p.silent.Store(true)
	p.conn.Conn.Close()
	return true
}

// heard is a connection that says when something has come.
type heard struct {
	net.Conn
	pulse *Pulse
	alive atomic.Bool // something has come
	ended atomic.Bool // for its silence
}

var (
	errSilent      = fmt.Errorf("the node has given no sign of life for %s", silentTicks*tick)
	errStillSilent = status.Error(codes.Unavailable, errSilent.Error())
)

// Read implements net.Conn.
func (c *heard) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.alive.Store(true)
		c.pulse.heard.Add(1)
		c.pulse.silent.Store(false)
	}
	if err != nil && c.ended.Load() {
		err = errSilent
	}
	return n, err
}
