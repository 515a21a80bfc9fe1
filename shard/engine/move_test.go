package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
)

// pair is two nodes and the shard map between them.
type pair struct {
	t      *testing.T
	cfg    [2]engine.Config
	nodes  [2]*engine.Node
	owner  []atomic.Int32
	epoch  atomic.Uint64
	oracle *shardtest.Oracle
	sealed [2][]shard.ID // what each found so when it started last
}

const pairShards = 3

// openPair gives all shards to the first node.
func openPair(t *testing.T, tune func(*engine.Config)) *pair {
	p := &pair{t: t, owner: make([]atomic.Int32, pairShards), oracle: shardtest.NewOracle()}
	p.epoch.Store(1)
	for i := range p.nodes {
		p.cfg[i] = config(t.TempDir(), p.oracle, pairShards, 2)
		p.cfg[i].Fatal = func(err error) { t.Errorf("node %d would end: %v", i, err) }
		p.cfg[i].Ask = func(ctx context.Context, home txn.LogID, id txn.ID) (txn.Outcome, error) {
			return p.nodes[1-i].Participant(home).Ask(ctx, id)
		}
		tune(&p.cfg[i])
		p.open(i)
	}
	t.Cleanup(func() {
		for _, n := range p.nodes {
			if err := n.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return p
}

// open starts a node with the shards that the map gives it.
func (p *pair) open(i int) {
	p.t.Helper()
	p.cfg[i].Own = []shard.ID{}
	for id := range p.owner {
		if int(p.owner[id].Load()) == i {
			p.cfg[i].Own = append(p.cfg[i].Own, shard.ID(id))
		}
	}
	n, err := engine.OpenNode(context.Background(), p.cfg[i])
	if err != nil {
		p.t.Fatal(err)
	}
	p.nodes[i] = n
	p.sealed[i] = n.Sealed()
	for _, id := range p.sealed[i] {
		p.epoch.Add(1)
		if err := n.Reopen(id); err != nil {
			p.t.Fatal(err)
		}
	}
}

// restart kills a node, or both, and starts it again.
func (p *pair) restart(list ...int) {
	for _, i := range list {
		p.nodes[i].Kill()
		p.open(i)
	}
}

func (p *pair) instance() *shardtest.Instance {
	return &shardtest.Instance{Service: p, Oracle: p.oracle, Shards: pairShards,
		Log: func(id shard.ID) (txn.LogID, txn.Participant) {
			n := p.nodes[p.owner[id].Load()]
			return n.LogOf(id), n.Participant(n.LogOf(id))
		}}
}

// on asks the node that has a shard, whoever that comes to be.
func (p *pair) on(id shard.ID, ask func(*engine.Node) error) error {
	for {
		err := ask(p.nodes[p.owner[id].Load()])
		if reason, ok := shard.IsRefusal(err); !ok || reason != shard.RefusedEpoch {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

func (p *pair) Read(ctx context.Context, r *shard.ReadRequest) (rows shard.Rows, err error) {
	err = p.on(r.Shard, func(n *engine.Node) (err error) { rows, err = n.Read(ctx, r); return })
	return rows, err
}

func (p *pair) Write(ctx context.Context, r *shard.WriteRequest) (reply *shard.WriteReply, err error) {
	err = p.on(r.Shard, func(n *engine.Node) (err error) { reply, err = n.Write(ctx, r); return })
	return reply, err
}

func (p *pair) Cut(ctx context.Context, r *shard.CutRequest) error {
	return p.on(r.Shard, func(n *engine.Node) error { return n.Cut(ctx, r) })
}

func (p *pair) Control(ctx context.Context, r *shard.ControlRequest) (reply *shard.ControlReply, err error) {
	err = p.on(r.Shard, func(n *engine.Node) (err error) { reply, err = n.Control(ctx, r); return })
	return reply, err
}

// errStop ends a move at one of its steps.
var errStop = errors.New("stop")

// The steps of a move after which a test may stop it.
const (
	stepBegun = iota
	stepCopied
	stepSealed
	stepClaiming // everything is durable at the destination
	stepClaimed
	stepDone
)

// move moves a shard to the other node, as far as a step.
func (p *pair) move(id shard.ID, stop int, evict bool) error {
	from := p.owner[id].Load()
	a, err := p.nodes[1-from].BeginAdoption(id)
	if err != nil {
		return err
	}
	defer a.End()
	m, err := p.nodes[from].BeginMove(id, a)
	if err != nil {
		return err
	}
	defer m.End()
	if stop == stepBegun {
		return errStop
	}
	ctx := context.Background()
	if err := m.Copy(ctx); err != nil {
		return err
	}
	if stop == stepCopied {
		return errStop
	}
	h, err := m.Seal(ctx, 50*time.Millisecond, evict)
	if err != nil {
		return errors.Join(err, a.Discard())
	}
	if stop == stepSealed {
		return errStop
	}
	err = a.Finish(ctx, h, func(context.Context) (uint64, error) {
		if stop == stepClaiming {
			return 0, errStop
		}
		epoch := p.epoch.Add(1)
		p.owner[id].Store(1 - from)
		return epoch, nil
	})
	if err != nil || stop == stepClaimed {
		return errors.Join(err, errStop)
	}
	m.Finish()
	return nil
}

// fill gives every shard some accounts of 100 each; their sum is the answer.
func (p *pair) fill(acc *shard.Table, rows int64) int64 {
	in := p.instance()
	for id := range shard.ID(pairShards) {
		tx := in.Begin(p.t, txn.ReadCommitted)
		var batch [][]byte
		for i := int64(id); i < rows; i += pairShards {
			batch = append(batch, shardtest.Account(acc, i, i%2, 100, ""))
		}
		write(p.t, tx, &shard.WriteRequest{Header: shard.Header{Shard: id}, Op: shard.OpInsert, Table: acc, Rows: shardtest.Batch(batch...)})
		if _, err := tx.Commit(); err != nil {
			p.t.Fatal(err)
		}
	}
	return rows * 100
}

// TestRule25UnderLoad: shards go to and fro under transactions over several of
// them. None fails, and at every snapshot the sum is the same.
func TestRule25UnderLoad(t *testing.T) {
	p := openPair(t, func(cfg *engine.Config) { cfg.SettleEvery = time.Millisecond })
	in, acc := p.instance(), shardtest.Accounts(1)
	const rows, each = 9, 60
	want := p.fill(acc, rows)
	var writers, others sync.WaitGroup
	var done atomic.Bool
	for g := range uint64(3) {
		writers.Go(func() { movedTransfers(t, in, acc, rand.New(rand.NewPCG(g, 1)), rows, each) })
	}
	others.Go(func() {
		for !done.Load() {
			sumAtSnapshot(t, in, acc, pairShards, want)
		}
	})
	moves := 0
	others.Go(func() {
		for id := shard.ID(0); !done.Load() || moves < 4; id = (id + 1) % pairShards {
			switch err := p.move(id, stepDone, false); {
			case err == nil:
				moves++
			case !pgerr.HasCode(err, pgerr.ObjectInUse):
				t.Errorf("moving shard %d: %v", id, err)
			}
		}
	})
	writers.Wait()
	done.Store(true)
	others.Wait()
	sumAtSnapshot(t, in, acc, pairShards, want)
	p.restart(0, 1)
	sumAtSnapshot(t, in, acc, pairShards, want)
	t.Logf("%d moves", moves)
}

// movedTransfers is transfers that are to succeed, all of them.
func movedTransfers(t *testing.T, in *shardtest.Instance, acc *shard.Table, rng *rand.Rand, rows int64, n int) {
	byID := shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0})
	for range n {
		a, b := rng.Int64N(rows), rng.Int64N(rows)
		if a > b {
			a, b = b, a // one order: no deadlocks
		}
		if a == b {
			continue
		}
		tx := in.Begin(t, txn.ReadCommitted)
		for _, part := range []struct{ id, by int64 }{{a, -1}, {b, 1}} {
			r := shardtest.AddBalance(byID, types.Int(part.id), types.Int(part.by))
			r.Shard = shard.ID(part.id % pairShards)
			if reply, err := tx.Write(r); err != nil || reply.Count != 1 {
				t.Errorf("transfer: %+v %v", reply, err)
				tx.Rollback()
				return
			}
		}
		if _, err := tx.Commit(); err != nil {
			t.Errorf("transfer: %v", err)
			return
		}
	}
}

// TestRule25OldSnapshots: what a snapshot sees of a shard is the same after
// it has moved, and what is written there later is not in it.
func TestRule25OldSnapshots(t *testing.T) {
	p := openPair(t, func(*engine.Config) {})
	in, acc := p.instance(), shardtest.Accounts(1)
	p.fill(acc, 6)
	old := in.Begin(t, txn.RepeatableRead)
	add := func(by int64) {
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, shardtest.AddBalance(shardtest.Fragment(acc), types.Null, types.Int(by)))
		if _, err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	add(1)
	between := in.Begin(t, txn.RepeatableRead)
	add(10)
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, &shard.WriteRequest{Op: shard.OpDelete, Table: acc, Find: shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0}),
		Values: shard.Values{Params: []types.Datum{types.Int(3)}}})
	commit(t, tx)
	check := func() {
		t.Helper()
		for _, c := range []struct {
			tx   *shardtest.Tx
			want string
		}{
			{old, "[0|0|100|- 3|1|100|-]"}, {between, "[0|0|101|- 3|1|101|-]"}, {in.Begin(t, txn.ReadCommitted), "[0|0|111|-]"},
		} {
			rows, err := c.tx.Read(0, shardtest.Ordered(shardtest.Fragment(acc), 0, false))
			if err != nil || fmt.Sprint(rows) != c.want {
				t.Fatalf("%v %v, want %s", rows, err, c.want)
			}
		}
	}
	check()
	for range 3 {
		err := p.move(0, stepDone, false)
		for pgerr.HasCode(err, pgerr.ObjectInUse) { // the file of the move before is being removed
			err = p.move(0, stepDone, false)
		}
		if err != nil {
			t.Fatal(err)
		}
		check()
	}
	tx = in.Begin(t, txn.ReadCommitted)
	write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: shardtest.Batch(shardtest.Account(acc, 9, 1, 1, ""))})
	commit(t, tx)
	rows, err := old.Read(0, shardtest.Ordered(shardtest.Fragment(acc), 0, false))
	if err != nil || fmt.Sprint(rows) != "[0|0|100|- 3|1|100|-]" {
		t.Fatalf("%v %v", rows, err)
	}
}

