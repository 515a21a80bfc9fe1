// Package remote is the caller's side of the shard service over gRPC: the
// shards and logs of another node as shard.Service and txn.Participant.
// shard/serve is the callee's side, shard/remote/codec the form of what goes
// between.
//
// Two things differ from a node in process. A connection that fails gives
// 08006 at once, and leaves open whether the request was done. And a statement
// that is cancelled while it may lock or write waits for its answer: until the
// shard has said that it stopped, nobody knows what it did.
package remote

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/remote/codec"
)

// Client is a connection to a node's shards. It connects again by itself when
// the connection is lost; until then requests fail.
type Client struct {
	address string
	conn    *grpc.ClientConn
	sender  codec.Sender
	calls   atomic.Uint64 // the last call's number; they begin anywhere, so that clients' differ
}

var _ shard.Service = (*Client)(nil)

// The windows of flow control, as serve has them: they bound what a slow
// reader of a result makes its shard send ahead.
const (
	streamWindowBytes     = 1 << 20
	connectionWindowBytes = 16 << 20
)

// How a dead node is found: a connection that is not made within
// connectWithin, or that gives no sign of life for pingEvery and then no
// answer for pingAnswer. gRPC allows no shorter ones; a Pulse is faster.
const (
	connectWithin = 3 * time.Second
	pingEvery     = 10 * time.Second
	pingAnswer    = 5 * time.Second
)

// Connect makes a connection to a node at an address (host:port), for New and
// for what else the node serves. It is made when it is first used. Options come
// after the defaults: transport credentials, above all, which are none by default.
func Connect(address string, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	conn, err := grpc.NewClient(scheme+address, append(defaults(), options...)...)
	if err != nil {
		return nil, lost(address, err)
	}
	return conn, nil
}

// scheme makes an address a target of gRPC that nobody looks up.
const scheme = "passthrough:///"

// Lost is the error of a connection that Connect made: 08006, whether the request
// was done is not known.
func Lost(conn *grpc.ClientConn, err error) error {
	return lost(strings.TrimPrefix(conn.Target(), scheme), err)
}

func lost(address string, err error) error {
	return pgerr.New(pgerr.ConnectionFailure, "connection to the node at %s failed", address).
		WithDetail("%s", status.Convert(err).Message()).WithCause(err)
}

// New is the shards of the node behind a connection.
func New(conn *grpc.ClientConn, address string) *Client {
	c := &Client{address: address, conn: conn}
	c.calls.Store(rand.Uint64())
	return c
}

func defaults() []grpc.DialOption {
	retry := backoff.DefaultConfig
	retry.BaseDelay, retry.MaxDelay = 50*time.Millisecond, time.Second
	return []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(codec.Frames{}),
			grpc.MaxCallRecvMsgSize(codec.MaxMessageBytes), grpc.MaxCallSendMsgSize(codec.MaxMessageBytes)),
		grpc.WithInitialWindowSize(streamWindowBytes),
		grpc.WithInitialConnWindowSize(connectionWindowBytes),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: retry, MinConnectTimeout: connectWithin}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingEvery, Timeout: pingAnswer, PermitWithoutStream: true}),
		grpc.WithDisableServiceConfig(),
	}
}

// Close ends the connection and, with 08006, what is under way.
func (c *Client) Close() error { return c.conn.Close() }

// Reconnect has a connection that was lost made at once, instead of in up to a
// second, and returns when the node has answered by it; the error is 08006.
func (c *Client) Reconnect(ctx context.Context) error {
	c.conn.ResetConnectBackoff()
	if err := c.conn.Invoke(ctx, codec.Path(codec.Ping), new(codec.Frame), new(codec.Frame), grpc.WaitForReady(true)); err != nil {
		return c.lost(err)
	}
	return nil
}

// failure is what the caller learns of a gRPC error.
func (c *Client) failure(ctx context.Context, err error) error {
	switch status.Code(err) {
	case codes.DeadlineExceeded:
		if _, limited := ctx.Deadline(); limited {
			return pgerr.From(context.DeadlineExceeded) // gRPC's timer may be a moment before ctx's
		}
	case codes.Canceled:
		if ctx.Err() != nil {
			return pgerr.From(ctx.Err())
		}
	case codes.Unimplemented:
		return pgerr.New(pgerr.ProtocolViolation, "node at %s speaks another version of the shard protocol than %d", c.address, codec.Version)
	case codes.ResourceExhausted:
		return pgerr.New(pgerr.ProgramLimitExceeded, "message to or from the node at %s is too large", c.address).
			WithDetail("%s", status.Convert(err).Message()).WithCause(err)
	}
	return c.lost(err)
}

func (c *Client) lost(err error) error { return lost(c.address, err) }

// encode makes a request, with all the objects that it refers to or only
// those that the node has not had.
type encode func(all bool) (*codec.Request, error)

// exchange encodes a request and has it sent; when the node misses objects
// that it was believed to have, once more with all of them.
func exchange(encode encode, send func(request []byte) error) error {
	for _, all := range [...]bool{false, true} {
		q, err := encode(all)
		if err != nil {
			return err
		}
		err = send(q.Bytes)
		if !errors.Is(err, codec.ErrUnknown) {
			if err == nil {
				q.Delivered()
			}
			return err
		}
	}
	return pgerr.New(pgerr.ProtocolViolation, "malformed message of the shard protocol").WithDetail("The node does not know objects that came with the request.")
}

// invoke sends a request and returns the reply.
func (c *Client) invoke(ctx context.Context, method string, request []byte) ([]byte, error) {
	reply := new(codec.Frame)
	if err := c.conn.Invoke(ctx, codec.Path(method), &codec.Frame{Bytes: request}, reply); err != nil {
		return nil, c.failure(ctx, err)
	}
	return reply.Bytes, nil
}

// Write implements shard.Service.
func (c *Client) Write(ctx context.Context, r *shard.WriteRequest) (reply *shard.WriteReply, err error) {
	under, call, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer call.end()
	err = exchange(
		func(all bool) (*codec.Request, error) { return c.sender.Write(call.number, all, r) },
		func(request []byte) error {
			b, err := c.invoke(under, codec.Write, request)
			if err == nil {
				reply, err = codec.DecodeWrite(b)
			}
			return err
		})
	return reply, call.why(ctx, under, err)
}

// Cut implements shard.Service.
func (c *Client) Cut(ctx context.Context, r *shard.CutRequest) error {
	b, err := c.invoke(ctx, codec.Cut, c.sender.Cut(r).Bytes)
	if err != nil {
		return err
	}
	return codec.DecodeDone(b)
}

// Control implements shard.Service.
func (c *Client) Control(ctx context.Context, r *shard.ControlRequest) (reply *shard.ControlReply, err error) {
	under, call, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer call.end()
	err = exchange(
		func(all bool) (*codec.Request, error) { return c.sender.Control(call.number, all, r) },
		func(request []byte) error {
			b, err := c.invoke(under, codec.Control, request)
			if err == nil {
				reply, err = codec.DecodeControl(b)
			}
			return err
		})
	return reply, call.why(ctx, under, err)
}
