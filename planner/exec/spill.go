package exec

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// spillFile is rows in a temporary file that has no name any more: the
// operating system takes it back whatever happens.
type spillFile struct {
	file  *os.File
	w     *bufio.Writer
	types []columnType
	buf   []byte
}

// spillBufferBytes is what one file buffers in memory, writing or reading.
const spillBufferBytes = 64 << 10

func newSpill(dir string, columns []columnType) (*spillFile, error) {
	f, err := os.CreateTemp(dir, "pegmatite-spill-")
	if err != nil {
		return nil, errSpill(err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, errSpill(err)
	}
	return &spillFile{file: f, w: bufio.NewWriterSize(f, spillBufferBytes), types: columns}, nil
}

func errSpill(err error) error {
	return pgerr.New(pgerr.IOError, "could not use a temporary file: %v", err).WithCause(err)
}

func (s *spillFile) add(row Row) error {
	s.buf = append(s.buf[:0], 0, 0, 0, 0)
	for i, d := range row {
		s.buf = appendRaw(s.buf, s.types[i].t, d)
	}
	binary.LittleEndian.PutUint32(s.buf, uint32(len(s.buf)-4))
	if _, err := s.w.Write(s.buf); err != nil {
		return errSpill(err)
	}
	return nil
}

// appendRaw packs a datum exactly as it is: unlike a stored form, it keeps the
// padding of char(n) and knows no typmod.
func appendRaw(dst []byte, t *types.Type, d types.Datum) []byte {
	switch d.Kind() {
	case types.KindNull:
		return types.NullValue.AppendPacked(dst)
	case types.KindBool, types.KindInt:
		return types.IntValue(d.Int()).AppendPacked(dst)
	case types.KindFloat:
		return types.RealValue(d.Float()).AppendPacked(dst)
	case types.KindText:
		return types.TextValue(d.Text()).AppendPacked(dst)
	case types.KindBytes:
		return types.BlobValue(d.Bytes()).AppendPacked(dst)
	}
	return t.Store(-1, d).AppendPacked(dst)
}

func loadRaw(t *types.Type, v types.Value) (types.Datum, error) {
	if v.Tag == types.TagNull {
		return types.Null, nil
	}
	switch t.Datum {
	case types.KindBool:
		return types.Bool(v.Int() != 0), nil
	case types.KindInt:
		return types.Int(v.Int()), nil
	case types.KindFloat:
		return types.Float(v.Real()), nil
	case types.KindText:
		return types.Text(v.Text()), nil
	case types.KindBytes:
		return types.Bytes(v.Bytes()), nil
	}
	return t.Load(-1, v)
}

// rows ends writing and returns a reader from the start. There may be several.
func (s *spillFile) rows() (*spillReader, error) {
	if err := s.w.Flush(); err != nil {
		return nil, errSpill(err)
	}
	r := bufio.NewReaderSize(io.NewSectionReader(s.file, 0, 1<<62), spillBufferBytes)
	return &spillReader{of: s, r: r, types: s.types}, nil
}

func (s *spillFile) close() error {
	if s == nil || s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}

// spillReader reads a spillFile's rows in order.
type spillReader struct {
	of    *spillFile
	r     *bufio.Reader
	types []columnType
	// closeAtEnd: nobody reads the file again.
	closeAtEnd bool
}

// stop gives up a reader that was to close its file.
func (s *spillReader) stop() {
	if s != nil && s.closeAtEnd {
		s.of.close()
	}
}

// next returns the next row, nil at the end; rows added since the reader was
// made are found too.
func (s *spillReader) next() (Row, error) {
	if s.of.file == nil {
		return nil, nil // read to its end, and closed
	}
	if s.of.w.Buffered() > 0 {
		if err := s.of.w.Flush(); err != nil {
			return nil, errSpill(err)
		}
	}
	var size [4]byte
	if _, err := io.ReadFull(s.r, size[:]); err != nil {
		if errors.Is(err, io.EOF) {
			s.stop()
			return nil, nil
		}
		return nil, errSpill(err)
	}
	b := make([]byte, binary.LittleEndian.Uint32(size[:]))
	if _, err := io.ReadFull(s.r, b); err != nil {
		return nil, errSpill(err)
	}
	row := make(Row, len(s.types))
	for i := range row {
		v, rest, ok := types.NextPacked(b)
		if !ok {
			return nil, errPacked()
		}
		d, err := loadRaw(s.types[i].t, v)
		if err != nil {
			return nil, err
		}
		row[i], b = d, rest
	}
	return row, nil
}
