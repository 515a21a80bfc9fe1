package vfs

import (
	"errors"
	"io"
	"slices"
	"sync/atomic"
)

// Kind names an operation.
type Kind string

// The operations that an Injector sees.
const (
	OpCreate      Kind = "create"
	OpOpen        Kind = "open"
	OpRead        Kind = "read"
	OpWrite       Kind = "write"
	OpSync        Kind = "sync"
	OpTruncate    Kind = "truncate"
	OpPreallocate Kind = "preallocate"
	OpRename      Kind = "rename"
	OpRemove      Kind = "remove"
	OpSyncDir     Kind = "syncdir"
)

// Op is an operation about to be done. Off and Bytes are those of a read or
// write, Bytes also the size of Truncate and Preallocate.
type Op struct {
	Kind  Kind
	Name  string
	Off   int64
	Bytes int64
}

// Injector sees each operation before it is done. Its error is the answer,
// and the operation is not done; ErrSkip is answered as success. It is called
// from any goroutine, on the caller's stack.
type Injector func(Op) error

// ErrSkip makes an operation pretend: a sync that is skipped is a sync taken
// out of the program.
var ErrSkip = errors.New("vfs: skip")

// FailNth fails the n-th operation (counted from 1) of the given kinds, and
// all of them after it if forever is set.
func FailNth(n int64, err error, forever bool, kinds ...Kind) Injector {
	var seen atomic.Int64
	return func(op Op) error {
		if !slices.Contains(kinds, op.Kind) {
			return nil
		}
		if i := seen.Add(1); i == n || forever && i > n {
			return err
		}
		return nil
	}
}

// Inject returns fs with before called ahead of every operation.
func Inject(fs FS, before Injector) FS {
	return &injected{FS: fs, before: before}
}

type injected struct {
	FS
	before Injector
}

// attempt runs do unless the injector answers for it.
func attempt(before Injector, op Op, do func() error) error {
	switch err := before(op); err {
	case nil:
		return do()
	case ErrSkip:
		return nil
	default:
		return err
	}
}

func (i *injected) Create(name string) (File, error) {
	return i.open(Op{Kind: OpCreate, Name: name}, i.FS.Create)
}

func (i *injected) Open(name string) (File, error) {
	return i.open(Op{Kind: OpOpen, Name: name}, i.FS.Open)
}

func (i *injected) open(op Op, open func(string) (File, error)) (File, error) {
	if err := i.before(op); err != nil {
		return nil, err
	}
	f, err := open(op.Name)
	if err != nil {
		return nil, err
	}
	return &injectedFile{File: f, name: op.Name, before: i.before}, nil
}

func (i *injected) Rename(from, to string) error {
	return attempt(i.before, Op{Kind: OpRename, Name: to}, func() error { return i.FS.Rename(from, to) })
}

func (i *injected) Remove(name string) error {
	return attempt(i.before, Op{Kind: OpRemove, Name: name}, func() error { return i.FS.Remove(name) })
}

func (i *injected) SyncDir(dir string) error {
	return attempt(i.before, Op{Kind: OpSyncDir, Name: dir}, func() error { return i.FS.SyncDir(dir) })
}

type injectedFile struct {
	File
	name   string
	before Injector
}

var _ io.ReaderAt = (*injectedFile)(nil)

func (f *injectedFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.before(Op{Kind: OpRead, Name: f.name, Off: off, Bytes: int64(len(p))}); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, off)
}

func (f *injectedFile) WriteAt(p []byte, off int64) (n int, err error) {
	n = len(p)
	err = attempt(f.before, Op{Kind: OpWrite, Name: f.name, Off: off, Bytes: int64(len(p))}, func() error {
		n, err = f.File.WriteAt(p, off)
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

func (f *injectedFile) Sync() error {
	return attempt(f.before, Op{Kind: OpSync, Name: f.name}, f.File.Sync)
}

func (f *injectedFile) Truncate(size int64) error {
	op := Op{Kind: OpTruncate, Name: f.name, Bytes: size}
	return attempt(f.before, op, func() error { return f.File.Truncate(size) })
}

func (f *injectedFile) Preallocate(size int64) error {
	op := Op{Kind: OpPreallocate, Name: f.name, Bytes: size}
	return attempt(f.before, op, func() error { return f.File.Preallocate(size) })
}
