package rowcodec

import (
	"bytes"
	"cmp"
	"math"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// AppendKey appends the key that the columns at the positions key make of a
// packed row: their packed keys (types.Type.StoreKey), in the order of key. Two
// keys of the same columns are the same bytes exactly if PostgreSQL holds the
// values equal, NULLs taken as equal.
func AppendKey(dst, row []byte, cols []Column, key []int) ([]byte, error) {
	rest, at := row, 0
	for _, pos := range key {
		if pos < at {
			rest, at = row, 0
		}
		column, ok := Skip(rest, pos-at)
		if !ok {
			return dst, errMalformed()
		}
		v, next, ok := types.NextPacked(column)
		if !ok {
			return dst, errMalformed()
		}
		k, err := cols[pos].Type.KeyPart(cols[pos].Typmod, v)
		if err != nil {
			return dst, err
		}
		dst = k.AppendPacked(dst)
		rest, at = next, pos+1
	}
	return dst, nil
}

// AppendKeyOf is AppendKey for datums.
func AppendKeyOf(dst []byte, row []types.Datum, cols []Column, key []int) []byte {
	for _, pos := range key {
		dst = cols[pos].Type.StoreKey(cols[pos].Typmod, row[pos]).AppendPacked(dst)
	}
	return dst
}

// CompareKeys orders packed values column by column as SQLite's binary collation
// does: NULL, then numbers by value, then TEXT, then BLOB, both by bytes. A key
// that begins the other is less. Bytes that are not well formed are less than
// any value, so that the order stays total.
func CompareKeys(a, b []byte) int {
	for len(a) > 0 && len(b) > 0 {
		x, restA, okA := types.NextPacked(a)
		y, restB, okB := types.NextPacked(b)
		if !okA || !okB {
			if okA == okB {
				return bytes.Compare(a, b)
			}
			return cmp.Compare(rank(okA), rank(okB))
		}
		if c := CompareValues(x, y); c != 0 {
			return c
		}
		a, b = restA, restB
	}
	return cmp.Compare(len(a), len(b))
}

func rank(ok bool) int {
	if ok {
		return 1
	}
	return 0
}

// classes orders the kinds of values.
var classes = [...]int{types.TagNull: 0, types.TagInt64: 1, types.TagReal: 1, types.TagText: 2, types.TagBlob: 3}

// CompareValues orders two values as SQLite does.
func CompareValues(x, y types.Value) int {
	if c := cmp.Compare(classes[x.Tag], classes[y.Tag]); c != 0 {
		return c
	}
	switch {
	case x.Tag == types.TagNull:
		return 0
	case x.Tag >= types.TagText:
		return bytes.Compare(x.Bytes(), y.Bytes())
	case x.Tag == types.TagInt64 && y.Tag == types.TagInt64:
		return cmp.Compare(x.Int(), y.Int())
	case x.Tag == types.TagReal && y.Tag == types.TagReal:
		return cmp.Compare(x.Real(), y.Real())
	case x.Tag == types.TagInt64:
		return compareIntReal(x.Int(), y.Real())
	}
	return -compareIntReal(y.Int(), x.Real())
}

// compareIntReal compares without rounding the integer.
func compareIntReal(i int64, r float64) int {
	switch {
	case math.IsNaN(r): // SQLite stores none; cmp.Compare has it below all
		return 1
	case r < -(1 << 63):
		return 1
	case r >= 1<<63:
		return -1
	}
	whole := int64(r)
	if c := cmp.Compare(i, whole); c != 0 {
		return c
	}
	return cmp.Compare(float64(whole), r)
}
