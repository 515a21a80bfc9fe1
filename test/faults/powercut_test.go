package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
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

// Sizes of the machine's database: segments, write sets and WALs are so small
// that everything that happens to large ones happens.
const (
	machineShards  = 3
	machineLogs    = 2
	machineRows    = 30
	leftRow        = 999  // ids from here on are of transfers that the coordinator leaves
	guestRow       = 1998 // ids from here on come and go
	guestsAtOnce   = 25
	writeSetBytes  = 3 << 10
	segmentBytes   = 1 << 16
	checkpointPage = 4
)

var errDied = errors.New("the process has died")

// balances is what a table holds, by id.
type balances map[int64]int64

// machine is a computer under an engine: it loses its power, or its process
// dies, again and again. It knows what its clients were told.
type machine struct {
	t      *testing.T
	rng    *rand.Rand
	fs     *vfs.Mem
	disk   *sqlite.Disk
	oracle *shardtest.Oracle
	acc    *shard.Table
	// aside holds the rows that left transactions change: whoever scans their
	// table waits for them.
	aside *shard.Table
	known balances
	// open are transactions whose outcome nobody was told: each is there as a
	// whole or not at all.
	open   []balances
	guests int64
	left   bool // a transaction was left in this life
	dead   atomic.Bool

	vacuums *vacuums // nil: files are not written anew
}

func newMachine(t *testing.T, seed uint64, ignored sqlite.Syncs) *machine {
	disk, err := sqlite.NewDisk()
	if err != nil {
		t.Fatal(err)
	}
	disk.Inject(sqlite.Faults{StopAfter: -1, IgnoreSyncs: ignored})
	return &machine{t: t, rng: rand.New(rand.NewPCG(seed, 2)), fs: vfs.NewMem(), disk: disk,
		oracle: shardtest.NewOracle(), acc: shardtest.Accounts(1), aside: shardtest.Accounts(2), known: balances{}}
}

// death is how a life ends: after some operations on the log's disk or on
// SQLite's, with the power or without.
type death struct {
	files, pages int64
	powerCut     bool
}

func (m *machine) nextDeath() death {
	d := death{files: 1 << 30, pages: -1, powerCut: m.rng.IntN(4) > 0}
	switch m.rng.IntN(4) {
	case 0:
		d.files = m.rng.Int64N(1 + m.rng.Int64N(300))
	case 1:
		d.pages, d.powerCut = m.rng.Int64N(1+m.rng.Int64N(400)), true // SQLite's disk is off until then
	}
	return d
}

// run lives through some deaths; its error is errWrong if something was lost.
func (m *machine) run(ignored sqlite.Syncs) error {
	defer m.disk.Free()
	for life := range 4 {
		d := m.nextDeath()
		if life == 0 {
			d.files, d.pages = 1<<30, -1 // the first is long enough to have something to lose
		}
		if err := m.live(d, ignored); err != nil {
			return err
		}
	}
	return m.live(death{files: 1 << 30, pages: -1}, ignored)
}

// live opens the engine, checks what is there, works, and dies.
func (m *machine) live(d death, ignored sqlite.Syncs) error {
	m.dead.Store(false)
	before := m.disk.Operations()
	m.disk.Inject(sqlite.Faults{StopAfter: d.pages, IgnoreSyncs: ignored})
	n, err := engine.OpenNode(context.Background(), m.config(d))
	if err == nil {
		in := instance(n, m.oracle)
		err = m.work(n, in)
	}
	d.powerCut = d.powerCut || m.vacuums.cut()
	died := m.dead.Load() || errors.Is(err, errDied) || d.pages >= 0 && m.disk.Operations()-before >= d.pages
	seed := m.rng.Uint64()
	var survivors *vfs.Mem
	if d.powerCut {
		survivors = m.fs.PowerCut(seed)
		m.disk.PowerCut(seed)
	} else {
		survivors = m.fs.Kill()
		m.disk.Inject(sqlite.Faults{StopAfter: -1, IgnoreSyncs: ignored})
	}
	if n != nil {
		n.Kill()
	}
	m.fs = survivors
	var mistake errWrong
	if errors.As(err, &mistake) {
		return err
	}
	if err != nil && !died {
		return wrong("%v (%s)", err, pgerr.From(err).Detail)
	}
	return nil // what a dying process answers does not count: the next one must be right
}

