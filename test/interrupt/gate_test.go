package interrupt

import (
	"context"
	"sync"

	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// gate counts what transactions ask of shards, and stops one of the calls.
type gate struct {
	mu    sync.Mutex // protects the fields below
	calls int
	at    int                   // which call is stopped, from 1; 0 is none
	stop  func(context.Context) // how: it returns when the call may go on
}

// watch counts from now on.
func (g *gate) watch() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls, g.at, g.stop = 0, 0, nil
}

func (g *gate) seen() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.calls
}

// hold stops the n-th call from now on until its statement is given up. The
// channel is closed when it is there.
func (g *gate) hold(n int) (reached <-chan struct{}) {
	there := make(chan struct{})
	g.set(n, func(ctx context.Context) {
		close(there)
		<-ctx.Done()
	})
	return there
}

func (g *gate) set(n int, stop func(context.Context)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls, g.at, g.stop = 0, n, stop
}

// pass is every call.
func (g *gate) pass(ctx context.Context) {
	g.mu.Lock()
	g.calls++
	stop := g.stop
	if g.calls != g.at {
		stop = nil
	}
	g.mu.Unlock()
	if stop != nil {
		stop(ctx)
	}
}

// shards is the layer before the shards.
func (g *gate) shards(s shard.Service) shard.Service { return &gated{s, g} }

// gated is a shard.Service behind a gate.
type gated struct {
	shard.Service
	gate *gate
}

// pass lets by what is no transaction's, and what takes back.
func (s *gated) pass(ctx context.Context, id txn.ID) {
	if !id.IsZero() {
		s.gate.pass(ctx)
	}
}

func (s *gated) Read(ctx context.Context, r *shard.ReadRequest) (shard.Rows, error) {
	s.pass(ctx, r.Txn)
	return s.Service.Read(ctx, r)
}

func (s *gated) Write(ctx context.Context, r *shard.WriteRequest) (*shard.WriteReply, error) {
	s.pass(ctx, r.Txn)
	return s.Service.Write(ctx, r)
}

func (s *gated) Control(ctx context.Context, r *shard.ControlRequest) (*shard.ControlReply, error) {
	s.pass(ctx, r.Txn)
	return s.Service.Control(ctx, r)
}
