package tso

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
)

// election is a metadata store with one leader's key and the oracle's bound.
type election struct {
	mu     sync.Mutex
	term   int // of the leader; who has another one is deposed
	bound  txn.Timestamp
	leader *Leader
	nodes  []uint32 // that have joined
}

// termBound is the bound as one leader may extend it.
type termBound struct {
	e    *election
	term int
}

func (b termBound) Load(context.Context) (txn.Timestamp, error) {
	b.e.mu.Lock()
	defer b.e.mu.Unlock()
	return b.e.bound, nil
}

func (b termBound) Extend(_ context.Context, from, to txn.Timestamp) error {
	b.e.mu.Lock()
	defer b.e.mu.Unlock()
	if b.e.term != b.term || b.e.bound != from {
		return errNoLeader()
	}
	b.e.bound = to
	return nil
}

// elect makes a new leader; the old one lives on and does not know.
func (e *election) elect(t *testing.T) *Leader {
	t.Helper()
	e.mu.Lock()
	e.term++
	term := e.term
	e.mu.Unlock()
	o, err := Open(t.Context(), termBound{e, term}, 0)
	if err != nil {
		t.Fatal(err)
	}
	l := Lead(o, func(context.Context) error {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.term != term {
			return errNoLeader()
		}
		return nil
	}, 0, e.nodes)
	t.Cleanup(l.Close)
	e.mu.Lock()
	e.leader = l
	e.mu.Unlock()
	return l
}

func (e *election) source(context.Context) (Source, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.leader, nil
}

