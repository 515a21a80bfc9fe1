package exec

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// rowSorter sorts rows: in memory as far as it is allowed, else as sorted runs
// in temporary files that are merged. Rows that compare equal keep the order in
// which they came.
type rowSorter struct {
	run  *run
	keys *sortKeys
	work types.Work
	top  int64 // how many rows are wanted; -1 is all
	// quick: rows that are equal come as PostgreSQL's quicksort leaves them, as long as all are in memory.
	quick bool
	rows  []Row
	used  account
	files []*spillFile // sorted runs: the older, the more levels up
	heads []*runHead
	ended bool
}

// runHead is a sorted run with its first row not taken yet. As all rows that a
// sorter holds, it has its keys.
type runHead struct {
	file *spillReader
	row  Row
}

// mergeWidth is how many sorted runs of one level become one of the next: each
// keeps a buffer and a file while it is read.
const mergeWidth = 16

func newRowSorter(r *run, columns []columnType, orders []order) *rowSorter {
	return &rowSorter{run: r, keys: newSortKeys(columns, orders), work: r.work(), top: -1, used: r.account()}
}

// add takes a row, which is the sorter's from then on.
func (s *rowSorter) add(row Row) error {
	row, err := s.keys.with(row, s.work)
	if err != nil {
		return err
	}
	s.rows = append(s.rows, owned(row))
	s.used.add(rowBytes(row))
	if s.top >= 0 && s.top < 1<<20 && int64(len(s.rows)) >= 2*s.top+batchRows {
		if err := s.sortMemory(); err != nil {
			return err
		}
	}
	if s.used.full() {
		return s.spill()
	}
	return nil
}

// sortMemory sorts what is in memory, and drops what lies beyond the bound.
func (s *rowSorter) sortMemory() error {
	if s.quick && len(s.files) == 0 && s.top < 0 {
		return s.keys.sortAsPostgres(s.rows, s.work)
	}
	if err := s.keys.sort(s.rows, s.work); err != nil || s.top < 0 || int64(len(s.rows)) <= s.top {
		return err
	}
	for _, row := range s.rows[s.top:] {
		s.used.add(-rowBytes(row))
	}
	clear(s.rows[s.top:])
	s.rows = s.rows[:s.top]
	return nil
}

// spill writes what is in memory as one sorted run.
func (s *rowSorter) spill() error {
	if err := s.sortMemory(); err != nil {
		return err
	}
	f, err := newSpill(s.run, s.keys.columns)
	if err != nil {
		return err
	}
	s.files = append(s.files, f)
	for _, row := range s.rows {
		if err := f.add(row); err != nil {
			return err
		}
	}
	if err := f.flush(); err != nil {
		return err
	}
	s.rows = nil
	s.used.clear()
	return s.compact()
}

// compact makes one run of the last ones, as long as there are enough of one level.
func (s *rowSorter) compact() error {
	for {
		first := len(s.files) - mergeWidth
		if first < 0 || s.files[first].level != s.files[len(s.files)-1].level {
			return nil
		}
		merged, err := s.mergeFiles(s.files[first:])
		if err != nil {
			return err
		}
		s.files = append(s.files[:first], merged)
	}
}

// mergeFiles merges runs into one, and closes them.
func (s *rowSorter) mergeFiles(files []*spillFile) (*spillFile, error) {
	merged, err := newSpill(s.run, s.keys.columns)
	if err != nil {
		return nil, err
	}
	merged.level = files[0].level + 1
	if err := s.mergeInto(merged, files); err != nil {
		merged.close()
		return nil, err
	}
	for _, f := range files {
		f.close()
	}
	return merged, nil
}

func (s *rowSorter) mergeInto(merged *spillFile, files []*spillFile) error {
	if err := s.openRuns(files); err != nil {
		return err
	}
	for len(s.heads) > 0 {
		row, err := s.take()
		if err != nil {
			return err
		}
		if err := merged.add(row); err != nil {
			return err
		}
	}
	return merged.flush()
}

func (s *rowSorter) openRuns(files []*spillFile) error {
	s.heads = nil
	for _, f := range files {
		r, err := f.rows()
		if err != nil {
			return err
		}
		h := &runHead{file: r}
		if h.row, err = r.next(); err != nil {
			return err
		}
		if h.row != nil {
			s.heads = append(s.heads, h)
		}
	}
	return nil
}

// take returns the smallest row of all runs; of equal ones the earliest run's,
// so that the sort stays stable.
func (s *rowSorter) take() (Row, error) {
	least := 0
	for i := 1; i < len(s.heads); i++ {
		c, err := compareRows(s.keys.orders, s.heads[i].row, s.heads[least].row, s.work)
		if err != nil {
			return nil, err
		}
		if c < 0 {
			least = i
		}
	}
	h := s.heads[least]
	row := h.row
	var err error
	if h.row, err = h.file.next(); err != nil {
		return nil, err
	}
	if h.row == nil {
		s.heads = slices.Delete(s.heads, least, least+1)
	}
	return row, nil
}

// end ends adding.
func (s *rowSorter) end() error {
	s.ended = true
	if len(s.files) == 0 {
		return s.sortMemory()
	}
	if len(s.rows) > 0 {
		if err := s.spill(); err != nil {
			return err
		}
	}
	return s.openRuns(s.files)
}

// next returns the next row in order, nil at the end. The first call ends adding.
func (s *rowSorter) next() (Row, error) {
	if !s.ended {
		if err := s.end(); err != nil {
			return nil, err
		}
	}
	switch {
	case len(s.heads) > 0:
		row, err := s.take()
		if err != nil {
			return nil, err
		}
		return s.keys.without(row), nil
	case len(s.rows) == 0:
		return nil, nil
	}
	row := s.rows[0]
	s.rows[0] = nil
	s.rows = s.rows[1:]
	return s.keys.without(row), nil
}

// close gives everything back; rows can be added anew.
func (s *rowSorter) close() {
	for _, f := range s.files {
		f.close()
	}
	s.files, s.heads, s.rows, s.ended = nil, nil, nil, false
	s.used.clear()
}
