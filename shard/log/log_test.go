package log_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/shard/log"
)

const dir = "log"

var small = log.Options{SegmentBytes: 4096}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open opens a log and reads it: the records from position from on.
func open(fs vfs.FS, opts log.Options, from log.Position) (*log.Log, []string, error) {
	l, err := log.Open(fs, dir, opts)
	if err != nil {
		return nil, nil, err
	}
	var got []string
	err = l.Replay(from, func(p log.Position, r log.Record) error {
		got = append(got, fmt.Sprintf("%d:%d:%s", p, r.Type, r.Data))
		return nil
	})
	return l, got, err
}

func mustOpen(t testing.TB, fs vfs.FS, opts log.Options, from log.Position) (*log.Log, []string) {
	t.Helper()
	l, got, err := open(fs, opts, from)
	check(t, err)
	return l, got
}

func put(t testing.TB, l *log.Log, texts ...string) log.Position {
	t.Helper()
	var records []log.Record
	for _, text := range texts {
		records = append(records, log.Record{Type: 7, Data: []byte(text)})
	}
	pos, ticket, err := l.Append(records...)
	check(t, err)
	check(t, ticket.Wait())
	return pos
}

func TestAppendAndReplay(t *testing.T) {
	fs := vfs.NewMem()
	l, got := mustOpen(t, fs, small, 0)
	if len(got) != 0 {
		t.Fatalf("a new log holds %v", got)
	}
	uuid := l.UUID()
	if pos := put(t, l, "a"); pos != 1 {
		t.Errorf("first position %d", pos)
	}
	if pos := put(t, l, "b", "", "c"); pos != 2 {
		t.Errorf("second position %d", pos)
	}
	if l.Last() != 4 || l.Synced() != 4 {
		t.Errorf("last %d, synced %d", l.Last(), l.Synced())
	}
	check(t, l.Close())
	check(t, l.Close())
	if _, _, err := l.Append(log.Record{}); err == nil {
		t.Error("append to a closed log")
	}

	l, got = mustOpen(t, fs, small, 3)
	if want := []string{"3:7:", "4:7:c"}; !slices.Equal(got, want) {
		t.Errorf("replayed %q, want %q", got, want)
	}
	if l.UUID() != uuid {
		t.Error("the UUID has changed")
	}
	if err := l.Replay(0, nil); err == nil {
		t.Error("second replay")
	}
	if pos := put(t, l, "d"); pos != 5 {
		t.Errorf("position after replay %d", pos)
	}
	check(t, l.Close())
}

func TestNotBeforeReplay(t *testing.T) {
	l, err := log.Open(vfs.NewMem(), dir, small)
	check(t, err)
	if _, _, err := l.Append(log.Record{}); err == nil {
		t.Error("append before replay")
	}
	check(t, l.Close())
}

func TestReplayStopsAtAnError(t *testing.T) {
	fs := vfs.NewMem()
	l, _ := mustOpen(t, fs, small, 0)
	put(t, l, "a")
	check(t, l.Close())
	l, err := log.Open(fs, dir, small)
	check(t, err)
	stop := errors.New("stop")
	if err := l.Replay(0, func(log.Position, log.Record) error { return stop }); err != stop {
		t.Errorf("replay: %v", err)
	}
}

// Many segments, replayed from every position, across restarts.
func TestSegments(t *testing.T) {
	fs := vfs.NewMem()
	var want []string
	for restart := range 4 {
		l, got := mustOpen(t, fs, small, 0)
		if !slices.Equal(got, want) {
			t.Fatalf("start %d: %d records, want %d", restart, len(got), len(want))
		}
		for i := range 30 {
			text := strings.Repeat("x", i*20)
			pos := put(t, l, text)
			want = append(want, fmt.Sprintf("%d:7:%s", pos, text))
		}
		if l.Metrics().Segments.Load() < 2 {
			t.Error("the log did not roll over")
		}
		check(t, l.Close())
	}
	for from := range want {
		l, got := mustOpen(t, fs, small, log.Position(from+1))
		if !slices.Equal(got, want[from:]) {
			t.Fatalf("from %d: %d records", from+1, len(got))
		}
		check(t, l.Close())
	}
}

func TestLargestRecord(t *testing.T) {
	fs := vfs.NewMem()
	l, _ := mustOpen(t, fs, log.Options{}, 0)
	data := make([]byte, log.MaxRecordBytes)
	if _, _, err := l.Append(log.Record{Data: data[:1]}, log.Record{Data: make([]byte, log.MaxRecordBytes+1)}); err == nil {
		t.Error("too large a record was taken")
	}
	for range 3 {
		_, ticket, err := l.Append(log.Record{Data: data})
		check(t, err)
		check(t, ticket.Wait())
	}
	if l.Last() != 3 {
		t.Errorf("last %d", l.Last())
	}
	check(t, l.Close())
	_, got := mustOpen(t, fs, log.Options{}, 3)
	if len(got) != 1 || len(got[0]) < log.MaxRecordBytes {
		t.Error("the record did not come back")
	}
}

