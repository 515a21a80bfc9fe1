package copyfmt

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// signature begins COPY data in binary form; flags and the length of a header
// extension follow it.
const signature = "PGCOPY\n\xff\r\n\x00"

// oidsFlag is the header's flag of OIDs with each row, which there are no more.
const oidsFlag = 1 << 16

// maxFieldBytes is the largest value that a field may hold (MaxAllocSize).
const maxFieldBytes = 0x3fffffff

// BinaryReader takes rows out of COPY data in binary form.
type BinaryReader struct {
	r      *bufio.Reader
	fields []Field
	data   []byte
	line   int
	begun  bool
}

// NewBinaryReader reads from r.
func NewBinaryReader(r io.Reader) *BinaryReader { return &BinaryReader{r: bufio.NewReader(r)} }

// Line is the number of the row that Next returned last, from 1.
func (b *BinaryReader) Line() int { return b.line }

// Next returns the fields of the next row of so many columns, nil at the end.
// They are good until the next call. What the source fails with comes as it is.
func (b *BinaryReader) Next(columns int) ([]Field, error) {
	if !b.begun {
		if err := b.header(); err != nil {
			return nil, err
		}
		b.begun = true
	}
	b.line++
	n, err := b.int16()
	if err != nil {
		return nil, err
	}
	if n == -1 {
		return nil, b.end()
	}
	if int(n) != columns {
		return nil, malformed("row field count is %d, expected %d", n, columns)
	}
	b.fields, b.data = b.fields[:0], b.data[:0]
	for range columns {
		f, err := b.field()
		if err != nil {
			return nil, err
		}
		b.fields = append(b.fields, f)
	}
	return b.fields, nil
}

// field reads a length and so many bytes; memory grows as they come.
func (b *BinaryReader) field() (Field, error) {
	var head [4]byte
	if err := b.full(head[:], "unexpected EOF in COPY data"); err != nil {
		return Field{}, err
	}
	n := int32(binary.BigEndian.Uint32(head[:]))
	switch {
	case n == -1:
		return Field{Null: true}, nil
	case n < 0 || n > maxFieldBytes:
		return Field{}, malformed("invalid field size")
	}
	from := len(b.data)
	for left := int(n); left > 0; {
		step := min(left, 1<<20)
		at := len(b.data)
		b.data = append(b.data, make([]byte, step)...)
		if err := b.full(b.data[at:], "unexpected EOF in COPY data"); err != nil {
			return Field{}, err
		}
		left -= step
	}
	return Field{Text: b.data[from:len(b.data):len(b.data)]}, nil
}

func (b *BinaryReader) header() error {
	var head [len(signature) + 8]byte
	if err := b.full(head[:len(signature)], "COPY file signature not recognized"); err != nil {
		return err
	}
	if string(head[:len(signature)]) != signature {
		return malformed("COPY file signature not recognized")
	}
	if err := b.full(head[:4], "invalid COPY file header (missing flags)"); err != nil {
		return err
	}
	flags := binary.BigEndian.Uint32(head[:4])
	switch {
	case flags&oidsFlag != 0:
		return malformed("invalid COPY file header (WITH OIDS)")
	case flags>>16 != 0:
		return malformed("unrecognized critical flags in COPY file header")
	}
	if err := b.full(head[:4], "invalid COPY file header (missing length)"); err != nil {
		return err
	}
	extension := int32(binary.BigEndian.Uint32(head[:4]))
	if extension < 0 {
		return malformed("invalid COPY file header (missing length)")
	}
	if _, err := io.CopyN(io.Discard, b.r, int64(extension)); err != nil {
		return atEnd(err, "invalid COPY file header (wrong length)")
	}
	return nil
}

// int16 reads a row's number of fields. Data may end before one without the end marker.
func (b *BinaryReader) int16() (int16, error) {
	var n [2]byte
	if _, err := io.ReadFull(b.r, n[:]); err == io.EOF {
		return -1, nil
	} else if err != nil {
		return 0, atEnd(err, "unexpected EOF in COPY data")
	}
	return int16(binary.BigEndian.Uint16(n[:])), nil
}

// end sees that nothing follows the end marker.
func (b *BinaryReader) end() error {
	switch _, err := b.r.ReadByte(); err {
	case io.EOF:
		return nil
	case nil:
		return malformed("received copy data after EOF marker")
	default:
		return err
	}
}

func (b *BinaryReader) full(to []byte, message string) error {
	_, err := io.ReadFull(b.r, to)
	return atEnd(err, message)
}

// atEnd gives data that end too early their message.
func atEnd(err error, message string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return malformed("%s", message)
	}
	return err
}

func malformed(format string, args ...any) error {
	return pgerr.New(pgerr.BadCopyFileFormat, format, args...)
}

// AppendBinaryHeader appends what begins COPY data in binary form.
func AppendBinaryHeader(dst []byte) []byte {
	return append(append(dst, signature...), 0, 0, 0, 0, 0, 0, 0, 0)
}

// AppendBinaryRow appends a row.
func AppendBinaryRow(dst []byte, fields []Field) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(fields)))
	for _, f := range fields {
		if f.Null {
			dst = append(dst, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(f.Text)))
		dst = append(dst, f.Text...)
	}
	return dst
}

// AppendBinaryEnd appends the end marker.
func AppendBinaryEnd(dst []byte) []byte { return append(dst, 0xff, 0xff) }
