package txn

import (
	"context"
	"maps"
	"slices"
	"sort"
	"sync"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Branch is a transaction's part in one log.
type Branch struct {
	Log    LogID
	Shards []Enlistment
}

// Committer ends transactions; twopc.Coordinator is the real one.
type Committer interface {
	// Commit returns when the outcome is durable. 40001 and the like: aborted
	// everywhere. 08007: nobody could be asked.
	Commit(ctx context.Context, id ID, branches []Branch) (Outcome, error)
	// Rollback drops write sets and locks; it needs no answer from anybody.
	Rollback(ctx context.Context, id ID, branches []Branch)
}

// Cutter takes statements back on one shard (ROLLBACK TO SAVEPOINT).
type Cutter interface {
	Cut(ctx context.Context, id ID, e Enlistment, from, sent Statement) error
}

// Manager begins a node's transactions.
type Manager struct {
	node, boot uint32
	oracle     Oracle
	committer  Committer
	cutter     Cutter
	logOf      func(shard uint32) LogID

	mu  sync.Mutex // protects the fields below
	seq uint64
	// sessions counts those that were named.
	sessions uint64
	open     map[uint64]struct{} // the sequences of transactions that are not over
}

// NewManager makes the transactions of one boot of a node. logOf says which
// log a shard belongs to.
func NewManager(node, boot uint32, o Oracle, c Committer, cut Cutter, logOf func(uint32) LogID) *Manager {
	return &Manager{node: node, boot: boot, oracle: o, committer: c, cutter: cut, logOf: logOf, open: map[uint64]struct{}{}}
}

// Begin starts a transaction. Nothing is drawn or sent before it is needed.
func (m *Manager) Begin(level Isolation) *Txn {
	m.mu.Lock()
	m.seq++
	id := ID{Node: m.node, Boot: m.boot, Seq: m.seq}
	m.open[m.seq] = struct{}{}
	m.mu.Unlock()
	return &Txn{manager: m, id: id, level: level}
}

// Session names a session, for ever (ID.IsSession).
func (m *Manager) Session() ID {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sessions++
	return ID{Node: m.node, Boot: m.boot, Seq: ofSession | m.sessions}
}

// Over returns which of this node's transactions are over. What a shard has of
// them that is not prepared is of no use to anybody: the message that ended it
// there was lost, or overtaken by a statement.
func (m *Manager) Over(ids []ID) []ID {
	m.mu.Lock()
	defer m.mu.Unlock()
	var over []ID
	for _, id := range ids {
		if _, open := m.open[id.Seq]; id.Node == m.node && id.Boot <= m.boot && (id.Boot < m.boot || !open) {
			over = append(over, id)
		}
	}
	return over
}

// Ahead reports whether a transaction of this boot has not begun yet.
func (m *Manager) Ahead(id ID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return id.Seq > m.seq
}

// Txn is a transaction as its coordinator sees it: which statements were sent,
// which shards hold something of it, what it reads at. Statements of one
// transaction may touch shards concurrently; beginning and ending statements
// and the transaction is for the session's goroutine alone.
type Txn struct {
	manager *Manager
	id      ID
	level   Isolation
	last    Statement // the highest number given out

	mu       sync.Mutex // protects the fields below
	snapshot Timestamp  // of RepeatableRead and up, once drawn
	shards   map[uint32]Enlistment
	unsure   map[uint32]Statement // whose answer to the statement was lost
}

// ID returns the transaction's identity.
func (t *Txn) ID() ID { return t.id }

// Isolation returns the level in force.
func (t *Txn) Isolation() Isolation { return t.level }

// SetIsolation changes the level, which only a transaction without a snapshot can (25001).
func (t *Txn) SetIsolation(level Isolation) error {
	if t.level != level && (t.last > 0 || t.Drawn() != 0) {
		return pgerr.New(pgerr.ActiveSQLTransaction, "SET TRANSACTION ISOLATION LEVEL must be called before any query")
	}
	t.level = level
	return nil
}

// Begun reports whether any statement has run.
func (t *Txn) Begun() bool { return t.last > 0 }

// Wrote reports whether any shard holds something of the transaction.
func (t *Txn) Wrote() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.shards) > 0
}

