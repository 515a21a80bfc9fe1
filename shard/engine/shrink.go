package engine

import (
	"context"
)

// shrinkBytes is how much has to lie free in a file for it to be written anew.
const shrinkBytes = 1 << 20

// shrink gives the file system the pages of the shard's file that nothing lies
// in. That writes all others anew, which is worth it when half of them are
// free, or when asked for. Writers are not asked for the space that it takes: it
// frees more (rule 27). Without that much it is left, and the log says so.
func (e *Engine) shrink(ctx context.Context, full bool) error {
	if err := e.Settle(ctx); err != nil {
		return err
	}
	if e.cfg.Dir == "" {
		return nil
	}
	if err := e.rewriteFile(ctx, full); err != nil {
		return err
	}
	if err := e.emptyWAL(ctx); err != nil {
		return err
	}
	e.participant.log.CheckSpace()
	return nil
}

func (e *Engine) rewriteFile(ctx context.Context, full bool) error {
	conn, err := e.db.Writer(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	used, free, err := conn.Pages()
	if err != nil || free == 0 || !full && (free < shrinkBytes || free < used) {
		return err
	}
	// The WAL takes a copy before the file is cut.
	room, err := e.cfg.FS.FreeBytes(e.cfg.Dir)
	if err != nil {
		return err
	}
	if need := used + used/64 + shrinkBytes; room < need {
		e.cfg.Logger.Warn("too little space to shrink a shard's file", "shard", e.id, "free in the file", free, "needed", need, "free on the disk", room)
		return nil
	}
	stop := conn.Watch(ctx)
	defer stop()
	return conn.Vacuum()
}
