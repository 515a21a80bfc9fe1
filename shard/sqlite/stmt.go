package sqlite

/*
#include <stdlib.h>
#include "layer.h"
*/
import "C"

import (
	"context"
	"math"
	"slices"
	"unsafe"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Stmt is a prepared statement on one connection, taken by Prepare and given
// back by Done.
type Stmt struct {
	conn   *Conn
	c      *C.peg_stmt
	sql    string
	active bool // between Query and its last row
	taken  bool

	prev, next *Stmt // in the cache's ring, or in its list of strays
	cached     bool
}

// Binding is what the last parameters of a statement can be bound to.
type Binding = *KeySet

// A Page is what one Query or Fetch returns.
type Page struct {
	Rows []byte // the buffer given, with rows appended
	N    int    // rows appended
	More bool   // the statement has more: call Fetch
}

// minPageBytes is the room that a query is given when its buffer has none.
const minPageBytes = 4096

// Prepare returns a statement for one SQL text, from the connection's cache if
// it is there. Call Done when through with it.
func (c *Conn) Prepare(sql string) (*Stmt, error) {
	if st := c.cache.take(sql); st != nil {
		return st, nil
	}
	if len(sql) > math.MaxInt32 {
		return nil, pgerr.New(pgerr.ProgramLimitExceeded, "statement is too large for a shard")
	}
	text := unsafe.StringData(sql)
	st := &Stmt{conn: c, sql: sql, taken: true}
	if rc := C.peg_prepare(c.c, (*C.char)(unsafe.Pointer(text)), C.int(len(sql)), &st.c); rc != C.SQLITE_OK {
		return nil, c.fail(rc)
	}
	c.cache.add(st)
	return st, nil
}

// Done gives the statement back, ending it if it is under way.
func (st *Stmt) Done() {
	st.Reset()
	st.conn.cache.put(st)
}

// Reset ends a query before its last row.
func (st *Stmt) Reset() {
	if st.active {
		C.peg_reset(st.c)
		st.active = false
	}
}

// Query runs the statement from its start and appends rows to dst, as many as
// fit into its capacity and at least one. Params are packed, one column for
// each of the first parameters; the last parameters are bound to sets, which
// must live until the statement is done or reset. Neither params nor dst is
// retained. ctx is looked at once, before the statement runs (see Watch).
func (st *Stmt) Query(ctx context.Context, dst, params []byte, sets ...Binding) (Page, error) {
	if err := ctx.Err(); err != nil {
		return Page{Rows: dst}, pgerr.From(err)
	}
	st.Reset()
	if err := st.point(sets); err != nil {
		return Page{Rows: dst}, err
	}
	dst = room(dst, 1)
	free := dst[len(dst):cap(dst)]
	rc := C.peg_query(st.c, bytesPtr(params), C.size_t(len(params)), C.int(len(sets)), bytesPtr(free), C.size_t(len(free)))
	return st.page(dst, rc)
}

// Fetch continues a Query whose last page had More.
func (st *Stmt) Fetch(ctx context.Context, dst []byte) (Page, error) {
	if err := ctx.Err(); err != nil {
		return Page{Rows: dst}, pgerr.From(err)
	}
	if !st.active {
		return Page{Rows: dst}, nil
	}
	return st.fetch(dst, 1)
}

func (st *Stmt) fetch(dst []byte, need int) (Page, error) {
	dst = room(dst, need)
	free := dst[len(dst):cap(dst)]
	return st.page(dst, C.peg_fetch(st.c, bytesPtr(free), C.size_t(len(free))))
}

// page turns the answer of one call into a Page.
func (st *Stmt) page(dst []byte, rc C.int) (Page, error) {
	st.active = rc == C.SQLITE_ROW
	switch {
	case rc == C.SQLITE_DONE:
		return Page{Rows: dst[:len(dst)+int(st.c.used)], N: int(st.c.rows)}, nil
	case rc != C.SQLITE_ROW:
		return Page{Rows: dst}, st.conn.fail(rc)
	case st.c.rows == 0:
		return st.fetch(dst, int(st.c.need))
	}
	return Page{Rows: dst[:len(dst)+int(st.c.used)], N: int(st.c.rows), More: true}, nil
}

// room makes sure that at least need bytes can be appended to dst.
func room(dst []byte, need int) []byte {
	if cap(dst)-len(dst) >= need {
		return dst
	}
	return slices.Grow(dst, max(need, minPageBytes))
}

// Exec runs the statement to its end, dropping rows, and returns how many rows
// it inserted, updated or deleted.
func (st *Stmt) Exec(params []byte, sets ...Binding) (int64, error) {
	st.Reset()
	if err := st.point(sets); err != nil {
		return 0, err
	}
	if rc := C.peg_exec(st.c, bytesPtr(params), C.size_t(len(params)), C.int(len(sets))); rc != C.SQLITE_OK {
		return 0, st.conn.fail(rc)
	}
	return int64(st.c.changes), nil
}

// ExecMany runs the statement once for each row of rows (uint32 length and
// packed parameters, as Query gives them) and returns how many went through
// before the first error.
func (st *Stmt) ExecMany(rows []byte) (int, error) {
	st.Reset()
	rc := C.peg_exec_many(st.c, bytesPtr(rows), C.size_t(len(rows)))
	if rc != C.SQLITE_OK {
		return int(st.c.rows), st.conn.fail(rc)
	}
	return int(st.c.rows), nil
}

// point puts the sets where the C layer binds them from.
func (st *Stmt) point(sets []Binding) error {
	if len(sets) == 0 {
		return nil
	}
	if len(sets) > int(st.c.params) {
		return pgerr.Internal("more sets than the shard's statement has parameters")
	}
	slots := unsafe.Slice(st.c.pointers, len(sets))
	for i, s := range sets {
		slots[i] = unsafe.Pointer(s.c)
	}
	return nil
}

func bytesPtr(b []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(b))) }

func (st *Stmt) finalize() {
	C.peg_finalize(st.c)
	st.c = nil
}
