package frame

import (
	"bytes"
	"encoding/binary"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// messages are one of each kind, filled anew by every decode.
type messages struct {
	query    pgproto3.Query
	parse    pgproto3.Parse
	bind     pgproto3.Bind
	describe pgproto3.Describe
	execute  pgproto3.Execute
	close    pgproto3.Close
	copyData pgproto3.CopyData
	copyFail pgproto3.CopyFail
	sync     pgproto3.Sync
	flush    pgproto3.Flush
	done     pgproto3.CopyDone
	leave    pgproto3.Terminate
	function pgproto3.FunctionCall
	// statement and portal are the names that Bind and Execute had last: mostly they come again.
	statement, portal string
}

// Errors of libpq/pqformat.c.
var (
	errInsufficient = pgerr.New(pgerr.ProtocolViolation, "insufficient data left in message")
	errString       = pgerr.New(pgerr.ProtocolViolation, "invalid string in message")
	errFormat       = pgerr.New(pgerr.ProtocolViolation, "invalid message format")
)

// decode reads a body. Byte slices in the message are parts of it.
func (m *messages) decode(kind byte, body []byte) (pgproto3.FrontendMessage, *pgerr.E) {
	b := fields{rest: body}
	var out pgproto3.FrontendMessage
	switch kind {
	case 'Q':
		m.query.String = string(b.text())
		out = &m.query
	case 'P':
		m.parse.Name, m.parse.Query = string(b.text()), string(b.text())
		m.parse.ParameterOIDs = m.parse.ParameterOIDs[:0]
		for range b.count(4) {
			m.parse.ParameterOIDs = append(m.parse.ParameterOIDs, b.uint32())
		}
		out = &m.parse
	case 'B':
		m.decodeBind(&b)
		out = &m.bind
	case 'E':
		m.execute.Portal, m.execute.MaxRows = same(&m.portal, b.text()), b.uint32()
		out = &m.execute
	case 'D':
		m.describe.ObjectType, m.describe.Name = b.byte(), string(b.text())
		out = &m.describe
	case 'C':
		m.close.ObjectType, m.close.Name = b.byte(), string(b.text())
		out = &m.close
	case 'd':
		m.copyData.Data = body
		return &m.copyData, nil
	case 'f':
		m.copyFail.Message = string(b.text())
		out = &m.copyFail
	case 'F':
		return &m.function, nil // refused whatever is in it
	case 'X':
		return &m.leave, nil
	case 'S':
		out = &m.sync
	case 'H':
		out = &m.flush
	case 'c':
		out = &m.done
	}
	return out, b.end()
}

// decodeBind reads Bind into the slices of the one before.
func (m *messages) decodeBind(b *fields) {
	to := &m.bind
	to.DestinationPortal, to.PreparedStatement = same(&m.portal, b.text()), same(&m.statement, b.text())
	to.ParameterFormatCodes = b.codes(to.ParameterFormatCodes[:0])
	to.Parameters = to.Parameters[:0]
	for range b.count(4) {
		to.Parameters = append(to.Parameters, b.value())
	}
	to.ResultFormatCodes = b.codes(to.ResultFormatCodes[:0])
}

// same returns b as a string, the remembered one when it is the same.
func same(remembered *string, b []byte) string {
	if *remembered != string(b) {
		*remembered = string(b)
	}
	return *remembered
}

// fields takes a body apart; after the first error the rest is empty.
type fields struct {
	rest []byte
	err  *pgerr.E
}

func (f *fields) fail(err *pgerr.E) {
	if f.err == nil {
		f.err = err
	}
	f.rest = nil
}

func (f *fields) take(n int) []byte {
	if n < 0 || len(f.rest) < n {
		f.fail(errInsufficient)
		return nil
	}
	taken := f.rest[:n:n]
	f.rest = f.rest[n:]
	return taken
}

func (f *fields) byte() byte {
	if b := f.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (f *fields) uint16() uint16 {
	if b := f.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (f *fields) uint32() uint32 {
	if b := f.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// text reads a zero-terminated string.
func (f *fields) text() []byte {
	i := bytes.IndexByte(f.rest, 0)
	if i < 0 {
		f.fail(errString)
		return nil
	}
	s := f.rest[:i]
	f.rest = f.rest[i+1:]
	return s
}

// count reads how many entries follow, each of at least so many bytes: a
// number that cannot be true is refused before anything is made for it.
func (f *fields) count(size int) int {
	n := int(f.uint16())
	if n*size > len(f.rest) {
		f.fail(errInsufficient)
		return 0
	}
	return n
}

func (f *fields) codes(dst []int16) []int16 {
	for range f.count(2) {
		dst = append(dst, int16(f.uint16()))
	}
	return dst
}

// value reads a length and so many bytes; nil is NULL.
func (f *fields) value() []byte {
	n := int32(f.uint32())
	if n == -1 || f.err != nil {
		return nil
	}
	return f.take(int(n))
}

// end checks that nothing is left.
func (f *fields) end() *pgerr.E {
	if f.err == nil && len(f.rest) > 0 {
		f.err = errFormat
	}
	return f.err
}
