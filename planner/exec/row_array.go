package exec

import (
	"encoding/binary"
	"os"
	"slices"
	"sort"
)

// rowArray keeps rows in the order in which they came, to be read at any
// position: in memory as far as it is allowed, else in blocks of a temporary file.
type rowArray struct {
	run   *run
	types []columnType
	// rows are those from first on: all that are kept, or behind the blocks the last ones.
	rows   []Row
	first  int64
	used   account
	file   *os.File
	end    int64 // of what is written
	blocks []rowBlock
	cache  [cachedBlocks]cachedBlock
	turn   int // whose place in the cache is next
}

// rowBlock is where some rows lie in the file.
type rowBlock struct {
	first     int64 // position of the first row
	at, bytes int64
}

type cachedBlock struct {
	number int // -1 is none
	rows   []Row
}

// A block has so many rows at most, or ends where it is as large as a file's
// buffer; as many blocks are in memory as something reads an array in places at
// a time (the row itself, the ends of its frame, rows at a distance).
const (
	blockRows    = 64
	cachedBlocks = 6
)

func newRowArray(r *run, columns []columnType) *rowArray {
	a := &rowArray{run: r, types: columns, used: r.account()}
	a.forgetBlocks()
	return a
}

// add puts a row at the end.
func (a *rowArray) add(row Row) error {
	row = owned(row)
	a.rows = append(a.rows, row)
	a.used.add(rowBytes(row))
	if a.used.full() || a.file != nil && len(a.rows) >= blockRows {
		return a.write()
	}
	return nil
}

// write writes the rows that are in memory.
func (a *rowArray) write() error {
	if a.file == nil {
		var err error
		if a.file, err = a.run.tempFile(); err != nil {
			return err
		}
	}
	var buf []byte
	start := 0
	for i, row := range a.rows {
		buf = appendRawRow(buf, a.types, row)
		if i+1-start < blockRows && i+1 < len(a.rows) && len(buf) < a.run.spillBuffer() {
			continue
		}
		if _, err := a.file.WriteAt(buf, a.end); err != nil {
			return errSpill(err)
		}
		a.blocks = append(a.blocks, rowBlock{first: a.first + int64(start), at: a.end, bytes: int64(len(buf))})
		a.end += int64(len(buf))
		buf, start = buf[:0], i+1
	}
	a.first += int64(len(a.rows))
	clear(a.rows)
	a.rows = a.rows[:0]
	a.used.clear()
	return nil
}

// get returns the row at a position where there is one, and which is not forgotten.
func (a *rowArray) get(at int64) (Row, error) {
	if at >= a.first {
		return a.rows[at-a.first], nil
	}
	n := sort.Search(len(a.blocks), func(i int) bool { return a.blocks[i].first > at }) - 1
	rows, err := a.block(n)
	if err != nil {
		return nil, err
	}
	return rows[at-a.blocks[n].first], nil
}

func (a *rowArray) block(n int) ([]Row, error) {
	for i := range a.cache {
		if a.cache[i].number == n {
			return a.cache[i].rows, nil
		}
	}
	buf := make([]byte, a.blocks[n].bytes)
	if _, err := a.file.ReadAt(buf, a.blocks[n].at); err != nil {
		return nil, errSpill(err)
	}
	var rows []Row
	for len(buf) >= 4 {
		size := 4 + int(binary.LittleEndian.Uint32(buf))
		row, err := loadRawRow(a.types, buf[4:size:size])
		if err != nil {
			return nil, err
		}
		rows, buf = append(rows, row), buf[size:]
	}
	a.cache[a.turn] = cachedBlock{n, rows}
	a.turn = (a.turn + 1) % cachedBlocks
	return rows, nil
}

// forget says that nobody reads rows before a position any more.
func (a *rowArray) forget(before int64) {
	if a.file != nil || before <= a.first {
		return
	}
	n := min(before-a.first, int64(len(a.rows)))
	for i := range a.rows[:n] {
		a.used.add(-rowBytes(a.rows[i]))
		a.rows[i] = nil
	}
	a.rows, a.first = a.rows[n:], a.first+n
}

func (a *rowArray) forgetBlocks() {
	a.blocks = nil
	for i := range a.cache {
		a.cache[i] = cachedBlock{number: -1}
	}
}

// clear makes it empty.
func (a *rowArray) clear() error {
	var err error
	if a.file != nil {
		err = a.run.closeTemp(a.file)
	}
	a.file, a.end, a.first, a.turn = nil, 0, 0, 0
	a.rows = slices.Delete(a.rows, 0, len(a.rows))
	a.forgetBlocks()
	a.used.clear()
	return err
}
