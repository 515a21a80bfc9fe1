package log_test

import (
	"slices"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
)

// FuzzSegment opens logs whose first segment was changed at one place or cut
// off: what comes back is a prefix of what was written, or a refusal that
// says XX001.
func FuzzSegment(f *testing.F) {
	fs := vfs.NewMem()
	l, _ := mustOpen(f, fs, small, 0)
	want := []string{"1:7:first", "2:7:second", "3:7:", "4:7:fourth"}
	for _, text := range []string{"first", "second", "", "fourth"} {
		put(f, l, text)
	}
	whole, err := vfs.ReadFile(fs, firstSegment)
	check(f, err)
	f.Add(uint16(70), []byte{1}, uint16(4096))
	f.Add(uint16(10), []byte{0xff, 0xff, 0xff, 0xff}, uint16(4096))
	f.Add(uint16(76), []byte{0xff, 0xff, 0xff, 0x7f}, uint16(4096))
	f.Add(uint16(0), []byte{}, uint16(100))
	f.Fuzz(func(t *testing.T, at uint16, change []byte, length uint16) {
		data := slices.Clone(whole)
		if int(at) < len(data) {
			copy(data[at:], change)
		}
		disk := vfs.NewMem()
		check(t, disk.MkdirAll(dir))
		check(t, vfs.WriteFile(disk, firstSegment, data[:min(int(length), len(data))]))
		_, got, err := open(disk, small, 0)
		if err != nil {
			if !pgerr.HasCode(err, pgerr.DataCorrupted) {
				t.Fatal(err)
			}
			return
		}
		if len(got) > len(want) || !slices.Equal(got, want[:len(got)]) {
			t.Fatalf("read %q", got)
		}
	})
}
