package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/shard/remote"
	"github.com/pegmatitedb/pegmatite/shard/remote/codec"
)

// destination is the node to which the ring gives shards of the first one's when that is drained.
const destination = 2

// sealing is a cluster whose first node gives its shards away, to a destination
// whose claims the metadata store can be kept from hearing of.
type sealing struct {
	*clusterOf
	t     *testing.T
	way   *valve // of the destination to the metadata store
	store *store.Store
	first int // shards that the first node has
}

// givenRows is how many rows the shards have.
const givenRows = 300

func startSealing(t *testing.T) *sealing {
	t.Helper()
	g := &sealing{t: t}
	g.clusterOf = startClusterOver(t, func(c *clusterOf) {
		g.way = newValve(t, strings.TrimPrefix(c.store, "http://"))
		c.ways = map[int]string{destination: "http://" + g.way.Addr().String()}
	})
	kv, err := etcd.Dial(t.Context(), []string{g.clusterOf.store})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kv.Close() })
	g.store, err = store.Open(t.Context(), kv, store.Options{System: pgcatalog.New().Relations(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.store.Close)
	g.first = g.shards()
	run(t, g.process(0).connect(t), "CREATE TABLE t (a int PRIMARY KEY, b int NOT NULL, filler text)",
		fmt.Sprintf("INSERT INTO t SELECT i, 0, repeat('x', 100) FROM generate_series(1, %d) i", givenRows))
	return g
}

// moves are what a node says of the shards that it moves; none if it does not answer.
func (g *sealing) moves(i int) (moves []struct {
	To    uint32
	State string
}) {
	nodes, err := g.store.Nodes(g.t.Context())
	if err != nil {
		g.t.Fatal(err)
	}
	for _, n := range nodes {
		if n.Name != g.name(i) {
			continue
		}
		conn, err := remote.Connect(n.Address)
		if err != nil {
			g.t.Fatal(err)
		}
		defer conn.Close()
		var reply codec.Frame
		if conn.Invoke(g.t.Context(), "/pegmatite.node.v1/Moves", &codec.Frame{Bytes: []byte("{}")}, &reply) != nil {
			return nil
		}
		raw, err := codec.DecodeRaw(reply.Bytes)
		if err == nil {
			err = json.Unmarshal(raw, &moves)
		}
		if err != nil {
			g.t.Fatal(err)
		}
	}
	return moves
}

// until waits for something to be so, for as long as a start may take.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(readyWithin); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
	}
}

// shards is how many shards the first node has.
func (g *sealing) shards() int {
	g.t.Helper()
	m, _, err := g.store.Placement(g.t.Context())
	if err != nil {
		g.t.Fatal(err)
	}
	return len(m.ShardsOf(1))
}

// sealed drains the first node, and returns when one of its shards is sealed and
// the destination, which has all of it, tries to claim it, in vain.
func (g *sealing) sealed() {
	g.t.Helper()
	if err := g.store.Drain(g.t.Context(), 1, true); err != nil {
		g.t.Fatal(err)
	}
	until(g.t, "a shard between the nodes", func() bool {
		g.way.shut.Lock()
		for deadline := time.Now().Add(3 * time.Second); time.Now().Before(deadline); {
			for _, m := range g.moves(0) {
				if m.To == destination+1 && m.State == "closes" {
					return true
				}
			}
		}
		g.way.shut.Unlock() // it must not lose its lease
		return false
	})
}

// given waits until the first node has no shard any more, and checks that every
// row is where it is to be, once. Then the node takes its part of the shards again.
func (g *sealing) given(updates int) {
	g.t.Helper()
	until(g.t, "the first node has given its shards", func() bool { return g.shards() == 0 })
	for i := range clusterNodes {
		c := g.process(i).connect(g.t)
		until(g.t, "an update of all rows", func() bool {
			tag, err := c.Exec(context.Background(), "UPDATE t SET b = b + 1")
			if err == nil {
				updates++
			} else if !excused(err) {
				g.t.Fatal(err)
			}
			return err == nil && tag.RowsAffected() == givenRows
		})
		if got := one[int](g.t, c, "SELECT count(DISTINCT a)::int FROM t WHERE b = $1", updates); got != givenRows {
			g.t.Errorf("through node %d %d rows have had %d updates", i+1, got, updates)
		}
	}
	if err := g.store.Drain(g.t.Context(), 1, false); err != nil {
		g.t.Fatal(err)
	}
	until(g.t, "the first node has shards", func() bool { return g.shards() == g.first })
}

// TestKilledBetweenSealAndClaim: a shard is sealed at its source and not claimed
// by its destination yet when either of them, or both, are killed. The map decides:
// the claim that was under way counts if it gets there first, and is in vain if
// the source has taken its shard back.
func TestKilledBetweenSealAndClaim(t *testing.T) {
	g := startSealing(t)
	for i, c := range []struct {
		what   string
		killed []int
		late   bool // the claim comes after the start
	}{
		{"the source, and the claim gets there", []int{0}, false},
		{"the source, and the claim comes late", []int{0}, true},
		{"the destination", []int{destination}, false},
		{"both", []int{0, destination}, false},
	} {
		t.Log(c.what)
		g.sealed()
		for _, i := range c.killed {
			g.process(i).kill()
		}
		if !c.late {
			g.way.shut.Unlock()
		}
		for _, i := range c.killed {
			g.start(t, i)
		}
		if c.late {
			g.way.shut.Unlock()
		}
		g.given(3 * i)
	}
	for i := range clusterNodes {
		g.process(i).stop(t)
	}
}
