package cluster

import (
	"context"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/shard/remote/codec"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// impatience is when a log asks for an outcome in these tests.
const impatience = 200 * time.Millisecond

// onSending puts what is done with a node's messages before the network.
func onSending(l *server.Layers, do func(ctx context.Context, method string, send func() error) error) {
	l.Nodes = append([]grpc.DialOption{grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, request, reply any, c *grpc.ClientConn, send grpc.UnaryInvoker, o ...grpc.CallOption) error {
		return do(ctx, path.Base(method), func() error { return send(ctx, method, request, reply, c, o...) })
	})}, l.Nodes...)
}

// homeElsewhere is the node, not the first, that is the home of what the first one
// commits on others' shards only: that of the first of these.
func homeElsewhere(t *testing.T, c *pgx.Conn) int {
	t.Helper()
	return one[int](t, c, "SELECT node - 1 FROM pegmatite.shards WHERE node > 1 ORDER BY shard LIMIT 1")
}

// TestRule8PreparesAreCopied: a participant's log is cut while it is in doubt, and
// it starts again, before the home: it still has what it has prepared, with its locks.
func TestRule8PreparesAreCopied(t *testing.T) {
	net, c, conns, accounts := startTold(t)
	home := homeElsewhere(t, conns[0])
	participant := 3 - home
	run(t, conns[0], "CREATE TABLE filler (i int PRIMARY KEY, b text)")
	f := &fates{known: map[string]bool{}}
	net.drop(codec.Resolve, codec.Ask)
	if err := f.transfer(t.Context(), conns[0], strings.Repeat("+", len(accounts)), accounts...); err != nil {
		t.Fatal(err)
	}
	for i := range 200 { // of several files' length on each log
		run(t, conns[0], "INSERT INTO filler VALUES ($1, repeat('x', 2000))", i)
	}
	run(t, conns[0], "CHECKPOINT")
	if err := c.Nodes[participant].Stop(); err != nil {
		t.Fatal(err)
	}
	c.Start(t, participant)
	conns[participant] = connect(t, c.Nodes[participant])
	if got := states(t, conns[0]); !slices.Equal(got, []string{"committed", "prepared"}) {
		t.Errorf("after the participant's start it is %v", got)
	}
	net.drop()
	quiet(t, conns)
	f.check(t, conns)
}

// TestRule9HomesThatAreNotThere: a home that is down, or has not opened its logs
// yet, has not said that it knows nothing. What is in doubt stays so until the log
// of that very name answers.
func TestRule9HomesThatAreNotThere(t *testing.T) {
	net := newNetwork(*seed)
	var asked atomic.Int64 // questions that were sent
	asksMore := func() {
		enough := asked.Load() + 3
		client.Eventually(t, "it is asked", func() bool { return asked.Load() >= enough })
	}
	starts := make([]atomic.Pointer[func()], 3) // what a node does before it opens its shards
	listen := make([]string, len(starts))       // it is asked at the same address
	for i := range listen {
		listen[i] = node.FreeAddress(t, "127.0.0.1")
	}
	c := node.StartClusterWith(t, len(listen), 9, func(i int, c *server.Config) { c.NodeListen = listen[i] }, func(i int) server.Layers {
		l := net.layers(i)
		l.Silence = impatience
		onSending(&l, func(_ context.Context, method string, send func() error) error {
			if method == codec.Ask {
				defer asked.Add(1)
			}
			if before := starts[i].Load(); before != nil && method == "Draw" {
				(*before)()
			}
			return send()
		})
		return l
	})
	conns := connectAll(t, c)
	makeAccounts(t, conns[0])
	quiet(t, conns)
	accounts, home := accountsElsewhere(t, net, 0, conns[0]), homeElsewhere(t, conns[0])
	f := &fates{known: map[string]bool{}}
	net.drop(codec.Resolve, codec.Ask)
	if err := f.transfer(t.Context(), conns[0], strings.Repeat("+", len(accounts)), accounts...); err != nil {
		t.Fatal(err)
	}
	if err := c.Nodes[home].Stop(); err != nil {
		t.Fatal(err)
	}
	net.drop()
	asksMore()
	if got := states(t, conns[0]); !slices.Equal(got, []string{"prepared"}) {
		t.Errorf("while its home is down it is %v", got)
	}
	once := sync.OnceFunc(asksMore)
	starts[home].Store(&once)
	c.Start(t, home)
	conns[home] = connect(t, c.Nodes[home])
	quiet(t, conns)
	f.check(t, conns)
}

// TestRule9WhatIsForgottenIsUnknown: a coordinator that asks only when the home
// has forgotten cannot know that the transaction was rolled back, and says so.
func TestRule9WhatIsForgottenIsUnknown(t *testing.T) {
	net := newNetwork(*seed)
	var decided atomic.Bool
	held := make(chan struct{})
	release := sync.OnceFunc(func() { close(held) })
	t.Cleanup(release)
	c := node.StartClusterWith(t, 3, 9, nil, func(i int) server.Layers {
		l := net.layers(i)
		l.Silence, l.SegmentBytes = impatience, 64<<10
		onSending(&l, func(_ context.Context, method string, send func() error) error {
			switch {
			case i == 0 && method == codec.Decide:
				send()
				decided.Store(true)
				return errLost
			case i == 0 && method == codec.Ask:
				<-held
			}
			return send()
		})
		return l
	})
	conns := connectAll(t, c)
	makeAccounts(t, conns[0])
	quiet(t, conns)
	accounts := accountsElsewhere(t, net, 0, conns[0])
	run(t, conns[0], "CREATE TABLE filler (i int PRIMARY KEY, b text)")
	f := &fates{known: map[string]bool{}}
	told := make(chan error, 1)
	go func() {
		told <- f.transfer(t.Context(), conns[0], strings.Repeat("+", len(accounts)), accounts...)
	}()
	client.Eventually(t, "it is decided", decided.Load)
	quiet(t, conns[1:])
	for i := range 200 { // of several files' length on each log
		run(t, conns[1], "INSERT INTO filler VALUES ($1, repeat('x', 2000))", i)
	}
	for _, i := range []int{1, 2} { // one of them is the home, whose log is cut
		if err := c.Nodes[i].Stop(); err != nil {
			t.Fatal(err)
		}
		c.Start(t, i)
		conns[i] = connect(t, c.Nodes[i])
	}
	release()
	if err := <-told; client.Code(err) != "08007" {
		t.Errorf("the client is told %v", err)
	}
	if got := one[int](t, conns[0], "SELECT count(*)::int FROM entries"); got != len(accounts) {
		t.Errorf("%d entries, want %d", got, len(accounts))
	}
	f.check(t, conns)
}
