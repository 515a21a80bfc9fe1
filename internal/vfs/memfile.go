package vfs

import (
	"io"
	"io/fs"
	"syscall"
)

// memFile is a handle on a file of a Mem.
type memFile struct {
	fs     *Mem
	node   *node
	name   string
	closed bool
}

func (f *memFile) usable(op string) error {
	switch {
	case f.fs.dead:
		return f.fail(op, ErrPowerCut)
	case f.closed:
		return f.fail(op, fs.ErrClosed)
	}
	return nil
}

func (f *memFile) fail(op string, err error) error {
	return &fs.PathError{Op: op, Path: f.name, Err: err}
}

func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.usable("read"); err != nil {
		return 0, err
	}
	if off >= int64(len(f.node.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.node.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.usable("write"); err != nil {
		return 0, err
	}
	end := off + int64(len(p))
	if end > int64(len(f.node.data)) {
		if err := f.resize("write", end); err != nil {
			return 0, err
		}
	}
	size := int64(len(f.node.data))
	f.node.writes = append(f.node.writes, dataChange{
		off: off, old: clone(f.node.data[off:end]), new: clone(p), sizeOld: size, sizeNew: size,
	})
	copy(f.node.data[off:], p)
	return len(p), nil
}

func clone(p []byte) []byte { return append([]byte(nil), p...) }

func (f *memFile) Truncate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.usable("truncate"); err != nil {
		return err
	}
	return f.resize("truncate", size)
}

func (f *memFile) Preallocate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.usable("fallocate"); err != nil {
		return err
	}
	if size <= int64(len(f.node.data)) {
		return nil
	}
	return f.resize("fallocate", size)
}

// resize changes the length, in the books too. The caller holds the lock.
func (f *memFile) resize(op string, size int64) error {
	n, have := f.node, int64(len(f.node.data))
	if size == have {
		return nil
	}
	grow := size - have
	if grow > 0 && f.fs.used+grow > f.fs.capacity {
		return f.fail(op, syscall.ENOSPC)
	}
	f.fs.used += grow
	c := dataChange{off: min(size, have), sizeOld: have, sizeNew: size}
	if grow < 0 {
		c.old = clone(n.data[size:])
		n.data = n.data[:size:size]
	} else {
		n.data = append(n.data, make([]byte, grow)...)
	}
	n.writes = append(n.writes, c)
	return nil
}

func (f *memFile) Sync() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.usable("sync"); err != nil {
		return err
	}
	f.node.writes = nil
	return nil
}

func (f *memFile) Size() (int64, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.usable("stat"); err != nil {
		return 0, err
	}
	return int64(len(f.node.data)), nil
}

func (f *memFile) Close() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.usable("close"); err != nil {
		return err
	}
	f.closed = true
	return nil
}
