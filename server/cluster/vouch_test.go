package cluster

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/catalog/metakv/memory"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard/serve"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/tso"
)

// severed is a node's way to the metadata store, which may be cut.
type severed struct {
	*memory.Store
	cut  atomic.Bool
	deaf bool // watches tell of nothing
}

var errSevered = errors.New("cut off")

func (s *severed) reach() error {
	if s.cut.Load() {
		return errSevered
	}
	return nil
}

func (s *severed) Get(ctx context.Context, key string) (metakv.KV, error) {
	if err := s.reach(); err != nil {
		return metakv.KV{}, err
	}
	return s.Store.Get(ctx, key)
}

func (s *severed) Range(ctx context.Context, prefix string) ([]metakv.KV, metakv.Revision, error) {
	if err := s.reach(); err != nil {
		return nil, 0, err
	}
	return s.Store.Range(ctx, prefix)
}

func (s *severed) Commit(ctx context.Context, t metakv.Txn) (metakv.Result, error) {
	if err := s.reach(); err != nil {
		return metakv.Result{}, err
	}
	return s.Store.Commit(ctx, t)
}

func (s *severed) KeepAlive(ctx context.Context, id metakv.LeaseID) error {
	if err := s.reach(); err != nil {
		return err
	}
	return s.Store.KeepAlive(ctx, id)
}

func (s *severed) Watch(prefix string, from metakv.Revision) metakv.Watch {
	if s.deaf {
		return silence{}
	}
	return s.Store.Watch(prefix, from)
}

type silence struct{}

