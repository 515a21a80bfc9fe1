package log_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/shard/log"
)

func segments(t *testing.T, fs vfs.FS) []string {
	t.Helper()
	names, err := fs.List(dir)
	check(t, err)
	return slices.DeleteFunc(names, func(n string) bool { return !strings.HasSuffix(n, ".log") })
}

// Cutting keeps everything from the position on, however often, and uses old
// files again instead of taking more of the disk.
func TestCut(t *testing.T) {
	disk := vfs.NewMem()
	l, _ := mustOpen(t, disk, small, 0)
	var most int64
	for i := range 400 {
		pos := put(t, l, strings.Repeat("x", 200))
		if i%10 == 9 {
			check(t, l.Cut(pos-5))
		}
		most = max(most, disk.UsedBytes())
	}
	if most > 6*small.SegmentBytes {
		t.Errorf("%d bytes of disk for a log that is cut all the time", most)
	}
	if len(segments(t, disk)) > 5 {
		t.Errorf("segments %v", segments(t, disk))
	}
	check(t, l.Close())
	_, got := mustOpen(t, disk, small, 395)
	if len(got) != 6 || !strings.HasPrefix(got[0], "395:") {
		t.Errorf("%d records from 395 on", len(got))
	}
}

func TestCutBelowNeeded(t *testing.T) {
	disk := vfs.NewMem()
	l, _ := mustOpen(t, disk, small, 0)
	for range 100 {
		put(t, l, strings.Repeat("x", 200))
	}
	check(t, l.Cut(80))
	check(t, l.Cut(1000)) // the segment being written stays
	put(t, l, "last")
	check(t, l.Close())
	if _, _, err := open(disk, small, 1); !pgerr.HasCode(err, pgerr.DataCorrupted) {
		t.Errorf("replay of what was cut: %v", err)
	}
	if _, got, err := open(disk, small, 101); err != nil || !slices.Equal(got, []string{"101:7:last"}) {
		t.Errorf("replay of the last: %q %v", got, err)
	}
}

// With the disk full, new statements hear of it first; ordinary appends go on
// while there is room and then fail without a trace; decisions still go in;
// and all is well again when there is space.
func TestFullDisk(t *testing.T) {
	disk := vfs.NewMem()
	l, _ := mustOpen(t, disk, small, 0)
	disk.SetCapacity(disk.UsedBytes())
	record := log.Record{Type: 7, Data: []byte(strings.Repeat("x", 100))}
	blocked := 0
	var refusal error
	for range 200 {
		_, ticket, err := l.Append(record)
		if refusal = err; err != nil {
			break
		}
		check(t, ticket.Wait())
		l.CheckSpace()
		if l.WritersBlocked() != nil {
			blocked++
		}
	}
	if !pgerr.HasCode(refusal, pgerr.DiskFull) || blocked < 10 {
		t.Fatalf("append to a full disk: %v, after %d with writers blocked", refusal, blocked)
	}
	if err := l.WritersBlocked(); !pgerr.HasCode(err, pgerr.DiskFull) {
		t.Errorf("writers: %v", err)
	}
	_, ticket, err := l.AppendUrgent(record)
	check(t, err)
	check(t, ticket.Wait())
	if l.Err() != nil {
		t.Errorf("a full disk has poisoned the log: %v", l.Err())
	}
	_, err = l.CreateSide()
	check(t, err)

	last := l.Last()
	disk.SetCapacity(1 << 20)
	l.CheckSpace()
	check(t, l.WritersBlocked())
	put(t, l, "again")
	check(t, l.Close())
	_, got := mustOpen(t, disk, small, last)
	if len(got) != 2 || got[1] != fmt.Sprintf("%d:7:again", last+1) {
		t.Errorf("replayed %q", got)
	}
}

// A log whose disk is full at the start starts, with writers blocked.
func TestStartOnFullDisk(t *testing.T) {
	disk := vfs.NewMem()
	l, _ := mustOpen(t, disk, small, 0)
	put(t, l, "a")
	check(t, l.Close())
	for _, name := range segments(t, disk)[1:] {
		check(t, disk.Remove(dir+"/"+name))
	}
	disk.SetCapacity(disk.UsedBytes())
	l, got := mustOpen(t, disk, small, 0)
	if !slices.Equal(got, []string{"1:7:a"}) {
		t.Errorf("replayed %q", got)
	}
	if err := l.WritersBlocked(); !pgerr.HasCode(err, pgerr.DiskFull) {
		t.Errorf("writers: %v", err)
	}
	check(t, l.Close())
}

func TestMinFreeBytes(t *testing.T) {
	disk := vfs.NewMem()
	opts := small
	opts.MinFreeBytes = 10_000
	l, _ := mustOpen(t, disk, opts, 0)
	check(t, l.WritersBlocked())
	disk.SetCapacity(disk.UsedBytes() + 9_999)
	l.CheckSpace()
	if err := l.WritersBlocked(); !pgerr.HasCode(err, pgerr.DiskFull) {
		t.Errorf("writers: %v", err)
	}
	put(t, l, "under way")
	check(t, l.Close())
}

