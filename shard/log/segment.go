package log

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
)

// segment is one file of the log. A spare has no header of its own yet: it is
// zeros, or still holds an older segment.
type segment struct {
	number int64
	bytes  int64 // the file's length
	header header
}

func (s *segment) name() string { return fmt.Sprintf("%06d.log", s.number) }

// segmentNumber reads a segment's number from its name.
func segmentNumber(name string) (int64, bool) {
	digits, ok := strings.CutSuffix(name, ".log")
	if !ok || len(digits) < 6 {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil && n > 0
}

// load finds the segments in use, the spares and the side files.
func (l *Log) load() error {
	names, err := l.fs.List(l.dir)
	if err != nil && !(errors.Is(err, fs.ErrNotExist) && l.opts.Existing) {
		return ioError("list", l.dir, err)
	}
	var strays []*segment // nothing is removed before all is known to be well
	for _, name := range names {
		if isSide(name) {
			l.sides[name] = 0
		}
		number, ok := segmentNumber(name)
		if !ok {
			continue
		}
		s := &segment{number: number}
		if kept, err := l.loadSegment(s); err != nil {
			return err
		} else if !kept {
			strays = append(strays, s)
		}
	}
	if len(l.segments) == 0 && l.opts.Existing {
		return pgerr.New(pgerr.DataCorrupted, "log \"%s\" is missing", l.dir).
			WithDetail("There are shard files whose newest commits are in it.").
			WithHint("Restore the whole data directory from a backup.")
	}
	byNumber := func(a, b *segment) int { return int(a.number - b.number) }
	slices.SortFunc(l.segments, byNumber)
	slices.SortFunc(l.spares, byNumber)
	if err := l.checkOrder(); err != nil {
		return err
	}
	return l.dropStrays(strays)
}

// dropStrays removes strays, and spares that do not continue the segments'
// numbers: a crash has taken the one before.
func (l *Log) dropStrays(strays []*segment) error {
	if n := len(l.segments); n > 0 {
		l.highest = l.segments[n-1].number
	}
	spares := l.spares
	l.spares = nil
	for _, s := range spares {
		if len(l.segments) > 0 && s.number == l.highest+1 && l.allocated(s) {
			l.spares = append(l.spares, s)
			l.highest++
		} else {
			strays = append(strays, s)
		}
	}
	for _, s := range strays {
		if err := l.fs.Remove(l.path(s)); err != nil {
			return ioError("remove", l.path(s), err)
		}
	}
	return nil
}

// allocated gives a spare the space that a crash may have left it without.
func (l *Log) allocated(s *segment) bool {
	f, err := l.fs.Open(l.path(s))
	if err != nil {
		return false
	}
	defer f.Close()
	return f.Preallocate(s.bytes) == nil
}

// loadSegment reads a segment's header; one that is not kept was half made, or
// is of another size.
func (l *Log) loadSegment(s *segment) (kept bool, err error) {
	f, err := l.fs.Open(l.path(s))
	if err != nil {
		return false, ioError("open", l.path(s), err)
	}
	defer f.Close()
	p := make([]byte, headerBytes)
	n, err := f.ReadAt(p, 0)
	if err != nil && err != io.EOF {
		return false, ioError("read", l.path(s), err)
	}
	h, ok, blank := decodeHeader(p[:n])
	if !ok && !blank {
		return false, damaged(l.path(s), 0, "The segment's header has a wrong checksum.")
	}
	s.bytes, err = f.Size()
	if err != nil {
		return false, ioError("stat", l.path(s), err)
	}
	if ok && h.number == s.number {
		s.header = h
		l.segments = append(l.segments, s)
		return true, nil
	}
	if s.bytes == l.opts.SegmentBytes {
		l.spares = append(l.spares, s)
		return true, nil
	}
	return false, nil
}

// checkOrder sees that the segments in use are one log's, without gaps, and
// that the spares come after them.
func (l *Log) checkOrder() error {
	for i, s := range l.segments {
		if i == 0 {
			l.uuid = s.header.uuid
			continue
		}
		before := l.segments[i-1]
		switch {
		case s.header.uuid != l.uuid:
			return damaged(l.path(s), 0, fmt.Sprintf("The segment belongs to log %s, not %s.", s.header.uuid, l.uuid))
		case s.number != before.number+1:
			return damaged(l.path(&segment{number: before.number + 1}), 0, "The segment is missing.")
		case s.header.first < before.header.first:
			return damaged(l.path(s), 0, "The segment's first position is below that of the one before.")
		}
	}
	for _, s := range l.spares {
		if n := len(l.segments); n > 0 && s.number < l.segments[n-1].number {
			return damaged(l.path(s), 0, "The segment's header is missing.")
		}
	}
	return nil
}

// make creates a segment's file: full length, written once so that later
// writes change no metadata, synced, and its name too.
func (l *Log) make(s *segment) (err error) {
	f, err := l.fs.Create(l.path(s))
	if err != nil {
		return ioError("create", l.path(s), err)
	}
	defer func() {
		f.Close()
		if err != nil {
			l.fs.Remove(l.path(s))
		}
	}()
	if err := f.Preallocate(l.opts.SegmentBytes); err != nil {
		return ioError("extend", l.path(s), err)
	}
	if err := l.fill(f, l.path(s)); err != nil {
		return err
	}
	if err := l.fs.SyncDir(l.dir); err != nil {
		return ioError("fsync", l.dir, err)
	}
	s.bytes = l.opts.SegmentBytes
	return nil
}

// fill writes the whole file, and syncs it so that the first commit does not
// have to.
func (l *Log) fill(f vfs.File, name string) error {
	zeros := make([]byte, min(l.opts.SegmentBytes, 1<<20))
	for at := int64(0); at < l.opts.SegmentBytes; at += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros[:min(int64(len(zeros)), l.opts.SegmentBytes-at)], at); err != nil {
			return ioError("write", name, err)
		}
	}
	if err := f.Sync(); err != nil {
		return ioError("fsync", name, err)
	}
	return nil
}

