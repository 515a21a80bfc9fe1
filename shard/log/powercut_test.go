package log_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/txn"
)

// life is a log that is used, dies and comes back, and what must be in it.
type life struct {
	rng  *rand.Rand
	disk *vfs.Mem

	uuid     txn.LogID
	appended map[log.Position]string // the last that was appended there
	sides    map[log.Position]log.Side
	durable  log.Position // all up to here was acknowledged or replayed
	cut      log.Position // nothing below is needed

	skip string // the sync that is taken out: a line of the package
}

var errDied = errors.New("the process has died")

// errLost is what a life finds that must not be.
type errLost struct{ what string }

func (e errLost) Error() string { return e.what }

func lost(format string, args ...any) error { return errLost{fmt.Sprintf(format, args...)} }

func newLife(seed uint64, skip string) *life {
	return &life{
		rng: rand.New(rand.NewPCG(seed, 1)), disk: vfs.NewMem(), cut: 1,
		appended: map[log.Position]string{}, sides: map[log.Position]log.Side{},
		skip: skip,
	}
}

// site is the line of package log on the caller's stack.
func site() string {
	pc := make([]uintptr, 32)
	frames := runtime.CallersFrames(pc[:runtime.Callers(2, pc)])
	for {
		f, more := frames.Next()
		if strings.Contains(f.Function, "/shard/log.") && !strings.Contains(f.Function, "log_test.") {
			_, function, _ := strings.Cut(f.Function, "/shard/log.")
			return fmt.Sprintf("%s:%d", function, f.Line)
		}
		if !more {
			return ""
		}
	}
}

// injector lets the process die when it must, and takes the skipped sync out.
func (w *life) injector(d death) vfs.Injector {
	var operations, nth atomic.Int64
	return func(op vfs.Op) error {
		if operations.Add(1) > int64(d.operations) {
			return errDied
		}
		if op.Kind != vfs.OpSync && op.Kind != vfs.OpSyncDir {
			return nil
		}
		where := site()
		if d.function != "" && strings.HasPrefix(where, d.function+":") && nth.Add(1) == int64(d.nth) {
			operations.Store(int64(d.operations))
			return errDied
		}
		if where == w.skip {
			return vfs.ErrSkip
		}
		select {
		case sites <- where:
		default:
		}
		return nil
	}
}

// sites collects where syncs come from, from any goroutine.
var sites = make(chan string, 1<<16)

// death is when a life ends: after some operations, or at some sync of a
// function, whichever comes first; and whether the power goes with it.
type death struct {
	operations int
	function   string
	nth        int
	powerCut   bool
	plain      bool // the life does nothing but append
}

const many = 1 << 10

// deaths draws a story, one of a few kinds.
func (w *life) deaths() []death {
	switch w.rng.IntN(4) {
	case 0: // it dies before it has begun
		return []death{{operations: w.rng.IntN(12), powerCut: true}}
	case 1: // a batch is in the page cache only, and so is what the next start reads
		return []death{
			{operations: many, function: "(*Log).sync", nth: 2 + w.rng.IntN(20)},
			{operations: many, function: "(*Log).sync", nth: 1, powerCut: true},
		}
	case 2: // a file has its new name in the page cache only
		return []death{
			{operations: many, function: "(*Log).drop", nth: 1 + w.rng.IntN(3)},
			{operations: 20 + w.rng.IntN(100), powerCut: true, plain: true},
		}
	}
	var ds []death
	for range 3 {
		ds = append(ds, death{operations: w.rng.IntN(1 + w.rng.IntN(120)), powerCut: w.rng.IntN(2) == 0})
	}
	return ds
}

// run lives through some deaths. It returns errLost when something is missing.
func (w *life) run() error {
	for _, d := range w.deaths() {
		err := w.live(d)
		var l errLost
		if errors.As(err, &l) {
			return err
		}
		if d.powerCut {
			w.disk = w.disk.PowerCut(w.rng.Uint64())
		} else {
			w.disk = w.disk.Kill()
		}
	}
	return w.live(death{operations: many})
}

// live opens the log and uses it until the process dies or has done enough.
func (w *life) live(d death) error {
	l, err := log.Open(vfs.Inject(w.disk, w.injector(d)), dir, small)
	if err != nil {
		return w.refused(err)
	}
	defer l.Close()
	if w.uuid != (txn.LogID{}) && w.uuid != l.UUID() {
		return lost("the log is another one")
	}
	w.uuid = l.UUID()
	if err := w.replay(l); err != nil {
		return w.refused(err)
	}
	for range 40 {
		if err := w.step(l, d.plain); err != nil {
			return err
		}
	}
	return nil
}

// refused makes a refusal to start, which no crash may cause, a loss.
func (w *life) refused(err error) error {
	if pgerr.HasCode(err, pgerr.DataCorrupted) {
		return lost("refused to start: %v %s", err, pgerr.From(err).Detail)
	}
	return err
}

func (w *life) replay(l *log.Log) error {
	next := w.cut
	err := l.Replay(w.cut, func(p log.Position, r log.Record) error {
		if p != next {
			return lost("position %d comes after %d", p, next-1)
		}
		next++
		if string(r.Data) != w.appended[p] {
			return lost("position %d holds %.20q, not %.20q", p, r.Data, w.appended[p])
		}
		return w.checkSide(l, p)
	})
	if err != nil {
		return err
	}
	if next <= w.durable {
		return lost("position %d was durable, the log ends before %d", w.durable, next)
	}
	w.durable = next - 1
	maps.DeleteFunc(w.sides, func(p log.Position, _ log.Side) bool { return p >= next })
	return nil
}

