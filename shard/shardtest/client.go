package shardtest

import (
	"context"
	"fmt"
	"sort"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/twopc"
)

// Instance is a service under test with what a coordinator needs beside it.
type Instance struct {
	Service shard.Service
	Oracle  txn.Oracle
	// Log is the participant of a shard's log and its UUID.
	Log func(shard.ID) (txn.LogID, txn.Participant)
	// Shards is how many shards there are.
	Shards int
	// Restart ends the service (cleanly, or as kill -9 would) and starts it
	// again over the same files; nil if it has none.
	Restart func(t testing.TB, clean bool) *Instance
}

// Tx is a transaction of a test, its coordinator included.
type Tx struct {
	t        testing.TB
	in       *Instance
	id       txn.ID
	level    txn.Isolation
	at       txn.Timestamp // of RepeatableRead
	number   txn.Statement
	enlisted map[shard.ID]txn.Enlistment
}

// Begin starts a transaction.
func (in *Instance) Begin(t testing.TB, level txn.Isolation) *Tx {
	return in.BeginAs(t, level, nextID())
}

// BeginAs starts a transaction under a given identity.
func (in *Instance) BeginAs(t testing.TB, level txn.Isolation, id txn.ID) *Tx {
	tx := &Tx{t: t, in: in, id: id, level: level, enlisted: map[shard.ID]txn.Enlistment{}}
	if level != txn.ReadCommitted {
		s, err := in.Oracle.Snapshot(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		tx.at = s
		oracle := in.Oracle // and not all of a node that may be gone by then
		t.Cleanup(func() { oracle.Release(s) })
	}
	return tx
}

// ID is the transaction's identity.
func (tx *Tx) ID() txn.ID { return tx.id }

// Header is the next statement's header for a shard.
func (tx *Tx) Header(id shard.ID) shard.Header {
	h := shard.Header{Shard: id, Txn: tx.id, Statement: tx.number, Isolation: tx.level, Snapshot: tx.at}
	h.Incarnation = tx.enlisted[id].Incarnation
	return h
}

// Write runs one statement's writes on one shard.
func (tx *Tx) Write(r *shard.WriteRequest) (*shard.WriteReply, error) {
	return tx.WriteContext(context.Background(), r)
}

// WriteContext is Write under a context.
func (tx *Tx) WriteContext(ctx context.Context, r *shard.WriteRequest) (*shard.WriteReply, error) {
	tx.number++
	id := r.Shard
	r.Header = tx.Header(id)
	if r.Env == nil {
		r.Env = types.DefaultEnv()
	}
	reply, err := tx.in.Service.Write(ctx, r)
	if err == nil {
		tx.enlisted[id] = txn.Enlistment{Shard: uint32(id), Incarnation: reply.Incarnation, Last: r.Statement}
	}
	return reply, err
}

// Enlist is what the coordinator counts, by shard.
func (tx *Tx) Enlist(ids ...shard.ID) []txn.Enlistment {
	var out []txn.Enlistment
	for id, e := range tx.enlisted {
		if len(ids) == 0 || contains(ids, id) {
			out = append(out, e)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Shard < out[j].Shard })
	return out
}

func contains(ids []shard.ID, id shard.ID) bool {
	for _, x := range ids {
		if x == id {
			return true
		}
	}
	return false
}

// Commit commits: by one command if all shards are in one log, else in two phases.
func (tx *Tx) Commit() (txn.Outcome, error) {
	out, err := tx.commit()
	if err != nil || out.State != txn.Committed {
		return out, err
	}
	later, err := tx.in.Oracle.Commit(context.Background())
	if err == nil && out.At >= later {
		err = fmt.Errorf("committed at %d, and %d is drawn after the acknowledgement", out.At, later) // invariant 3
	}
	return out, err
}

func (tx *Tx) commit() (txn.Outcome, error) {
	ctx := context.Background()
	at, err := tx.in.Oracle.Commit(ctx)
	if err != nil {
		return txn.Outcome{}, err
	}
	byLog, order := tx.logs()
	if len(order) == 0 {
		return txn.Outcome{State: txn.Committed, At: at}, nil
	}
	if len(order) == 1 {
		p := byLog[order[0]]
		return p.participant.Commit(ctx, &txn.CommitRequest{Txn: tx.id, At: at, Shards: p.shards})
	}
	return tx.commitTwoPhase(ctx, at, byLog, order)
}

type branchOfLog struct {
	participant txn.Participant
	shards      []txn.Enlistment
}

func (tx *Tx) logs() (map[txn.LogID]*branchOfLog, []txn.LogID) {
	byLog := map[txn.LogID]*branchOfLog{}
	var order []txn.LogID
	for _, e := range tx.Enlist() {
		id, p := tx.in.Log(shard.ID(e.Shard))
		if byLog[id] == nil {
			byLog[id] = &branchOfLog{participant: p}
			order = append(order, id)
		}
		byLog[id].shards = append(byLog[id].shards, e)
	}
	return byLog, order
}

func (tx *Tx) commitTwoPhase(ctx context.Context, at txn.Timestamp, byLog map[txn.LogID]*branchOfLog, order []txn.LogID) (txn.Outcome, error) {
	out := txn.Outcome{State: txn.Committed}
	for _, id := range order {
		reply, err := tx.PrepareAt(id, order, at)
		if err != nil {
			return txn.Outcome{}, err
		}
		out.At = max(out.At, reply.At)
	}
	out, err := byLog[order[0]].participant.Decide(ctx, &txn.DecideRequest{Txn: tx.id, Outcome: out})
	if err != nil {
		return out, err
	}
	for _, id := range order[1:] {
		if err := byLog[id].participant.Resolve(ctx, &txn.ResolveRequest{Txn: tx.id, Outcome: out}); err != nil {
			return out, err
		}
	}
	return out, nil
}

// CommitThrough commits as nodes do, through a twopc.Coordinator.
func (tx *Tx) CommitThrough() (txn.Outcome, error) {
	byLog, order := tx.logs()
	var branches []txn.Branch
	for _, id := range order {
		branches = append(branches, txn.Branch{Log: id, Shards: byLog[id].shards})
	}
	c := twopc.NewCoordinator(tx.in.Oracle, func(id txn.LogID) txn.Participant { return byLog[id].participant }, func(txn.LogID) bool { return false })
	defer c.Close()
	return c.Commit(context.Background(), tx.id, branches)
}

// Miscount makes the coordinator count statements on a shard that it never acknowledged.
func (tx *Tx) Miscount(id shard.ID, more txn.Statement) {
	e := tx.enlisted[id]
	e.Last += more
	tx.enlisted[id] = e
}

// Skip lets numbers of statements go that the shards never see.
func (tx *Tx) Skip(n txn.Statement) { tx.number += n }

// On is the transaction as its coordinator goes on with it after a restart of the service.
func (tx *Tx) On(in *Instance) *Tx {
	next := *tx
	next.in = in
	return &next
}

// Together makes requests parts of one statement, to be sent by the caller.
func (tx *Tx) Together(requests ...*shard.WriteRequest) []*shard.WriteRequest {
	tx.number++
	for _, r := range requests {
		r.Header = tx.Header(r.Shard)
		r.Env = types.DefaultEnv()
	}
	return requests
}

// LockTable locks a table on a shard for a schema change.
func (tx *Tx) LockTable(id shard.ID, table *shard.Table) {
	tx.t.Helper()
	tx.number++
	h := tx.Header(id)
	reply, err := tx.in.Service.Control(context.Background(), &shard.ControlRequest{Header: h, Op: shard.ControlLockTable, Table: table})
	if err != nil {
		tx.t.Fatal(err)
	}
	tx.enlisted[id] = txn.Enlistment{Shard: uint32(id), Incarnation: reply.Incarnation, Last: h.Statement}
}

// PrepareAt prepares one log's part.
func (tx *Tx) PrepareAt(id txn.LogID, order []txn.LogID, at txn.Timestamp, fences ...txn.Fence) (txn.PrepareReply, error) {
	byLog, _ := tx.logs()
	b := byLog[id]
	return b.participant.Prepare(context.Background(), &txn.PrepareRequest{
		Txn: tx.id, At: at, Shards: b.shards, Home: order[0], Participants: order, Fences: fences})
}

// Logs are the logs that the transaction has written to, in the order of their first shards.
func (tx *Tx) Logs() []txn.LogID {
	_, order := tx.logs()
	return order
}

// Rollback drops everything.
func (tx *Tx) Rollback() {
	byLog, _ := tx.logs()
	for _, b := range byLog {
		if err := b.participant.Resolve(context.Background(), &txn.ResolveRequest{Txn: tx.id, Outcome: txn.Outcome{State: txn.Aborted}}); err != nil {
			tx.t.Error(err)
		}
	}
}

// Read runs a fragment on a shard as the transaction's next statement and
// returns its rows as Text shows them. READ COMMITTED reads the newest.
func (tx *Tx) Read(id shard.ID, f *shard.Fragment, params ...types.Datum) ([]string, error) {
	tx.number++
	return tx.ReadRequest(&shard.ReadRequest{Header: tx.Header(id), Fragment: f, Values: shard.Values{Params: params}})
}

// ReadRequest runs a request to its end. A read of the newest that met a
// commit under way draws a snapshot and starts again, as coordinators do.
func (tx *Tx) ReadRequest(r *shard.ReadRequest) ([]string, error) {
	ctx := context.Background()
	if r.Env == nil {
		r.Env = types.DefaultEnv()
	}
	out, err := tx.read(ctx, r)
	if reason, ok := shard.IsRefusal(err); ok && tx.level == txn.ReadCommitted &&
		(reason == shard.RefusedNewest || reason == shard.RefusedFloor) {
		s, err := tx.in.Oracle.Snapshot(ctx)
		if err != nil {
			return nil, err
		}
		defer tx.in.Oracle.Release(s)
		r.Snapshot = s
		return tx.read(ctx, r)
	}
	return out, err
}

func (tx *Tx) read(ctx context.Context, r *shard.ReadRequest) ([]string, error) {
	rows, err := tx.in.Service.Read(ctx, r)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if e, ok := rows.(shard.Enlisted); ok && r.Lock != nil {
		tx.enlisted[r.Shard] = txn.Enlistment{Shard: uint32(r.Shard), Incarnation: e.Incarnation(), Last: r.Statement}
	}
	out := []string{}
	for {
		b, err := rows.Next(ctx)
		if err != nil {
			return nil, err
		}
		if b == nil {
			return out, nil
		}
		out = append(out, Text(b)...)
	}
}
