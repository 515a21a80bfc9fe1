package remote

import (
	"context"
	"io"

	"google.golang.org/grpc"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/remote/codec"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Read implements shard.Service. It returns when the first batch is there. The
// rows outlive ctx: each Next has its own.
func (c *Client) Read(ctx context.Context, r *shard.ReadRequest) (shard.Rows, error) {
	if r.Lock != nil {
		return c.readLocking(ctx, r)
	}
	if err := ctx.Err(); err != nil {
		return nil, pgerr.From(err)
	}
	rows := &rows{client: c}
	_, err := rows.begin(ctx, r, 0)
	if err != nil {
		rows.cancel()
		return nil, err
	}
	return rows, nil
}

// readLocking waits for the answer like a write: a caller that gave up before
// would not know of the locks.
func (c *Client) readLocking(ctx context.Context, r *shard.ReadRequest) (shard.Rows, error) {
	under, call, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer call.end()
	rows := &rows{client: c}
	enlisted, err := rows.begin(under, r, call.number)
	if err != nil {
		rows.cancel()
		return nil, call.why(ctx, under, err)
	}
	if enlisted == nil {
		return rows, nil
	}
	return &lockedRows{rows, *enlisted}, nil
}

// rows is a read's answer under way: a gRPC stream under a context of its own.
type rows struct {
	client *Client
	cancel context.CancelFunc // of the stream
	stream grpc.ClientStream
	frame  codec.Frame
	batch  shard.Batch
	ready  bool // batch is the first one and has not been returned
	ended  error
}

// lockedRows are the rows of a locking read.
type lockedRows struct {
	*rows
	incarnation txn.Incarnation
}

var _ shard.Enlisted = (*lockedRows)(nil)

// Incarnation implements shard.Enlisted.
func (r *lockedRows) Incarnation() txn.Incarnation { return r.incarnation }

// watch ends the read when ctx ends before the function that it returns is called.
func (r *rows) watch(ctx context.Context) (stop func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	unwatch := context.AfterFunc(ctx, r.cancel)
	return func() { unwatch() }
}

var readStream = grpc.StreamDesc{StreamName: codec.Read, ServerStreams: true}

// begin sends the request and receives the first message.
func (r *rows) begin(ctx context.Context, q *shard.ReadRequest, call uint64) (enlisted *txn.Incarnation, err error) {
	under, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r.cancel = cancel
	defer r.watch(ctx)()
	err = exchange(
		func(all bool) (*codec.Request, error) { return r.client.sender.Read(call, all, q) },
		func(request []byte) error {
			r.stream, err = r.client.conn.NewStream(under, &readStream, codec.Path(codec.Read))
			if err != nil {
				return r.client.failure(ctx, err)
			}
			// A stream that fails to send says why when it receives.
			if err = r.stream.SendMsg(&codec.Frame{Bytes: request}); err == nil {
				err = r.stream.CloseSend()
			}
			if err != nil && err != io.EOF {
				return r.client.failure(ctx, err)
			}
			r.ready, enlisted, err = r.receive(ctx)
			return err
		})
	return enlisted, err
}

// receive takes the next message; ok is false when there is no batch in it.
func (r *rows) receive(ctx context.Context) (ok bool, enlisted *txn.Incarnation, err error) {
	if err := r.stream.RecvMsg(&r.frame); err != nil {
		if err == io.EOF {
			return false, nil, err
		}
		return false, nil, r.client.failure(ctx, err)
	}
	return codec.DecodeBatch(r.frame.Bytes, &r.batch)
}

// Next implements shard.Rows.
func (r *rows) Next(ctx context.Context) (*shard.Batch, error) {
	if r.ready {
		r.ready = false
		return &r.batch, nil
	}
	if r.ended == nil {
		defer r.watch(ctx)()
		ok, _, err := r.receive(ctx)
		if ok {
			return &r.batch, nil
		}
		r.end(err)
	}
	if r.ended == io.EOF {
		return nil, nil
	}
	return nil, r.ended
}

// end is the end of the stream, by an error or io.EOF.
func (r *rows) end(err error) {
	if err == nil {
		err = pgerr.New(pgerr.ProtocolViolation, "malformed message of the shard protocol").WithDetail("A batch is missing.")
	}
	r.ended = err
	r.cancel()
}

// Close implements shard.Rows: the shard stops reading when it learns of it.
func (r *rows) Close() error {
	r.ready = false
	if r.ended == nil {
		r.end(pgerr.Internal("rows are closed"))
	}
	return nil
}
