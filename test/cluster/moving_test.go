package cluster

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// claims is the metadata store as a node has it that takes shards in: what
// becomes of its next claim to one is up to the test.
type claims struct {
	metakv.Store
	mu   sync.Mutex // protects next
	next func(ctx context.Context, commit func(context.Context) (metakv.Result, error)) (metakv.Result, error)
}

func (c *claims) layer(kv metakv.Store) metakv.Store {
	c.Store = kv
	return c
}

// Commit implements metakv.Store.
func (c *claims) Commit(ctx context.Context, t metakv.Txn) (metakv.Result, error) {
	commit := func(ctx context.Context) (metakv.Result, error) { return c.Store.Commit(ctx, t) }
	if len(t.If) < 2 || len(t.Then) != 1 || !strings.HasSuffix(t.Then[0].Key, "/placement") {
		return commit(ctx)
	}
	c.mu.Lock()
	next := c.next
	c.next = nil
	c.mu.Unlock()
	if next == nil {
		return commit(ctx)
	}
	return next(ctx, commit)
}

// hold holds the next claim back until release is called, or whoever claims
// gives up; begun is closed when there is one.
func (c *claims) hold() (begun chan struct{}, release func()) {
	begun, released := make(chan struct{}), make(chan struct{})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = func(ctx context.Context, commit func(context.Context) (metakv.Result, error)) (metakv.Result, error) {
		close(begun)
		select {
		case <-released:
			return commit(ctx)
		case <-ctx.Done():
			return metakv.Result{}, ctx.Err()
		}
	}
	return begun, sync.OnceFunc(func() { close(released) })
}

// loseAnswer has the next claim be done, and whoever claims hear nothing of it.
func (c *claims) loseAnswer() (done chan struct{}) {
	done = make(chan struct{})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = func(ctx context.Context, commit func(context.Context) (metakv.Result, error)) (metakv.Result, error) {
		_, err := commit(ctx)
		close(done)
		<-ctx.Done()
		return metakv.Result{}, errors.Join(err, ctx.Err())
	}
	return done
}

// lateMap is the metadata store as a node has it that starts: when it looks at the
// shard map again, after it has opened the shards that are its own by then, something happens first.
type lateMap struct {
	metakv.Store
	mu     sync.Mutex // protects the rest
	looks  int
	before func()
}

// looksOfAStart is how often a node that starts reads the shard map until it has opened its shards.
const looksOfAStart = 3

func (l *lateMap) layer(kv metakv.Store) metakv.Store {
	l.Store = kv
	return l
}

// Get implements metakv.Store.
func (l *lateMap) Get(ctx context.Context, key string) (metakv.KV, error) {
	if strings.HasSuffix(key, "/placement") {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.looks++; l.looks == looksOfAStart+1 && l.before != nil {
			l.before()
		}
	}
	return l.Store.Get(ctx, key)
}

// giving is two nodes, of which the first is to give its shards to the second.
type giving struct {
	*node.Cluster
	t      *testing.T
	claims claims  // of the second
	late   lateMap // of the first, each time that it starts
	first  []uint32
}

const givenRows = 200

func startGiving(t *testing.T, change func(*server.Config), layers server.Layers) *giving {
	t.Helper()
	g := &giving{t: t}
	g.Cluster = node.StartClusterWith(t, 2, 4, func(i int, c *server.Config) {
		if i == 0 && change != nil {
			change(c)
		}
	}, func(i int) server.Layers {
		if i == 1 {
			return server.Layers{Metadata: g.claims.layer}
		}
		g.late = lateMap{before: g.late.before}
		l := layers
		l.Metadata = g.late.layer
		return l
	})
	conn := connect(t, g.Nodes[1])
	run(t, conn, "CREATE TABLE t (a int PRIMARY KEY, b int NOT NULL, filler text)")
	run(t, conn, "INSERT INTO t SELECT i, 1, repeat('x', 100) FROM generate_series(1, $1::int) i", givenRows)
	m := g.placement()
	if g.first = m.ShardsOf(1); len(g.first) == 0 {
		t.Fatal("the first node has no shards")
	}
	return g
}

