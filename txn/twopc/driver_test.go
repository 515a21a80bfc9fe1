package twopc

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
)

// actor is a participant that does as it is told and remembers what it was asked.
type actor struct {
	here  bool       // of the coordinator's own process
	mu    sync.Mutex // protects calls
	calls []string

	commit  func() (txn.Outcome, error)
	prepare func() (txn.PrepareReply, error)
	decide  func(txn.Outcome) (txn.Outcome, error)
	ask     func() (txn.Outcome, error)
	resolve func(txn.Outcome) error
}

var _ txn.Participant = (*actor)(nil)

func (a *actor) called(what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, what)
}

func (a *actor) Commit(_ context.Context, r *txn.CommitRequest) (txn.Outcome, error) {
	a.called("commit")
	if a.commit != nil {
		return a.commit()
	}
	return txn.Outcome{State: txn.Committed, At: r.At}, nil
}

func (a *actor) Prepare(_ context.Context, r *txn.PrepareRequest) (txn.PrepareReply, error) {
	a.called("prepare")
	if a.prepare != nil {
		return a.prepare()
	}
	return txn.PrepareReply{At: r.At}, nil
}

func (a *actor) Decide(_ context.Context, r *txn.DecideRequest) (txn.Outcome, error) {
	a.called("decide " + r.Outcome.State.String())
	if a.decide != nil {
		return a.decide(r.Outcome)
	}
	return r.Outcome, nil
}

func (a *actor) Resolve(_ context.Context, r *txn.ResolveRequest) error {
	a.called("resolve " + r.Outcome.State.String())
	if a.resolve != nil {
		return a.resolve(r.Outcome)
	}
	return nil
}

func (a *actor) Ask(context.Context, txn.ID) (txn.Outcome, error) {
	a.called("ask")
	if a.ask != nil {
		return a.ask()
	}
	return txn.Outcome{State: txn.Aborted}, nil
}

// counterOracle draws from a counter.
type counterOracle struct {
	txn.Oracle
	mu   sync.Mutex // protects last
	last txn.Timestamp
	err  error
}

func (o *counterOracle) Commit(context.Context) (txn.Timestamp, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last += txn.TimestampStep
	return o.last, o.err
}

var theTxn = txn.ID{Node: 1, Boot: 1, Seq: 1}

// commitWith commits a transaction over actors and waits for everything.
func commitWith(t *testing.T, actors ...*actor) (txn.Outcome, error, *Metrics) {
	t.Helper()
	c, branches := cast(actors...)
	out, err := c.Commit(t.Context(), theTxn, branches)
	c.Close()
	return out, err, c.Metrics()
}

func cast(actors ...*actor) (*Coordinator, []txn.Branch) {
	var branches []txn.Branch
	for i := range actors {
		branches = append(branches, txn.Branch{Log: logID(i), Shards: []txn.Enlistment{{Shard: uint32(i), Last: 1}}})
	}
	return NewCoordinator(&counterOracle{}, func(id txn.LogID) txn.Participant {
		if i := int(id[0] - 'A'); i < len(actors) && actors[i] != nil {
			return actors[i]
		}
		return nil
	}, func(id txn.LogID) bool {
		i := int(id[0] - 'A')
		return i < len(actors) && actors[i] != nil && actors[i].here
	}), branches
}

func (a *actor) want(t *testing.T, calls ...string) {
	t.Helper()
	if !slices.Equal(a.calls, calls) {
		t.Errorf("was asked to %q, want %q", a.calls, calls)
	}
}

func TestOneLog(t *testing.T) {
	a := &actor{}
	out, err, m := commitWith(t, a)
	if err != nil || out.State != txn.Committed || out.At != txn.TimestampStep || m.OneLog.Load() != 1 {
		t.Errorf("%v %v", out, err)
	}
	a.want(t, "commit")
}

