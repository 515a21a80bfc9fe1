package engine

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
)

// sortedRow is a row and its sort keys, in memory of its own.
type sortedRow struct {
	row  []byte
	keys []types.Datum
}

// sorter orders all rows, or keeps the first few. What is too much for memory
// becomes sorted runs in files, which are merged.
type sorter struct {
	stages *stages
	in     source
	c      *expr.Context
	work   types.Work
	limit  int64
	files  *sortFiles // nil: all stays in memory

	done  bool
	rows  []sortedRow
	bytes int64
	runs  []*sortRun
	all   []types.Datum // a row, decoded
	buf   []byte
}

// sortBytes is from how much on a sort goes to files; sortedRowBytes is what a
// row costs beside itself.
const (
	sortBytes      = 16 << 20
	sortedRowBytes = 96
)

func (s *sorter) columns() []column {
	if s.stages.group != nil {
		return s.stages.group.columns
	}
	return s.stages.in
}

func (s *sorter) next(ctx context.Context) ([]byte, int, error) {
	if !s.done {
		s.done, s.work = true, s.c.Spend
		s.all = make([]types.Datum, len(s.columns()))
		if err := s.fill(ctx); err != nil {
			return nil, 0, err
		}
	}
	s.buf = s.buf[:0]
	if len(s.runs) > 0 {
		n, err := s.merge()
		return s.buf, n, err
	}
	n := 0
	for n < len(s.rows) && len(s.buf) < pageBytes {
		s.buf = appendRow(s.buf, s.rows[n].row)
		n++
	}
	s.rows = s.rows[n:]
	return s.buf, n, nil
}

// cutAt is how many rows beyond the limit are gathered before they are cut.
const cutAt = 1024

func (s *sorter) fill(ctx context.Context) error {
	for {
		rows, n, err := s.in.next(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		for len(rows) > 0 {
			var packed []byte
			packed, rows = nextRow(rows)
			row, err := s.sorted(slices.Clone(packed))
			if err != nil {
				return err
			}
			s.rows = append(s.rows, row)
			s.bytes += sortedRowBytes + 2*int64(len(packed))
		}
		if s.limit >= 0 && int64(len(s.rows)) > s.limit+cutAt {
			if err := s.cut(); err != nil {
				return err
			}
		}
		if s.files != nil && s.bytes > s.files.most() {
			if err := s.spill(); err != nil {
				return err
			}
		}
	}
	if len(s.runs) > 0 {
		return s.spill()
	}
	return s.cut()
}

// sorted is a packed row, whose memory it takes, with its keys.
func (s *sorter) sorted(packed []byte) (sortedRow, error) {
	if err := decodeRow(s.all, s.columns(), packed); err != nil {
		return sortedRow{}, err
	}
	keys, err := s.stages.sortKeys(s.c, s.all)
	return sortedRow{packed, keys}, err
}

// cut sorts what is in memory, and drops what is beyond the limit.
func (s *sorter) cut() error {
	err := types.SortLong(s.rows, func(a, b sortedRow) (int, error) { return s.stages.compare(a.keys, b.keys, s.work) })
	if err != nil {
		return err
	}
	if s.limit >= 0 && int64(len(s.rows)) > s.limit {
		clear(s.rows[s.limit:])
		s.rows = s.rows[:s.limit]
		s.bytes = 0
		for i := range s.rows {
			s.bytes += sortedRowBytes + 2*int64(len(s.rows[i].row))
		}
	}
	return nil
}

// spill makes a run of what is in memory.
func (s *sorter) spill() error {
	if err := s.cut(); err != nil || len(s.rows) == 0 {
		return err
	}
	r, err := s.files.write(s.rows)
	if err != nil {
		return err
	}
	clear(s.rows)
	s.rows, s.bytes = s.rows[:0], 0
	s.runs = append(s.runs, r)
	return s.advance(r)
}

// advance moves a run to its next row.
func (s *sorter) advance(r *sortRun) error {
	packed, err := r.read()
	if err != nil || packed == nil {
		r.ended = true
		return err
	}
	r.head, err = s.sorted(packed)
	return err
}

// merge fills a page with the smallest rows.
func (s *sorter) merge() (n int, err error) {
	for len(s.buf) < pageBytes {
		least, err := s.least()
		if err != nil || least == nil {
			return n, err
		}
		s.buf = appendRow(s.buf, least.head.row)
		n++
		if err := s.advance(least); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// least is the run whose head comes first, nil at the end; of equal ones the
// earlier run, as its rows came first.
func (s *sorter) least() (least *sortRun, err error) {
	for _, r := range s.runs {
		if r.ended {
			continue
		}
		order := -1
		if least != nil {
			if order, err = s.stages.compare(r.head.keys, least.head.keys, s.work); err != nil {
				return nil, err
			}
		}
		if order < 0 {
			least = r
		}
	}
	return least, nil
}

// sortFiles are the files of one read's sorts. They lie beside the scratch
// files, are never synced, and go when the read ends.
type sortFiles struct {
	engine *Engine
	runs   []*sortRun
}

// most is how much a sort holds in memory; a node in memory has no files.
func (f *sortFiles) most() int64 {
	if f.engine.cfg.Dir == "" {
		return 1 << 62
	}
	return f.engine.cfg.sortBytes
}

// groupBytes is how much a grouping holds in memory.
func (f *sortFiles) groupBytes() int {
	if f == nil {
		return groupBytes
	}
	return f.engine.cfg.groupBytes
}

// sortRun is a file of rows in order, and how far it has been read.
type sortRun struct {
	file  vfs.File
	path  string
	in    *bufio.Reader
	head  sortedRow
	ended bool
}

func (f *sortFiles) write(rows []sortedRow) (*sortRun, error) {
	cfg := f.engine.cfg
	r := &sortRun{path: filepath.Join(cfg.Dir, "scratch", fmt.Sprintf("%04d-sort-%d", f.engine.id, f.engine.runs.Add(1)))}
	if err := cfg.FS.MkdirAll(filepath.Dir(r.path)); err != nil {
		return nil, err
	}
	var err error
	if r.file, err = cfg.FS.Create(r.path); err != nil {
		return nil, errSpill(err)
	}
	f.runs = append(f.runs, r)
	size := int64(0)
	out := bufio.NewWriterSize(io.NewOffsetWriter(r.file, 0), 1<<18)
	var head [4]byte
	for i := range rows {
		binary.LittleEndian.PutUint32(head[:], uint32(len(rows[i].row)))
		size += int64(len(head) + len(rows[i].row))
		if _, err := out.Write(head[:]); err != nil {
			return nil, errSpill(err)
		}
		if _, err := out.Write(rows[i].row); err != nil {
			return nil, errSpill(err)
		}
	}
	if err := out.Flush(); err != nil {
		return nil, errSpill(err)
	}
	r.in = bufio.NewReaderSize(io.NewSectionReader(r.file, 0, size), 1<<16)
	return r, nil
}

// read returns the next row, nil at the end.
func (r *sortRun) read() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r.in, head[:]); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, errSpill(err)
	}
	row := make([]byte, binary.LittleEndian.Uint32(head[:]))
	if _, err := io.ReadFull(r.in, row); err != nil {
		return nil, errSpill(err)
	}
	return row, nil
}

// close removes the files.
func (f *sortFiles) close() {
	for _, r := range f.runs {
		r.file.Close()
		f.engine.cfg.FS.Remove(r.path) // what stays is removed at the next start
	}
	f.runs = nil
}
