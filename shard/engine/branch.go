package engine

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/recent"
	"github.com/pegmatitedb/pegmatite/txn"
)

// branch is one transaction on one shard: its write set and where it stands.
// Its locks are in the lock table, under its id.
type branch struct {
	id        txn.ID
	engine    *Engine
	isolation txn.Isolation
	since     time.Time

	// turn is held (one element) by the statement that writes, by a cut and by the end.
	turn chan struct{}

	mu      sync.RWMutex // protects all below
	state   branchState
	last    txn.Statement      // the highest that was acknowledged
	refused txn.Statement      // statements up to here come too late (rule 10)
	cancel  context.CancelFunc // of the statement that is writing
	writing txn.Statement      // its number
	// set is the write set: its times are statement numbers. It is frozen from
	// commit or prepare on: then no lock is needed to read it.
	set *recent.Shard
	// runs are what did not fit into memory, by table; see ownset.go.
	runs map[uint64][]*run
	cuts []cutRange
	// loads are the tables that the branch fills straight in SQLite; see load.go.
	loads map[uint64]*load
	// reshapes are the tables that the branch changes the schema of; see reshape.go.
	reshapes map[uint64]*reshape
	// exclusive are the relations that are locked as a whole, by OID; the
	// statement's that writes, which holds turn.
	exclusive map[uint64]bool
	plans     []usedPlan // of the tables that the branch holds; the statement's that writes, as above
	// left are statements that were taken back and could not be taken out of the file.
	left     []cutRange
	rowLocks int // taken since the last try to lock a whole table
}

type branchState uint8

const (
	branchActive branchState = iota
	branchFrozen             // a commit or prepare has begun
	branchEnded              // committed or rolled back
)

func errLateStatement() error {
	return pgerr.New(pgerr.TRSerializationFailure, "could not serialize access: statement arrived after it was taken back")
}

// branchOf finds the transaction's branch; write makes one on first contact.
// A transaction that has been here in another incarnation is refused.
func (e *Engine) branchOf(ctx context.Context, h *shard.Header, write bool) (*branch, error) {
	if h.Incarnation != 0 && h.Incarnation != e.incarnation {
		return nil, shard.Refuse(shard.RefusedRestart)
	}
	if h.Txn.IsZero() {
		if write {
			return nil, pgerr.Internal("a write without a transaction")
		}
		return nil, nil
	}
	e.branchMu.RLock()
	b := e.branches[h.Txn]
	e.branchMu.RUnlock()
	if b != nil || !write && h.Incarnation == 0 {
		return b, nil
	}
	if h.Incarnation != 0 {
		// It had a write set here, by this incarnation, and it is gone: the
		// statement comes after the end.
		return nil, shard.Refuse(shard.RefusedRestart)
	}
	if err := e.participant.node.boots.admit(h.Txn, e.participant.node.dropBoots); err != nil {
		return nil, err
	}
	e.branchMu.Lock()
	defer e.branchMu.Unlock()
	if err := e.admitNew(ctx, h.Txn); err != nil {
		return nil, err
	}
	if b := e.branches[h.Txn]; b != nil {
		return b, nil
	}
	b = e.newBranch(h.Txn, h.Isolation)
	return b, nil
}

// newBranch registers a branch; the caller holds branchMu.
func (e *Engine) newBranch(id txn.ID, isolation txn.Isolation) *branch {
	b := &branch{id: id, engine: e, isolation: isolation, since: time.Now(), turn: make(chan struct{}, 1), set: recent.New(0)}
	e.branches[id] = b
	return b
}

// begin waits for the branch's turn and starts a statement that writes. The
// context that it returns ends with the statement's branch.
func (b *branch) begin(ctx context.Context, number txn.Statement) (context.Context, error) {
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		b.abandon()
		return nil, pgerr.From(ctx.Err())
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state != branchActive || number <= b.refused {
		<-b.turn
		return nil, errLateStatement()
	}
	ctx, b.cancel = context.WithCancel(ctx)
	b.writing = number
	return ctx, nil
}

// abandon forgets a branch that was made for a statement which did not begin:
// a coordinator does not count the shard in for that, so no rollback would come.
func (b *branch) abandon() {
	select {
	case b.turn <- struct{}{}:
	default:
		return // the statement that is running sees to it
	}
	b.mu.Lock()
	unknown := b.last == 0 && b.refused == 0 && b.state == branchActive
	if unknown {
		b.state = branchEnded
	}
	b.mu.Unlock()
	if unknown {
		b.engine.forget(b)
	}
	<-b.turn
}

