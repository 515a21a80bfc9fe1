package cluster

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// startSlowly begins the start of a third node, n3, which has joined when it
// returns and opens its shards when release is called; that returns the node's address.
func startSlowly(t *testing.T, c *node.Cluster) (release func() string) {
	t.Helper()
	opened := make(chan struct{})
	open := sync.OnceFunc(func() { close(opened) })
	config := server.Default()
	config.Data, config.Listen = filepath.Join(t.TempDir(), "n3"), "127.0.0.1:0"
	config.Etcd, config.Node, config.NodeListen = c.Etcd.ClientURL(), "n3", "127.0.0.1:0"
	started := make(chan error, 1)
	var n *server.Node
	go func() {
		var err error
		n, err = server.StartWith(context.Background(), config, slog.New(slog.DiscardHandler), server.Layers{Shards: func(s shard.Service) shard.Service {
			<-opened
			return s
		}})
		started <- err
	}()
	t.Cleanup(open)
	look := connect(t, c.Nodes[0])
	client.Eventually(t, "a third node", func() bool {
		return one[int](t, look, "SELECT count(*)::int FROM pegmatite.nodes WHERE state = 'serving'") == 3
	})
	return func() string {
		open()
		if err := <-started; err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Stop() })
		return n.Address()
	}
}

// TestLocksWhileANodeStarts: it takes part in what is locked from when it
// lives, before it can do anything else, and keeps to what was locked before.
func TestLocksWhileANodeStarts(t *testing.T) {
	c := node.StartCluster(t, 2, 6, nil)
	conns := connectAll(t, c)
	run(t, conns[0], "CREATE TABLE before (a int)")
	run(t, conns[0], "CREATE TABLE meanwhile (a int)")
	run(t, conns[0], "SELECT pg_advisory_lock(1)")
	earlier := connect(t, c.Nodes[1])
	run(t, earlier, "BEGIN")
	run(t, earlier, "ALTER TABLE before ADD COLUMN b int")
	release := startSlowly(t, c)
	if !one[bool](t, conns[1], "SELECT pg_try_advisory_lock(2)") {
		t.Error("a lock that nobody has")
	}
	run(t, conns[1], "BEGIN")
	run(t, conns[1], "ALTER TABLE meanwhile ADD COLUMN b int")
	address := release()
	late := client.Connect(t, address)
	if one[bool](t, late, "SELECT pg_try_advisory_lock(1) OR pg_try_advisory_lock(2)") {
		t.Error("two have a lock")
	}
	run(t, late, "SET lock_timeout = 1")
	for _, table := range []string{"meanwhile", "before"} {
		says(t, late, "SELECT * FROM "+table, "55P03", "lock timeout")
	}
	run(t, conns[1], "COMMIT")
	run(t, earlier, "ROLLBACK")
	if got := one[int](t, late, "SELECT count(b)::int FROM meanwhile"); got != 0 {
		t.Errorf("%d", got)
	}
	run(t, late, "SELECT a FROM before")
}

// TestNodeThatIsBack: from when it serves clients on, the others reach it, whose
// last attempt failed and whose next one is an hour away, and it keeps to what
// was locked while it was away.
func TestNodeThatIsBack(t *testing.T) {
	address := node.FreeAddress(t, "127.0.0.1")
	seldom := grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: time.Hour, Multiplier: 1, MaxDelay: time.Hour}})
	c := node.StartClusterWith(t, 3, 6, func(i int, c *server.Config) {
		if i == 2 {
			c.NodeListen = address
		}
	}, func(int) server.Layers { return server.Layers{Nodes: []grpc.DialOption{seldom}} })
	conn := connect(t, c.Nodes[0])
	run(t, conn, "CREATE TABLE t (a int PRIMARY KEY)")
	run(t, conn, "CREATE VIEW v AS SELECT 1 AS a")
	if err := c.Nodes[2].Stop(); err != nil {
		t.Fatal(err)
	}
	client.Eventually(t, "an attempt that fails", func() bool {
		_, err := conn.Exec(t.Context(), "SELECT * FROM t")
		return client.Code(err) == "58000"
	})
	earlier := connect(t, c.Nodes[0])
	run(t, earlier, "BEGIN")
	run(t, earlier, "DROP VIEW v")
	c.Start(t, 2)
	late := connect(t, c.Nodes[2])
	run(t, late, "SET lock_timeout = 1")
	says(t, late, "SELECT * FROM v", "55P03", "lock timeout")
	run(t, earlier, "ROLLBACK")
	run(t, conn, "SELECT * FROM t")
}

// TestAdvisoryLocksOfWhoWasTakenForDead are gone, with their sessions, also when
// the node has joined again before it looks.
func TestAdvisoryLocksOfWhoWasTakenForDead(t *testing.T) {
	c := node.StartCluster(t, 2, 6, nil)
	conns := connectAll(t, c)
	run(t, conns[0], "SELECT pg_advisory_lock(7)")
	other := connect(t, c.Nodes[0])
	live, err := c.Etcd.Store().Get(t.Context(), "/pegmatite/live/1")
	if err != nil || live.Lease == 0 {
		t.Fatalf("%+v, %v", live, err)
	}
	if err := c.Etcd.Store().Revoke(t.Context(), live.Lease); err != nil {
		t.Fatal(err)
	}
	run(t, conns[1], "SELECT pg_advisory_lock(7)")
	client.Eventually(t, "the node again", func() bool {
		return one[int](t, conns[1], "SELECT count(*)::int FROM pegmatite.nodes WHERE state = 'serving'") == 2
	})
	says(t, conns[0], "SELECT 1", "58000", "its advisory locks may be lost")
	if one[bool](t, other, "SELECT pg_try_advisory_lock(7)") {
		t.Error("two have a lock")
	}
}
