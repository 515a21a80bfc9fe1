package engine_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
)

// loadTable is accounts with an index that is not unique.
func loadTable() *shard.Table {
	t := *shardtest.Accounts(1)
	t.Indexes = []shard.Index{{ID: 7, Name: "accounts_branch_idx", Columns: []int{1}, Desc: []bool{false}}}
	return &t
}

// loadRequest inserts the accounts from, from+step, …, the largest first.
func loadRequest(acc *shard.Table, id shard.ID, from, to, step int64) *shard.WriteRequest {
	var rows [][]byte
	for i := from; i < to; i += step {
		rows = append(rows, shardtest.Account(acc, i, i%7, 1, note(i)))
	}
	slices.Reverse(rows)
	return &shard.WriteRequest{Header: shard.Header{Shard: id}, Op: shard.OpInsert, Table: acc, Rows: shardtest.Batch(rows...)}
}

// again sends a request as part of a statement that has sent others before.
func again(t *testing.T, in *shardtest.Instance, first, r *shard.WriteRequest) (*shard.WriteReply, error) {
	t.Helper()
	at := r.Shard
	r.Header, r.Values = first.Header, first.Values
	r.Shard = at
	return in.Service.Write(t.Context(), r)
}

func byKey(acc *shard.Table) *shard.Fragment {
	return shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0})
}

// TestLoad fills a table straight and looks at it from all sides: the same
// statement, a later one, others before and after the commit, old snapshots.
func TestLoad(t *testing.T) {
	const n = 4000
	cfg := config(t.TempDir(), shardtest.NewOracle(), 1, 1)
	in := open(t, cfg)
	acc := loadTable()
	all := shardtest.Fragment(acc)
	old := in.Begin(t, txn.RepeatableRead)
	if got := count(t, old, 0, all); got != 0 {
		t.Fatal(got)
	}
	tx := in.Begin(t, txn.ReadCommitted)
	first := loadRequest(acc, 0, 0, n, 2)
	if reply := write(t, tx, first); reply.Count != n/2 {
		t.Fatalf("%d rows", reply.Count)
	}
	if _, err := again(t, in, first, loadRequest(acc, 0, 1, n, 2)); err != nil {
		t.Fatal(err)
	}
	logged := in.Service.(*engine.Node).Participants()[0].LogBytes()
	if got := count(t, tx, 0, all); got != n {
		t.Fatalf("a later statement sees %d rows", got)
	}
	same, err := tx.ReadRequest(&shard.ReadRequest{Header: first.Header, Fragment: all})
	if err != nil || len(same) != 0 {
		t.Fatalf("the statement itself sees %d rows: %v", len(same), err)
	}
	other := in.Begin(t, txn.RepeatableRead)
	for _, f := range []*shard.Fragment{all, byKey(acc)} {
		if got := count(t, other, 0, f, types.Int(5)); got != 0 {
			t.Fatalf("others see %d rows", got)
		}
	}
	// What the transaction does to the rows later is an ordinary write.
	write(t, tx, shardtest.AddBalance(byKey(acc), types.Int(5), types.Int(41)))
	write(t, tx, &shard.WriteRequest{Op: shard.OpDelete, Table: acc, Find: byKey(acc), Values: shard.Values{Params: []types.Datum{types.Int(6)}}})
	_, err = tx.Write(loadRequest(acc, 0, 7, 8, 1))
	if !pgerr.HasCode(err, pgerr.UniqueViolation) {
		t.Fatalf("a key twice: %v", err)
	}
	commit(t, tx)
	if grown := in.Service.(*engine.Node).Participants()[0].LogBytes() - logged; grown > 2000 {
		t.Errorf("the commit took %d bytes of log", grown)
	}
	check := func() {
		t.Helper()
		tx := in.Begin(t, txn.ReadCommitted)
		if got := count(t, tx, 0, all); got != n-1 {
			t.Fatalf("%d rows", got)
		}
		for _, c := range []struct {
			key  int64
			want string
		}{{5, "5|5|42|note 5"}, {8, "8|1|1|note 8"}} {
			if got, err := tx.Read(0, byKey(acc), types.Int(c.key)); err != nil || len(got) != 1 || got[0] != c.want {
				t.Fatalf("%q, %v; want %s", got, err, c.want)
			}
		}
		stats, err := in.Service.Control(t.Context(), &shard.ControlRequest{Op: shard.ControlStats, Table: acc})
		if err != nil || stats.Rows != n-1 {
			t.Fatalf("%+v, %v", stats, err)
		}
	}
	check()
	for _, tx := range []*shardtest.Tx{old, other} {
		for _, key := range []int64{5, 6, 8} { // with a chain, deleted, without
			if got := count(t, tx, 0, byKey(acc), types.Int(key)); got != 0 {
				t.Errorf("a snapshot from before the commit sees row %d", key)
			}
			if reply := write(t, tx, shardtest.AddBalance(byKey(acc), types.Int(key), types.Int(1))); reply.Count != 0 {
				t.Errorf("a snapshot from before the commit updates row %d", key)
			}
		}
		if got := count(t, tx, 0, all); got != 0 {
			t.Errorf("a snapshot from before the commit sees %d rows", got)
		}
		tx.Rollback()
	}
	in = in.Restart(t, false)
	check()
	in = in.Restart(t, true)
	check()
}

