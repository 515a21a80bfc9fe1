package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

const (
	steppedShards = 6
	// bystander is the node that has no shards: it coordinates only.
	bystander = clusterNodes
	// steppedBalance is what every account begins with.
	steppedBalance = 100
)

// stepped is a cluster of processes that die at steps of their commits: three
// nodes that have the shards between them, and one that has none.
type stepped struct {
	t         *testing.T
	dir, etcd string
	store     *store.Store
	processes [clusterNodes + 1]*process
	conns     [clusterNodes + 1]*pgx.Conn
	home      int               // the node of the first shard, which is the home of what commits on it
	accounts  [clusterNodes]int // one on each node; the home's is on the first shard
	known     map[string]bool   // by their marks, transactions that are known to have committed, or not
}

func startStepped(t *testing.T) *stepped {
	t.Helper()
	s := &stepped{t: t, known: map[string]bool{}}
	var err error
	if s.dir, err = os.MkdirTemp("", "steps"); err != nil { // TempDir's names are not for URLs
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(s.dir) })
	kv, err := etcd.Embed(t.Context(), filepath.Join(s.dir, "etcd"), true, etcd.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kv.Close() })
	s.etcd = kv.ClientURL()
	var names []string
	for i := range clusterNodes {
		names = append(names, s.name(i))
	}
	node.Spread(t, kv.Store(), steppedShards, names...)
	if s.store, err = store.Open(t.Context(), kv.Store(), store.Options{System: pgcatalog.New().Relations(), Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.store.Close)
	for i := range s.processes {
		s.start(i)
	}
	run(t, s.conns[0], "CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL)",
		"CREATE TABLE entries (account int, mark text, PRIMARY KEY (account, mark)) WITH (shard_key = 'account')",
		fmt.Sprintf("INSERT INTO accounts SELECT i, %d FROM generate_series(1, 50) i", steppedBalance))
	s.choose()
	return s
}

func (s *stepped) name(i int) string { return fmt.Sprintf("n%d", i+1) }

// start starts a node, again after it has died.
func (s *stepped) start(i int) {
	s.t.Helper()
	c := server.Default()
	c.Data, c.Listen, c.Node, c.NodeListen, c.Etcd = filepath.Join(s.dir, s.name(i)), "127.0.0.1:0", s.name(i), "127.0.0.1:0", s.etcd
	if i == bystander {
		c.Weight = 0
	}
	config, err := json.Marshal(c)
	if err != nil {
		s.t.Fatal(err)
	}
	p := s.launch(c.Data, string(config))
	for tries := 0; tries < 3 && p.portTaken(); tries++ {
		p = s.launch(c.Data, string(config))
	}
	p.waitPort(s.t)
	s.processes[i], s.conns[i] = p, p.connect(s.t)
}

func (s *stepped) launch(dir, config string) *process {
	s.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asNode+"="+config)
	in, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	p := launch(s.t, dir, cmd)
	p.in = in
	return p
}

// portTaken waits until a node is ready or has ended, and reports whether it is
// refused because another program has got the port that the killed one had, and so
// seems to be that.
func (p *process) portTaken() bool {
	select {
	case line := <-p.line:
		p.line <- line
		return false
	case <-p.exited:
		lines := strings.Split(strings.TrimSpace(p.logged()), "\n")
		last := lines[len(lines)-1]
		if !strings.Contains(last, "is alive already") && !strings.Contains(last, "has TLS between nodes") {
			return false
		}
		time.Sleep(mortalLease)
		return true
	case <-time.After(readyWithin):
		return false
	}
}

// choose finds an account on each node. The home is the first participant, by
// the number of its shard, unless it is the coordinator's own.
func (s *stepped) choose() {
	s.t.Helper()
	c := s.conns[bystander]
	for id, found := 1, 0; found < clusterNodes; id++ {
		run(s.t, c, "BEGIN", fmt.Sprintf("UPDATE accounts SET balance = balance WHERE id = %d", id))
		var shard, of int
		err := c.QueryRow(context.Background(), `SELECT shard, s.node - 1 FROM pegmatite.transactions t, pegmatite.shards s
			WHERE pid = pg_backend_pid() AND participants = 'shards ' || shard`).Scan(&shard, &of)
		if err != nil {
			s.t.Fatal(err)
		}
		run(s.t, c, "ROLLBACK")
		home := one[int](s.t, c, "SELECT node - 1 FROM pegmatite.shards WHERE shard = 0")
		if s.accounts[of] == 0 && (shard == 0) == (of == home) {
			s.home, s.accounts[of] = home, id
			found++
		}
	}
}

