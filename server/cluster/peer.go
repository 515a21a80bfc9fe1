package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/remote"
	"github.com/pegmatitedb/pegmatite/shard/remote/codec"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
	"github.com/pegmatitedb/pegmatite/txn/objectlock"
	"github.com/pegmatitedb/pegmatite/txn/tso"
	"github.com/pegmatitedb/pegmatite/wire/session"
)

// peerService is the gRPC service of what nodes ask of each other beside
// shards and logs. Its messages are JSON in the frames of the shard service:
// most of them are rare, and a draw serves many statements.
const peerService = "pegmatite.node.v1"

// Peer is what a node answers to others.
type Peer struct {
	// Draw is the timestamp oracle, if the node is it.
	Draw func(ctx context.Context, r tso.DrawRequest) (tso.DrawReply, error)
	// Vouch says whether the node knows of no oracle after that of an epoch.
	Vouch func(ctx context.Context, epoch uint32) (bool, error)
	// Cancel interrupts a session of this node by its key; it reports nothing,
	// as CancelRequest does.
	Cancel func(process, secret uint32)
	// Waits are this node's, for another's search for a deadlock.
	Waits engine.Waits
	// Coordinated are the transactions that this node's sessions run.
	Coordinated func() []session.Coordinated
	// Party names a transaction that this node coordinates.
	Party func(txn.ID) lock.Party
	// Settle is Gate.Settle.
	Settle func(ctx context.Context, id txn.ID, out *txn.Outcome) error
	// Signal interrupts or ends a session of this node, and reports whether there is one.
	Signal func(process int32, terminate bool) bool
	// Activities are this node's sessions, SessionLocks what they hold that no shard has.
	Activities   func() []session.Activity
	SessionLocks func() []session.SessionLock
	// Sessions counts this node's in a database.
	Sessions func(database catalog.OID) int
	// Over says which of the transactions that this node coordinates are over.
	Over func([]txn.ID) []txn.ID
	// Adopt prepares to take in a shard from another node.
	Adopt func(shard.ID) (Incoming, error)
	// Locks are this node's on catalog objects, and advisory ones.
	Locks *objectlock.Locks
	// CatchUp waits until this node knows what has been published of the catalog.
	CatchUp func(context.Context) error
	// Follow has a function called when another node is down or has started again, until unbind.
	Follow func(node uint32, ended context.CancelFunc) (unbind func())
	// Welcome is told of a node that is about to serve clients.
	Welcome func(ctx context.Context, node uint32) error
	// Lives reports whether another node does, as far as this one knows.
	Lives func(node uint32) bool
	// Moves are the shards that this node moves away.
	Moves func() []Move
}

// cancelRequest is a CancelRequest that reached another node than the session's.
type cancelRequest struct {
	Process, Secret uint32
}

// signal is for a session that another node's asks to be interrupted or ended.
type signal struct {
	Process   int32
	Terminate bool
}

// settled is a transaction with DDL whose decision is to be forgotten.
type settled struct {
	Txn     txn.ID
	Outcome *txn.Outcome
}

// Register adds the service to a gRPC server that serves shards.
func (p *Peer) Register(g *grpc.Server) {
	g.RegisterService(&grpc.ServiceDesc{
		ServiceName: peerService, HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{
			answer("Draw", p.Draw),
			answer("Vouch", p.Vouch),
			answer("Cancel", func(_ context.Context, r cancelRequest) (struct{}, error) {
				p.Cancel(r.Process, r.Secret)
				return struct{}{}, nil
			}),
			answer("Waits", func(context.Context, struct{}) ([]wait, error) { return waitsOf(p.Waits.Edges()), nil }),
			answer("Jump", func(_ context.Context, waiter txn.ID) (bool, error) { return p.Waits.Jump(waiter), nil }),
			answer("Coordinated", func(context.Context, struct{}) ([]session.Coordinated, error) { return p.Coordinated(), nil }),
			answer("Settle", func(ctx context.Context, r settled) (struct{}, error) {
				return struct{}{}, p.Settle(ctx, r.Txn, r.Outcome)
			}),
			answer("Signal", func(_ context.Context, r signal) (bool, error) { return p.Signal(r.Process, r.Terminate), nil }),
			answer("Sessions", func(_ context.Context, db catalog.OID) (int, error) { return p.Sessions(db), nil }),
			answer("Activities", func(context.Context, struct{}) ([]session.Activity, error) { return p.Activities(), nil }),
			answer("SessionLocks", func(context.Context, struct{}) ([]session.SessionLock, error) { return p.SessionLocks(), nil }),
			answer("Welcome", func(ctx context.Context, node uint32) (struct{}, error) { return struct{}{}, p.Welcome(ctx, node) }),
			answer("Moves", func(context.Context, struct{}) ([]Move, error) { return p.Moves(), nil }),
			answer("Over", func(_ context.Context, ids []txn.ID) ([]txn.ID, error) { return p.Over(ids), nil }),
			answer("Party", func(_ context.Context, id txn.ID) (lock.Party, error) { return p.Party(id), nil }),
		},
		Streams: []grpc.StreamDesc{
			{StreamName: transferStream, ClientStreams: true, ServerStreams: true,
				Handler: func(_ any, stream grpc.ServerStream) error { return p.take(stream) }},
			{StreamName: lockStream, ClientStreams: true, ServerStreams: true,
				Handler: func(_ any, stream grpc.ServerStream) error { return p.lockObjects(stream) }},
		},
	}, p)
}

