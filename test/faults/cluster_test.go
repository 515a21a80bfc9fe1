package faults

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/test/node"
)

const (
	clusterNodes  = 3
	clusterShards = 9
	// downFor is how long a killed process is away at most.
	downFor = time.Second
)

// clusterOf is processes that are killed one at a time: nodes, and the
// metadata store last.
type clusterOf struct {
	dir   string
	store string         // URL of the metadata store
	ways  map[int]string // that some nodes have to it

	mu        sync.Mutex // protects processes
	processes []*process
}

// startCluster starts a metadata store and nodes that share the shards.
func startCluster(t *testing.T) *clusterOf {
	t.Helper()
	return startClusterOver(t, func(*clusterOf) {})
}

// startClusterOver is startCluster with a change before the nodes start.
func startClusterOver(t *testing.T, change func(*clusterOf)) *clusterOf {
	t.Helper()
	c := &clusterOf{dir: t.TempDir(), processes: make([]*process, clusterNodes+1)}
	address := node.FreeAddress(t, "127.0.0.1")
	c.store = "http://" + address
	c.start(t, clusterNodes)
	kv, err := etcd.Dial(t.Context(), []string{c.store})
	if err != nil {
		t.Fatal(err)
	}
	defer kv.Close()
	var names []string
	for i := range clusterNodes {
		names = append(names, c.name(i))
	}
	node.Spread(t, kv, clusterShards, names...)
	change(c)
	for i := range clusterNodes {
		c.start(t, i)
	}
	return c
}

func (c *clusterOf) name(i int) string { return fmt.Sprintf("n%d", i+1) }

