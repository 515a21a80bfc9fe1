package objectlock

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// world is the Locks of several nodes, which reach each other but for those that
// are down. Those that are dead are known to be.
type world struct {
	nodes      []*Locks
	down, dead []atomic.Bool
	unsure     atomic.Bool
	lives      atomic.Uint64 // how often all have been taken for dead
	breaks     bool          // connections are lost now and then
}

var errUnsure = errors.New("may be taken for dead")

func newWorld(nodes int) *world {
	w := &world{down: make([]atomic.Bool, nodes), dead: make([]atomic.Bool, nodes)}
	for i := range nodes {
		w.nodes = append(w.nodes, New(time.Hour, nil, view{w, uint32(i)}))
	}
	return w
}

// view is the world from one node.
type view struct {
	*world
	self uint32
}

func (v view) Self() uint32 { return v.self }

func (v view) Nodes() (others []uint32) {
	for i := range v.nodes {
		if uint32(i) != v.self && !v.dead[i].Load() {
			others = append(others, uint32(i))
		}
	}
	return slices.Clip(others)
}

func (v view) Lost(b Branch) bool { return b.(*memoryBranch).down.Load() }

func (v view) Alive() (uint64, error) {
	if v.unsure.Load() {
		return 0, errUnsure
	}
	return v.lives.Load(), nil
}

func (v view) Open(_ context.Context, node uint32, owner txn.ID, transaction func() txn.ID) (Branch, error) {
	if v.down[node].Load() {
		return nil, pgerr.New(pgerr.ConnectionFailure, "down")
	}
	b := &memoryBranch{down: &v.down[node], breaks: v.breaks}
	b.Holder = v.nodes[node].Guest(func(e Entry) { b.waits(e) }, transaction)
	return b, nil
}

// memoryBranch is a Branch without a network. Once its node was down it is lost.
type memoryBranch struct {
	*Holder
	down   *atomic.Bool
	breaks bool
	lost   bool
	left   bool // the other side has heard of it, or will
	waits  func(Entry)
}

var errDown = pgerr.New(pgerr.ConnectionFailure, "down")

func (b *memoryBranch) Acquire(ctx context.Context, rs []lock.Request, timeout time.Duration, waits func(Entry)) error {
	if b.lost = b.lost || b.down.Load(); b.lost {
		return errDown
	}
	b.waits = waits
	under := ctx
	if b.breaks && rand.IntN(2) == 0 {
		var cancel context.CancelFunc
		under, cancel = context.WithTimeout(ctx, time.Duration(rand.IntN(200))*time.Microsecond)
		defer cancel()
	}
	_, err := b.AcquireAll(under, rs, timeout)
	if under.Err() != nil && ctx.Err() == nil {
		b.lose()
		return errDown
	}
	if err == nil && b.breaks && rand.IntN(3) == 0 {
		b.lose() // the lock is there, and the connection is not
	}
	return err
}

// lose ends the connection; the other side hears of it later.
func (b *memoryBranch) lose() {
	b.lost, b.left = true, true
	time.AfterFunc(time.Duration(rand.IntN(1000))*time.Microsecond, b.Leave)
}

func (b *memoryBranch) Yield(rs []lock.Request) {
	if !b.lost {
		b.Holder.Yield(rs...)
	}
}

func (b *memoryBranch) Close() {
	if !b.left {
		b.Leave()
	}
}

func (b *memoryBranch) CatchUp() {}

// TestStrongWaitsForOtherNodes: for weak locks that only their own node knows
// of; and keeps new ones out there, to the transaction's end.
func TestStrongWaitsForOtherNodes(t *testing.T) {
	w := newWorld(3)
	reader, ddl, late := newActor(t, w.nodes[2], 1), newActor(t, w.nodes[1], 2), newActor(t, w.nodes[0], 3)
	reader.takes(1, table(7), lock.TableAccessShare)
	done := ddl.asks(context.Background(), 1, table(7), lock.TableAccessExclusive)
	for _, e := range w.nodes[1].List() {
		if !e.Granted && !slices.Equal(e.Blockers, []txn.ID{reader.id}) {
			t.Errorf("waits for %v", e.Blockers)
		}
	}
	reader.Release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	second := late.asks(context.Background(), 1, table(7), lock.TableAccessShare)
	ddl.Release()
	if err := <-second; err != nil {
		t.Fatal(err)
	}
}

