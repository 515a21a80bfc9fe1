package server

import (
	"errors"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/vfs"
)

// made makes a data directory on disk and says which cluster it is.
func made(t *testing.T, disk vfs.FS, cluster string) error {
	t.Helper()
	d, err := OpenDataDir(disk, "node/data", Wanted{Name: "n", Shards: 4, Logs: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	d.Identity.Cluster, d.Identity.Directory, d.Identity.Node = cluster, "d", 1
	return d.Commit()
}

// kept reports whether a power cut leaves the directory what it was made as.
func kept(disk *vfs.Mem, seed uint64) bool {
	d, err := OpenDataDir(disk.PowerCut(seed), "node/data", Wanted{})
	if err != nil {
		return false
	}
	defer d.Close()
	return !d.Fresh && d.Identity == Identity{Format: FormatVersion, Cluster: "c", Node: 1, Name: "n", Directory: "d", Shards: 4, Logs: 2}
}

const powerCuts = 40

// TestIdentityIsKept: what Commit has written is there after any power cut.
func TestIdentityIsKept(t *testing.T) {
	for seed := range uint64(powerCuts) {
		disk := vfs.NewMem()
		if err := made(t, disk, "c"); err != nil {
			t.Fatal(err)
		}
		if !kept(disk, seed) {
			t.Fatalf("seed %d: the directory is not what it was", seed)
		}
	}
}

// TestIdentityNeedsEachSync takes the syncs out.
func TestIdentityNeedsEachSync(t *testing.T) {
	for _, kind := range []vfs.Kind{vfs.OpSync, vfs.OpSyncDir} {
		lost := false
		for seed := uint64(0); seed < powerCuts && !lost; seed++ {
			disk := vfs.NewMem()
			if err := made(t, vfs.Inject(disk, vfs.FailNth(1, vfs.ErrSkip, true, kind)), "c"); err != nil {
				t.Fatal(err)
			}
			lost = !kept(disk, seed)
		}
		if !lost {
			t.Errorf("%d power cuts lose nothing without %s", powerCuts, kind)
		}
	}
}

// TestDataDirIsLocked: one process has it.
func TestDataDirIsLocked(t *testing.T) {
	disk := vfs.NewMem()
	d, err := OpenDataDir(disk, "data", Wanted{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDataDir(disk, "data", Wanted{}); err == nil || errors.Is(err, vfs.ErrLocked) || err.Error() != "data is in use by another process" {
		t.Errorf("a second one: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if d, err = OpenDataDir(disk, "data", Wanted{}); err != nil {
		t.Fatal(err)
	}
	d.Close()
}