// finish ends a statement, and returns its error. One that failed leaves nothing
// behind. ctx is what it was asked for under: as long as that goes on, nobody has
// cancelled the statement; it stopped because its branch was ended, by a move or
// because its coordinator is gone.
func (b *branch) finish(ctx context.Context, number txn.Statement, err error) error {
	failed := err != nil
	if failed {
		b.takeOut(number, number, true) // an error stays in b.left
	}
	b.mu.Lock()
	if b.state == branchEnded && ctx.Err() == nil && pgerr.HasCode(err, pgerr.QueryCanceled) {
		err = shard.Refuse(shard.RefusedRestart)
	}
	b.cancel()
	b.cancel = nil
	if failed {
		b.takeBack(number, number)
	} else {
		b.last = max(b.last, number)
	}
	// A coordinator does not count a shard in whose first statement failed.
	unknown := b.last == 0 && b.state == branchActive
	if unknown {
		b.state = branchEnded
	}
	b.mu.Unlock()
	if unknown {
		b.engine.forget(b)
	}
	<-b.turn
	return err
}

// takeBack undoes the statements between two numbers; the caller holds mu and turn.
func (b *branch) takeBack(from, to txn.Statement) {
	for _, t := range b.set.Tables() {
		t.Cut(txn.Timestamp(from), txn.Timestamp(to))
	}
	if b.large() {
		b.cuts = append(b.cuts, cutRange{from: from, to: to})
	}
	b.exclusive = nil // perhaps taken by what goes; the next try finds out
	b.plans = slices.DeleteFunc(b.plans, func(u usedPlan) bool { return from <= u.statement && u.statement <= to })
	b.engine.locks.takeBack(b.id, from, to)
}

// cut is CutRequest: it stops the statement that is writing, if it is to go.
// What is newer than sent the coordinator has sent after an earlier copy of the
// request had arrived: it stays (rule 10).
func (b *branch) cut(ctx context.Context, from, sent txn.Statement) error {
	b.mu.Lock()
	if b.state != branchActive {
		b.mu.Unlock()
		return errLateStatement()
	}
	b.refused = max(b.refused, sent)
	if b.cancel != nil && b.writing <= sent {
		b.cancel()
	}
	b.mu.Unlock()
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return pgerr.From(ctx.Err())
	}
	defer func() { <-b.turn }()
	b.mu.RLock()
	active := b.state == branchActive
	b.mu.RUnlock()
	if !active { // since: whoever prepares needs the turn, too
		return errLateStatement()
	}
	err := b.takeOut(from, sent, true)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.takeBack(from, sent)
	return err
}

// freeze stops further statements before a commit or prepare; last is what the
// coordinator counted (rule 6).
func (b *branch) freeze(last txn.Statement) error {
	// Before the turn: a duplicate that finds it taken is to find the branch frozen then.
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case b.turn <- struct{}{}:
	default:
		// A statement is still running that the coordinator does not count.
		return shard.Refuse(shard.RefusedRestart)
	}
	defer func() { <-b.turn }()
	if b.state != branchActive || b.last != last {
		return shard.Refuse(shard.RefusedRestart)
	}
	if err := b.engine.fences.checkAll(b.plans); err != nil {
		return err
	}
	if b.left != nil {
		return pgerr.New(pgerr.IOError, "what was rolled back to a savepoint could not be taken out of a shard's file")
	}
	b.state = branchFrozen
	return nil
}

// thaw takes freeze back: nothing was appended.
func (b *branch) thaw() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == branchFrozen {
		b.state = branchActive
	}
}

// rollback ends the branch without a trace, unless its commit or prepare has begun.
func (b *branch) rollback() {
	b.mu.Lock()
	if b.state != branchActive {
		b.mu.Unlock()
		return
	}
	b.state = branchEnded
	if b.cancel != nil {
		b.cancel()
	}
	b.mu.Unlock()
	b.turn <- struct{}{} // the statement that was writing has stopped
	b.engine.forget(b)
	<-b.turn
}

// ended reports whether the transaction is over here.
func (b *branch) ended() bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.state == branchEnded
}

// forget removes an ended branch and gives its locks back.
func (e *Engine) forget(b *branch) {
	e.branchMu.Lock()
	delete(e.branches, b.id)
	e.entrance.leaving++
	e.branchMu.Unlock()
	if err := b.takeOut(0, ^txn.Statement(0), false); err != nil {
		e.cfg.Logger.Warn("what a transaction did to its shard's file cannot be taken out yet, it stays hidden", "shard", e.id, "error", err)
		e.left.Store(true)
		e.wake()
	}
	e.locks.release(b.id)
	b.mu.Lock()
	b.dropRuns()
	b.mu.Unlock()
	e.branchMu.Lock()
	e.entrance.leaving--
	e.departed()
	e.branchMu.Unlock()
}

// wrote reports whether the write set holds anything.
func (b *branch) wrote() bool {
	return b.set.Usage().Chains > 0 || b.large() || len(b.loads) > 0 || len(b.reshapes) > 0
}
