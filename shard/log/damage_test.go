package log_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
)

const firstSegment = dir + "/000001.log"

// image is the first segment's bytes.
func image(t *testing.T, fs vfs.FS) []byte {
	t.Helper()
	data, err := vfs.ReadFile(fs, firstSegment)
	check(t, err)
	return data
}

// planted is a file system that holds one segment.
func planted(t *testing.T, data []byte) *vfs.Mem {
	t.Helper()
	fs := vfs.NewMem()
	check(t, fs.MkdirAll(dir))
	check(t, vfs.WriteFile(fs, firstSegment, data))
	return fs
}

// killed is a log of a process that was killed after its last append, and
// where the bytes of the last batch begin and end.
func killed(t *testing.T, texts ...string) (data []byte, from, to int) {
	t.Helper()
	fs := vfs.NewMem()
	l, _ := mustOpen(t, fs, small, 0)
	var before []byte
	for _, text := range texts {
		before = image(t, fs)
		put(t, l, text)
	}
	data = image(t, fs)
	for from = range data {
		if data[from] != before[from] {
			break
		}
	}
	from &^= 7 // batches begin at multiples of 8
	for to = len(data); data[to-1] == 0; to-- {
	}
	return data, from, to
}

// A last batch that is cut at any length is dropped whole; the log goes on
// after the one before, and the next start finds what came then.
func TestTornTailOfEveryLength(t *testing.T) {
	data, from, to := killed(t, "a", "b", "the last one, torn")
	for _, garbage := range []byte{0, 0xff} {
		for cut := from; cut < to; cut++ {
			torn := slices.Clone(data)
			for i := cut; i < to; i++ {
				torn[i] = garbage
			}
			if slices.Equal(torn, data) {
				continue
			}
			fs := planted(t, torn)
			l, got, err := open(fs, small, 0)
			if err != nil {
				t.Fatalf("cut at %d of %d-%d: %v", cut, from, to, err)
			}
			if want := []string{"1:7:a", "2:7:b"}; !slices.Equal(got, want) {
				t.Fatalf("cut at %d of %d-%d: %q", cut, from, to, got)
			}
			put(t, l, "c")
			fs = fs.Kill()
			if _, got = mustOpen(t, fs, small, 0); !slices.Equal(got, []string{"1:7:a", "2:7:b", "3:7:c"}) {
				t.Fatalf("cut at %d, after the next start: %q", cut, got)
			}
		}
	}
}

// A file that ends in the middle of a batch is a torn tail too.
func TestShortFile(t *testing.T) {
	data, from, to := killed(t, "a", "b", "last")
	for cut := from; cut < to; cut++ {
		_, got, err := open(planted(t, data[:cut]), small, 0)
		if err != nil || !slices.Equal(got, []string{"1:7:a", "2:7:b"}) {
			t.Fatalf("cut at %d: %q %v", cut, got, err)
		}
	}
}

// Any byte changed below what is known to have been synced is damage, and the
// message says where.
func TestDamageBelowSynced(t *testing.T) {
	data, from, _ := killed(t, "first", "second", "third")
	for at := range from {
		bad := slices.Clone(data)
		bad[at] ^= 0x10
		_, got, err := open(planted(t, bad), small, 0)
		if !pgerr.HasCode(err, pgerr.DataCorrupted) {
			if isPadding(data, at) {
				continue
			}
			t.Fatalf("byte %d changed: %v, %q", at, err, got)
		}
		if !strings.Contains(err.Error(), "000001.log\" is damaged at offset") {
			t.Fatalf("byte %d changed: %v", at, err)
		}
	}
}

// isPadding reports whether a byte belongs to no batch: it is zero, and all
// from it to the next multiple of 8.
func isPadding(data []byte, at int) bool {
	for i := at; i%8 != 0 || i == at; i++ {
		if data[i] != 0 {
			return false
		}
	}
	return true
}

// After a clean stop the last batch is known to have been synced as well.
func TestDamageAfterCleanStop(t *testing.T) {
	fs := vfs.NewMem()
	l, _ := mustOpen(t, fs, small, 0)
	put(t, l, "acknowledged")
	at := strings.Index(string(image(t, fs)), "acknowledged")
	check(t, l.Close())
	data := image(t, fs)
	data[at] ^= 1
	if _, _, err := open(planted(t, data), small, 0); !pgerr.HasCode(err, pgerr.DataCorrupted) {
		t.Errorf("opened: %v", err)
	}
}

