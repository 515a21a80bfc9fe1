package frame

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// MaxMessageBytes is the largest message that is read: PostgreSQL's
// PQ_LARGE_MESSAGE_LIMIT, MaxAllocSize - 1 (libpq/libpq.h).
const MaxMessageBytes = 0x3fffffff - 1

// maxStartupBytes is MAX_STARTUP_PACKET_LENGTH (libpq/pqcomm.h).
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
	if size < 8 || size > maxStartupBytes {
		return nil, pgerr.New(pgerr.ProtocolViolation, "invalid length of startup packet")
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
			return nil, pgerr.New(pgerr.ProtocolViolation, "invalid length of startup packet")
		}
		s.PID, s.Secret = binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:])
		return s, nil
	}
	if s.Code>>16 != 3 {
		return s, nil
	}
	params, err := startupParams(body)
	s.Params = params
	return s, err
}

// startupParams reads name/value pairs up to the closing empty name.
func startupParams(body []byte) (map[string]string, error) {
	params := map[string]string{}
	for {
		name, rest, ok := cstring(body)
		if !ok {
			break
		}
		if name == "" {
			if len(rest) == 0 {
				return params, nil
			}
			break
		}
		value, rest, ok := cstring(rest)
		if !ok {
			break
		}
		params[name], body = value, rest
	}
	return nil, pgerr.New(pgerr.ProtocolViolation, "invalid startup packet layout: expected terminator as last byte")
}

func cstring(b []byte) (s string, rest []byte, ok bool) {
	for i, c := range b {
		if c == 0 {
			return string(b[:i]), b[i+1:], true
		}
	}
	return "", nil, false
}

// Reader reads a client's messages after start-up.
type Reader struct {
	backend *pgproto3.Backend
}

// NewReader reads from r.
func NewReader(r io.Reader) *Reader {
	b := pgproto3.NewBackend(r, io.Discard)
	b.SetMaxBodyLen(MaxMessageBytes)
	return &Reader{backend: b}
}

// Next returns the next message, valid until the call after. A malformed one
// is 08P01; io.EOF and network errors come as they are.
func (r *Reader) Next() (pgproto3.FrontendMessage, error) {
	m, err := r.backend.Receive()
	if err == nil {
		return m, nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, io.EOF
	}
	var network interface{ Timeout() bool }
	if errors.As(err, &network) {
		return nil, err
	}
	return nil, pgerr.New(pgerr.ProtocolViolation, "%s", fmt.Sprintf("invalid frontend message: %v", err)).WithSeverity(pgerr.SeverityFatal)
}