// TestCutElsewhere: what is taken back is free on all nodes, what came before stays.
func TestCutElsewhere(t *testing.T) {
	w := newWorld(2)
	a, b := newActor(t, w.nodes[0], 1), newActor(t, w.nodes[1], 2)
	strong := func(a *actor, statement txn.Statement, oid uint64) {
		t.Helper()
		if _, err := a.Acquire(context.Background(), a.request(statement, table(oid), lock.TableAccessExclusive), time.Second); err != nil {
			t.Fatal(err)
		}
	}
	strong(a, 1, 7)
	strong(a, 5, 8)
	a.Cut(5)
	strong(b, 1, 8)
	b.Release()
	b.asks(context.Background(), 1, table(7), lock.TableAccessShare)
	strong(a, 6, 8) // not taken for what was cut
	late := newActor(t, w.nodes[1], 3)
	late.asks(context.Background(), 1, table(8), lock.TableAccessShare)
	a.Release()
}

// TestNodesThatDoNotAnswer are passed over: nothing that waits there can be in the way for long.
// What was held there is given back, and what is taken when they are back is held there again.
func TestNodesThatDoNotAnswer(t *testing.T) {
	w := newWorld(3)
	reader, ddl := newActor(t, w.nodes[2], 1), newActor(t, w.nodes[1], 2)
	ddl.Acquire(context.Background(), ddl.request(1, table(6), lock.TableAccessExclusive), 0) // a branch that is lost
	reader.takes(1, table(7), lock.TableAccessShare)
	w.down[2].Store(true)
	for statement := range txn.Statement(2) {
		if _, err := ddl.Acquire(context.Background(), ddl.request(statement+2, table(7+uint64(statement)), lock.TableAccessExclusive), 0); err != nil {
			t.Fatal(err)
		}
	}
	w.down[2].Store(false)
	newActor(t, w.nodes[2], 3).takes(1, table(6), lock.TableAccessShare)
	if _, err := ddl.Acquire(context.Background(), ddl.request(4, table(9), lock.TableAccessExclusive), 0); err != nil {
		t.Fatal(err)
	}
	done := newActor(t, w.nodes[2], 4).asks(context.Background(), 1, table(9), lock.TableAccessShare)
	ddl.Release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// TestNobodyBesideStrongElsewhere runs lockers of a few tables on all nodes
// against each other, of one table or of all: no two that conflict are ever in at
// once, and those that want the same in the same order do not end in a circle.
func TestNobodyBesideStrongElsewhere(t *testing.T) {
	w := newWorld(3)
	const tables, rounds = 3, 200
	var weakIn, strongIn [tables]atomic.Int32
	var all sync.WaitGroup
	for seq := range uint64(9) {
		a := newActor(t, w.nodes[seq%3], seq+1)
		all.Go(func() {
			for i := range rounds {
				at := (i + int(seq)) % tables
				mode, mine, theirs := lock.TableRowExclusive, &weakIn[at], &strongIn[at]
				if seq < 5 {
					mode, mine, theirs = lock.TableAccessExclusive, &strongIn[at], &weakIn[at]
				}
				rs := []lock.Request{a.request(1, table(uint64(at)), mode)}
				if seq == 4 {
					rs = []lock.Request{a.request(1, table(0), mode), a.request(1, table(1), mode), a.request(1, table(2), mode)}
				}
				if _, err := a.AcquireAll(context.Background(), rs, 10*time.Second); err != nil { // so that a circle ends
					t.Error(err)
					return
				}
				if n := mine.Add(1); theirs.Load() != 0 || seq < 5 && n != 1 {
					t.Errorf("mode %v beside %d and %d", mode, n, theirs.Load())
				}
				mine.Add(-1)
				a.Release()
			}
		})
	}
	all.Wait()
	for i, l := range w.nodes {
		if left := l.List(); len(left) > 0 {
			t.Errorf("node %d has %v left", i, left)
		}
	}
}

// TestNodesThatCome have what was locked everywhere before: when they are
// welcomed, or before they are asked for more; and are rid of it with the transaction.
func TestNodesThatCome(t *testing.T) {
	for _, welcomed := range []bool{true, false} {
		w := newWorld(3)
		w.dead[2].Store(true)
		ddl, reader := newActor(t, w.nodes[1], 1), newActor(t, w.nodes[2], 2)
		strong := func(oid uint64) {
			t.Helper()
			if _, err := ddl.Acquire(context.Background(), ddl.request(1, table(oid), lock.TableAccessExclusive), time.Second); err != nil {
				t.Fatal(err)
			}
		}
		strong(7)
		w.dead[2].Store(false)
		if welcomed {
			w.nodes[1].Welcome(context.Background(), 2)
		} else {
			strong(8)
		}
		done := reader.asks(context.Background(), 1, table(7), lock.TableAccessShare)
		w.nodes[1].Welcome(context.Background(), 2) // once is enough
		ddl.Release()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		reader.Release()
		if left := w.nodes[2].List(); len(left) > 0 {
			t.Errorf("left are %v", left)
		}
	}
}