func (m *machine) config(d death) engine.Config {
	var operations atomic.Int64
	fs := vfs.Inject(m.fs, func(op vfs.Op) error {
		if operations.Add(1) > d.files {
			m.dead.Store(true)
			return errDied
		}
		return nil
	})
	return engine.Config{Dir: "data", FS: fs, Shards: machineShards, Logs: machineLogs, Oracle: m.oracle, SettleEvery: -1,
		SQLite: sqlite.Options{VFS: m.disk.VFS(), MmapBytes: -1, KeepWAL: true}, Log: log.Options{SegmentBytes: segmentBytes},
		CheckpointPages: checkpointPage, WriteSetBytes: writeSetBytes, Fatal: func(error) { m.dead.Store(true) }}
}

func instance(n *engine.Node, oracle txn.Oracle) *shardtest.Instance {
	return &shardtest.Instance{Service: n, Oracle: oracle, Shards: machineShards, Log: func(id shard.ID) (txn.LogID, txn.Participant) {
		uuid := n.LogOf(id)
		return uuid, n.Participant(uuid)
	}}
}

// work checks what is there and changes it. An error ends the life.
func (m *machine) work(n *engine.Node, in *shardtest.Instance) error {
	m.left = false
	left := n.ResolveInDoubt(context.Background())
	if m.dead.Load() {
		return errDied // reads would wait for outcomes that nobody brings any more
	}
	if left > 0 {
		return wrong("%d transactions stay in doubt", left)
	}
	if err := m.check(in); err != nil {
		return err
	}
	if len(m.known) == 0 {
		if err := m.fill(in); err != nil {
			return err
		}
	}
	for range 5 + m.rng.IntN(60) {
		if err := m.step(n, in); err != nil {
			return err
		}
		if m.dead.Load() {
			return errDied
		}
	}
	return nil
}

func (m *machine) step(n *engine.Node, in *shardtest.Instance) error {
	ctx := context.Background()
	if m.vacuums != nil && m.rng.IntN(6) == 0 {
		return m.vacuum(in)
	}
	switch m.rng.IntN(10) {
	case 0:
		return n.Engines()[m.rng.IntN(machineShards)].Settle(ctx)
	case 1, 2:
		_, err := in.Service.Control(ctx, &shard.ControlRequest{
			Header: shard.Header{Shard: shard.ID(m.rng.IntN(machineShards))}, Op: shard.ControlSettle})
		return err
	case 3:
		return n.CutLogs(ctx)
	case 4:
		return m.sweep(in)
	case 5:
		return m.comeAndGo(in, m.rng.Int64N(machineShards))
	case 6:
		return m.leave(in)
	}
	return m.transfer(in)
}

// commit commits a transaction and notes what its client learns.
func (m *machine) commit(tx *shardtest.Tx, change balances) error {
	out, err := tx.Commit()
	switch {
	case err != nil:
		m.open = append(m.open, change)
		return err
	case out.State != txn.Committed:
		return nil
	}
	m.known.add(change)
	return nil
}

// gone as a change takes a row away.
const gone = int64(-1 << 40)

func (b balances) add(change balances) {
	for id, by := range change {
		if by == gone {
			delete(b, id)
		} else {
			b[id] += by
		}
	}
}

func (m *machine) update(tx *shardtest.Tx, table *shard.Table, id shard.ID, by int64, column int, value int64) error {
	r := shardtest.AddBalance(shardtest.Fragment(table, shardtest.Condition{Column: column, Operator: "=", Param: 0}), types.Int(value), types.Int(by))
	r.Shard = id
	reply, err := tx.Write(r)
	if err == nil && reply.Count == 0 {
		return wrong("no row has %d in column %d", value, column)
	}
	return err
}

