package remote_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/remote"
	"github.com/pegmatitedb/pegmatite/shard/serve"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

// fake is a service of functions; those that are nil are not called.
type fake struct {
	read    func(context.Context, *shard.ReadRequest) (shard.Rows, error)
	write   func(context.Context, *shard.WriteRequest) (*shard.WriteReply, error)
	cut     func(context.Context, *shard.CutRequest) error
	control func(context.Context, *shard.ControlRequest) (*shard.ControlReply, error)
}

func (f *fake) Read(ctx context.Context, r *shard.ReadRequest) (shard.Rows, error) {
	return f.read(ctx, r)
}

func (f *fake) Write(ctx context.Context, r *shard.WriteRequest) (*shard.WriteReply, error) {
	return f.write(ctx, r)
}

func (f *fake) Cut(ctx context.Context, r *shard.CutRequest) error { return f.cut(ctx, r) }

func (f *fake) Control(ctx context.Context, r *shard.ControlRequest) (*shard.ControlReply, error) {
	return f.control(ctx, r)
}

func noParticipants(txn.LogID) txn.Participant { return nil }

// over is a fake as another node sees it.
func over(t testing.TB, f *fake) *remote.Client {
	t.Helper()
	return dial(t, start(t, "127.0.0.1:0", f, noParticipants).address)
}

// endless are rows of one byte each, in batches of some size, counted.
type endless struct {
	size   int
	given  atomic.Int64
	closed chan struct{}
}

func (r *endless) Next(ctx context.Context) (*shard.Batch, error) {
	r.given.Add(1)
	return &shard.Batch{Count: 1, Data: make([]byte, r.size)}, ctx.Err()
}

func (r *endless) Close() error {
	close(r.closed)
	return nil
}

var anyRead = &shard.ReadRequest{Fragment: shardtest.Fragment(shardtest.Accounts(1))}

func anyWrite() *shard.WriteRequest {
	acc := shardtest.Accounts(1)
	return &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: shardtest.Batch(shardtest.Account(acc, 1, 2, 3, ""))}
}

func wantCode(t testing.TB, err error, code pgerr.Code, text string) {
	t.Helper()
	if !pgerr.HasCode(err, code) || !strings.Contains(err.Error(), text) {
		t.Fatalf("error %v (%s), want %s %q", err, pgerr.From(err).Code, code, text)
	}
}

// A reader that does not read stops the shard; one that goes away ends it.
func TestBackPressure(t *testing.T) {
	rows := &endless{size: 64 << 10, closed: make(chan struct{})}
	c := over(t, &fake{read: func(context.Context, *shard.ReadRequest) (shard.Rows, error) { return rows, nil }})
	got, err := c.Read(t.Context(), anyRead)
	if err != nil {
		t.Fatal(err)
	}
	// Nothing says that the shard is stopped but that it gives no more; the
	// windows and what lies in gRPC's buffers are far below the bound.
	const bound = 4 << 20 / (64 << 10)
	for last := int64(-1); last != rows.given.Load(); time.Sleep(50 * time.Millisecond) {
		if last = rows.given.Load(); last > bound {
			t.Fatalf("%d batches are on their way to a reader that does not read", last)
		}
	}
	for range 3 * bound {
		if b, err := got.Next(t.Context()); err != nil || b.Count != 1 || len(b.Data) != rows.size {
			t.Fatal(b, err)
		}
	}
	got.Close()
	<-rows.closed
	if _, err := got.Next(t.Context()); err == nil {
		t.Error("rows after Close")
	}
	if err := got.Close(); err != nil {
		t.Error(err)
	}
}

