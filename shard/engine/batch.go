package engine

import (
	"encoding/binary"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
)

// pageBytes is how much of a result is fetched and sent at once.
const pageBytes = 64 << 10

// nextRow splits the first row off rows that are back to back with their
// lengths in front. rows must be well formed (checkBatch).
func nextRow(rows []byte) (row, rest []byte) {
	n := binary.LittleEndian.Uint32(rows)
	return rows[4 : 4+n : 4+n], rows[4+n:]
}

// appendRow appends a row with its length in front.
func appendRow(dst, row []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(row))), row...)
}

// checkBatch refuses a batch whose lengths do not add up.
func checkBatch(b *shard.Batch) error {
	rows, n := b.Data, 0
	for len(rows) > 0 {
		if len(rows) < 4 || uint64(binary.LittleEndian.Uint32(rows)) > uint64(len(rows)-4) {
			return pgerr.New(pgerr.ProtocolViolation, "malformed batch of rows")
		}
		_, rows = nextRow(rows)
		n++
	}
	if n != b.Count {
		return pgerr.New(pgerr.ProtocolViolation, "malformed batch of rows")
	}
	return nil
}

// addRow appends a row to a batch.
func addRow(b *shard.Batch, row []byte) {
	b.Data = appendRow(b.Data, row)
	b.Count++
}

// setLength writes the length of the row that began at start, with room for it
// in front, and ends here.
func setLength(buf []byte, start int) {
	binary.LittleEndian.PutUint32(buf[start:], uint32(len(buf)-start-4))
}