// oracle is the node that gives timestamps.
func (s *stepped) oracle() int {
	s.t.Helper()
	var i int
	until(s.t, "there is an oracle", func() bool {
		return s.conns[s.another(-1)].QueryRow(context.Background(), "SELECT node - 1 FROM pegmatite.nodes WHERE oracle").Scan(&i) == nil
	})
	return i
}

// another is a node that lives, none of the given ones.
func (s *stepped) another(not ...int) int {
	for i, p := range s.processes {
		if !p.dead() && !slices.Contains(not, i) {
			return i
		}
	}
	s.t.Fatal("no node lives")
	return 0
}

// commit runs a transaction on all three nodes, with a schema change or without,
// and with nodes that are told at which step of its commit they die; an oracle (-1
// is none) also at those of its own. It notes what the client is told, and returns the error.
func (s *stepped) commit(mark string, coordinator, oracle int, change bool, deaths map[int]int) error {
	s.t.Helper()
	c := s.conns[coordinator]
	run(s.t, c, "BEGIN")
	for i, account := range s.accounts {
		amount := 1
		if i == 0 {
			amount = 1 - len(s.accounts)
		}
		run(s.t, c, fmt.Sprintf("UPDATE accounts SET balance = balance + %d WHERE id = %d", amount, account),
			fmt.Sprintf("INSERT INTO entries VALUES (%d, '%s')", account, mark))
	}
	if change {
		run(s.t, c, fmt.Sprintf(`ALTER TABLE entries ADD CONSTRAINT "%s" CHECK (account > 0)`, mark))
	}
	for i, step := range deaths {
		of := noDraws
		switch i {
		case coordinator:
			of = firstDraws
		case oracle:
			of = allDraws
		}
		if !s.processes[i].arm(s.t, step, of) {
			s.t.Fatalf("%s: node %d has died before the commit", mark, i+1)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
	defer cancel()
	_, err := c.Exec(ctx, "COMMIT")
	var refused *pgconn.PgError
	switch {
	case err == nil:
		s.known[mark] = true
	case errors.As(err, &refused) && refused.Code != "08007":
		if !excused(err) {
			s.t.Errorf("%s: %v", mark, err)
		}
		s.known[mark] = false
	case ctx.Err() != nil:
		s.t.Fatalf("%s: %v", mark, err)
	}
	return err
}

// quiet waits until the nodes that live have nothing open and nothing in doubt
// any more, by themselves, or until a node has died that is waited for as well.
func (s *stepped) quiet(mark string, waited *process) {
	s.t.Helper()
	left, quiet := "", 0
	for deadline := time.Now().Add(readyWithin); quiet < len(s.processes); time.Sleep(10 * time.Millisecond) {
		quiet = 0
		for i, p := range s.processes {
			var n string
			switch err := error(nil); {
			case p.dead():
			case waited != nil && waited.dead():
				return
			default:
				err = s.conns[i].QueryRow(context.Background(), `SELECT coalesce(string_agg(t::text, '; '), '') FROM pegmatite.transactions t
					WHERE reason IS DISTINCT FROM 'has nothing on a shard'`).Scan(&n)
				if err != nil || n != "" {
					left = fmt.Sprintf("on node %d: %v %s", i+1, err, n)
					continue
				}
			}
			quiet++
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: left is, %s", mark, left)
		}
	}
}

// settled waits until the nodes that live are quiet, checks on each what has
// become of a transaction, and leaves them quiet.
func (s *stepped) settled(mark string, change bool) {
	s.t.Helper()
	s.quiet(mark, nil)
	for i, p := range s.processes {
		if !p.dead() {
			s.whole(mark, change, s.conns[i])
		}
	}
	s.quiet(mark, nil)
}

// whole checks that a transaction is there, or not, on every node, as the client
// was told, and that its rows can be written.
func (s *stepped) whole(mark string, change bool, c *pgx.Conn) {
	s.t.Helper()
	there := one[int](s.t, c, "SELECT count(*)::int FROM entries WHERE mark = $1", mark)
	committed, known := s.known[mark]
	if there != 0 && there != clusterNodes || known && committed != (there != 0) {
		s.t.Errorf("%s: %d rows of %d; known to have committed: %v, %v", mark, there, clusterNodes, known, committed)
	}
	s.known[mark] = there != 0
	if changed := one[bool](s.t, c, "SELECT EXISTS (SELECT FROM pg_constraint WHERE conname = $1)", mark); changed != (change && there != 0) {
		s.t.Errorf("%s: has committed: %v, and the schema change: %v", mark, there != 0, changed)
	}
	if sum := one[int](s.t, c, "SELECT sum(balance)::int FROM accounts"); sum != 50*steppedBalance {
		s.t.Errorf("%s: the sum is %d", mark, sum)
	}
	run(s.t, c, "SET lock_timeout = '10s'")
	s.write(c)
}

// write changes the transaction's rows. With mortalSilence a commit that the
// machine holds up for half a second is given up: it is tried again then.
func (s *stepped) write(c *pgx.Conn) {
	s.t.Helper()
	sql := fmt.Sprintf("UPDATE accounts SET balance = balance WHERE id IN (%d, %d, %d)", s.accounts[0], s.accounts[1], s.accounts[2])
	client.Eventually(s.t, "the rows can be written", func() bool {
		_, err := c.Exec(context.Background(), sql)
		if err != nil && client.Code(err) != "40001" {
			s.t.Fatal(err)
		}
		return err == nil
	})
}

// again starts a node that has died, and says at which step.
func (s *stepped) again(i int) (step string) {
	s.t.Helper()
	logged := s.processes[i].logged()
	at := strings.LastIndex(logged, diesAt)
	if at < 0 {
		s.t.Fatalf("node %d has ended by itself:\n%s", i+1, logged)
	}
	step, _, _ = strings.Cut(logged[at+len(diesAt):], "\n")
	s.start(i)
	return step
}

// audit checks all transactions on all nodes, and that the decisions about schema
// changes are forgotten.
func (s *stepped) audit() {
	s.t.Helper()
	for i := range s.processes {
		rows, err := s.conns[i].Query(context.Background(), "SELECT mark, count(*)::int FROM entries GROUP BY mark")
		if err != nil {
			s.t.Fatal(err)
		}
		there, mark, n := map[string]int{}, "", 0
		if _, err := pgx.ForEachRow(rows, []any{&mark, &n}, func() error { there[mark] = n; return nil }); err != nil {
			s.t.Fatal(err)
		}
		for mark, committed := range s.known {
			if want := clusterNodes; committed && there[mark] != want || !committed && there[mark] != 0 {
				s.t.Errorf("node %d has %d rows of %s, committed: %v", i+1, there[mark], mark, committed)
			}
		}
	}
	until(s.t, "the decisions are forgotten", func() bool {
		for i := range s.processes {
			run(s.t, s.conns[i], "VACUUM") // of its own transactions' each
		}
		left, err := s.store.Decisions(context.Background())
		return err == nil && len(left) == 0
	})
}

// part is what a node that dies is in a commit.
type part struct {
	name string
	// who is the node, and the coordinator.
	who func(*stepped) (victim, coordinator int)
	// steps are at least those at which it dies.
	steps []string
	// alone: the others settle without it.
	alone bool
	// change: the transaction has a schema change, which the metadata store decides.
	change bool
}

const (
	logWrite = "write of the log"
	logSync  = "sync of the log"
	ofOracle = "oracle"
)

var parts = []part{
	{
		name: "coordinator of a schema change", alone: true, change: true,
		who: func(*stepped) (int, int) { return bystander, bystander },
		steps: []string{"Prepare is sent", "Prepare has its answer", "decision", "decision is made", "Resolve is sent", "Resolve has its answer",
			"Settle is sent", "Settle has its answer"},
	},
	{
		name: "coordinator", alone: true,
		who:   func(*stepped) (int, int) { return bystander, bystander },
		steps: []string{"Prepare is sent", "Prepare has its answer", "Decide is sent", "Decide has its answer", "Resolve is sent", "Resolve has its answer"},
	},
	{
		name: "coordinator that is the home",
		who:  func(s *stepped) (int, int) { return s.home, s.home },
		steps: []string{"own Prepare", logWrite, logSync, "own Prepare is done", "Prepare is sent", "Prepare has its answer", "own Decide", "own Decide is done",
			"Resolve is sent", "Resolve has its answer", "own Resolve", "own Resolve is done"},
	},
	{
		name:  "home",
		who:   func(s *stepped) (int, int) { return s.home, bystander },
		steps: []string{"Prepare comes", logWrite, logSync, "Prepare is answered", "Decide comes", "Decide is answered", "Resolve comes", "Resolve is answered"},
	},
	{
		name:  "participant",
		who:   func(s *stepped) (int, int) { return (s.home + 1) % clusterNodes, bystander },
		steps: []string{"Prepare comes", logWrite, logSync, "Prepare is answered", "Resolve comes", "Resolve is answered"},
	},
	{
		name: ofOracle,
		who: func(s *stepped) (int, int) {
			oracle := s.oracle()
			if oracle == bystander {
				return oracle, s.home
			}
			return oracle, bystander
		},
		steps: []string{"Draw comes", "Draw is answered"},
	},
	{
		name: "participant of a schema change", change: true,
		who:   func(s *stepped) (int, int) { return s.home, bystander },
		steps: []string{"Prepare comes", logWrite, logSync, "Prepare is answered", "Resolve comes", "Resolve is answered", "Settle comes", "Settle is answered"},
	},
}

// TestKilledAtEachStep: a transaction on three nodes commits, and one of them, or
// the coordinator, is killed at one step of that, at each in turn: before and after each
// message that it sends or gets, and each write and sync of its log. What was
// acknowledged is there, nothing is there by halves, and nothing is left in
// doubt or locked. That does not wait for a coordinator that is no participant.
func TestKilledAtEachStep(t *testing.T) {
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			eachStep(t, p)
		})
	}
}