// TestRule25HeldFile: what is written, and would be copied into the file, after
// the file was looked through for the last time goes along, in all parts of it: rows
// that change, that come beyond its end, and that go; the file is written again when the move has ended.
func TestRule25HeldFile(t *testing.T) {
	p := openPair(t, func(*engine.Config) {})
	in, acc := p.instance(), shardtest.Accounts(1)
	want := p.fill(acc, 3000)
	settle := func() {
		t.Helper()
		if _, err := p.Control(t.Context(), &shard.ControlRequest{Op: shard.ControlSettle}); err != nil {
			t.Fatal(err)
		}
	}
	file := func() string {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(p.cfg[p.owner[0].Load()].Dir, "shards", "0000.db"))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	change := func() {
		t.Helper()
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, shardtest.AddBalance(shardtest.Fragment(acc), types.Null, types.Int(1)))
		commit(t, tx)
		want += 1000
		settle()
	}
	for range 3 {
		settle()
		from := p.owner[0].Load()
		a, err := p.nodes[1-from].BeginAdoption(0)
		for pgerr.HasCode(err, pgerr.ObjectInUse) { // the file of the move before is being removed
			a, err = p.nodes[1-from].BeginAdoption(0)
		}
		if err != nil {
			t.Fatal(err)
		}
		m, err := p.nodes[from].BeginMove(0, a)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Copy(t.Context()); err != nil {
			t.Fatal(err)
		}
		held := file()
		change()
		if file() != held {
			t.Error("the file was written while the shard was about to move")
		}
		h, err := m.Seal(t.Context(), time.Second, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Finish(t.Context(), h, func(context.Context) (uint64, error) {
			p.owner[0].Store(1 - from)
			return p.epoch.Add(1), nil
		}); err != nil {
			t.Fatal(err)
		}
		m.Finish()
		m.End()
		a.End()
		sumAtSnapshot(t, in, acc, pairShards, want)
	}
	err := p.move(0, stepCopied, false)
	for pgerr.HasCode(err, pgerr.ObjectInUse) {
		err = p.move(0, stepCopied, false)
	}
	if !errors.Is(err, errStop) {
		t.Fatal(err)
	}
	before := file()
	change()
	if file() == before {
		t.Error("the file is not written any more, though the move has ended")
	}
}

