package exec

import (
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// datumBytes is what a Datum itself takes.
const datumBytes = 24

// rowBytes is about what a row keeps in memory.
func rowBytes(row Row) int64 {
	n := int64(datumBytes * (len(row) + 1))
	for _, d := range row {
		switch d.Kind() {
		case types.KindText, types.KindBytes:
			n += int64(len(d.Bytes()))
		case types.KindDecimal, types.KindInterval, types.KindTimeTZ:
			n += 48
		case types.KindArray:
			n += 64 + rowBytes(d.Array().Elems)
		case types.KindRow:
			n += 64 + rowBytes(d.Row().Fields)
		}
	}
	return n
}

// store keeps rows in the order in which they came: in memory as far as it is
// allowed, the rest in a temporary file. It can be read many times.
type store struct {
	run    *run
	types  []columnType
	memory []Row
	bytes  int64
	file   *spillFile
	count  int64
}

func newStore(r *run, columns []columnType) *store { return &store{run: r, types: columns} }

func (s *store) add(rows ...Row) error {
	for _, row := range rows {
		s.count++
		if s.file == nil {
			if s.bytes += rowBytes(row); s.bytes <= s.run.workMem() {
				s.memory = append(s.memory, row)
				continue
			}
			var err error
			if s.file, err = newSpill(s.run.env.TempDir, s.types); err != nil {
				return err
			}
		}
		if err := s.file.add(row); err != nil {
			return err
		}
	}
	return nil
}

// reader reads from the start. Rows that are added later are seen too, as long
// as the store has not spilled.
func (s *store) reader() *storeReader { return &storeReader{store: s} }

func (s *store) close() error {
	err := s.file.close()
	s.memory, s.bytes, s.file, s.count = nil, 0, nil, 0
	return err
}

// storeReader is one pass over a store.
type storeReader struct {
	store *store
	at    int
	file  *spillReader
}

// next returns some rows, none at the end.
func (r *storeReader) next() ([]Row, error) {
	if m := r.store.memory[r.at:]; len(m) > 0 {
		m = m[:min(len(m), batchRows)]
		r.at += len(m)
		return m, nil
	}
	if r.store.file == nil {
		return nil, nil
	}
	if r.file == nil {
		var err error
		if r.file, err = r.store.file.rows(); err != nil {
			return nil, err
		}
	}
	return readBatch(r.file)
}

func readBatch(f *spillReader) ([]Row, error) {
	var out []Row
	for len(out) < batchRows {
		row, err := f.next()
		if err != nil {
			return nil, err
		}
		if row == nil {
			break
		}
		out = append(out, row)
	}
	return out, nil
}
