package frame

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// maxStartupBytes is MAX_STARTUP_PACKET_LENGTH (libpq/pqcomm.h), without the length itself.
const maxStartupBytes = 10000

// Request codes in place of a protocol version (libpq/pqcomm.h).
const (
	CancelCode = 1234<<16 | 5678
	SSLCode    = 1234<<16 | 5679
	GSSENCCode = 1234<<16 | 5680
)

// Startup is the first packet of a connection, of whichever kind.
type Startup struct {
	Code   uint32 // protocol version (major<<16 | minor) or one of the request codes
	Params map[string]string
	// Options are the protocol options (_pq_.…), in the packet's order; they are not in Params.
	Options []string
	// PID and Secret are a CancelRequest's.
	PID, Secret uint32
}

// ReadStartup reads a start-up packet. pgproto3 refuses what PostgreSQL
// negotiates (minor versions, _pq_ options), so the packet is read here.
func ReadStartup(r io.Reader) (*Startup, error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:4]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:4])
	if size < 8 || size-4 > maxStartupBytes {
		return nil, ErrLost
	}
	body := make([]byte, size-4)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	s := &Startup{Code: binary.BigEndian.Uint32(body)}
	body = body[4:]
	switch s.Code {
	case SSLCode, GSSENCCode:
		return s, nil
	case CancelCode:
		if len(body) != 8 {
			return nil, ErrLost
		}
		s.PID, s.Secret = binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:])
		return s, nil
	}
	if s.Code>>16 != 3 {
		return s, nil
	}
	return s, s.readParams(body)
}

// readParams reads name/value pairs up to the closing empty name. What
// PostgreSQL tolerates (a last name without a value) is tolerated.
func (s *Startup) readParams(body []byte) error {
	s.Params = map[string]string{}
	at := 0
	for at < len(body) {
		name, next := cstring(body, at)
		if name == "" {
			break
		}
		if next >= len(body) {
			break
		}
		value, next := cstring(body, next)
		if strings.HasPrefix(name, "_pq_.") {
			s.Options = append(s.Options, name)
		} else {
			s.Params[name] = value
		}
		at = next
	}
	if at != len(body)-1 {
		return pgerr.New(pgerr.ProtocolViolation, "invalid startup packet layout: expected terminator as last byte")
	}
	return nil
}

// cstring reads a string from b[at:], which may end without its zero byte, and
// says where the next begins.
func cstring(b []byte, at int) (s string, next int) {
	end := bytes.IndexByte(b[at:], 0)
	if end < 0 {
		end = len(b) - at
	}
	return string(b[at : at+end]), at + end + 1
}