// A read goes on under the context of each Next, not that of Read.
func TestReadOutlivesItsContext(t *testing.T) {
	rows := &endless{size: 4, closed: make(chan struct{})}
	c := over(t, &fake{read: func(context.Context, *shard.ReadRequest) (shard.Rows, error) { return rows, nil }})
	ctx, cancel := context.WithCancel(t.Context())
	got, err := c.Read(ctx, anyRead)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for range 1000 {
		if _, err := got.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	for err == nil {
		_, err = got.Next(ctx)
	}
	wantCode(t, err, pgerr.QueryCanceled, "")
	<-rows.closed
}

// blocking is a service whose calls wait until they are cancelled; stopped
// counts those that were.
func blocking(began chan struct{}, stopped *atomic.Int64) *fake {
	wait := func(ctx context.Context) error {
		began <- struct{}{}
		<-ctx.Done()
		stopped.Add(1)
		return pgerr.From(ctx.Err())
	}
	return &fake{
		read: func(ctx context.Context, _ *shard.ReadRequest) (shard.Rows, error) { return nil, wait(ctx) },
		write: func(ctx context.Context, _ *shard.WriteRequest) (*shard.WriteReply, error) {
			return nil, wait(ctx)
		},
		cut: func(ctx context.Context, _ *shard.CutRequest) error { return wait(ctx) },
		control: func(ctx context.Context, _ *shard.ControlRequest) (*shard.ControlReply, error) {
			return nil, wait(ctx)
		},
	}
}

// calls are the ways to wait for a shard.
var calls = map[string]func(context.Context, shard.Service) error{
	"Read": func(ctx context.Context, s shard.Service) error { _, err := s.Read(ctx, anyRead); return err },
	"ReadLocking": func(ctx context.Context, s shard.Service) error {
		_, err := s.Read(ctx, &shard.ReadRequest{Fragment: anyRead.Fragment, Lock: &shard.RowLock{Strength: shard.LockUpdate}})
		return err
	},
	"Write": func(ctx context.Context, s shard.Service) error { _, err := s.Write(ctx, anyWrite()); return err },
	"Cut":   func(ctx context.Context, s shard.Service) error { return s.Cut(ctx, &shard.CutRequest{}) },
	"Control": func(ctx context.Context, s shard.Service) error {
		_, err := s.Control(ctx, &shard.ControlRequest{Op: shard.ControlSettle})
		return err
	},
}

func TestCancel(t *testing.T) {
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			began, stopped := make(chan struct{}, 1), &atomic.Int64{}
			c := over(t, blocking(began, stopped))
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-began
				cancel()
			}()
			err := call(ctx, c)
			wantCode(t, err, pgerr.QueryCanceled, "canceling statement due to user request")
			if !errors.Is(err, context.Canceled) {
				t.Errorf("cause %v", errors.Unwrap(err))
			}
			// What may lock or write has stopped when its caller hears of it.
			if waited := name != "Read" && name != "Cut"; waited && stopped.Load() != 1 {
				t.Error("the call returned before the shard had stopped")
			}
			err = call(ctx, c)
			wantCode(t, err, pgerr.QueryCanceled, "")
			if len(began) > 0 {
				t.Error("a cancelled request was sent")
			}
		})
	}
}

func TestDeadline(t *testing.T) {
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			began, stopped := make(chan struct{}, 1), &atomic.Int64{}
			c := over(t, blocking(began, stopped))
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			err := call(ctx, c)
			wantCode(t, err, pgerr.QueryCanceled, "")
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("cause %v", errors.Unwrap(err))
			}
		})
	}
}

// A write that was done before it could be stopped was done.
func TestCancelComesTooLate(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := over(t, &fake{write: func(ctx context.Context, _ *shard.WriteRequest) (*shard.WriteReply, error) {
		cancel()
		<-ctx.Done()
		return &shard.WriteReply{Incarnation: 5, Count: 1}, nil
	}})
	reply, err := c.Write(ctx, anyWrite())
	if err != nil || reply.Incarnation != 5 {
		t.Fatal(reply, err)
	}
}

// A lost connection ends every call at once, and stops what runs on the shard.
func TestLostConnection(t *testing.T) {
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			began, stopped := make(chan struct{}, 1), &atomic.Int64{}
			s := start(t, "127.0.0.1:0", blocking(began, stopped), noParticipants)
			c := dial(t, s.address)
			down := make(chan struct{})
			go func() {
				defer close(down)
				<-began
				s.stop()
			}()
			want := "connection to the node at " + s.address + " failed"
			wantCode(t, call(t.Context(), c), pgerr.ConnectionFailure, want)
			<-down
			if stopped.Load() != 1 {
				t.Error("the shard goes on")
			}
			wantCode(t, call(t.Context(), c), pgerr.ConnectionFailure, want)
			_, err := c.Participant(txn.LogID{1}).Ask(t.Context(), txn.ID{Node: 1})
			wantCode(t, err, pgerr.ConnectionFailure, want)
			c.Close()
			wantCode(t, call(t.Context(), c), pgerr.ConnectionFailure, want)
		})
	}
}

// After a restart the client finds the node again by itself, which has none of
// the objects that it was sent before.
func TestReconnect(t *testing.T) {
	acc := shardtest.Accounts(1)
	f := shardtest.Fragment(acc, shardtest.Condition{Column: 1, Operator: "<", Param: 0})
	service := &fake{read: func(_ context.Context, r *shard.ReadRequest) (shard.Rows, error) {
		if r.Fragment.SQL != f.SQL || r.Fragment.Table.Name != acc.Name {
			return nil, fmt.Errorf("SQL %q", r.Fragment.SQL)
		}
		return &endless{closed: make(chan struct{})}, nil
	}}
	s := start(t, "127.0.0.1:0", service, noParticipants)
	c := dial(t, s.address)
	read := func() error {
		rows, err := c.Read(t.Context(), &shard.ReadRequest{Fragment: f})
		if err == nil {
			rows.Close()
		}
		return err
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
	s.stop()
	start(t, s.address, service, noParticipants)
	for {
		err := read()
		if err == nil {
			return
		}
		wantCode(t, err, pgerr.ConnectionFailure, s.address)
		time.Sleep(5 * time.Millisecond)
	}
}

// TestReconnectAtOnce: whoever knows that a node is back need not wait for the
// next attempt, here for an hour.
func TestReconnectAtOnce(t *testing.T) {
	service := &fake{write: func(context.Context, *shard.WriteRequest) (*shard.WriteReply, error) {
		return &shard.WriteReply{Count: 1}, nil
	}}
	s := start(t, "127.0.0.1:0", service, noParticipants)
	c := dial(t, s.address, seldom())
	s.stop()
	_, err := c.Write(t.Context(), anyWrite())
	wantCode(t, err, pgerr.ConnectionFailure, s.address)
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	wantCode(t, c.Reconnect(short), pgerr.ConnectionFailure, s.address)
	start(t, s.address, service, noParticipants)
	if err := c.Reconnect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(t.Context(), anyWrite()); err != nil {
		t.Error(err)
	}
}

// seldom is a connection that is tried anew once in an hour.
func seldom() grpc.DialOption {
	return grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: time.Hour, Multiplier: 1, MaxDelay: time.Hour}})
}

