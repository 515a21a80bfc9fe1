package planner_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/planner/exec"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/txn"
)

// gated is a cluster as one transaction sees it: a write or a locking read on a
// shard begins when before lets it, and ends with after.
type gated struct {
	*world
	before, after func(shard.ID)
}

func (g *gated) Service(home catalog.Home, id shard.ID) shard.Service {
	return &gatedService{g.world.Service(home, id), g}
}

type gatedService struct {
	shard.Service
	gate *gated
}

func (s *gatedService) Write(ctx context.Context, r *shard.WriteRequest) (*shard.WriteReply, error) {
	s.gate.before(r.Shard)
	defer s.gate.after(r.Shard)
	return s.Service.Write(ctx, r)
}

func (s *gatedService) Read(ctx context.Context, r *shard.ReadRequest) (shard.Rows, error) {
	if r.Lock == nil {
		return s.Service.Read(ctx, r)
	}
	s.gate.before(r.Shard)
	defer s.gate.after(r.Shard)
	return s.Service.Read(ctx, r)
}

// TestWritesOverManyShardsDoNotDeadlock has two statements that change the same
// rows come to half of the shards first each, and then to the other's half.
func TestWritesOverManyShardsDoNotDeadlock(t *testing.T) {
	const shards = 8
	for _, c := range []struct{ name, first, second, want string }{
		{"updates", "UPDATE accounts SET abalance = abalance + 1", "UPDATE accounts SET abalance = abalance + 10", "1100\n"},
		{"update and delete", "UPDATE accounts SET abalance = abalance + 1", "DELETE FROM accounts WHERE abalance < 0", "100\n"},
		{"rows that were read", "UPDATE accounts a SET abalance = abalance + bbalance FROM branches b WHERE a.bid = b.bid",
			"UPDATE accounts a SET abalance = abalance + bbalance * 10 FROM branches b WHERE a.bid = b.bid", "1100\n"},
		{"inserts", "INSERT INTO accounts SELECT g, 1, 1, '' FROM generate_series(1001, 1100) g ON CONFLICT DO NOTHING",
			"INSERT INTO accounts SELECT g, 1, 1, '' FROM generate_series(1100, 1001, -1) g ON CONFLICT DO NOTHING", "100\n"},
		{"locked as they are read", "SELECT aid FROM accounts FOR UPDATE", "SELECT aid FROM accounts WHERE abalance = 0 FOR SHARE", "0\n"},
		{"update and locked", "UPDATE accounts SET abalance = abalance + 1", "SELECT aid FROM accounts ORDER BY bid, aid DESC FOR UPDATE", "100\n"},
		{"locked over a join", "SELECT aid FROM accounts JOIN branches USING (bid) FOR UPDATE OF accounts",
			"SELECT aid FROM accounts JOIN branches USING (bid) ORDER BY aid DESC FOR UPDATE OF accounts", "0\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, shards, 2)
			schema(w)
			w.must("INSERT INTO branches VALUES (1, 1)")
			w.must("INSERT INTO accounts SELECT g, 1, 0, '' FROM generate_series(1, 100) g")
			var done [2][shards]chan struct{}
			for i := range done {
				for k := range done[i] {
					done[i][k] = make(chan struct{})
				}
			}
			answers := make(chan error, 2)
			for i, sql := range []string{c.first, c.second} {
				var met [shards]bool // each shard's own, and written by one request at a time
				own := func(id shard.ID) bool { return int(id)%2 == i }
				g := &gated{w, func(id shard.ID) {
					if !met[id] && !own(id) {
						<-done[1-i][id]
					}
				}, func(id shard.ID) {
					if !met[id] && own(id) {
						close(done[i][id])
					}
					met[id] = true
				}}
				go func() { answers <- w.commit(g, sql) }()
			}
			for range 2 {
				if err := <-answers; err != nil {
					t.Error(err)
				}
			}
			if out := w.must("SELECT sum(abalance) FROM accounts"); out != c.want {
				t.Errorf("sum %q, want %q", out, c.want)
			}
		})
	}
}

