package engine_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"

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

var (
	cuts  = flag.Int("cuts", 6, "power cuts per seed")
	seeds = flag.Int("seeds", 3, "seeds")
)

// machine is a computer that loses its power: simulated disks for the log and
// for SQLite, and what its clients were told.
type machine struct {
	t      *testing.T
	rng    *rand.Rand
	fs     *vfs.Mem
	disk   *sqlite.Disk
	oracle *shardtest.Oracle
	acc    *shard.Table
	// balances are what was acknowledged; unsure those of a commit whose
	// outcome the client was not told.
	balances map[int64]int64
	unsure   map[int64]int64
}

const (
	testShards = 3
	testLogs   = 2
	testRows   = 14
	// The last two rows, on different shards, are for transfers that the
	// coordinator leaves: nobody else waits for their locks.
	leftRows = 2
)

func (m *machine) boot() (*engine.Node, *shardtest.Instance) {
	cfg := engine.Config{Dir: "data", FS: m.fs, Shards: testShards, Logs: testLogs, Oracle: m.oracle, SettleEvery: -1,
		SQLite: sqlite.Options{VFS: m.disk.VFS(), MmapBytes: -1, KeepWAL: true}, Log: log.Options{SegmentBytes: 4096}, CheckpointPages: 4}
	n, err := engine.OpenNode(context.Background(), cfg)
	if err != nil {
		m.t.Fatalf("start-up: %v (%s)", err, pgerr.From(err).Detail)
	}
	return n, &shardtest.Instance{Service: n, Oracle: m.oracle, Shards: testShards,
		Log: func(id shard.ID) (txn.LogID, txn.Participant) {
			uuid := n.LogOf(id)
			return uuid, n.Participant(uuid)
		}}
}

// transfer moves an amount between two rows and notes what the client knows.
func (m *machine) transfer(in *shardtest.Instance) error {
	from, to := m.rng.Int64N(testRows-leftRows), m.rng.Int64N(testRows-leftRows)
	if from == to {
		return nil
	}
	amount := 1 + m.rng.Int64N(9)
	tx := in.Begin(m.t, txn.ReadCommitted)
	for _, part := range []struct{ row, by int64 }{{from, -amount}, {to, amount}} {
		r := shardtest.AddBalance(shardtest.Fragment(m.acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0}),
			types.Int(part.row), types.Int(part.by))
		r.Shard = shard.ID(part.row % testShards)
		if _, err := tx.Write(r); err != nil {
			return err
		}
	}
	_, err := tx.Commit()
	if err != nil {
		m.unsure = map[int64]int64{from: -amount, to: amount}
		return err
	}
	m.balances[from] -= amount
	m.balances[to] += amount
	return nil
}

// check compares every row with what clients were told: a commit that nobody
// was told of is there as a whole or not at all.
func (m *machine) check(in *shardtest.Instance) {
	m.t.Helper()
	got := map[int64]int64{}
	for id := range shard.ID(testShards) {
		tx := in.Begin(m.t, txn.RepeatableRead)
		rows, err := tx.Read(id, shardtest.Fragment(m.acc))
		if err != nil {
			m.t.Fatal(err)
		}
		for _, row := range rows {
			var id, branch, balance int64
			fmt.Sscanf(row, "%d|%d|%d|", &id, &branch, &balance)
			got[id] = balance
		}
	}
	without, with := true, true
	for id := range int64(testRows) {
		without = without && got[id] == m.balances[id]
		with = with && got[id] == m.balances[id]+m.unsure[id]
	}
	if !without && !with {
		m.t.Fatalf("rows %v, acknowledged %v, unsure %v", got, m.balances, m.unsure)
	}
	m.balances, m.unsure = got, nil
}

