package codec

import (
	"slices"

	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // what other services of the same server speak
	"google.golang.org/grpc/mem"
)

// Frame is a gRPC message. Received Bytes are the Frame's, and stay valid until
// it is received into again.
type Frame struct {
	Bytes []byte
	// pooled is what Bytes lies in when it goes back to gRPC's pool once sent.
	pooled *[]byte
}

// newFrame makes a frame to send, with n bytes of gRPC's pool.
func newFrame(n int) *Frame {
	b := mem.DefaultBufferPool().Get(n)
	return &Frame{Bytes: *b, pooled: b}
}

// Frames is the gRPC codec of Frame; other messages are protobuf's.
type Frames struct{}

var _ encoding.CodecV2 = Frames{}

// Name is the content subtype of the messages.
func (Frames) Name() string { return "pegmatite" }

// Marshal gives a Frame's bytes away.
func (Frames) Marshal(v any) (mem.BufferSlice, error) {
	f, ok := v.(*Frame)
	if !ok {
		return encoding.GetCodecV2("proto").Marshal(v)
	}
	if f.pooled != nil {
		return mem.BufferSlice{mem.NewBuffer(f.pooled, mem.DefaultBufferPool())}, nil
	}
	return mem.BufferSlice{mem.SliceBuffer(f.Bytes)}, nil
}

// Unmarshal copies a message into a Frame, into the memory that it has.
func (Frames) Unmarshal(data mem.BufferSlice, v any) error {
	f, ok := v.(*Frame)
	if !ok {
		return encoding.GetCodecV2("proto").Unmarshal(data, v)
	}
	n := data.Len()
	f.Bytes = slices.Grow(f.Bytes[:0], n)[:n]
	data.CopyTo(f.Bytes)
	return nil
}

// EncodeRaw is a reply of bytes that are the caller's affair.
func EncodeRaw(b []byte) *Frame { return &Frame{Bytes: append([]byte{statusOK}, b...)} }

// DecodeRaw reads what EncodeRaw made, or the error that was answered instead.
func DecodeRaw(b []byte) ([]byte, error) {
	r, err := openReply(b)
	if err != nil {
		return nil, err
	}
	return r.b, nil
}