func (silence) Next(ctx context.Context) ([]metakv.Event, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (silence) Close() {}

// stander is a node, as far as it has to do with elections.
type stander struct {
	t        *testing.T
	id       uint32
	kv       *severed
	address  string
	election *Election
	halted   atomic.Bool // it answers no draws, and does not refuse them either
	end      func()
}

// stands starts a node on the metadata store.
func stands(t *testing.T, kv *memory.Store, id uint32, deaf bool) *stander {
	t.Helper()
	return standsAt(t, kv, id, deaf, "127.0.0.1:0")
}

// standsAt is stands with an address for the others.
func standsAt(t *testing.T, kv *memory.Store, id uint32, deaf bool, address string) *stander {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	n := &stander{t: t, id: id, kv: &severed{Store: kv, deaf: deaf}}
	s, err := store.Open(t.Context(), n.kv, store.Options{})
	check(t, err)
	listener, err := net.Listen("tcp", address)
	check(t, err)
	n.address = listener.Addr().String()
	members, err := NewMembers(t.Context(), id, s, log)
	check(t, err)
	var name string
	for i := range id { // numbers are given in this order
		name = string(rune('b' + i))
		_, err := s.NodeID(t.Context(), name)
		check(t, err)
	}
	joined, err := s.Join(t.Context(), kv, store.Node{ID: id, Name: name, Directory: name, Address: n.address}, time.Hour)
	check(t, err)
	n.election, err = Stand(t.Context(), store.Leader{Node: id}, s, n.kv, members, log)
	check(t, err)
	g := grpc.NewServer(serve.Options()...)
	draw := func(ctx context.Context, r tso.DrawRequest) (tso.DrawReply, error) {
		if n.halted.Load() {
			<-ctx.Done()
		}
		return n.election.Draw(ctx, r)
	}
	(&Peer{Draw: draw, Vouch: n.election.Vouch}).Register(g)
	ended := make(chan error)
	go func() { ended <- g.Serve(listener) }()
	stopped := false
	n.end = func() {
		if stopped {
			return
		}
		stopped = true
		n.election.Close()
		g.Stop()
		<-ended
		joined.Close(context.Background())
		members.Close()
		s.Close()
	}
	t.Cleanup(n.end)
	return n
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// draw asks the oracle that the node knows.
func (n *stander) draw(ctx context.Context) (txn.Timestamp, error) {
	source, err := n.election.Source(ctx)
	if err != nil {
		return 0, err
	}
	r, err := source.Draw(ctx, tso.DrawRequest{Node: n.id, Count: 1})
	return r.First, err
}

// draws waits until the node is answered.
func (n *stander) draws() txn.Timestamp {
	n.t.Helper()
	var err error
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		var at txn.Timestamp
		if at, err = n.draw(n.t.Context()); err == nil {
			return at
		}
	}
	n.t.Fatalf("node %d: no timestamp: %v", n.id, err)
	return 0
}

func (n *stander) leads() bool {
	n.election.mu.Lock()
	defer n.election.mu.Unlock()
	return n.election.serving != nil
}

// refused says that the node, which once led, answers nobody.
func (n *stander) refused(why string) {
	n.t.Helper()
	for range 3 {
		at, err := n.draw(n.t.Context())
		if err == nil {
			n.t.Fatalf("node %d answers %d: %s", n.id, at, why)
		}
		if !pgerr.HasCode(err, pgerr.TRSerializationFailure) && !pgerr.HasCode(err, pgerr.CannotConnectNow) {
			n.t.Errorf("node %d: %v", n.id, err)
		}
	}
}

// runOut ends the leases that are not renewed any more.
func runOut(kv *memory.Store) { kv.Advance(2 * leaderLease) }

// TestStoreAwayOracleGoesOn: with the metadata store away the oracle answers as
// long as all other nodes vouch for it, and its timestamps rise.
func TestStoreAwayOracleGoesOn(t *testing.T) {
	kv := memory.New()
	a := stands(t, kv, 1, false)
	last := a.draws()
	b, c := stands(t, kv, 2, false), stands(t, kv, 3, false)
	for _, n := range []*stander{b, c} {
		last = max(last, n.draws())
	}
	for _, n := range []*stander{a, b, c} {
		n.kv.cut.Store(true)
	}
	for range 5 {
		for _, n := range []*stander{a, b, c} {
			at, err := n.draw(t.Context())
			if err != nil || at <= last {
				t.Fatalf("node %d drew %d after %d, %v", n.id, at, last, err)
			}
			last = at
		}
	}
	c.end()
	a.refused("a node is down that could be the oracle now, for all it knows")
	if _, err := b.draw(t.Context()); !pgerr.HasCode(err, pgerr.CannotConnectNow) || pgerr.From(err).Message != errNoStore().Message {
		t.Errorf("%v", err)
	}
	for _, n := range []*stander{a, b} {
		n.kv.cut.Store(false)
	}
	if at := b.draws(); at <= last {
		t.Errorf("drew %d after %d", at, last)
	}
}

// TestCutOffOracleIsRefused: an oracle that alone is cut off from the metadata
// store answers nobody once there is another, which has to do with it.
func TestCutOffOracleIsRefused(t *testing.T) {
	kv := memory.New()
	a := stands(t, kv, 1, false)
	a.draws()
	b := stands(t, kv, 2, false)
	b.draws()
	a.kv.cut.Store(true)
	if _, err := a.draw(t.Context()); err != nil {
		t.Fatalf("nobody has been elected, and the others say so: %v", err)
	}
	runOut(kv)
	b.draws()
	if !b.leads() {
		t.Fatal("node 2 is not the oracle")
	}
	a.refused("node 2 is the oracle")
	b.end()
	a.refused("node 2 was the oracle, and is down")
	b = standsAt(t, kv, 2, false, b.address)
	err := error(nil)
	for !pgerr.HasCode(err, pgerr.TRSerializationFailure) { // until then node 1 has not reached it again
		if _, err = a.draw(t.Context()); err == nil {
			t.Fatal("node 1 answers, and node 2 was the oracle at an earlier start")
		}
	}
	a.kv.cut.Store(false)
	last := b.draws()
	if at := a.draws(); at <= last {
		t.Errorf("drew %d after %d", at, last)
	}
}

// TestNewNodesAreKnownToTheOracle: a node that is no member when an oracle's
// epoch begins stands only after that has answered it, and is asked from then on.
func TestNewNodesAreKnownToTheOracle(t *testing.T) {
	kv := memory.New()
	a := stands(t, kv, 1, true) // it does not hear of members that come
	a.draws()
	a.kv.cut.Store(true)
	runOut(kv)
	b := stands(t, kv, 2, false)
	if b.election.voucher.stand() {
		t.Fatal("node 2 may stand, and node 1 does not know of it")
	}
	if _, err := a.draw(t.Context()); err != nil {
		t.Fatalf("the only member, and no other could be elected: %v", err)
	}
	a.kv.cut.Store(false)
	b.draws()
	if !b.election.voucher.stand() {
		t.Error("node 2 may not stand, though an oracle has answered it")
	}
}

// TestOracleAsksWhomItHasAnswered: a node that has come since an oracle's epoch
// began is asked, even if the oracle has not heard of it otherwise.
func TestOracleAsksWhomItHasAnswered(t *testing.T) {
	kv := memory.New()
	a := stands(t, kv, 1, true)
	a.draws()
	b := stands(t, kv, 2, false)
	b.draws()
	a.kv.cut.Store(true)
	runOut(kv)
	b.draws()
	if !b.leads() {
		t.Fatal("node 2 is not the oracle")
	}
	a.refused("node 2, which it has answered, is the oracle")
}

// TestWhoStandsVouchesForNobody: the answer is no before the campaign begins,
// and yes again only if that was lost.
func TestWhoStandsVouchesForNobody(t *testing.T) {
	e := &Election{voucher: &voucher{mayStand: true, seen: 3}}
	vouches := func(epoch uint32) bool { ok, _ := e.Vouch(t.Context(), epoch); return ok }
	if vouches(2) || !vouches(3) {
		t.Error("epochs are not compared")
	}
	if !e.voucher.stand() || vouches(3) {
		t.Error("vouches for another while it stands")
	}
	if e.voucher.stood(0); !vouches(3) {
		t.Error("does not vouch after a campaign that was lost")
	}
	if e.voucher.stood(4); vouches(3) {
		t.Error("vouches for an oracle after which it was elected")
	}
}

// TestHaltedOracleIsNotWaitedFor: whoever waits for the answer of an oracle that
// is halted does so until another is elected, and no longer.
func TestHaltedOracleIsNotWaitedFor(t *testing.T) {
	kv := memory.New()
	a := stands(t, kv, 1, false)
	a.draws()
	b := stands(t, kv, 2, false)
	before := b.draws()
	a.halted.Store(true)
	answer := make(chan error, 1)
	go func() {
		_, err := b.draw(context.WithoutCancel(t.Context()))
		answer <- err
	}()
	a.kv.cut.Store(true)
	runOut(kv)
	select {
	case err := <-answer:
		if !pgerr.HasCode(err, pgerr.CannotConnectNow) { // so that it is asked for again
			t.Errorf("%v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("still waits for the halted oracle")
	}
	if at := b.draws(); at <= before || !b.leads() {
		t.Errorf("drew %d after %d", at, before)
	}
}
