package sqlite

/*
#include <stdlib.h>
#include "rawfile.h"
*/
import "C"

import "unsafe"

// RawFile is a database file that is written as bytes, before it is opened.
type RawFile struct {
	path string
	c    *C.peg_raw
}

// OpenRaw opens path for writing bytes, creating the file when there is
// none. What it held stays until it is overwritten or cut off.
func OpenRaw(path string, opts Options) (*RawFile, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	configure()
	name, vfs := C.CString(path), C.CString(opts.VFS)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(vfs))
	f := &RawFile{path: path}
	return f, f.fail(C.peg_raw_open(name, vfs, &f.c))
}

// WriteAt writes b at an offset (io.WriterAt).
func (f *RawFile) WriteAt(b []byte, offset int64) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	err := f.fail(C.peg_raw_write(f.c, unsafe.Pointer(&b[0]), C.int(len(b)), C.int64_t(offset)))
	if err != nil {
		return 0, err
	}
	return len(b), nil
}

// Truncate cuts the file off.
func (f *RawFile) Truncate(size int64) error { return f.fail(C.peg_raw_truncate(f.c, C.int64_t(size))) }

// Sync makes what was written durable.
func (f *RawFile) Sync() error { return f.fail(C.peg_raw_sync(f.c)) }

// Close closes the file; a second Close does nothing.
func (f *RawFile) Close() {
	if f.c != nil {
		C.peg_raw_close(f.c)
		f.c = nil
	}
}

func (f *RawFile) fail(rc C.int) error {
	if rc == C.SQLITE_OK {
		return nil
	}
	return (&Error{Code: int(rc), Path: f.path, Message: C.GoString(C.sqlite3_errstr(rc))}).postgres()
}

// Remove deletes a database that nobody has open: its file, and what may lie
// beside it. It is durable when Remove returns.
func Remove(path string, opts Options) error {
	opts, err := opts.withDefaults()
	if err != nil {
		return err
	}
	configure()
	vfs := C.CString(opts.VFS)
	defer C.free(unsafe.Pointer(vfs))
	// The file first: a WAL without its database is of no harm, the other way
	// round the database would lack what the WAL has.
	for _, suffix := range []string{"", "-wal", "-shm"} {
		name := C.CString(path + suffix)
		rc := C.peg_raw_delete(name, vfs)
		C.free(unsafe.Pointer(name))
		if rc != C.SQLITE_OK {
			return (&RawFile{path: path + suffix}).fail(rc)
		}
	}
	return nil
}