func newTestClient(t *testing.T, node uint32, source func(context.Context) (Source, error)) *Client {
	t.Helper()
	c, err := NewClient(t.Context(), ClientOptions{
		Node: node, Source: source, Revision: func() uint64 { return 0 },
		Behind: func(context.Context, uint64) error { return nil }, Every: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// drawn is a timestamp with the moments when its draw began and had ended.
type drawn struct {
	at         txn.Timestamp
	begun, end int64
}

// TestClusterOrder elects leaders while clients draw, some of them from
// leaders that were deposed: no timestamp comes twice, and a draw that began
// when another had ended gets a higher one (rule 19).
func TestClusterOrder(t *testing.T) {
	e := &election{}
	leaders := []*Leader{e.elect(t)}
	var mu sync.Mutex // protects leaders
	anyLeader := func(context.Context) (Source, error) {
		mu.Lock()
		defer mu.Unlock()
		if rand.IntN(8) != 0 {
			return leaders[len(leaders)-1], nil
		}
		return leaders[rand.IntN(len(leaders))], nil
	}
	var moment atomic.Int64
	var history []drawn
	var clients sync.WaitGroup
	for node := range uint32(3) {
		c := newTestClient(t, node, anyLeader)
		for range 4 {
			clients.Go(func() {
				for range 100 {
					d := drawn{begun: moment.Add(1)}
					var err error
					if d.at, err = c.Commit(t.Context()); err != nil {
						t.Error(err)
						return
					}
					d.end = moment.Add(1)
					mu.Lock()
					history = append(history, d)
					mu.Unlock()
				}
			})
		}
	}
	for range 20 {
		l := e.elect(t)
		mu.Lock()
		leaders = append(leaders, l)
		mu.Unlock()
	}
	clients.Wait()
	checkOrder(t, history)
}

func checkOrder(t *testing.T, history []drawn) {
	t.Helper()
	seen := map[txn.Timestamp]bool{}
	for _, d := range history {
		if seen[d.at] {
			t.Errorf("timestamp %d was drawn twice", d.at)
		}
		seen[d.at] = true
		for _, before := range history {
			if before.end < d.begun && before.at >= d.at {
				t.Fatalf("%d was drawn after %d had been", d.at, before.at)
			}
		}
	}
}

// TestClusterDeposed shows that a deposed leader answers nobody.
func TestClusterDeposed(t *testing.T) {
	e := &election{}
	old := e.elect(t)
	if _, err := old.Draw(t.Context(), DrawRequest{Node: 1, Count: 1}); err != nil {
		t.Fatal(err)
	}
	e.elect(t)
	if r, err := old.Draw(t.Context(), DrawRequest{Node: 1, Count: 1}); !pgerr.HasCode(err, pgerr.CannotConnectNow) {
		t.Errorf("a deposed leader answered %+v, %v", r, err)
	}
}

// TestClusterConfirmsAfter shows that a request which comes while a
// confirmation is under way waits for another one.
func TestClusterConfirmsAfter(t *testing.T) {
	o, err := Open(t.Context(), termBound{&election{}, 0}, 0)
	if err != nil {
		t.Fatal(err)
	}
	begun, release := make(chan struct{}), make(chan error)
	l := Lead(o, func(context.Context) error {
		begun <- struct{}{}
		return <-release
	}, 0, nil)
	defer l.Close()
	draw := func() chan error {
		result := make(chan error, 1)
		go func() {
			_, err := l.Draw(t.Context(), DrawRequest{Node: 1, Count: 1})
			result <- err
		}()
		return result
	}
	first := draw()
	<-begun
	second := draw()
	for waits := false; !waits; {
		l.mu.Lock()
		waits = l.next != nil
		l.mu.Unlock()
	}
	deposed := errors.New("deposed")
	release <- nil
	<-begun
	if err := <-first; err != nil {
		t.Error(err)
	}
	release <- deposed
	if err := <-second; !errors.Is(err, deposed) {
		t.Errorf("the second request was answered by the first one's confirmation: %v", err)
	}
}

// TestClusterClosedWhileConfirming: who waits for a confirmation when the oracle
// stops learns that it is none any more, and asks another one.
func TestClusterClosedWhileConfirming(t *testing.T) {
	e := &election{}
	o, err := Open(t.Context(), termBound{e, 0}, 0)
	if err != nil {
		t.Fatal(err)
	}
	confirming := make(chan struct{})
	stops := Lead(o, func(ctx context.Context) error {
		close(confirming)
		<-ctx.Done()
		return pgerr.From(ctx.Err())
	}, 0, nil)
	answered := make(chan error)
	go func() {
		_, err := stops.Draw(t.Context(), DrawRequest{Node: 1, Count: 1})
		answered <- err
	}()
	<-confirming
	stops.Close()
	if err := <-answered; !pgerr.HasCode(err, pgerr.CannotConnectNow) {
		t.Errorf("%v", err)
	}
}

// TestClusterOldest shows that what one node has in use bounds what others drop.
func TestClusterOldest(t *testing.T) {
	e := &election{}
	l := e.elect(t)
	a, b := newTestClient(t, 1, e.source), newTestClient(t, 2, e.source)
	s, err := a.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		for _, c := range []*Client{a, b} {
			if _, err := c.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			if c.Oldest() > s {
				t.Fatalf("%d may be dropped, snapshot %d is in use", c.Oldest(), s)
			}
			if _, known := c.InUse(nil); known > s {
				t.Fatalf("below %d all is said to be known, snapshot %d is in use", known, s)
			}
		}
	}
	a.Release(s)
	for range 2 {
		for _, c := range []*Client{a, b} {
			if _, err := c.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if b.Oldest() <= s || l.Oldest() <= s {
		t.Errorf("snapshot %d was released, nodes keep %d and %d", s, b.Oldest(), l.Oldest())
	}
}

// TestClusterForgets shows that a node which is silent does not hold others' chains for ever.
func TestClusterForgets(t *testing.T) {
	e := &election{}
	l := e.elect(t)
	now := time.Now()
	l.now = func() time.Time { return now }
	a, b := newTestClient(t, 1, e.source), newTestClient(t, 2, e.source)
	s, err := a.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * forgetAfter)
	for range 2 {
		if _, err := b.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if b.Oldest() <= s {
		t.Errorf("a silent node's snapshot %d still bounds the oldest, %d", s, b.Oldest())
	}
}

// TestClusterOldestOfTermsBefore: what nodes have drawn from an oracle that is gone
// is in use until they tell the next one otherwise, or are silent for long.
func TestClusterOldestOfTermsBefore(t *testing.T) {
	for name, speaks := range map[string]bool{"reports": true, "silent": false} {
		t.Run(name, func(t *testing.T) {
			e := &election{nodes: []uint32{1, 2}}
			e.elect(t)
			a, b := newTestClient(t, 1, e.source), newTestClient(t, 2, e.source)
			s, err := a.Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			l := e.elect(t)
			now := time.Now()
			l.now = func() time.Time { return now }
			draw := func(c *Client) {
				t.Helper()
				if _, err := c.Commit(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			draw(b)
			draw(b)
			if _, known := b.InUse(nil); b.Oldest() > s || known > s || l.Oldest() > s {
				t.Fatalf("%d, %d may be dropped, below %d all is said to be known; snapshot %d is in use", b.Oldest(), l.Oldest(), known, s)
			}
			if speaks {
				draw(a)
				draw(b)
				if b.Oldest() > s {
					t.Fatalf("%d may be dropped, snapshot %d is in use", b.Oldest(), s)
				}
				a.Release(s)
				draw(a)
				draw(a)
			} else {
				now = now.Add(2 * forgetAfter)
			}
			draw(b)
			draw(b)
			if b.Oldest() <= s {
				t.Errorf("snapshot %d still bounds the oldest, %d", s, b.Oldest())
			}
		})
	}
}

// TestClusterRevision shows that a node which is behind in the catalog waits
// before a timestamp is used (rule 22).
func TestClusterRevision(t *testing.T) {
	e := &election{}
	e.elect(t)
	var published atomic.Uint64
	var waited atomic.Uint64
	node := func(id uint32, revision func() uint64) *Client {
		c, err := NewClient(t.Context(), ClientOptions{Node: id, Source: e.source, Every: time.Hour, Revision: revision,
			Behind: func(_ context.Context, r uint64) error { waited.Store(r); return nil }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	a := node(1, published.Load)
	b := node(2, func() uint64 { return 3 })
	published.Store(7)
	if _, err := a.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	if waited.Load() != 7 {
		t.Errorf("waited for revision %d, not 7", waited.Load())
	}
}

// silent is an oracle that does not answer once it is told so.
type silent struct {
	Source
	from atomic.Bool
}

func (s *silent) Draw(ctx context.Context, r DrawRequest) (DrawReply, error) {
	if !s.from.Load() {
		return s.Source.Draw(ctx, r)
	}
	<-ctx.Done()
	return DrawReply{}, pgerr.From(ctx.Err())
}

// late is an oracle that has once taken too long by its own measure.
type late struct {
	Source
	once sync.Once
}

func (l *late) Draw(ctx context.Context, r DrawRequest) (reply DrawReply, err error) {
	l.once.Do(func() { err = pgerr.From(context.DeadlineExceeded) })
	if err != nil {
		return DrawReply{}, err
	}
	return l.Source.Draw(ctx, r)
}

// TestClusterLateOracle: what an oracle has not waited for any longer is asked
// again. Whoever draws has cancelled nothing.
func TestClusterLateOracle(t *testing.T) {
	s := &late{Source: (&election{}).elect(t)}
	c, err := NewClient(t.Context(), ClientOptions{
		Node: 1, Source: func(context.Context) (Source, error) { return s, nil },
		Revision: func() uint64 { return 0 }, Behind: func(context.Context, uint64) error { return nil },
		RetryFor: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Snapshot(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestClusterSilentOracle: who draws from an oracle that does not answer
// learns that there is none, not that somebody has cancelled the statement.
func TestClusterSilentOracle(t *testing.T) {
	e := &election{}
	s := &silent{Source: e.elect(t)}
	c, err := NewClient(t.Context(), ClientOptions{
		Node: 1, Source: func(context.Context) (Source, error) { return s, nil },
		Revision: func() uint64 { return 0 }, Behind: func(context.Context, uint64) error { return nil },
		RetryFor: 250 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s.from.Store(true)
	if _, err := c.Snapshot(t.Context()); !pgerr.HasCode(err, pgerr.CannotConnectNow) {
		t.Errorf("%v", err)
	}
}