// With the disk full a cut keeps one spare, not several.
func TestCutOnFullDisk(t *testing.T) {
	for _, full := range []bool{false, true} {
		disk := vfs.NewMem()
		opts := small
		opts.MinFreeBytes = 10_000
		l, _ := mustOpen(t, disk, opts, 0)
		for range 100 {
			put(t, l, strings.Repeat("x", 200))
		}
		if full {
			disk.SetCapacity(disk.UsedBytes() + 1000)
			l.CheckSpace()
		}
		check(t, l.Cut(l.Last()))
		want := 3
		if full {
			want = 2
		}
		if got := segments(t, disk); len(got) != want {
			t.Errorf("full %t: %v", full, got)
		}
		check(t, l.Close())
	}
}

func TestSideFiles(t *testing.T) {
	disk := vfs.NewMem()
	l, _ := mustOpen(t, disk, small, 0)
	write := func(text string) log.Side {
		w, err := l.CreateSide()
		check(t, err)
		_, err = w.Write([]byte(text))
		check(t, err)
		side, err := w.Finish()
		check(t, err)
		return side
	}
	kept, forgotten, early, copied := write("kept"), write("forgotten"), write("early"), write("copied")
	l.BindSide(early.Name, put(t, l, early.Name))
	first := put(t, l, copied.Name)
	l.BindSide(copied.Name, first)
	for range 50 {
		put(t, l, strings.Repeat("x", 300))
	}
	l.BindSide(kept.Name, put(t, l, kept.Name))
	l.BindSide(copied.Name, put(t, l, copied.Name))
	l.BindSide(copied.Name, first) // the record that is needed longest counts
	discarded, err := l.CreateSide()
	check(t, err)
	discarded.Discard()

	reader, err := l.OpenSide(early)
	check(t, err)
	check(t, l.Cut(10))
	check(t, reader.Verify()) // who has it open can go on
	check(t, reader.Close())
	if _, err := l.OpenSide(early); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("side file below the cut: %v", err)
	}
	for _, side := range []log.Side{kept, forgotten, copied} { // forgotten's record could still come
		r, err := l.OpenSide(side)
		check(t, err)
		check(t, r.Close())
	}
	check(t, l.Close())

	l, err = log.Open(disk, dir, small)
	check(t, err)
	check(t, l.Replay(10, func(p log.Position, r log.Record) error {
		if string(r.Data) == kept.Name {
			l.BindSide(kept.Name, p)
		}
		return nil
	}))
	reader, err = l.OpenSide(kept)
	check(t, err)
	check(t, reader.Verify())
	p := make([]byte, 2)
	if _, err := reader.ReadAt(p, 1); err != nil || string(p) != "ep" {
		t.Errorf("read %q %v", p, err)
	}
	if _, err := l.OpenSide(forgotten); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("side file that no record names: %v", err)
	}
	check(t, l.Close())
}

// The name of a side file never comes again, in no life of the log: a record
// that is not needed any more may still be read, and names its own.
func TestSideNamesAreNew(t *testing.T) {
	disk, seen := vfs.NewMem(), map[string]bool{}
	for range 3 {
		l, _ := mustOpen(t, disk, small, 0)
		for range 3 {
			w, err := l.CreateSide()
			check(t, err)
			side, err := w.Finish()
			check(t, err)
			if seen[side.Name] {
				t.Fatalf("%s comes again", side.Name)
			}
			seen[side.Name] = true
			check(t, l.RemoveSide(side.Name))
		}
		disk = disk.Kill()
	}
}

func TestDamagedSideFile(t *testing.T) {
	disk := vfs.NewMem()
	l, _ := mustOpen(t, disk, small, 0)
	w, err := l.CreateSide()
	check(t, err)
	_, err = w.Write([]byte("content"))
	check(t, err)
	side, err := w.Finish()
	check(t, err)
	f, err := disk.Open(dir + "/" + side.Name)
	check(t, err)
	_, err = f.WriteAt([]byte("x"), 3)
	check(t, err)
	r, err := l.OpenSide(side)
	check(t, err)
	if err := r.Verify(); !pgerr.HasCode(err, pgerr.DataCorrupted) {
		t.Errorf("changed content: %v", err)
	}
	check(t, f.Truncate(3))
	if _, err := l.OpenSide(side); !pgerr.HasCode(err, pgerr.DataCorrupted) {
		t.Errorf("cut off: %v", err)
	}
}

func TestOptions(t *testing.T) {
	if _, err := log.Open(vfs.NewMem(), dir, log.Options{SegmentBytes: 100}); err == nil {
		t.Error("a segment of 100 bytes was accepted")
	}
}
