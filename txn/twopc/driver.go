package twopc

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Metrics counts how commits went.
type Metrics struct {
	OneLog   atomic.Int64 // committed by one command
	TwoPhase atomic.Int64 // committed by two phases
	Aborted  atomic.Int64 // asked to commit, and could not
	Unknown  atomic.Int64 // 08007
}

// Coordinator ends transactions: it runs Commits against participants. It is
// a node's, for all its sessions.
type Coordinator struct {
	oracle  txn.Oracle
	find    func(txn.LogID) txn.Participant
	here    func(txn.LogID) bool
	metrics Metrics

	behind sync.WaitGroup // what goes on after the client was answered
	stop   chan struct{}  // closed when nobody is to wait for a silent home any more
}

var _ txn.Committer = (*Coordinator)(nil)

// NewCoordinator makes a coordinator. find returns the participant that is a
// log's, nil if it cannot be reached; here says which logs are this process's own.
func NewCoordinator(oracle txn.Oracle, find func(txn.LogID) txn.Participant, here func(txn.LogID) bool) *Coordinator {
	return &Coordinator{oracle: oracle, find: find, here: here, stop: make(chan struct{})}
}

// Metrics returns the coordinator's counters.
func (c *Coordinator) Metrics() *Metrics { return &c.metrics }

// Close waits for what goes on behind answered clients. No Commit may begin
// after it.
func (c *Coordinator) Close() {
	close(c.stop)
	c.behind.Wait()
}

// Commit implements txn.Committer. Once it has begun it cannot be cancelled,
// as in PostgreSQL. An error other than 08007 means that the transaction is
// aborted everywhere.
func (c *Coordinator) Commit(ctx context.Context, id txn.ID, branches []txn.Branch) (txn.Outcome, error) {
	drawn, err := c.oracle.Commit(ctx)
	if err != nil {
		c.Rollback(ctx, id, branches)
		return txn.Outcome{State: txn.Aborted}, err
	}
	logs := c.homeFirst(branches)
	r := &run{
		Coordinator: c, id: id, drawn: drawn, branches: branches, logs: logs,
		machine: NewCommit(id, drawn, logs), replies: make(chan Reply, len(branches)),
	}
	ctx = context.WithoutCancel(ctx)
	r.until(ctx, func() bool { return r.machine.answered })
	out, err, _ := r.machine.Answer()
	c.count(len(logs), err)
	if !r.machine.Over() {
		c.behind.Go(func() { r.until(ctx, r.machine.Over) })
	}
	return out, err
}

// homeFirst are the branches' logs. The home, which decides and is told when all is
// done, is one of this process's own, if there is one: then neither is a trip to another node.
func (c *Coordinator) homeFirst(branches []txn.Branch) []txn.LogID {
	logs := make([]txn.LogID, len(branches))
	for i, b := range branches {
		logs[i] = b.Log
	}
	if i := slices.IndexFunc(logs, c.here); i > 0 {
		logs[0], logs[i] = logs[i], logs[0]
	}
	return logs
}

func (c *Coordinator) count(logs int, err error) {
	switch {
	case pgerr.HasCode(err, pgerr.TransactionResolutionUnknown):
		c.metrics.Unknown.Add(1)
	case err != nil:
		c.metrics.Aborted.Add(1)
	case logs == 1:
		c.metrics.OneLog.Add(1)
	default:
		c.metrics.TwoPhase.Add(1)
	}
}

// Rollback implements txn.Committer. It returns when the locks are free in
// every log that could be reached.
func (c *Coordinator) Rollback(ctx context.Context, id txn.ID, branches []txn.Branch) {
	ctx = context.WithoutCancel(ctx)
	request := &txn.ResolveRequest{Txn: id, Outcome: txn.Outcome{State: txn.Aborted}}
	for _, b := range branches {
		if p := c.find(b.Log); p != nil {
			p.Resolve(ctx, request) // what cannot be reached goes with the transaction's boot number
		}
	}
}

// run is one Commit on its way. It is one goroutine's at a time.
type run struct {
	*Coordinator
	id       txn.ID
	drawn    txn.Timestamp
	branches []txn.Branch
	logs     []txn.LogID
	machine  *Commit
	replies  chan Reply // has room for all that can be under way
}

// until sends and steps until done. A single message is sent on this
// goroutine: a commit in one log costs no other.
func (r *run) until(ctx context.Context, done func() bool) {
	for !done() {
		ready := r.machine.Ready()
		if len(ready) == 1 {
			r.machine.Step(r.send(ctx, ready[0]))
			continue
		}
		for _, m := range ready {
			r.behind.Go(func() { r.replies <- r.send(ctx, m) })
		}
		r.machine.Step(<-r.replies)
	}
}

// send carries a message and brings its reply.
func (r *run) send(ctx context.Context, m Message) Reply {
	reply := Reply{Kind: m.Kind, From: m.To}
	if m.Kind == DrawTimestamp {
		reply.At, reply.Err = r.oracle.Commit(ctx)
		return reply
	}
	p := r.find(m.To)
	if p == nil {
		reply.Err = pgerr.New(pgerr.ConnectionFailure, "log %s cannot be reached", m.To)
		reply.Lost = true
		return reply
	}
	switch m.Kind {
	case SendCommit:
		reply.Outcome, reply.Err = p.Commit(ctx, &txn.CommitRequest{Txn: r.id, At: r.drawn, Shards: r.shards(m.To)})
	case SendPrepare:
		var prepared txn.PrepareReply
		prepared, reply.Err = p.Prepare(ctx, &txn.PrepareRequest{
			Txn: r.id, At: r.drawn, Shards: r.shards(m.To), Home: r.logs[0], Participants: r.logs,
		})
		reply.At = prepared.At
	case SendDecide:
		reply.Outcome, reply.Err = p.Decide(ctx, &txn.DecideRequest{Txn: r.id, Outcome: m.Outcome})
	case SendAsk:
		r.pause()
		reply.Outcome, reply.Err = p.Ask(ctx, r.id)
	case SendResolve:
		reply.Err = p.Resolve(ctx, &txn.ResolveRequest{Txn: r.id, Outcome: m.Outcome})
	}
	reply.Lost = mayHaveHappened(reply.Err)
	return reply
}

func (r *run) shards(log txn.LogID) []txn.Enlistment {
	for _, b := range r.branches {
		if b.Log == log {
			return b.Shards
		}
	}
	return nil
}

// firstPause doubles with every further question, to some seconds altogether.
const firstPause = 10 * time.Millisecond

// pause waits before a home is asked again; not before the first time.
func (r *run) pause() {
	if r.machine.asks < 2 {
		return
	}
	timer := time.NewTimer(firstPause << (r.machine.asks - 2))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.stop:
	}
}

// mayHaveHappened tells errors that leave open whether the participant did
// what it was asked: of the connection, of its disk or process, or that
// nobody gave a SQLSTATE.
func mayHaveHappened(err error) bool {
	if err == nil {
		return false
	}
	switch code := pgerr.From(err).Code; code[:2] {
	case "08", "57", "58", "XX":
		return true
	}
	return false
}
