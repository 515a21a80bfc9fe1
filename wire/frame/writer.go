// Package frame is the protocol's messages on a byte stream: a buffered writer
// that encodes rows in place, and a reader with limits. Message formats are
// pgproto3's; nothing here knows what a message means.
package frame

import (
	"encoding/binary"
	"io"

	"github.com/jackc/pgx/v5/pgproto3"
)

// flushBytes is how much output gathers before it is written: PostgreSQL's
// 8 KiB (libpq/pqcomm.c, PQ_SEND_BUFFER_SIZE) doubled twice, for rows come in batches here.
const flushBytes = 32 << 10

// Writer buffers messages to a client. A write that fails is remembered: the
// Writer drops everything after it, and Err and Flush tell.
type Writer struct {
	w     io.Writer
	buf   []byte
	row   int // start of the row under construction
	value int // start of the value under construction
	err   error
}

// NewWriter writes to w.
func NewWriter(w io.Writer) *Writer {
	return &Writer{w: w, buf: make([]byte, 0, flushBytes+8<<10)}
}

// Send buffers one message.
func (w *Writer) Send(m pgproto3.BackendMessage) {
	buf, err := m.Encode(w.buf)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.buf = buf
	w.spill()
}

// BeginRow starts a DataRow of n values, each given by Null or by
// BeginValue, appends, EndValue.
func (w *Writer) BeginRow(n int) {
	w.row = len(w.buf)
	w.buf = append(w.buf, 'D', 0, 0, 0, 0, byte(n>>8), byte(n))
}

// Null is a NULL value.
func (w *Writer) Null() { w.buf = append(w.buf, 0xff, 0xff, 0xff, 0xff) }

// BeginValue returns the buffer to append a value's bytes to.
func (w *Writer) BeginValue() []byte {
	w.buf = append(w.buf, 0, 0, 0, 0)
	w.value = len(w.buf)
	return w.buf
}

// EndValue takes the buffer back.
func (w *Writer) EndValue(buf []byte) {
	w.buf = buf
	binary.BigEndian.PutUint32(w.buf[w.value-4:], uint32(len(w.buf)-w.value))
}

// EndRow completes the DataRow.
func (w *Writer) EndRow() {
	binary.BigEndian.PutUint32(w.buf[w.row+1:], uint32(len(w.buf)-w.row-1))
	w.spill()
}

// spill writes when enough has gathered; a slow client blocks here.
func (w *Writer) spill() {
	if len(w.buf) >= flushBytes {
		w.Flush()
	}
}

// Flush writes what is buffered.
func (w *Writer) Flush() error {
	if len(w.buf) > 0 && w.err == nil {
		_, w.err = w.w.Write(w.buf)
	}
	w.buf = w.buf[:0]
	if cap(w.buf) > 4*flushBytes {
		w.buf = make([]byte, 0, flushBytes+8<<10)
	}
	return w.err
}

// Err is the first write error.
func (w *Writer) Err() error { return w.err }