func (w *life) checkSide(l *log.Log, p log.Position) error {
	side, ok := w.sides[p]
	if !ok {
		return nil
	}
	r, err := l.OpenSide(side)
	if err != nil {
		if errors.Is(err, errDied) {
			return err
		}
		return lost("side file of %d: %v", p, err)
	}
	defer r.Close()
	if err := r.Verify(); err != nil && !errors.Is(err, errDied) {
		return lost("side file of %d: %v", p, err)
	}
	l.BindSide(side.Name, p)
	return nil
}

func (w *life) step(l *log.Log, plain bool) error {
	what := w.rng.IntN(8)
	switch {
	case plain:
	case what == 0:
		return w.appendSide(l)
	case what == 1:
		upto := w.cut + log.Position(w.rng.Int64N(int64(w.durable-w.cut+2)))
		w.cut = upto // what is below is not needed from now on, cut or not
		return l.Cut(upto)
	case what == 2:
		l.CheckSpace()
		return nil
	}
	pos, ticket, err := w.append(l, w.text())
	if err != nil || w.rng.IntN(4) == 0 {
		return err
	}
	return w.wait(pos, ticket)
}

func (w *life) text() string {
	return strings.Repeat(fmt.Sprintf("%d.", w.rng.IntN(1000)), w.rng.IntN(200))
}

func (w *life) append(l *log.Log, text string) (log.Position, log.Ticket, error) {
	pos, ticket, err := l.Append(log.Record{Data: []byte(text)})
	if err == nil {
		delete(w.sides, pos)
		w.appended[pos] = text
	}
	return pos, ticket, err
}

func (w *life) wait(pos log.Position, ticket log.Ticket) error {
	if err := ticket.Wait(); err != nil {
		return err
	}
	w.durable = max(w.durable, pos)
	return nil
}

func (w *life) appendSide(l *log.Log) error {
	s, err := l.CreateSide()
	if err != nil {
		return err
	}
	if _, err := s.Write([]byte(w.text())); err != nil {
		return err
	}
	side, err := s.Finish()
	if err != nil {
		return err
	}
	pos, ticket, err := w.append(l, side.Name)
	if err != nil {
		return err
	}
	w.sides[pos] = side
	l.BindSide(side.Name, pos)
	return w.wait(pos, ticket)
}

// Whatever dies when: nothing acknowledged or replayed is missing, nothing
// comes back that was not appended, and the log always starts.
func TestPowerCuts(t *testing.T) {
	for seed := range uint64(400) {
		err := newLife(seed, "").run()
		var l errLost
		if errors.As(err, &l) {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// A segment that was dropped has its new name durably before it is written
// again, and is gone before a later one is: under its old name what it holds
// would be taken for a spare's, and with a later one gone alone there is a gap.
// With the disk full no new segment's name is synced behind it.
func TestDroppedSegments(t *testing.T) {
	for _, records := range []int{40, 100} { // some segments become spares, others go
		for _, more := range []int{0, 25} { // after the cut, the last of them in a segment used again
			for seed := range uint64(16) {
				disk, full := vfs.NewMem(), atomic.Bool{}
				l, _ := mustOpen(t, vfs.Inject(disk, func(op vfs.Op) error {
					if full.Load() && op.Kind == vfs.OpCreate {
						return syscall.ENOSPC
					}
					return nil
				}), small, 0)
				for range records {
					put(t, l, strings.Repeat("x", 200))
				}
				l.CheckSpace() // there is one spare
				full.Store(true)
				needed := log.Position(records - 20)
				check(t, l.Cut(needed))
				for range more {
					put(t, l, strings.Repeat("y", 200))
				}
				_, got, err := open(disk.PowerCut(seed), small, needed)
				if want := 21 + more; err != nil || len(got) != want {
					t.Fatalf("%d and %d records, seed %d: %d of %d: %v", records, more, seed, len(got), want, err)
				}
			}
		}
	}
}

// latencyOnly are syncs that only keep a later one from having much to write.
var latencyOnly = []string{"(*Log).fill"}

// Taking any one sync out of the log makes TestPowerCuts fail.
func TestEachSyncIsNeeded(t *testing.T) {
	const tries = 4000
	for _, where := range syncSites(t) {
		if slices.ContainsFunc(latencyOnly, func(f string) bool { return strings.HasPrefix(where, f+":") }) {
			continue
		}
		found := false
		for seed := uint64(0); seed < tries && !found; seed++ {
			var l errLost
			found = errors.As(newLife(seed, where).run(), &l)
		}
		if !found {
			t.Errorf("%d lives without the sync at %s lose nothing", tries, where)
		}
	}
}

// syncSites are the lines that sync something.
func syncSites(t *testing.T) []string {
	seen := map[string]bool{}
	for seed := range uint64(100) {
		newLife(seed, "").run()
		for len(sites) > 0 {
			seen[<-sites] = true
		}
	}
	if len(seen) < 8 {
		t.Errorf("only %d syncs were seen: %v", len(seen), seen)
	}
	return slices.Sorted(maps.Keys(seen))
}
