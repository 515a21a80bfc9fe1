package cluster

import (
	"context"
	"math/rand/v2"
	"path"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/shard/remote/codec"
)

// network is what lies between the nodes of a cluster: messages are lost,
// doubled, delayed and overtaken, by a seeded choice, while it is told so.
type network struct {
	mu     sync.Mutex // protects rng, counts, at, drops and held
	rng    *rand.Rand
	counts map[string]int // what has become of messages
	// at, unless nil, says of a commit's message whether its sender is cut off from here on.
	at    func(method string) bool
	drops []string // methods whose messages are lost, whoever sends them
	held  string   // the method whose next message is held back, or lost if until is nil
	until chan struct{}

	lossy atomic.Bool
	cut   [8]atomic.Bool // the i-th node reaches nobody

	late sync.WaitGroup // what is still under way
}

func newNetwork(seed uint64) *network {
	return &network{rng: rand.New(rand.NewPCG(seed, 9)), counts: map[string]int{}}
}

// layers are the i-th node's: its messages to others go through the network.
func (n *network) layers(i int) server.Layers {
	return server.Layers{Nodes: []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, request, reply any, c *grpc.ClientConn, send grpc.UnaryInvoker, o ...grpc.CallOption) error {
			return n.pass(ctx, i, path.Base(method), reply, func(ctx context.Context, reply any) error {
				return send(ctx, method, request, reply, c, o...)
			})
		}),
		grpc.WithChainStreamInterceptor(func(ctx context.Context, d *grpc.StreamDesc, c *grpc.ClientConn, method string, open grpc.Streamer, o ...grpc.CallOption) (grpc.ClientStream, error) {
			if n.cut[i].Load() {
				return nil, errCutOff
			}
			switch n.fate(path.Base(method)) {
			case lost, answerLost, tooLate:
				return nil, errLost
			case delayed:
				n.wait(ctx)
			case doubled:
				if path.Base(method) == codec.Read {
					stream, err := open(ctx, d, c, method, o...)
					return &doubledRead{stream, n, func(ctx context.Context) (grpc.ClientStream, error) { return open(ctx, d, c, method, o...) }}, err
				}
			}
			return open(ctx, d, c, method, o...)
		}),
	}}
}

// doubledRead is a read whose request comes twice.
type doubledRead struct {
	grpc.ClientStream
	network *network
	again   func(context.Context) (grpc.ClientStream, error)
}

// SendMsg implements grpc.ClientStream.
func (r *doubledRead) SendMsg(m any) error {
	request := &codec.Frame{Bytes: slices.Clone(m.(*codec.Frame).Bytes)}
	ctx := context.WithoutCancel(r.Context())
	r.network.late.Go(func() {
		r.network.wait(ctx)
		stream, err := r.again(ctx)
		if err == nil {
			err = stream.SendMsg(request)
		}
		if err == nil {
			err = stream.CloseSend()
		}
		for err == nil {
			err = stream.RecvMsg(new(codec.Frame))
		}
	})
	return r.ClientStream.SendMsg(m)
}

// cutAt says which message the sender is cut off from; nil is none.
func (n *network) cutAt(at func(method string) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.at = at
}

// drop loses all messages of some methods from here on.
func (n *network) drop(methods ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.drops = methods
}

// hold holds the next message of a method back, until release is called.
func (n *network) hold(method string) (release func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	until := make(chan struct{})
	n.held, n.until = method, until
	return sync.OnceFunc(func() { close(until) })
}

// lose loses the next message of a method.
func (n *network) lose(method string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.held, n.until = method, nil
}

var (
	errLost   = status.Error(codes.Unavailable, "the network has lost it")
	errCutOff = status.Error(codes.Unavailable, "the network does not reach that far")
)

// fate is what becomes of a message.
type fate string

const (
	passed     fate = "passed"
	lost       fate = "lost"
	answerLost fate = "answer lost"
	delayed    fate = "delayed" // and overtaken by others
	doubled    fate = "doubled" // the second one comes later
	tooLate    fate = "too late"
)

func (n *network) fate(method string) fate {
	if !n.lossy.Load() {
		return passed
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	f := passed
	switch r := n.rng.IntN(100); {
	case r < 3:
		f = lost
	case r < 6:
		f = answerLost
	case r < 9:
		f = tooLate
	case r < 15:
		f = delayed
	case r < 22:
		f = doubled
	}
	n.counts[method+" "+string(f)]++
	return f
}

// wait is a while on the way.
func (n *network) wait(ctx context.Context) {
	n.mu.Lock()
	d := time.Duration(n.rng.IntN(40)) * time.Millisecond
	n.mu.Unlock()
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// pass carries a message; reply is where its answer is to be.
func (n *network) pass(ctx context.Context, from int, method string, reply any, send func(context.Context, any) error) error {
	if method == codec.Ping {
		return send(ctx, reply) // who is cut off is not silent for a while afterwards
	}
	n.mu.Lock()
	if n.at != nil && n.at(method) {
		n.cut[from].Store(true)
	}
	dropped := slices.Contains(n.drops, method)
	var until chan struct{}
	if n.held == method {
		until, n.held, n.until = n.until, "", nil
		dropped = dropped || until == nil
	}
	n.mu.Unlock()
	if until != nil {
		select {
		case <-until:
		case <-ctx.Done():
		}
	}
	if n.cut[from].Load() || dropped {
		return errCutOff
	}
	again := func() {
		n.late.Go(func() {
			ctx := context.WithoutCancel(ctx)
			n.wait(ctx)
			send(ctx, new(codec.Frame))
		})
	}
	switch n.fate(method) {
	case lost:
		return errLost
	case answerLost:
		send(ctx, new(codec.Frame))
		return errLost
	case tooLate:
		again()
		return errLost
	case delayed:
		n.wait(ctx)
	case doubled:
		again()
	}
	return send(ctx, reply)
}
