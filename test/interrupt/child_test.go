package interrupt

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/txn"
)

// asServer makes this test's binary a server on the directory that it names,
// dieAt names the place where it dies, and how often it passes there before.
const (
	asServer = "PEGMATITE_TEST_SERVER"
	dieAt    = "PEGMATITE_TEST_DIE_AT"
)

// The places where a server dies. They count from the first table lock of a schema
// change on, those of loads from the first rows.
const (
	dieShards    = "shards"           // before a call to a shard
	diePrepared  = "prepared"         // when a log has prepared
	dieDecide    = "before decision"  // before the change is published
	dieDecided   = "after decision"   // after it, nobody knows of it
	dieResolve   = "before resolving" // before a log learns of it
	dieLoading   = "load"             // before rows come to a shard
	dieLoaded    = "load, prepared"   // when a log has prepared
	dieCommitted = "load, decided"    // before a log learns of it
	neverDies    = "nowhere"
	childLogs    = 3
	childShards  = 4
	firstPassing = 1
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(asServer); dir != "" {
		if err := serve(dir, os.Getenv(dieAt)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serve runs until standard input ends.
func serve(dir, where string) error {
	c := server.Default()
	c.Data, c.Listen, c.Shards, c.Logs, c.SharedFiles = dir, "127.0.0.1:0", childShards, childLogs, true
	d := &death{}
	if where != "" {
		if _, err := fmt.Sscanf(where, "%d %s", &d.left, &d.place); err != nil {
			return err
		}
		_, d.place, _ = strings.Cut(where, " ")
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	n, err := server.StartWith(context.Background(), c, log, server.Layers{Metadata: d.metadata, Shards: d.shards, Logs: d.logs})
	if err != nil {
		return err
	}
	fmt.Println(n.Address())
	io.Copy(io.Discard, os.Stdin)
	return n.Stop()
}

// death is where and when a server dies.
type death struct {
	place string
	left  int64 // how often it passes there
	armed atomic.Bool
	// loading: rows have come to a shard.
	loading atomic.Bool
	// decided: the change is published. Before that it is other transactions that are resolved.
	decided atomic.Bool
}

func (d *death) at(place string) {
	if d.armed.Load() {
		d.pass(place)
	}
}

// ofLoad is at for the places of loads.
func (d *death) ofLoad(place string) {
	if d.loading.Load() {
		d.pass(place)
	}
}

func (d *death) pass(place string) {
	if d.place == place && atomic.AddInt64(&d.left, -1) == 0 {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

func (d *death) metadata(kv metakv.Store) metakv.Store { return &mortalStore{kv, d} }

type mortalStore struct {
	metakv.Store
	death *death
}

func (s *mortalStore) Commit(ctx context.Context, t metakv.Txn) (metakv.Result, error) {
	if !isPublication(t) {
		return s.Store.Commit(ctx, t)
	}
	s.death.at(dieDecide)
	r, err := s.Store.Commit(ctx, t)
	s.death.at(dieDecided)
	s.death.decided.Store(s.death.armed.Load())
	return r, err
}

// isPublication reports whether a transaction of the metadata store makes a
// schema change current.
func isPublication(t metakv.Txn) bool {
	for _, op := range t.Then {
		if op.Key == "/pegmatite/catalog/head" {
			return true
		}
	}
	return false
}

func (d *death) shards(s shard.Service) shard.Service { return &mortalShards{s, d} }

type mortalShards struct {
	shard.Service
	death *death
}

// at lets by what is no transaction's.
func (s *mortalShards) at(id txn.ID) {
	if !id.IsZero() {
		s.death.at(dieShards)
	}
}

func (s *mortalShards) Read(ctx context.Context, r *shard.ReadRequest) (shard.Rows, error) {
	s.at(r.Txn)
	return s.Service.Read(ctx, r)
}

func (s *mortalShards) Write(ctx context.Context, r *shard.WriteRequest) (*shard.WriteReply, error) {
	s.at(r.Txn)
	if r.Rows != nil {
		s.death.loading.Store(true)
		s.death.ofLoad(dieLoading)
	}
	return s.Service.Write(ctx, r)
}

func (s *mortalShards) Control(ctx context.Context, r *shard.ControlRequest) (*shard.ControlReply, error) {
	if r.Op == shard.ControlLockTable {
		s.death.armed.Store(true)
	}
	s.at(r.Txn)
	return s.Service.Control(ctx, r)
}

func (d *death) logs(_ txn.LogID, p txn.Participant) txn.Participant { return &mortalLog{p, d} }

type mortalLog struct {
	txn.Participant
	death *death
}

func (l *mortalLog) Prepare(ctx context.Context, r *txn.PrepareRequest) (txn.PrepareReply, error) {
	reply, err := l.Participant.Prepare(ctx, r)
	l.death.at(diePrepared)
	l.death.ofLoad(dieLoaded)
	return reply, err
}

func (l *mortalLog) Decide(ctx context.Context, r *txn.DecideRequest) (txn.Outcome, error) {
	out, err := l.Participant.Decide(ctx, r)
	l.death.ofLoad(dieCommitted)
	return out, err
}

func (l *mortalLog) Resolve(ctx context.Context, r *txn.ResolveRequest) error {
	if l.death.decided.Load() {
		l.death.at(dieResolve)
	}
	return l.Participant.Resolve(ctx, r)
}

// child is a server in a process of its own.
type child struct {
	t       *testing.T
	cmd     *exec.Cmd
	in      io.Closer
	log     strings.Builder
	address string
	ended   bool
}

// launch starts a server that dies when it passes a place for the n-th time.
func launch(t *testing.T, dir, place string, n int) *child {
	t.Helper()
	c := &child{t: t, cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(os.Environ(), asServer+"="+dir, fmt.Sprintf("%s=%d %s", dieAt, n, place))
	c.cmd.Stderr = &c.log
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !c.ended {
			c.cmd.Process.Kill()
			c.cmd.Wait()
		}
		if t.Failed() && c.log.Len() > 0 {
			t.Logf("a server logged:\n%s", c.log.String())
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		c.cmd.Wait()
		c.ended = true
		t.Fatalf("the server did not start: %s", c.log.String())
	}
	c.address = strings.TrimSpace(line)
	return c
}

// dies runs a statement and reports whether the server has died of it.
func (c *child) dies(session *pgx.Conn, sql string) bool {
	c.t.Helper()
	return c.diesOf(session, sql, func(ctx context.Context) error {
		_, err := session.Exec(ctx, sql)
		return err
	})
}

func (c *child) diesOf(session *pgx.Conn, what string, do func(context.Context) error) bool {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), client.Patience)
	defer cancel()
	err := do(ctx)
	if err == nil {
		return false
	}
	if !session.IsClosed() {
		c.t.Fatalf("%s: %v", what, err)
	}
	c.cmd.Wait()
	c.ended = true
	return true
}

// stop ends the server cleanly.
func (c *child) stop() {
	c.t.Helper()
	c.in.Close()
	err := c.cmd.Wait()
	c.ended = true
	if err != nil {
		c.t.Errorf("stop: %v", err)
	}
}