// TestRule25WaitsForTransactions: a shard with an open transaction is not moved,
// and serves on; who has waited goes on; evicted, the transaction gets 40001.
func TestRule25WaitsForTransactions(t *testing.T) {
	p := openPair(t, func(*engine.Config) {})
	in, acc := p.instance(), shardtest.Accounts(1)
	p.fill(acc, 6)
	byID := shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0})
	open := in.Begin(t, txn.ReadCommitted)
	write(t, open, shardtest.AddBalance(byID, types.Int(0), types.Int(1)))
	if err := p.move(0, stepDone, false); !pgerr.HasCode(err, pgerr.ObjectInUse) {
		t.Fatalf("moved: %v", err)
	}
	other := in.Begin(t, txn.ReadCommitted)
	write(t, other, shardtest.AddBalance(byID, types.Int(3), types.Int(1)))
	commit(t, other)
	write(t, open, shardtest.AddBalance(byID, types.Int(3), types.Int(1)))
	if err := p.move(0, stepDone, true); err != nil {
		t.Fatal(err)
	}
	_, err := open.Write(shardtest.AddBalance(byID, types.Int(0), types.Int(1)))
	wantCode(t, err, pgerr.TRSerializationFailure)
	open.Rollback()
	rows, err := in.Begin(t, txn.ReadCommitted).Read(0, shardtest.Ordered(shardtest.Fragment(acc), 0, false))
	if err != nil || fmt.Sprint(rows) != "[0|0|100|- 3|1|101|-]" {
		t.Fatalf("%v %v", rows, err)
	}
}