// start starts the i-th process, again after it was killed.
func (c *clusterOf) start(t *testing.T, i int) {
	t.Helper()
	var p *process
	if i == clusterNodes {
		dir := filepath.Join(c.dir, "store")
		p = command(t, dir, "etcd", "--data", dir, "--listen", strings.TrimPrefix(c.store, "http://"))
		p.waitReady(t)
	} else {
		p = start(t, filepath.Join(c.dir, c.name(i)), "--etcd", cmp.Or(c.ways[i], c.store), "--node", c.name(i), "--node-listen", "127.0.0.1:0")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.processes[i] = p
}

func (c *clusterOf) process(i int) *process {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.processes[i]
}

// TestClusterKills: three nodes under pgbench's load through all of them, one
// process killed at a time, the metadata store as well: what was acknowledged
// is there, sums agree at every snapshot, on every node.
func TestClusterKills(t *testing.T) {
	clusterKills(t, func(*clusterOf) func() { return func() {} })
}

// TestKillsWhileShardsMove is TestClusterKills with shards on their way between
// the nodes all the time: one node after the other is drained, and is not any more.
func TestKillsWhileShardsMove(t *testing.T) {
	clusterKills(t, func(c *clusterOf) func() { return c.keepMoving(t) })
}

// keepMoving changes which nodes are to have shards until stop is called.
func (c *clusterOf) keepMoving(t *testing.T) (stop func()) {
	kv, err := etcd.Dial(t.Context(), []string{c.store})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), kv, store.Options{System: pgcatalog.New().Relations(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; ctx.Err() == nil; i++ {
			node, drained := uint32(i/2%clusterNodes+1), i%2 == 0
			for s.Drain(ctx, node, drained) != nil && ctx.Err() == nil {
				time.Sleep(50 * time.Millisecond) // the metadata store is away
			}
			select {
			case <-time.After(1500 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}()
	return func() {
		cancel()
		<-ended
		m, _, err := s.Placement(t.Context())
		if err != nil {
			t.Error(err)
		} else {
			t.Logf("%d moves", m.Epoch()-1)
			if m.Epoch() == 1 {
				t.Error("no shard has moved")
			}
		}
		s.Close()
		kv.Close()
	}
}

func clusterKills(t *testing.T, beside func(*clusterOf) (stop func())) {
	rng := rand.New(rand.NewPCG(*seed, 3))
	c := startCluster(t)
	makeBank(t, c.process(0).connect(t))
	book := newLedger()
	w := book.beginCluster(c, *seed)
	stop := beside(c)
	rounds := scaled(4, 20)
	for round := range rounds {
		i := round % (clusterNodes + 1)
		p := c.process(i)
		book.until(p, 1+rng.IntN(scaled(60, 1000)), 10*time.Second)
		if p.dead() {
			t.Fatalf("process %d ended by itself", i)
		}
		before := book.count()
		p.kill()
		time.Sleep(time.Duration(rng.Int64N(int64(downFor))))
		c.start(t, i)
		t.Logf("round %d: process %d killed at %d acknowledged, %d while it was away, ready after %s", round, i, before, book.count()-before, c.process(i).ready)
	}
	book.until(c.process(0), 100, 20*time.Second)
	stop()
	w.end(t)
	t.Logf("%d acknowledged, %d snapshots read", book.count(), w.reads)
	for i := range clusterNodes {
		settled(t, c.process(i))
		book.audit(t, c.process(i).connect(t))
	}
	for i := range clusterNodes {
		c.process(i).stop(t)
	}
}

// beginCluster starts writers and a reader on each node; they come back when
// their node does.
func (l *ledger) beginCluster(c *clusterOf, seed uint64) *load {
	ctx, stop := context.WithCancel(context.Background())
	w := &load{ledger: l, name: "c", stop: stop}
	for i := range 2 * clusterNodes {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		n := 0
		w.wg.Go(func() {
			w.goOn(ctx, c, i%clusterNodes, func(conn *pgx.Conn) error {
				n++
				return l.transfer(context.Background(), conn, rng, fmt.Sprintf("%s-%d-%d", w.name, i, n))
			})
		})
	}
	for i := range clusterNodes {
		w.wg.Go(func() {
			w.goOn(ctx, c, i, func(conn *pgx.Conn) error { return w.readOnce(conn) })
		})
	}
	return w
}

// goOn does work on a node again and again, until the load ends.
func (w *load) goOn(ctx context.Context, c *clusterOf, node int, work func(*pgx.Conn) error) {
	var conn *pgx.Conn
	for ctx.Err() == nil {
		if conn == nil {
			var err error
			if conn, err = pgx.Connect(ctx, c.process(node).dsn()); err != nil {
				time.Sleep(10 * time.Millisecond)
				continue
			}
		}
		err := work(conn)
		if err == nil {
			continue
		}
		if !excused(err) {
			w.mu.Lock()
			w.errs = append(w.errs, err)
			w.mu.Unlock()
			break
		}
		if _, err := conn.Exec(context.Background(), "ROLLBACK"); err != nil {
			conn.Close(context.Background())
			conn = nil
		}
	}
	if conn != nil {
		conn.Close(context.Background())
	}
}

// excused are errors that a process which is away may cost: its connections,
// its shards (58000), the timestamp oracle (57P03), an outcome (08007), what it
// held (40001), and waiting for each other (40P01).
func excused(err error) bool {
	var mistake errWrong
	if errors.As(err, &mistake) {
		return false
	}
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return true // the connection
	}
	return slices.Contains([]string{"58000", "57P03", "57P01", "08007", "08006", "40001", "40P01"}, refused.Code)
}

// readOnce checks a snapshot and a statement. A transaction's snapshot can be
// older than a node's start: what the node had of older images died with the
// process (72000). A statement's own is drawn again.
func (w *load) readOnce(c *pgx.Conn) error {
	err := w.ledger.checkSnapshot(context.Background(), c)
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "72000" {
		_, err = c.Exec(context.Background(), "ROLLBACK")
		return err
	}
	if err != nil {
		return err
	}
	if err := checkStatement(context.Background(), c); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reads++
	return nil
}
