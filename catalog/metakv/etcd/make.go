package etcd

import (
	"context"
	"os"
	"path/filepath"

	"github.com/pegmatitedb/pegmatite/internal/vfs"
)

// unfinishedName is what an etcd is called, beside its place, until it is whole. It
// is no longer than the place's own: a socket's path has to be short.
const unfinishedName = "new"

// Make makes dir an etcd of one member with no key in it, unless it is one
// already. What is killed meanwhile leaves none: without its first entries an
// etcd waits for members that it does not know of, and one that somebody could
// have reached by then could not be thrown away any more.
func Make(ctx context.Context, dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	unfinished := filepath.Join(filepath.Dir(dir), unfinishedName)
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	server, err := Embed(ctx, unfinished, true, Options{})
	if err != nil {
		return err
	}
	if err := server.Close(); err != nil {
		return err
	}
	if err := os.Rename(unfinished, dir); err != nil {
		return err
	}
	return vfs.OS{}.SyncDir(filepath.Dir(dir))
}
