package rowcodec

import (
	"encoding/binary"
	"iter"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
)

// lengthBytes is what stands before each row of a batch.
const lengthBytes = 4

// Add appends a packed row to b.
func Add(b *shard.Batch, row []byte) {
	b.Data = binary.LittleEndian.AppendUint32(b.Data, uint32(len(row)))
	b.Data = append(b.Data, row...)
	b.Count++
}

// AddRow packs datums as one row at the end of b.
func AddRow(b *shard.Batch, cols []Column, row []types.Datum) {
	start := len(b.Data)
	b.Data = Append(append(b.Data, 0, 0, 0, 0), cols, row)
	binary.LittleEndian.PutUint32(b.Data[start:], uint32(len(b.Data)-start-lengthBytes))
	b.Count++
}

// Reset empties b and keeps its memory.
func Reset(b *shard.Batch) { b.Data, b.Count = b.Data[:0], 0 }

// Next splits the first row off data, the bytes of a batch that Check has
// passed or that this process has made. It must not be empty.
func Next(data []byte) (row, rest []byte) {
	end := lengthBytes + int(binary.LittleEndian.Uint32(data))
	return data[lengthBytes:end:end], data[end:]
}

// All walks over the rows of b, which share its memory.
func All(b *shard.Batch) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for data := b.Data; len(data) > 0; {
			var row []byte
			row, data = Next(data)
			if !yield(row) {
				return
			}
		}
	}
}

// Check refuses, with 08P01, a batch from elsewhere whose lengths and count do
// not add up. It does not look into the rows.
func Check(b *shard.Batch) error {
	count := 0
	for data := b.Data; len(data) > 0; count++ {
		if len(data) < lengthBytes || uint64(binary.LittleEndian.Uint32(data)) > uint64(len(data)-lengthBytes) {
			return errBatch()
		}
		_, data = Next(data)
	}
	if count != b.Count {
		return errBatch()
	}
	return nil
}

func errBatch() error { return pgerr.New(pgerr.ProtocolViolation, "malformed batch of rows") }
