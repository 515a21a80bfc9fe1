package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/vfs"
)

// etcdRole is the Role of a directory whose metadata store runs alone.
const etcdRole = "etcd"

// unfinishedRole is the Role of a directory in which etcd has not been ready yet.
const unfinishedRole = etcdRole + " (unfinished)"

// markEtcd makes the directory one of a metadata store alone before anything
// else is in it, and reports whether it has been ready there already.
func markEtcd(files vfs.FS, dir string) (made bool, err error) {
	text, err := vfs.ReadFile(files, filepath.Join(dir, identityFile))
	if errors.Is(err, fs.ErrNotExist) {
		names, err := files.List(dir)
		if err != nil {
			return false, err
		}
		if slices.Contains(names, "etcd") {
			return false, fmt.Errorf("%s has an etcd and no %s: restore that file from a backup", dir, identityFile)
		}
		return false, writeMark(files, dir, unfinishedRole)
	}
	if err != nil {
		return false, err
	}
	var id Identity
	if err := json.Unmarshal(text, &id); err != nil {
		return false, fmt.Errorf("%s is damaged: %w; restore it from a backup", filepath.Join(dir, identityFile), err)
	}
	switch {
	case id.Format != FormatVersion:
		return false, fmt.Errorf("%s has format %d; this version reads format %d only", dir, id.Format, FormatVersion)
	case id.Role == etcdRole:
		return true, nil
	case id.Role == unfinishedRole:
		return false, nil
	}
	return false, fmt.Errorf("%s is node %q's (pegmatite serve); a metadata store alone needs a directory of its own", dir, id.Name)
}

func writeMark(files vfs.FS, dir, role string) error {
	text, err := json.MarshalIndent(map[string]any{"format": FormatVersion, "role": role}, "", "  ")
	if err != nil {
		return err
	}
	return vfs.WriteFile(files, filepath.Join(dir, identityFile), append(text, '\n'))
}
