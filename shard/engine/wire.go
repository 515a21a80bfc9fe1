package engine

import (
	"encoding/binary"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
)

// writer appends the parts of a command: varints, and bytes with their length
// in front.
type writer struct{ b []byte }

func (w *writer) uint(v uint64) { w.b = binary.AppendUvarint(w.b, v) }
func (w *writer) int(v int64)   { w.b = binary.AppendVarint(w.b, v) }

func (w *writer) bool(v bool) {
	if v {
		w.b = append(w.b, 1)
	} else {
		w.b = append(w.b, 0)
	}
}

func (w *writer) bytes(v []byte) {
	w.uint(uint64(len(v)))
	w.b = append(w.b, v...)
}

func (w *writer) string(v string) {
	w.uint(uint64(len(v)))
	w.b = append(w.b, v...)
}

func (w *writer) ints(v []int) {
	w.uint(uint64(len(v)))
	for _, i := range v {
		w.uint(uint64(i))
	}
}

func (w *writer) id(id txn.ID) {
	w.uint(uint64(id.Node))
	w.uint(uint64(id.Boot))
	w.uint(id.Seq)
}

// reader takes the parts off again. After the first malformed one it returns
// zeros; end says what was wrong.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		e := pgerr.New(pgerr.DataCorrupted, "malformed command of a shard")
		r.err = e.WithDetail(format, args...)
		r.b = nil
	}
}

// end reports the first error, or that something is left over.
func (r *reader) end() error {
	if r.err == nil && len(r.b) > 0 {
		r.fail("%d bytes too many", len(r.b))
	}
	return r.err
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail("number")
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail("number")
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) bool() bool { return r.byte() != 0 }

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail("end of data")
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

// count reads the number of things that follow, each of which takes a byte at least.
func (r *reader) count() int {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.fail("count of %d", n)
		return 0
	}
	return int(n)
}

// bytes shares the command's memory.
func (r *reader) bytes() []byte {
	n := r.count()
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) string() string { return string(r.bytes()) }

func (r *reader) id() txn.ID {
	return txn.ID{Node: uint32(r.uint()), Boot: uint32(r.uint()), Seq: r.uint()}
}

func (r *reader) logID() (id txn.LogID) {
	if len(r.b) < len(id) {
		r.fail("log id")
		return id
	}
	copy(id[:], r.b)
	r.b = r.b[len(id):]
	return id
}

// owned copies what shares a command's memory.
func owned(b []byte) []byte { return slices.Clone(b) }
