package faults

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/shard/remote/codec"
	"github.com/pegmatitedb/pegmatite/txn"
)

const (
	// asNode makes this test's binary a node of these settings, a server.Config in JSON.
	asNode = "PEGMATITE_TEST_NODE"
	// armed is what such a node prints when it was told at which step to die.
	armed = "armed"
	// diesAt is what it logs before it does, and the step.
	diesAt = "dies at: "
	// mortalLease and mortalSilence are a node's, short, since tests wait for them.
	mortalLease   = 2 * time.Second
	mortalSilence = 500 * time.Millisecond
)

// serveMortal is a node that counts the steps of commits, and kills itself at
// one of them. It ends with SIGTERM, and with standard input.
func serveMortal(config string) error {
	var c server.Config
	if err := json.Unmarshal([]byte(config), &c); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	var d doom
	n, err := server.StartWith(context.Background(), c, log, server.Layers{
		Nodes:  []grpc.DialOption{grpc.WithChainUnaryInterceptor(d.sends)},
		Served: []grpc.ServerOption{grpc.ChainUnaryInterceptor(d.serves)},
		Logs:   d.logs, Files: d.files, Metadata: d.metadata, Lease: mortalLease, Silence: mortalSilence,
	})
	if err != nil {
		return err
	}
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	go d.obey()
	_, port, err := net.SplitHostPort(n.Address())
	if err != nil {
		return err
	}
	fmt.Printf("The node is ready: psql -p %s -U postgres\n", port)
	<-terminated
	return n.Stop()
}

// draws are those requests to the timestamp oracle that are steps. Nodes draw
// beside commits, too.
type draws int32

const (
	noDraws    draws = iota
	firstDraws       // up to the first other step: the coordinator's
	allDraws         // the oracle's
)

// arm tells a node at which step from now on it dies, 0 is none, and reports
// whether it lives.
func (p *process) arm(t testing.TB, step int, d draws) bool {
	t.Helper()
	fmt.Fprintln(p.in, step, int32(d)) // who is dead does not read it
	select {
	case <-p.line:
		return true
	case <-p.exited:
		return false
	case <-time.After(readyWithin):
		t.Fatalf("the server does not answer:\n%s", p.logged())
		return false
	}
}

// doom is at which step of those to come a node dies.
type doom struct {
	left  atomic.Int64
	draws atomic.Int32
}

// obey reads at which step to die, as often as it is told.
func (d *doom) obey() {
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var n int64
		var of int32
		if _, err := fmt.Sscan(in.Text(), &n, &of); err != nil {
			break
		}
		d.left.Store(0) // nothing is one of its steps while it is told
		d.draws.Store(of)
		d.left.Store(n)
		fmt.Println(armed)
	}
	os.Exit(1) // the test is gone
}

// ofDraw is step for the messages to and from the oracle.
func (d *doom) ofDraw(what string) {
	if draws(d.draws.Load()) != noDraws {
		d.pass(what)
	}
}

// step is one of the moments at which a node may die.
func (d *doom) step(what string) {
	d.draws.CompareAndSwap(int32(firstDraws), int32(noDraws))
	d.pass(what)
}

func (d *doom) pass(what string) {
	if d.left.Add(-1) == 0 {
		fmt.Fprintln(os.Stderr, diesAt+what)
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// ofCommits are the messages of commits, with and without schema changes.
var ofCommits = []string{codec.Prepare, codec.Decide, codec.Resolve, codec.Ask, "Settle"}

// of is what happens at a message's steps.
func (d *doom) of(message string) (step func(what string)) {
	switch {
	case message == "Draw":
		return func(what string) { d.ofDraw(message + what) }
	case slices.Contains(ofCommits, message):
		return func(what string) { d.step(message + what) }
	}
	return func(string) {}
}

// sends is every message that the node sends to another.
func (d *doom) sends(ctx context.Context, method string, request, reply any, c *grpc.ClientConn, send grpc.UnaryInvoker, o ...grpc.CallOption) error {
	step := d.of(path.Base(method))
	step(" is sent")
	err := send(ctx, method, request, reply, c, o...)
	step(" has its answer")
	return err
}

// serves is every message that the node gets from another.
func (d *doom) serves(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	step := d.of(path.Base(info.FullMethod))
	step(" comes")
	reply, err := handle(ctx, request)
	step(" is answered")
	return reply, err
}

// files are the node's, with a step before the log is written, and before it is synced.
func (d *doom) files(fs vfs.FS) vfs.FS {
	return vfs.Inject(fs, func(op vfs.Op) error {
		if strings.Contains(op.Name, "/log/") && (op.Kind == vfs.OpWrite || op.Kind == vfs.OpSync) {
			d.step(string(op.Kind) + " of the log")
		}
		return nil
	})
}

func (d *doom) metadata(kv metakv.Store) metakv.Store { return &mortalMetadata{kv, d} }

// mortalMetadata is the metadata store, which decides about schema changes.
type mortalMetadata struct {
	metakv.Store
	doom *doom
}

func (m *mortalMetadata) Commit(ctx context.Context, t metakv.Txn) (metakv.Result, error) {
	if !slices.ContainsFunc(t.Then, func(op metakv.Op) bool { return strings.Contains(op.Key, "/decision/") }) {
		return m.Store.Commit(ctx, t)
	}
	m.doom.step("decision")
	defer m.doom.step("decision is made")
	return m.Store.Commit(ctx, t)
}

func (d *doom) logs(_ txn.LogID, p txn.Participant) txn.Participant { return &mortalLog{p, d} }

// mortalLog is a log of the node, for the commits of its own sessions.
type mortalLog struct {
	txn.Participant
	doom *doom
}

func (l *mortalLog) Prepare(ctx context.Context, r *txn.PrepareRequest) (txn.PrepareReply, error) {
	l.doom.step("own Prepare")
	defer l.doom.step("own Prepare is done")
	return l.Participant.Prepare(ctx, r)
}

func (l *mortalLog) Decide(ctx context.Context, r *txn.DecideRequest) (txn.Outcome, error) {
	l.doom.step("own Decide")
	defer l.doom.step("own Decide is done")
	return l.Participant.Decide(ctx, r)
}

func (l *mortalLog) Resolve(ctx context.Context, r *txn.ResolveRequest) error {
	l.doom.step("own Resolve")
	defer l.doom.step("own Resolve is done")
	return l.Participant.Resolve(ctx, r)
}
