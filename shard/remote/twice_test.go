package remote_test

import (
	"context"
	"path"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/remote/codec"
	"github.com/pegmatitedb/pegmatite/txn"
)

// copied is a read whose request is seen.
type copied struct {
	grpc.ClientStream
	see func(request []byte)
}

// SendMsg implements grpc.ClientStream.
func (c *copied) SendMsg(m any) error {
	c.see(slices.Clone(m.(*codec.Frame).Bytes))
	return c.ClientStream.SendMsg(m)
}

// noRows are none, locked.
type noRows struct{}

func (noRows) Next(context.Context) (*shard.Batch, error) { return nil, nil }
func (noRows) Close() error                               { return nil }

// Incarnation implements shard.Enlisted.
func (noRows) Incarnation() txn.Incarnation { return 9 }

// TestRequestsThatComeTwice: a copy of a request that writes or locks is refused,
// whether it comes while the first is under way or afterwards; the first is not
// disturbed, and is done once.
func TestRequestsThatComeTwice(t *testing.T) {
	done := map[string]int{} // requests that the shards have got
	var during func()        // runs while a request is under way
	do := func(what string) {
		done[what]++
		if f := during; f != nil {
			during = nil
			f()
		}
	}
	f := &fake{
		write: func(context.Context, *shard.WriteRequest) (*shard.WriteReply, error) {
			do("write")
			return &shard.WriteReply{Count: 7}, nil
		},
		control: func(context.Context, *shard.ControlRequest) (*shard.ControlReply, error) {
			do("control")
			return &shard.ControlReply{Rows: 7}, nil
		},
		read: func(context.Context, *shard.ReadRequest) (shard.Rows, error) {
			do("read")
			return noRows{}, nil
		},
	}
	s := start(t, "127.0.0.1:0", f, noParticipants)
	var again func() error // sends a copy of the last request
	c := dial(t, s.address,
		grpc.WithUnaryInterceptor(func(ctx context.Context, method string, q, reply any, conn *grpc.ClientConn, send grpc.UnaryInvoker, o ...grpc.CallOption) error {
			copied := slices.Clone(q.(*codec.Frame).Bytes)
			again = func() error {
				var answer codec.Frame
				if err := send(context.Background(), method, &codec.Frame{Bytes: copied}, &answer, conn, o...); err != nil {
					return err
				}
				if path.Base(method) == codec.Write {
					_, err := codec.DecodeWrite(answer.Bytes)
					return err
				}
				_, err := codec.DecodeControl(answer.Bytes)
				return err
			}
			return send(ctx, method, q, reply, conn, o...)
		}),
		grpc.WithStreamInterceptor(func(ctx context.Context, d *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, o ...grpc.CallOption) (grpc.ClientStream, error) {
			stream, err := open(ctx, d, conn, method, o...)
			return &copied{stream, func(request []byte) {
				again = func() error {
					stream, err := open(context.Background(), d, conn, method, o...)
					if err == nil {
						err = stream.SendMsg(&codec.Frame{Bytes: request})
					}
					if err == nil {
						err = stream.CloseSend()
					}
					var answer codec.Frame
					if err == nil {
						err = stream.RecvMsg(&answer)
					}
					if err == nil {
						_, _, err = codec.DecodeBatch(answer.Bytes, new(shard.Batch))
					}
					return err
				}
			}}, err
		}))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	refused := func() {
		if err := again(); !pgerr.HasCode(err, pgerr.ConnectionFailure) || !strings.Contains(err.Error(), "twice") {
			t.Errorf("a copy: %v", err)
		}
	}
	for _, ctx := range []context.Context{context.Background(), ctx} { // some callers cannot cancel
		for what, request := range map[string]func() (int64, error){
			"write": func() (int64, error) {
				r, err := c.Write(ctx, anyWrite())
				if err != nil {
					return 0, err
				}
				return r.Count, nil
			},
			"control": func() (int64, error) {
				r, err := c.Control(ctx, &shard.ControlRequest{Op: shard.ControlSequenceSet, Sequence: &shard.SequenceStep{}})
				if err != nil {
					return 0, err
				}
				return r.Rows, nil
			},
			"read": func() (int64, error) {
				lock := *anyRead
				lock.Lock = &shard.RowLock{}
				_, err := c.Read(ctx, &lock)
				return 7, err
			},
		} {
			done[what] = 0
			during = refused
			if n, err := request(); n != 7 || err != nil {
				t.Errorf("%s: %d, %v", what, n, err)
			}
			refused()
			if done[what] != 1 {
				t.Errorf("%s is done %d times", what, done[what])
			}
			if n, err := request(); n != 7 || err != nil || done[what] != 2 {
				t.Errorf("another %s: %d, %v", what, n, err)
			}
		}
	}
}