// Shards are those that hold something of the transaction, in order.
func (t *Txn) Shards() []uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Sorted(maps.Keys(t.shards))
}

// Run is one statement of a transaction (or one portal): its number and its snapshot.
type Run struct {
	txn      *Txn
	level    Isolation
	number   Statement
	mu       sync.Mutex // protects snapshot, and number against TakeBack
	snapshot Timestamp
	// of is the statement that this one reads as; nil is none.
	of *Run
}

// Within starts a query of a function that the statement calls and that reads what
// the statement reads: at its snapshot, without what it has written.
func (r *Run) Within() *Run { return &Run{txn: r.txn, level: r.level, number: r.Statement(), of: r} }

// Run starts the next statement. Close it when its last row was read.
func (t *Txn) Run() *Run {
	t.last++
	return &Run{txn: t, level: t.level, number: t.last}
}

// RunLatest starts a statement that reads what is newest whatever the
// transaction's level, as a schema change reads its tables' rows (PostgreSQL's
// GetLatestSnapshot). Its tables are locked: nobody else writes to them.
func (t *Txn) RunLatest() *Run {
	r := t.Run()
	r.level = ReadCommitted
	return r
}

// ID returns the transaction's identity.
func (r *Run) ID() ID { return r.txn.id }

// Isolation returns the level that the statement runs at.
func (r *Run) Isolation() Isolation { return r.level }

// Statement returns the number that this statement's writes carry.
func (r *Run) Statement() Statement {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.number
}

// TakeBack undoes what the statement has done so far, on every shard, and lets
// its locks go; what it does from now on carries a new number. It reports false
// when a later statement has begun: then nothing is taken back.
func (r *Run) TakeBack(ctx context.Context) (bool, error) {
	t := r.txn
	if r.number != t.last || r.of != nil {
		return false, nil
	}
	if err := t.RollbackTo(ctx, Mark(r.number-1)); err != nil {
		return false, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t.last++
	r.number = t.last
	return true, nil
}

// Snapshot returns what the statement reads at: the transaction's snapshot, or
// under READ COMMITTED one of its own. It is drawn at the first call.
func (r *Run) Snapshot(ctx context.Context) (Timestamp, error) {
	if r.of != nil {
		return r.of.Snapshot(ctx)
	}
	if r.level != ReadCommitted {
		return r.txn.Snapshot(ctx)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.snapshot == 0 {
		s, err := r.txn.manager.oracle.Snapshot(ctx)
		if err != nil {
			return 0, err
		}
		r.snapshot = s
	}
	return r.snapshot, nil
}

// Redraw gives up a statement's snapshot that a shard refused, so that the
// next Snapshot draws a newer one. It reports false when the snapshot is the
// transaction's, which cannot change.
func (r *Run) Redraw() bool {
	if r.level != ReadCommitted || r.of != nil {
		return false
	}
	r.Close()
	return true
}

// Close releases the statement's snapshot.
func (r *Run) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.snapshot != 0 {
		r.txn.manager.oracle.Release(r.snapshot)
		r.snapshot = 0
	}
}

// Incarnation returns what the shard said on first contact, 0 before.
func (r *Run) Incarnation(shard uint32) Incarnation {
	r.txn.mu.Lock()
	defer r.txn.mu.Unlock()
	return r.txn.shards[shard].Incarnation
}

// Touched records that the shard acknowledged this statement's writes or locks.
// Incarnation 0 says that the answer was lost: whatever is taken back is taken
// back there too, and a commit before that is refused.
func (r *Run) Touched(shard uint32, inc Incarnation) {
	t, number := r.txn, r.Statement()
	t.mu.Lock()
	defer t.mu.Unlock()
	if inc == 0 {
		if t.unsure == nil {
			t.unsure = map[uint32]Statement{}
		}
		t.unsure[shard] = number
		return
	}
	if t.shards == nil {
		t.shards = map[uint32]Enlistment{}
	}
	t.shards[shard] = Enlistment{Shard: shard, Incarnation: inc, Last: max(t.shards[shard].Last, number)}
}

// Leave takes a shard out of the transaction again that only this statement has
// touched, and where nothing is left to commit: its part there ends now.
func (r *Run) Leave(ctx context.Context, shard uint32) error {
	t, number := r.txn, r.Statement()
	// Without an incarnation all is taken back, and the shard not counted in.
	if err := t.manager.cutter.Cut(ctx, t.id, Enlistment{Shard: shard}, number, number); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.shards, shard)
	return nil
}

