package vfs

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// ErrPowerCut is what every operation on a Mem answers after its PowerCut or
// Kill: the process that held it is gone.
var ErrPowerCut = errors.New("vfs: the power is off")

// Mem keeps files in memory and remembers which bytes and names have been
// synced.
type Mem struct {
	mu sync.Mutex // protects everything below, and all nodes
	// root is the directory that holds both "/" and relative names.
	root     *node
	capacity int64 // of all files' bytes together
	used     int64
	dead     bool
	locked   map[string]bool
}

var _ FS = (*Mem)(nil)

// NewMem returns an empty file system of unlimited size.
func NewMem() *Mem {
	return &Mem{root: newDir(), capacity: math.MaxInt64, locked: map[string]bool{}}
}

// SetCapacity limits the bytes of all files together; what would exceed it
// fails with ENOSPC. A capacity below what is in use only stops growth.
func (m *Mem) SetCapacity(bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.capacity = bytes
}

// UsedBytes is the sum of all files' lengths.
func (m *Mem) UsedBytes() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.used
}

// node is a file or a directory. Both keep the current state and how to get
// back to the synced one.
type node struct {
	entries map[string]*node // nil for a file
	synced  map[string]*node // entries as of the last SyncDir
	renames []nameChange     // what happened to entries since, oldest first

	data   []byte
	writes []dataChange // unsynced changes of data, oldest first
}

func newDir() *node { return &node{entries: map[string]*node{}, synced: map[string]*node{}} }

// dataChange is one WriteAt or change of length: bytes at off went from old
// to new, and the length from sizeOld to sizeNew.
type dataChange struct {
	off              int64
	old, new         []byte
	sizeOld, sizeNew int64
}

// nameChange is one step on a directory: from loses its node (if from is not
// ""), then to gets it (if to is not "").
type nameChange struct {
	from, to string
	node     *node
}

func apply(entries map[string]*node, c nameChange) {
	if c.from != "" {
		delete(entries, c.from)
	}
	if c.to != "" {
		entries[c.to] = c.node
	}
}

func (d *node) change(c nameChange) {
	apply(d.entries, c)
	d.renames = append(d.renames, c)
}

// walk finds the node of a path; "", "." and "/" are the root.
func (m *Mem) walk(op, path string) (*node, error) {
	if m.dead {
		return nil, &fs.PathError{Op: op, Path: path, Err: ErrPowerCut}
	}
	at := m.root
	for _, part := range split(path) {
		next, ok := at.entries[part]
		if !ok {
			return nil, &fs.PathError{Op: op, Path: path, Err: fs.ErrNotExist}
		}
		at = next
	}
	return at, nil
}

func split(path string) []string {
	return slices.DeleteFunc(strings.Split(filepath.Clean(path), string(filepath.Separator)), func(part string) bool {
		return part == "" || part == "."
	})
}

// parent finds the directory that holds path's last element.
func (m *Mem) parent(op, path string) (dir *node, base string, err error) {
	dir, err = m.walk(op, filepath.Dir(path))
	if err == nil && dir.entries == nil {
		err = &fs.PathError{Op: op, Path: path, Err: syscall.ENOTDIR}
	}
	return dir, filepath.Base(path), err
}

// Create implements Opener.
func (m *Mem) Create(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	dir, base, err := m.parent("create", name)
	if err != nil {
		return nil, err
	}
	n, ok := dir.entries[base]
	if !ok {
		n = &node{}
		dir.change(nameChange{to: base, node: n})
	}
	f := &memFile{fs: m, node: n, name: name}
	return f, f.resize("create", 0)
}

// Open implements Opener.
func (m *Mem) Open(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.walk("open", name)
	if err != nil {
		return nil, err
	}
	if n.entries != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EISDIR}
	}
	return &memFile{fs: m, node: n, name: name}, nil
}

// Rename implements Directory.
func (m *Mem) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.walk("rename", from)
	if err != nil {
		return err
	}
	dir, base, err := m.parent("rename", from)
	if err != nil {
		return err
	}
	if filepath.Dir(from) != filepath.Dir(to) {
		return &fs.PathError{Op: "rename", Path: to, Err: syscall.EXDEV}
	}
	if old, ok := dir.entries[filepath.Base(to)]; ok {
		m.used -= int64(len(old.data))
	}
	dir.change(nameChange{from: base, to: filepath.Base(to), node: n})
	return nil
}

// Remove implements Directory.
func (m *Mem) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.walk("remove", name)
	if err != nil {
		return err
	}
	dir, base, err := m.parent("remove", name)
	if err != nil {
		return err
	}
	m.used -= int64(len(n.data))
	dir.change(nameChange{from: base, node: n})
	return nil
}

// List implements Directory.
func (m *Mem) List(dir string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, err := m.walk("list", dir)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(d.entries))
	for name := range d.entries {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// MkdirAll implements Directory.
func (m *Mem) MkdirAll(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return ErrPowerCut
	}
	at := m.root
	for _, part := range split(dir) {
		next, ok := at.entries[part]
		if !ok {
			next = newDir()
			at.entries[part], at.synced[part] = next, next
		}
		if next.entries == nil {
			return &fs.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR}
		}
		at = next
	}
	return nil
}

// SyncDir implements Directory.
func (m *Mem) SyncDir(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, err := m.walk("syncdir", dir)
	if err != nil {
		return err
	}
	d.synced, d.renames = maps.Clone(d.entries), nil
	return nil
}

// Lock implements Volume.
func (m *Mem) Lock(name string) (io.Closer, error) {
	f, err := m.Create(name)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locked[name] {
		return nil, &fs.PathError{Op: "lock", Path: name, Err: ErrLocked}
	}
	m.locked[name] = true
	return memLock{File: f, fs: m, name: name}, nil
}

type memLock struct {
	File
	fs   *Mem
	name string
}

func (l memLock) Close() error {
	l.fs.mu.Lock()
	defer l.fs.mu.Unlock()
	delete(l.fs.locked, l.name)
	return nil
}

// FreeBytes implements Volume.
func (m *Mem) FreeBytes(string) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return 0, ErrPowerCut
	}
	return max(0, m.capacity-m.used), nil
}