func eachStep(t *testing.T, p part) {
	s := startStepped(t)
	died := map[string]int{}
	missing := p.steps
	for pass := 1; len(missing) > 0; pass++ { // nodes do more than commit: a step may have been another one
		if pass > 3 {
			t.Fatalf("nobody died at %q, only at %q", missing, slices.Sorted(maps.Keys(died)))
		}
		for n := 1; ; n++ {
			step := s.oneStep(p, fmt.Sprintf("%s %d.%d", p.name, pass, n), n)
			if step == "" {
				break // the commit has fewer
			}
			died[step]++
		}
		missing = slices.DeleteFunc(slices.Clone(missing), func(step string) bool { return died[step] > 0 })
	}
	s.audit()
}

// oneStep has a node killed at the n-th step of a commit, and returns its name;
// "" if there is none.
func (s *stepped) oneStep(p part, mark string, n int) string {
	s.t.Helper()
	for tries := 0; tries < 10; tries++ {
		victim, coordinator := p.who(s)
		oracle := -1
		if p.name == ofOracle {
			oracle = victim
		}
		mark, began := fmt.Sprintf("%s.%d", mark, tries), time.Now()
		err := s.commit(mark, coordinator, oracle, p.change, map[int]int{victim: n})
		s.quiet(mark, s.processes[victim])
		killed := !s.processes[victim].arm(s.t, 0, noDraws)
		if !killed || p.alone {
			s.settled(mark, p.change)
		}
		if killed {
			alone := time.Since(began)
			step := s.again(victim)
			s.settled(mark, p.change)
			s.t.Logf("%s: dies at %q, the client is told %v, committed: %v; %v, settled after %v", mark, step, err, s.known[mark], alone, time.Since(began))
			return step
		}
		if err == nil {
			return ""
		}
		s.t.Logf("%s: %v", mark, err) // somebody was taken for dead
	}
	s.t.Fatalf("%s: no try has committed", mark)
	return ""
}

