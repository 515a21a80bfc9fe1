package cluster

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard/remote/codec"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
	"github.com/pegmatitedb/pegmatite/txn/objectlock"
)

// What a transaction has locked of another node's objects, or a session beyond
// its transactions, lives as long as one gRPC stream. So there is nothing to give back that a lost message, or a dead
// node, could leave behind. Messages are lockOrder one way, lockAnswer the
// other: each order but giveUp is answered, a lock after what is waited for.
const lockStream = "Objects"

// lockWithin bounds the wait for answers that take no waiting for locks: a
// node that gives none by then has lost its stream.
const lockWithin = 2 * time.Second

// lockOrder is one of its parts, the first of all Owner.
type lockOrder struct {
	Owner   *txn.ID        `json:",omitempty"` // whose locks they are
	Locks   []lockKey      `json:",omitempty"` // to take
	For     *txn.ID        `json:",omitempty"` // the transaction that waits for Locks, where Owner is a session
	Timeout time.Duration  `json:",omitempty"` // for each of Locks
	GiveUp  bool           `json:",omitempty"` // the last Locks, if they are still waited for
	Cut     *txn.Statement `json:",omitempty"` // gives back what statements from here on have taken
	Yield   []lockKey      `json:",omitempty"` // gives back these
	CatchUp bool           `json:",omitempty"` // know what has been published of the catalog
}

// lockKey is a lock.Request in JSON: a key's bytes are no text.
type lockKey struct {
	Statement txn.Statement
	Space     lock.Space
	Object    uint64
	Bytes     []byte
	Mode      lock.Mode
	Policy    lock.Policy
}

// lockAnswer says what is waited for, or that an order is done.
type lockAnswer struct {
	Waits    *lockKey `json:",omitempty"`
	Since    time.Time
	Blockers []txn.ID `json:",omitempty"`
}

func lockKeyOf(k lock.Key, m lock.Mode) lockKey {
	return lockKey{Space: k.Space, Object: k.Object, Bytes: []byte(k.Bytes), Mode: m}
}

// lockKeysOf are requests in JSON.
func lockKeysOf(rs []lock.Request) []lockKey {
	keys := make([]lockKey, len(rs))
	for i := range rs {
		keys[i] = lockKeyOf(rs[i].Key, rs[i].Mode)
		keys[i].Statement, keys[i].Policy = rs[i].Statement, rs[i].Policy
	}
	return keys
}

func (k *lockKey) key() lock.Key {
	return lock.Key{Space: k.Space, Object: k.Object, Bytes: string(k.Bytes)}
}

// requestsOf are lockKeysOf's requests, for an owner.
func requestsOf(owner txn.ID, keys []lockKey) []lock.Request {
	rs := make([]lock.Request, len(keys))
	for i := range keys {
		k := &keys[i]
		rs[i] = lock.Request{Owner: owner, Statement: k.Statement, Key: k.key(), Mode: k.Mode, Policy: k.Policy}
	}
	return rs
}

var _ objectlock.Elsewhere = (*Members)(nil)

// Self implements objectlock.Elsewhere.
func (m *Members) Self() uint32 { return m.self }

// Nodes implements objectlock.Elsewhere.
func (m *Members) Nodes() []uint32 { return *m.live.Load() }

// Lives reports whether another node does, as far as this one knows.
func (m *Members) Lives(node uint32) bool { return slices.Contains(*m.live.Load(), node) }

// Lease is told how this node knows that others do not take it for dead.
func (m *Members) Lease(sure func() bool) { m.sure.Store(&sure) }

// Lapse says that this node's lease was over: others may have taken it for
// dead, if there are others.
func (m *Members) Lapse() {
	if len(*m.nodes.Load()) > 0 {
		m.life.Add(1)
	}
}

// Alive implements objectlock.Elsewhere. Who has never had other nodes is its own witness.
func (m *Members) Alive() (life uint64, err error) {
	life = m.life.Load()
	if len(*m.nodes.Load()) == 0 {
		return life, nil
	}
	if sure := m.sure.Load(); sure != nil && (*sure)() {
		return life, nil
	}
	return life, pgerr.New(pgerr.SystemError, "advisory locks are not available: the metadata store does not answer").
		WithDetail("For some seconds it has not confirmed that this node lives. Other nodes may take its sessions for ended, and give their locks to others.")
}

// Lost implements objectlock.Elsewhere.
func (m *Members) Lost(b objectlock.Branch) bool { return b.(*branch).stream.Context().Err() != nil }