func TestTwoPhases(t *testing.T) {
	a, b := &actor{}, &actor{}
	b.prepare = func() (txn.PrepareReply, error) { return txn.PrepareReply{At: txn.TimestampStep + 7}, nil }
	out, err, m := commitWith(t, a, b)
	if err != nil || out.State != txn.Committed || out.At != txn.TimestampStep+7 || m.TwoPhase.Load() != 1 {
		t.Errorf("%v %v", out, err)
	}
	a.want(t, "prepare", "decide committed", "resolve committed")
	b.want(t, "prepare", "resolve committed")
}

// TestHomeIsHere: the log that decides is the coordinator's own, if one is.
func TestHomeIsHere(t *testing.T) {
	a, b := &actor{}, &actor{here: true}
	if out, err, _ := commitWith(t, a, b); err != nil || out.State != txn.Committed {
		t.Errorf("%v %v", out, err)
	}
	a.want(t, "prepare", "resolve committed")
	b.want(t, "prepare", "decide committed", "resolve committed")
}

// When the increments have used up the distance to the next drawn timestamp,
// another one is drawn.
func TestDrawAgain(t *testing.T) {
	for _, p := range []txn.Timestamp{2 * txn.TimestampStep, 5 * txn.TimestampStep} {
		a, b := &actor{}, &actor{}
		b.prepare = func() (txn.PrepareReply, error) { return txn.PrepareReply{At: p}, nil }
		c, branches := cast(a, b)
		out, err := c.Commit(t.Context(), theTxn, branches)
		c.Close()
		if err != nil || out.At != p {
			t.Errorf("%v %v", out, err)
		}
		if drawn := c.oracle.(*counterOracle).last; drawn != 2*txn.TimestampStep {
			t.Errorf("%d was drawn last", drawn)
		}
	}
}

// A participant that refuses aborts all others, with its own error.
func TestRefusal(t *testing.T) {
	refusal := pgerr.New(pgerr.TRSerializationFailure, "could not serialize access due to concurrent update")
	a, b := &actor{}, &actor{}
	b.prepare = func() (txn.PrepareReply, error) { return txn.PrepareReply{}, refusal }
	out, err, m := commitWith(t, a, b)
	if err != refusal || out.State != txn.Aborted || m.Aborted.Load() != 1 {
		t.Errorf("%v %v", out, err)
	}
	a.want(t, "prepare", "resolve aborted")
	b.want(t, "prepare", "resolve aborted")

	a = &actor{commit: func() (txn.Outcome, error) { return txn.Outcome{}, refusal }}
	if out, err, _ = commitWith(t, a); err != refusal || out.State != txn.Aborted {
		t.Errorf("%v %v", out, err)
	}
	a.want(t, "commit", "resolve aborted")
}

// The home's word counts, whatever was asked of it.
func TestHomeSaysOtherwise(t *testing.T) {
	a, b := &actor{}, &actor{}
	a.decide = func(txn.Outcome) (txn.Outcome, error) { return txn.Outcome{State: txn.Aborted}, nil }
	out, err, _ := commitWith(t, a, b)
	if !pgerr.HasCode(err, pgerr.TRSerializationFailure) || out.State != txn.Aborted {
		t.Errorf("%v %v", out, err)
	}
	b.want(t, "prepare", "resolve aborted")
}

// An unknown outcome is asked for by the transaction's id; 08007 only if
// nobody answers.
func TestUnknownOutcome(t *testing.T) {
	gone := pgerr.New(pgerr.ConnectionFailure, "connection to the log is gone")
	a := &actor{commit: func() (txn.Outcome, error) { return txn.Outcome{}, gone }}
	committed := txn.Outcome{State: txn.Committed, At: txn.TimestampStep}
	asked := 0
	a.ask = func() (txn.Outcome, error) {
		if asked++; asked < 3 {
			return txn.Outcome{}, gone
		}
		return committed, nil
	}
	if out, err, _ := commitWith(t, a); err != nil || out != committed {
		t.Errorf("%v %v", out, err)
	}
	a.want(t, "commit", "ask", "ask", "ask")

	a.ask = func() (txn.Outcome, error) { return txn.Outcome{State: txn.Unknown}, nil }
	if _, err, m := commitWith(t, a); !pgerr.HasCode(err, pgerr.TransactionResolutionUnknown) || m.Unknown.Load() != 1 {
		t.Errorf("%v", err)
	}

	b := &actor{}
	home := &actor{decide: func(txn.Outcome) (txn.Outcome, error) { return txn.Outcome{}, gone }}
	home.ask = func() (txn.Outcome, error) { return committed, nil }
	if out, err, _ := commitWith(t, home, b); err != nil || out != committed {
		t.Errorf("%v %v", out, err)
	}
	b.want(t, "prepare", "resolve committed")
}

