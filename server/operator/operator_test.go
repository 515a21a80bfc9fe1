package operator

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/catalog/metakv/memory"
	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/catalog/ring"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/server/cluster"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/*.golden anew")

// world is a cluster of which there is only the metadata, and what an operator
// sees of it.
type world struct {
	t       *testing.T
	kv      *lossyStore
	store   *store.Store
	members map[string]*store.Membership
	doubts  map[shard.ID][]shard.TransactionInfo
	moves   map[uint32][]cluster.Move // by node, what it says
	mute    map[uint32]bool           // nodes that do not answer that
	out     bytes.Buffer
	o       *Operator
	events  []func() // what happens, one at each pause
}

// lossyStore does not answer reads while away is set.
type lossyStore struct {
	*memory.Store
	away bool
}

func (l *lossyStore) Range(ctx context.Context, prefix string) ([]metakv.KV, metakv.Revision, error) {
	if l.away {
		return nil, 0, errors.New("away")
	}
	return l.Store.Range(ctx, prefix)
}

// newWorld has nodes a, b and c, all of weight 1 and live, and 8 shards, which are the first two's.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, kv: &lossyStore{Store: memory.New()}, members: map[string]*store.Membership{}, doubts: map[shard.ID][]shard.TransactionInfo{},
		moves: map[uint32][]cluster.Move{}, mute: map[uint32]bool{}}
	var err error
	if w.store, err = store.Open(t.Context(), w.kv, store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.store.Close)
	for _, name := range []string{"a", "b", "c"} {
		w.start(name)
	}
	m, err := placement.New(8, []ring.Member{{Node: 1, Weight: 1}, {Node: 2, Weight: 1}})
	if err != nil {
		t.Fatal(err)
	}
	w.place(m)
	w.o = &Operator{Store: w.store, Out: &w.out, Reach: func(m *placement.Map, id shard.ID) shard.Service { return shardOf{w, m} }, Moves: w.movesOf}
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// start has a node join, with a log of its own.
func (w *world) start(name string) {
	w.t.Helper()
	id, err := w.store.NodeID(w.t.Context(), name)
	w.check(err)
	n := store.Node{ID: id, Name: name, Directory: fmt.Sprint(id), Address: name + ":1", Clients: name + ":2", Weight: 1, Logs: []string{fmt.Sprintf("%032x", id)}}
	w.members[name], err = w.store.Join(w.t.Context(), w.kv, n, time.Hour)
	w.check(err)
}

func (w *world) kill(name string) {
	w.t.Helper()
	w.check(w.members[name].Close(context.Background()))
}

func (w *world) place(m *placement.Map) {
	w.t.Helper()
	_, unchanged, err := w.store.Placement(context.Background())
	w.check(err)
	w.check(w.store.SetPlacement(context.Background(), m, unchanged))
}

// movesOf is what a node says of the shards that it moves.
func (w *world) movesOf(_ context.Context, node uint32) ([]cluster.Move, error) {
	if w.mute[node] {
		return nil, pgerr.New(pgerr.ConnectionFailure, "connection to the node at %d failed", node)
	}
	return w.moves[node], nil
}

// says has a node say something else of its moves, as often as it is looked at.
func (w *world) says(node uint32, moves ...cluster.Move) func() {
	return func() { w.moves[node] = moves }
}

// move moves the next shard as the ring wants it.
func (w *world) move() {
	w.t.Helper()
	s, err := w.o.look(context.Background())
	w.check(err)
	if ids := s.moves(); len(ids) > 0 {
		w.place(s.shards.Moved(ids[0], s.plan[ids[0]]))
	}
}

// shardOf is a shard of a node that answers if it is live: shard n has n times 1000 bytes.
type shardOf struct {
	w *world
	m *placement.Map
}

func (s shardOf) Control(ctx context.Context, r *shard.ControlRequest) (*shard.ControlReply, error) {
	nodes, err := s.w.store.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range nodes {
		if n.ID == s.m.Node(uint32(r.Shard)) && n.Live && r.Epoch == s.m.Epoch() {
			return &shard.ControlReply{Bytes: 1000 * int64(r.Shard), Transactions: s.w.doubts[r.Shard]}, nil
		}
	}
	return nil, pgerr.New(pgerr.SystemError, "shard %d is not available: node %d does not answer", r.Shard, s.m.Node(uint32(r.Shard)))
}

// Read, Write and Cut are nothing that an operator asks for.
func (shardOf) Read(context.Context, *shard.ReadRequest) (shard.Rows, error) { return nil, errNotAsked }
func (shardOf) Write(context.Context, *shard.WriteRequest) (*shard.WriteReply, error) {
	return nil, errNotAsked
}
func (shardOf) Cut(context.Context, *shard.CutRequest) error { return errNotAsked }

var errNotAsked = errors.New("not for operators")

// run does something, while the events happen one by one; when there are none
// left the operator stops waiting.
func (w *world) run(what string, do func(ctx context.Context) error, events ...func()) {
	w.t.Helper()
	fmt.Fprintf(&w.out, "> %s\n", what)
	ctx, stop := context.WithCancel(w.t.Context())
	defer stop()
	w.events = events
	w.o.Pause = func(ctx context.Context) error {
		if len(w.events) == 0 {
			stop()
			return ctx.Err()
		}
		w.events[0]()
		w.events = w.events[1:]
		return nil
	}
	if err := do(ctx); err != nil {
		fmt.Fprintf(&w.out, "error: %v\n", err)
	}
}

func (w *world) list() { w.run("list", w.o.List) }

func (w *world) drain(name string, events ...func()) {
	w.run("drain "+name, func(ctx context.Context) error { return w.o.Drain(ctx, name, true) }, events...)
}

func (w *world) undo(name string) {
	w.run("drain --undo "+name, func(ctx context.Context) error { return w.o.Undo(ctx, name) })
}

func (w *world) remove(name string) {
	w.run("remove "+name, func(ctx context.Context) error { return w.o.Remove(ctx, name) })
}

// doubt has shard 0 wait for an outcome that a node's log may know.
func (w *world) doubt(node byte) {
	log := txn.LogID{15: node}
	w.doubts[0] = []shard.TransactionInfo{{Txn: txn.ID{Node: 1, Boot: 2, Seq: 3}, State: txn.Prepared, Participants: []txn.LogID{{15: 9}, log}}}
}

// TestTranscripts plays what operators do, and compares what they are told.
func TestTranscripts(t *testing.T) {
	for name, play := range map[string]func(w *world){
		"rebalance": func(w *world) {
			w.list()
			w.run("rebalance --dry-run", w.o.Plan)
			w.run("rebalance", w.o.Rebalance, w.move)
			w.run("rebalance", w.o.Rebalance, func() {}, w.move, func() { w.move(); w.move() }, w.move, w.move, w.move)
			w.run("rebalance --dry-run", w.o.Plan)
			w.run("rebalance", w.o.Rebalance)
			w.list()
		},
		"drain": func(w *world) {
			for range 8 {
				w.move()
			}
			w.run("drain --no-wait a", func(ctx context.Context) error { return w.o.Drain(ctx, "a", false) })
			w.list()
			w.undo("a")
			w.drain("a", w.move)
			w.drain("a", func() {}, w.move, w.move, w.move)
			w.drain("a")
			w.list()
			w.undo("a")
			w.drain("nobody")
			w.undo("nobody")
		},
		"last": func(w *world) {
			w.drain("b", w.move, w.move, w.move, w.move, w.move, w.move, w.move, w.move)
			w.drain("c", w.move, w.move, w.move, w.move, w.move, w.move, w.move, w.move)
			w.drain("a")
			w.remove("a")
			w.kill("a")
			w.remove("a")
			w.list()
		},
		"down": func(w *world) {
			w.kill("b")
			w.list()
			w.run("rebalance --dry-run", w.o.Plan)
			w.drain("b", func() {}, func() { w.start("b") }, w.move, func() { w.kv.away = true }, func() {}, func() { w.kv.away = false },
				w.move, w.move, w.move, w.move, w.move, w.move, w.move)
			w.list()
		},
		"others": func(w *world) {
			undo := func() { w.check(w.store.Drain(context.Background(), 2, false)) }
			w.drain("b", w.move, undo, w.move)
			drainAll := func() {
				w.check(w.store.Drain(context.Background(), 1, true))
				w.check(w.store.Drain(context.Background(), 3, true))
			}
			w.drain("b", drainAll, w.move)
			w.list()
		},
		"progress": func(w *world) {
			copies := func(id shard.ID, sent, ms int64) cluster.Move {
				return cluster.Move{Shard: id, To: 3, State: cluster.MoveCopies, Bytes: 1 << 30, Sent: sent << 20, MS: ms}
			}
			stays := copies(1, 1024, 20_000)
			stays.State, stays.ForMS = cluster.MoveWaits, 100
			busy := stays
			busy.ForMS = 3000
			open := busy
			open.Open = []txn.ID{{Node: 1, Boot: 2, Seq: 3}, {Node: 2, Boot: 1, Seq: 9}}
			closed := busy
			closed.State = cluster.MoveCloses
			failed := cluster.Move{Shard: 1, To: 3, State: cluster.MoveRests, Error: "the destination cannot be reached: connection refused", AgainMS: 2000}
			same := func() {}
			events := []func(){w.says(1, copies(1, 0, 1)), w.says(1, copies(1, 90, 1000)), w.says(1, copies(1, 110, 2000)), w.says(1, copies(1, 111, 2500))}
			for range 12 {
				events = append(events, same) // the destination takes nothing more
			}
			events = append(events, w.says(1, copies(1, 900, 20_000)), w.says(1, stays), w.says(1, busy), w.says(1, open), same, w.says(1, closed), w.says(1, failed), same,
				w.says(1, copies(1, 200, 1000)), func() { w.mute[1] = true }, same, func() { w.mute[1] = false }, w.says(1), w.move, w.move, w.move)
			// What others do is not what a drain waits for.
			w.says(2, cluster.Move{Shard: 7, To: 3, State: cluster.MoveRests, Error: "not of interest"})()
			w.drain("a", append(events, w.move, w.move, w.move, w.move)...)
			w.run("rebalance", w.o.Rebalance, same)
		},
		"remove": func(w *world) {
			w.remove("c")
			w.kill("b")
			w.remove("b")
			w.remove("nobody")
			w.start("b")
			w.kill("c")
			w.doubt(3)
			w.remove("c")
			w.doubt(2)
			w.kill("b")
			w.remove("c")
			w.start("b")
			w.remove("c")
			w.list()
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			play(w)
			path := filepath.Join("testdata", name+".golden")
			if *rewrite {
				w.check(os.WriteFile(path, w.out.Bytes(), 0o644))
			}
			want, err := os.ReadFile(path)
			w.check(err)
			if !bytes.Equal(w.out.Bytes(), want) {
				t.Errorf("got\n%s\nwant\n%s", w.out.Bytes(), want)
			}
		})
	}
}

// TestNoShards: a cluster whose first node is yet to start has nothing to show.
func TestNoShards(t *testing.T) {
	s, err := store.Open(t.Context(), memory.New(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := (&Operator{Store: s}).List(t.Context()); err == nil || err.Error() != "the cluster has no shards: its first node has not started yet" {
		t.Error(err)
	}
}
