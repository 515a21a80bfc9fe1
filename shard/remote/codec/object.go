package codec

import (
	"crypto/sha256"
	"encoding/binary"
	"sync/atomic"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
)

// hash names an object: the first half of its bytes' SHA-256.
type hash [16]byte

func hashOf(b []byte) hash {
	sum := sha256.Sum256(b)
	return hash(sum[:16])
}

// The kinds of objects, the first byte of each.
const (
	kindType byte = iota + 1
	kindTable
	kindFragment
	kindWrite
)

// object is what plans share, encoded.
type object struct {
	hash  hash
	bytes []byte
	// needs are the objects that it refers to, each after those it refers to itself.
	needs []*object
	// known is set when the receiver has had it.
	known atomic.Bool
}

// Sender encodes requests for one receiver. It keeps what plans share encoded,
// by identity: their parts must not change once they were sent.
type Sender struct {
	types     cache[*types.Type, *object]
	tables    cache[*shard.Table, *object]
	fragments cache[*shard.Fragment, *object]
	writes    cache[writeKey, sentWrite]
}

// Request is an encoded request.
type Request struct {
	Bytes []byte
	sent  []*object
}

// Delivered says that the receiver has decoded the request.
func (q *Request) Delivered() {
	for _, o := range q.sent {
		o.known.Store(true)
	}
}

// preamble is what stands in front of a request's body.
const preamble = 16

// smallRequest has room for a point read.
const smallRequest = 256

// request encodes a request; all appends every object that it refers to, not
// only those that the receiver has not had.
func (s *Sender) request(call uint64, all bool, room int, body func(*encoder)) (*Request, error) {
	w := &encoder{b: make([]byte, preamble, preamble+smallRequest+room), sender: s}
	body(w)
	if w.err != nil {
		return nil, w.err
	}
	binary.LittleEndian.PutUint64(w.b, call)
	binary.LittleEndian.PutUint64(w.b[8:], uint64(len(w.b)))
	q := &Request{}
	for _, o := range w.objects {
		if all || !o.known.Load() {
			w.uint(uint64(len(o.bytes)))
			w.b = append(w.b, o.bytes...)
			q.sent = append(q.sent, o)
		}
	}
	q.Bytes = w.b
	return q, nil
}

// encode makes an object.
func (s *Sender) encode(kind byte, body func(*encoder)) (*object, error) {
	w := &encoder{b: []byte{kind}, sender: s}
	body(w)
	if w.err != nil {
		return nil, w.err
	}
	return &object{hash: hashOf(w.b), bytes: w.b, needs: w.objects}, nil
}

// refer writes an object's name and has it sent along.
func (w *encoder) refer(o *object, err error) {
	if err != nil {
		w.fail(err)
		return
	}
	w.b = append(w.b, o.hash[:]...)
	for _, n := range o.needs {
		w.carry(n)
	}
	w.carry(o)
}

func (w *encoder) carry(o *object) {
	for _, have := range w.objects {
		if have.hash == o.hash {
			return
		}
	}
	w.objects = append(w.objects, o)
}

// share is an object of a cache, encoded if it is not there.
func share[K comparable](s *Sender, c *cache[K, *object], key K, kind byte, body func(*encoder)) (*object, error) {
	if o, ok := c.get(key); ok {
		return o, nil
	}
	o, err := s.encode(kind, body)
	if err != nil {
		return nil, err
	}
	return c.put(key, o, len(o.bytes)), nil
}

// Receiver decodes requests of any number of senders and keeps the objects
// that came with them.
type Receiver struct {
	library expr.Library
	objects cache[hash, any]
}

// NewReceiver makes a receiver; library has the functions that trees refer to.
func NewReceiver(library expr.Library) *Receiver { return &Receiver{library: library} }

// errUnknownObject asks the sender to send everything again.
var errUnknownObject = pgerr.New(pgerr.ProtocolViolation, "request refers to an unknown object")

// open splits a request and takes its objects in.
func (v *Receiver) open(b []byte) (call uint64, body *decoder, err error) {
	r := &decoder{b: b, receiver: v}
	head := r.take(preamble)
	if r.err != nil {
		return 0, nil, r.err
	}
	call = binary.LittleEndian.Uint64(head)
	begin := binary.LittleEndian.Uint64(head[8:])
	if begin < preamble || begin > uint64(len(b)) {
		r.fail("objects at %d", begin)
		return 0, nil, r.err
	}
	r.b = b[begin:]
	for len(r.b) > 0 {
		r.learn(r.take(r.uint()))
	}
	return call, &decoder{b: b[preamble:begin:begin], receiver: v, came: r.came}, r.err
}

// learn decodes an object, unless it is there. It keeps nothing of b.
func (r *decoder) learn(b []byte) {
	if r.err != nil {
		return
	}
	name := hashOf(b)
	value, ok := r.receiver.objects.get(name)
	if !ok {
		o := &decoder{b: append([]byte(nil), b...), receiver: r.receiver, came: r.came}
		value = o.object()
		if err := o.end(); err != nil {
			r.failWith(err)
			return
		}
		value = r.receiver.objects.put(name, value, len(b))
	}
	if r.came == nil {
		r.came = map[hash]any{}
	}
	r.came[name] = value
}

func (r *decoder) object() any {
	switch kind := r.byte(); kind {
	case kindType:
		return r.userType()
	case kindTable:
		return r.table()
	case kindFragment:
		return r.fragment()
	case kindWrite:
		return r.writePlan()
	default:
		r.fail("object of kind %d", kind)
		return nil
	}
}

// referred reads an object's name and finds it.
func referred[T any](r *decoder) T {
	var none T
	var name hash
	r.fixed(name[:])
	if r.err != nil {
		return none
	}
	o, ok := r.came[name]
	if !ok {
		o, ok = r.receiver.objects.get(name)
	}
	if !ok {
		r.failWith(errUnknownObject)
		return none
	}
	v, ok := o.(T)
	if !ok {
		r.fail("an object of another kind")
	}
	return v
}
