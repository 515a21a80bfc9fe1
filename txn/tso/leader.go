package tso

import (
	"context"
	"sync"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
)

// DrawRequest asks the cluster's oracle for timestamps on behalf of a node.
type DrawRequest struct {
	Node  uint32
	Count int // how many; 0 only reports
	// Oldest is at or below every snapshot that the node has in use and every
	// one that it may draw from now on; 0 when it knows no timestamp yet.
	Oldest txn.Timestamp
	// Revision is the newest revision of the catalog that the node has published or seen (rule 22).
	Revision uint64
}

// DrawReply answers a DrawRequest.
type DrawReply struct {
	// First is the first of the Count timestamps, TimestampStep apart. Without
	// any it is a timestamp below all that will be drawn.
	First txn.Timestamp
	// Oldest is at or below every snapshot in use in the cluster; 0 when the
	// oracle does not know one.
	Oldest txn.Timestamp
	// Revision is the newest revision of the catalog that any node has reported.
	Revision uint64
}

// Source is the cluster's oracle as a node's Client reaches it: a Leader in
// process, or another node's over the network.
type Source interface {
	Draw(ctx context.Context, r DrawRequest) (DrawReply, error)
}

// forgetAfter is how long a node's report holds without another: a node that
// is silent for so long has lost its snapshots. Nothing false is read if it
// lives: shards refuse snapshots below what they have dropped.
const forgetAfter = 15 * time.Second

// maxDraw bounds the timestamps of one request.
const maxDraw = 1 << 16

// Leader is the oracle of a cluster, in the process that was elected. Requests
// are answered in rounds: each is answered only after a confirmation, begun
// after the request had come, that this process is still the oracle (rule 19).
// So one that was deposed answers nobody, whatever the clocks say.
//
// As a txn.Oracle it draws for its own process alone without confirming:
// right only where it cannot be deposed, since the metadata store lives in the same process.
type Leader struct {
	oracle  *Oracle
	confirm func(context.Context) error // nil: it cannot be deposed
	now     func() time.Time

	stop context.CancelFunc
	done sync.WaitGroup
	wake chan struct{} // of the rounds' goroutine: next is set

	mu       sync.Mutex // protects the fields below
	next     *round     // not yet begun; nil when nobody waits
	closed   bool
	reports  map[uint32]report
	oldest   txn.Timestamp // as told last; it never falls
	revision uint64
}

var (
	_ Source     = (*Leader)(nil)
	_ txn.Oracle = (*Leader)(nil)
)

// report is what a node said of itself, and when; of one that has said nothing
// to this oracle, oldest is 0.
type report struct {
	oldest txn.Timestamp
	at     time.Time
}

// round is one confirmation and those who wait for it.
type round struct {
	done chan struct{}
	err  error // set before done is closed
}

// Lead makes the leader of an oracle that has been opened for this election.
// confirm reads the metadata store, linearizably, and fails when another
// process has been elected since; nil where that cannot be. revision is the
// catalog's newest at the election. nodes are those that may have drawn from
// the oracles before: their snapshots count as the oldest until they report.
func Lead(o *Oracle, confirm func(context.Context) error, revision uint64, nodes []uint32) *Leader {
	l := &Leader{oracle: o, confirm: confirm, now: time.Now, wake: make(chan struct{}, 1), reports: map[uint32]report{}, revision: revision}
	for _, node := range nodes {
		l.reports[node] = report{at: l.now()}
	}
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	l.done.Go(func() { l.rounds(ctx) })
	return l
}

// Close ends the leader: whoever waits gets an error. Nobody is answered after it.
func (l *Leader) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.stop()
	l.done.Wait()
}

// Draw implements Source.
func (l *Leader) Draw(ctx context.Context, r DrawRequest) (DrawReply, error) {
	if r.Count < 0 || r.Count > maxDraw {
		return DrawReply{}, pgerr.New(pgerr.ProtocolViolation, "%d timestamps in one request to the timestamp oracle", r.Count)
	}
	first, err := l.oracle.drawMany(ctx, r.Count)
	if err != nil {
		return DrawReply{}, err
	}
	if err := l.confirmed(ctx); err != nil {
		return DrawReply{}, err
	}
	return l.reply(r, first)
}

