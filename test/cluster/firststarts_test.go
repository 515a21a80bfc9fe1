package cluster

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// beforeMap does something before a node makes the cluster's first shard map.
type beforeMap struct {
	metakv.Store
	do func()
}

// Commit implements metakv.Store.
func (b beforeMap) Commit(ctx context.Context, t metakv.Txn) (metakv.Result, error) {
	for _, op := range t.Then {
		if strings.HasSuffix(op.Key, "/placement") {
			b.do()
		}
	}
	return b.Store.Commit(ctx, t)
}

// TestFirstStartsAtOnce: of two nodes that make a cluster at the same time one
// has all the shards, and the other joins it; it is refused if it wants another number of them.
func TestFirstStartsAtOnce(t *testing.T) {
	for name, shards := range map[string]int{"any number": 0, "another number": 16} {
		t.Run(name, func(t *testing.T) {
			meta, err := etcd.Embed(t.Context(), filepath.Join(t.TempDir(), "etcd"), true, etcd.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { meta.Close() })
			config := func(name string, shards int) func(*server.Config) {
				return func(c *server.Config) {
					c.Etcd, c.Node, c.NodeListen, c.Shards = meta.ClientURL(), name, "127.0.0.1:0", shards
				}
			}
			first := sync.OnceFunc(func() { node.StartIn(t, t.TempDir(), config("first", 4)) })
			c, dir := server.Default(), filepath.Join(t.TempDir(), "data")
			c.Data, c.Listen = dir, "127.0.0.1:0"
			config("second", shards)(&c)
			layers := server.Layers{Metadata: func(kv metakv.Store) metakv.Store { return beforeMap{kv, first} }}
			n, err := server.StartWith(t.Context(), c, slog.New(slog.DiscardHandler), layers)
			if shards != 0 {
				if err == nil || !strings.Contains(err.Error(), "the cluster has 4 shards, not 16") {
					t.Errorf("%v", err)
				}
				c.Shards = 0 // nothing has been made of the directory
				if n, err = server.Start(t.Context(), c, slog.New(slog.DiscardHandler)); err != nil {
					t.Fatal(err)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			defer n.Stop()
			var have int
			conn := client.Connect(t, n.Address())
			if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pegmatite.shards").Scan(&have); err != nil || have != 4 {
				t.Errorf("%d shards: %v", have, err)
			}
			run(t, conn, "CREATE TABLE t (id int PRIMARY KEY)")
			run(t, conn, "INSERT INTO t SELECT generate_series(1, 100)")
		})
	}
}
