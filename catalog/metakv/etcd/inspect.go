package etcd

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/etcd/server/v3/storage/wal/walpb"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"
)

// inspect reads the files that a start will use, without touching them: etcd
// meets damage with panics in goroutines of its own, or, where a log lacks its
// end, by taking writes that it will ignore.
func inspect(dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is missing: a node whose cluster has its metadata elsewhere needs --etcd; if it was here, restore the whole data directory from a backup", dir)
	}
	file := filepath.Join(dir, "member", "snap", "db")
	log := filepath.Join(dir, "member", "wal")
	for _, d := range []string{dir, filepath.Join(dir, "member"), log, filepath.Dir(file)} {
		if info, err := os.Stat(d); errors.Is(err, fs.ErrNotExist) {
			return damage(d, errors.New("it is missing"))
		} else if err != nil {
			return err
		} else if !info.IsDir() {
			return damage(d, errors.New("it is not a directory"))
		}
	}
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		return damage(file, errors.New("it is not a file"))
	}
	applied, err := inspectKeys(file)
	if err != nil {
		return damage(file, err)
	}
	if err := inspectLog(log, applied); err != nil {
		return damage(log, err)
	}
	return nil
}

// damage names what is damaged, and what to do.
func damage(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("it is missing")
	}
	if errors.Is(err, fs.ErrPermission) {
		return err
	}
	return fmt.Errorf("the metadata store's %s is damaged: %w; restore the whole data directory from a backup", path, err)
}

// keyBytes is the length of etcd's keys in its file, revisions; deleted ones have a mark more.
const keyBytes = 17

// inspectKeys reads the file of keys; applied is how far it has the log.
func inspectKeys(path string) (applied uint64, err error) {
	members := 0
	err = readPages(path, func(bucket, key, value []byte) error {
		switch string(bucket) {
		case "key":
			if len(key) != keyBytes && len(key) != keyBytes+1 {
				return fmt.Errorf("%x is not a revision", key)
			}
			return proto.Unmarshal(value, new(mvccpb.KeyValue))
		case "meta":
			if string(key) == "consistent_index" && len(value) == 8 {
				applied = binary.BigEndian.Uint64(value)
			}
		case "members":
			members++
			if !json.Valid(value) {
				return fmt.Errorf("member %q is not described", key)
			}
		}
		return nil
	})
	// What was not applied is in the log alone, from its first entry on: that of the member.
	if err == nil && applied > 0 && members != 1 {
		err = fmt.Errorf("it lists %d members instead of one", members)
	}
	return applied, err
}

// inspectLog reads the log from its newest snapshot on. It may lack what was
// being written when the process ended, but nothing that was applied already.
func inspectLog(dir string, applied uint64) (err error) {
	// What is read is decoded by functions that panic.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	quiet := zap.NewNop()
	if !wal.Exist(dir) {
		return errors.New("there is no file in it")
	}
	snapshots, err := wal.ValidSnapshotEntries(quiet, dir)
	if err != nil {
		return err
	}
	from := &walpb.Snapshot{}
	if len(snapshots) > 0 {
		from = snapshots[len(snapshots)-1]
	}
	w, err := wal.OpenForRead(quiet, dir, from)
	if err != nil {
		return err
	}
	defer w.Close()
	metadata, state, entries, err := w.ReadAll()
	if err != nil {
		return err
	}
	last := from.GetIndex()
	if n := len(entries); n > 0 {
		last = entries[n-1].GetIndex()
	}
	switch {
	case len(metadata) == 0:
		return errors.New("it does not say whose it is")
	case last < max(applied, state.GetCommit()):
		return fmt.Errorf("it ends at entry %d of %d", last, max(applied, state.GetCommit()))
	}
	return nil
}
