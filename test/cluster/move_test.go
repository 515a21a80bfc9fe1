package cluster

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/nodetls"
	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// planned waits until every shard is where the ring wants it, and returns how
// many each node has.
func planned(t *testing.T, c *node.Cluster) map[uint32]int {
	t.Helper()
	s, err := store.Open(t.Context(), c.Etcd.Store(), store.Options{System: pgcatalog.New().Relations(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for {
		if have, done := placed(t, s); done {
			return have
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// placed is how many shards each node has, and whether all are where the ring
// wants them.
func placed(t *testing.T, s *store.Store) (have map[uint32]int, done bool) {
	t.Helper()
	members, _, err := s.RingMembers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := s.Placement(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	have, done = map[uint32]int{}, true
	for id, want := range m.Plan(members) {
		have[m.Node(uint32(id))]++
		done = done && m.Node(uint32(id)) == want
	}
	return have, done
}

// drain records the wish, as `pegmatite node drain` does.
func drain(t *testing.T, c *node.Cluster, node uint32) {
	t.Helper()
	s, err := store.Open(t.Context(), c.Etcd.Store(), store.Options{System: pgcatalog.New().Relations(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Drain(t.Context(), node, true); err != nil {
		t.Fatal(err)
	}
}

// load runs transfers and readers through nodes until stop is called, which
// reports how many transfers there were. No statement may fail.
func load(t *testing.T, nodes []*node.Node, accounts int) (stop func() int64) {
	var transfers atomic.Int64
	var running sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	for i, n := range nodes {
		writer, reader := connect(t, n), connect(t, n)
		running.Go(func() {
			for k := 0; ctx.Err() == nil; k++ {
				if err := transfer(t.Context(), writer, i+k, 1, accounts); err != nil {
					t.Errorf("transfer through node %d: %v %s", i+1, err, client.Code(err))
					return
				}
				transfers.Add(1)
			}
		})
		running.Go(func() {
			for ctx.Err() == nil {
				if err := sumTwice(t.Context(), reader, accounts*100); err != nil {
					t.Errorf("reader of node %d: %v", i+1, err)
					return
				}
			}
		})
	}
	return func() int64 {
		cancel()
		running.Wait()
		return transfers.Load()
	}
}

// sumTwice reads the sum in one snapshot, twice.
func sumTwice(ctx context.Context, conn *pgx.Conn, want int) error {
	return pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		for range 2 {
			var sum int
			if err := tx.QueryRow(ctx, "SELECT sum(balance)::int FROM accounts").Scan(&sum); err != nil {
				return err
			}
			if sum != want {
				return errSum(sum)
			}
		}
		return nil
	})
}

type errSum int

func (e errSum) Error() string { return "the sum is another" }

// TestNodesComeAndGo: under load, a fourth node takes over its share of the
// ring, and another is drained and stopped; no statement fails, and nothing is
// lost. The nodes start again as they were left.
func TestNodesComeAndGo(t *testing.T) {
	c := node.StartCluster(t, 3, 16, nil)
	const accounts = 50
	conn := connect(t, c.Nodes[0])
	run(t, conn, "CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL)")
	run(t, conn, "CREATE TABLE log (id serial PRIMARY KEY, note text UNIQUE)")
	run(t, conn, "INSERT INTO accounts SELECT i, 100 FROM generate_series(1, $1::int) i", accounts)
	run(t, conn, "INSERT INTO log (note) SELECT 'before ' || i FROM generate_series(1, 1000) i")
	stop := load(t, []*node.Node{c.Nodes[0], c.Nodes[2]}, accounts)

	c.Nodes = append(c.Nodes, nil)
	c.Start(t, 3)
	if have := planned(t, c); have[4] == 0 {
		t.Errorf("the fourth node has nothing: %v", have)
	}
	run(t, connect(t, c.Nodes[3]), "INSERT INTO log (note) SELECT 'after ' || i FROM generate_series(1, 1000) i")
	drain(t, c, 2)
	if have := planned(t, c); have[2] != 0 {
		t.Errorf("the drained node has %d shards", have[2])
	}
	if err := c.Nodes[1].Stop(); err != nil {
		t.Error(err)
	}
	run(t, connect(t, c.Nodes[3]), "ALTER TABLE log ADD COLUMN v int DEFAULT 7")
	if n := stop(); n == 0 {
		t.Error("no transfer was made")
	}
	check := func(n *node.Node) {
		t.Helper()
		conn := connect(t, n)
		if got := one[int](t, conn, "SELECT sum(balance)::int FROM accounts"); got != accounts*100 {
			t.Errorf("sum %d", got)
		}
		if got := one[int](t, conn, "SELECT count(DISTINCT note)::int FROM log WHERE v = 7"); got != 2000 {
			t.Errorf("%d notes", got)
		}
	}
	for _, i := range []int{0, 2, 3} {
		check(c.Nodes[i])
	}
	for _, i := range []int{0, 2, 3} {
		if err := c.Nodes[i].Stop(); err != nil {
			t.Fatal(err)
		}
	}
	for _, i := range []int{0, 2, 3} {
		c.Start(t, i)
	}
	for _, i := range []int{0, 2, 3} {
		check(c.Nodes[i])
	}
}

// TestRefusedStartsTouchNothing: who is refused, under a node's name or because the
// nodes could not talk to him, leaves the nodes able to take in shards, and no directory.
func TestRefusedStartsTouchNothing(t *testing.T) {
	key := func() string {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(nodetls.NewKey()), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, of := range []struct {
		cluster, refused string // their keys
		name, want       string
	}{
		{"", "", "n1", `node "n1" is another one`},
		{"", key(), "n3", "has no TLS between nodes: all of a cluster have it or none"},
		{key(), "", "n3", "has TLS between nodes: give --cluster-key"},
		{key(), key(), "n3", "the two do not know each other's certificates"},
	} {
		t.Run(of.want, func(t *testing.T) {
			c := node.StartCluster(t, 2, 8, func(_ int, s *server.Config) { s.ClusterKey = of.cluster })
			config := server.Default()
			config.Data, config.Listen, config.Node, config.ClusterKey = t.TempDir()+"/data", "127.0.0.1:0", of.name, of.refused
			config.Etcd, config.NodeListen = c.Etcd.ClientURL(), "127.0.0.1:0"
			n, err := server.Start(t.Context(), config, slog.New(slog.DiscardHandler))
			if err == nil {
				n.Stop()
				t.Fatal("it has started")
			}
			if !strings.Contains(err.Error(), of.want) || strings.Contains(err.Error(), "\n") {
				t.Error(err)
			}
			if _, err := os.Stat(config.Data); !errors.Is(err, fs.ErrNotExist) {
				t.Error("there is a directory", err)
			}
			drain(t, c, 2)
			if have := planned(t, c); have[1] != 8 {
				t.Errorf("the first node has %d shards", have[1])
			}
		})
	}
}

// waits is what a COPY reads: nothing before something has happened.
type waits struct {
	io.Reader
	before func()
}

// Read implements io.Reader.
func (w *waits) Read(b []byte) (int, error) {
	w.before()
	return w.Reader.Read(b)
}

// TestCopyThatWaitsLetsShardsMove: a COPY whose client has not sent anything yet
// is in no shard's way, and its rows go to where the shards are then.
func TestCopyThatWaitsLetsShardsMove(t *testing.T) {
	c := node.StartCluster(t, 2, 8, nil)
	conn := connect(t, c.Nodes[0])
	run(t, conn, "CREATE TABLE t (id int PRIMARY KEY)")
	run(t, conn, "INSERT INTO t SELECT generate_series(1, 100)")
	from := &waits{strings.NewReader("101\n102\n103\n104\n105\n106\n107\n108\n109\n"), sync.OnceFunc(func() {
		client.Eventually(t, "the COPY is open", func() bool {
			return one[int](t, connect(t, c.Nodes[1]), "SELECT count(*)::int FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY t%'") > 0
		})
		drain(t, c, 2)
		if have := planned(t, c); have[2] != 0 {
			t.Errorf("the drained node has %d shards", have[2])
		}
	})}
	if _, err := conn.PgConn().CopyFrom(t.Context(), from, "COPY t FROM STDIN"); err != nil {
		t.Errorf("COPY: %v", err)
	}
	if got := one[int](t, connect(t, c.Nodes[1]), "SELECT count(*)::int FROM t"); got != 109 {
		t.Errorf("%d rows", got)
	}
}
