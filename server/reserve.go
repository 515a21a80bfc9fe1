package server

import (
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"

	"github.com/pegmatitedb/pegmatite/catalog"
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
	// startBytes is what a start needs at most, and more than a change that drops does.
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
	log.Warn("the disk is full: the reserve is used; writers are refused until there is space", "file", name)
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

// checkSpaceFor is checkSpace of a schema change. One that gives space back is
// let in (rule 27) while etcd has room for it, for which the reserve is used.
func (n *Node) checkSpaceFor(c *catalog.Change) error {
	err := n.checkSpace()
	if err == nil || !frees(c) {
		return err
	}
	if e := releaseReserve(vfs.OS{}, n.config.Data, n.log); e != nil {
		return e
	}
	return n.checkRoom(err)
}

// checkRoom is full if there is not even room for a change that drops.
func (n *Node) checkRoom(full error) error {
	if full == nil {
		return nil
	}
	if free, err := (vfs.OS{}).FreeBytes(n.config.Data); err != nil || free >= startBytes {
		return err
	}
	return full
}

// frees reports whether a change drops something or empties tables, and makes
// nothing that is to be filled.
func frees(c *catalog.Change) (some bool) {
	for _, op := range c.Ops() {
		before := c.Base().Object(op.Key)
		now, _ := op.Object.(*catalog.Table)
		old, _ := before.(*catalog.Table)
		switch {
		case op.Object == nil:
			some = true
		case before == nil:
			return false
		case now == nil || old == nil:
		case len(now.Columns) > len(old.Columns) || len(now.Indexes) > len(old.Indexes):
			return false
		default:
			some = some || now.Physical != old.Physical || len(now.Indexes) < len(old.Indexes)
		}
	}
	return some
}
