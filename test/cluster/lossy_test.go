package cluster

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pegmatitedb/pegmatite/shard/remote/codec"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

var seed = flag.Uint64("seed", 1, "seed of what becomes of messages")

const lossyAccounts = 24

// makeAccounts makes the accounts, and entries of what was moved between them.
func makeAccounts(t *testing.T, c *pgx.Conn) {
	t.Helper()
	run(t, c, "CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL)")
	run(t, c, "CREATE TABLE entries (account int, mark text, PRIMARY KEY (account, mark)) WITH (shard_key = 'account')")
	run(t, c, "INSERT INTO accounts SELECT i, 100 FROM generate_series(1, $1::int) i", lossyAccounts)
}

// fates are what clients were told of transfers, by their marks: true is
// committed, false is rolled back; neither is unknown.
type fates struct {
	mu    sync.Mutex // protects known
	known map[string]bool
}

// transfer moves money between accounts, and notes what became of it.
func (f *fates) transfer(ctx context.Context, c *pgx.Conn, mark string, accounts ...int) error {
	err := func() error {
		if _, err := c.Exec(ctx, "BEGIN"); err != nil {
			return err
		}
		for i, account := range accounts {
			amount := 1
			if i == 0 {
				amount = 1 - len(accounts)
			}
			if _, err := c.Exec(ctx, "UPDATE accounts SET balance = balance + $1 WHERE id = $2", amount, account); err != nil {
				return err
			}
			if _, err := c.Exec(ctx, "INSERT INTO entries VALUES ($1, $2)", account, mark); err != nil {
				return err
			}
		}
		return nil
	}()
	if err != nil {
		c.Exec(ctx, "ROLLBACK")
		f.note(mark, false)
		return err
	}
	tag, err := c.Exec(ctx, "COMMIT")
	switch {
	case err == nil:
		f.note(mark, tag.String() == "COMMIT")
	case client.Code(err) != "08007" && errors.As(err, new(*pgconn.PgError)):
		f.note(mark, false)
	}
	return err
}

func (f *fates) note(mark string, committed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known[mark] = committed
}

// allowed are the errors that a network may cost.
func allowed(err error) bool {
	return slices.Contains([]string{"58000", "57P03", "08007", "08006", "40001", "40P01", "25P02"}, client.Code(err))
}

// snapshot reads twice in one transaction what must be as long as it was.
func snapshot(ctx context.Context, c *pgx.Conn) error {
	var sums [2]int
	var entries [2]int
	if _, err := c.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ"); err != nil {
		return err
	}
	defer c.Exec(ctx, "ROLLBACK")
	for i := range sums {
		if err := c.QueryRow(ctx, "SELECT sum(balance)::int FROM accounts").Scan(&sums[i]); err != nil {
			return err
		}
		if err := c.QueryRow(ctx, "SELECT count(*)::int FROM entries").Scan(&entries[i]); err != nil {
			return err
		}
	}
	if sums[0] != 100*lossyAccounts || sums != [2]int{sums[0], sums[0]} || entries[0] != entries[1] {
		return fmt.Errorf("sums %v, entries %v", sums, entries)
	}
	return nil
}

// quiet waits until nothing is open or in doubt on any node, by itself.
func quiet(t *testing.T, conns []*pgx.Conn) {
	t.Helper()
	for i, c := range conns {
		var left string
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("node %d: %s", i+1, left)
			}
		})
		client.Eventually(t, fmt.Sprintf("nothing open on node %d", i+1), func() bool {
			left = ""
			err := c.QueryRow(t.Context(), "SELECT coalesce(string_agg(t::text, '; '), '') FROM pegmatite.transactions t WHERE reason IS DISTINCT FROM 'has nothing on a shard'").Scan(&left)
			return err == nil && left == ""
		})
	}
}

// check compares what is there with what clients were told, on every node.
func (f *fates) check(t *testing.T, conns []*pgx.Conn) {
	t.Helper()
	for i, c := range conns {
		if got := one[int](t, c, "SELECT sum(balance)::int FROM accounts"); got != 100*lossyAccounts {
			t.Errorf("node %d: sum %d", i+1, got)
		}
		rows, err := c.Query(t.Context(), "SELECT mark, count(*)::int FROM entries GROUP BY mark")
		if err != nil {
			t.Fatal(err)
		}
		there := map[string]int{}
		var mark string
		var n int
		if _, err := pgx.ForEachRow(rows, []any{&mark, &n}, func() error { there[mark] = n; return nil }); err != nil {
			t.Fatal(err)
		}
		for mark, committed := range f.known {
			if want := strings.Count(mark, "+"); committed && there[mark] != want || !committed && there[mark] != 0 {
				t.Errorf("node %d has %d entries of %s, committed: %v", i+1, there[mark], mark, committed)
			}
		}
		for mark, n := range there {
			if n != strings.Count(mark, "+") {
				t.Errorf("node %d has %d entries of %s", i+1, n, mark)
			}
		}
	}
}