// reply notes the report and answers.
func (l *Leader) reply(r DrawRequest, first txn.Timestamp) (DrawReply, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return DrawReply{}, errNoLeader()
	}
	oldest := r.Oldest
	if oldest == 0 {
		oldest = first
	}
	l.reports[r.Node] = report{oldest: oldest, at: l.now()}
	l.revision = max(l.revision, r.Revision)
	return DrawReply{First: first, Oldest: l.oldestLocked(), Revision: l.revision}, nil
}

// oldestLocked is at or below what every node reports; the caller holds mu.
func (l *Leader) oldestLocked() txn.Timestamp {
	oldest := l.oracle.Oldest()
	for node, r := range l.reports {
		if l.now().Sub(r.at) > forgetAfter {
			delete(l.reports, node)
			continue
		}
		oldest = min(oldest, r.oldest)
	}
	l.oldest = max(l.oldest, oldest)
	return l.oldest
}

// confirmed waits for a confirmation that begins after the call.
func (l *Leader) confirmed(ctx context.Context) error {
	if l.confirm == nil {
		return nil
	}
	r, err := l.join()
	if err != nil {
		return err
	}
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// join enters the round that begins next.
func (l *Leader) join() (*round, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, errNoLeader()
	}
	if l.next == nil {
		l.next = &round{done: make(chan struct{})}
		l.wake <- struct{}{} // there is room: the goroutine has taken the last one before it took next
	}
	return l.next, nil
}

// rounds confirms round after round; when the leader is closed, in vain.
func (l *Leader) rounds(ctx context.Context) {
	for {
		select {
		case <-l.wake:
		case <-ctx.Done():
			l.failNext()
			return
		}
		r := l.takeNext()
		if r.err = l.confirm(ctx); r.err != nil && ctx.Err() != nil {
			r.err = errNoLeader() // those who wait have not cancelled anything: they ask the next one
		}
		close(r.done)
	}
}

func (l *Leader) takeNext() *round {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.next
	l.next = nil
	return r
}

// failNext answers those who had joined when the leader was closed.
func (l *Leader) failNext() {
	if r := l.takeNext(); r != nil {
		r.err = errNoLeader()
		close(r.done)
	}
}

// Snapshot implements txn.Oracle.
func (l *Leader) Snapshot(ctx context.Context) (txn.Timestamp, error) { return l.oracle.Snapshot(ctx) }

// Release implements txn.Oracle.
func (l *Leader) Release(s txn.Timestamp) { l.oracle.Release(s) }

// Commit implements txn.Oracle.
func (l *Leader) Commit(ctx context.Context) (txn.Timestamp, error) { return l.oracle.Commit(ctx) }

// Oldest implements txn.Oracle: of this process's snapshots and all that nodes report.
func (l *Leader) Oldest() txn.Timestamp {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.oldestLocked()
}

// InUse implements txn.Oracle: this process's snapshots; of other nodes' only
// the oldest is known.
func (l *Leader) InUse(dst []txn.Timestamp) ([]txn.Timestamp, txn.Timestamp) {
	l.mu.Lock()
	defer l.mu.Unlock()
	snapshots, known := l.oracle.InUse(dst)
	for _, r := range l.reports {
		known = min(known, r.oldest)
	}
	return snapshots, known
}

// Published notes a revision of the catalog that this process has published,
// for the nodes that ask next.
func (l *Leader) Published(revision uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.revision = max(l.revision, revision)
}

// Registered is how many snapshots are in use in this process.
func (l *Leader) Registered() int { return l.oracle.Registered() }

// Revision is the newest revision of the catalog that any node has reported.
func (l *Leader) Revision() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.revision
}

// errNoLeader is what a node learns when there is no oracle, or one that is none any more.
func errNoLeader() *pgerr.E {
	return pgerr.New(pgerr.CannotConnectNow, "the cluster has no timestamp oracle at the moment")
}
