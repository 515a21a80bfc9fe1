package sqlite

// #include "layer.h"
import "C"

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// DB is one database: a writer connection and a bounded pool of readers. It is
// safe for concurrent use; a Conn taken from it is not.
type DB struct {
	path   string
	opts   Options
	memory *Disk // holds the files of a database in memory

	writer     *Conn
	writerFree chan struct{} // holds a token while nobody has the writer

	checkpointMu sync.Mutex // protects checkpointer and held
	checkpointer *Conn      // opened when first needed: a checkpoint runs beside the writer
	held         bool       // checkpoints copy nothing

	mu      sync.Mutex // protects all below
	readers []*Conn    // every open reader, for Interrupt
	idle    []*Conn    // those in nobody's hands; the most recently used is last
	opening int        // readers being opened
	parked  int        // readers in the hands of who waits for others (Park)
	beyond  int        // how many more than MaxReaders there may be, since those are kept
	waiting []chan handed
	out     int // readers in somebody's hands
	closed  bool
	drained chan struct{} // closed when out reaches 0 after closed
}

// Open opens path, creating the file when there is none. Path ":memory:" is a
// new database in memory that its connections share and that dies with the DB.
func Open(path string, opts Options) (*DB, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	configure()
	db := &DB{path: path, opts: opts, writerFree: make(chan struct{}, 1), drained: make(chan struct{})}
	if path == inMemory {
		if db.memory, err = newDisk(false); err != nil {
			return nil, err
		}
		db.opts.VFS, db.opts.KeepWAL = db.memory.VFS(), true
	}
	if db.writer, err = db.connect(true); err != nil {
		return nil, errors.Join(err, db.freeMemory())
	}
	db.writerFree <- struct{}{}
	return db, nil
}

// Path is what Open was given.
func (db *DB) Path() string { return db.path }

// file is the name under which the VFS knows the database.
func (db *DB) file() string {
	if db.memory != nil {
		return "/memory"
	}
	return db.path
}

// errClosed answers whoever comes after Close.
func (db *DB) errClosed() error {
	return pgerr.New(pgerr.AdminShutdown, "shard \"%s\" is closed", db.path)
}

// Writer takes the one connection that writes, waiting while another has it.
func (db *DB) Writer(ctx context.Context) (*Conn, error) {
	select {
	case <-db.writerFree:
	default:
		select {
		case <-db.writerFree:
		case <-ctx.Done():
			return nil, pgerr.From(ctx.Err())
		}
	}
	if db.isClosed() {
		db.writerFree <- struct{}{}
		return nil, db.errClosed()
	}
	return db.writer, nil
}

func (db *DB) isClosed() bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.closed
}

// handed is what who waits for a reader gets: one, or that one may be opened now,
// or that the DB is closed.
type handed struct {
	conn   *Conn
	closed bool
}

// readerPatience is how long a reader is waited for. Then those who have one are
// not at work, as a rule: their clients do not read what they asked for.
const readerPatience = 200 * time.Millisecond

// Reader takes a connection for reading, waiting while MaxReaders are in use,
// beside those that are parked. When none comes back one more is opened.
func (db *DB) Reader(ctx context.Context) (*Conn, error) {
	for {
		turn := make(chan handed, 1)
		c, err := db.takeReader(turn)
		if c != nil || err != nil {
			return c, err
		}
		if c, err = db.awaitReader(ctx, turn); c != nil || err != nil {
			return c, err
		}
	}
}

// SpareReader is Reader without waiting: nil when all are in use. It is for who
// has one already.
func (db *DB) SpareReader() (*Conn, error) { return db.takeReader(nil) }

// takeReader takes a reader that is free, or may be opened; nil when there is
// none, then turn waits in the queue.
func (db *DB) takeReader(turn chan handed) (*Conn, error) {
	db.mu.Lock()
	if db.closed {
		db.mu.Unlock()
		return nil, db.errClosed()
	}
	if n := len(db.idle); n > 0 {
		c := db.idle[n-1]
		db.idle = db.idle[:n-1]
		db.out++
		db.mu.Unlock()
		return c, nil
	}
	if len(db.readers)+db.opening < db.opts.MaxReaders+db.parked+db.beyond {
		db.opening++
		db.out++
		db.mu.Unlock()
		return db.openReader()
	}
	if turn != nil {
		db.waiting = append(db.waiting, turn)
	}
	db.mu.Unlock()
	return nil, nil
}

// openReader opens one more reader, already counted in opening and out.
func (db *DB) openReader() (*Conn, error) {
	c, err := db.connect(false)
	db.mu.Lock()
	defer db.mu.Unlock()
	db.opening--
	if err != nil {
		db.leave()
		return nil, err
	}
	db.readers = append(db.readers, c)
	return c, nil
}

