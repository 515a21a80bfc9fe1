package exec

// keySet is distinct rows with a number each, asked about one by one: in memory
// as far as it is allowed, then in files.
type keySet struct {
	run    *run
	types  []columnType
	memory *rowSet
	counts []int64  // by number in memory
	disk   *diskSet // nil: everything is in memory
	size   int64
}

// place is where a keySet has a row; it is good until a row is added.
type place struct {
	at    int64 // in memory the row's number, on disk the slot; -1: nowhere
	count int64
	hash  uint64
}

func (p *place) found() bool { return p.at >= 0 }

func newKeySet(r *run, columns []columnType) *keySet {
	return &keySet{run: r, types: columns, memory: newRowSet(r, columns)}
}

// find looks for a row.
func (s *keySet) find(row Row) (place, error) {
	h, err := hashRow(s.types, row, s.memory.work)
	if err != nil {
		return place{}, err
	}
	if s.disk != nil {
		return s.disk.find(h, row)
	}
	at, err := s.memory.lookup(h, row)
	if err != nil {
		return place{}, err
	}
	if at < 0 {
		return place{at: -1, hash: h}, nil
	}
	return place{at: int64(at), count: s.counts[at], hash: h}, nil
}

// insert adds a row that find has not found.
func (s *keySet) insert(p place, row Row, count int64) error {
	s.size++
	if s.disk == nil && s.memory.used.fits(rowBytes(row)+entryBytes) {
		s.memory.insert(p.hash, row)
		s.counts = append(s.counts, count)
		return nil
	}
	if s.disk == nil {
		if err := s.spill(); err != nil {
			return err
		}
	}
	return s.disk.insert(p.hash, row, count)
}

// spill moves what is in memory to disk.
func (s *keySet) spill() error {
	var err error
	if s.disk, err = newDiskSet(s.run, s.types); err != nil {
		return err
	}
	for i, row := range s.memory.rows {
		h, err := hashRow(s.types, row, s.memory.work)
		if err != nil {
			return err
		}
		if err := s.disk.insert(h, row, s.counts[i]); err != nil {
			return err
		}
	}
	s.memory.clear()
	s.counts = nil
	return nil
}

// setCount changes the number of a row that was found.
func (s *keySet) setCount(p place, count int64) error {
	if s.disk != nil {
		return s.disk.setCount(p.at, count)
	}
	s.counts[p.at] = count
	return nil
}

// add adds a row, unless it is there already.
func (s *keySet) add(row Row) (added bool, err error) {
	p, err := s.find(row)
	if err != nil || p.found() {
		return false, err
	}
	return true, s.insert(p, row, 0)
}

// close empties the set.
func (s *keySet) close() error {
	s.memory.clear()
	s.counts, s.size = nil, 0
	err := s.disk.close()
	s.disk = nil
	return err
}
