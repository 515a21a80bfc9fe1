package node

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/catalog/ring"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/server"
)

// Cluster is several servers in this process, over an etcd of their own.
type Cluster struct {
	Nodes []*Node
	Etcd  *etcd.Server

	dir    string
	change func(i int, c *server.Config)
	layers func(i int) server.Layers
}

// StartCluster starts nodes that have the shards between them from the start,
// and stops all with the test.
func StartCluster(t testing.TB, nodes, shards int, change func(i int, c *server.Config)) *Cluster {
	t.Helper()
	return StartClusterWith(t, nodes, shards, change, func(int) server.Layers { return server.Layers{} })
}

// StartClusterWith is StartCluster with layers between the parts of the i-th node.
func StartClusterWith(t testing.TB, nodes, shards int, change func(i int, c *server.Config), layers func(i int) server.Layers) *Cluster {
	t.Helper()
	dir, err := os.MkdirTemp("", "cluster") // TempDir's names are not for URLs
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	c := &Cluster{dir: dir, change: change, layers: layers}
	if c.Etcd, err = etcd.Embed(t.Context(), filepath.Join(dir, "etcd"), true, etcd.Options{}); err != nil {
		t.Fatalf("etcd: %v", err)
	}
	t.Cleanup(func() { c.Etcd.Close() })
	c.spread(t, nodes, shards)
	c.Nodes = make([]*Node, nodes)
	for i := range nodes {
		c.Start(t, i)
	}
	return c
}

// Start starts the i-th node, again after it was stopped.
func (c *Cluster) Start(t testing.TB, i int) {
	t.Helper()
	c.Nodes[i] = StartWith(t, filepath.Join(c.dir, name(i)), func(s *server.Config) {
		s.Etcd, s.Node, s.NodeListen = c.Etcd.ClientURL(), name(i), "127.0.0.1:0"
		if c.change != nil {
			c.change(i, s)
		}
	}, c.layers(i))
}

// StopStore takes the metadata store away from all nodes, StartStore gives it back.
func (c *Cluster) StopStore(t testing.TB) {
	t.Helper()
	if err := c.Etcd.Close(); err != nil {
		t.Fatalf("etcd: %v", err)
	}
}

// StartStore starts the metadata store again, where it was.
func (c *Cluster) StartStore(t testing.TB) {
	t.Helper()
	var err error
	if c.Etcd, err = etcd.Embed(t.Context(), filepath.Join(c.dir, "etcd"), false, etcd.Options{}); err != nil {
		t.Fatalf("etcd: %v", err)
	}
}

func name(i int) string { return fmt.Sprintf("n%d", i+1) }

// spread gives every node its part of the shards before it starts.
func (c *Cluster) spread(t testing.TB, nodes, shards int) {
	t.Helper()
	var names []string
	for i := range nodes {
		names = append(names, name(i))
	}
	Spread(t, c.Etcd.Store(), shards, names...)
}

// Spread gives nodes of these names their parts of a new cluster's shards.
func Spread(t testing.TB, kv metakv.Store, shards int, names ...string) {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, kv, store.Options{System: pgcatalog.New().Relations(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var members []ring.Member
	for _, name := range names {
		id, err := s.NodeID(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, ring.Member{Node: id, Weight: 1})
	}
	m, err := placement.New(shards, members)
	if err != nil {
		t.Fatal(err)
	}
	_, unchanged, err := s.Placement(ctx)
	if err == nil {
		err = s.SetPlacement(ctx, m, unchanged)
	}
	if err != nil {
		t.Fatal(err)
	}
}