// placement is the shard map of the moment.
func (g *giving) placement() *placement.Map {
	g.t.Helper()
	s, err := store.Open(g.t.Context(), g.Etcd.Store(), store.Options{System: pgcatalog.New().Relations(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		g.t.Fatal(err)
	}
	defer s.Close()
	m, _, err := s.Placement(g.t.Context())
	if err != nil {
		g.t.Fatal(err)
	}
	return m
}

// awaits returns when something has happened.
func (g *giving) awaits(what string, c <-chan struct{}) {
	g.t.Helper()
	select {
	case <-c:
	case <-time.After(client.Patience):
		g.t.Fatal("it does not come to this: " + what)
	}
}

func (g *giving) stop(i int) {
	g.t.Helper()
	if err := g.Nodes[i].Stop(); err != nil {
		g.t.Error(err)
	}
}

// startsAgain drains the first node, stops one of the two at a claim, starts it
// again, and updates all rows once.
func (g *giving) startsAgain(i int, claim <-chan struct{}) {
	g.t.Helper()
	drain(g.t, g.Cluster, 1)
	g.awaits("a claim", claim)
	g.stop(i)
	g.Start(g.t, i)
	run(g.t, connect(g.t, g.Nodes[0]), "UPDATE t SET b = b + 1")
}

// writes updates all rows through a node until stop is called, which answers how often.
func (g *giving) writes(i int) (stop func() int) {
	conn, n := connect(g.t, g.Nodes[i]), 0
	ctx, cancel := context.WithCancel(g.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ; ctx.Err() == nil; n++ {
			if tag, err := conn.Exec(g.t.Context(), "UPDATE t SET b = b + 1"); err != nil || tag.RowsAffected() != givenRows {
				g.t.Errorf("%s %v", tag, err)
				return
			}
		}
	}()
	return func() int { cancel(); <-ended; return n }
}

// given waits until the second node has all shards, and checks that nothing is
// lost. Moves were given up so many times, and if some were, perhaps more often.
func (g *giving) given(updates, givenUp int) {
	g.t.Helper()
	if have := planned(g.t, g.Cluster); have[2] != 4 {
		g.t.Errorf("the second node has %d shards", have[2])
	}
	m, times := g.placement(), 0
	for _, id := range g.first {
		times += int(m.Moves(id)) - 1
	}
	if times < givenUp || givenUp == 0 && times > 0 {
		g.t.Errorf("moves were given up %d times, not %d", times, givenUp)
	}
	for deadline := time.Now().Add(client.Patience); ; time.Sleep(time.Millisecond) {
		left, err := filepath.Glob(filepath.Join(g.Nodes[0].Dir, "shards", "*.db"))
		if err == nil && len(left) == 0 {
			break
		}
		if time.Now().After(deadline) {
			g.t.Fatalf("the first node still has %v, %v", left, err)
		}
	}
	for i := range g.Nodes {
		if got := one[int](g.t, connect(g.t, g.Nodes[i]), "SELECT sum(b)::int FROM t"); got != (updates+1)*givenRows {
			g.t.Errorf("sum %d through node %d after %d updates", got, i+1, updates)
		}
	}
}

// TestDestinationDoesNotAnswer: a shard whose destination does not say whether
// it has it is served on by its node, and a claim that comes later is in vain.
func TestDestinationDoesNotAnswer(t *testing.T) {
	g := startGiving(t, nil, server.Layers{TakeOverWithin: 100 * time.Millisecond})
	begun, release := g.claims.hold()
	stop := g.writes(0)
	drain(t, g.Cluster, 1)
	g.awaits("a claim", begun)
	watcher := connect(t, g.Nodes[0])
	run(t, watcher, "UPDATE t SET b = b + 1") // when the shard serves again
	release()
	planned(t, g.Cluster)
	g.given(stop()+1, 1)
}

// TestSourceStopsBeforeTheClaim: a node that is stopped while its shard is
// between two nodes asks the map when it starts: the shard is its own again, and
// what was still on its way comes to nothing.
func TestSourceStopsBeforeTheClaim(t *testing.T) {
	g := startGiving(t, nil, server.Layers{})
	begun, release := g.claims.hold()
	g.startsAgain(0, begun)
	release()
	g.given(1, 1)
}

// TestSourceStopsAndIsClaimedFrom: the claim comes while the node is away, or
// while it starts and has read the map already.
func TestSourceStopsAndIsClaimedFrom(t *testing.T) {
	for name, late := range map[string]bool{"before the start": false, "during the start": true} {
		t.Run(name, func(t *testing.T) {
			g := startGiving(t, nil, server.Layers{})
			begun, release := g.claims.hold()
			drain(t, g.Cluster, 1)
			g.awaits("a claim", begun)
			g.stop(0)
			claim := func() {
				before := g.placement().Epoch()
				release()
				for g.placement().Epoch() == before {
					time.Sleep(time.Millisecond)
				}
			}
			if late {
				g.late.before = claim
			} else {
				claim()
			}
			g.Start(t, 0)
			run(t, connect(t, g.Nodes[0]), "UPDATE t SET b = b + 1")
			g.given(1, 0)
		})
	}
}

// TestDestinationStopsBeforeTheClaim: its shard stays where it was, and nothing
// of it at the node that was to have it; statements meanwhile wait.
func TestDestinationStopsBeforeTheClaim(t *testing.T) {
	g := startGiving(t, nil, server.Layers{})
	begun, _ := g.claims.hold()
	g.startsAgain(1, begun)
	g.given(1, 1)
}

// TestDestinationStopsAfterTheClaim: the shard is its own though it has not
// heard of it, and is served when it is back.
func TestDestinationStopsAfterTheClaim(t *testing.T) {
	g := startGiving(t, nil, server.Layers{})
	g.startsAgain(1, g.claims.loseAnswer())
	g.given(1, 0)
}

// TestSourceStopsWhileItCopies: what was copied is of no use, and the drain goes on
// when the node is back, without being asked for again.
func TestSourceStopsWhileItCopies(t *testing.T) {
	rate := 1
	g := startGiving(t, func(c *server.Config) { c.MoveRateMB = rate }, server.Layers{})
	conn := connect(t, g.Nodes[1])
	run(t, conn, "CREATE TABLE large (a int PRIMARY KEY, b text)")
	run(t, conn, "INSERT INTO large SELECT i, repeat('y', 500) FROM generate_series(1, 20000) i")
	drain(t, g.Cluster, 1)
	for one[int](t, conn, "SELECT count(*)::int FROM pegmatite.shards WHERE state = 'moving'") == 0 {
	}
	g.stop(0)
	if left := len(g.placement().ShardsOf(1)); left != len(g.first) {
		t.Fatalf("%d of %d shards are left: it was not stopped while it copied", left, len(g.first))
	}
	rate = 0
	g.Start(t, 0)
	g.given(0, 0)
	if got := one[int](t, conn, "SELECT count(*)::int FROM large"); got != 20000 {
		t.Errorf("%d rows", got)
	}
}

// TestMoveEndsWhatStaysOpen: a transaction that holds a shard for too long is
// ended with 40001, by its next statement or its COMMIT; nobody else is.
func TestMoveEndsWhatStaysOpen(t *testing.T) {
	g := startGiving(t, nil, server.Layers{MovePatience: 300 * time.Millisecond})
	other, commits := connect(t, g.Nodes[1]), connect(t, g.Nodes[0])
	run(t, other, "BEGIN")
	run(t, other, "UPDATE t SET b = b + 100 WHERE a <= 100")
	run(t, commits, "BEGIN")
	run(t, commits, "UPDATE t SET b = b + 100 WHERE a > 100")
	reader := connect(t, g.Nodes[0])
	run(t, reader, "BEGIN ISOLATION LEVEL REPEATABLE READ")
	run(t, reader, "SELECT sum(b) FROM t")
	drain(t, g.Cluster, 1)
	planned(t, g.Cluster)
	if _, err := other.Exec(t.Context(), "UPDATE t SET b = b + 1 WHERE a <= 100"); client.Code(err) != "40001" {
		t.Errorf("the next statement: %v", err)
	}
	run(t, other, "ROLLBACK")
	if tag, err := commits.Exec(t.Context(), "COMMIT"); client.Code(err) != "40001" {
		t.Errorf("%s, %v", tag, err)
	}
	if got := one[int](t, reader, "SELECT sum(b)::int FROM t"); got != givenRows {
		t.Errorf("the snapshot's sum is %d", got)
	}
	run(t, reader, "COMMIT")
	run(t, connect(t, g.Nodes[0]), "UPDATE t SET b = b + 1")
	g.given(1, 0)
}