func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	_, err = dial(t, listener.Addr().String()).Write(t.Context(), anyWrite())
	wantCode(t, err, pgerr.ConnectionFailure, listener.Addr().String())
}

// TestVersions: the version is part of the service's name, so every call finds
// out that a node has another one.
func TestVersions(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer(serve.Options()...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.Serve(listener)
	}()
	t.Cleanup(func() {
		g.Stop()
		<-done
	})
	c := dial(t, listener.Addr().String())
	wantCode(t, calls["Write"](t.Context(), c), pgerr.ProtocolViolation, "another version")
	wantCode(t, calls["Read"](t.Context(), c), pgerr.ProtocolViolation, "another version")
}

func TestLogThatIsNotThere(t *testing.T) {
	c := over(t, &fake{})
	_, err := c.Participant(txn.LogID{7}).Commit(t.Context(), &txn.CommitRequest{})
	wantCode(t, err, pgerr.ConnectionFailure, "log 07000000 is not on this node")
}

// Messages far larger than gRPC's default travel both ways.
func TestLargeMessages(t *testing.T) {
	const size = 24 << 20
	c := over(t, &fake{
		write: func(_ context.Context, r *shard.WriteRequest) (*shard.WriteReply, error) {
			return &shard.WriteReply{Returning: r.Rows}, nil
		},
		read: func(context.Context, *shard.ReadRequest) (shard.Rows, error) {
			return &endless{size: size, closed: make(chan struct{})}, nil
		}})
	w := anyWrite()
	w.Rows = &shard.Batch{Count: 1, Data: make([]byte, size)}
	reply, err := c.Write(t.Context(), w)
	if err != nil || len(reply.Returning.Data) != size {
		t.Fatal(err)
	}
	rows, err := c.Read(t.Context(), anyRead)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if b, err := rows.Next(t.Context()); err != nil || len(b.Data) != size {
		t.Fatal(err)
	}
}

// failing are rows that end in an error at once, with locks held.
type failing struct{}

func (r *failing) Next(context.Context) (*shard.Batch, error) {
	return nil, pgerr.New(pgerr.DivisionByZero, "division by zero")
}

func (r *failing) Close() error { return nil }

// Incarnation implements shard.Enlisted.
func (r *failing) Incarnation() txn.Incarnation { return 9 }

// A locking read that fails after it has begun still says who holds locks.
func TestEnlistedInSpiteOfAnError(t *testing.T) {
	c := over(t, &fake{read: func(context.Context, *shard.ReadRequest) (shard.Rows, error) { return &failing{}, nil }})
	rows, err := c.Read(t.Context(), &shard.ReadRequest{Fragment: anyRead.Fragment, Lock: &shard.RowLock{Strength: shard.LockShare}})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if e, ok := rows.(shard.Enlisted); !ok || e.Incarnation() != 9 {
		t.Errorf("rows %T", rows)
	}
	for range 2 {
		_, err = rows.Next(t.Context())
		wantCode(t, err, pgerr.DivisionByZero, "division by zero")
	}
}

// Malformed requests are errors of their caller.
func TestMalformedRequest(t *testing.T) {
	c := over(t, &fake{})
	_, err := c.Read(t.Context(), &shard.ReadRequest{})
	wantCode(t, err, pgerr.ProtocolViolation, "malformed message")
	_, err = c.Read(t.Context(), &shard.ReadRequest{Fragment: &shard.Fragment{Table: shardtest.Accounts(1),
		Filter: &expr.Subquery{Test: shardtest.Int(1)}}})
	wantCode(t, err, pgerr.InternalError, "cannot travel")
	_, err = c.Read(t.Context(), &shard.ReadRequest{Fragment: anyRead.Fragment,
		Values: shard.Values{Env: &types.Env{Location: time.FixedZone("here", 60)}}})
	wantCode(t, err, pgerr.InternalError, `time zone "here" cannot travel to a shard`)
}

// TestLostNamesTheAddress: as people know it, without gRPC's scheme.
func TestLostNamesTheAddress(t *testing.T) {
	conn, err := remote.Connect("127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := remote.Lost(conn, errors.New("gone")); err.Error() != "connection to the node at 127.0.0.1:1 failed" {
		t.Error(err)
	}
}
