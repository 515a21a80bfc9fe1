package types

import "github.com/pegmatitedb/pegmatite/internal/pgerr"

// MaxValueBytes is PostgreSQL's MaxAllocSize: no value is larger.
const MaxValueBytes = 0x3fffffff

// ArraySize counts what goes into an array, so that one which is too large is
// refused before it is made.
type ArraySize struct{ items, bytes int }

// Add counts an element; 54000 when that is one too many.
func (s *ArraySize) Add(d Datum) error { return s.add(1, d.ByteLen()) }

// AddArray counts an array's elements.
func (s *ArraySize) AddArray(a *Array) error { return s.add(len(a.Elems), elemBytes(a)) }

// AddCopies counts n times the same element.
func (s *ArraySize) AddCopies(n int, d Datum) error { return s.add(n, n*d.ByteLen()) }

func (s *ArraySize) add(items, bytes int) error {
	s.items, s.bytes = s.items+items, s.bytes+bytes
	if s.items > maxArrayItems {
		return errArraySize(maxArrayItems)
	}
	if s.bytes > MaxValueBytes {
		return errArraySize(MaxValueBytes)
	}
	return nil
}

func errArraySize(limit int) error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", limit)
}

// elemBytes is what elements of varying length hold.
func elemBytes(a *Array) (n int) {
	if b := a.Elem.Base(); b.Datum != KindText && b.Datum != KindBytes {
		return 0
	}
	for _, e := range a.Elems {
		n += e.ByteLen()
	}
	return n
}