// awaitReader waits for a reader to be handed over on turn; nil means that one may be opened.
func (db *DB) awaitReader(ctx context.Context, turn chan handed) (*Conn, error) {
	patience := time.NewTimer(readerPatience)
	defer patience.Stop()
	select {
	case h := <-turn:
		return h.conn, db.errIf(h.closed)
	case <-patience.C:
		if db.leaveQueue(turn, 1) {
			return nil, nil
		}
		h := <-turn // handed over in the same moment
		return h.conn, db.errIf(h.closed)
	case <-ctx.Done():
	}
	if db.leaveQueue(turn, 0) {
		return nil, pgerr.From(ctx.Err())
	}
	switch h := <-turn; { // likewise
	case h.conn != nil:
		h.conn.Release()
	case !h.closed:
		db.mu.Lock()
		defer db.mu.Unlock()
		db.hand(handed{})
	}
	return nil, pgerr.From(ctx.Err())
}

// errIf is errClosed when the DB is.
func (db *DB) errIf(closed bool) error {
	if closed {
		return db.errClosed()
	}
	return nil
}

// leaveQueue gives up a turn, and has so many more readers than MaxReaders
// allowed; false when something was handed over before.
func (db *DB) leaveQueue(turn chan handed, more int) bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	i := slices.Index(db.waiting, turn)
	if i < 0 {
		return false
	}
	db.waiting = slices.Delete(db.waiting, i, i+1)
	db.beyond += more
	return true
}

// hand gives something to who waits longest; it reports false when nobody
// waits. The caller holds mu.
func (db *DB) hand(h handed) bool {
	if len(db.waiting) == 0 {
		return false
	}
	turn := db.waiting[0]
	db.waiting = append(db.waiting[:0], db.waiting[1:]...)
	turn <- h
	return true
}

// Park says that who has a reader waits for somebody who may need one to go on:
// it does not count among MaxReaders until resume.
func (c *Conn) Park() (resume func()) {
	db := c.db
	db.mu.Lock()
	defer db.mu.Unlock()
	db.parked++
	db.hand(handed{})
	return func() {
		db.mu.Lock()
		defer db.mu.Unlock()
		db.parked--
	}
}

// putReader takes a clean reader back, or hands it to who waits longest. One too
// many is closed when there is another that nobody has.
func (db *DB) putReader(c *Conn) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.hand(handed{conn: c}) {
		return
	}
	if len(db.readers) > db.opts.MaxReaders+db.parked && len(db.idle) > 0 {
		db.beyond = max(0, db.beyond-1)
		db.readers = slices.DeleteFunc(db.readers, func(r *Conn) bool { return r == c })
		db.mu.Unlock()
		_ = c.close() // nothing is written by it
		db.mu.Lock()
		db.leave() // Close's are the last connections
		return
	}
	if len(db.readers) <= db.opts.MaxReaders {
		db.beyond = 0
	}
	db.idle = append(db.idle, c)
	db.leave()
}

// leave counts a reader as back; the caller holds mu.
func (db *DB) leave() {
	db.out--
	if db.closed && db.out == 0 {
		close(db.drained)
	}
}

// Interrupt stops the statements that readers are running now, with 57014, and
// those that they start before they are released.
func (db *DB) Interrupt() {
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, c := range db.readers {
		if !contains(db.idle, c) {
			c.Interrupt()
		}
	}
}

func contains(list []*Conn, c *Conn) bool {
	for _, x := range list {
		if x == c {
			return true
		}
	}
	return false
}

// Close interrupts the readers, waits until every connection is released, and
// closes them; the last one checkpoints. The second Close does nothing.
func (db *DB) Close() error {
	if !db.shut() {
		return nil
	}
	db.Interrupt()
	return db.closeIdle()
}

// Retire is Close that lets the readers finish, however long they take.
func (db *DB) Retire() error {
	if !db.shut() {
		return nil
	}
	return db.closeIdle()
}

// shut lets nobody in any more; it reports false when it was done before.
func (db *DB) shut() bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return false
	}
	db.closed = true
	if db.out == 0 {
		close(db.drained)
	}
	for _, turn := range db.waiting {
		turn <- handed{closed: true}
	}
	db.waiting = nil
	return true
}

// closeIdle closes the connections when all are released.
func (db *DB) closeIdle() error {
	<-db.drained
	<-db.writerFree
	defer func() { db.writerFree <- struct{}{} }() // who waits for the writer learns that it is gone
	return db.closeConns()
}

func (db *DB) closeConns() error {
	db.checkpointMu.Lock()
	defer db.checkpointMu.Unlock()
	conns := db.readers
	if db.checkpointer != nil {
		conns = append(conns, db.checkpointer)
	}
	var first error
	for _, c := range append(conns, db.writer) {
		if err := c.close(); err != nil && first == nil {
			first = err
		}
	}
	if err := db.freeMemory(); err != nil && first == nil {
		first = err
	}
	return first
}

func (db *DB) freeMemory() error {
	if db.memory == nil {
		return nil
	}
	return db.memory.Free()
}
