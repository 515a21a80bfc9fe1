package sqlite

// #include "disk.h"
import "C"

import "github.com/pegmatitedb/pegmatite/internal/pgerr"

// Disk is a simulated disk in memory for databases under test: it outlives
// the DBs that are opened on it, remembers what they have not synced, and at a
// power cut loses or tears it (in 512-byte sectors, each on its own). It is
// safe for concurrent use.
type Disk struct {
	c *C.peg_disk
}

// NewDisk makes an empty disk.
func NewDisk() (*Disk, error) {
	configure()
	return newDisk(true)
}

func newDisk(faulty bool) (*Disk, error) {
	flag := C.int(0)
	if faulty {
		flag = 1
	}
	d := &Disk{c: C.peg_disk_new(flag)}
	if d.c == nil {
		return nil, pgerr.New(pgerr.OutOfMemory, "out of memory")
	}
	return d, nil
}

// VFS is what Options.VFS takes to open databases on the disk.
func (d *Disk) VFS() string { return C.GoString(&d.c.name[0]) }

// Free gives the memory back; every DB on the disk must be closed.
func (d *Disk) Free() error {
	if C.peg_disk_free(d.c) != C.SQLITE_OK {
		return pgerr.Internal("a simulated disk has open files")
	}
	d.c = nil
	return nil
}

// Faults are what a Disk is told to do wrong.
type Faults struct {
	// StopAfter cuts the power off after so many more operations (writes,
	// truncations, syncs, deletions): the next one and all later ones fail, and
	// nothing can be opened before PowerCut. Negative is never.
	StopAfter int64
	// FailSync makes one sync fail, the FailSync'th from now; 0 is none.
	FailSync int64
	// IgnoreSyncs makes these syncs do nothing and report success.
	IgnoreSyncs Syncs
}

// Syncs is a set of places that syncs come from.
type Syncs int

// The places: a checkpoint syncs the WAL before it copies it and the database
// after that, a WAL that begins anew syncs its header, DB.SyncWAL syncs the WAL
// by itself, and deleting a file syncs its directory.
const (
	SyncDatabase  Syncs = C.DISK_SYNC_DATABASE
	SyncWAL       Syncs = C.DISK_SYNC_WAL
	SyncWALAsked  Syncs = C.DISK_SYNC_WAL_ASKED
	SyncDirectory Syncs = C.DISK_SYNC_DIRECTORY
	AllSyncs            = SyncDatabase | SyncWAL | SyncWALAsked | SyncDirectory
)

// Inject replaces the disk's faults.
func (d *Disk) Inject(f Faults) {
	C.peg_disk_control(d.c, C.int64_t(f.StopAfter), C.int64_t(f.FailSync), C.int(f.IgnoreSyncs))
}

// Operations counts the operations that StopAfter counts, since NewDisk.
func (d *Disk) Operations() int64 { return int64(C.peg_disk_operations(d.c)) }

// PowerCut ends the disk's present: what was synced survives, what was not does
// in whole, in part, torn, or not at all, as seed has it. Connections that are
// open fail from now on and must be closed; what is opened next finds the
// survivors. It switches Inject's faults off, but for IgnoreSyncs.
func (d *Disk) PowerCut(seed uint64) { C.peg_disk_power_cut(d.c, C.uint64_t(seed)) }
