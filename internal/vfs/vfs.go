// Package vfs is the file layer as a value: everything durable is written
// through an FS, so that a test can put one underneath that loses power, runs
// full, or fails the n-th sync.
//
//	vfs.go       the contract
//	os.go        OS, the real files; os_linux.go, os_other.go what systems do differently
//	mem.go       Mem, files in memory (memfile.go) that know what has been synced
//	powercut.go  what is left of a Mem after the power went
//	inject.go    Inject, faults over any FS
//	socket.go    room for a Unix socket
//
// What holds for every FS: data written is durable once Sync of its file has
// returned; a name (created, renamed, removed) is durable once SyncDir of its
// directory has returned. Neither implies the other. A sector of SectorBytes
// is written whole or not at all.
package vfs

import (
	"errors"
	"io"
	"path/filepath"
)

// SectorBytes is the unit that a power cut leaves whole: the smallest atomic
// write of the disks in use.
const SectorBytes = 512

// ErrLocked is returned by Lock when another holder has the file.
var ErrLocked = errors.New("vfs: locked by another process")

// FS is a file system. Names are paths as package filepath builds them.
// Methods may be called from several goroutines. Errors are *fs.PathError or
// wrap a syscall.Errno, so that errors.Is works with fs.ErrNotExist and
// syscall.ENOSPC.
type FS interface {
	Opener
	Directory
	Volume
}

// Opener makes files out of names.
type Opener interface {
	// Create opens a new, empty file for reading and writing; a file that has
	// the name already is emptied.
	Create(name string) (File, error)
	// Open opens an existing file for reading and writing.
	Open(name string) (File, error)
}

// Directory changes and lists names.
type Directory interface {
	// Rename gives a file another name in the same directory, replacing what
	// had it, in one step.
	Rename(from, to string) error
	// Remove takes a file's name away. Open files stay readable.
	Remove(name string) error
	// List returns the names (not paths) in dir, sorted.
	List(dir string) ([]string, error)
	// MkdirAll makes dir and its parents. Each new name is synced.
	MkdirAll(dir string) error
	// SyncDir makes the names in dir durable.
	SyncDir(dir string) error
}

// Volume is what concerns the disk as a whole.
type Volume interface {
	// Lock takes an exclusive lock on the named file, made if absent, until
	// the closer is closed or the process ends; ErrLocked if it is taken.
	Lock(name string) (io.Closer, error)
	// FreeBytes is the space that is left for files in dir.
	FreeBytes(dir string) (int64, error)
}

// File is an open file.
type File interface {
	io.ReaderAt
	io.WriterAt
	Storage
}

// Storage is what a file is beyond its bytes.
type Storage interface {
	// Sync makes the file's bytes and its length durable (fdatasync). After
	// an error nothing is known of what was written since the last Sync, and
	// a second Sync that succeeds proves nothing.
	Sync() error
	// Truncate sets the length; bytes that it adds are zero.
	Truncate(size int64) error
	// Preallocate takes space for the first size bytes, so that writing there
	// cannot meet ENOSPC. A shorter file grows to size, with zeros.
	Preallocate(size int64) error
	// Size is the length in bytes.
	Size() (int64, error)
	// Close closes the file. It syncs nothing.
	Close() error
}

// ReadFile returns all bytes of the named file.
func ReadFile(fs Opener, name string) ([]byte, error) {
	f, err := fs.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	data := make([]byte, size)
	n, err := f.ReadAt(data, 0)
	if err == io.EOF {
		err = nil
	}
	return data[:n], err
}

// WriteFile puts data under name in one durable step: after a crash the name
// has the old content or the new, and after WriteFile returned the new.
func WriteFile(fs FS, name string, data []byte) error {
	temporary := name + ".new"
	if err := writeSynced(fs, temporary, data); err != nil {
		return err
	}
	if err := fs.Rename(temporary, name); err != nil {
		return err
	}
	return fs.SyncDir(filepath.Dir(name))
}

func writeSynced(fs Opener, name string, data []byte) error {
	f, err := fs.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteAt(data, 0); err != nil {
		return err
	}
	return f.Sync()
}