// TestTwoKilledAtSteps: the coordinator is killed at one step of a commit and the
// home at another, at each pair of steps. The home comes back, the coordinator does
// not before all is settled.
func TestTwoKilledAtSteps(t *testing.T) {
	if !*long {
		t.Skip("the long form runs it")
	}
	s, both := startStepped(t), 0
	for n, more := 1, true; more; n++ {
		more = false
		for m, again := 1, true; again; m++ {
			mark := fmt.Sprintf("%d and %d", n, m)
			err := s.commit(mark, bystander, -1, false, map[int]int{bystander: n, s.home: m})
			s.quiet(mark, s.processes[s.home])
			var ofHome, ofCoordinator string
			if again = !s.processes[s.home].arm(t, 0, noDraws); again {
				ofHome = s.again(s.home)
			}
			s.quiet(mark, s.processes[bystander])
			killed := !s.processes[bystander].arm(t, 0, noDraws)
			s.settled(mark, false)
			if killed {
				ofCoordinator = s.again(bystander)
				s.settled(mark, false)
			}
			if again && killed {
				both++
			}
			more = more || killed
			t.Logf("%s: the coordinator dies at %q, the home at %q, the client is told %v, committed: %v", mark, ofCoordinator, ofHome, err, s.known[mark])
		}
	}
	if both == 0 {
		t.Error("never have both died")
	}
	s.audit()
}