// roll goes on in the next segment, whose first record is first. Its header
// becomes durable with its first batch: until then the log ends before it.
// The caller holds lead; everything before first is synced.
func (l *Log) roll(first Position) error {
	s, err := l.reserve.take(l)
	if err != nil {
		return err
	}
	s.header = header{uuid: l.uuid, number: s.number, first: first, chain: l.file.chain}
	f, err := l.fs.Open(l.path(s))
	if err != nil {
		return ioError("open", l.path(s), err)
	}
	if _, err := f.WriteAt(s.header.encode(), 0); err != nil {
		f.Close()
		return ioError("write", l.path(s), err)
	}
	l.file.Close()
	l.file = current{File: f, name: l.path(s), bytes: s.bytes, off: headerBytes, chain: l.file.chain}
	l.mu.Lock()
	l.segments = append(l.segments, s)
	l.plan.rolls--
	l.mu.Unlock()
	l.metrics.Segments.Add(1)
	l.reserve.wake()
	return nil
}

// ioError says what could not be done, in PostgreSQL's words: 53100 for a full
// disk, else 58030.
func ioError(verb, name string, err error) error {
	code, hint := pgerr.IOError, ""
	if isNoSpace(err) {
		code, hint = pgerr.DiskFull, "Check free disk space."
	}
	reason := err
	var errno syscall.Errno
	if errors.As(err, &errno) {
		reason = errno
	}
	e := pgerr.New(code, "could not %s file \"%s\": %v", verb, name, reason).WithCause(err)
	e.Hint = hint
	return e
}

func isNoSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || pgerr.HasCode(err, pgerr.DiskFull)
}

// damaged is the refusal to start over a file that is not as it was written.
func damaged(name string, off int64, detail string) error {
	return pgerr.New(pgerr.DataCorrupted, "log file \"%s\" is damaged at offset %d", name, off).
		WithDetail("%s", detail).
		WithHint("Restore the file from a backup; going on without it would lose acknowledged transactions.")
}
