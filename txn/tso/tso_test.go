package tso

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/pegmatitedb/pegmatite/internal/fixedseed"
	"github.com/pegmatitedb/pegmatite/txn"
)

// memoryBound is a Bound that outlives oracles.
type memoryBound struct {
	mu   sync.Mutex
	at   txn.Timestamp
	fail error
}

func (b *memoryBound) Load(context.Context) (txn.Timestamp, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.at, nil
}

func (b *memoryBound) Extend(_ context.Context, from, to txn.Timestamp) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.fail != nil:
		return b.fail
	case b.at != from:
		return errors.New("deposed")
	}
	b.at = to
	return nil
}

func open(t testing.TB, b Bound) *Oracle {
	t.Helper()
	o, err := Open(t.Context(), b, 0)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func snapshot(t testing.TB, o *Oracle) txn.Timestamp {
	t.Helper()
	s, err := o.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func commit(t testing.TB, o *Oracle) txn.Timestamp {
	t.Helper()
	c, err := o.Commit(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDrawing(t *testing.T) {
	o := open(t, &memoryBound{})
	last := txn.Timestamp(0)
	for i := range 10 {
		draw := commit
		if i%2 == 0 {
			draw = snapshot
		}
		s := draw(t, o)
		if s < last+txn.TimestampStep || s%txn.TimestampStep != 0 || Epoch(s) != 1 || s >= o.bound.(*memoryBound).at {
			t.Errorf("drew %d after %d, epoch %d", s, last, Epoch(s))
		}
		last = s
	}
}

func TestOldest(t *testing.T) {
	o := open(t, &memoryBound{})
	c := commit(t, o)
	if got := o.Oldest(); got != c {
		t.Errorf("with no snapshot: %d, want the last drawn %d", got, c)
	}
	a, b := snapshot(t, o), snapshot(t, o)
	commit(t, o)
	if got := o.Oldest(); got != a || o.Registered() != 2 {
		t.Errorf("oldest %d of %d", got, o.Registered())
	}
	o.Release(a)
	if got := o.Oldest(); got != b {
		t.Errorf("oldest %d, want %d", got, b)
	}
	o.Release(b)
	o.Release(b)
	c = commit(t, o)
	if got := o.Oldest(); got != c || o.Registered() != 0 {
		t.Errorf("oldest %d, want %d; %d are registered", got, c, o.Registered())
	}
}

// More snapshots than there are slots are registered all the same.
func TestOverflow(t *testing.T) {
	o := open(t, &memoryBound{})
	var all []txn.Timestamp
	for range slots + 1000 {
		all = append(all, snapshot(t, o))
	}
	if o.Registered() != len(all) {
		t.Fatalf("%d of %d are registered", o.Registered(), len(all))
	}
	for i, s := range all {
		if got := o.Oldest(); i%500 == 0 && got != s {
			t.Fatalf("oldest %d, want %d", got, s)
		}
		o.Release(s)
	}
	if o.Registered() != 0 {
		t.Errorf("%d are left", o.Registered())
	}
}

// An oracle begins above all that any other has drawn, and above the logs.
func TestEpochs(t *testing.T) {
	bound := &memoryBound{}
	last := txn.Timestamp(0)
	for range 3 {
		o := open(t, bound)
		for range 3 {
			s := commit(t, o)
			if s <= last {
				t.Errorf("drew %d after %d", s, last)
			}
			last = s
		}
	}
	if Epoch(last) != 3 {
		t.Errorf("the third oracle draws in epoch %d", Epoch(last))
	}
	floor := 100*epochSize + 5
	o, err := Open(t.Context(), bound, floor)
	if err != nil {
		t.Fatal(err)
	}
	if s := commit(t, o); s <= floor || Epoch(s) != 101 || o.Epoch() != 101 {
		t.Errorf("drew %d, epoch %d", s, Epoch(s))
	}
}

// The end of an epoch is passed by extending the bound first; when that fails
// nothing is drawn, and an oracle that was deposed stays silent.
func TestEndOfEpoch(t *testing.T) {
	bound := &memoryBound{}
	o := open(t, bound)
	o.last.Store(int64(bound.at - 2*txn.TimestampStep))
	inside := commit(t, o)
	bound.fail = errors.New("etcd is away")
	if s, err := o.Commit(t.Context()); err != bound.fail {
		t.Errorf("drew %d, %v", s, err)
	}
	if _, err := o.Snapshot(t.Context()); err != bound.fail || o.Registered() != 0 {
		t.Errorf("snapshot: %v; %d are registered", err, o.Registered())
	}
	bound.fail = nil
	beyond := commit(t, o)
	if beyond <= inside || Epoch(beyond) != Epoch(inside)+1 || beyond >= bound.at {
		t.Errorf("drew %d after %d, the bound is %d", beyond, inside, bound.at)
	}
	other := open(t, bound)
	o.last.Store(o.limit.Load())
	if s, err := o.Commit(t.Context()); err == nil {
		t.Errorf("a deposed oracle drew %d, the new one %d", s, commit(t, other))
	}
}

func TestLastEpoch(t *testing.T) {
	if _, err := Open(t.Context(), &memoryBound{at: lastEpoch * epochSize}, 0); err == nil {
		t.Error("an oracle began beyond the last epoch")
	}
}

// Random drawing and releasing against a plain set.
func TestAgainstSet(t *testing.T) {
	fixedseed.Check(t, func(t *rapid.T) {
		o, err := Open(context.Background(), &memoryBound{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		var held []txn.Timestamp
		last := txn.Timestamp(o.last.Load())
		for range rapid.IntRange(0, 50).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				last, _ = o.Snapshot(context.Background())
				held = append(held, last)
			case 1:
				last, _ = o.Commit(context.Background())
			case 2:
				if len(held) > 0 {
					i := rapid.IntRange(0, len(held)-1).Draw(t, "which")
					o.Release(held[i])
					held = append(held[:i:i], held[i+1:]...)
				}
			}
			want := last
			if len(held) > 0 {
				want = held[0]
			}
			if got := o.Oldest(); got != want {
				t.Fatalf("oldest %d, want %d", got, want)
			}
		}
	})
}

// While others draw and release, nobody ever sees an oldest above a snapshot
// that is in use, nor one that goes back.
func TestConcurrentOldest(t *testing.T) {
	o := open(t, &memoryBound{})
	ctx := context.Background()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			last := txn.Timestamp(0)
			for i := range 3000 {
				s, _ := o.Snapshot(ctx)
				if oldest := o.Oldest(); oldest > s || s <= last {
					t.Errorf("snapshot %d after %d, oldest %d", s, last, oldest)
				}
				if c, _ := o.Commit(ctx); c <= s {
					t.Errorf("commit %d after snapshot %d", c, s)
				}
				if i%100 != 0 {
					o.Release(s)
				}
				last = s
			}
		})
	}
	wg.Wait()
	if o.Registered() != 4*30 {
		t.Errorf("%d are registered", o.Registered())
	}
}

func BenchmarkSnapshot(b *testing.B) {
	o := open(b, &memoryBound{})
	ctx := context.Background()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s, _ := o.Snapshot(ctx)
			o.Release(s)
		}
	})
}

func BenchmarkOldest(b *testing.B) {
	o := open(b, &memoryBound{})
	for b.Loop() {
		o.Oldest()
	}
}

// TestInUse: a snapshot that is held is listed or not below known, and all that
// are drawn later are above it.
func TestInUse(t *testing.T) {
	o := open(t, &memoryBound{})
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			var held []txn.Timestamp
			for i := range 2000 {
				s := snapshot(t, o)
				if held = append(held, s); len(held) > 40 { // more than a place has probes
					o.Release(held[0])
					held = held[1:]
				}
				list, known := o.InUse(nil)
				for _, h := range held {
					if h < known && !slices.Contains(list, h) {
						t.Errorf("%d is in use, and neither listed nor above %d", h, known)
						return
					}
				}
				if i%10 == 0 {
					later := snapshot(t, o)
					if later <= known {
						t.Errorf("%d is drawn after %d was all", later, known)
					}
					o.Release(later)
				}
			}
			for _, h := range held {
				o.Release(h)
			}
		})
	}
	done.Wait()
	if list, _ := o.InUse(nil); len(list) != 0 {
		t.Errorf("%v are still in use", list)
	}
}