// Snapshot returns the transaction's snapshot, drawn at the first call.
func (t *Txn) Snapshot(ctx context.Context) (Timestamp, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.snapshot == 0 {
		s, err := t.manager.oracle.Snapshot(ctx)
		if err != nil {
			return 0, err
		}
		t.snapshot = s
	}
	return t.snapshot, nil
}

// Drawn returns the transaction's snapshot if it has been drawn, else 0. Any
// goroutine may ask.
func (t *Txn) Drawn() Timestamp {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.snapshot
}

// Mark is the place of a savepoint: statements after it can be taken back.
type Mark Statement

// Mark returns the present place.
func (t *Txn) Mark() Mark { return Mark(t.last) }

// RollbackTo takes back every statement after the mark, on every shard that has seen one.
func (t *Txn) RollbackTo(ctx context.Context, m Mark) error {
	from, sent := Statement(m)+1, t.last
	for _, e := range t.enlistments() {
		if e.Last < from {
			continue
		}
		if err := t.manager.cutter.Cut(ctx, t.id, e, from, sent); err != nil {
			return err
		}
		t.sure(e.Shard)
	}
	return nil
}

// sure notes that nothing is left of a statement whose answer was lost.
func (t *Txn) sure(shard uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.unsure, shard)
}

// Commit makes the transaction's writes durable and visible, all or none.
func (t *Txn) Commit(ctx context.Context) error {
	defer t.release()
	branches := t.Branches()
	if len(branches) == 0 {
		return nil
	}
	_, err := t.manager.committer.Commit(ctx, t.id, branches)
	return err
}

// Rollback gives the transaction up.
func (t *Txn) Rollback(ctx context.Context) {
	defer t.release()
	if branches := t.Branches(); len(branches) > 0 {
		t.manager.committer.Rollback(ctx, t.id, branches)
	}
}

// Ended releases the snapshot of a transaction that its caller has ended
// without Commit or Rollback.
func (t *Txn) Ended() { t.release() }

// Branches are the transaction's parts, by log.
func (t *Txn) Branches() []Branch {
	var branches []Branch
	at := map[LogID]int{}
	for _, e := range t.enlistments() {
		id := t.manager.logOf(e.Shard)
		i, ok := at[id]
		if !ok {
			i = len(branches)
			at[id] = i
			branches = append(branches, Branch{Log: id})
		}
		branches[i].Shards = append(branches[i].Shards, e)
	}
	return branches
}

// enlistments lists the touched shards in shard order. One that has never
// answered has no incarnation, which no commit accepts.
func (t *Txn) enlistments() []Enlistment {
	t.mu.Lock()
	defer t.mu.Unlock()
	es := make([]Enlistment, 0, len(t.shards)+len(t.unsure))
	for _, e := range t.shards {
		e.Last = max(e.Last, t.unsure[e.Shard])
		es = append(es, e)
	}
	for id, number := range t.unsure {
		if _, counted := t.shards[id]; !counted {
			es = append(es, Enlistment{Shard: id, Last: number})
		}
	}
	sort.Slice(es, func(i, j int) bool { return es[i].Shard < es[j].Shard })
	return es
}

// release ends what the node keeps of the transaction. A commit that was
// answered may still be resolved behind it: what is prepared is asked for elsewhere.
func (t *Txn) release() {
	t.manager.mu.Lock()
	delete(t.manager.open, t.id.Seq)
	t.manager.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.snapshot != 0 {
		t.manager.oracle.Release(t.snapshot)
		t.snapshot = 0
	}
}
