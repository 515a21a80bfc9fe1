package codec

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// The statuses of replies, their first byte.
const (
	statusOK byte = iota
	statusError
	statusRefused
	statusUnknown // refers to an object that is not there: send all
)

// ErrUnknown is what a request must be repeated after, with all its objects.
var ErrUnknown = errors.New("request refers to an object that the shard's node does not have")

// EncodeError is the reply to a request that failed.
func EncodeError(err error) *Frame {
	w := &encoder{}
	var reason shard.RefusalReason
	refused := false
	if !errors.Is(err, errUnknownObject) {
		reason, refused = shard.IsRefusal(err)
	}
	switch {
	case errors.Is(err, errUnknownObject):
		w.byte(statusUnknown)
	case refused:
		w.byte(statusRefused)
		w.string(string(reason))
	default:
		w.byte(statusError)
		w.pgError(pgerr.From(err))
	}
	return &Frame{Bytes: w.b}
}

// openReply reads a reply's status; an error of the service is returned as it was.
func openReply(b []byte) (*decoder, error) {
	r := &decoder{b: b}
	switch status := r.byte(); {
	case r.err != nil:
	case status == statusOK:
		return r, nil
	case status == statusError:
		e := r.pgError()
		if err := r.end(); err != nil {
			return nil, err
		}
		return nil, e
	case status == statusRefused:
		reason := shard.RefusalReason(r.string())
		if err := r.end(); err != nil {
			return nil, err
		}
		return nil, shard.Refuse(reason)
	case status == statusUnknown:
		return nil, ErrUnknown
	default:
		r.fail("status %d", status)
	}
	return nil, r.err
}

func (w *encoder) pgError(e *pgerr.E) {
	for _, s := range []string{string(e.Severity), string(e.Code), e.Message, e.Detail, e.Hint, e.InternalQuery, e.Where,
		e.Schema, e.Table, e.Column, e.DataType, e.Constraint, e.Routine} {
		w.string(s)
	}
	w.int(int64(e.Position))
	w.int(int64(e.InternalPosition))
	w.int(int64(e.Row))
	cause := ""
	if err := e.Unwrap(); err != nil {
		cause = err.Error()
	}
	w.string(cause)
}

func (r *decoder) pgError() *pgerr.E {
	e := &pgerr.E{
		Severity: pgerr.Severity(r.text()), Code: pgerr.Code(r.text()), Message: r.text(), Detail: r.text(), Hint: r.text(),
		InternalQuery: r.text(), Where: r.text(), Schema: r.text(), Table: r.text(), Column: r.text(), DataType: r.text(),
		Constraint: r.text(), Routine: r.text(), Position: int(r.int()), InternalPosition: int(r.int()),
		Row: int(r.int()),
	}
	if len(e.Code) != 5 {
		r.fail("SQLSTATE %q", e.Code)
	}
	if cause := r.text(); cause != "" {
		e = e.WithCause(errors.New(cause))
	}
	return e
}

// reply encodes an answer.
func reply(body func(*encoder)) *Frame {
	w := &encoder{b: make([]byte, 1, 64)}
	w.b[0] = statusOK
	body(w)
	return &Frame{Bytes: w.b}
}

// EncodeDone answers a request that has no answer but that it was done.
func EncodeDone() *Frame { return reply(func(*encoder) {}) }

// DecodeDone reads EncodeDone.
func DecodeDone(b []byte) error {
	r, err := openReply(b)
	if err != nil {
		return err
	}
	return r.end()
}

// EncodeNumber answers Cancel with whether there was such a call.
func EncodeNumber(n uint64) *Frame { return reply(func(w *encoder) { w.uint(n) }) }

// DecodeNumber reads EncodeNumber.
func DecodeNumber(b []byte) (uint64, error) {
	r, err := openReply(b)
	if err != nil {
		return 0, err
	}
	n := r.uint()
	return n, r.end()
}

// EncodeWrite answers a write.
func EncodeWrite(a *shard.WriteReply) *Frame {
	return reply(func(w *encoder) {
		w.uint(uint64(a.Incarnation))
		w.int(a.Count)
		w.batch(a.Returning)
		w.ints(a.Stale)
		w.batch(a.Newest)
		w.ints(a.Skipped)
	})
}