// TestRule25EndsWhoWaits: a statement that waits for a lock when a move ends its
// transaction gets 40001, and not that somebody has cancelled it.
func TestRule25EndsWhoWaits(t *testing.T) {
	p := openPair(t, nobodyKnows)
	in, acc := p.instance(), shardtest.Accounts(1)
	p.fill(acc, 6)
	byID := shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0})
	for name, wait := range map[string]func(tx *shardtest.Tx) error{
		"a write": func(tx *shardtest.Tx) error {
			_, err := tx.Write(shardtest.AddBalance(byID, types.Int(0), types.Int(1)))
			return err
		},
		"a lock on the table": func(tx *shardtest.Tx) error {
			tx.Skip(1)
			_, err := p.Control(context.Background(), &shard.ControlRequest{Header: tx.Header(0), Op: shard.ControlLockTable, Table: acc})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			holder, waiter := in.Begin(t, txn.ReadCommitted), in.Begin(t, txn.ReadCommitted)
			write(t, holder, shardtest.AddBalance(byID, types.Int(0), types.Int(1)))
			write(t, waiter, shardtest.AddBalance(byID, types.Int(3), types.Int(1)))
			out := prepareFor(t, in, holder, []txn.LogID{metadata}) // a move does not end it
			ended := make(chan error, 1)
			go func() { ended <- wait(waiter) }()
			waits(t, in, waiter.ID())
			if err := p.move(0, stepDone, true); !pgerr.HasCode(err, pgerr.ObjectInUse) {
				t.Errorf("moved: %v", err)
			}
			err := <-ended
			waiter.Rollback()
			_, log := in.Log(0)
			if err := log.Resolve(t.Context(), &txn.ResolveRequest{Txn: holder.ID(), Outcome: out}); err != nil {
				t.Fatal(err)
			}
			wantRefusal(t, err, shard.RefusedRestart)
		})
	}
}

// nobodyKnows leaves in doubt what a test has prepared for a home of its own.
func nobodyKnows(cfg *engine.Config) {
	cfg.Ask = func(context.Context, txn.LogID, txn.ID) (txn.Outcome, error) {
		return txn.Outcome{}, errors.New("nobody knows")
	}
}

// TestRule25InDoubt: a shard with a transaction in doubt is not moved, however
// long it has been there, and serves on; when the outcome is known it moves, with what was committed.
func TestRule25InDoubt(t *testing.T) {
	p := openPair(t, nobodyKnows)
	in, acc := p.instance(), shardtest.Accounts(1)
	p.fill(acc, 6)
	byID := shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0})
	add := func(tx *shardtest.Tx, id, by int64) {
		write(t, tx, shardtest.AddBalance(byID, types.Int(id), types.Int(by)))
	}
	doubtful := in.Begin(t, txn.ReadCommitted)
	add(doubtful, 0, 5)
	out := prepareFor(t, in, doubtful, []txn.LogID{metadata})
	want := fmt.Sprintf("transactions on shard 0 are in doubt or about to commit: %s", doubtful.ID())
	if err := p.move(0, stepDone, true); !pgerr.HasCode(err, pgerr.ObjectInUse) || pgerr.From(err).Message != want {
		t.Fatalf("moved: %v", err)
	}
	other := in.Begin(t, txn.ReadCommitted)
	add(other, 3, 1)
	commit(t, other)
	_, log := in.Log(0)
	if err := log.Resolve(t.Context(), &txn.ResolveRequest{Txn: doubtful.ID(), Outcome: out}); err != nil {
		t.Fatal(err)
	}
	if err := p.move(0, stepDone, true); err != nil {
		t.Fatal(err)
	}
	rows, err := in.Begin(t, txn.ReadCommitted).Read(0, shardtest.Ordered(shardtest.Fragment(acc), 0, false))
	if err != nil || fmt.Sprint(rows) != "[0|0|105|- 3|1|101|-]" {
		t.Fatalf("%v %v", rows, err)
	}
}