// Open implements objectlock.Elsewhere.
func (m *Members) Open(ctx context.Context, node uint32, owner txn.ID, transaction func() txn.ID) (objectlock.Branch, error) {
	n := m.find(node)
	if n == nil || n.conn == nil {
		return nil, errLocks(node, nil)
	}
	b := &branch{node: node, transaction: transaction}
	var lives context.Context
	lives, b.cancel = context.WithCancel(context.WithoutCancel(ctx))
	b.unbind = m.lives.bind(node, b.cancel)
	opened := context.AfterFunc(ctx, b.cancel)
	var err error
	b.stream, err = n.conn.NewStream(lives, &grpc.StreamDesc{StreamName: lockStream, ClientStreams: true, ServerStreams: true}, "/"+peerService+"/"+lockStream)
	if err == nil {
		err = b.send(lockOrder{Owner: &owner})
	}
	if !opened() {
		err = pgerr.From(ctx.Err())
	}
	if err != nil {
		b.end()
		if ctx.Err() != nil {
			return nil, pgerr.From(ctx.Err())
		}
		return nil, errLocks(node, err)
	}
	return b, nil
}

// errLocks says that a node does not answer.
func errLocks(node uint32, cause error) error {
	e := pgerr.New(pgerr.ConnectionFailure, "connection to node %d failed", node)
	if cause == nil {
		return e
	}
	return e.WithDetail("%s", status.Convert(cause).Message()).WithCause(cause)
}

// branch is the transaction's side of a stream.
type branch struct {
	node        uint32
	transaction func() txn.ID // of the session that holds it; nil of a transaction's
	stream      grpc.ClientStream
	cancel      context.CancelFunc
	unbind      func()
}

func (b *branch) end() {
	b.cancel()
	b.unbind()
}

func (b *branch) send(o lockOrder) error {
	bytes, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return b.stream.SendMsg(&codec.Frame{Bytes: bytes})
}

// Acquire implements objectlock.Branch.
func (b *branch) Acquire(ctx context.Context, rs []lock.Request, timeout time.Duration, waits func(objectlock.Entry)) error {
	o := lockOrder{Timeout: timeout, Locks: lockKeysOf(rs)}
	if b.transaction != nil {
		o.For = new(b.transaction())
	}
	if rs[0].Policy == lock.Try {
		defer time.AfterFunc(lockWithin, b.cancel).Stop()
	}
	if err := b.send(o); err != nil {
		return errLocks(b.node, err)
	}
	gaveUp := make(chan *time.Timer, 1)
	watched := context.AfterFunc(ctx, func() {
		unheard := time.AfterFunc(lockWithin, b.cancel)
		_ = b.send(lockOrder{GiveUp: true}) // if it does not arrive, no answer does
		gaveUp <- unheard
	})
	err := b.answer(func(a *lockAnswer) {
		waits(objectlock.Entry{Owner: rs[0].Owner, Key: a.Waits.key(), Mode: a.Waits.Mode, Since: a.Since, Blockers: a.Blockers})
	})
	if !watched() {
		(<-gaveUp).Stop()
		return pgerr.From(ctx.Err()) // what was granted in the same moment goes with the statement
	}
	return err
}

// answer reads what an order is answered with.
func (b *branch) answer(waits func(*lockAnswer)) error {
	for {
		var frame codec.Frame
		if err := b.stream.RecvMsg(&frame); err != nil {
			return errLocks(b.node, err)
		}
		raw, err := codec.DecodeRaw(frame.Bytes)
		if err != nil {
			return err
		}
		var a lockAnswer
		if err := json.Unmarshal(raw, &a); err != nil {
			return err
		}
		if a.Waits == nil {
			return nil
		}
		waits(&a)
	}
}

// Cut implements objectlock.Branch.
func (b *branch) Cut(from txn.Statement) { b.giveBack(lockOrder{Cut: &from}) }

// Yield implements objectlock.Branch.
func (b *branch) Yield(rs []lock.Request) { b.giveBack(lockOrder{Yield: lockKeysOf(rs)}) }

// giveBack sends an order that waits for nobody.
func (b *branch) giveBack(o lockOrder) {
	defer time.AfterFunc(lockWithin, b.cancel).Stop()
	if b.send(o) == nil {
		_ = b.answer(nil) // a stream that is lost holds nothing
	}
}

// CatchUp implements objectlock.Branch.
func (b *branch) CatchUp() {
	defer time.AfterFunc(lockWithin, b.cancel).Stop()
	if b.send(lockOrder{CatchUp: true}) == nil {
		_ = b.answer(nil) // a node that does not answer is told by shards what is too old
	}
}