// DecodeWrite reads EncodeWrite.
func DecodeWrite(b []byte) (*shard.WriteReply, error) {
	r, err := openReply(b)
	if err != nil {
		return nil, err
	}
	a := &shard.WriteReply{Incarnation: txn.Incarnation(r.uint()), Count: r.int(), Returning: r.batch(),
		Stale: r.ints(), Newest: r.batch(), Skipped: r.ints()}
	return a, r.end()
}

// EncodeControl answers a control operation.
func EncodeControl(a *shard.ControlReply) *Frame {
	return reply(func(w *encoder) {
		w.uint(uint64(a.Incarnation))
		w.string(a.State)
		w.int(a.Rows)
		w.int(a.Bytes)
		w.int(a.First)
		w.int(a.Value)
		w.bool(a.Called)
		writeList(w, a.Transactions, w.transaction)
	})
}

// DecodeControl reads EncodeControl.
func DecodeControl(b []byte) (*shard.ControlReply, error) {
	r, err := openReply(b)
	if err != nil {
		return nil, err
	}
	a := &shard.ControlReply{Incarnation: txn.Incarnation(r.uint()), State: r.string(), Rows: r.int(), Bytes: r.int(),
		First: r.int(), Value: r.int(), Called: r.bool(), Transactions: readList(r, r.transaction)}
	return a, r.end()
}

func (w *encoder) transaction(t *shard.TransactionInfo) {
	w.txn(t.Txn)
	w.byte(byte(t.State))
	w.int(int64(t.At))
	w.logs(t.Participants)
	w.int(int64(t.Locks))
	w.int(t.Bytes)
	writeList(w, t.Waiting, func(id *txn.ID) { w.txn(*id) })
	w.bool(t.Wait != nil)
	if t.Wait != nil {
		w.byte(byte(t.Wait.Key.Space))
		w.int(int64(t.Wait.Key.Object))
		w.string(t.Wait.Key.Bytes)
		w.byte(byte(t.Wait.Mode))
		w.int(t.Wait.Since.UnixNano())
	}
}

func (r *decoder) transaction(t *shard.TransactionInfo) {
	*t = shard.TransactionInfo{Txn: r.txn(), State: r.state(), At: txn.Timestamp(r.int()), Participants: r.logs(),
		Locks: int(r.int()), Bytes: r.int(), Waiting: readList(r, func(id *txn.ID) { *id = r.txn() })}
	if r.bool() {
		t.Wait = &shard.Wait{Key: lock.Key{Space: lock.Space(r.byte()), Object: uint64(r.int()), Bytes: r.text()}, Mode: lock.Mode(r.byte()), Since: time.Unix(0, r.int())}
	}
}

// Batches are what a read answers: a head that says how the read began, and a
// batch in each message, the first with the head. The stream ends with the rows.
const (
	batchEnlisted byte = 1 << iota // the incarnation follows: locks are held
	batchRows                      // a batch follows, to the end of the message
)

// EncodeBatch makes a message of a read's answer, nil being no batch yet.
// enlisted, of a locking read's first message, is who holds the locks.
func EncodeBatch(b *shard.Batch, enlisted *txn.Incarnation) *Frame {
	size := 2
	if enlisted != nil {
		size += 8
	}
	if b != nil {
		size += 4 + len(b.Data)
	}
	f := newFrame(size)
	out := append(f.Bytes[:0], statusOK, 0)
	if enlisted != nil {
		out[1] |= batchEnlisted
		out = binary.LittleEndian.AppendUint64(out, uint64(*enlisted))
	}
	if b != nil {
		out[1] |= batchRows
		out = binary.LittleEndian.AppendUint32(out, uint32(b.Count))
		out = append(out, b.Data...)
	}
	return f
}

// DecodeBatch reads a message of a read's answer into b, which shares its
// memory; ok is false if there is no batch in it, enlisted nil if nobody holds locks.
func DecodeBatch(message []byte, b *shard.Batch) (ok bool, enlisted *txn.Incarnation, err error) {
	r, err := openReply(message)
	if err != nil {
		return false, nil, err
	}
	flags := r.enum(batchEnlisted|batchRows, "flags")
	if flags&batchEnlisted != 0 {
		var v [8]byte
		r.fixed(v[:])
		incarnation := txn.Incarnation(binary.LittleEndian.Uint64(v[:]))
		enlisted = &incarnation
	}
	if flags&batchRows == 0 {
		return false, enlisted, r.end()
	}
	if count := r.take(4); r.err == nil {
		*b = shard.Batch{Count: int(binary.LittleEndian.Uint32(count)), Data: r.b}
	}
	return r.err == nil, enlisted, r.err
}
