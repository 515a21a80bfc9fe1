package expr

import (
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

const (
	// spendLimit is after how much work Running is asked: about as much as a
	// millisecond does, so that asking costs nothing beside it.
	spendLimit = 1 << 16
	// callWork is what a call costs beside the bytes that go in and come out:
	// some are dear, as those of numeric are.
	callWork = spendLimit / 16
)

// MaxValueBytes is PostgreSQL's MaxAllocSize: no value is larger.
const MaxValueBytes = types.MaxValueBytes

// Spend notes work by its cost in bytes read or written. Functions whose work
// is not in proportion to their arguments call it in their loops; an error ends them.
func (ctx *Context) Spend(bytes int) error {
	if ctx.work += bytes; ctx.work < spendLimit {
		return nil
	}
	ctx.work = 0
	if ctx.Running == nil {
		return nil
	}
	return ctx.Running.Err()
}

// called ends a call that answered r: it counts what the call cost, and refuses
// a value that no PostgreSQL could hold.
func (ctx *Context) called(arg, r types.Datum, err error) (types.Datum, error) {
	if err != nil {
		return r, err
	}
	if n := r.ByteLen(); n > MaxValueBytes-varHeader {
		return types.Null, ErrTooLarge(n)
	}
	if err := ctx.Spend(callWork + weight(arg) + weight(r)); err != nil {
		return types.Null, err
	}
	return r, nil
}

// weight is about how much work goes into making or reading a value.
func weight(d types.Datum) int {
	switch d.Kind() {
	case types.KindText, types.KindBytes:
		return d.ByteLen()
	case types.KindDecimal:
		return d.Decimal().Coeff.BitLen()
	case types.KindArray:
		return elemWork * len(d.Array().Elems)
	case types.KindMultirange:
		return elemWork * len(d.Multirange())
	}
	return 0
}

// elemWork is about what reading or making an element of an array costs.
const elemWork = 16

// varHeader is the length word in front of a value (VARHDRSZ).
const varHeader = 4

// ErrTooLarge is the error for a value of so many bytes (mcxt.c, palloc).
func ErrTooLarge(bytes int) error {
	return pgerr.Raised("palloc", "invalid memory alloc request size %d", bytes+varHeader)
}
