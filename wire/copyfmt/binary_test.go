package copyfmt

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"
)

func TestBinaryRoundTrip(t *testing.T) {
	rows := [][]Field{
		{{Text: []byte("abc")}, {Null: true}},
		{{Text: []byte{}}, {Text: bytes.Repeat([]byte{7}, 3<<20)}},
	}
	data := AppendBinaryHeader(nil)
	for _, r := range rows {
		data = AppendBinaryRow(data, r)
	}
	for _, ended := range []bool{true, false} {
		if ended {
			data = AppendBinaryEnd(data)
		}
		b := NewBinaryReader(iotest.HalfReader(bytes.NewReader(data)))
		for i, want := range rows {
			got, err := b.Next(2)
			if err != nil || b.Line() != i+1 {
				t.Fatal(i, err)
			}
			for k := range want {
				if got[k].Null != want[k].Null || !bytes.Equal(got[k].Text, want[k].Text) {
					t.Errorf("row %d, field %d differs", i, k)
				}
			}
		}
		if got, err := b.Next(2); got != nil || err != nil {
			t.Errorf("at the end: %v, %v", got, err)
		}
	}
}

func TestBinaryMalformed(t *testing.T) {
	head := string(AppendBinaryHeader(nil))
	for _, c := range []struct{ data, message string }{
		{"", "COPY file signature not recognized"},
		{"PGCOPY\nxxxxxxxxxx", "COPY file signature not recognized"},
		{signature, "invalid COPY file header (missing flags)"},
		{signature + "\x00\x01\x00\x00", "invalid COPY file header (WITH OIDS)"},
		{signature + "\x00\x02\x00\x00", "unrecognized critical flags in COPY file header"},
		{signature + "\x00\x00\x00\x00", "invalid COPY file header (missing length)"},
		{signature + "\x00\x00\x00\x00\x00\x00\x00\x09abc", "invalid COPY file header (wrong length)"},
		{head + "\x00\x02", "row field count is 2, expected 1"},
		{head + "\x00", "unexpected EOF in COPY data"},
		{head + "\x00\x01\x00\x00", "unexpected EOF in COPY data"},
		{head + "\x00\x01\x00\x00\x00\x09abc", "unexpected EOF in COPY data"},
		{head + "\x00\x01\xff\xff\xff\xfe", "invalid field size"},
		{head + "\x00\x01\x3f\xff\xff\xffabc", "unexpected EOF in COPY data"},
		{head + "\xff\xffx", "received copy data after EOF marker"},
	} {
		_, err := NewBinaryReader(strings.NewReader(c.data)).Next(1)
		if err == nil || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%q: %v, want %s", c.data, err, c.message)
		}
	}
}

func FuzzBinary(f *testing.F) {
	f.Add(AppendBinaryEnd(AppendBinaryRow(AppendBinaryHeader(nil), []Field{{Text: []byte("x")}, {Null: true}})))
	f.Add([]byte(signature))
	f.Fuzz(func(t *testing.T, data []byte) {
		b := NewBinaryReader(bytes.NewReader(data))
		for {
			fields, err := b.Next(2)
			if err != nil || fields == nil {
				return
			}
		}
	})
}
