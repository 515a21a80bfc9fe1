package engine

import (
	"io"
	"path/filepath"
	"sync"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/shard/recent"
)

// scratch is the file of old images: what only old snapshots can still ask for
// when memory is short. It dies with the process, as its snapshots do, and is
// never synced. Each engine has its own.
type scratch struct {
	cfg  *Config
	name string

	mu    sync.Mutex // protects the rest
	file  vfs.File
	size  int64
	since time.Time // when the first image came
}

func newScratch(cfg *Config, name string) *scratch { return &scratch{cfg: cfg, name: name} }

func (s *scratch) path() string { return filepath.Join(s.cfg.Dir, "scratch", s.name) }

// write appends an image.
func (s *scratch) write(row []byte) (recent.Place, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		if err := s.cfg.FS.MkdirAll(filepath.Dir(s.path())); err != nil {
			return recent.Place{}, err
		}
		f, err := s.cfg.FS.Create(s.path())
		if err != nil {
			return recent.Place{}, err
		}
		s.file, s.size, s.since = f, 0, time.Now()
	}
	place := recent.Place{Offset: s.size, Length: int32(len(row))}
	if _, err := s.file.WriteAt(row, s.size); err != nil {
		return recent.Place{}, err
	}
	s.size += int64(len(row))
	return place, nil
}

// read reads an image back.
func (s *scratch) read(p recent.Place) ([]byte, error) {
	s.mu.Lock()
	f := s.file
	s.mu.Unlock()
	if f == nil {
		return nil, pgerr.New(pgerr.SnapshotTooOld, "snapshot too old")
	}
	row := make([]byte, p.Length)
	if _, err := f.ReadAt(row, p.Offset); err != nil && err != io.EOF {
		return nil, pgerr.New(pgerr.IOError, "could not read old row versions").WithCause(err)
	}
	return row, nil
}

// spent reports whether the file is too large or too old to go on.
func (s *scratch) spent() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.file != nil && (s.size > s.cfg.ScratchBytes || time.Since(s.since) > s.cfg.ScratchAge)
}

// close gives the file's space back; what was in it is gone.
func (s *scratch) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return
	}
	s.file.Close()
	s.file = nil
	s.cfg.FS.Remove(s.path()) // if it stays, it is emptied when used again
}

// spillOld moves old images to the scratch file when memory is over its limit
// after settling, and ends the snapshots that need them when that has become
// too much.
func (e *Engine) spillOld() error {
	if e.scratch.spent() {
		e.endOldSnapshots()
	}
	over := e.memory.excess()
	if over <= 0 || e.cfg.Dir == "" {
		return nil
	}
	e.latch.Lock()
	defer e.latch.Unlock()
	freed, err := e.recent.Spill(over, e.scratch.write)
	e.metrics.Spilled.Add(freed)
	e.noteMemory()
	return err
}

// endOldSnapshots raises the floor over every old snapshot: their next read
// gets 72000.
func (e *Engine) endOldSnapshots() {
	e.latch.Lock()
	e.recent.Raise(e.maxCommit)
	left := e.recent.Forget()
	e.noteMemory()
	e.latch.Unlock()
	if !left {
		e.scratch.close()
	}
}
