package cluster

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/shard/remote/codec"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// startTold starts three nodes with a network between them, and accounts; those of
// the result are on the second and third node.
func startTold(t *testing.T) (*network, *node.Cluster, []*pgx.Conn, []int) {
	t.Helper()
	net := newNetwork(*seed)
	c := node.StartClusterWith(t, 3, 9, nil, func(i int) server.Layers {
		l := net.layers(i)
		l.SegmentBytes = 64 << 10
		return l
	})
	conns := connectAll(t, c)
	makeAccounts(t, conns[0])
	quiet(t, conns)
	return net, c, conns, accountsElsewhere(t, net, 0, conns[0])
}

// TestRule7DecisionsThatComeLate: while a message of the coordinator's is on its
// way, the participants ask, and so it is rolled back; the message that comes
// afterwards changes nothing, and the client is told.
func TestRule7DecisionsThatComeLate(t *testing.T) {
	net, _, conns, accounts := startTold(t)
	f := &fates{known: map[string]bool{}}
	prepared := func() bool { return slices.Contains(states(t, conns[1]), "prepared") }
	for _, method := range []string{codec.Prepare, codec.Decide} {
		release := net.hold(method)
		t.Cleanup(release)
		told := make(chan error, 1)
		go func() {
			told <- f.transfer(t.Context(), conns[0], method+strings.Repeat("+", len(accounts)), accounts...)
		}()
		client.Eventually(t, "a participant is in doubt", prepared)
		client.Eventually(t, "none is in doubt", func() bool { return !prepared() })
		release()
		if err := <-told; client.Code(err) != "40001" {
			t.Errorf("%s: the client is told %v", method, err)
		}
		quiet(t, conns)
		f.check(t, conns)
	}
}

// TestRule8KeptForWhoHasNotHeard: the home does not forget a decision that its
// participant has not heard of, also when its log is cut and it starts again.
func TestRule8KeptForWhoHasNotHeard(t *testing.T) {
	net, c, conns, accounts := startTold(t)
	run(t, conns[0], "CREATE TABLE filler (i int PRIMARY KEY, b text)")
	f := &fates{known: map[string]bool{}}
	net.lose(codec.Resolve)
	net.drop(codec.Ask)
	if err := f.transfer(t.Context(), conns[0], strings.Repeat("+", len(accounts)), accounts...); err != nil {
		t.Fatal(err)
	}
	for i := range 200 { // of several files' length on each log
		run(t, conns[0], "INSERT INTO filler VALUES ($1, repeat('x', 2000))", i)
	}
	run(t, conns[0], "CHECKPOINT")
	if got := states(t, conns[0]); !slices.Contains(got, "prepared") {
		t.Errorf("nobody is in doubt: %v", got)
	}
	for _, i := range []int{1, 2} { // one of them is the home
		if err := c.Nodes[i].Stop(); err != nil {
			t.Fatal(err)
		}
		c.Start(t, i)
		conns[i] = connect(t, c.Nodes[i])
	}
	net.drop()
	quiet(t, conns)
	f.check(t, conns)
}

// TestRule9TransactionsOfAStartAreNew: what other nodes remember of a
// coordinator's transactions has nothing to do with those after its next start.
func TestRule9TransactionsOfAStartAreNew(t *testing.T) {
	_, c, conns, accounts := startTold(t)
	f := &fates{known: map[string]bool{}}
	for _, start := range []string{"first", "second", "third"} {
		for i := range 20 {
			mark := start + strings.Repeat(".", i) + "++++"
			if err := f.transfer(t.Context(), conns[0], mark, accounts[i%4], accounts[4+i%3], accounts[7], accounts[8]); err != nil {
				t.Fatalf("%s: %v", mark, err)
			}
		}
		if err := c.Nodes[0].Stop(); err != nil {
			t.Fatal(err)
		}
		c.Start(t, 0)
		conns[0] = connect(t, c.Nodes[0])
	}
	f.check(t, conns)
}

// TestRule13PreparedRows: a commit is acknowledged and a participant has not heard
// of it. Whoever reads its rows, through whichever node, waits, and never sees what was before.
func TestRule13PreparedRows(t *testing.T) {
	net, _, conns, accounts := startTold(t)
	accounts = accounts[:6]
	f := &fates{known: map[string]bool{}}
	net.drop(codec.Resolve, codec.Ask)
	if err := f.transfer(t.Context(), conns[0], strings.Repeat("+", len(accounts)), accounts...); err != nil {
		t.Fatal(err)
	}
	waits := 0
	sees := func(c *pgx.Conn, want int, sql string, args ...any) {
		t.Helper()
		var got int
		switch err := c.QueryRow(t.Context(), sql, args...).Scan(&got); {
		case client.Code(err) == "57014":
			waits++
		case err != nil:
			t.Errorf("%s: %v", sql, err)
		case got != want:
			t.Errorf("%s %v: %d, want %d", sql, args, got, want)
		}
	}
	for _, c := range conns {
		run(t, c, "SET statement_timeout = '100ms'")
		for i, account := range accounts {
			want := 101
			if i == 0 {
				want = 101 - len(accounts)
			}
			sees(c, want, "SELECT balance FROM accounts WHERE id = $1", account)
			sees(c, 1, "SELECT count(*)::int FROM entries WHERE account = $1", account)
		}
		before := waits
		sees(c, 100*lossyAccounts, "SELECT sum(balance)::int FROM accounts")
		if before == 0 || waits != before+1 {
			t.Errorf("%d reads wait, and of the sum %d", before, waits-before)
		}
		run(t, c, "SET statement_timeout = 0")
	}
	net.drop()
	quiet(t, conns)
	f.check(t, conns)
}

// TestRule14SnapshotsOfOtherNodes: what a snapshot of one node needs is kept by
// the others' shards, however much changes there, and by the sweep (rule 24).
func TestRule14SnapshotsOfOtherNodes(t *testing.T) {
	c := node.StartCluster(t, 3, 9, nil)
	conns := connectAll(t, c)
	makeAccounts(t, conns[0])
	run(t, conns[0], "CREATE TABLE gone (a int PRIMARY KEY)")
	run(t, conns[0], "INSERT INTO gone SELECT generate_series(1, 1000)")
	quiet(t, conns)
	rows := func() int { return one[int](t, conns[1], "SELECT sum(rows)::int FROM pegmatite.shards") }
	before := rows()
	run(t, conns[2], "BEGIN ISOLATION LEVEL REPEATABLE READ")
	run(t, conns[2], "SELECT 1 FROM entries")
	run(t, conns[0], "DROP TABLE gone")
	for i := range 20 {
		run(t, conns[i%2], "UPDATE accounts SET balance = balance + 1")
		run(t, conns[i%2], "CHECKPOINT")
	}
	run(t, conns[0], "VACUUM")
	if got := rows(); got != before {
		t.Errorf("%d rows, and %d before the drop that an older snapshot knows nothing of", got, before)
	}
	if got := one[int](t, conns[2], "SELECT sum(balance)::int FROM accounts"); got != 100*lossyAccounts {
		t.Errorf("the snapshot's sum is %d", got)
	}
	run(t, conns[2], "COMMIT")
	client.Eventually(t, "the table is gone from all shards", func() bool {
		run(t, conns[0], "VACUUM")
		return rows() == before-1000
	})
}
