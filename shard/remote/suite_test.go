package remote_test

import (
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/remote"
	"github.com/pegmatitedb/pegmatite/shard/serve"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

// served is a service behind a gRPC server on loopback.
type served struct {
	address string
	server  *grpc.Server
	done    chan struct{}
}

// start serves a service at an address (port 0: any).
func start(t testing.TB, address string, service shard.Service, participants func(txn.LogID) txn.Participant, options ...grpc.ServerOption) *served {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s := &served{address: listener.Addr().String(), server: grpc.NewServer(append(serve.Options(), options...)...), done: make(chan struct{})}
	serve.New(service, participants, shardtest.Library{}).Register(s.server)
	go func() {
		defer close(s.done)
		s.server.Serve(listener)
	}()
	t.Cleanup(s.stop)
	return s
}

func (s *served) stop() {
	s.server.Stop()
	<-s.done
}

func dial(t testing.TB, address string, options ...grpc.DialOption) *remote.Client {
	t.Helper()
	conn, err := remote.Connect(address, options...)
	if err != nil {
		t.Fatal(err)
	}
	c := remote.New(conn, address)
	t.Cleanup(func() { c.Close() })
	return c
}

// node is an engine behind a server.
func node(t testing.TB, cfg engine.Config) (*engine.Node, *served) {
	t.Helper()
	n, err := engine.OpenNode(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n, start(t, "127.0.0.1:0", n, func(id txn.LogID) txn.Participant {
		if p := n.Participant(id); p != nil {
			return p
		}
		return nil
	})
}

// open is a node as a coordinator on another one sees it.
func open(t testing.TB, cfg engine.Config) *shardtest.Instance {
	t.Helper()
	n, s := node(t, cfg)
	c := dial(t, s.address)
	in := &shardtest.Instance{Service: c, Oracle: cfg.Oracle, Shards: cfg.Shards,
		Log: func(id shard.ID) (txn.LogID, txn.Participant) {
			uuid := n.LogOf(id)
			return uuid, c.Participant(uuid)
		}}
	if cfg.Dir == "" {
		return in
	}
	in.Restart = func(t testing.TB, clean bool) *shardtest.Instance {
		s.stop()
		if clean {
			if err := n.Close(); err != nil {
				t.Fatal(err)
			}
		} else {
			n.Kill()
		}
		return open(t, cfg)
	}
	return in
}

func config(dir string, shards, logs int) engine.Config {
	return engine.Config{Dir: dir, FS: vfs.OS{}, Shards: shards, Logs: logs, Oracle: shardtest.NewOracle(),
		DeadlockTimeout: 20 * time.Millisecond, SettleEvery: 5 * time.Millisecond}
}

func TestConformance(t *testing.T) {
	shardtest.Run(t, func(t testing.TB, shards, logs int) *shardtest.Instance {
		return open(t, config(t.TempDir(), shards, logs))
	})
}
