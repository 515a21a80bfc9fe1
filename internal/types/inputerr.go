package types

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// badSyntax is 22P02 as the input functions word it.
func badSyntax(typeName, s string) error {
	return pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"", typeName, s)
}

// valueOutOfRange is 22003 of an integer's input function.
func valueOutOfRange(typeName, s string) error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "value \"%s\" is out of range for type %s", s, typeName)
}

// OutOfRange is 22003 of arithmetic and casts: "integer out of range". typeName
// is the SQL name.
func OutOfRange(typeName string) error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "%s out of range", typeName)
}

// DivisionByZero is 22012.
func DivisionByZero() error { return pgerr.New(pgerr.DivisionByZero, "division by zero") }

// errShortMessage is what pq_getmsgbytes says of a message that ends early.
func errShortMessage() error {
	return pgerr.New(pgerr.ProtocolViolation, "insufficient data left in message")
}

// errBadBinary is what a receive function's caller says of bytes left over;
// the planner of the wire adds the parameter's number.
func errBadBinary() error {
	return pgerr.New(pgerr.InvalidBinaryRepresentation, "incorrect binary data format")
}

// wantLen checks the length of a fixed-size binary form.
func wantLen(b []byte, n int) error {
	if len(b) < n {
		return errShortMessage()
	}
	if len(b) > n {
		return errBadBinary()
	}
	return nil
}

// wantByte is wantLen of a form of one byte, which pq_getmsgbyte reads.
func wantByte(b []byte) error {
	if len(b) == 0 {
		return pgerr.New(pgerr.ProtocolViolation, "no data left in message")
	}
	return wantLen(b, 1)
}

// ValidateUTF8 answers text that cannot be in a UTF-8 database with 22021, as
// pg_verify_mbstr does: malformed sequences and the zero byte.
func ValidateUTF8(s string) error {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return nil
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || r == 0 {
			return errEncoding(s[i:])
		}
		i += n
	}
	return nil
}

// errEncoding names the bytes of the first character of s, as long as its
// first byte claims it to be (report_invalid_encoding).
func errEncoding(s string) error {
	n := 1
	switch c := s[0]; {
	case c&0xe0 == 0xc0:
		n = 2
	case c&0xf0 == 0xe0:
		n = 3
	case c&0xf8 == 0xf0:
		n = 4
	}
	n = min(n, len(s))
	var hex strings.Builder
	for i := 0; i < n; i++ {
		if i > 0 {
			hex.WriteByte(' ')
		}
		fmt.Fprintf(&hex, "0x%02x", s[i])
	}
	return pgerr.New(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": %s", hex.String())
}

// isSpace is isspace() of the C locale, which the input functions skip.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// trimSpace cuts isspace() from both ends.
func trimSpace(s string) string {
	for len(s) > 0 && isSpace(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func itoa(n int) string { return strconv.Itoa(n) }

func appendInt32(dst []byte, v int32) []byte { return binary.BigEndian.AppendUint32(dst, uint32(v)) }

func appendInt64(dst []byte, v int64) []byte { return binary.BigEndian.AppendUint64(dst, uint64(v)) }

func readInt32(b []byte) int32 { return int32(binary.BigEndian.Uint32(b)) }

func readInt64(b []byte) int64 { return int64(binary.BigEndian.Uint64(b)) }
