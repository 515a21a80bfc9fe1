package sqlite

// #include "layer.h"
import "C"

import (
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"unsafe"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// PageBytes is the size of every page of every file.
const PageBytes = pageBytes

// The files that peg_read_file knows.
const (
	mainFile = 0
	walFile  = 1
)

// readFile reads one of the database's files from an offset on, and returns
// how many bytes there were.
func (c *Conn) readFile(which int, buf []byte, offset int64) (int, error) {
	var got C.int32_t
	rc := C.peg_read_file(c.c, C.int(which), unsafe.Pointer(&buf[0]), C.int(len(buf)), C.int64_t(offset), &got)
	if rc != C.SQLITE_OK {
		return 0, c.fail(rc)
	}
	return int(got), nil
}

// ReadPages reads pages of the database file, numbered from 0, beside whoever
// writes and checkpoints it: each may be of any moment, and torn. It returns
// how many pages there were. The caller reads them again through an Image,
// which tells which of them were right.
func (db *DB) ReadPages(ctx context.Context, first uint32, buf []byte) (int, error) {
	c, err := db.Writer(ctx)
	if err != nil {
		return 0, err
	}
	defer c.Release()
	n, err := c.readFile(mainFile, buf, int64(first)*pageBytes)
	return n / pageBytes, err
}

// Image is the whole database as pages, as the last commit left it, with what
// still lies in the WAL. Nobody writes or checkpoints until Close.
type Image struct {
	db    *DB
	conn  *Conn
	pages uint32
	wal   map[uint32]int64 // by page, where its newest content lies in the WAL
}

// Image holds the writer and reads where every page is. No transaction may be open.
func (db *DB) Image(ctx context.Context) (*Image, error) {
	c, err := db.Writer(ctx)
	if err != nil {
		return nil, err
	}
	db.checkpointMu.Lock()
	m := &Image{db: db, conn: c, wal: map[uint32]int64{}}
	if err := m.locate(); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// Close lets the others write again.
func (m *Image) Close() {
	m.db.checkpointMu.Unlock()
	m.conn.Release()
}

// Pages is how many pages the database has.
func (m *Image) Pages() uint32 { return m.pages }

// InWAL are the pages whose newest content lies in the WAL, in order.
func (m *Image) InWAL() []uint32 { return slices.Sorted(maps.Keys(m.wal)) }

// Read reads whole pages from first on into buf, as many as it holds; they must be there.
func (m *Image) Read(first uint32, buf []byte) error {
	if _, err := m.conn.readFile(mainFile, buf, int64(first)*pageBytes); err != nil {
		return err
	}
	for i := range uint32(len(buf) / pageBytes) {
		offset, ok := m.wal[first+i]
		if !ok {
			continue
		}
		n, err := m.conn.readFile(walFile, buf[i*pageBytes:(i+1)*pageBytes], offset)
		if err != nil {
			return err
		}
		if n != pageBytes {
			return m.errShort(first + i)
		}
	}
	return nil
}

func (m *Image) errShort(page uint32) error {
	return pgerr.New(pgerr.DataCorrupted, "the WAL of \"%s\" ends before page %d", m.db.path, page)
}

// The header of a WAL and of its frames (sqlite.org/fileformat2.html#the_write_ahead_log).
const (
	walHeaderBytes  = 32
	walMagicBig     = 0x377f0683 // checksums are over big-endian words
	walMagicLittle  = 0x377f0682
	pageCountOffset = 28 // of the database's header
)

// locate finds how many pages there are, and which of them lie in the WAL.
func (m *Image) locate() error {
	if err := m.conn.BeginRead(); err != nil { // opens the WAL
		return err
	}
	m.conn.EndRead()
	head := make([]byte, pageCountOffset+4)
	if n, err := m.conn.readFile(mainFile, head, 0); err != nil {
		return err
	} else if n == len(head) {
		m.pages = binary.BigEndian.Uint32(head[pageCountOffset:])
	}
	return m.locateFrames()
}

// locateFrames goes through the WAL's valid frames up to the last commit.
func (m *Image) locateFrames() error {
	head := make([]byte, walHeaderBytes)
	n, err := m.conn.readFile(walFile, head, 0)
	if err != nil || n < len(head) {
		return err
	}
	var sum walChecksum
	switch binary.BigEndian.Uint32(head) {
	case walMagicBig:
		sum.order = binary.BigEndian
	case walMagicLittle:
		sum.order = binary.LittleEndian
	default:
		return nil
	}
	if sum.add(head[:24]); !sum.is(head[24:]) {
		return nil
	}
	salts := string(head[16:24])
	open := map[uint32]int64{} // of the transaction that is being read
	frame := make([]byte, walFrameHeader+pageBytes)
	for offset := int64(walHeaderBytes); ; offset += int64(len(frame)) {
		if n, err := m.conn.readFile(walFile, frame, offset); err != nil || n < len(frame) {
			return err
		}
		sum.add(frame[:8])
		sum.add(frame[walFrameHeader:])
		if string(frame[8:16]) != salts || !sum.is(frame[16:]) {
			return nil
		}
		open[binary.BigEndian.Uint32(frame)-1] = offset + walFrameHeader
		if pages := binary.BigEndian.Uint32(frame[4:]); pages > 0 {
			m.pages = pages
			for page, at := range open {
				m.wal[page] = at
			}
			clear(open)
		}
	}
}

// walChecksum is the running checksum of a WAL.
type walChecksum struct {
	order  binary.ByteOrder
	s1, s2 uint32
}

func (c *walChecksum) add(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		c.s1 += c.order.Uint32(b) + c.s2
		c.s2 += c.order.Uint32(b[4:]) + c.s1
	}
}

func (c *walChecksum) is(b []byte) bool {
	return binary.BigEndian.Uint32(b) == c.s1 && binary.BigEndian.Uint32(b[4:]) == c.s2
}
