package cluster

import (
	"log/slog"
	"regexp"
	"sync"
	"testing"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// lines are what a node has logged.
type lines struct {
	mu   sync.Mutex // protects text
	text []byte
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	return len(p), nil
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// TestNodeDownIsQuiet: statements that fail because a node is down are their
// clients' business; the log does not get a line for each of them.
func TestNodeDownIsQuiet(t *testing.T) {
	c := node.StartCluster(t, 2, 8, nil)
	var log lines
	config := server.Default()
	config.Data, config.Listen, config.Node, config.NodeListen = t.TempDir(), "127.0.0.1:0", "n3", "127.0.0.1:0"
	config.Etcd, config.Weight = c.Etcd.ClientURL(), 0
	n, err := server.Start(t.Context(), config, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer n.Stop()
	conn := client.Connect(t, n.Address())
	run(t, conn, "CREATE TABLE t (id int PRIMARY KEY, v int)")
	run(t, conn, "INSERT INTO t SELECT i, 0 FROM generate_series(1, 50) i")
	if err := c.Nodes[0].Stop(); err != nil {
		t.Fatal(err)
	}
	const failed = 5
	for range failed {
		run(t, conn, "BEGIN")
		if _, err := conn.Exec(t.Context(), "UPDATE t SET v = 1"); client.Code(err) != "58000" {
			t.Fatal(err)
		}
		run(t, conn, "ROLLBACK")
	}
	if n := len(regexp.MustCompile(`level=(WARN|ERROR).*transaction=`).FindAllString(log.String(), -1)); n > 0 {
		t.Errorf("%d lines:\n%s", n, log.String())
	}
}
