// Package rowcodec turns rows of datums into packed rows and back. The packed
// form is that of package types (Value); a batch holds rows of it back to back,
// each with its length in front.
package rowcodec

import (
	"encoding/binary"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
)

// Column is what the codec must know of a column.
type Column struct {
	Type   *types.Type
	Typmod int32
}

// errMalformed is XX001: the bytes are no row of these columns.
func errMalformed() error { return pgerr.New(pgerr.DataCorrupted, "malformed packed row") }

// Append appends the packed form of row, one datum for each of cols. The datums
// obey the columns' typmods already.
func Append(dst []byte, cols []Column, row []types.Datum) []byte {
	for i := range cols {
		dst = cols[i].Type.Store(cols[i].Typmod, row[i]).AppendPacked(dst)
	}
	return dst
}

// lengthBytes is what stands before each row of a batch.
const lengthBytes = 4

// AddRow packs datums as one row at the end of b.
func AddRow(b *shard.Batch, cols []Column, row []types.Datum) {
	start := len(b.Data)
	b.Data = Append(append(b.Data, 0, 0, 0, 0), cols, row)
	binary.LittleEndian.PutUint32(b.Data[start:], uint32(len(b.Data)-start-lengthBytes))
	b.Count++
}

// Decode reads a packed row that has exactly the columns cols into
// dst[:len(cols)]. The datums share the row's memory.
func Decode(dst []types.Datum, row []byte, cols []Column) error {
	for i := range cols {
		v, rest, ok := types.NextPacked(row)
		if !ok {
			return errMalformed()
		}
		d, err := cols[i].Type.Load(cols[i].Typmod, v)
		if err != nil {
			return err
		}
		dst[i], row = d, rest
	}
	if len(row) != 0 {
		return errMalformed()
	}
	return nil
}

// DecodeSome reads the columns at the positions wanted, which ascend, into
// dst[:len(wanted)]. The others are skipped unread, what follows the last one
// is not looked at. The datums share the row's memory.
func DecodeSome(dst []types.Datum, row []byte, cols []Column, wanted []int) error {
	at := 0
	for i, pos := range wanted {
		rest, ok := Skip(row, pos-at)
		if !ok {
			return errMalformed()
		}
		v, rest, ok := types.NextPacked(rest)
		if !ok {
			return errMalformed()
		}
		d, err := cols[pos].Type.Load(cols[pos].Typmod, v)
		if err != nil {
			return err
		}
		dst[i], row, at = d, rest, pos+1
	}
	return nil
}

// fixed are the lengths of columns by tag, the tag included; for text and blobs
// that of what stands before the bytes.
var fixed = [...]int{types.TagNull: 1, types.TagInt8: 2, types.TagInt16: 3, types.TagInt32: 5, types.TagInt64: 9,
	types.TagReal: 9, types.TagText: 5, types.TagBlob: 5}

// Skip returns what follows the first n columns of a packed row; ok is false
// when there are fewer.
func Skip(row []byte, n int) (rest []byte, ok bool) {
	for ; n > 0; n-- {
		if len(row) == 0 || int(row[0]) >= len(fixed) {
			return nil, false
		}
		size := fixed[row[0]]
		if len(row) < size {
			return nil, false
		}
		if row[0] >= types.TagText {
			bytes := binary.LittleEndian.Uint32(row[1:])
			if uint64(bytes) > uint64(len(row)-size) {
				return nil, false
			}
			size += int(bytes)
		}
		row = row[size:]
	}
	return row, true
}
