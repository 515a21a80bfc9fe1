package cluster

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/pegmatitedb/pegmatite/internal/pause"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/remote/codec"
)

// A shard goes to another node over one gRPC stream of its own. Each message
// of the source is a letter and what it stands for; the destination answers the
// first and the last, or breaks off with an error. When the stream ends early,
// the destination forgets what has come.
const (
	partBegin  = 'b' // the shard's number, as text
	partPages  = 'p' // the first page's number, 4 bytes, little endian; pages
	partMemory = 'm'
	partFinish = 'f' // handedOver, JSON
)

const transferStream = "Move"

// handedOver is the last message.
type handedOver struct {
	engine.Handover
	Moves uint32 // of the shard, by the map (store.Claim)
}

// Transfer is the source's side.
type Transfer struct {
	stream grpc.ClientStream
	cancel context.CancelFunc
	rate   int64 // bytes a second; 0 is as fast as it goes
	sent   int64
	since  time.Time
}

var _ engine.Receiver = (*Transfer)(nil)

// Transfer begins to send a shard to another node, at most so many bytes a
// second. Close must be called.
func (m *Members) Transfer(ctx context.Context, node uint32, id shard.ID, rate int64) (*Transfer, error) {
	n := m.find(node)
	if n == nil || n.conn == nil {
		return nil, pgerr.New(pgerr.ConnectionDoesNotExist, "node %d has not joined", node)
	}
	ctx, cancel := context.WithCancel(ctx)
	stream, err := n.conn.NewStream(ctx, &grpc.StreamDesc{StreamName: transferStream, ClientStreams: true, ServerStreams: true}, "/"+peerService+"/"+transferStream)
	if err != nil {
		cancel()
		return nil, errTransfer(err)
	}
	t := &Transfer{stream: stream, cancel: cancel, rate: rate, since: time.Now()}
	b, err := json.Marshal(id)
	if err == nil {
		err = t.send(partBegin, b)
	}
	if err == nil {
		err = t.answer()
	}
	if err != nil {
		cancel()
		return nil, err
	}
	return t, nil
}

func errTransfer(err error) error {
	return pgerr.New(pgerr.ConnectionFailure, "the destination cannot be reached").WithDetail("%s", status.Convert(err).Message()).WithCause(err)
}

// Close ends the stream.
func (t *Transfer) Close() { t.cancel() }

// Hurry ends the bound on the speed: somebody waits.
func (t *Transfer) Hurry() { t.rate = 0 }

// send sends a message, which takes its parts over.
func (t *Transfer) send(kind byte, parts ...[]byte) error {
	b := []byte{kind}
	for _, p := range parts {
		b = append(b, p...)
	}
	err := t.stream.SendMsg(&codec.Frame{Bytes: b})
	if errors.Is(err, io.EOF) { // the other side has broken off, and says why
		if err = t.answer(); err == nil {
			err = errTransfer(io.ErrUnexpectedEOF)
		}
		return err
	}
	if err != nil {
		return errTransfer(err)
	}
	return t.slow(int64(len(b)))
}

// slow waits until so many more bytes are within the rate.
func (t *Transfer) slow(n int64) error {
	t.sent += n
	if t.rate == 0 {
		return nil
	}
	ahead := time.Duration(float64(t.sent)/float64(t.rate)*float64(time.Second)) - time.Since(t.since)
	if ahead <= 0 {
		return nil
	}
	pause.For(t.stream.Context(), ahead)
	if err := t.stream.Context().Err(); err != nil {
		return pgerr.From(err)
	}
	return nil
}

// answer reads one.
func (t *Transfer) answer() error {
	var reply codec.Frame
	if err := t.stream.RecvMsg(&reply); err != nil {
		return errTransfer(err)
	}
	_, err := codec.DecodeRaw(reply.Bytes)
	return err
}

// Pages implements engine.Receiver.
func (t *Transfer) Pages(_ context.Context, first uint32, pages []byte) error {
	return t.send(partPages, binary.LittleEndian.AppendUint32(nil, first), pages)
}

// Memory implements engine.Receiver.
func (t *Transfer) Memory(_ context.Context, part []byte) error { return t.send(partMemory, part) }

// Finish returns when the destination has taken the shard over, or has not
// within a time. After an error the shard map says whether it has.
func (t *Transfer) Finish(h *engine.Handover, moves uint32, within time.Duration) error {
	b, err := json.Marshal(handedOver{*h, moves})
	if err != nil {
		return err
	}
	// A destination that cannot reach the metadata store does not know either,
	// and the source may, which can give the move up at any time.
	defer time.AfterFunc(within, t.cancel).Stop()
	if err := t.send(partFinish, b); err != nil {
		return err
	}
	return t.answer()
}

// Incoming is a shard that comes here.
type Incoming interface {
	engine.Receiver
	// Finish takes the shard over, once everything has come.
	Finish(ctx context.Context, h *engine.Handover, moves uint32) error
	// End comes last, whatever has happened.
	End()
}

// take is the destination's side.
func (p *Peer) take(stream grpc.ServerStream) error {
	if err := p.takeIn(stream); err != nil {
		return stream.SendMsg(codec.EncodeError(err))
	}
	return stream.SendMsg(codec.EncodeRaw(nil))
}

func (p *Peer) takeIn(stream grpc.ServerStream) error {
	var frame codec.Frame
	if err := receive(stream, &frame); err != nil {
		return err
	}
	var id shard.ID
	if frame.Bytes[0] != partBegin || json.Unmarshal(frame.Bytes[1:], &id) != nil {
		return errBadPart()
	}
	in, err := p.Adopt(id)
	if err != nil {
		return err
	}
	defer in.End()
	if err := stream.SendMsg(codec.EncodeRaw(nil)); err != nil {
		return err
	}
	for {
		if err := receive(stream, &frame); err != nil {
			return err
		}
		done, err := takePart(stream.Context(), in, frame.Bytes)
		if err != nil || done {
			return err
		}
	}
}

func receive(stream grpc.ServerStream, frame *codec.Frame) error {
	if err := stream.RecvMsg(frame); err != nil {
		return errTransfer(err)
	}
	if len(frame.Bytes) == 0 {
		return errBadPart()
	}
	return nil
}

func errBadPart() error {
	return pgerr.New(pgerr.ProtocolViolation, "malformed part of a shard")
}

func takePart(ctx context.Context, in Incoming, b []byte) (done bool, err error) {
	kind, b := b[0], b[1:]
	switch {
	case kind == partPages && len(b) > 4:
		return false, in.Pages(ctx, binary.LittleEndian.Uint32(b), b[4:])
	case kind == partMemory:
		return false, in.Memory(ctx, b)
	case kind == partFinish:
		var h handedOver
		if err := json.Unmarshal(b, &h); err != nil {
			return false, errBadPart()
		}
		return true, in.Finish(ctx, &h.Handover, h.Moves)
	}
	return false, errBadPart()
}
