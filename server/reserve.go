package server

import (
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"

	"github.com/pegmatitedb/pegmatite/internal/vfs"
)

// The embedded etcd cannot start on a full disk: it writes before it answers.
// So DIR holds a file of nothing whose space it gets then. What it writes in
// service is held back by checkSpace while there is still some left.
const (
	reserveFile = "reserve"
	// reserveBytes is room for some hundred starts.
	reserveBytes = 32 << 20
	// reserveFrom is the free space from which the file is made: far from where writers are refused.
	reserveFrom = 2*minFreeBytes + reserveBytes
	// startBytes is what a start needs at most.
	startBytes = 8 << 20
)

// releaseReserve gives the reserve's space away when the disk is too full to start.
func releaseReserve(files vfs.FS, dir string, log *slog.Logger) error {
	free, err := files.FreeBytes(dir)
	if err != nil || free >= startBytes {
		return err
	}
	name := filepath.Join(dir, reserveFile)
	switch err := files.Remove(name); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	log.Warn("the disk is full: the reserve is used to start; writers are refused until there is space", "file", name)
	return nil
}

// makeReserve makes the reserve, unless it is there or the disk has little space.
func makeReserve(files vfs.FS, dir string) error {
	free, err := files.FreeBytes(dir)
	if err != nil || free < reserveFrom {
		return err
	}
	name := filepath.Join(dir, reserveFile)
	f, err := files.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = files.Create(name)
	}
	if err != nil {
		return err
	}
	if err := f.Preallocate(reserveBytes); err != nil {
		return errors.Join(err, f.Close(), files.Remove(name))
	}
	return f.Close()
}

// checkSpace is 53100 when the disk is so full that writers are refused:
// asked before anything goes to the metadata store, for an etcd that finds no
// space ends the process.
func (n *Node) checkSpace() error { return n.engine.CheckSpace() }