func (m *machine) insert(tx *shardtest.Tx, table *shard.Table, at shard.ID, branch int64, ids ...int64) error {
	var rows [][]byte
	for _, id := range ids {
		rows = append(rows, shardtest.Account(table, id, branch, 1, fmt.Sprintf("%d %s", id, strings.Repeat("x", 150))))
	}
	_, err := tx.Write(&shard.WriteRequest{Header: shard.Header{Shard: at}, Op: shard.OpInsert, Table: table, Rows: shardtest.Batch(rows...)})
	return err
}

func (m *machine) fill(in *shardtest.Instance) error {
	tx := in.Begin(m.t, txn.ReadCommitted)
	change := balances{}
	for at := range int64(machineShards) {
		ids := []int64{leftRow + at}
		if err := m.insert(tx, m.aside, shard.ID(at), 0, ids...); err != nil {
			return err
		}
		for id := at; id < machineRows; id += machineShards {
			ids = append(ids, id)
		}
		if err := m.insert(tx, m.acc, shard.ID(at), 0, ids[1:]...); err != nil {
			return err
		}
		for _, id := range ids {
			change[id] = 1
		}
	}
	return m.commit(tx, change)
}

// transfer moves an amount between two rows.
func (m *machine) transfer(in *shardtest.Instance) error {
	from, to, amount := m.rng.Int64N(machineRows), m.rng.Int64N(machineRows), 1+m.rng.Int64N(9)
	if from == to || len(m.known) == 0 {
		return nil
	}
	tx := in.Begin(m.t, txn.ReadCommitted)
	for id, by := range (balances{from: -amount, to: amount}) {
		if err := m.update(tx, m.acc, shard.ID(id%machineShards), by, 0, id); err != nil {
			return err
		}
	}
	return m.commit(tx, balances{from: -amount, to: amount})
}

// sweep changes every row but the left ones, more than a write set holds in memory.
func (m *machine) sweep(in *shardtest.Instance) error {
	tx := in.Begin(m.t, txn.ReadCommitted)
	change := balances{}
	for at := range shard.ID(1 + m.rng.IntN(machineShards)) {
		if err := m.update(tx, m.acc, at, 3, 1, 0); err != nil {
			return err
		}
		for id := range m.known {
			if id%machineShards == int64(at) && id < leftRow {
				change[id] = 3
			}
		}
	}
	return m.commit(tx, change)
}

// guestsOf are the guests of a shard, as they go.
func (m *machine) guestsOf(at int64) balances {
	change := balances{}
	for id := range m.known {
		if id >= guestRow && id%machineShards == at {
			change[id] = gone
		}
	}
	return change
}

// comeAndGo inserts guests, or takes them away.
func (m *machine) comeAndGo(in *shardtest.Instance, at int64) error {
	tx := in.Begin(m.t, txn.ReadCommitted)
	change := m.guestsOf(at)
	if len(change) > 0 {
		del := &shard.WriteRequest{Header: shard.Header{Shard: shard.ID(at)}, Op: shard.OpDelete, Table: m.acc,
			Find:   shardtest.Fragment(m.acc, shardtest.Condition{Column: 1, Operator: "=", Param: 0}),
			Values: shard.Values{Params: []types.Datum{types.Int(2)}}}
		if _, err := tx.Write(del); err != nil {
			return err
		}
		return m.commit(tx, change)
	}
	var ids []int64
	for range 1 + m.rng.IntN(m.atOnce()) {
		id := guestRow + m.guests*machineShards + at
		m.guests++
		ids, change[id] = append(ids, id), 1
	}
	if err := m.insert(tx, m.acc, shard.ID(at), 2, ids...); err != nil {
		return err
	}
	return m.commit(tx, change)
}