// TestLoadTakenBack: what a load has put in goes with its statement, and the
// table can be filled again.
func TestLoadTakenBack(t *testing.T) {
	const n = 2500
	in := open(t, config(t.TempDir(), shardtest.NewOracle(), 1, 1))
	acc := loadTable()
	all := shardtest.Fragment(acc)
	twice := func(at int, r *shard.WriteRequest) error {
		tx := in.Begin(t, txn.ReadCommitted)
		first := loadRequest(acc, 0, 0, n, 1)
		write(t, tx, first)
		_, err := again(t, in, first, r)
		e := pgerr.From(err)
		if e == nil || e.Code != pgerr.UniqueViolation || e.Row != at || e.Constraint != "accounts_pkey" {
			return fmt.Errorf("%+v, want row %d", e, at)
		}
		if got := count(t, tx, 0, all); got != 0 {
			return fmt.Errorf("%d rows after the statement failed", got)
		}
		tx.Rollback()
		return nil
	}
	inside := loadRequest(acc, 0, n, 2*n, 1)
	inside.Rows = shardtest.Batch(append(batchRows(inside.Rows), shardtest.Account(acc, n+3, 0, 0, "again"))...)
	for name, r := range map[string]*shard.WriteRequest{
		"as in another request": loadRequest(acc, 0, n-1, 2*n, 1), // n-1 comes last
		"in the same request":   inside,
	} {
		if err := twice(n+1, r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: loadOther(), Rows: rowsOf(loadOther(), 0, 1, 1)})
	r := loadRequest(acc, 0, 0, n, 1)
	write(t, tx, r)
	if err := in.Service.Cut(t.Context(), &shard.CutRequest{Header: r.Header, From: r.Statement, Sent: r.Statement}); err != nil {
		t.Fatal(err)
	}
	if got := count(t, tx, 0, all); got != 0 {
		t.Fatalf("%d rows after the cut", got)
	}
	write(t, tx, loadRequest(acc, 0, 0, n, 1))
	commit(t, tx)
	if got := count(t, in.Begin(t, txn.ReadCommitted), 0, all); got != n {
		t.Fatalf("%d rows in the end", got)
	}
}

// loadOther is a table beside the one that is loaded.
func loadOther() *shard.Table {
	t := *shardtest.Accounts(2)
	t.Relation++
	return &t
}

func batchRows(b *shard.Batch) (rows [][]byte) {
	for data := b.Data; len(data) > 0; {
		n := int(uint32(data[0]) | uint32(data[1])<<8 | uint32(data[2])<<16 | uint32(data[3])<<24)
		rows, data = append(rows, data[4:4+n]), data[4+n:]
	}
	return rows
}

