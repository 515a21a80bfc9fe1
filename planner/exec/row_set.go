package exec

import "github.com/pegmatitedb/pegmatite/internal/types"

// rowSet numbers distinct rows from 0. NULLs are equal to each other.
type rowSet struct {
	types []columnType
	work  types.Work
	rows  []Row
	heads map[uint64]int32 // hash → the last of the rows with it
	chain []int32          // row → the previous with its hash; -1 is none
	used  account
}

// entryBytes is about what a hash table takes for a row besides the row.
const entryBytes = 48

func newRowSet(r *run, columns []columnType) *rowSet {
	return &rowSet{types: columns, work: r.work(), heads: map[uint64]int32{}, used: r.account()}
}

func (s *rowSet) clear() {
	if len(s.heads) > 0 {
		s.heads = map[uint64]int32{} // clear would keep its size
	}
	s.rows, s.chain = nil, nil
	s.used.clear()
}

// lookup returns the number of a row with hash h that is there, or -1.
func (s *rowSet) lookup(h uint64, row Row) (int, error) {
	i, ok := s.heads[h]
	if !ok {
		return -1, nil
	}
	for ; i >= 0; i = s.chain[i] {
		if equal, err := equalRows(s.types, s.rows[i], row, s.work); equal || err != nil {
			return int(i), err
		}
	}
	return -1, nil
}

// find returns the row's hash, and its number or -1.
func (s *rowSet) find(row Row) (h uint64, number int, err error) {
	if h, err = hashRow(s.types, row, s.work); err != nil {
		return 0, 0, err
	}
	number, err = s.lookup(h, row)
	return h, number, err
}

// add reports whether the row is new.
func (s *rowSet) add(row Row) (added bool, err error) {
	h, number, err := s.find(row)
	if err != nil || number >= 0 {
		return false, err
	}
	s.insert(h, row)
	return true, nil
}

// insert adds a row with hash h that is not there, and returns its number. The
// set may keep the slice.
func (s *rowSet) insert(h uint64, row Row) int {
	prev, ok := s.heads[h]
	if !ok {
		prev = -1
	}
	s.heads[h] = int32(len(s.rows))
	s.chain = append(s.chain, prev)
	s.rows = append(s.rows, owned(row))
	s.used.add(rowBytes(row) + entryBytes)
	return len(s.rows) - 1
}
