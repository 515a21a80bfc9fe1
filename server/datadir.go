package server

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/google/uuid"

	"github.com/pegmatitedb/pegmatite/internal/vfs"
)

// FormatVersion is the version of a data directory's files. One of another
// version is never opened: its log's records mean something else.
const FormatVersion = 2

// identityFile is what makes a directory a node's: DIR/pegmatite.json.
const identityFile = "pegmatite.json"

// Identity is what a data directory was made as.
type Identity struct {
	Format  int    `json:"format"`
	Role    string `json:"role,omitempty"` // etcdRole or unfinishedNode; "" is a node
	Cluster string `json:"cluster"`        // UUID
	Node    uint32 `json:"node"`
	Name    string `json:"name"` // the node's
	// Directory is this directory's own UUID: a node is one directory.
	Directory string `json:"directory"`
	Shards    int    `json:"shards"`
	Logs      int    `json:"logs"`
}

// unfinishedNode is the Role of a directory whose first start has not come to
// know its cluster: all of its identity but Directory can still be another.
const unfinishedNode = "node (unfinished)"

// Wanted is what a start says of the directory; zero fields take what it has,
// or the defaults.
type Wanted struct {
	Name         string
	Shards, Logs int
}

// DataDir is an open data directory, locked against other processes.
type DataDir struct {
	Path     string
	Identity Identity
	Fresh    bool // not yet written: nothing depends on it
	made     bool // the directory itself was made by this start
	files    vfs.FS
	lock     io.Closer
}

// OpenDataDir locks DIR and reads what it is; a missing or empty one is made.
// Nothing in it is touched when an error is returned.
func OpenDataDir(files vfs.FS, path string, w Wanted) (*DataDir, error) {
	made, err := usable(files, path)
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(files, path)
	if err != nil {
		return nil, err
	}
	d := &DataDir{Path: path, files: files, lock: lock, made: made}
	if err := d.identify(w); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// usable makes the directory, or refuses one that holds something else.
func usable(files vfs.FS, path string) (made bool, err error) {
	names, err := files.List(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, files.MkdirAll(path)
	}
	if err != nil {
		return false, err
	}
	if len(names) > 0 && !slices.ContainsFunc(names, ours) {
		return false, fmt.Errorf("%s is not empty and not a data directory", path)
	}
	return false, nil
}

// ours reports whether a file is one that only data directories have.
func ours(name string) bool {
	return name == identityFile || name == lockFile || name == firstPasswordFile
}

const lockFile = "lock"

// lockDir takes the directory for this process.
func lockDir(files vfs.FS, path string) (io.Closer, error) {
	lock, err := files.Lock(filepath.Join(path, lockFile))
	if errors.Is(err, vfs.ErrLocked) {
		return nil, fmt.Errorf("%s is in use by another process", path)
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return lock, nil
}

// identify reads the identity, or makes up a fresh one.
func (d *DataDir) identify(w Wanted) error {
	text, err := vfs.ReadFile(d.files, filepath.Join(d.Path, identityFile))
	if errors.Is(err, fs.ErrNotExist) {
		return d.makeUp(w, uuid.NewString())
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &d.Identity); err != nil {
		return fmt.Errorf("%s is damaged: %w; restore it from a backup", filepath.Join(d.Path, identityFile), err)
	}
	id := d.Identity
	switch {
	case id.Format != FormatVersion:
		return fmt.Errorf("%s has format %d; this version reads format %d only", d.Path, id.Format, FormatVersion)
	case id.Role == unfinishedNode:
		return d.makeUp(w, id.Directory)
	case id.Role != "":
		return fmt.Errorf("%s is a cluster's metadata store alone (pegmatite etcd), no node's", d.Path)
	case id.Cluster == "" || id.Node == 0 || id.Logs < 1 || id.Shards < id.Logs:
		return fmt.Errorf("%s is damaged: cluster %q, node %d, %d shards, %d logs; restore it from a backup",
			filepath.Join(d.Path, identityFile), id.Cluster, id.Node, id.Shards, id.Logs)
	case w.Name != "" && w.Name != id.Name:
		return wrongCall("%s is node %q's, not %q's; the name cannot change", d.Path, id.Name, w.Name)
	case w.Shards != 0 && w.Shards != id.Shards:
		return wrongCall("%s was made with --shards %d, not %d; the number cannot change", d.Path, id.Shards, w.Shards)
	case w.Logs != 0 && w.Logs != id.Logs:
		return wrongCall("%s was made with --logs %d, not %d; the number cannot change", d.Path, id.Logs, w.Logs)
	}
	return nil
}

// makeUp gives the directory an identity that nobody depends on, beside its own UUID.
// Where there are rows, nothing is touched.
func (d *DataDir) makeUp(w Wanted, directory string) error {
	d.Fresh = true
	d.Identity = Identity{
		Format: FormatVersion, Name: cmp.Or(w.Name, DefaultName), Directory: directory,
		Shards: cmp.Or(w.Shards, DefaultShards), Logs: cmp.Or(w.Logs, DefaultLogs),
	}
	if d.Identity.Logs > d.Identity.Shards {
		return wrongCall("logs: %d logs for %d shards: a log without shards is of no use", d.Identity.Logs, d.Identity.Shards)
	}
	names, err := d.files.List(d.Path)
	if err != nil {
		return err
	}
	if slices.Contains(names, "shards") || slices.Contains(names, "log") {
		return fmt.Errorf("%s has shards or logs, and no %s: restore that file from a backup", d.Path, identityFile)
	}
	return nil
}

// Begin writes a fresh directory's UUID, before the cluster is told of it: a start
// that was killed in between would be another node of the same name to the next.
func (d *DataDir) Begin() error {
	if !d.Fresh {
		return nil
	}
	return d.write(Identity{Format: FormatVersion, Role: unfinishedNode, Name: d.Identity.Name, Directory: d.Identity.Directory})
}

// TakeBack undoes Begin: the cluster has refused the directory.
func (d *DataDir) TakeBack() error {
	if !d.Fresh {
		return nil
	}
	return d.files.Remove(filepath.Join(d.Path, identityFile))
}

// Commit writes a fresh directory's identity: from here on it is this cluster's.
func (d *DataDir) Commit() error {
	if !d.Fresh {
		return nil
	}
	if err := d.write(d.Identity); err != nil {
		return err
	}
	d.Fresh = false
	return nil
}

// Uncommit undoes the Commit of a directory that was fresh before.
func (d *DataDir) Uncommit(fresh bool) error {
	d.Fresh = fresh
	return d.Begin()
}

func (d *DataDir) write(id Identity) error {
	text, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return err
	}
	return vfs.WriteFile(d.files, filepath.Join(d.Path, identityFile), append(text, '\n'))
}

// Close gives the directory back. One that was made by this start, and of which
// nobody knows, is left as it was found.
func (d *DataDir) Close() error {
	if d.Fresh {
		names, err := d.files.List(d.Path)
		if err == nil && len(names) == 1 { // the lock
			d.files.Remove(filepath.Join(d.Path, lockFile))
		}
		if d.made {
			d.files.Remove(d.Path) // fails, and should, if anything else is in it
		}
	}
	return d.lock.Close()
}