// TestLoadOnlyWhereNothingIs: rows go to SQLite straight only where there is
// nothing to compare them with, or to lose when they are taken back: no rows in
// chains, in the file, in the transaction's write set or what it has spilled.
func TestLoadOnlyWhereNothingIs(t *testing.T) {
	const few, many = 900, 3000
	for _, where := range []string{"chains", "file", "own", "spilled"} {
		cfg := config(t.TempDir(), shardtest.NewOracle(), 1, 1)
		cfg.SettleEvery = -1
		if where == "spilled" {
			cfg.WriteSetBytes = 2000
		}
		in, acc := open(t, cfg), loadTable()
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, loadRequest(acc, 0, 0, few, 1))
		own := where == "own" || where == "spilled"
		if !own {
			commit(t, tx)
			tx = in.Begin(t, txn.ReadCommitted)
		}
		if where == "file" {
			control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
		}
		if _, err := tx.Write(loadRequest(acc, 0, few-1, many, 1)); !pgerr.HasCode(err, pgerr.UniqueViolation) {
			t.Errorf("%s: a key twice: %v", where, err)
		}
		tx.Rollback()
		if own {
			continue
		}
		tx = in.Begin(t, txn.ReadCommitted)
		write(t, tx, loadRequest(acc, 0, few, many, 1))
		other := in.Begin(t, txn.ReadCommitted)
		for _, when := range []string{"before", "after"} {
			if got := count(t, other, 0, shardtest.Fragment(acc)); got != few {
				t.Errorf("%s: others see %d rows %s the end", where, got, when)
			}
			tx.Rollback()
		}
	}
}

// TestLoadExcludesWriters: whoever else writes to the table waits for its end.
func TestLoadExcludesWriters(t *testing.T) {
	in := open(t, config(t.TempDir(), shardtest.NewOracle(), 1, 1))
	acc := loadTable()
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, loadRequest(acc, 0, 0, 2000, 1))
	other := in.Begin(t, txn.ReadCommitted)
	late := loadRequest(acc, 0, 5, 6, 1)
	late.Lock.TimeoutMS = 50
	if _, err := other.Write(late); !pgerr.HasCode(err, pgerr.LockNotAvailable) {
		t.Fatalf("%v", err)
	}
	tx.Rollback()
	write(t, other, loadRequest(acc, 0, 5, 6, 1))
	commit(t, other)
	if got := count(t, in.Begin(t, txn.ReadCommitted), 0, shardtest.Fragment(acc)); got != 1 {
		t.Fatalf("%d rows", got)
	}
}

// TestLoadBesideWriters: rows do not go straight into a table that somebody else
// is writing to, who would not meet them.
func TestLoadBesideWriters(t *testing.T) {
	in := open(t, config(t.TempDir(), shardtest.NewOracle(), 1, 1))
	acc := loadTable()
	other := in.Begin(t, txn.ReadCommitted)
	write(t, other, loadRequest(acc, 0, 5000, 5001, 1))
	write(t, in.Begin(t, txn.ReadCommitted), loadRequest(acc, 0, 0, 2000, 1))
	twice := loadRequest(acc, 0, 5, 6, 1)
	twice.Lock.TimeoutMS = 50
	_, err := other.Write(twice)
	wantCode(t, err, pgerr.LockNotAvailable)
}

// loadCrash is a computer that loses its power at a step of a load.
type loadCrash struct {
	fs   *vfs.Mem
	disk *sqlite.Disk
	cfg  engine.Config
	in   *shardtest.Instance
	acc  *shard.Table
}

func newLoadCrash(t *testing.T) *loadCrash {
	disk, err := sqlite.NewDisk()
	if err != nil {
		t.Fatal(err)
	}
	c := &loadCrash{fs: vfs.NewMem(), disk: disk, cfg: config("data", shardtest.NewOracle(), 2, 2), acc: loadTable()}
	c.cfg.SettleEvery = -1
	c.cfg.SQLite = sqlite.Options{VFS: disk.VFS(), MmapBytes: -1, KeepWAL: true}
	c.boot(t)
	return c
}

func (c *loadCrash) boot(t *testing.T) {
	c.cfg.FS = c.fs
	c.in = open(t, c.cfg)
}

// powerCut loses what was not synced, or with some seeds a part of it.
func (c *loadCrash) powerCut(t *testing.T, seed uint64) {
	n := c.in.Service.(*engine.Node)
	survivors := c.fs.PowerCut(seed)
	c.disk.PowerCut(seed)
	n.Kill()
	c.fs = survivors
	c.boot(t)
	c.in.Service.(*engine.Node).ResolveInDoubt(t.Context())
}

