package cluster

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestFirstPasswordOfWhoJoins is given to nobody when the cluster's superuser
// has another, and the node's log says so.
func TestFirstPasswordOfWhoJoins(t *testing.T) {
	c := node.StartCluster(t, 1, 2, nil)
	joins := func(password string) string {
		config := server.Default()
		config.Data, config.Listen, config.Node, config.NodeListen = filepath.Join(t.TempDir(), "data"), "127.0.0.1:0", "joins"+password, "127.0.0.1:0"
		config.Etcd = c.Etcd.ClientURL()
		if err := server.SetFirstPassword(config.Data, password); err != nil {
			t.Fatal(err)
		}
		var log lines
		n, err := server.Start(t.Context(), config, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		n.Stop()
		return log.String()
	}
	const unused = "is given to nobody"
	if log := joins("1"); strings.Contains(log, unused) {
		t.Errorf("the first: %s", log)
	}
	if log := joins("2"); !strings.Contains(log, unused) {
		t.Errorf("the second: %s", log)
	}
}