// A decision may not be forgotten when a participant was not reached.
func TestNotForgotten(t *testing.T) {
	a, b, c := &actor{}, &actor{}, &actor{}
	b.resolve = func(txn.Outcome) error { return errors.New("gone") }
	if _, err, _ := commitWith(t, a, b, c); err != nil {
		t.Error(err)
	}
	a.want(t, "prepare", "decide committed")
	c.want(t, "prepare", "resolve committed")
}

// The client is answered before the others have resolved, and Close waits for them.
func TestResolveBehindTheAnswer(t *testing.T) {
	a, b := &actor{}, &actor{}
	let := make(chan struct{})
	b.resolve = func(txn.Outcome) error { <-let; return nil }
	c, branches := cast(a, b)
	if _, err := c.Commit(t.Context(), theTxn, branches); err != nil {
		t.Fatal(err)
	}
	close(let)
	c.Close()
	a.want(t, "prepare", "decide committed", "resolve committed")
}

// A log whose prepare is still out is told of the abort when it has come back.
func TestAbortWaitsForPrepare(t *testing.T) {
	a, b := &actor{}, &actor{}
	let := make(chan struct{})
	a.prepare = func() (txn.PrepareReply, error) { <-let; return txn.PrepareReply{At: 1}, nil }
	b.prepare = func() (txn.PrepareReply, error) { return txn.PrepareReply{}, errRefusedInTest }
	c, branches := cast(a, b)
	if _, err := c.Commit(t.Context(), theTxn, branches); err != errRefusedInTest {
		t.Fatal(err)
	}
	a.mu.Lock()
	if slices.Contains(a.calls, "resolve aborted") {
		t.Error("a was told while it prepared")
	}
	a.mu.Unlock()
	close(let)
	c.Close()
	a.want(t, "prepare", "resolve aborted")
}

func TestUnreachableParticipant(t *testing.T) {
	a := &actor{}
	out, err, _ := commitWith(t, a, nil)
	if !pgerr.HasCode(err, pgerr.SystemError) || out.State != txn.Aborted {
		t.Errorf("%v %v", out, err)
	}
	a.want(t, "prepare", "resolve aborted")
}

func TestNoTimestamp(t *testing.T) {
	a := &actor{}
	c, branches := cast(a)
	down := errors.New("no oracle")
	c.oracle = &counterOracle{err: down}
	if _, err := c.Commit(t.Context(), theTxn, branches); err != down {
		t.Errorf("%v", err)
	}
	a.want(t, "resolve aborted")
}

// A cancelled client does not stop a commit half way.
func TestCancelledClient(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a, b := &actor{}, &actor{}
	b.prepare = func() (txn.PrepareReply, error) { cancel(); return txn.PrepareReply{At: 1}, nil }
	c, branches := cast(a, b)
	out, err := c.Commit(ctx, theTxn, branches)
	c.Close()
	if err != nil || out.State != txn.Committed {
		t.Errorf("%v %v", out, err)
	}
}

func TestRollback(t *testing.T) {
	a, b := &actor{}, &actor{resolve: func(txn.Outcome) error { return errors.New("gone") }}
	c, branches := cast(a, b, nil)
	c.Rollback(t.Context(), theTxn, branches)
	a.want(t, "resolve aborted")
	b.want(t, "resolve aborted")
}