// commit runs a statement on a cluster in a transaction of its own.
func (w *world) commit(on exec.Cluster, sql string) error {
	tx, err := w.run(on, sql)
	if err != nil {
		return err
	}
	return tx.Commit(context.Background())
}

// run is commit up to the end of the statement. An error ends the transaction.
func (w *world) run(on exec.Cluster, sql string) (*txn.Txn, error) {
	ctx := context.Background()
	st, lifted, err := w.plan(sql)
	if err != nil {
		return nil, err
	}
	tx := w.manager.Begin(txn.ReadCommitted)
	run := tx.Run()
	defer run.Close()
	env := w.execEnv(run)
	env.Cluster = on
	c, err := exec.Run(ctx, env, st, nil, lifted)
	if err != nil {
		return nil, err
	}
	for row := (exec.Row{}); row != nil && err == nil; {
		row, err = c.Next(ctx)
	}
	if e := c.Close(); err == nil {
		err = e
	}
	if err != nil {
		tx.Rollback(ctx)
		return nil, err
	}
	return tx, nil
}

// waiting is how many transactions wait for locks now.
func (w *world) waiting() int {
	w.t.Helper()
	is := map[txn.ID]bool{}
	for id := range w.Shards(catalog.HomeShards) {
		r := &shard.ControlRequest{Header: shard.Header{Shard: shard.ID(id), Epoch: w.Epoch()}, Op: shard.ControlTransactions}
		reply, err := w.node.Control(context.Background(), r)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, x := range reply.Transactions {
			if len(x.Waiting) > 0 {
				is[x.Txn] = true
			}
		}
	}
	return len(is)
}

