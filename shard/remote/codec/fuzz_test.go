package codec

import (
	"math/rand/v2"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

// decoders are all that reads bytes from elsewhere, by the first byte of a seed.
var decoders = []func(v *Receiver, b []byte) error{
	func(v *Receiver, b []byte) error { _, _, err := v.Read(b); return err },
	func(v *Receiver, b []byte) error { _, _, err := v.Write(b); return err },
	func(v *Receiver, b []byte) error { _, _, err := v.Control(b); return err },
	func(v *Receiver, b []byte) error { _, err := v.Cut(b); return err },
	func(v *Receiver, b []byte) error {
		r := &decoder{b: b, receiver: v}
		r.object()
		return r.end()
	},
	func(_ *Receiver, b []byte) error { _, err := DecodeWrite(b); return err },
	func(_ *Receiver, b []byte) error { _, err := DecodeControl(b); return err },
	func(_ *Receiver, b []byte) error { _, _, err := DecodeBatch(b, new(shard.Batch)); return err },
	func(_ *Receiver, b []byte) error { _, _, err := DecodeCommit(b); return err },
	func(_ *Receiver, b []byte) error { _, _, err := DecodePrepare(b); return err },
	func(_ *Receiver, b []byte) error { _, _, err := DecodeDecide(b); return err },
	func(_ *Receiver, b []byte) error { _, _, err := DecodeResolve(b); return err },
	func(_ *Receiver, b []byte) error { _, _, err := DecodeAsk(b); return err },
	func(_ *Receiver, b []byte) error { _, err := DecodeOutcome(b); return err },
	func(_ *Receiver, b []byte) error { _, err := DecodePrepared(b); return err },
	func(_ *Receiver, b []byte) error { _, err := DecodeNumber(b); return err },
	func(_ *Receiver, b []byte) error { _, err := DecodeCancel(b); return err },
}

// seeds are well-formed messages for every decoder but the last two, and the
// objects that they refer to.
func seeds(t testing.TB, seed uint64) (messages [][]byte, objects []*object) {
	g := &generator{rand.New(rand.NewPCG(2, seed)), seed%2 == 0}
	s := &Sender{}
	request := func(q *Request, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, q.sent...)
		return q.Bytes
	}
	messages = [][]byte{
		request(s.Read(1, true, value[shard.ReadRequest](t, g))),
		request(s.Write(1, true, value[shard.WriteRequest](t, g))),
		request(s.Control(1, true, value[shard.ControlRequest](t, g))),
		s.Cut(value[shard.CutRequest](t, g)).Bytes,
		objects[len(objects)-1].bytes,
		EncodeWrite(value[shard.WriteReply](t, g)).Bytes,
		EncodeControl(value[shard.ControlReply](t, g)).Bytes,
		EncodeBatch(value[shard.Batch](t, g), nil).Bytes,
		EncodeCommit(testLog, value[txn.CommitRequest](t, g)),
		EncodePrepare(testLog, value[txn.PrepareRequest](t, g)),
		EncodeDecide(testLog, value[txn.DecideRequest](t, g)),
		EncodeResolve(testLog, value[txn.ResolveRequest](t, g)),
		EncodeAsk(testLog, *value[txn.ID](t, g)),
		EncodeOutcome(*value[txn.Outcome](t, g)).Bytes,
		EncodePrepared(*value[txn.PrepareReply](t, g)).Bytes,
	}
	return messages, objects
}

// FuzzDecode feeds every decoder with bytes from anywhere: they must answer
// with an error or a value, in memory that the bytes are worth.
func FuzzDecode(f *testing.F) {
	v := NewReceiver(shardtest.Library{})
	for seed := range uint64(6) {
		messages, objects := seeds(f, seed)
		for i, m := range messages {
			if err := decoders[i](v, m); err != nil {
				f.Fatalf("decoder %d: %v: %s", i, err, pgerr.From(err).Detail)
			}
			f.Add(byte(i), m)
		}
		for _, o := range objects {
			f.Add(byte(4), o.bytes)
		}
	}
	for _, err := range []error{pgerr.New(pgerr.DivisionByZero, "division by zero").WithCause(pgerr.Internal("x")),
		shard.Refuse(shard.RefusedFloor), errUnknownObject} {
		f.Add(byte(5), EncodeError(err).Bytes)
	}
	f.Add(byte(15), EncodeNumber(Version).Bytes)
	f.Add(byte(16), EncodeCancel(1<<60))
	f.Fuzz(func(t *testing.T, which byte, b []byte) {
		decoders[int(which)%len(decoders)](v, b)
	})
}

// A message that is cut off anywhere is an error, and so is one with a byte too many.
func TestCutOffMessages(t *testing.T) {
	for seed := range uint64(2) {
		v := NewReceiver(shardtest.Library{})
		messages, _ := seeds(t, seed)
		for i, m := range messages {
			if err := decoders[i](v, m); err != nil {
				t.Fatalf("decoder %d: %v", i, err)
			}
			for n := range len(m) {
				if i == 7 && n >= 6 {
					break // a batch goes on to the message's end
				}
				if decoders[i](NewReceiver(shardtest.Library{}), m[:n]) == nil {
					t.Fatalf("decoder %d: %d of %d bytes are a message", i, n, len(m))
				}
			}
			if i != 7 && decoders[i](v, append(m[:len(m):len(m)], 0)) == nil {
				t.Fatalf("decoder %d: a byte too many", i)
			}
		}
	}
}