// Appends of many goroutines: each sees its own in its order, and each
// position holds what was appended there.
func TestConcurrentAppends(t *testing.T) {
	fs := vfs.NewMem()
	l, _ := mustOpen(t, fs, log.Options{SegmentBytes: 1 << 16}, 0)
	const writers, each = 8, 200
	texts := make([]map[log.Position]string, writers)
	var wg sync.WaitGroup
	for w := range writers {
		texts[w] = map[log.Position]string{}
		wg.Go(func() {
			last := log.Position(0)
			for i := range each {
				text := fmt.Sprintf("%d/%d", w, i)
				pos, ticket, err := l.Append(log.Record{Type: 7, Data: []byte(text)}, log.Record{Type: 8, Data: []byte(text)})
				if err != nil || pos <= last {
					t.Errorf("append %s: position %d after %d, %v", text, pos, last, err)
				}
				last = pos
				texts[w][pos] = text
				if err := ticket.Wait(); err != nil {
					t.Error(err)
				}
				if l.Synced() < pos+1 {
					t.Errorf("waited for %d, synced is %d", pos+1, l.Synced())
				}
			}
		})
	}
	wg.Wait()
	check(t, l.Close())
	_, got := mustOpen(t, fs, log.Options{SegmentBytes: 1 << 16}, 0)
	if len(got) != 2*writers*each {
		t.Fatalf("%d records", len(got))
	}
	for _, m := range texts {
		for pos, text := range m {
			if want := fmt.Sprintf("%d:7:%s", pos, text); got[pos-1] != want {
				t.Errorf("got %q, want %q", got[pos-1], want)
			}
		}
	}
}

// What has queued up while a batch is written goes out with one sync.
func TestOneSyncForAll(t *testing.T) {
	l, _ := mustOpen(t, vfs.NewMem(), small, 0)
	before := l.Metrics().Syncs.Load()
	var tickets []log.Ticket
	for range 10 {
		_, ticket, err := l.Append(log.Record{Data: []byte("x")})
		check(t, err)
		tickets = append(tickets, ticket)
	}
	for _, ticket := range tickets {
		check(t, ticket.Wait())
	}
	if n := l.Metrics().Syncs.Load() - before; n != 1 {
		t.Errorf("%d syncs for ten queued appends", n)
	}
	check(t, l.Close())
}

func TestFlush(t *testing.T) {
	fs := vfs.NewMem()
	l, _ := mustOpen(t, fs, small, 0)
	_, _, err := l.Append(log.Record{Data: []byte("x")})
	check(t, err)
	check(t, l.Flush())
	check(t, l.Flush())
	if l.Synced() != 1 {
		t.Errorf("synced %d", l.Synced())
	}
}

// A failed sync ends the log, for those who wait and for those who come.
func TestPoison(t *testing.T) {
	for _, kind := range []vfs.Kind{vfs.OpSync, vfs.OpWrite} {
		t.Run(string(kind), func(t *testing.T) {
			broken := false
			fs := vfs.Inject(vfs.NewMem(), func(op vfs.Op) error {
				if broken && op.Kind == kind {
					return syscall.EIO
				}
				return nil
			})
			told := 0
			opts := small
			opts.OnFatal = func(error) { told++ }
			l, _ := mustOpen(t, fs, opts, 0)
			put(t, l, "a")
			_, first, err := l.Append(log.Record{})
			check(t, err)
			broken = true
			err = first.Wait()
			if !pgerr.HasCode(err, pgerr.IOError) {
				t.Fatalf("wait: %v", err)
			}
			broken = false // another try would seem to succeed
			if _, _, again := l.Append(log.Record{}); again != err {
				t.Errorf("append: %v", again)
			}
			for what, got := range map[string]error{
				"wait": first.Wait(), "flush": l.Flush(), "cut": l.Cut(1), "writers": l.WritersBlocked(), "close": l.Close(), "err": l.Err(),
			} {
				if got != err {
					t.Errorf("%s: %v", what, got)
				}
			}
			if told != 1 {
				t.Errorf("OnFatal was called %d times", told)
			}
			if l.Synced() != 1 {
				t.Errorf("synced %d", l.Synced())
			}
		})
	}
}

func TestAppendAllocations(t *testing.T) {
	l, _ := mustOpen(t, vfs.Inject(vfs.NewMem(), func(op vfs.Op) error {
		if op.Kind == vfs.OpWrite {
			return vfs.ErrSkip
		}
		return nil
	}), log.Options{}, 0)
	data := make([]byte, 300)
	n := testing.AllocsPerRun(1000, func() {
		_, ticket, _ := l.Append(log.Record{Data: data})
		ticket.Wait()
	})
	// The batch and its channel, the record slice, and the injector's Op.
	if n > 5 {
		t.Errorf("%v allocations for a lone append", n)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, committers := range []int{1, 8, 32} {
		b.Run(fmt.Sprint(committers), func(b *testing.B) {
			l, err := log.Open(vfs.OS{}, b.TempDir(), log.Options{})
			check(b, err)
			check(b, l.Replay(0, nil))
			data := binary.LittleEndian.AppendUint64(make([]byte, 600), 1)
			b.SetParallelism(committers / 2)
			if committers == 1 {
				for b.Loop() {
					_, ticket, _ := l.Append(log.Record{Data: data})
					ticket.Wait()
				}
			} else {
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						_, ticket, _ := l.Append(log.Record{Data: data})
						ticket.Wait()
					}
				})
			}
			m := l.Metrics()
			b.ReportMetric(float64(m.Appends.Load())/float64(m.Syncs.Load()), "appends/sync")
			check(b, l.Close())
		})
	}
}
