package frame

import (
	"encoding/binary"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// maxSASLBytes is PG_MAX_SASL_MESSAGE_LENGTH (libpq/auth-sasl.h).
const maxSASLBytes = 1024

// SASLInitial reads the client's choice of a mechanism with its first message;
// nil when it sends none with it. Errors are as Next's.
func (r *Reader) SASLInitial() (mechanism string, message []byte, err error) {
	body, err := r.SASL()
	if err != nil {
		return "", nil, err
	}
	b := fields{rest: body}
	mechanism, message = string(b.text()), b.value()
	if err := b.end(); err != nil {
		return "", nil, err
	}
	return mechanism, message, nil
}

// SASL reads one answer of the client while it authenticates; it is good until
// the next is read. Anything else that it sends is refused.
func (r *Reader) SASL() ([]byte, error) {
	if err := r.fill(5); err != nil {
		return nil, err
	}
	if kind := r.buf[r.start]; kind != 'p' {
		return nil, pgerr.New(pgerr.ProtocolViolation, "expected SASL response, got message type %d", kind)
	}
	size := binary.BigEndian.Uint32(r.buf[r.start+1:])
	if size < 4 || size > maxSASLBytes {
		return nil, ErrLost
	}
	whole := int(size) + 1
	if err := r.fill(whole); err != nil {
		return nil, err
	}
	body := r.buf[r.start+5 : r.start+whole]
	r.start += whole
	return body, nil
}
