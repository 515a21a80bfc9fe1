package exec

import (
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// ledger counts what the operators of a run keep, in memory and in files. The
// goroutine that drives the run uses it.
type ledger struct {
	heldBytes int64 // by all accounts together
	peakBytes int64 // the most that one account has held
	files     int   // temporary files that are open
	spills    int   // temporary files that were made
}

// account is what one operator keeps in memory for one purpose (a hash table,
// a sort): work_mem bounds it, and the one row more that was too many.
type account struct {
	ledger     *ledger
	limitBytes int64
	bytes      int64
}

func (r *run) account() account { return account{ledger: &r.ledger, limitBytes: r.workMem()} }

func (a *account) add(bytes int64) {
	a.bytes += bytes
	a.ledger.heldBytes += bytes
	a.ledger.peakBytes = max(a.ledger.peakBytes, a.bytes)
}

func (a *account) clear() { a.add(-a.bytes) }

// full reports whether more is kept than allowed.
func (a *account) full() bool { return a.bytes > a.limitBytes }

// fits reports whether so much more can be kept; something always can.
func (a *account) fits(bytes int64) bool { return a.bytes == 0 || a.bytes+bytes <= a.limitBytes }

// datumBytes is what a Datum itself takes.
const datumBytes = 24

// rowBytes is about what a row keeps in memory.
func rowBytes(row Row) int64 {
	n := int64(datumBytes * (len(row) + 1))
	for _, d := range row {
		switch d.Kind() {
		case types.KindText, types.KindBytes:
			n += int64(len(d.Bytes()))
		case types.KindDecimal, types.KindInterval, types.KindTimeTZ:
			n += 48
		case types.KindArray:
			n += 64 + rowBytes(d.Array().Elems)
		case types.KindRow:
			n += 64 + rowBytes(d.Row().Fields)
		case types.KindRange:
			n += rangeBytes(d.Range())
		case types.KindMultirange:
			for _, r := range d.Multirange() {
				n += 8 + rangeBytes(r)
			}
		}
	}
	return n
}

// rangeBytes is about what a range keeps in memory.
func rangeBytes(r *types.Range) int64 { return 40 + rowBytes(Row{r.Lower.Value, r.Upper.Value}) }

// owned returns a row whose values share no memory with the batch that it came
// in: who keeps one row of many would keep the whole batch.
func owned(row Row) Row {
	var out Row
	for i, d := range row {
		switch d.Kind() {
		case types.KindText, types.KindBytes, types.KindArray, types.KindRow, types.KindRange, types.KindMultirange:
			if out == nil {
				out = slices.Clone(row)
			}
			out[i] = ownedDatum(d)
		}
	}
	if out == nil {
		return row
	}
	return out
}

// ownedDatum is owned for one value.
func ownedDatum(d types.Datum) types.Datum {
	switch d.Kind() {
	case types.KindText:
		return types.Text(strings.Clone(d.Text()))
	case types.KindBytes:
		return types.Bytes(slices.Clone(d.Bytes()))
	case types.KindArray:
		a := *d.Array()
		a.Elems = owned(a.Elems)
		return types.ArrayDatum(&a)
	case types.KindRow:
		r := *d.Row()
		r.Fields = owned(r.Fields)
		return types.RowDatum(&r)
	case types.KindRange:
		return types.RangeDatum(ownedRange(d.Range()))
	case types.KindMultirange:
		m := slices.Clone(d.Multirange())
		for i, r := range m {
			m[i] = ownedRange(r)
		}
		return types.MultirangeDatum(m)
	}
	return d
}

func ownedRange(r *types.Range) *types.Range {
	c := *r
	c.Lower.Value, c.Upper.Value = ownedDatum(r.Lower.Value), ownedDatum(r.Upper.Value)
	return &c
}

// Own is a value that shares no memory with the row that it came in, for who keeps it.
func Own(d types.Datum) types.Datum { return ownedDatum(d) }