// TestLoadCrashes cuts the power at every step of a load over two logs: the
// rows are all there if the commit was decided, else none, and the table can be
// filled again.
func TestLoadCrashes(t *testing.T) {
	const n = 1500
	steps := []struct {
		name string
		want int
	}{
		{"chunks", 0}, {"prepared", 0}, {"decided", n}, {"resolved", n}, {"settled", n}, {"cut", n}, {"taken back", 0},
	}
	for at, step := range steps {
		for seed := range uint64(3) {
			t.Run(fmt.Sprint(step.name, seed), func(t *testing.T) {
				c := newLoadCrash(t)
				tx := c.in.Begin(t, txn.ReadCommitted)
				for id := range shard.ID(2) {
					write(t, tx, loadRequest(c.acc, id, 0, n, 1))
				}
				c.until(t, tx, at)
				c.powerCut(t, seed)
				c.wantRows(t, step.want)
				if step.want == 0 {
					tx := c.in.Begin(t, txn.ReadCommitted)
					write(t, tx, loadRequest(c.acc, 0, 0, n, 1))
					commit(t, tx)
					if got := count(t, c.in.Begin(t, txn.ReadCommitted), 0, shardtest.Fragment(c.acc)); got != n {
						t.Fatalf("%d rows when filled again", got)
					}
				}
			})
		}
	}
}

// TestLoadNeedsItsSync takes out the sync of the file before the record: rows of
// a commit are lost.
func TestLoadNeedsItsSync(t *testing.T) {
	const n, cuts = 1500, 20
	for seed := range uint64(cuts) {
		c := newLoadCrash(t)
		c.disk.Inject(sqlite.Faults{StopAfter: -1, IgnoreSyncs: sqlite.SyncWALAsked})
		tx := c.in.Begin(t, txn.ReadCommitted)
		for id := range shard.ID(2) {
			write(t, tx, loadRequest(c.acc, id, 0, n, 1))
		}
		c.until(t, tx, 3)
		c.powerCut(t, seed)
		for id := range shard.ID(2) {
			if count(t, c.in.Begin(t, txn.ReadCommitted), id, shardtest.Fragment(c.acc)) != n {
				return
			}
		}
	}
	t.Errorf("%d power cuts lose nothing without it", cuts)
}

