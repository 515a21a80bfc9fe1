package frame

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Limits of messages from clients (libpq/libpq.h): of those that carry
// statements or data, PQ_LARGE_MESSAGE_LIMIT, and of the others.
const (
	maxLargeBytes = 0x3fffffff - 1
	maxSmallBytes = 10000
)

// ErrLost is the error of a message whose end cannot be found. PostgreSQL says
// nothing to such a client (COMMERROR) and hangs up.
var ErrLost = errors.New("protocol synchronization was lost")

// Malformed is the error of a message that was read whole and makes no sense;
// the next one can be read.
type Malformed struct {
	// Type is the message's first byte.
	Type byte
	err  *pgerr.E
}

func (m *Malformed) Error() string { return m.err.Error() }

// Unwrap gives the error that the client sees (08P01).
func (m *Malformed) Unwrap() error { return m.err }

// readBytes is how much is read at a time: PQ_RECV_BUFFER_SIZE (libpq/pqcomm.c).
const readBytes = 8 << 10

// keepBytes bounds the buffer that stays when a large message has passed.
const keepBytes = 64 << 10

// Reader reads a client's messages after start-up. One goroutine uses it.
type Reader struct {
	r          io.Reader
	buf        []byte
	start, end int // what was read and not yet taken
	messages   messages
}

// NewReader reads from r.
func NewReader(r io.Reader) *Reader { return &Reader{r: r, buf: make([]byte, readBytes)} }

// Buffered reports whether something is there that Next has not returned.
func (r *Reader) Buffered() bool { return r.end > r.start }

// Peek waits for the next message's type.
func (r *Reader) Peek() (byte, error) {
	if err := r.fill(1); err != nil {
		return 0, err
	}
	return r.buf[r.start], nil
}

// Next returns the next message, which is good until the call after: its byte
// slices are the Reader's. io.EOF and network errors come as they are; ErrLost,
// *Malformed and a FATAL 08P01 (no such message) are the client's fault.
func (r *Reader) Next() (pgproto3.FrontendMessage, error) {
	r.shrink()
	if err := r.fill(5); err != nil {
		return nil, err
	}
	kind := r.buf[r.start]
	limit := limitOf(kind)
	if limit == 0 {
		return nil, pgerr.New(pgerr.ProtocolViolation, "invalid frontend message type %d", kind).WithSeverity(pgerr.SeverityFatal)
	}
	size := binary.BigEndian.Uint32(r.buf[r.start+1:])
	if size < 4 || size > limit {
		return nil, ErrLost
	}
	whole := int(size) + 1
	if err := r.fill(whole); err != nil {
		return nil, err
	}
	body := r.buf[r.start+5 : r.start+whole : r.start+whole]
	r.start += whole
	m, err := r.messages.decode(kind, body)
	if err != nil {
		return nil, &Malformed{kind, err}
	}
	return m, nil
}

// limitOf is the largest length of a message of a kind, 0 when there is no such kind.
func limitOf(kind byte) uint32 {
	switch kind {
	case 'Q', 'F', 'B', 'P', 'd':
		return maxLargeBytes
	case 'X', 'C', 'D', 'E', 'H', 'S', 'c', 'f':
		return maxSmallBytes
	}
	return 0
}

// fill reads until n bytes are there. The buffer grows as they come, not as
// the client announces them.
func (r *Reader) fill(n int) error {
	for r.end-r.start < n {
		r.room(n)
		got, err := r.r.Read(r.buf[r.end:])
		r.end += got
		if err != nil && r.end-r.start < n {
			return err
		}
	}
	return nil
}

// room makes place behind what is there, towards n bytes.
func (r *Reader) room(n int) {
	if r.start == r.end {
		r.start, r.end = 0, 0
	}
	if len(r.buf)-r.start >= n && r.end < len(r.buf) {
		return
	}
	to := r.buf
	if have := r.end - r.start; have >= len(r.buf)/2 && n > len(r.buf) {
		to = make([]byte, min(n, 4*len(r.buf)))
	}
	r.end = copy(to, r.buf[r.start:r.end])
	r.start, r.buf = 0, to
}

// shrink gives back what a large message took.
func (r *Reader) shrink() {
	if len(r.buf) > keepBytes && r.start == r.end {
		r.buf, r.start, r.end = make([]byte, readBytes), 0, 0
	}
}
