package log

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/vfs"
)

// Side names a side file in the record that needs it.
type Side struct {
	Name   string // within the log's directory
	Length int64
	CRC    uint32 // CRC32C of all bytes
}

const sideSuffix = ".side"

func isSide(name string) bool { return strings.HasSuffix(name, sideSuffix) }

// SideWriter writes a side file. It is one goroutine's.
type SideWriter struct {
	log  *Log
	file vfs.File
	buf  *bufio.Writer
	side Side
}

// CreateSide begins a side file, for what is too large for a record. It must
// be finished and then bound to its record's position, or discarded; one that
// is neither is removed at the next start.
func (l *Log) CreateSide() (*SideWriter, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usable(replayed); err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%d-%d%s", l.incarnation, l.metrics.SideFiles.Add(1), sideSuffix)
	f, err := l.fs.Create(filepath.Join(l.dir, name))
	if err != nil {
		return nil, ioError("create", name, err)
	}
	l.sides[name] = 0
	w := &SideWriter{log: l, file: f, side: Side{Name: name}}
	w.buf = bufio.NewWriterSize(io.NewOffsetWriter(f, 0), 1<<18)
	return w, nil
}

// Write appends p to the file; 53100 when the disk is full.
func (w *SideWriter) Write(p []byte) (int, error) {
	n, err := w.buf.Write(p)
	w.side.Length += int64(n)
	w.side.CRC = checksum(w.side.CRC, p[:n])
	if err != nil {
		return n, ioError("write", w.side.Name, err)
	}
	return n, nil
}

// Finish makes the file and its name durable and closes it. After an error
// the file is gone.
func (w *SideWriter) Finish() (Side, error) {
	if err := w.finish(); err != nil {
		w.Discard()
		return Side{}, err
	}
	w.log.metrics.SideBytes.Add(w.side.Length)
	return w.side, nil
}

func (w *SideWriter) finish() error {
	if err := w.buf.Flush(); err != nil {
		return ioError("write", w.side.Name, err)
	}
	if err := w.file.Sync(); err != nil {
		return w.log.poison(ioError("fsync", w.side.Name, err))
	}
	if err := w.log.fs.SyncDir(w.log.dir); err != nil {
		return w.log.poison(ioError("fsync", w.log.dir, err))
	}
	return w.file.Close()
}

// Discard removes the file, written or finished.
func (w *SideWriter) Discard() {
	w.file.Close() // it may be closed already
	w.log.RemoveSide(w.side.Name)
}

// BindSide says that the record at pos needs the side file: it stays until
// the log is cut beyond pos. Live it is called after the append, during
// Replay for every record that names one, and again when a record is copied
// forward. Replay removes files that no record has bound.
func (l *Log) BindSide(name string, pos Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sides[name] = max(pos, l.sides[name])
}

// RemoveSide removes a side file that no record names. Readers that have it
// open can go on.
func (l *Log) RemoveSide(name string) error {
	l.mu.Lock()
	delete(l.sides, name)
	l.mu.Unlock()
	err := l.fs.Remove(filepath.Join(l.dir, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return ioError("remove", name, err)
	}
	return nil
}

// dropUnboundSides removes what a crash has left over.
func (l *Log) dropUnboundSides() {
	l.mu.Lock()
	var unbound []string
	for name, pos := range l.sides {
		if pos == 0 {
			unbound = append(unbound, name)
		}
	}
	l.mu.Unlock()
	for _, name := range unbound {
		l.RemoveSide(name) // what cannot be removed now is found again at the next start
	}
}

func (l *Log) cutSides(upto Position) error {
	l.mu.Lock()
	var below []string
	for name, pos := range l.sides {
		if pos != 0 && pos < upto {
			below = append(below, name)
		}
	}
	l.mu.Unlock()
	for _, name := range below {
		if err := l.RemoveSide(name); err != nil {
			return err
		}
	}
	return nil
}

// SideReader reads a side file.
type SideReader struct {
	io.ReaderAt
	side Side
	file vfs.File
}

// OpenSide opens a side file for reading; a wrong length is XX001. It can be
// called during Replay.
func (l *Log) OpenSide(side Side) (*SideReader, error) {
	path := filepath.Join(l.dir, side.Name)
	f, err := l.fs.Open(path)
	if err != nil {
		return nil, ioError("open", path, err)
	}
	size, err := f.Size()
	if err == nil && size != side.Length {
		err = damaged(path, min(size, side.Length), fmt.Sprintf("The file has %d bytes, its record says %d.", size, side.Length))
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &SideReader{ReaderAt: f, side: side, file: f}, nil
}

// Verify reads the whole file and checks it against the record; a mismatch is XX001.
func (r *SideReader) Verify() error {
	crc := uint32(0)
	buf := make([]byte, 1<<18)
	for at := int64(0); at < r.side.Length; {
		n, err := r.file.ReadAt(buf[:min(int64(len(buf)), r.side.Length-at)], at)
		if n == 0 {
			return ioError("read", r.side.Name, err)
		}
		crc = checksum(crc, buf[:n])
		at += int64(n)
	}
	if crc != r.side.CRC {
		return damaged(r.side.Name, 0, fmt.Sprintf("The file's checksum is %08x, its record says %08x.", crc, r.side.CRC))
	}
	return nil
}

// Close closes the file.
func (r *SideReader) Close() error { return r.file.Close() }
