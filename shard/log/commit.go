package log

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
)

// batch is what one fsync makes durable.
type batch struct {
	buf     []byte // header and records
	first   Position
	count   uint32
	appends int64
	roll    bool // begins a segment
	// done is closed when the batch is durable, or never will be; then err says so.
	done chan struct{}
	err  error
}

// softBatchBytes closes a batch to more appends, so that they can wait for
// their own instead of for megabytes of others'.
const softBatchBytes = 1 << 20

// keptBufferBytes is the largest buffer that is kept for the next batch.
const keptBufferBytes = 1 << 20

func (b *batch) add(r Record) {
	b.buf = order.AppendUint32(b.buf, uint32(r.Type)|uint32(len(r.Data))<<8)
	b.buf = append(b.buf, r.Data...)
	b.count++
}

// batchFor returns the batch that need bytes of records go into. The caller
// holds mu.
func (l *Log) batchFor(need int64, urgent bool) (*batch, error) {
	if n := len(l.queue); n > 0 {
		b := l.queue[n-1]
		if int64(len(b.buf))+need <= softBatchBytes && l.fits(need, urgent) {
			l.plan.room -= need
			return b, nil
		}
	}
	whole := need + batchHeaderBytes + batchAlign
	roll := false
	if !l.fits(whole, urgent) {
		if whole > l.opts.SegmentBytes-headerBytes {
			return nil, pgerr.Internal("%d bytes of records do not fit into a log segment", need)
		}
		if err := l.planRoll(); err != nil {
			return nil, err
		}
		roll = true
	}
	l.plan.room -= whole
	b := &batch{buf: l.buffer(), first: l.last + 1, roll: roll, done: make(chan struct{})}
	l.queue = append(l.queue, b)
	return b, nil
}

func (l *Log) buffer() []byte {
	n := len(l.free)
	if n == 0 {
		return make([]byte, batchHeaderBytes, 4096)
	}
	buf := l.free[n-1]
	l.free = l.free[:n-1]
	return buf[:batchHeaderBytes]
}

// Wait returns when the append is durable, or with the error that says that
// it may never be: nobody can know then, and the node must end.
//
// Whoever waits may find itself the leader and do the writing, for its own
// batch and those before it.
func (t Ticket) Wait() error {
	if t.batch == nil {
		return nil
	}
	for {
		select {
		case <-t.batch.done:
			return t.batch.err
		default:
		}
		select {
		case <-t.batch.done:
			return t.batch.err
		case t.log.lead <- struct{}{}:
			t.log.leadOnce(t.batch)
			<-t.log.lead
		}
	}
}

// leadOnce writes the oldest batch, unless b is durable already. The caller
// holds lead.
func (l *Log) leadOnce(b *batch) {
	select {
	case <-b.done:
		return
	default:
	}
	l.gather()
	l.mu.Lock()
	next := l.queue[0]
	l.queue = l.queue[1:]
	l.queued.Add(-next.appends)
	err := l.fatal
	l.mu.Unlock()
	if err == nil {
		err = l.write(next)
	}
	if err != nil {
		err = l.poison(err)
	}
	next.err = err
	l.crowd.measure(next.appends + l.queued.Load())
	l.recycle(next)
	close(next.done)
}

func (l *Log) recycle(b *batch) {
	if cap(b.buf) > keptBufferBytes {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = append(l.free, b.buf)
	b.buf = nil
}

// gauge is what gathering goes by: how many appends the last sync had behind
// it or waiting (crowd), and how long syncs take.
type gauge struct {
	appends   atomic.Int64
	syncNanos atomic.Int64 // smoothed
}

func (g *gauge) measure(appends int64) { g.appends.Store(appends) }

func (g *gauge) took(d time.Duration) {
	old := g.syncNanos.Load()
	g.syncNanos.Store(old + (int64(d)-old)/8)
}

// maxGather bounds what a commit can lose by waiting for company.
const maxGather = 200 * time.Microsecond

// gather lets the committers of the last batch come back before the next one
// is written: the first of them would otherwise have a sync to itself, and
// all others wait for that and then for their own. Someone who commits alone
// is not held up.
func (l *Log) gather() {
	want := l.crowd.appends.Load()
	if l.queued.Load() >= want {
		return
	}
	budget := min(maxGather, time.Duration(l.crowd.syncNanos.Load()/2))
	for began := time.Now(); l.queued.Load() < want && time.Since(began) < budget; {
		runtime.Gosched()
	}
}

// current is the segment being written; it belongs to the holder of lead.
type current struct {
	vfs.File
	name  string
	bytes int64  // that are allocated
	off   int64  // where the next batch goes
	chain uint32 // checksum of the last batch
}

// write makes a batch durable. The caller holds lead.
func (l *Log) write(b *batch) error {
	if b.roll {
		if err := l.roll(b.first); err != nil {
			return err
		}
	}
	f := frame{chain: l.file.chain, count: b.count, first: b.first, synced: l.Synced(), incarnation: l.incarnation}
	crc := f.seal(b.buf, l.seed)
	if _, err := l.file.WriteAt(b.buf, l.file.off); err != nil {
		return ioError("write", l.file.name, err)
	}
	if err := l.sync(); err != nil {
		return err
	}
	l.file.off += padded(int64(len(b.buf)))
	l.file.chain = crc
	l.synced.Store(int64(b.first) + int64(b.count) - 1)
	l.metrics.Batches.Add(1)
	l.metrics.Bytes.Add(int64(len(b.buf)))
	return nil
}

func (l *Log) sync() error {
	began := time.Now()
	if err := l.file.Sync(); err != nil {
		return ioError("fsync", l.file.name, err)
	}
	took := time.Since(began)
	l.crowd.took(took)
	l.metrics.Syncs.Add(1)
	l.metrics.SyncNanos.Add(int64(took))
	return nil
}

// mark writes a batch without records, which says that everything before it
// was synced: damage in there cannot pass for a torn tail any more. Without
// room for it, it is left out. The caller holds lead and has synced.
func (l *Log) mark() error {
	if l.file.off+batchHeaderBytes > l.file.bytes {
		return nil
	}
	b := &batch{buf: make([]byte, batchHeaderBytes), first: l.Synced() + 1}
	if err := l.write(b); err != nil {
		return l.poison(err)
	}
	return nil
}

// poison ends the log. It returns the error that did, which may be an earlier one.
func (l *Log) poison(err error) error {
	l.mu.Lock()
	first := l.fatal == nil
	if first {
		l.fatal = err
	}
	err = l.fatal
	l.mu.Unlock()
	if first {
		l.opts.OnFatal(err)
	}
	return err
}