// TestRule25OldEpochs: where a shard has moved, requests by the map of before are refused.
func TestRule25OldEpochs(t *testing.T) {
	p := openPair(t, func(*engine.Config) {})
	in, acc := p.instance(), shardtest.Accounts(1)
	p.fill(acc, 6)
	if err := p.move(0, stepDone, false); err != nil {
		t.Fatal(err)
	}
	h := in.Begin(t, txn.ReadCommitted).Header(0)
	for _, n := range p.nodes {
		h.Epoch = p.epoch.Load() - 1
		_, err := n.Read(t.Context(), &shard.ReadRequest{Header: h, Fragment: shardtest.Fragment(acc)})
		wantRefusal(t, err, shard.RefusedEpoch)
	}
}

// TestRule25Sequences: no value of a sequence is given out twice, and what was
// set is set, while its shard moves to and fro.
func TestRule25Sequences(t *testing.T) {
	p := openPair(t, func(*engine.Config) {})
	acc := shardtest.Accounts(1)
	p.fill(acc, 6)
	step := func(op shard.ControlOp, value int64) (int64, error) {
		reply, err := p.Control(context.Background(), &shard.ControlRequest{Op: op,
			Sequence: &shard.SequenceStep{Physical: 77, Name: "s", Start: 1, Increment: 1, Min: 1, Max: 1 << 62, Count: 1, Value: value, Called: true}})
		if err != nil {
			return 0, err
		}
		return reply.First, nil
	}
	var done atomic.Bool
	var running sync.WaitGroup
	var last atomic.Int64
	running.Go(func() {
		for !done.Load() {
			v, err := step(shard.ControlSequenceNext, 0)
			if err != nil || v <= last.Load() {
				t.Errorf("%d %v after %d", v, err, last.Load())
				return
			}
			last.Store(v)
		}
	})
	for moves := 0; moves < 6; {
		switch err := p.move(0, stepDone, false); {
		case err == nil:
			moves++
		case !pgerr.HasCode(err, pgerr.ObjectInUse):
			t.Fatal(err)
		}
	}
	done.Store(true)
	running.Wait()
	if _, err := step(shard.ControlSequenceSet, 1_000_000); err != nil {
		t.Fatal(err)
	}
	for p.move(0, stepDone, false) != nil {
		time.Sleep(time.Millisecond)
	}
	if v, err := step(shard.ControlSequenceNext, 0); err != nil || v != 1_000_001 {
		t.Errorf("%d %v after setval", v, err)
	}
	for !errors.Is(p.move(0, stepSealed, false), errStop) {
		time.Sleep(time.Millisecond)
	}
	_, err := p.nodes[p.owner[0].Load()].Control(t.Context(), &shard.ControlRequest{Op: shard.ControlSequenceNext,
		Sequence: &shard.SequenceStep{Physical: 77, Name: "s", Start: 1, Increment: 1, Min: 1, Max: 1 << 62, Count: 1}})
	wantRefusal(t, err, shard.RefusedEpoch)
}

// TestRule25SealOutlivesTheCut: a start finds the seal though the log was cut since.
func TestRule25SealOutlivesTheCut(t *testing.T) {
	p := openPair(t, func(cfg *engine.Config) { cfg.Logs, cfg.Log = 1, log.Options{SegmentBytes: 4096} })
	in, acc := p.instance(), shardtest.Accounts(1)
	want := p.fill(acc, 6)
	if err := p.move(1, stepSealed, false); !errors.Is(err, errStop) {
		t.Fatal(err)
	}
	byID := shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0})
	for range 200 {
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, shardtest.AddBalance(byID, types.Int(0), types.Int(1)))
		commit(t, tx)
	}
	if err := p.nodes[0].CutLogs(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.restart(0)
	if len(p.sealed[0]) != 1 {
		t.Errorf("sealed %v", p.sealed[0])
	}
	sumAtSnapshot(t, in, acc, pairShards, want+200)
}

