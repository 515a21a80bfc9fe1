package sqlite

import "github.com/pegmatitedb/pegmatite/internal/pgerr"

// Options say how a database is opened. The zero Options are the defaults.
type Options struct {
	// VFS is SQLite's file layer: "" is "unix-excl", under which no other
	// process can open the file; "unix" lets others look in, at 0.9 µs more a
	// statement; else the VFS of a Disk.
	VFS string

	// MaxReaders bounds the reader connections (200 KB and two file handles
	// each) that are at work; 0 is 16. They are opened when first needed.
	MaxReaders int

	// CacheKiB is the page cache of each connection; 0 is 2048. Pages read
	// through the memory map do not use it.
	CacheKiB int

	// MmapBytes is how much of the file is read through a memory map: 0 is all
	// that SQLite allows (2 GiB), negative is none.
	MmapBytes int64

	// Statements is how many prepared statements a connection keeps; 0 is 384
	// (2 to 5 KB each).
	Statements int

	// Synchronous is when SQLite syncs.
	Synchronous Synchronous

	// KeepWAL leaves the WAL as it is at Close, as a crash would.
	KeepWAL bool
}

// Synchronous is SQLite's setting of that name.
type Synchronous uint8

// The levels in use. Commits at Normal become durable with a checkpoint or
// SyncWAL, and a power cut leaves a prefix of them; at Full each commit syncs.
const (
	Normal Synchronous = iota
	Full
)

func (s Synchronous) String() string { return [...]string{"NORMAL", "FULL"}[s] }

// inMemory is the path of a database of its own in memory.
const inMemory = ":memory:"

// The defaults, and SQLite's bound on mmap_size (SQLITE_MAX_MMAP_SIZE).
const (
	defaultVFS        = "unix-excl"
	defaultMaxReaders = 16
	defaultCacheKiB   = 2048
	defaultStatements = 384
	maxMmapBytes      = 0x7fff0000
	pageBytes         = 4096
	walFrameHeader    = 24
)

// withDefaults fills the zero fields.
func (o Options) withDefaults() (Options, error) {
	if o.MaxReaders < 0 || o.CacheKiB < 0 || o.Statements < 0 {
		return o, pgerr.Internal("negative size in a shard's options")
	}
	if o.VFS == "" {
		o.VFS = defaultVFS
	}
	if o.MaxReaders == 0 {
		o.MaxReaders = defaultMaxReaders
	}
	if o.CacheKiB == 0 {
		o.CacheKiB = defaultCacheKiB
	}
	if o.Statements == 0 {
		o.Statements = defaultStatements
	}
	switch {
	case o.MmapBytes == 0:
		o.MmapBytes = maxMmapBytes
	case o.MmapBytes < 0:
		o.MmapBytes = 0
	}
	return o, nil
}
