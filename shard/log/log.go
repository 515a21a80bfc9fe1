// Package log is a node's command log: records in one order, durable in
// groups. It knows nothing of what the records mean.
//
//	log.go      the contract: Open, Append, Position, Ticket, Close
//	format.go   bytes of segments and batches
//	commit.go   group commit: one fsync for all that arrived meanwhile
//	segment.go  segment files: listing, making, taking into use
//	reserve.go  space kept ahead; the one goroutine
//	replay.go   reading it all back; torn tail or damage
//	cut.go      dropping what is not needed any more
//	side.go     files beside the log for huge write sets
//
// On disk:
//
//	000007.log  header | batch | batch | … | zeros or what was there before
//	batch       header: CRC32C over all the rest, the previous batch's CRC, first
//	            position, count, "all below was synced", incarnation | record | record | …
//
// Order of events for a record: Append gives it a position and copies it, in
// the order of calls; some waiter writes its batch and syncs; Ticket.Wait
// returns. One batch at a time is between its write and its sync, so what a
// crash can tear is one batch. An Append's records lie in one batch: all are
// there after a crash, or none.
//
// HAZARD: after a failed write or sync the kernel may have dropped the dirty
// pages and marked them clean, so that another try would "succeed". The log
// is poisoned instead: every later call returns the first error, Options.OnFatal
// is told, and the process must end.
package log

import (
	"crypto/rand"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Position numbers a log's records from 1, without gaps, for ever. 0 is
// before the first.
type Position int64

// Record is an entry: a type that the caller defines and at most
// MaxRecordBytes of data.
type Record struct {
	Type byte
	Data []byte
}

// MaxRecordBytes is the largest Record.Data: a record's length has 24 bits in
// the file, and larger write sets belong into side files.
const MaxRecordBytes = 1<<24 - 1

// Options configures a log. The zero value is usable.
type Options struct {
	// SegmentBytes is the size of a segment file; 0 is 32 MiB, where rolling
	// over is rare and a spare is cheap to make. It bounds the records of one
	// Append, all together.
	SegmentBytes int64
	// MinFreeBytes: with less space than this left on the disk writers are
	// blocked, so that commits, settling and SQLite's WAL still find some. 0 is none.
	MinFreeBytes int64
	// Existing: the log was in use before; Open does not make a new one in its place.
	Existing bool
	// OnFatal is called once, on the goroutine that failed, when the log is
	// poisoned. It must not call the log.
	OnFatal func(error)
}

const defaultSegmentBytes = 32 << 20

// minSegmentBytes leaves room for the headers, the urgent reserve and some records.
const minSegmentBytes = 4096

// Validate reports options that cannot work.
func (o *Options) Validate() error {
	if o.SegmentBytes != 0 && o.SegmentBytes < minSegmentBytes {
		return pgerr.Internal("a log segment of %d bytes is smaller than %d", o.SegmentBytes, minSegmentBytes)
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.SegmentBytes == 0 {
		o.SegmentBytes = defaultSegmentBytes
	}
	if o.OnFatal == nil {
		o.OnFatal = func(error) {}
	}
	return o
}

// Metrics counts what a log has done since it was opened.
type Metrics struct {
	Appends   atomic.Int64
	Records   atomic.Int64
	Batches   atomic.Int64
	Syncs     atomic.Int64 // of batches
	SyncNanos atomic.Int64
	Bytes     atomic.Int64 // of batches, with their headers
	Segments  atomic.Int64 // taken into use
	SideFiles atomic.Int64
	SideBytes atomic.Int64
}

// Log is an open log. Its methods may be called from several goroutines.
type Log struct {
	fs      vfs.FS
	dir     string
	opts    Options
	metrics Metrics

	uuid        txn.LogID
	seed        uint32 // CRC32C of uuid: where every checksum starts
	incarnation uint64

	// lead is held (one element) by whoever writes. It also owns file.
	lead   chan struct{}
	file   current
	synced atomic.Int64

	// queued counts the appends that wait to be written: what a gathering
	// leader looks at without taking mu.
	queued atomic.Int64
	crowd  gauge

	mu       sync.Mutex // protects the rest
	state    state
	fatal    error
	last     Position // of the last append
	queue    []*batch // to be written, oldest first; appends go into the last one
	plan     plan
	free     [][]byte   // buffers of written batches
	segments []*segment // in use, oldest first; the last one is being written
	spares   []*segment // made, synced, not in use
	highest  int64      // number of the last of them; changed only under reserve.making, too
	sides    map[string]Position

	reserve reserve
}

// state is what may be called now.
type state uint8

const (
	opened   state = iota // Replay
	replayed              // everything but Replay
	closed
)

// Open opens the log in dir, or makes one if dir holds none. Nothing can be
// appended before Replay.
func Open(fs vfs.FS, dir string, opts Options) (*Log, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	l := &Log{
		fs: fs, dir: dir, opts: opts.withDefaults(),
		lead:  make(chan struct{}, 1),
		sides: map[string]Position{},
	}
	l.reserve.init()
	if !l.opts.Existing {
		if err := fs.MkdirAll(dir); err != nil {
			return nil, ioError("create", dir, err)
		}
	}
	if err := l.load(); err != nil {
		return nil, err
	}
	if len(l.segments) == 0 {
		if err := l.found(); err != nil {
			return nil, err
		}
	}
	l.seed = checksum(0, l.uuid[:])
	return l, nil
}

// found begins a log that has never been.
func (l *Log) found() error {
	rand.Read(l.uuid[:]) // never fails (crypto/rand)
	s := &segment{number: 1, header: header{uuid: l.uuid, number: 1, first: 1}}
	if err := l.make(s); err != nil {
		return err
	}
	f, err := l.fs.Open(l.path(s))
	if err != nil {
		return ioError("open", l.path(s), err)
	}
	defer f.Close()
	if _, err := f.WriteAt(s.header.encode(), 0); err != nil {
		return ioError("write", l.path(s), err)
	}
	if err := f.Sync(); err != nil {
		return ioError("fsync", l.path(s), err)
	}
	l.segments, l.highest = []*segment{s}, s.number
	return nil
}

// UUID identifies the log for ever.
func (l *Log) UUID() txn.LogID { return l.uuid }

// Metrics returns the log's counters.
func (l *Log) Metrics() *Metrics { return &l.metrics }

// Synced is the last position known to be durable.
func (l *Log) Synced() Position { return Position(l.synced.Load()) }

// First is the position of the first record that the log still has, or will have.
func (l *Log) First() Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.segments[0].header.first
}

// Last is the last position given out.
func (l *Log) Last() Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// Err is the error that has poisoned the log, or nil.
func (l *Log) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fatal
}

