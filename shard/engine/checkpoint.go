package engine

import (
	"context"

	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
)

// walPageBytes is a WAL frame: a page and its header.
const walPageBytes = 4096 + 24

// checkpointIfDue copies the WAL into the file when it has grown enough. While
// a long read keeps it from being reset, it is tried again only after it has
// grown by half.
func (e *Engine) checkpointIfDue() error {
	size := e.db.WALSize()
	if size > 0 && e.participant.writable() != nil {
		return e.emptyWAL(context.Background())
	}
	due := int64(e.cfg.CheckpointPages) * walPageBytes
	if size < due || size < e.checkpointAt.Load() {
		return nil
	}
	return e.checkpoint(sqlite.Passive)
}

func (e *Engine) checkpoint(mode sqlite.CheckpointMode) error {
	e.settleMu.Lock()
	applied := e.applied
	e.settleMu.Unlock()
	c, err := e.db.Checkpoint(mode)
	if err != nil {
		return err
	}
	if c.Copied < c.LogFrames {
		e.checkpointAt.Store(e.db.WALSize() * 3 / 2)
		return nil
	}
	e.checkpointAt.Store(0)
	e.noteSynced(applied)
	return nil
}

// emptyWAL checkpoints and, if no reader is in the way, gives the WAL's space
// back.
func (e *Engine) emptyWAL(ctx context.Context) error {
	if e.cfg.Dir == "" {
		return e.checkpoint(sqlite.Passive)
	}
	if err := e.checkpoint(sqlite.Passive); err != nil {
		return err // most is copied beside the writer
	}
	conn, err := e.db.Writer(ctx) // who would write waits here, not on SQLite's lock
	if err != nil {
		return err
	}
	defer conn.Release()
	_, err = e.db.Checkpoint(sqlite.TryTruncate)
	return err
}

// noteSynced says that SQLite would have all commands up to pos even after a
// power cut.
func (e *Engine) noteSynced(pos log.Position) {
	e.settleMu.Lock()
	defer e.settleMu.Unlock()
	e.synced = max(e.synced, pos)
}

// durableUpto is the position up to which SQLite would have everything after a
// power cut.
func (e *Engine) durableUpto() log.Position {
	e.settleMu.Lock()
	defer e.settleMu.Unlock()
	return e.synced
}

// syncFile settles and makes SQLite's commits durable (rule 1).
func (e *Engine) syncFile(ctx context.Context) error {
	if err := e.Settle(ctx); err != nil {
		return err
	}
	e.settleMu.Lock()
	applied := e.applied
	e.settleMu.Unlock()
	if err := e.db.SyncWAL(); err != nil {
		return err
	}
	e.noteSynced(applied)
	return nil
}