// ownFilesOnly checks that nodes have the file of a shard if it is theirs.
func (p *pair) ownFilesOnly(id shard.ID, nodes ...int) {
	p.t.Helper()
	for _, i := range nodes {
		_, err := os.Stat(filepath.Join(p.cfg[i].Dir, "shards", fmt.Sprintf("%04d.db", id)))
		if here := err == nil; here != (int(p.owner[id].Load()) == i) {
			p.t.Errorf("node %d has the file of shard %d: %v", i, id, here)
		}
	}
}

// TestRule25Killed: whichever node is killed after whichever step, the shard is
// whole on the node that the map gives it to, and only there.
func TestRule25Killed(t *testing.T) {
	for step := stepBegun; step <= stepDone; step++ {
		for _, killed := range [][]int{{0}, {1}, {0, 1}} {
			t.Run(fmt.Sprintf("step %d, nodes %v", step, killed), func(t *testing.T) {
				p := openPair(t, func(*engine.Config) {})
				in, acc := p.instance(), shardtest.Accounts(1)
				want := p.fill(acc, 6)
				err := p.move(1, step, false)
				if (step == stepDone) != (err == nil) || err != nil && !errors.Is(err, errStop) {
					t.Fatal(err)
				}
				if step == stepSealed || step == stepClaiming {
					h := in.Begin(t, txn.ReadCommitted).Header(1)
					_, err := p.nodes[0].Read(t.Context(), &shard.ReadRequest{Header: h, Fragment: shardtest.Fragment(acc)})
					wantRefusal(t, err, shard.RefusedEpoch)
				}
				if step == stepClaimed && killed[0] == 1 { // node 0 lives and learns of it
					p.restart(0)
				}
				if step == stepSealed || step == stepClaiming {
					if killed[0] == 1 && len(killed) == 1 { // node 0 lives, and takes the shard back
						if err := p.nodes[0].Reopen(1); err != nil {
							t.Fatal(err)
						}
					}
				}
				p.restart(killed...)
				p.ownFilesOnly(1, killed...)
				if sealed := len(p.sealed[0]) > 0; killed[0] == 0 && sealed != (step == stepSealed || step == stepClaiming) {
					t.Errorf("node 0 found a sealed shard: %v", sealed)
				}
				sumAtSnapshot(t, in, acc, pairShards, want)
				movedTransfers(t, in, acc, rand.New(rand.NewPCG(1, 1)), 6, 10)
				p.restart(0, 1)
				sumAtSnapshot(t, in, acc, pairShards, want)
				if err := p.move(1, stepDone, false); err != nil {
					t.Fatal(err)
				}
				sumAtSnapshot(t, in, acc, pairShards, want)
				p.restart(0, 1)
				sumAtSnapshot(t, in, acc, pairShards, want)
				p.ownFilesOnly(1, 0, 1)
			})
		}
	}
}

// TestRule25PowerCut: when a node has put itself into the shard map, it has the
// shard durably: the power may go at once.
func TestRule25PowerCut(t *testing.T) {
	for seed := range uint64(4 * *seeds) {
		fs, disks := [2]*vfs.Mem{vfs.NewMem(), vfs.NewMem()}, [2]*sqlite.Disk{}
		next := 0
		p := openPair(t, func(cfg *engine.Config) {
			disk, err := sqlite.NewDisk()
			if err != nil {
				t.Fatal(err)
			}
			cfg.Dir, cfg.FS, cfg.Log = "data", fs[next], log.Options{SegmentBytes: 4096}
			cfg.SQLite = sqlite.Options{VFS: disk.VFS(), MmapBytes: -1, KeepWAL: true}
			disks[next] = disk
			next++
		})
		in, acc := p.instance(), shardtest.Accounts(1)
		want := p.fill(acc, 60)
		if err := p.move(1, stepClaimed, false); !errors.Is(err, errStop) {
			t.Fatal(err)
		}
		p.nodes[1].Kill()
		disks[1].PowerCut(seed)
		p.cfg[1].FS = fs[1].PowerCut(seed)
		p.open(1)
		p.restart(0)
		sumAtSnapshot(t, in, acc, pairShards, want)
		movedTransfers(t, in, acc, rand.New(rand.NewPCG(seed, 2)), 60, 5)
		sumAtSnapshot(t, in, acc, pairShards, want)
	}
}
