package sqlite

// #include "layer.h"
import "C"

import "sync/atomic"

// CheckpointMode is how far a checkpoint goes (sqlite.org/c3ref/wal_checkpoint_v2.html).
type CheckpointMode int

// The modes in use.
const (
	// Passive copies what no reader still needs the older state of, beside the
	// writer and the readers, waiting for nobody.
	Passive CheckpointMode = C.SQLITE_CHECKPOINT_PASSIVE
	// Truncate waits for readers, copies all, and empties the WAL; the writer
	// must not be in a transaction.
	Truncate CheckpointMode = C.SQLITE_CHECKPOINT_TRUNCATE
	// TryTruncate is Truncate if no reader is in the way, else as much as Passive does.
	TryTruncate CheckpointMode = -1
)

// Checkpointed says what a checkpoint did, in WAL frames (one page each).
type Checkpointed struct {
	LogFrames int // in the WAL
	Copied    int // of those, in the database file by now
}

// Checkpoint copies the WAL into the database file and syncs both, on a
// connection of its own. A Truncate that cannot get at the WAL in a few seconds
// answers 55006. While the file is held, nothing is copied.
func (db *DB) Checkpoint(mode CheckpointMode) (Checkpointed, error) {
	var log, done C.int32_t
	wait := C.int(1)
	if mode == TryTruncate {
		mode, wait = Truncate, 0
	}
	err := db.onCheckpointer(func(c *Conn) error {
		if db.held {
			log = C.int32_t(max(1, atomic.LoadInt32((*int32)(&db.writer.c.wal_frames))))
			return nil
		}
		if rc := C.peg_checkpoint(c.c, C.int(mode), wait, &log, &done); rc != C.SQLITE_OK {
			return c.fail(rc)
		}
		if log == 0 {
			atomic.StoreInt32((*int32)(&db.writer.c.wal_frames), 0)
		}
		return nil
	})
	return Checkpointed{LogFrames: int(log), Copied: int(done)}, err
}

// HoldFile has the database file stay as it is until ReleaseFile: commits gather
// in the WAL, which grows meanwhile.
func (db *DB) HoldFile() { db.hold(true) }

// ReleaseFile lets checkpoints write the file again.
func (db *DB) ReleaseFile() { db.hold(false) }

func (db *DB) hold(held bool) {
	db.checkpointMu.Lock()
	defer db.checkpointMu.Unlock()
	db.held = held
}

// SyncWAL makes every commit so far durable without a checkpoint.
func (db *DB) SyncWAL() error {
	return db.onCheckpointer(func(c *Conn) error {
		if err := c.BeginRead(); err != nil { // opens the WAL
			return err
		}
		defer c.EndRead()
		if rc := C.peg_sync_wal(c.c); rc != C.SQLITE_OK {
			return c.fail(rc)
		}
		return nil
	})
}

// WALSize is the size of the WAL in bytes after the last commit; 0 of a database
// that is closed, also while somebody still works with it.
func (db *DB) WALSize() int64 {
	db.mu.Lock() // the writer goes only after closed is set
	defer db.mu.Unlock()
	if db.closed {
		return 0
	}
	frames := atomic.LoadInt32((*int32)(&db.writer.c.wal_frames))
	return int64(frames) * (pageBytes + walFrameHeader)
}

func (db *DB) onCheckpointer(do func(*Conn) error) error {
	db.checkpointMu.Lock()
	defer db.checkpointMu.Unlock()
	if db.isClosed() {
		return db.errClosed()
	}
	if db.checkpointer == nil {
		c, err := db.connect(false)
		if err != nil {
			return err
		}
		db.checkpointer = c
	}
	return do(db.checkpointer)
}