// Ticket is how to wait for an append. The zero Ticket waits for nothing.
type Ticket struct {
	log   *Log
	batch *batch
}

// Append puts records at the end, in one piece, and returns the position of
// the first. Order of positions is order of calls, so a caller that must have
// its records in some order appends in its critical section and waits
// outside. The data is copied. What nobody waits for is written with the next
// append that somebody does wait for, or by Flush.
//
// 53100 means that there is no space and that nothing was appended.
func (l *Log) Append(records ...Record) (Position, Ticket, error) {
	return l.append(records, false)
}

// AppendUrgent is Append for small records that must not fail for want of
// space: decisions and outcomes of transactions that are prepared somewhere.
// They may use a part of the log that Append leaves.
func (l *Log) AppendUrgent(records ...Record) (Position, Ticket, error) {
	return l.append(records, true)
}

func (l *Log) append(records []Record, urgent bool) (Position, Ticket, error) {
	need := int64(0)
	for _, r := range records {
		if len(r.Data) > MaxRecordBytes {
			return 0, Ticket{}, pgerr.Internal("a log record of %d bytes", len(r.Data))
		}
		need += recordHeaderBytes + int64(len(r.Data))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b, err := l.place(need, urgent)
	if err != nil {
		return 0, Ticket{}, err
	}
	first := l.last + 1
	for _, r := range records {
		b.add(r)
	}
	l.last += Position(len(records))
	b.appends++
	l.queued.Add(1)
	l.metrics.Appends.Add(1)
	l.metrics.Records.Add(int64(len(records)))
	return first, Ticket{log: l, batch: b}, nil
}

// place finds the batch for an append. A segment that it needs and that is not
// ready yet is made before the append has a position: later, a disk that is
// full would be the log's end. The caller holds mu, which is given up meanwhile.
func (l *Log) place(need int64, urgent bool) (*batch, error) {
	for {
		if err := l.usable(replayed); err != nil {
			return nil, err
		}
		b, err := l.batchFor(need, urgent)
		if err != errNoSpare {
			return b, err
		}
		l.mu.Unlock()
		l.reserve.refill(l)
		l.mu.Lock()
	}
}

// usable reports why nothing can be done in the present state. The caller
// holds mu.
func (l *Log) usable(want state) error {
	switch {
	case l.fatal != nil:
		return l.fatal
	case l.state != want:
		return pgerr.Internal("log %q: %s", l.dir, [...]string{"not replayed yet", "replayed already", "closed"}[l.state])
	}
	return nil
}

// Flush makes everything durable that was appended before the call.
func (l *Log) Flush() error {
	l.mu.Lock()
	t := Ticket{log: l}
	if len(l.queue) > 0 {
		t.batch = l.queue[len(l.queue)-1]
	}
	err := l.fatal
	l.mu.Unlock()
	if err != nil {
		return err
	}
	if t.batch == nil {
		// Nothing is queued, but a batch may be on its way: the next leader
		// begins when it has arrived.
		l.lead <- struct{}{}
		<-l.lead
		return l.Err()
	}
	return t.Wait()
}

// Close makes everything durable, marks the end and closes the files. A
// poisoned log returns its error.
func (l *Log) Close() error {
	l.mu.Lock()
	before := l.state
	l.state = closed
	l.mu.Unlock()
	if before == closed {
		return nil
	}
	err := l.Flush()
	l.reserve.close()
	l.lead <- struct{}{}
	defer func() { <-l.lead }()
	if err == nil && before == replayed {
		err = l.mark()
	}
	if l.file.File != nil {
		l.file.Close()
	}
	return err
}

// Abandon ends the log as a crash would: its goroutine is gone, nothing is
// marked, what nobody waited for stays unwritten. The file layer is expected to
// refuse what is under way.
func (l *Log) Abandon() {
	l.mu.Lock()
	l.state = closed
	l.mu.Unlock()
	l.reserve.close()
}

func (l *Log) path(s *segment) string { return filepath.Join(l.dir, s.name()) }
