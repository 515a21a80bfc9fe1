// Package serve is the callee's side of the shard service over gRPC: it gives
// a node's shards and logs to other nodes. shard/remote is the caller's side,
// shard/remote/codec the form of what goes between.
//
// A request runs under its gRPC stream's context: it ends with the connection
// and with the caller's interest. A write is stopped by Cancel instead, and
// then answers, so that its caller knows what became of it. A copy of a request
// that writes or locks is refused.
package serve

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/remote/codec"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Server answers for the shards and logs of one node.
type Server struct {
	service      shard.Service
	participants func(txn.LogID) txn.Participant
	receiver     *codec.Receiver
	calls        calls
}

// New makes a server. participants finds a log of this node and is nil for
// any other; library has the functions that trees refer to by OID.
func New(service shard.Service, participants func(txn.LogID) txn.Participant, library expr.Library) *Server {
	return &Server{service: service, participants: participants, receiver: codec.NewReceiver(library), calls: newCalls()}
}

// The windows of flow control: how much of one read, and of all of a
// connection, may be on its way. They bound what a slow reader makes others hold.
const (
	streamWindowBytes     = 1 << 20
	connectionWindowBytes = 16 << 20
)

// How a connection is found dead: a ping after pingEvery without a sign of
// life, and no answer to it. The other side must not ping more often than pingAtMost.
const (
	pingEvery  = 10 * time.Second
	pingAnswer = 5 * time.Second
	pingAtMost = 5 * time.Second
)

// Options are what a gRPC server needs to serve shards.
func Options() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ForceServerCodecV2(codec.Frames{}),
		grpc.NumStreamWorkers(32),  // goroutines that have grown their stacks already
		grpc.WaitForHandlers(true), // after Stop nobody uses the shards any more
		grpc.MaxRecvMsgSize(codec.MaxMessageBytes),
		grpc.MaxSendMsgSize(codec.MaxMessageBytes),
		grpc.InitialWindowSize(streamWindowBytes),
		grpc.InitialConnWindowSize(connectionWindowBytes),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: pingEvery, Timeout: pingAnswer}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingAtMost, PermitWithoutStream: true}),
	}
}

// Register adds the service to a gRPC server made with Options.
func (s *Server) Register(g *grpc.Server) {
	g.RegisterService(&grpc.ServiceDesc{
		ServiceName: codec.Service, HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{
			method(codec.Write, s.write), method(codec.Cut, s.cut),
			method(codec.Control, s.control), method(codec.Cancel, s.cancel),
			method(codec.Commit, s.commit), method(codec.Prepare, s.prepare), method(codec.Decide, s.decide),
			method(codec.Resolve, s.resolve), method(codec.Ask, s.ask), method(codec.Ping, s.ping),
		},
		Streams: []grpc.StreamDesc{{StreamName: codec.Read, ServerStreams: true,
			Handler: func(_ any, stream grpc.ServerStream) error { return s.read(stream) }}},
	}, s)
}

// answer is a method: what it returns as an error travels in the reply.
type answer func(ctx context.Context, request []byte) (*codec.Frame, error)

func method(name string, f answer) grpc.MethodDesc {
	handle := func(ctx context.Context, request any) (any, error) {
		reply, err := f(ctx, request.(*codec.Frame).Bytes)
		if err != nil {
			reply = codec.EncodeError(err)
		}
		return reply, nil
	}
	return grpc.MethodDesc{MethodName: name,
		Handler: func(srv any, ctx context.Context, decode func(any) error, around grpc.UnaryServerInterceptor) (any, error) {
			request := new(codec.Frame)
			if err := decode(request); err != nil {
				return nil, err
			}
			if around != nil {
				return around(ctx, request, &grpc.UnaryServerInfo{Server: srv, FullMethod: codec.Path(name)}, handle)
			}
			return handle(ctx, request)
		}}
}

// cancel ends a call; the answer is 0 when there is none of that number (yet).
func (s *Server) cancel(_ context.Context, request []byte) (*codec.Frame, error) {
	call, err := codec.DecodeCancel(request)
	if err != nil {
		return nil, err
	}
	if !s.calls.cancel(call) {
		return codec.EncodeNumber(0), nil
	}
	return codec.EncodeNumber(1), nil
}

// ping says that this process is there, whatever its shards do.
func (s *Server) ping(context.Context, []byte) (*codec.Frame, error) { return codec.EncodeDone(), nil }

func (s *Server) write(ctx context.Context, request []byte) (*codec.Frame, error) {
	call, r, err := s.receiver.Write(request)
	if err != nil {
		return nil, err
	}
	ctx, end, err := s.calls.begin(ctx, call)
	if err != nil {
		return nil, err
	}
	defer end()
	reply, err := s.service.Write(ctx, r)
	if err != nil {
		return nil, err
	}
	return codec.EncodeWrite(reply), nil
}

func (s *Server) cut(ctx context.Context, request []byte) (*codec.Frame, error) {
	r, err := s.receiver.Cut(request)
	if err != nil {
		return nil, err
	}
	return codec.EncodeDone(), s.service.Cut(ctx, r)
}

func (s *Server) control(ctx context.Context, request []byte) (*codec.Frame, error) {
	call, r, err := s.receiver.Control(request)
	if err != nil {
		return nil, err
	}
	ctx, end, err := s.calls.begin(ctx, call)
	if err != nil {
		return nil, err
	}
	defer end()
	reply, err := s.service.Control(ctx, r)
	if err != nil {
		return nil, err
	}
	return codec.EncodeControl(reply), nil
}

// read streams a read's batches; each is sent when gRPC's flow control lets it.
func (s *Server) read(stream grpc.ServerStream) error {
	request := new(codec.Frame)
	if err := stream.RecvMsg(request); err != nil {
		return err
	}
	call, r, err := s.receiver.Read(request.Bytes)
	if err != nil {
		return stream.SendMsg(codec.EncodeError(err))
	}
	ctx, end, err := s.calls.begin(stream.Context(), call)
	if err != nil {
		return stream.SendMsg(codec.EncodeError(err))
	}
	defer end()
	rows, err := s.service.Read(ctx, r)
	if err != nil {
		return stream.SendMsg(codec.EncodeError(err))
	}
	defer rows.Close()
	return send(ctx, stream, rows)
}

// send sends all rows. The first message goes when the first batch is there,
// and says who holds locks even if that failed.
func send(ctx context.Context, stream grpc.ServerStream, rows shard.Rows) error {
	var enlisted *txn.Incarnation
	if e, ok := rows.(shard.Enlisted); ok {
		incarnation := e.Incarnation()
		enlisted = &incarnation
	}
	for begun := false; ; begun = true {
		b, err := rows.Next(ctx)
		if !begun || b != nil && err == nil {
			if err := stream.SendMsg(codec.EncodeBatch(b, enlisted)); err != nil {
				return err
			}
			enlisted = nil
		}
		if err != nil {
			return stream.SendMsg(codec.EncodeError(err))
		}
		if b == nil {
			return nil
		}
	}
}

// participant finds a log of this node.
func (s *Server) participant(log txn.LogID) (txn.Participant, error) {
	if p := s.participants(log); p != nil {
		return p, nil
	}
	return nil, pgerr.New(pgerr.ConnectionFailure, "log %s is not on this node", log)
}
