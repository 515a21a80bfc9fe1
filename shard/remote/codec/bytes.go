package codec

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// encoder appends a message's parts. The first error stays.
type encoder struct {
	b   []byte
	err error
	// sender keeps the objects that may be referred to; nil where none can be.
	sender *Sender
	// objects are those that the message refers to, each after those it refers to itself.
	objects []*object
}

func (w *encoder) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *encoder) byte(v byte)   { w.b = append(w.b, v) }
func (w *encoder) uint(v uint64) { w.b = binary.AppendUvarint(w.b, v) }
func (w *encoder) int(v int64)   { w.b = binary.AppendVarint(w.b, v) }

func (w *encoder) bool(v bool) {
	if v {
		w.byte(1)
	} else {
		w.byte(0)
	}
}

func (w *encoder) string(v string) {
	w.uint(uint64(len(v)))
	w.b = append(w.b, v...)
}

// bytes writes what may be nil.
func (w *encoder) bytes(v []byte) {
	if w.length(len(v), v == nil) {
		w.b = append(w.b, v...)
	}
}

// length begins a list; it reports whether there is one.
func (w *encoder) length(n int, isNil bool) bool {
	if isNil {
		w.uint(0)
		return false
	}
	w.uint(uint64(n) + 1)
	return true
}

func writeList[T any](w *encoder, list []T, item func(*T)) {
	w.length(len(list), list == nil)
	for i := range list {
		item(&list[i])
	}
}

func (w *encoder) ints(list []int) { writeList(w, list, func(v *int) { w.int(int64(*v)) }) }

// decoder takes the parts off again. After the first malformed one it reads
// zeros; end says what was wrong.
type decoder struct {
	b   []byte
	err error
	// receiver finds the objects that are referred to; nil where none can be.
	receiver *Receiver
	// came are the objects of the same message, which the receiver may have
	// forgotten already.
	came map[hash]any
	// depth is how many values enclose the one that is read.
	depth int
}

func (r *decoder) fail(format string, args ...any) {
	r.failWith(pgerr.New(pgerr.ProtocolViolation, "malformed message of the shard protocol").WithDetail(format, args...))
}

func (r *decoder) failWith(err error) {
	if r.err == nil {
		r.err = err
	}
	r.b = nil
}

// end reports the first error, or that something is left over.
func (r *decoder) end() error {
	if r.err == nil && len(r.b) > 0 {
		r.fail("%d bytes too many", len(r.b))
	}
	return r.err
}

func (r *decoder) byte() byte {
	if len(r.b) == 0 {
		r.fail("end of message")
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

// enum reads a byte that is at most high.
func (r *decoder) enum(high byte, what string) byte {
	v := r.byte()
	if v > high {
		r.fail("%s %d", what, v)
		return 0
	}
	return v
}

func (r *decoder) bool() bool { return r.enum(1, "truth value") == 1 }

func (r *decoder) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail("number")
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *decoder) uint32() uint32 {
	v := r.uint()
	if v > math.MaxUint32 {
		r.fail("number %d", v)
		return 0
	}
	return uint32(v)
}

func (r *decoder) int() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail("number")
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *decoder) int32() int32 {
	v := r.int()
	if v != int64(int32(v)) {
		r.fail("number %d", v)
		return 0
	}
	return int32(v)
}

// take cuts off n bytes, which share the message's memory.
func (r *decoder) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.fail("length %d", n)
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *decoder) fixed(dst []byte) { copy(dst, r.take(uint64(len(dst)))) }

// text reads any bytes that Go may hold in a string.
func (r *decoder) text() string { return string(r.take(r.uint())) }

// value reads text in the database's encoding, or the one byte of a "char", which
// may be any.
func (r *decoder) value() string {
	v := r.take(r.uint())
	if len(v) > 1 && !utf8.Valid(v) {
		r.fail("text that is not UTF-8")
		return ""
	}
	return string(v)
}

// string reads text in the database's encoding.
func (r *decoder) string() string {
	v := r.take(r.uint())
	if !utf8.Valid(v) {
		r.fail("text that is not UTF-8")
		return ""
	}
	return string(v)
}

// bytes reads what may be nil; it shares the message's memory.
func (r *decoder) bytes() []byte {
	n, ok := r.length()
	if !ok {
		return nil
	}
	return r.take(uint64(n))
}

// length reads the length of a list whose items take a byte each at least; ok
// is false for a nil list.
func (r *decoder) length() (n int, ok bool) {
	v := r.uint()
	if v == 0 {
		return 0, false
	}
	if v-1 > uint64(len(r.b)) {
		r.fail("list of %d", v-1)
		return 0, false
	}
	return int(v - 1), true
}

// listGuess bounds the memory that a list's length alone can claim.
const listGuess = 256

func readList[T any](r *decoder, item func(*T)) []T {
	n, ok := r.length()
	if !ok {
		return nil
	}
	list := make([]T, 0, min(n, listGuess))
	for range n {
		var v T
		item(&v)
		if r.err != nil {
			return nil
		}
		list = append(list, v)
	}
	return list
}

func (r *decoder) ints() []int { return readList(r, func(v *int) { *v = int(r.int()) }) }

// positions reads indexes below n.
func (r *decoder) positions(n int) []int {
	return readList(r, func(v *int) {
		if *v = int(r.int()); *v < 0 || *v >= n {
			r.fail("position %d of %d", *v, n)
		}
	})
}
