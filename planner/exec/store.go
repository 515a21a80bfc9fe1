package exec

// store keeps rows in the order in which they came: in memory as far as it is
// allowed, the rest in a temporary file. It can be read many times.
type store struct {
	run    *run
	types  []columnType
	memory []Row
	used   account
	file   *spillFile
	count  int64
}

func newStore(r *run, columns []columnType) *store {
	return &store{run: r, types: columns, used: r.account()}
}

func (s *store) add(rows ...Row) error {
	for _, row := range rows {
		s.count++
		if s.file == nil {
			if n := rowBytes(row); s.used.bytes+n <= s.used.limitBytes {
				s.used.add(n)
				s.memory = append(s.memory, owned(row))
				continue
			}
			var err error
			if s.file, err = newSpill(s.run, s.types); err != nil {
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
	s.used.clear()
	s.memory, s.file, s.count = nil, nil, 0
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

// readBatch reads some rows, not many when they are wide.
func readBatch(f *spillReader) ([]Row, error) {
	var out []Row
	for bytes := int64(0); len(out) < batchRows && bytes < batchBytes; {
		row, err := f.next()
		if err != nil {
			return nil, err
		}
		if row == nil {
			break
		}
		out, bytes = append(out, row), bytes+rowBytes(row)
	}
	return out, nil
}