// Close implements objectlock.Branch.
func (b *branch) Close() {
	defer b.end()
	defer time.AfterFunc(lockWithin, b.cancel).Stop()
	if b.stream.CloseSend() == nil {
		_ = b.answer(func(*lockAnswer) {}) // the other side ends the stream when all is given back
	}
}

// guest is the other side of a stream.
type guest struct {
	stream  grpc.ServerStream
	catchUp func(context.Context) error
	holder  *objectlock.Holder
	owner   txn.ID
	waiter  atomic.Pointer[txn.ID] // of the locks that are being taken, where owner is a session
	giveUp  context.CancelFunc
	taking  sync.WaitGroup // what takes locks; only that sends meanwhile
}

// lockObjects serves a stream.
func (p *Peer) lockObjects(stream grpc.ServerStream) error {
	g := &guest{stream: stream, catchUp: p.CatchUp, giveUp: func() {}}
	o, err := g.receive()
	if err != nil || o.Owner == nil {
		return err
	}
	g.owner, g.holder = *o.Owner, p.Locks.Guest(g.waits, g.transaction(o.Owner))
	defer g.holder.Leave()
	ctx, cancel := context.WithCancel(stream.Context())
	defer p.Follow(g.owner.Node, cancel)()
	defer g.taking.Wait()
	defer cancel()
	if g.owner.IsSession() && !p.Lives(g.owner.Node) {
		return errLocks(g.owner.Node, nil) // from here on it would not be asked (objectlock.Holder.Take)
	}
	for {
		o, err := g.receive()
		if err != nil || ctx.Err() != nil {
			return nil
		}
		g.obey(ctx, o)
	}
}

// transaction is objectlock.Keep's.
func (g *guest) transaction(owner *txn.ID) func() txn.ID {
	if !owner.IsSession() {
		return nil
	}
	return func() txn.ID {
		if w := g.waiter.Load(); w != nil {
			return *w
		}
		return txn.ID{}
	}
}

func (g *guest) receive() (o lockOrder, err error) {
	var frame codec.Frame
	if err := g.stream.RecvMsg(&frame); err != nil {
		return o, err
	}
	return o, json.Unmarshal(frame.Bytes, &o)
}

// obey does an order; taking locks goes on beside the next one, which can be to give up.
func (g *guest) obey(ctx context.Context, o lockOrder) {
	switch {
	case o.GiveUp:
		g.giveUp()
	case o.Cut != nil:
		g.taking.Wait()
		g.holder.Cut(*o.Cut)
		g.answer(lockAnswer{})
	case o.Yield != nil:
		g.taking.Wait()
		g.holder.Yield(requestsOf(g.owner, o.Yield)...)
		g.answer(lockAnswer{})
	case o.CatchUp:
		g.taking.Wait()
		_ = g.catchUp(ctx) // who waited for its locks tries again
		g.answer(lockAnswer{})
	default:
		g.taking.Wait()
		g.waiter.Store(o.For)
		ctx, g.giveUp = context.WithCancel(ctx)
		end := g.giveUp
		g.taking.Go(func() {
			defer end()
			g.take(ctx, o)
		})
	}
}

// take takes locks and answers.
func (g *guest) take(ctx context.Context, o lockOrder) {
	if _, err := g.holder.AcquireAll(ctx, requestsOf(g.owner, o.Locks), o.Timeout); err != nil {
		_ = g.stream.SendMsg(codec.EncodeError(err)) // as below
		return
	}
	g.answer(lockAnswer{})
}

// waits tells of a lock that has to be waited for.
func (g *guest) waits(e objectlock.Entry) {
	k := lockKeyOf(e.Key, e.Mode)
	g.answer(lockAnswer{Waits: &k, Since: e.Since, Blockers: e.Blockers})
}

func (g *guest) answer(a lockAnswer) {
	if b, err := json.Marshal(a); err == nil {
		_ = g.stream.SendMsg(codec.EncodeRaw(b)) // a stream that is lost is told by receive
	}
}

// lives are what ends with other nodes.
type lives struct {
	mu  sync.Mutex // protects of
	ids uint64
	of  map[uint32]map[uint64]context.CancelFunc // by node
}

// bind has cancel called when a node is down, has started again or is removed,
// until unbind.
func (l *lives) bind(node uint32, cancel context.CancelFunc) (unbind func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil {
		l.of = map[uint32]map[uint64]context.CancelFunc{}
	}
	if l.of[node] == nil {
		l.of[node] = map[uint64]context.CancelFunc{}
	}
	l.ids++
	id := l.ids
	l.of[node][id] = cancel
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.of[node], id)
	}
}

// end ends what depends on a node.
func (l *lives) end(node uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, cancel := range l.of[node] {
		cancel()
	}
}
