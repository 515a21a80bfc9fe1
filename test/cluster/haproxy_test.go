package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// haproxy runs one in front of the cluster, by the health endpoints, and
// returns how clients connect: through a socket of its own, for which no port
// has to be free.
func haproxy(t *testing.T, c *node.Cluster) (dsn string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "proxy") // TempDir's names are too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	var b strings.Builder
	fmt.Fprintf(&b, `defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen pegmatite
  bind unix@%s/.s.PGSQL.5432
  balance roundrobin
  option httpchk GET /readyz
`, dir)
	for i, n := range c.Nodes {
		_, port, _ := strings.Cut(n.HTTPAddress(), ":")
		fmt.Fprintf(&b, "  server n%d %s check port %s inter 100ms fall 1 rise 1\n", i+1, n.Address(), port)
	}
	config := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(config, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node.HAProxy(t), "-db", "-f", config)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return "host=" + dir + " port=5432 user=postgres database=postgres sslmode=disable"
}

// TestBehindHAProxy: a node that is stopped ends no running transaction, its
// clients' or others', and new clients come to the other nodes.
func TestBehindHAProxy(t *testing.T) {
	c := node.StartCluster(t, 3, 8, func(_ int, s *server.Config) { s.HTTP, s.DrainS = "127.0.0.1:0", 20 })
	dsn := haproxy(t, c)
	direct := connect(t, c.Nodes[0])
	run(t, direct, "CREATE TABLE t (id int PRIMARY KEY, v int)")
	run(t, direct, "INSERT INTO t SELECT i, 0 FROM generate_series(1, 100) i")

	// One open transaction through each node, each with rows on all nodes.
	open := map[string]pgx.Tx{}
	for try := 0; len(open) < len(c.Nodes) && try < 100; try++ {
		conn, err := pgx.Connect(t.Context(), dsn)
		if err != nil {
			time.Sleep(50 * time.Millisecond) // not checked yet
			continue
		}
		t.Cleanup(func() { conn.Close(t.Context()) })
		port := one[string](t, conn, "SHOW port")
		if open[port] != nil {
			conn.Close(t.Context())
			continue
		}
		tx, err := conn.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), "UPDATE t SET v = v + 1 WHERE id % 3 = $1", len(open)); err != nil {
			t.Fatal(err)
		}
		open[port] = tx
	}
	if len(open) != len(c.Nodes) {
		t.Fatalf("reached %d nodes through the proxy", len(open))
	}
	_, stopped, _ := strings.Cut(c.Nodes[1].Address(), ":")
	ended := make(chan error)
	go func() { ended <- c.Nodes[1].Stop() }()
	for reached := 0; reached < 10; { // new clients, while the node drains
		conn, err := pgx.Connect(t.Context(), dsn)
		if err != nil {
			time.Sleep(20 * time.Millisecond) // it is still taken for healthy
			continue
		}
		if port := one[string](t, conn, "SHOW port"); port == stopped {
			t.Errorf("a new client came to the node that stops")
		}
		conn.Close(t.Context())
		reached++
	}
	ports := []string{stopped} // its own first: it waits for the others', too
	for port := range open {
		if port != stopped {
			ports = append(ports, port)
		}
	}
	for _, port := range ports {
		tx := open[port]
		for k := range 3 {
			if _, err := tx.Exec(t.Context(), "UPDATE t SET v = v + 1 WHERE id = $1", 101); err != nil {
				t.Errorf("statement %d of the transaction through port %s: %v", k, port, err)
			}
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Errorf("the transaction through port %s: %v", port, err)
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	c.Start(t, 1)
	if got := one[int](t, connect(t, c.Nodes[2]), "SELECT sum(v)::int FROM t"); got != 100 {
		t.Errorf("sum %d", got)
	}
}
