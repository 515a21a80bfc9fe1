package remote_test

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/remote"
	"github.com/pegmatitedb/pegmatite/shard/remote/codec"
	"github.com/pegmatitedb/pegmatite/shard/serve"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
)

// halting is a listener of a process that can be halted: what comes lies in the
// kernel meanwhile, and nothing goes.
type halting struct {
	net.Listener
	halted sync.RWMutex // locked while it is halted
}

func (h *halting) Accept() (net.Conn, error) {
	c, err := h.Listener.Accept()
	return &haltingConn{c, h}, err
}

type haltingConn struct {
	net.Conn
	of *halting
}

func (c *haltingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.of.halted.RLock()
	defer c.of.halted.RUnlock()
	return n, err
}

func (c *haltingConn) Write(b []byte) (int, error) {
	c.of.halted.RLock()
	defer c.of.halted.RUnlock()
	return c.Conn.Write(b)
}

// heard is a fake as a node has it that listens for its pulse; the other results are
// to halt it, how often it was pinged, and how often it was silent.
func heard(t *testing.T, f *fake) (c *remote.Client, h *halting, pinged, silent *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h, pinged, silent = &halting{Listener: l}, new(atomic.Int64), new(atomic.Int64)
	server := grpc.NewServer(append(serve.Options(), grpc.UnaryInterceptor(
		func(ctx context.Context, q any, i *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
			if i.FullMethod == codec.Path(codec.Ping) {
				pinged.Add(1)
			}
			return handle(ctx, q)
		}))...)
	serve.New(f, noParticipants, shardtest.Library{}).Register(server)
	var running sync.WaitGroup
	running.Go(func() { server.Serve(h) })
	var pulse remote.Pulse
	// Without it nothing would find a halted node.
	conn, err := remote.Connect(l.Addr().String(),
		append(pulse.Options(), grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: time.Hour}))...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	running.Go(func() { pulse.Run(ctx, conn, func() { silent.Add(1) }) })
	t.Cleanup(func() {
		cancel()
		conn.Close()
		server.Stop()
		running.Wait()
	})
	return remote.New(conn, l.Addr().String()), h, pinged, silent
}

// TestHaltedNode: what a node that is halted is asked fails, of all kinds and
// also later; it is reached again when it goes on.
func TestHaltedNode(t *testing.T) {
	t.Parallel()
	began, release := make(chan struct{}, 8), make(chan struct{})
	rows := &endless{size: 4, closed: make(chan struct{})}
	c, h, _, silent := heard(t, &fake{
		write: func(ctx context.Context, q *shard.WriteRequest) (*shard.WriteReply, error) {
			began <- struct{}{}
			select {
			case <-release:
			case <-ctx.Done():
			}
			return &shard.WriteReply{}, nil
		},
		read: func(context.Context, *shard.ReadRequest) (shard.Rows, error) { return rows, nil },
	})
	read, err := c.Read(t.Context(), anyRead)
	if err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	go func() {
		_, err := c.Write(t.Context(), anyWrite())
		written <- err
	}()
	<-began
	h.halted.Lock()
	for err == nil { // what has come of the rows is there
		_, err = read.Next(t.Context())
	}
	wantCode(t, err, pgerr.ConnectionFailure, "connection to the node")
	wantCode(t, <-written, pgerr.ConnectionFailure, "connection to the node")
	_, err = c.Write(t.Context(), anyWrite())
	wantCode(t, err, pgerr.ConnectionFailure, "connection to the node")
	if n := silent.Load(); n != 1 {
		t.Errorf("it has fallen silent %d times", n)
	}
	h.halted.Unlock()
	close(release)
	for err != nil {
		_, err = c.Write(t.Context(), anyWrite())
	}
}

// TestLongRequestsAreNoSilence: a request that takes long, and a connection that
// nobody uses, end nothing as long as the node is there.
func TestLongRequestsAreNoSilence(t *testing.T) {
	t.Parallel()
	began, release := make(chan struct{}), make(chan struct{})
	c, _, pinged, silent := heard(t, &fake{write: func(context.Context, *shard.WriteRequest) (*shard.WriteReply, error) {
		close(began)
		<-release
		return &shard.WriteReply{Count: 7}, nil
	}})
	written := make(chan error, 1)
	go func() {
		_, err := c.Write(t.Context(), anyWrite())
		written <- err
	}()
	<-began
	for first := pinged.Load(); pinged.Load() < first+5 && silent.Load() == 0; time.Sleep(time.Millisecond) {
	}
	close(release)
	if err := <-written; err != nil || silent.Load() > 0 {
		t.Errorf("%v, silent %d times", err, silent.Load())
	}
}
