package vfs_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/vfs"
)

const cuts = 200

// outcomes collects what seeds 0..cuts-1 leave of the state that build makes.
func outcomes(build func(m *vfs.Mem), look func(m *vfs.Mem) string) map[string]int {
	seen := map[string]int{}
	for seed := range uint64(cuts) {
		m := vfs.NewMem()
		build(m)
		seen[look(m.PowerCut(seed))]++
	}
	return seen
}

func wantOutcomes(t *testing.T, seen map[string]int, want ...string) {
	t.Helper()
	for outcome := range seen {
		if !slices.Contains(want, outcome) {
			t.Errorf("impossible outcome %q", outcome)
		}
	}
	for _, w := range want {
		if seen[w] == 0 {
			t.Errorf("outcome %q never came in %d cuts", w, cuts)
		}
	}
}

func names(m *vfs.Mem) string {
	list, _ := m.List(".")
	return strings.Join(list, " ")
}

func TestPowerCutNames(t *testing.T) {
	t.Run("create", func(t *testing.T) {
		seen := outcomes(func(m *vfs.Mem) { must(m.Create("a"))(t) }, names)
		wantOutcomes(t, seen, "", "a")
	})
	t.Run("create, synced", func(t *testing.T) {
		seen := outcomes(func(m *vfs.Mem) {
			must(m.Create("a"))(t)
			check(t, m.SyncDir("."))
		}, names)
		wantOutcomes(t, seen, "a")
	})
	t.Run("rename", func(t *testing.T) {
		seen := outcomes(func(m *vfs.Mem) {
			must(m.Create("a"))(t)
			check(t, m.SyncDir("."))
			check(t, m.Rename("a", "b"))
		}, names)
		wantOutcomes(t, seen, "a", "b")
	})
	t.Run("remove", func(t *testing.T) {
		seen := outcomes(func(m *vfs.Mem) {
			must(m.Create("a"))(t)
			must(m.Create("b"))(t)
			check(t, m.SyncDir("."))
			check(t, m.Remove("a"))
		}, names)
		wantOutcomes(t, seen, "a b", "b")
	})
	t.Run("directory", func(t *testing.T) {
		seen := outcomes(func(m *vfs.Mem) {
			check(t, m.MkdirAll("d/e"))
			must(m.Create("d/e/f"))(t)
			check(t, m.SyncDir("d/e"))
		}, func(m *vfs.Mem) string {
			list, err := m.List("d/e")
			return fmt.Sprint(list, err)
		})
		wantOutcomes(t, seen, "[f] <nil>")
	})
}

func TestPowerCutSectors(t *testing.T) {
	sector := func(c byte) []byte { return bytes.Repeat([]byte{c}, vfs.SectorBytes) }
	show := func(m *vfs.Mem) string {
		data := must(vfs.ReadFile(m, "a"))(t)
		var s strings.Builder
		for part := range slices.Chunk(data, vfs.SectorBytes) {
			if len(bytes.TrimLeft(part, string(part[:1]))) != 0 {
				return "a sector is torn"
			}
			s.WriteByte(part[0] | ' ')
		}
		return s.String()
	}
	base := func(m *vfs.Mem) vfs.File {
		f := must(m.Create("a"))(t)
		must(f.WriteAt(slices.Concat(sector('a'), sector('b')), 0))(t)
		check(t, f.Sync())
		check(t, m.SyncDir("."))
		return f
	}
	t.Run("overwrite", func(t *testing.T) {
		seen := outcomes(func(m *vfs.Mem) {
			must(base(m).WriteAt(slices.Concat(sector('x'), sector('y')), 0))(t)
		}, show)
		wantOutcomes(t, seen, "ab", "xb", "ay", "xy")
	})
	t.Run("synced", func(t *testing.T) {
		seen := outcomes(func(m *vfs.Mem) {
			f := base(m)
			must(f.WriteAt(sector('x'), 0))(t)
			check(t, f.Sync())
		}, show)
		wantOutcomes(t, seen, "xb")
	})
	t.Run("append", func(t *testing.T) {
		seen := outcomes(func(m *vfs.Mem) {
			must(base(m).WriteAt(sector('c'), 2*vfs.SectorBytes))(t)
		}, show)
		wantOutcomes(t, seen, "ab", "ab ", "abc")
	})
	t.Run("shrink", func(t *testing.T) {
		seen := outcomes(func(m *vfs.Mem) { check(t, base(m).Truncate(vfs.SectorBytes)) }, show)
		wantOutcomes(t, seen, "ab", "a", "a ")
	})
	t.Run("twice", func(t *testing.T) {
		seen := outcomes(func(m *vfs.Mem) {
			f := base(m)
			must(f.WriteAt(sector('x'), 0))(t)
			must(f.WriteAt(sector('z'), 0))(t)
		}, show)
		wantOutcomes(t, seen, "ab", "xb", "zb")
	})
}

func TestPowerCutEndsTheOldWorld(t *testing.T) {
	m := vfs.NewMem()
	f := must(m.Create("a"))(t)
	m.PowerCut(1)
	if err := f.Sync(); !errors.Is(err, vfs.ErrPowerCut) {
		t.Errorf("sync: %v", err)
	}
	if _, err := m.Create("b"); !errors.Is(err, vfs.ErrPowerCut) {
		t.Errorf("create: %v", err)
	}
}

// A killed process leaves everything in the page cache: there for the next
// one, and still not on the disk.
func TestKillKeepsUnsynced(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(cuts) {
		m := vfs.NewMem()
		must(m.Lock("lock"))(t)
		check(t, m.SyncDir("."))
		must(m.Create("a"))(t)
		m = m.Kill()
		must(m.Lock("lock"))(t)
		if names(m) != "a lock" {
			t.Errorf("after the kill: %q", names(m))
		}
		seen[names(m.PowerCut(seed))]++
	}
	wantOutcomes(t, seen, "lock", "a lock")
}

// Every moment of WriteFile leaves the old content or the new.
func TestWriteFileIsAtomic(t *testing.T) {
	stop := errors.New("stop")
	for n := int64(1); n <= 6; n++ {
		for seed := range uint64(cuts) {
			m := vfs.NewMem()
			check(t, vfs.WriteFile(m, "a", []byte("old")))
			err := vfs.WriteFile(vfs.Inject(m, vfs.FailNth(n, stop, true,
				vfs.OpCreate, vfs.OpWrite, vfs.OpSync, vfs.OpRename, vfs.OpSyncDir)), "a", []byte("new"))
			data := string(must(vfs.ReadFile(m.PowerCut(seed), "a"))(t))
			if data != "old" && data != "new" || err == nil && data != "new" {
				t.Fatalf("stopped at operation %d (%v), seed %d: %q", n, err, seed, data)
			}
		}
	}
}

// WriteFile without one of its syncs is seen to be wrong.
func TestWriteFileNeedsEachSync(t *testing.T) {
	for _, kind := range []vfs.Kind{vfs.OpSync, vfs.OpSyncDir} {
		wrong := 0
		for seed := range uint64(cuts) {
			m := vfs.NewMem()
			check(t, vfs.WriteFile(m, "a", []byte("old")))
			check(t, vfs.WriteFile(vfs.Inject(m, vfs.FailNth(1, vfs.ErrSkip, true, kind)), "a", []byte("new")))
			if data, _ := vfs.ReadFile(m.PowerCut(seed), "a"); string(data) != "new" {
				wrong++
			}
		}
		if wrong == 0 {
			t.Errorf("WriteFile survives %d power cuts without its %s", cuts, kind)
		}
	}
}
