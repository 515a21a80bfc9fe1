package protocol

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/internal/nodetls"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/remote"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestClusterKey: nodes with one key work together beyond loopback; who has none reaches no shards.
func TestClusterKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cluster.key")
	if err := os.WriteFile(file, []byte(nodetls.NewKey()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	host, listen := node.Outside(t), make([]string, 2)
	c := node.StartCluster(t, 2, 4, func(i int, c *server.Config) {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Fatal(err)
		}
		listen[i] = l.Addr().String()
		l.Close()
		c.ClusterKey, c.NodeListen = file, listen[i]
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
	})
	for i, n := range c.Nodes {
		conn, err := pgx.Connect(t.Context(), "postgres://postgres@"+n.Address()+"/postgres?sslmode=disable")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		if i == 0 {
			if _, err := conn.Exec(t.Context(), "CREATE TABLE t (g int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 1000)"); err != nil {
				t.Fatal(err)
			}
		}
		var sum int
		if err := conn.QueryRow(t.Context(), "SELECT sum(g) FROM t").Scan(&sum); err != nil || sum != 500500 {
			t.Errorf("node %d: %d, %v", i, sum, err)
		}
		unknown, err := remote.Connect(listen[i])
		if err != nil {
			t.Fatal(err)
		}
		stranger := remote.New(unknown, listen[i])
		defer stranger.Close()
		if _, err := stranger.Control(t.Context(), &shard.ControlRequest{Op: shard.ControlTransactions}); !pgerr.HasCode(err, pgerr.ConnectionFailure) {
			t.Errorf("node %d lets a stranger in: %v", i, err)
		}
	}
}
