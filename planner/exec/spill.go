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
	run   *run
	file  *os.File
	w     *bufio.Writer
	types []columnType
	buf   []byte
	count int64 // rows
	level int   // of a sorted run, or a part: how often its rows have been written
}

// What one file buffers in memory, writing or reading: a 64th of work_mem
// within these bounds.
const (
	minSpillBufferBytes = 4 << 10
	maxSpillBufferBytes = 64 << 10
)

func (r *run) spillBuffer() int {
	return int(min(max(r.workMem()/64, minSpillBufferBytes), maxSpillBufferBytes))
}

// tempFile makes a file that has no name.
func (r *run) tempFile() (*os.File, error) {
	f, err := os.CreateTemp(r.env.TempDir, "pegmatite-spill-")
	if err != nil {
		return nil, errSpill(err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, errSpill(err)
	}
	r.ledger.files++
	r.ledger.spills++
	return f, nil
}

func (r *run) closeTemp(f *os.File) error {
	r.ledger.files--
	return f.Close()
}

func newSpill(r *run, columns []columnType) (*spillFile, error) {
	f, err := r.tempFile()
	if err != nil {
		return nil, err
	}
	return &spillFile{run: r, file: f, w: bufio.NewWriterSize(f, r.spillBuffer()), types: columns}, nil
}

func errSpill(err error) error {
	return pgerr.New(pgerr.IOError, "could not use a temporary file: %v", err).WithCause(err)
}

func (s *spillFile) add(row Row) error {
	s.buf = appendRawRow(s.buf[:0], s.types, row)
	if s.w == nil { // it has been read already
		s.w = bufio.NewWriterSize(s.file, s.run.spillBuffer())
	}
	if _, err := s.w.Write(s.buf); err != nil {
		return errSpill(err)
	}
	s.count++
	if cap(s.buf) > maxSpillBufferBytes {
		s.buf = nil
	}
	return nil
}

// appendRawRow packs a row with its length in front.
func appendRawRow(dst []byte, columns []columnType, row Row) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	for i, d := range row {
		dst = appendRaw(dst, columns[i].t, d)
	}
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst
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

// flush writes what is buffered, and gives the buffer back.
func (s *spillFile) flush() error {
	if s.w == nil {
		return nil
	}
	if err := s.w.Flush(); err != nil {
		return errSpill(err)
	}
	s.w = nil
	return nil
}

// rows returns a reader from the start. There may be several.
func (s *spillFile) rows() (*spillReader, error) {
	if err := s.flush(); err != nil {
		return nil, err
	}
	r := bufio.NewReaderSize(io.NewSectionReader(s.file, 0, 1<<62), s.run.spillBuffer())
	return &spillReader{of: s, r: r, types: s.types}, nil
}

func (s *spillFile) close() error {
	if s == nil || s.file == nil {
		return nil
	}
	err := s.run.closeTemp(s.file)
	s.file, s.w, s.buf = nil, nil, nil
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
	if err := s.of.flush(); err != nil {
		return nil, err
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
	return loadRawRow(s.types, b)
}

// loadRawRow reads what appendRawRow has packed, without the length. The row
// shares b's memory.
func loadRawRow(columns []columnType, b []byte) (Row, error) {
	row := make(Row, len(columns))
	for i := range row {
		v, rest, ok := types.NextPacked(b)
		if !ok {
			return nil, errPacked()
		}
		d, err := loadRaw(columns[i].t, v)
		if err != nil {
			return nil, err
		}
		row[i], b = d, rest
	}
	return row, nil
}