// leave is a transaction over both logs that its coordinator leaves at a random
// step, once in a life.
func (m *machine) leave(in *shardtest.Instance) error {
	if m.left {
		return nil
	}
	m.left = true
	tx := in.Begin(m.t, txn.ReadCommitted)
	change := balances{}
	for at := range int64(machineShards) {
		change[leftRow+at] = 1
		if err := m.update(tx, m.aside, shard.ID(at), 1, 0, leftRow+at); err != nil {
			return err
		}
	}
	at, _ := in.Oracle.Commit(context.Background())
	logs, steps := tx.Logs(), m.rng.IntN(5)
	out := txn.Outcome{State: txn.Committed}
	for i, l := range logs {
		if steps == i {
			return nil
		}
		p, err := tx.PrepareAt(l, logs, at)
		if err != nil {
			return err
		}
		out.At = max(out.At, p.At)
	}
	if steps == len(logs) {
		return nil
	}
	_, home := in.Log(0)
	if id, p := in.Log(1); id == logs[0] {
		home = p
	}
	answer, err := home.Decide(context.Background(), &txn.DecideRequest{Txn: tx.ID(), Outcome: out})
	if err != nil {
		m.open = append(m.open, change)
		return err
	}
	if answer != out {
		return wrong("the home of %s answers %v", tx.ID(), answer)
	}
	m.known.add(change)
	return nil
}

// check compares what is there with what clients were told, with and without
// each transaction that they know nothing of.
func (m *machine) check(in *shardtest.Instance) error {
	got := balances{}
	for id := range shard.ID(machineShards) {
		for _, table := range []*shard.Table{m.acc, m.aside} {
			rows, err := in.Begin(m.t, txn.RepeatableRead).Read(id, shardtest.Fragment(table))
			if err != nil {
				return err
			}
			if err := got.read(rows); err != nil {
				return err
			}
		}
	}
	for mask := range 1 << len(m.open) {
		want := maps.Clone(m.known)
		for i, change := range m.open {
			if mask>>i&1 == 1 {
				want.add(change)
			}
		}
		if maps.Equal(got, want) {
			m.known, m.open = want, nil
			return nil
		}
	}
	return wrong("%s of unknown outcome %v", differences(got, m.known), m.open)
}

func (b balances) read(rows []string) error {
	for _, row := range rows {
		var id, branch, balance int64
		var note string
		if _, err := fmt.Sscanf(strings.ReplaceAll(row, "|", " "), "%d %d %d %s", &id, &branch, &balance, &note); err != nil || note != fmt.Sprint(id) {
			return wrong("row %q", row)
		}
		b[id] = balance
	}
	return nil
}

func differences(got, want balances) string {
	all := maps.Clone(got)
	maps.Copy(all, want)
	var out strings.Builder
	for _, id := range slices.Sorted(maps.Keys(all)) {
		g, found := got[id]
		if w, expected := want[id]; found != expected || g != w {
			fmt.Fprintf(&out, "row %d: %d (%t), acknowledged %d (%t); ", id, g, found, w, expected)
		}
	}
	return out.String()
}

// TestPowerCuts changes rows in every way, settles, checkpoints and cuts logs,
// and lets the power go or the process die anywhere in it: what was
// acknowledged is there, nothing is there in half.
func TestPowerCuts(t *testing.T) {
	for i := range uint64(scaled(40, 3000)) {
		if err := newMachine(t, *seed+i, 0).run(0); err != nil {
			t.Fatalf("seed %d: %v", *seed+i, err)
		}
	}
}

// TestEachSyncOfShardsIsNeeded takes the syncs of the shards' files out, one
// place after the other: TestPowerCuts sees it. The syncs of the log and of its
// side files are taken out by the tests of package log.
func TestEachSyncOfShardsIsNeeded(t *testing.T) {
	for name, place := range map[string]sqlite.Syncs{
		"the WAL before the log is cut": sqlite.SyncWALAsked,
		"the WAL by a checkpoint":       sqlite.SyncWAL,
		"the file by a checkpoint":      sqlite.SyncDatabase,
	} {
		t.Run(name, func(t *testing.T) {
			for i := range uint64(2000) {
				if err := newMachine(t, i, place).run(place); err != nil {
					t.Logf("seed %d: %v", i, err)
					return
				}
			}
			t.Error("nothing is lost without it")
		})
	}
}