// answer makes a method of a function; its error travels in the reply.
func answer[Q, R any](name string, f func(context.Context, Q) (R, error)) grpc.MethodDesc {
	return grpc.MethodDesc{MethodName: name, Handler: func(srv any, ctx context.Context, decode func(any) error, around grpc.UnaryServerInterceptor) (any, error) {
		var frame codec.Frame
		if err := decode(&frame); err != nil {
			return nil, err
		}
		handle := func(ctx context.Context, request any) (any, error) { return answered(ctx, request.(*codec.Frame), f) }
		if around != nil {
			return around(ctx, &frame, &grpc.UnaryServerInfo{Server: srv, FullMethod: "/" + peerService + "/" + name}, handle)
		}
		return handle(ctx, &frame)
	}}
}

// answered is the frame with which a function answers one.
func answered[Q, R any](ctx context.Context, frame *codec.Frame, f func(context.Context, Q) (R, error)) (any, error) {
	var q Q
	if err := json.Unmarshal(frame.Bytes, &q); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	r, err := f(ctx, q)
	if err != nil {
		return codec.EncodeError(err), nil
	}
	b, err := json.Marshal(r)
	return codec.EncodeRaw(b), err
}

// ask asks another node. A connection that fails is 08006: whether it was done
// is not known.
func ask[Q, R any](ctx context.Context, conn *grpc.ClientConn, name string, q Q) (r R, err error) {
	b, err := json.Marshal(q)
	if err != nil {
		return r, err
	}
	var reply codec.Frame
	if err := conn.Invoke(ctx, "/"+peerService+"/"+name, &codec.Frame{Bytes: b}, &reply); err != nil {
		if ctx.Err() != nil {
			return r, pgerr.From(ctx.Err())
		}
		return r, remote.Lost(conn, err)
	}
	raw, err := codec.DecodeRaw(reply.Bytes)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(raw, &r)
}

// Cancel passes a CancelRequest on to the node whose session it names.
func (m *Members) Cancel(ctx context.Context, node uint32, process, secret uint32) error {
	n := m.find(node)
	if n == nil || n.conn == nil {
		return nil // as for a key that nobody has
	}
	_, err := ask[cancelRequest, struct{}](ctx, n.conn, "Cancel", cancelRequest{process, secret})
	return err
}

// Settle is Gate.Settle of all other nodes, or (only) of those that have one of
// some logs. It fails when one does not answer, or does not live.
func (m *Members) Settle(ctx context.Context, id txn.ID, out *txn.Outcome, only []txn.LogID) error {
	var asking sync.WaitGroup
	nodes := slices.Collect(maps.Values(*m.nodes.Load()))
	errs := make([]error, len(nodes))
	for i, n := range nodes {
		if only != nil && !slices.ContainsFunc(n.logs, func(log txn.LogID) bool { return slices.Contains(only, log) }) {
			continue
		}
		if !n.Live || n.conn == nil {
			errs[i] = pgerr.New(pgerr.ConnectionFailure, "node %q is down", n.Name)
			continue
		}
		asking.Go(func() { _, errs[i] = ask[settled, struct{}](ctx, n.conn, "Settle", settled{id, out}) })
	}
	asking.Wait()
	return errors.Join(errs...)
}

// Signal has a session of another node interrupted or ended, and reports
// whether there is one.
func (m *Members) Signal(ctx context.Context, node uint32, process int32, terminate bool) bool {
	n := m.find(node)
	if n == nil || n.conn == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, waitsWithin)
	defer cancel()
	found, err := ask[signal, bool](ctx, n.conn, "Signal", signal{process, terminate})
	return found && err == nil
}

// InDatabase counts the sessions of other nodes in a database, of those that answer.
func (m *Members) InDatabase(ctx context.Context, database catalog.OID) (n int) {
	for _, of := range askAll[catalog.OID, int](ctx, m, "Sessions", database) {
		n += of
	}
	return n
}

// Activities are the sessions of other nodes that answer, and the names of nodes that live and do not.
func (m *Members) Activities(ctx context.Context) (list []session.Activity, silent []string) {
	lists, silent := askEach[struct{}, []session.Activity](ctx, m, "Activities", struct{}{})
	return slices.Concat(lists...), silent
}

// Locks are what those sessions hold that no shard has, likewise.
func (m *Members) Locks(ctx context.Context) (list []session.SessionLock, silent []string) {
	lists, silent := askEach[struct{}, []session.SessionLock](ctx, m, "SessionLocks", struct{}{})
	return slices.Concat(lists...), silent
}

// source is another node's oracle.
type source struct {
	node     *member
	reign    *reign
	election *Election
}

// Draw implements tso.Source.
func (s source) Draw(ctx context.Context, r tso.DrawRequest) (tso.DrawReply, error) {
	under, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() {
		select {
		case <-s.reign.over:
			cancel()
		case <-under.Done():
		}
	})
	reply, err := ask[tso.DrawRequest, tso.DrawReply](under, s.node.conn, "Draw", r)
	ended := under.Err() != nil // by the reign's end, or the caller's
	cancel()
	watching.Wait()
	switch {
	case err == nil:
		s.election.voucher.answered()
	case ended && ctx.Err() == nil:
		return reply, errNoOracle().WithCause(err)
	case pgerr.HasCode(err, pgerr.ConnectionFailure) && s.election.away.Load():
		return reply, errNoStore().WithDetail("Without it no other node can take the place of node %q, which does not answer either.", s.node.title()).WithCause(err)
	}
	return reply, err
}
