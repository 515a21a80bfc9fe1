package exec

import (
	"encoding/binary"
	"os"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// diskSet is the part of a keySet that is on disk: a file of packed rows, and a
// hash table over them, with open addressing, in another. Nothing of it is kept
// in memory but a buffer of rows; the operating system's cache makes it fast.
type diskSet struct {
	run   *run
	types []columnType
	work  types.Work
	rows  *os.File
	// end is where the next row goes; tail are the last rows, not written yet.
	end   int64
	tail  []byte
	table *os.File
	slots int64 // a power of two
	used  int64
	buf   []byte
}

// A slot is the row's hash, its offset plus one (0: the slot is free), and its
// number, little endian.
const slotBytes = 24

type slot struct {
	hash   uint64
	offset int64
	count  int64
}

// firstSlots is how many slots a table begins with; it doubles when more than
// half are used.
const firstSlots = 1 << 10

func newDiskSet(r *run, columns []columnType) (*diskSet, error) {
	s := &diskSet{run: r, types: columns, work: r.work(), slots: firstSlots}
	var err error
	if s.rows, err = r.tempFile(); err != nil {
		return nil, err
	}
	if s.table, err = s.newTable(firstSlots); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *diskSet) newTable(slots int64) (*os.File, error) {
	f, err := s.run.tempFile()
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(slots * slotBytes); err != nil {
		s.run.closeTemp(f)
		return nil, errSpill(err)
	}
	return f, nil
}

// first is the slot where the search for a hash begins.
func (s *diskSet) first(h uint64) int64 {
	return int64(h*0x9e3779b97f4a7c15>>1) & (s.slots - 1)
}

func (s *diskSet) slot(i int64) (out slot, err error) {
	var b [slotBytes]byte
	if _, err := s.table.ReadAt(b[:], i*slotBytes); err != nil {
		return out, errSpill(err)
	}
	out.hash = binary.LittleEndian.Uint64(b[:])
	out.offset = int64(binary.LittleEndian.Uint64(b[8:])) - 1
	out.count = int64(binary.LittleEndian.Uint64(b[16:]))
	return out, nil
}

func (s *diskSet) setSlot(i int64, v slot) error {
	var b [slotBytes]byte
	binary.LittleEndian.PutUint64(b[:], v.hash)
	binary.LittleEndian.PutUint64(b[8:], uint64(v.offset+1))
	binary.LittleEndian.PutUint64(b[16:], uint64(v.count))
	if _, err := s.table.WriteAt(b[:], i*slotBytes); err != nil {
		return errSpill(err)
	}
	return nil
}

func (s *diskSet) setCount(i, count int64) error {
	v, err := s.slot(i)
	if err != nil {
		return err
	}
	v.count = count
	return s.setSlot(i, v)
}

func (s *diskSet) find(h uint64, row Row) (place, error) {
	for i := s.first(h); ; i = (i + 1) & (s.slots - 1) {
		v, err := s.slot(i)
		if err != nil || v.offset < 0 {
			return place{at: -1, hash: h}, err
		}
		if v.hash != h {
			continue
		}
		there, err := s.row(v.offset)
		if err != nil {
			return place{}, err
		}
		equal, err := equalRows(s.types, there, row, s.work)
		if err != nil {
			return place{}, err
		}
		if equal {
			return place{at: i, count: v.count, hash: h}, nil
		}
	}
}

// insert adds a row that is not there.
func (s *diskSet) insert(h uint64, row Row, count int64) error {
	if s.used*2 >= s.slots {
		if err := s.grow(); err != nil {
			return err
		}
	}
	offset := s.end
	start := len(s.tail)
	s.tail = appendRawRow(s.tail, s.types, row)
	s.end += int64(len(s.tail) - start)
	if len(s.tail) >= s.run.spillBuffer() {
		if _, err := s.rows.WriteAt(s.tail, s.end-int64(len(s.tail))); err != nil {
			return errSpill(err)
		}
		s.tail = s.tail[:0]
	}
	s.used++
	return s.claim(slot{h, offset, count})
}

// claim puts a slot into the first free one from where its search begins.
func (s *diskSet) claim(v slot) error {
	for i := s.first(v.hash); ; i = (i + 1) & (s.slots - 1) {
		there, err := s.slot(i)
		if err != nil {
			return err
		}
		if there.offset < 0 {
			return s.setSlot(i, v)
		}
	}
}

// grow moves the slots to a table of twice the size.
func (s *diskSet) grow() error {
	old := *s
	table, err := s.newTable(old.slots * 2)
	if err != nil {
		return err
	}
	defer s.run.closeTemp(old.table)
	s.table, s.slots = table, old.slots*2
	for i := range old.slots {
		v, err := old.slot(i)
		if err != nil {
			return err
		}
		if v.offset < 0 {
			continue
		}
		if err := s.claim(v); err != nil {
			return err
		}
	}
	return nil
}

// row reads a row. It is good until the next call.
func (s *diskSet) row(offset int64) (Row, error) {
	if written := s.end - int64(len(s.tail)); offset >= written {
		packed, _, err := nextRow(s.tail[offset-written:])
		if err != nil {
			return nil, err
		}
		return loadRawRow(s.types, packed)
	}
	var size [4]byte
	if _, err := s.rows.ReadAt(size[:], offset); err != nil {
		return nil, errSpill(err)
	}
	n := int(binary.LittleEndian.Uint32(size[:]))
	if cap(s.buf) < n {
		s.buf = make([]byte, n)
	}
	if _, err := s.rows.ReadAt(s.buf[:n], offset+4); err != nil {
		return nil, errSpill(err)
	}
	return loadRawRow(s.types, s.buf[:n])
}

func (s *diskSet) close() error {
	if s == nil {
		return nil
	}
	var err error
	for _, f := range []*os.File{s.rows, s.table} {
		if f == nil {
			continue
		}
		if e := s.run.closeTemp(f); err == nil && e != nil {
			err = errSpill(e)
		}
	}
	s.rows, s.table, s.tail = nil, nil, nil
	return err
}
