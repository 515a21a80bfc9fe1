package log

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/pegmatitedb/pegmatite/txn"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(seed uint32, data []byte) uint32 { return crc32.Update(seed, castagnoli, data) }

var order = binary.LittleEndian

// headerBytes is a segment's header: less than a sector, so that it is
// written whole or not at all.
const headerBytes = 64

var headerMagic = [8]byte{'P', 'E', 'G', 'L', 'O', 'G', '0', '1'}

// header begins a segment that is in use.
//
//	0 magic | 8 uuid | 24 number | 32 first | 40 chain | 44 zero | 60 CRC32C of the rest
type header struct {
	uuid   txn.LogID
	number int64    // the file's
	first  Position // of the segment's first record
	chain  uint32   // checksum of the batch before
}

func (h header) encode() []byte {
	p := make([]byte, headerBytes)
	copy(p, headerMagic[:])
	copy(p[8:], h.uuid[:])
	order.PutUint64(p[24:], uint64(h.number))
	order.PutUint64(p[32:], uint64(h.first))
	order.PutUint32(p[40:], h.chain)
	order.PutUint32(p[60:], checksum(0, p[:60]))
	return p
}

// decodeHeader reads a header. blank says that there is none at all, and
// neither blank nor ok that it is damaged.
func decodeHeader(p []byte) (h header, ok, blank bool) {
	if len(p) < headerBytes || [headerBytes]byte(p) == [headerBytes]byte{} {
		return h, false, true
	}
	if [8]byte(p) != headerMagic || order.Uint32(p[60:]) != checksum(0, p[:60]) {
		return h, false, false
	}
	copy(h.uuid[:], p[8:])
	h.number = int64(order.Uint64(p[24:]))
	h.first = Position(order.Uint64(p[32:]))
	h.chain = order.Uint32(p[40:])
	return h, true, false
}

const (
	// batchHeaderBytes is the frame of a batch:
	//
	//	0 magic | 4 CRC32C of what follows | 8 chain | 12 length | 16 count | 20 zero |
	//	24 first | 32 synced | 40 incarnation | 48 records
	batchHeaderBytes = 48
	batchMagic       = 0x47454250

	// recordHeaderBytes is in front of a record's data: the type (8 bits) and
	// the length (24 bits).
	recordHeaderBytes = 4

	// batchAlign is what batches are padded to, so that a search for one has
	// an eighth of the places to look at.
	batchAlign = 8
)

// frame is a batch's header. chain is the checksum of the batch before, which
// ties each batch to the one history that it continues.
type frame struct {
	crc         uint32
	chain       uint32
	length      uint32 // of the records, in bytes
	count       uint32
	first       Position
	synced      Position // all up to here was synced when the batch was written
	incarnation uint64
}

// seal fills in the header in front of p's records and returns the checksum.
// crc and length of f are taken from p.
func (f frame) seal(p []byte, seed uint32) uint32 {
	order.PutUint32(p, batchMagic)
	order.PutUint32(p[8:], f.chain)
	order.PutUint32(p[12:], uint32(len(p)-batchHeaderBytes))
	order.PutUint32(p[16:], f.count)
	order.PutUint32(p[20:], 0)
	order.PutUint64(p[24:], uint64(f.first))
	order.PutUint64(p[32:], uint64(f.synced))
	order.PutUint64(p[40:], f.incarnation)
	crc := checksum(seed, p[8:])
	order.PutUint32(p[4:], crc)
	return crc
}

// decodeFrame reads a batch at the start of p; records are its records' bytes.
func decodeFrame(p []byte, seed uint32) (f frame, records []byte, ok bool) {
	if len(p) < batchHeaderBytes || order.Uint32(p) != batchMagic {
		return f, nil, false
	}
	f = frame{
		crc:         order.Uint32(p[4:]),
		chain:       order.Uint32(p[8:]),
		length:      order.Uint32(p[12:]),
		count:       order.Uint32(p[16:]),
		first:       Position(order.Uint64(p[24:])),
		synced:      Position(order.Uint64(p[32:])),
		incarnation: order.Uint64(p[40:]),
	}
	end := batchHeaderBytes + int64(f.length)
	if end > int64(len(p)) || checksum(seed, p[8:end]) != f.crc {
		return f, nil, false
	}
	return f, p[batchHeaderBytes:end], true
}

// size is the batch's bytes in the file, padding included.
func (f frame) size() int64 { return padded(batchHeaderBytes + int64(f.length)) }

func padded(n int64) int64 { return (n + batchAlign - 1) &^ (batchAlign - 1) }

// nextRecord splits the first record off p.
func nextRecord(p []byte) (r Record, rest []byte, ok bool) {
	if len(p) < recordHeaderBytes {
		return r, nil, false
	}
	word := order.Uint32(p)
	p = p[recordHeaderBytes:]
	length := int(word >> 8)
	if length > len(p) {
		return r, nil, false
	}
	return Record{Type: byte(word), Data: p[:length:length]}, p[length:], true
}
