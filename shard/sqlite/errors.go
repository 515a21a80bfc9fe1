package sqlite

// #include "layer.h"
import "C"

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Error is what SQLite said; it is the cause below a *pgerr.E.
type Error struct {
	Code    int    // extended result code (sqlite.org/rescode.html)
	Message string // sqlite3_errmsg
	Errno   int    // errno of a failed file operation, or 0
	Path    string // the database
}

func (e *Error) Error() string {
	return fmt.Sprintf("sqlite: %s (code %d, errno %d, %s)", e.Message, e.Code, e.Errno, e.Path)
}

// Primary is the low byte of the code: the kind of error.
func (e *Error) Primary() int { return e.Code & 0xff }

// The result codes with an SQLSTATE of their own.
const (
	codeBusy       = 5
	codeLocked     = 6
	codeNoMem      = 7
	codeReadOnly   = 8
	codeInterrupt  = 9
	codeIOErr      = 10
	codeCorrupt    = 11
	codeFull       = 13
	codeCantOpen   = 14
	codeTooBig     = 18
	codeConstraint = 19
	codeNotADB     = 26
)

// errSnapshotLost: an earlier error ended the read that BeginRead had opened.
// A statement that went on would see a later state of the database.
func errSnapshotLost() *pgerr.E {
	return pgerr.New(pgerr.IOError, "the shard's read ended after an error")
}

// fail makes the error for rc, which a call on c has just returned.
func (c *Conn) fail(rc C.int) error {
	switch rc {
	case C.PEG_MALFORMED:
		return pgerr.Internal("malformed packed parameters")
	case C.PEG_PARAM_COUNT:
		return pgerr.Internal("wrong number of parameters for the shard's statement")
	case C.PEG_SNAPSHOT_LOST:
		return errSnapshotLost()
	}
	e := &Error{Code: int(rc), Path: c.db.path, Message: C.GoString(C.peg_errmsg(c.c))}
	if c.c != nil && c.c.db != nil {
		e.Errno = int(C.sqlite3_system_errno(c.c.db))
	}
	return e.postgres()
}

// postgres gives e the SQLSTATE and message that a client sees.
func (e *Error) postgres() *pgerr.E {
	switch e.Primary() {
	case codeFull:
		return pgerr.New(pgerr.DiskFull, "could not extend file \"%s\": No space left on device", e.Path).
			WithHint("Check free disk space.").WithCause(e)
	case codeCorrupt, codeNotADB:
		return pgerr.New(pgerr.DataCorrupted, "shard \"%s\" is damaged: %s", e.Path, e.Message).WithCause(e)
	case codeInterrupt:
		return pgerr.New(pgerr.QueryCanceled, "canceling statement due to user request").WithCause(e)
	case codeBusy, codeLocked:
		return pgerr.New(pgerr.ObjectInUse, "shard \"%s\" is in use by another process", e.Path).WithCause(e)
	case codeTooBig:
		return pgerr.New(pgerr.ProgramLimitExceeded, "row or statement is too large for a shard").WithCause(e)
	case codeNoMem:
		return pgerr.New(pgerr.OutOfMemory, "out of memory").WithCause(e)
	case codeIOErr, codeCantOpen, codeReadOnly:
		return pgerr.New(pgerr.IOError, "could not access shard \"%s\": %s", e.Path, e.Message).WithCause(e)
	}
	if code, text, ok := raised(e.Message); ok {
		return pgerr.New(code, "%s", text).WithCause(e)
	}
	if tooComplex(e.Message) {
		return pgerr.New(pgerr.StatementTooComplex, "statement is too complex for a shard: %s", e.Message).WithCause(e)
	}
	return pgerr.Internal("shard \"%s\": %s", e.Path, e.Message).WithCause(e)
}

// raised splits the text of an error that one of our C functions raised:
// "22012:division by zero".
func raised(msg string) (pgerr.Code, string, bool) {
	if len(msg) < 6 || msg[5] != ':' || strings.Trim(msg[:5], "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return "", "", false
	}
	return pgerr.Code(msg[:5]), msg[6:], true
}

// tooComplex recognizes SQLite's limits on statements (sqlite.org/limits.html),
// which have no codes of their own.
func tooComplex(msg string) bool {
	for _, prefix := range []string{"Expression tree is too large", "too many ", "parser stack overflow", "at most "} {
		if strings.HasPrefix(msg, prefix) {
			return true
		}
	}
	return false
}

// IsConstraint reports whether a statement failed because of a constraint of
// its SQLite table.
func IsConstraint(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Primary() == codeConstraint
}