// So it is after a start, which has synced what it found and may have answered by it.
func TestDamageAfterReplay(t *testing.T) {
	data, from, _ := killed(t, "a", "found again")
	fs := planted(t, data)
	mustOpen(t, fs, small, 0)
	data = image(t, fs.Kill())
	data[from+60] ^= 1
	if _, got, err := open(planted(t, data), small, 0); !pgerr.HasCode(err, pgerr.DataCorrupted) {
		t.Errorf("opened: %v, %q", err, got)
	}
}

func TestMissingSegment(t *testing.T) {
	for missing := 1; missing <= 3; missing++ {
		fs := vfs.NewMem()
		l, _ := mustOpen(t, fs, small, 0)
		for range 100 {
			put(t, l, strings.Repeat("x", 100))
		}
		check(t, l.Close())
		check(t, fs.Remove(fmt.Sprintf("%s/%06d.log", dir, missing)))
		if _, _, err := open(fs, small, 1); !pgerr.HasCode(err, pgerr.DataCorrupted) {
			t.Errorf("without segment %d: %v", missing, err)
		}
	}
}

// A segment of another log does not pass.
func TestForeignSegment(t *testing.T) {
	segment := func() (*vfs.Mem, []byte) {
		fs := vfs.NewMem()
		l, _ := mustOpen(t, fs, small, 0)
		for range 100 {
			put(t, l, strings.Repeat("x", 100))
		}
		check(t, l.Close())
		data, err := vfs.ReadFile(fs, dir+"/000002.log")
		check(t, err)
		return fs, data
	}
	fs, _ := segment()
	_, foreign := segment()
	check(t, vfs.WriteFile(fs, dir+"/000002.log", foreign))
	if _, _, err := open(fs, small, 0); !pgerr.HasCode(err, pgerr.DataCorrupted) {
		t.Errorf("opened: %v", err)
	}
}

// A batch follows the one before it by its checksum: one of another history, at
// the right place and with the right position, ends the log.
func TestBatchesOfOneHistory(t *testing.T) {
	base := vfs.NewMem()
	l, _ := mustOpen(t, base, small, 0)
	put(t, l, "a")
	before, histories := image(t, base), [2][]byte{}
	for i, texts := range [][]string{{"b"}, {"c", "d"}} {
		fs := planted(t, before)
		l, _ := mustOpen(t, fs, small, 0)
		for _, text := range texts {
			put(t, l, text)
		}
		histories[i] = image(t, fs)
	}
	end := len(histories[0])
	for histories[0][end-1] == 0 {
		end--
	}
	end = (end + 7) &^ 7
	mixed := append(slices.Clone(histories[0][:end]), histories[1][end:]...)
	_, got, err := open(planted(t, mixed), small, 0)
	if err == nil && slices.Contains(got, "3:7:d") {
		t.Fatalf("replayed %q: d followed c", got)
	}
}

// So does a batch of another log.
func TestBatchesOfOneLog(t *testing.T) {
	own, _, _ := killed(t, "own")
	foreign, _, _ := killed(t, "foreign")
	const header = 64
	mixed := append(slices.Clone(own[:header]), foreign[header:]...)
	if _, got, err := open(planted(t, mixed), small, 0); err != nil || len(got) > 0 {
		t.Fatalf("replayed %q, %v", got, err)
	}
}

// A segment follows the batch before it, too: that of another history of the
// same log, as a copy of the directory may have one, is damage though its
// positions are right.
func TestSegmentsOfOneHistory(t *testing.T) {
	const second = dir + "/000002.log"
	base := vfs.NewMem()
	mustOpen(t, base, small, 0)
	begun := image(t, base)
	var histories [2]*vfs.Mem
	for i, text := range []string{"x", "y"} {
		histories[i] = planted(t, begun)
		l, _ := mustOpen(t, histories[i], small, 0)
		for rolled := false; !rolled; {
			put(t, l, strings.Repeat(text, 100))
			data, err := vfs.ReadFile(histories[i], second)
			check(t, err)
			rolled = data[0] != 0
		}
		histories[i] = histories[i].Kill()
	}
	data, err := vfs.ReadFile(histories[1], second)
	check(t, err)
	check(t, vfs.WriteFile(histories[0], second, data))
	if _, got, err := open(histories[0], small, 0); !pgerr.HasCode(err, pgerr.DataCorrupted) {
		t.Fatalf("opened with %d records: %v", len(got), err)
	}
}