// until takes a transaction over two logs to a step of TestLoadCrashes.
func (c *loadCrash) until(t *testing.T, tx *shardtest.Tx, step int) {
	t.Helper()
	ctx, n := t.Context(), c.in.Service.(*engine.Node)
	if step == 6 {
		tx.Rollback()
	}
	if step == 0 || step == 6 {
		return
	}
	at, err := c.in.Oracle.Commit(ctx)
	if err != nil {
		t.Fatal(err)
	}
	logs, out := tx.Logs(), txn.Outcome{State: txn.Committed}
	for _, l := range logs {
		p, err := tx.PrepareAt(l, logs, at)
		if err != nil {
			t.Fatal(err)
		}
		out.At = max(out.At, p.At)
	}
	for i, l := range logs {
		if step < 2+i {
			return
		}
		err := func() error {
			if i == 0 {
				_, err := n.Participant(l).Decide(ctx, &txn.DecideRequest{Txn: tx.ID(), Outcome: out})
				return err
			}
			return n.Participant(l).Resolve(ctx, &txn.ResolveRequest{Txn: tx.ID(), Outcome: out})
		}()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range n.Engines() {
		if step >= 4 {
			if err := e.Settle(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	if step == 5 {
		if err := n.CutLogs(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

func (c *loadCrash) wantRows(t *testing.T, want int) {
	t.Helper()
	for id := range shard.ID(2) {
		if got := count(t, c.in.Begin(t, txn.ReadCommitted), id, shardtest.Fragment(c.acc)); got != want {
			t.Fatalf("%d rows on shard %d, want %d", got, id, want)
		}
	}
}

// TestLoadDecidedAfterRestart: a prepared load stays hidden over a restart and
// shows, or goes, when the home far away says what became of it.
func TestLoadDecidedAfterRestart(t *testing.T) {
	for state, want := range map[txn.State]int{txn.Committed: 1500, txn.Aborted: 0} {
		c := newLoadCrash(t)
		tx := c.in.Begin(t, txn.ReadCommitted)
		for id := range shard.ID(2) {
			write(t, tx, loadRequest(c.acc, id, 0, 1500, 1))
		}
		at, err := c.in.Oracle.Commit(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		home := txn.LogID{'f', 'a', 'r'}
		out := txn.Outcome{State: txn.Active}
		for _, l := range tx.Logs() {
			p, err := tx.PrepareAt(l, append([]txn.LogID{home}, tx.Logs()...), at)
			if err != nil {
				t.Fatal(err)
			}
			at = max(at, p.At)
		}
		var asked sync.Mutex // protects out
		c.cfg.Ask = func(context.Context, txn.LogID, txn.ID) (txn.Outcome, error) {
			asked.Lock()
			defer asked.Unlock()
			return out, nil
		}
		c.powerCut(t, 1)
		c.wantBlocked(t)
		asked.Lock()
		out = txn.Outcome{State: state, At: at}
		asked.Unlock()
		if left := c.in.Service.(*engine.Node).ResolveInDoubt(t.Context()); left != 0 {
			t.Fatalf("%d transactions left in doubt", left)
		}
		c.wantRows(t, want)
		c.powerCut(t, 1)
		c.wantRows(t, want)
	}
}

// wantBlocked reads the table beside a transaction in doubt, in vain.
func (c *loadCrash) wantBlocked(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	snapshot, err := c.in.Oracle.Snapshot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer c.in.Oracle.Release(snapshot)
	rows, err := c.in.Service.Read(ctx, &shard.ReadRequest{Header: shard.Header{Snapshot: snapshot}, Fragment: shardtest.Fragment(c.acc)})
	if err == nil {
		defer rows.Close()
		_, err = rows.Next(ctx)
	}
	if !pgerr.HasCode(err, pgerr.QueryCanceled) {
		t.Fatalf("a read beside the prepared load: %v", err)
	}
}

// TestLoadOnFullDisk: rows that cannot be taken out of the file stay unseen,
// and go when there is space again.
func TestLoadOnFullDisk(t *testing.T) {
	c := newLoadCrash(t)
	tx := c.in.Begin(t, txn.ReadCommitted)
	write(t, tx, loadRequest(c.acc, 0, 0, 1500, 1))
	hold := c.in.Service.(*engine.Node).Engines()[0].RefuseDrops()
	tx.Rollback()
	c.wantRows(t, 0)
	tx = c.in.Begin(t, txn.ReadCommitted)
	if _, err := tx.Write(loadRequest(c.acc, 0, 5, 6, 1)); err == nil {
		t.Fatal("a write to a table that could not be cleared")
	}
	tx.Rollback()
	hold()
	tx = c.in.Begin(t, txn.ReadCommitted)
	write(t, tx, loadRequest(c.acc, 0, 5, 6, 1))
	commit(t, tx)
	if got := count(t, c.in.Begin(t, txn.ReadCommitted), 0, shardtest.Fragment(c.acc)); got != 1 {
		t.Fatalf("%d rows", got)
	}
}

// TestLoadLeftBySavepoint: a transaction whose rows could not be taken out of
// the file when it rolled back to a savepoint does not commit them, even when
// there is space again; what it leaves goes without anybody's help.
func TestLoadLeftBySavepoint(t *testing.T) {
	for _, full := range []bool{false, true} {
		t.Run(fmt.Sprintf("full at the end %v", full), func(t *testing.T) {
			c := newLoadCrash(t)
			e := c.in.Service.(*engine.Node).Engines()[0]
			tx := c.in.Begin(t, txn.ReadCommitted)
			write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: loadOther(), Rows: rowsOf(loadOther(), 0, 1, 1)})
			r := loadRequest(c.acc, 0, 0, 1500, 1)
			write(t, tx, r)
			again := e.RefuseDrops()
			if err := c.in.Service.Cut(t.Context(), &shard.CutRequest{Header: r.Header, From: r.Statement, Sent: r.Statement}); err == nil {
				t.Error("ROLLBACK TO says that the rows are gone")
			}
			if !full {
				again()
			}
			if _, err := tx.Commit(); err == nil {
				t.Error("the transaction has committed")
			}
			tx.Rollback()
			c.wantRows(t, 0)
			if full {
				again()
			}
			if err := e.Maintain(); err != nil {
				t.Fatal(err)
			}
			if e.HasTable(c.acc.Physical) {
				t.Error("the rows are in the file still")
			}
			c.wantRows(t, 0)
		})
	}
}
