package sqlite

/*
#include <stdlib.h>
#include "layer.h"
*/
import "C"

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Conn is one connection, used by one goroutine at a time; only Interrupt may
// be called by others.
type Conn struct {
	db     *DB
	c      *C.peg_conn
	writer bool
	cache  stmtCache
}

// connect opens a connection and sets it up.
func (db *DB) connect(writer bool) (*Conn, error) {
	path, vfs := C.CString(db.file()), C.CString(db.opts.VFS)
	defer C.free(unsafe.Pointer(path))
	defer C.free(unsafe.Pointer(vfs))
	c := &Conn{db: db, writer: writer}
	c.cache.init(db.opts.Statements)
	if rc := C.peg_open(path, vfs, C.SQLITE_OPEN_READWRITE|C.SQLITE_OPEN_CREATE, &c.c); rc != C.SQLITE_OK {
		err := c.fail(rc)
		c.close()
		return nil, err
	}
	if err := c.setUp(); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *Conn) setUp() error {
	o := &c.db.opts
	// A new file is switched to WAL through a rollback journal. At EXTRA its
	// deletion is synced too: coming back after a power cut it would undo the
	// switch, and the file with it.
	settings := fmt.Sprintf("PRAGMA page_size=%d; PRAGMA synchronous=EXTRA; PRAGMA mmap_size=%d; PRAGMA cache_size=-%d",
		pageBytes, o.MmapBytes, o.CacheKiB)
	if err := c.Script(settings); err != nil {
		return err
	}
	if o.KeepWAL {
		C.peg_keep_wal(c.c)
	}
	mode, err := c.text("PRAGMA journal_mode=WAL")
	if err != nil {
		return err
	}
	if mode != "wal" {
		return pgerr.New(pgerr.IOError, "shard \"%s\" cannot use a write-ahead log (journal mode %s)", c.db.path, mode)
	}
	return c.Script("PRAGMA synchronous=" + o.Synchronous.String())
}

// text runs a statement without parameters and returns its one TEXT.
func (c *Conn) text(sql string) (string, error) {
	st, err := c.Prepare(sql)
	if err != nil {
		return "", err
	}
	defer st.Done()
	page, err := st.Query(context.Background(), nil, nil)
	if err != nil {
		return "", err
	}
	const head = 4 + 1 + 4 // row length, tag, text length
	if len(page.Rows) < head {
		return "", nil
	}
	return strings.ToLower(string(page.Rows[head:])), nil
}

// close closes the connection for good.
func (c *Conn) close() error {
	if c.c == nil {
		return nil
	}
	c.cache.clear()
	if rc := C.peg_close(c.c); rc != C.SQLITE_OK {
		return c.fail(rc)
	}
	c.c = nil
	return nil
}

// Release gives the connection back. It ends what is left open: statements, the
// read of BeginRead; an open transaction is rolled back.
func (c *Conn) Release() {
	c.cache.doneAll()
	if c.c.reading != 0 {
		c.EndRead()
	}
	if c.writer {
		c.Rollback()
	}
	atomic.StoreInt32((*int32)(&c.c.cancel), 0)
	if c.writer {
		c.db.writerFree <- struct{}{}
		return
	}
	c.db.putReader(c)
}

// Interrupt stops the running statement and every later one with 57014, until
// the connection is released. Any goroutine may call it.
func (c *Conn) Interrupt() { atomic.StoreInt32((*int32)(&c.c.cancel), 1) }

// Watch interrupts the connection when ctx is done. The returned function ends
// the watch and must be called before the connection is released. It costs as
// much as a point read: short statements check ctx themselves when they start.
func (c *Conn) Watch(ctx context.Context) (stop func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	if ctx.Err() != nil { // not left to another goroutine, which may come too late
		c.Interrupt()
		return func() {}
	}
	fired := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		c.Interrupt()
		close(fired)
	})
	return func() {
		if !cancel() {
			<-fired
		}
	}
}

// Script runs statements separated by semicolons, dropping their rows: DDL,
// settings.
func (c *Conn) Script(sql string) error {
	s := C.CString(sql)
	defer C.free(unsafe.Pointer(s))
	if rc := C.peg_exec_script(c.c, s); rc != C.SQLITE_OK {
		return c.fail(rc)
	}
	return nil
}

// BeginRead opens a read that every statement until EndRead shares. When it
// returns, SQLite's snapshot is taken.
func (c *Conn) BeginRead() error {
	if rc := C.peg_begin_read(c.c); rc != C.SQLITE_OK {
		return c.fail(rc)
	}
	return nil
}

// Reading reports whether the read of BeginRead is open.
func (c *Conn) Reading() bool { return c.c.reading != 0 }

// EndRead ends the read; statements still open keep it open until their Done.
func (c *Conn) EndRead() { C.peg_end_read(c.c) }

// Begin starts a transaction that writes.
func (c *Conn) Begin() error { return c.run("BEGIN IMMEDIATE") }

// Commit commits it. After an error it is rolled back.
func (c *Conn) Commit() error {
	err := c.run("COMMIT")
	if err != nil {
		c.Rollback()
	}
	return err
}

// Rollback ends the transaction, if there is one, without a trace.
func (c *Conn) Rollback() {
	if C.sqlite3_get_autocommit(c.c.db) == 0 {
		// An error here means that SQLite has rolled back by itself.
		_ = c.run("ROLLBACK")
	}
}

func (c *Conn) run(sql string) error {
	st, err := c.Prepare(sql)
	if err != nil {
		return err
	}
	defer st.Done()
	_, err = st.Exec(nil)
	return err
}