func (m *machine) fill(in *shardtest.Instance) {
	for id := range shard.ID(testShards) {
		tx := in.Begin(m.t, txn.ReadCommitted)
		var rows [][]byte
		for i := int64(id); i < testRows; i += testShards {
			rows = append(rows, shardtest.Account(m.acc, i, 0, 100, ""))
			m.balances[i] = 100
		}
		r := &shard.WriteRequest{Header: shard.Header{Shard: id}, Op: shard.OpInsert, Table: m.acc, Rows: shardtest.Batch(rows...)}
		if _, err := tx.Write(r); err != nil {
			m.t.Fatal(err)
		}
		if _, err := tx.Commit(); err != nil {
			m.t.Fatal(err)
		}
	}
}

// TestPowerCuts runs transfers, settling, checkpoints and cutting, cuts the
// power at a random moment of it, and checks what came back: nothing that was
// acknowledged is missing, nothing is there in half.
func TestPowerCuts(t *testing.T) {
	for seed := range uint64(*seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { powerCuts(t, seed) })
	}
}

func powerCuts(t *testing.T, seed uint64) {
	disk, err := sqlite.NewDisk()
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, rng: rand.New(rand.NewPCG(seed, 0)), fs: vfs.NewMem(), disk: disk,
		oracle: shardtest.NewOracle(), acc: shardtest.Accounts(1), balances: map[int64]int64{}}
	n, in := m.boot()
	m.fill(in)
	for range *cuts {
		for range 5 + m.rng.IntN(30) {
			switch m.rng.IntN(6) {
			case 0:
				err = n.Engines()[m.rng.IntN(testShards)].Settle(context.Background())
			case 1:
				_, err = in.Service.Control(context.Background(), &shard.ControlRequest{
					Header: shard.Header{Shard: shard.ID(m.rng.IntN(testShards))}, Op: shard.ControlSettle})
			case 2:
				err = n.CutLogs(context.Background())
			default:
				err = m.transfer(in)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		m.cutDuring(n, in)
		n, in = m.boot()
		n.ResolveInDoubt(context.Background())
		m.check(in)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	n, in = m.boot()
	m.check(in)
	n.Kill()
	if err := disk.Free(); err != nil {
		t.Error(err)
	}
}

// cutDuring cuts the power while a transfer or maintenance is under way.
func (m *machine) cutDuring(n *engine.Node, in *shardtest.Instance) {
	switch m.rng.IntN(3) {
	case 0: // what is in doubt must survive that the log is cut
		m.halfTransfer(in)
		for range 60 { // more than a segment
			if err := m.transfer(in); err != nil {
				m.t.Fatal(err)
			}
		}
		if err := n.CutLogs(context.Background()); err != nil {
			m.t.Fatal(err)
		}
	case 1:
		m.disk.Inject(sqlite.Faults{StopAfter: m.rng.Int64N(12)})
		n.CutLogs(context.Background())
	default:
		m.halfTransfer(in)
	}
	seed := m.rng.Uint64()
	survivors := m.fs.PowerCut(seed)
	m.disk.PowerCut(seed)
	n.Kill()
	m.fs = survivors
}

// halfTransfer is a transfer that the coordinator leaves at a random step.
func (m *machine) halfTransfer(in *shardtest.Instance) {
	tx := in.Begin(m.t, txn.ReadCommitted)
	change := map[int64]int64{testRows - 2: -1, testRows - 1: 1}
	for row, by := range change {
		r := shardtest.AddBalance(shardtest.Fragment(m.acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0}), types.Int(row), types.Int(by))
		r.Shard = shard.ID(row % testShards)
		if _, err := tx.Write(r); err != nil {
			return
		}
	}
	at, _ := in.Oracle.Commit(context.Background())
	logs, steps := tx.Logs(), m.rng.IntN(4)
	out := txn.Outcome{State: txn.Committed}
	for i, l := range logs {
		if steps == i {
			return
		}
		p, err := tx.PrepareAt(l, logs, at)
		if err != nil {
			return
		}
		out.At = max(out.At, p.At)
	}
	if steps == 2 {
		return
	}
	_, home := in.Log(0)
	if home2, p := in.Log(1); home2 == logs[0] {
		home = p
	}
	if _, err := home.Decide(context.Background(), &txn.DecideRequest{Txn: tx.ID(), Outcome: out}); err == nil {
		for row, by := range change {
			m.balances[row] += by
		}
	}
}