// TestLossyNetwork: messages between nodes are lost, doubled, delayed and
// overtaken under transfers from all nodes. Snapshots on other nodes agree
// throughout; when the network is well again all that is in doubt or left
// somewhere resolves by itself, and what clients were told is so.
func TestLossyNetwork(t *testing.T) {
	net := newNetwork(*seed)
	c := node.StartClusterWith(t, 3, 9, nil, net.layers)
	conns := connectAll(t, c)
	makeAccounts(t, conns[0])
	f := &fates{known: map[string]bool{}}
	net.lossy.Store(true)
	var clients sync.WaitGroup
	var committed, refused, reads atomic.Int64
	for i := range c.Nodes {
		for j := range 2 {
			conn := connect(t, c.Nodes[i])
			rng := rand.New(rand.NewPCG(*seed, uint64(10*i+j)))
			clients.Go(func() {
				for k := range 20 {
					accounts := rng.Perm(lossyAccounts)[:2+rng.IntN(3)]
					for a := range accounts {
						accounts[a]++
					}
					err := f.transfer(context.Background(), conn, fmt.Sprintf("%d.%d.%d%s", i, j, k, strings.Repeat("+", len(accounts))), accounts...)
					switch {
					case err == nil:
						committed.Add(1)
					case allowed(err):
						refused.Add(1)
					default:
						t.Errorf("node %d: %v", i+1, err)
						return
					}
				}
			})
		}
		reader := connect(t, c.Nodes[i])
		clients.Go(func() {
			for range 20 {
				if err := snapshot(context.Background(), reader); err == nil {
					reads.Add(1)
				} else if !allowed(err) {
					t.Errorf("node %d: %v", i+1, err)
					return
				}
			}
		})
	}
	clients.Wait()
	net.lossy.Store(false)
	net.late.Wait()
	t.Logf("%d committed, %d not, %d snapshots; messages: %v", committed.Load(), refused.Load(), reads.Load(), net.counts)
	if committed.Load() == 0 || refused.Load() == 0 || reads.Load() == 0 {
		t.Error("no commit, no failure or no snapshot")
	}
	quiet(t, conns)
	run(t, conns[0], "SET lock_timeout = '10s'")
	run(t, conns[0], "UPDATE accounts SET balance = balance") // nothing is locked any more
	f.check(t, conns)
}

// TestCoordinatorCutOff: a coordinator reaches nobody any more from one step of
// a commit on. The others resolve what they are in doubt about by themselves,
// all in the same way, and as the client is told if it is.
func TestCoordinatorCutOff(t *testing.T) {
	net := newNetwork(*seed)
	c := node.StartClusterWith(t, 3, 9, nil, net.layers)
	conns := connectAll(t, c)
	makeAccounts(t, conns[0])
	f := &fates{known: map[string]bool{}}
	for coordinator, at := range []struct {
		method string
		n      int
	}{{codec.Prepare, 1}, {codec.Prepare, 2}, {codec.Decide, 1}, {codec.Resolve, 1}} {
		coordinator %= len(c.Nodes)
		step := fmt.Sprintf("%s %d of node %d", at.method, at.n, coordinator+1)
		accounts := accountsElsewhere(t, net, coordinator, conns[coordinator])
		seen := 0
		net.cutAt(func(m string) bool {
			if m == at.method {
				seen++
			}
			return m == at.method && seen == at.n
		})
		err := f.transfer(t.Context(), conns[coordinator], step+strings.Repeat("+", len(accounts)), accounts...)
		if err != nil && !allowed(err) {
			t.Errorf("%s: %v", step, err)
		}
		t.Logf("%s: %v", step, err)
		net.cutAt(nil)
		// The others do not wait for it to be back.
		for _, other := range []*pgx.Conn{conns[(coordinator+1)%3], conns[(coordinator+2)%3]} {
			client.Eventually(t, "rows can be written", func() bool {
				_, err := other.Exec(t.Context(), "UPDATE accounts SET balance = balance WHERE id = ANY ($1)", accounts)
				return err == nil
			})
		}
		for i := range net.cut {
			net.cut[i].Store(false)
		}
		quiet(t, conns)
		f.check(t, conns)
	}
}

// accountsElsewhere are those that a node has not: cut off from the others it
// cannot read them.
func accountsElsewhere(t *testing.T, net *network, i int, c *pgx.Conn) (accounts []int) {
	t.Helper()
	net.cut[i].Store(true)
	defer net.cut[i].Store(false)
	for id := 1; id <= lossyAccounts; id++ {
		if _, err := c.Exec(t.Context(), "SELECT balance FROM accounts WHERE id = $1", id); client.Code(err) == "58000" {
			accounts = append(accounts, id)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	return accounts
}

// TestSchemaChangeCutOff: a schema change for which a node does not prepare is
// rolled back, and says so.
func TestSchemaChangeCutOff(t *testing.T) {
	net := newNetwork(*seed)
	c := node.StartClusterWith(t, 3, 9, nil, net.layers)
	conns := connectAll(t, c)
	makeAccounts(t, conns[0])
	net.cutAt(func(m string) bool { return m == codec.Prepare })
	_, err := conns[0].Exec(t.Context(), "BEGIN; UPDATE accounts SET balance = 7; ALTER TABLE accounts ADD COLUMN more int; COMMIT")
	net.cutAt(nil)
	net.cut[0].Store(false)
	if client.Code(err) != "58000" || !strings.Contains(err.Error(), "is rolled back: a node that takes part in it does not answer") {
		t.Error(err)
	}
	quiet(t, conns)
	for _, conn := range conns {
		if n := one[int](t, conn, "SELECT count(*)::int FROM accounts WHERE balance = 7"); n != 0 {
			t.Errorf("%d rows have changed", n)
		}
		if _, err := conn.Exec(t.Context(), "SELECT more FROM accounts"); client.Code(err) != "42703" {
			t.Errorf("the column: %v", err)
		}
	}
}