// TestManyRowsDoNotDeadlock has two statements come to more rows than go at
// once, the one from below and the other from above, and rows locked in the middle
// let each have its first ones.
func TestManyRowsDoNotDeadlock(t *testing.T) {
	const up = "(SELECT aid FROM accounts ORDER BY aid LIMIT 9000) s"
	const down = "(SELECT aid FROM accounts ORDER BY aid DESC LIMIT 9000) s"
	for _, c := range []struct{ name, first, second string }{
		{"updates", "UPDATE accounts a SET abalance = abalance + 1 FROM " + up + " WHERE a.aid = s.aid",
			"UPDATE accounts a SET abalance = abalance + 10 FROM " + down + " WHERE a.aid = s.aid"},
		{"update and delete", "UPDATE accounts a SET abalance = abalance + 1 FROM " + up + " WHERE a.aid = s.aid",
			"DELETE FROM accounts a USING " + down + " WHERE a.aid = s.aid"},
		{"locks", "SELECT a.aid FROM accounts a JOIN " + up + " ON a.aid = s.aid FOR UPDATE OF a",
			"SELECT a.aid FROM accounts a JOIN " + down + " ON a.aid = s.aid FOR UPDATE OF a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorldOf(t, engine.Config{Shards: 8, Logs: 2, DeadlockTimeout: 20 * time.Millisecond})
			schema(w)
			w.must("INSERT INTO accounts SELECT g, 1, 0, '' FROM generate_series(1, 9000) g")
			held := w.manager.Begin(txn.ReadCommitted)
			if _, err := w.in(held, "SELECT aid FROM accounts WHERE aid BETWEEN 4097 AND 4904 FOR UPDATE"); err != nil {
				t.Fatal(err)
			}
			answers := make(chan error, 2)
			for i, sql := range []string{c.first, c.second} {
				go func() {
					tx, err := w.run(w, sql)
					if err == nil {
						tx.Rollback(context.Background()) // to commit would have every row looked at again
					}
					answers <- err
				}()
				for w.waiting() <= i {
					runtime.Gosched()
				}
			}
			held.Rollback(context.Background())
			for range 2 {
				if err := <-answers; err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestManyRowsGoShardByShard: what has been to a shard with locks in hand does
// not come back there.
func TestManyRowsGoShardByShard(t *testing.T) {
	w := newWorld(t, 8, 1)
	schema(w)
	w.must("INSERT INTO branches VALUES (1, 1)")
	w.must("INSERT INTO accounts SELECT g, 1, 0, '' FROM generate_series(1, 9000) g")
	var mu sync.Mutex
	var visits []int
	g := &gated{w, func(id shard.ID) {
		mu.Lock()
		defer mu.Unlock()
		visits = append(visits, int(id))
	}, func(shard.ID) {}}
	if err := w.commit(g, "UPDATE accounts a SET abalance = 1 FROM branches b WHERE a.bid = b.bid"); err != nil {
		t.Fatal(err)
	}
	if len(visits) > 8+3 { // each shard once, but for those where one lot ends and the next begins
		t.Errorf("went to shards %v", visits)
	}
}

// TestManyLockedRowsKeepTheirOrder: rows are locked in an order of their own,
// and come in the one that was asked for.
func TestManyLockedRowsKeepTheirOrder(t *testing.T) {
	w := newWorld(t, 8, 1)
	schema(w)
	w.must("INSERT INTO branches VALUES (1, 1)")
	w.must("INSERT INTO accounts SELECT g, g / 5000 + 1, 0, '' FROM generate_series(1, 5200) g")
	const sql = "SELECT aid, bbalance FROM accounts LEFT JOIN branches USING (bid) ORDER BY abs(aid - 4000), aid"
	want := w.must(sql)
	for _, lock := range []string{" FOR UPDATE OF accounts", " FOR SHARE OF accounts"} {
		if got := w.must(sql + lock); got != want {
			t.Errorf("%s: other rows than without", lock)
		}
	}
}

// TestInsertAndUpsertDoNotDeadlock lets each of two have a row's key and its
// value in a unique index elsewhere, as far as the other is not in the way.
func TestInsertAndUpsertDoNotDeadlock(t *testing.T) {
	for _, c := range []struct{ name, second, want string }{
		{"nothing", "INSERT INTO u VALUES (1, 5) ON CONFLICT DO NOTHING", "1|5\n"},
		{"nothing by value", "INSERT INTO u VALUES (1, 5) ON CONFLICT (v) DO NOTHING", "1|5\n"},
		{"update", "INSERT INTO u VALUES (1, 5) ON CONFLICT (v) DO UPDATE SET v = excluded.v + 1", "1|6\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorldOf(t, engine.Config{Shards: 8, Logs: 2, DeadlockTimeout: 20 * time.Millisecond})
			w.table("u", "id int4 key", "v int4", "unique v")
			first, second := make(chan struct{}), make(chan struct{})
			n := [2]int{}
			answers := make(chan error, 2)
			gate := func(i int, before func(n int), after func(n int)) *gated {
				return &gated{w, func(shard.ID) { n[i]++; before(n[i]) }, func(shard.ID) { after(n[i]) }}
			}
			go func() {
				answers <- w.commit(gate(0, func(n int) {
					for n == 2 && w.waiting() == 0 {
						select {
						case <-second:
							return
						default:
							runtime.Gosched()
						}
					}
				}, func(n int) {
					if n == 1 {
						close(first)
					}
				}), "INSERT INTO u VALUES (1, 5)")
			}()
			go func() {
				answers <- w.commit(gate(1, func(int) { <-first }, func(n int) {
					if n == 1 {
						close(second)
					}
				}), c.second)
			}()
			for range 2 {
				if err := <-answers; err != nil {
					t.Error(err)
				}
			}
			if out := w.must("SELECT * FROM u"); out != c.want {
				t.Errorf("%q, want %q", out, c.want)
			}
		})
	}
}
