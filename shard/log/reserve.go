package log

import (
	"errors"
	"sync"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// plan is what the queued batches will have used: appends are placed before
// they are written, so that one which has no place fails before it has a position.
type plan struct {
	room  int64 // left in the segment that the last queued batch goes to
	rolls int   // queued batches that begin a segment
}

// urgentBytes of the last segment that there is space for are left to
// AppendUrgent: some thousand decisions.
func (l *Log) urgentBytes() int64 { return min(1<<20, l.opts.SegmentBytes/8) }

// UrgentCopies is how much of AppendUrgent's room may go to copies of what a cut
// at upto takes away: none if that drops no segment, for then it gives nothing back.
func (l *Log) UrgentCopies(upto Position) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.segments) < 2 || l.segments[1].header.first > upto {
		return 0
	}
	return l.urgentBytes() / 2
}

// fits reports whether n bytes go into the segment of the last queued batch.
// The caller holds mu.
func (l *Log) fits(n int64, urgent bool) bool {
	room := l.plan.room
	if !urgent && len(l.spares) <= l.plan.rolls {
		room -= l.urgentBytes()
	}
	return n <= room
}

// errNoSpare asks for a segment to be made first.
var errNoSpare = errors.New("no spare segment")

// planRoll makes the next batch begin a segment. It is refused when there is
// none and making one has failed for want of space, or not been tried. The
// caller holds mu.
func (l *Log) planRoll() error {
	if len(l.spares) <= l.plan.rolls {
		if l.reserve.full != nil {
			return l.reserve.full
		}
		return errNoSpare
	}
	l.plan.rolls++
	l.plan.room = l.opts.SegmentBytes - headerBytes
	return nil
}

// reserve keeps a spare segment ready. Its goroutine belongs to the Log, from
// Replay to Close.
type reserve struct {
	making sync.Mutex // held while segments are made, taken or recycled
	wanted chan struct{}
	stop   chan struct{}
	done   sync.WaitGroup
	once   sync.Once

	full error // why there is no spare; protected by Log.mu
}

func (r *reserve) init() {
	r.wanted = make(chan struct{}, 1)
	r.stop = make(chan struct{})
}

func (r *reserve) start(l *Log) {
	r.done.Add(1)
	go func() {
		defer r.done.Done()
		r.run(l)
	}()
}

func (r *reserve) run(l *Log) {
	for {
		select {
		case <-r.stop:
			return
		case <-r.wanted:
			r.refill(l)
		}
	}
}

func (r *reserve) close() {
	r.once.Do(func() { close(r.stop) })
	r.done.Wait()
}

func (r *reserve) wake() {
	select {
	case r.wanted <- struct{}{}:
	default:
	}
}

// refill makes a spare if there is none and notes whether there is space.
func (r *reserve) refill(l *Log) {
	r.making.Lock()
	defer r.making.Unlock()
	l.mu.Lock()
	have := len(l.spares) - l.plan.rolls
	s := &segment{number: l.highest + 1}
	l.mu.Unlock()
	var err error
	if have < 1 {
		err = l.make(s)
	}
	if err == nil {
		err = l.checkFree()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if have < 1 && err == nil {
		l.addSpare(s)
	}
	r.full = err
}

// addSpare puts a finished spare behind the others. The caller holds mu.
func (l *Log) addSpare(s *segment) {
	l.spares = append(l.spares, s)
	l.highest = s.number
}

func (l *Log) checkFree() error {
	free, err := l.fs.FreeBytes(l.dir)
	if err != nil {
		return ioError("stat", l.dir, err)
	}
	if free < l.opts.MinFreeBytes {
		return pgerr.New(pgerr.DiskFull, "could not extend log in \"%s\": No space left on device", l.dir).
			WithDetail("%d bytes are free, %d are kept for transactions under way.", free, l.opts.MinFreeBytes).
			WithHint("Check free disk space.")
	}
	return nil
}

// take returns the next segment for use: a spare, or a new one when rolling
// overtook the making of it.
func (r *reserve) take(l *Log) (*segment, error) {
	if s := l.takeSpare(); s != nil {
		return s, nil
	}
	r.making.Lock()
	defer r.making.Unlock()
	if s := l.takeSpare(); s != nil {
		return s, nil
	}
	l.mu.Lock()
	s := &segment{number: l.highest + 1}
	l.mu.Unlock()
	if err := l.make(s); err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.highest = s.number
	l.mu.Unlock()
	return s, nil
}

func (l *Log) takeSpare() *segment {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.spares) == 0 {
		return nil
	}
	s := l.spares[0]
	l.spares = l.spares[1:]
	return s
}

// WritersBlocked is nil, or 53100 for statements that want to begin writing:
// what is left is for transactions that have written already. It is cheap;
// while blocked, each call has the space looked at again in the background.
func (l *Log) WritersBlocked() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fatal != nil {
		return l.fatal
	}
	if l.reserve.full != nil {
		l.reserve.wake()
	}
	return l.reserve.full
}

// CheckSpace looks at the free space now; WritersBlocked answers by it. To be
// called now and then, as others use the disk too.
func (l *Log) CheckSpace() { l.reserve.refill(l) }
