package frame

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"testing"
	"testing/iotest"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

func encoded(t testing.TB, ms ...pgproto3.FrontendMessage) []byte {
	t.Helper()
	var b []byte
	for _, m := range ms {
		var err error
		if b, err = m.Encode(b); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// TestReader: what pgproto3 writes is read back, in whatever pieces it arrives.
func TestReader(t *testing.T) {
	large := bytes.Repeat([]byte("x"), 3*keepBytes)
	sent := []pgproto3.FrontendMessage{
		&pgproto3.Query{String: "SELECT 1"},
		&pgproto3.Parse{Name: "n", Query: "SELECT $1", ParameterOIDs: []uint32{23, 25}},
		&pgproto3.Bind{DestinationPortal: "p", PreparedStatement: "n", ParameterFormatCodes: []int16{0, 1},
			Parameters: [][]byte{nil, {}, []byte("text")}, ResultFormatCodes: []int16{1}},
		&pgproto3.CopyData{Data: large},
		&pgproto3.Bind{PreparedStatement: "n", Parameters: [][]byte{large}},
		&pgproto3.Describe{ObjectType: 'S', Name: "n"},
		&pgproto3.Execute{Portal: "p", MaxRows: 7},
		&pgproto3.Close{ObjectType: 'P', Name: "p"},
		&pgproto3.CopyFail{Message: "why"},
		&pgproto3.CopyDone{}, &pgproto3.Flush{}, &pgproto3.Sync{}, &pgproto3.Terminate{},
	}
	stream := encoded(t, sent...)
	for name, source := range map[string]io.Reader{
		"at once": bytes.NewReader(stream), "halves": iotest.HalfReader(bytes.NewReader(stream)),
		"with the error": iotest.DataErrReader(bytes.NewReader(stream)), "byte by byte": iotest.OneByteReader(bytes.NewReader(stream)),
	} {
		r := NewReader(source)
		for _, want := range sent {
			got, err := r.Next()
			if err != nil {
				t.Fatalf("%s: %T: %v", name, want, err)
			}
			// Bytes compare as sent: empty slices and nil ones are the same message.
			if !bytes.Equal(encoded(t, got), encoded(t, want)) || reflect.TypeOf(got) != reflect.TypeOf(want) {
				t.Errorf("%s: got %#v, want %#v", name, got, want)
			}
		}
		if _, err := r.Next(); err != io.EOF {
			t.Errorf("%s: %v at the end", name, err)
		}
		if len(r.buf) > keepBytes {
			t.Errorf("%s: %d bytes are kept", name, len(r.buf))
		}
	}
}

func TestReaderRefuses(t *testing.T) {
	for _, c := range []struct {
		name, bytes string
		lost        bool
		message     string
	}{
		{"no such type", "!\x00\x00\x00\x04", false, "invalid frontend message type 33"},
		{"too short", "Q\x00\x00\x00\x03", true, ""},
		{"negative", "Q\xff\xff\xff\xff", true, ""},
		{"too long", "Q\x7f\xff\xff\xff", true, ""},
		{"too long for its kind", "S\x00\x01\x00\x00", true, ""},
		{"no terminator", "Q\x00\x00\x00\x05a", false, "invalid string in message"},
		{"more than a message", "S\x00\x00\x00\x05a", false, "invalid message format"},
		{"OIDs that are not there", "P\x00\x00\x00\x08\x00\x00\xff\xff", false, "insufficient data left in message"},
		{"values that are not there", "B\x00\x00\x00\x0a\x00\x00\x00\x00\x7f\xff", false, "insufficient data left in message"},
		{"a value of negative length", "B\x00\x00\x00\x10\x00\x00\x00\x00\x00\x01\xff\xff\xff\xfe\x00\x00", false, "insufficient data left in message"},
		{"no row limit", "E\x00\x00\x00\x05\x00", false, "insufficient data left in message"},
	} {
		_, err := NewReader(bytes.NewReader([]byte(c.bytes))).Next()
		switch {
		case c.lost:
			if err != ErrLost {
				t.Errorf("%s: %v", c.name, err)
			}
		case !pgerr.HasCode(err, pgerr.ProtocolViolation) || pgerr.From(err).Message != c.message:
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// FuzzReader: no bytes make the reader panic, read for ever, or take more
// memory than they are.
func FuzzReader(f *testing.F) {
	f.Add([]byte("Q\x00\x00\x00\x0dSELECT 1\x00S\x00\x00\x00\x04X\x00\x00\x00\x04"))
	f.Add(encoded(f, &pgproto3.Bind{PreparedStatement: "n", Parameters: [][]byte{nil, []byte("a")}, ResultFormatCodes: []int16{1}}))
	f.Add([]byte("B\x00\x00\x00\x0a\x00\x00\x00\x00\x7f\xff"))
	f.Add([]byte("d\x3f\xff\xff\xf0abc"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReader(bytes.NewReader(b))
		for range len(b) + 1 {
			_, err := r.Next()
			var broken *Malformed
			if err != nil && !errors.As(err, &broken) {
				break
			}
		}
		if len(r.buf) > max(readBytes, 8*len(b)) {
			t.Errorf("%d bytes for %d", len(r.buf), len(b))
		}
		ReadStartup(bytes.NewReader(b))
	})
}
