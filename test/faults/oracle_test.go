package faults

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/shard/remote"
	"github.com/pegmatitedb/pegmatite/shard/remote/codec"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/tso"
)

// draw is timestamps that a node gave, and when it was asked and answered.
type draw struct {
	node           uint32
	sent, received time.Duration
	first, last    txn.Timestamp
}

// history is all draws of a test, in any order.
type history struct {
	began time.Time
	mu    sync.Mutex // protects draws
	draws []draw
}

// check compares every draw with all that had ended before it began.
func (h *history) check(t *testing.T) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	slices.SortFunc(h.draws, func(a, b draw) int { return int(a.first - b.first) })
	epochs := map[uint32]bool{}
	for i, d := range h.draws {
		epochs[tso.Epoch(d.first)] = true
		if i > 0 && d.first <= h.draws[i-1].last {
			t.Errorf("node %d gave %d to %d, node %d %d to %d", h.draws[i-1].node, h.draws[i-1].first, h.draws[i-1].last, d.node, d.first, d.last)
		}
	}
	// From the highest timestamp down: nobody below may have begun after one above had ended.
	var ended draw
	for i, d := range slices.Backward(h.draws) {
		if i < len(h.draws)-1 && d.sent > ended.received {
			t.Errorf("node %d gave %d, asked %v after the start; node %d had given %d by %v", d.node, d.first, d.sent, ended.node, ended.first, ended.received)
		}
		if i == len(h.draws)-1 || d.received < ended.received {
			ended = d
		}
	}
	t.Logf("%d draws of %d epochs", len(h.draws), len(epochs))
	if len(epochs) < 2 {
		t.Error("there was one oracle all the time")
	}
}

// drawers ask a cluster's nodes for timestamps, whether they are the oracle or not.
type drawers struct {
	*history
	store *store.Store
	stop  context.CancelFunc
	wg    sync.WaitGroup
}

const (
	// outsider is a node's number that no node has.
	outsider = 1 << 20
	// haltedFor is longer than a halted node stays so.
	haltedFor = 10 * time.Second
)

// beginDrawing asks all nodes, each from several goroutines, until end is called.
func beginDrawing(t *testing.T, c *clusterOf) *drawers {
	t.Helper()
	kv, err := etcd.Dial(t.Context(), []string{c.store})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kv.Close() })
	s, err := store.Open(t.Context(), kv, store.Options{System: pgcatalog.New().Relations(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	ctx, stop := context.WithCancel(t.Context())
	d := &drawers{history: &history{began: time.Now()}, store: s, stop: stop}
	for node := range uint32(clusterNodes) {
		for range 2 {
			d.wg.Go(func() { d.ask(ctx, node+1) })
		}
	}
	return d
}

func (d *drawers) end() {
	d.stop()
	d.wg.Wait()
}

// ask asks one node, at whatever address it has after each start. One that does
// not answer is asked beside that, as by a node that comes to it from elsewhere.
func (d *drawers) ask(ctx context.Context, node uint32) {
	for ctx.Err() == nil {
		address := d.address(ctx, node)
		conn, err := remote.Connect(address)
		if err != nil {
			continue
		}
		var pending sync.WaitGroup
		var lost atomic.Bool
		for ctx.Err() == nil && !lost.Load() {
			answered := make(chan struct{})
			pending.Go(func() {
				defer close(answered)
				within, cancel := context.WithTimeout(ctx, haltedFor)
				defer cancel()
				lost.Store(!d.draw(node, func(b []byte) ([]byte, error) {
					var reply codec.Frame
					err := conn.Invoke(within, "/pegmatite.node.v1/Draw", &codec.Frame{Bytes: b}, &reply)
					return reply.Bytes, err
				}))
			})
			select {
			case <-answered:
			case <-time.After(100 * time.Millisecond):
			}
		}
		pending.Wait()
		conn.Close()
	}
}

func (d *drawers) address(ctx context.Context, node uint32) string {
	nodes, err := d.store.Nodes(ctx)
	if err != nil {
		return ""
	}
	for _, n := range nodes {
		if n.ID == node {
			return n.Address
		}
	}
	return ""
}

// draw makes one request, and notes what the node gives; false if it does not answer.
func (d *drawers) draw(node uint32, send func([]byte) ([]byte, error)) (answered bool) {
	q, err := json.Marshal(tso.DrawRequest{Node: outsider + node, Count: 3})
	if err != nil {
		panic(err)
	}
	sent := time.Since(d.began)
	reply, err := send(q)
	received := time.Since(d.began)
	if err != nil {
		return false
	}
	var r tso.DrawReply
	if b, err := codec.DecodeRaw(reply); err != nil || json.Unmarshal(b, &r) != nil {
		return true // it is not the oracle
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.draws = append(d.draws, draw{node: node, sent: sent, received: received, first: r.First, last: r.First + 2*txn.TimestampStep})
	return true
}

// leader waits until a node is the oracle that is not the given one.
func (d *drawers) leader(t *testing.T, not int) int {
	t.Helper()
	for deadline := time.Now().Add(readyWithin); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if l, ok, err := d.store.Leader(t.Context()); err == nil && ok && int(l.Node)-1 != not {
			return int(l.Node) - 1
		}
	}
	t.Fatal("no other node is elected")
	return 0
}

// TestOracleKills: the oracle is killed, or halted for longer than its lease and
// then let go on, under load. No timestamp comes twice, nor out of the order in
// which they were asked for and given, on whichever node; statements wait for
// the next oracle, and succeed.
func TestOracleKills(t *testing.T) {
	c := startCluster(t)
	makeBank(t, c.process(0).connect(t))
	d := beginDrawing(t, c)
	book := newLedger()
	w := book.beginCluster(c, *seed)
	for round := range scaled(2, 20) {
		book.until(c.process((d.leader(t, -1)+1)%clusterNodes), 20, 10*time.Second)
		old := d.leader(t, -1)
		p, another := c.process(old), c.process((old+1)%clusterNodes).connect(t)
		halted := round%2 == 1
		gone := time.Now()
		if halted {
			p.cmd.Process.Signal(syscall.SIGSTOP)
		} else {
			p.kill()
		}
		// Needs a timestamp and no shard. It is not tried again: the node does that.
		run(t, another, "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT 1", "COMMIT")
		t.Logf("round %d: node %d gone (halted: %v), a statement has had a timestamp after %s", round, old+1, halted, time.Since(gone))
		d.leader(t, old)
		if halted {
			p.cmd.Process.Signal(syscall.SIGCONT)
		} else {
			c.start(t, old)
		}
	}
	book.until(c.process(0), 50, 10*time.Second)
	w.end(t)
	d.end()
	d.check(t)
	for i := range clusterNodes {
		settled(t, c.process(i))
		book.audit(t, c.process(i).connect(t))
	}
}
