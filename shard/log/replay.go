package log

import (
	"fmt"
	"io"
)

// Replay calls fn for every record from position from on, in order, and makes
// the log ready for appends. It is called once, before anything else. The
// record's data is valid during the call.
//
// When it returns nil, everything that fn has seen is durable: a process that
// was killed may have left records in the page cache only, and an answer
// given by them must not be lost to a power cut later.
//
// A batch that is not whole ends the log if it may never have been synced;
// what is behind it was not acknowledged to anyone. If it was synced once, the
// log is damaged and Replay refuses with XX001, naming file and offset.
func (l *Log) Replay(from Position, fn func(Position, Record) error) error {
	l.mu.Lock()
	err := l.usable(opened)
	segments := l.segments
	l.mu.Unlock()
	if err != nil {
		return err
	}
	start := 0
	for start+1 < len(segments) && segments[start+1].header.first <= from {
		start++
	}
	if first := segments[start].header.first; from != 0 && from < first {
		return damaged(l.path(segments[start]), 0, fmt.Sprintf("Records from position %d are needed, the log begins with %d.", from, first))
	}
	r := reader{log: l, from: from, fn: fn}
	r.last, r.chain = segments[start].header.first-1, segments[start].header.chain
	for i, s := range segments[start:] {
		if err := r.segment(s, segments[start+i+1:]); err != nil {
			return err
		}
	}
	return l.begin(&r)
}

// reader goes through the batches in order.
type reader struct {
	log  *Log
	from Position
	fn   func(Position, Record) error

	last        Position // the last record read
	chain       uint32   // checksum of the last batch
	incarnation uint64   // the highest seen
	off         int64    // in the last segment, after its last batch
	buf         []byte
}

// segment reads one segment to its end; later are those after it.
func (r *reader) segment(s *segment, later []*segment) error {
	l := r.log
	if s.header.first != r.last+1 || s.header.chain != r.chain {
		return damaged(l.path(s), 0, fmt.Sprintf("The segment does not continue position %d.", r.last))
	}
	data, err := r.load(s)
	if err != nil {
		return err
	}
	r.off = headerBytes
	for {
		f, records, ok := decodeFrame(data[min(r.off, int64(len(data))):], l.seed)
		if !ok || f.chain != r.chain || f.first != r.last+1 {
			break
		}
		if err := r.batch(s, f, records); err != nil {
			return err
		}
		r.off += f.size()
	}
	if len(later) > 0 && later[0].header.first != r.last+1 {
		return damaged(l.path(s), r.off, fmt.Sprintf("Position %d is here, the next segment begins with %d.", r.last+1, later[0].header.first))
	}
	return r.tail(s, data)
}

// load reads a segment's file and syncs it, before anything is taken from it.
func (r *reader) load(s *segment) ([]byte, error) {
	path := r.log.path(s)
	f, err := r.log.fs.Open(path)
	if err != nil {
		return nil, ioError("open", path, err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return nil, ioError("fsync", path, err)
	}
	size, err := f.Size()
	if err != nil {
		return nil, ioError("stat", path, err)
	}
	if int64(cap(r.buf)) < size {
		r.buf = make([]byte, size)
	}
	n, err := f.ReadAt(r.buf[:size], 0)
	if err != nil && err != io.EOF {
		return nil, ioError("read", path, err)
	}
	return r.buf[:n], nil
}

func (r *reader) batch(s *segment, f frame, records []byte) error {
	for range f.count {
		record, rest, ok := nextRecord(records)
		if !ok {
			return damaged(r.log.path(s), r.off, "A batch has fewer records than it says.")
		}
		records = rest
		r.last++
		if r.last < r.from {
			continue
		}
		if err := r.fn(r.last, record); err != nil {
			return err
		}
	}
	r.chain = f.crc
	r.incarnation = max(r.incarnation, f.incarnation)
	return nil
}

// tail looks at what follows the last good batch of a segment. A later batch
// that was written when more than r.last had been synced proves that
// something synced is gone. Batches of an earlier use of the file have lower
// positions.
func (r *reader) tail(s *segment, data []byte) error {
	for at := r.off; at+batchHeaderBytes <= int64(len(data)); at += batchAlign {
		f, _, ok := decodeFrame(data[at:], r.log.seed)
		if ok && f.synced > r.last {
			return damaged(r.log.path(s), r.off, fmt.Sprintf(
				"Position %d is not readable, and at offset %d it is known to have been synced.", r.last+1, at))
		}
	}
	return nil
}

// begin makes the log writable after the last batch that r has read.
func (l *Log) begin(r *reader) error {
	if err := l.fs.SyncDir(l.dir); err != nil {
		return ioError("fsync", l.dir, err)
	}
	s := l.segments[len(l.segments)-1]
	f, err := l.fs.Open(l.path(s))
	if err != nil {
		return ioError("open", l.path(s), err)
	}
	l.lead <- struct{}{}
	defer func() { <-l.lead }()
	l.file = current{File: f, name: l.path(s), bytes: s.bytes, off: r.off, chain: r.chain}
	l.incarnation = r.incarnation + 1
	l.synced.Store(int64(r.last))
	if err := l.mark(); err != nil {
		return err
	}
	l.dropUnboundSides()
	l.mu.Lock()
	l.last = r.last
	l.plan = plan{room: max(0, s.bytes-l.file.off)}
	l.state = replayed
	l.mu.Unlock()
	l.reserve.refill(l)
	l.reserve.start(l)
	return nil
}
