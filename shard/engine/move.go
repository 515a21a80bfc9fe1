package engine

import (
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Move takes a shard away from its node. The steps, and what a crash of this
// node between them leaves:
//
//	copy     the file's pages, beside all work; again those that have
//	         changed, until they are few                           nothing
//	fix      the file stays as it is: commits gather in the WAL;
//	         once more the pages that have changed                 nothing
//	drain    transactions end, new ones wait                       nothing
//	hand     the WAL's pages, and the chains that snapshots need   nothing
//	seal     a record in the log: nothing is served any more       a sealed shard
//	claim    the destination puts itself into the shard map        the map says whose it is
//	finish   the file goes                                         a file to remove
//
// The shard map decides: a node that finds itself sealed there raises the map's
// epoch first, which ends every claim under way, and unseals (rule 25).
type Move struct {
	node   *Node
	engine *Engine
	to     Receiver
	sums   []uint64     // of the pages as the destination has them
	sent   atomic.Int64 // bytes
	fixed  bool         // the file is held, and the destination has all that is in it
	closed time.Time    // when nobody new was let in, the last time
}

// Receiver is the destination of a move.
type Receiver interface {
	// Pages gives pages of the file, numbered from 0; the same may come again.
	Pages(ctx context.Context, first uint32, pages []byte) error
	// Memory gives a part of what the file does not hold.
	Memory(ctx context.Context, part []byte) error
}

// Handover is what the destination must know when it has everything.
type Handover struct {
	Shard  shard.ID
	Pages  uint32 // of the file
	Sum    uint64 // of the pages
	Memory int    // bytes that Receiver.Memory was given
}

// PageBytes is what a file is counted in.
const PageBytes = sqlite.PageBytes

const (
	// movePages is how many pages are read and sent at once: 1 MiB.
	movePages = 256
	// fewPages is how many changed ones may be left to the time when
	// transactions wait.
	fewPages = 4 * movePages
	// maxFixedWAL is how far the WAL may grow while the file is held before it is
	// copied there, and the file looked through again: it is read while transactions wait.
	maxFixedWAL = 16 << 20
	// maxPasses bounds the copies of a file that changes as fast as it is copied.
	maxPasses = 8
	// maxMovedMemory bounds the old images that go along. A snapshot that needs
	// more of them than this from one shard is ended.
	maxMovedMemory = 64 << 20
)

// BeginMove begins to move a shard away; one at a time. End must be called.
func (n *Node) BeginMove(id shard.ID, to Receiver) (*Move, error) {
	e, err := n.engine(id)
	if err != nil {
		return nil, err
	}
	if n.cfg.Dir == "" {
		return nil, pgerr.Internal("moving a shard that lives in memory")
	}
	if !e.moving.CompareAndSwap(false, true) {
		return nil, pgerr.New(pgerr.ObjectInUse, "shard %d is being moved already", id)
	}
	return &Move{node: n, engine: e, to: to}, nil
}

// End ends a move, done or not.
func (m *Move) End() {
	m.engine.db.ReleaseFile()
	m.engine.moving.Store(false)
}

// Sent is how many bytes of the file have been sent.
func (m *Move) Sent() int64 { return m.sent.Load() }

// Closed is since when new transactions have waited, of a shard that is sealed.
func (m *Move) Closed() time.Time { return m.closed }

// Shard is which one moves.
func (m *Move) Shard() shard.ID { return m.engine.id }

// Bytes is how large the shard's file is.
func (m *Move) Bytes() int64 {
	size, err := m.engine.fileBytes()
	if err != nil {
		return 0
	}
	return size
}

// Open are the transactions that are open on the shard.
func (m *Move) Open() []txn.ID {
	m.engine.branchMu.RLock()
	defer m.engine.branchMu.RUnlock()
	return slices.Collect(maps.Keys(m.engine.branches))
}

// Copy sends the file beside all work on it, until little of it still changes.
func (m *Move) Copy(ctx context.Context) error {
	for range maxPasses {
		if err := m.engine.Settle(ctx); err != nil {
			return err
		}
		if err := m.engine.checkpoint(sqlite.Passive); err != nil {
			return err
		}
		before := m.Sent()
		if err := m.pass(ctx); err != nil {
			return err
		}
		if (m.Sent()-before)/sqlite.PageBytes <= fewPages {
			break
		}
	}
	return m.fix(ctx)
}

// fix holds the file and sends what it has that the destination lacks. From
// then on only the WAL has anything new, so that nobody who waits for the shard
// waits for as long as it takes to read the whole file.
func (m *Move) fix(ctx context.Context) error {
	m.fixed = false
	m.engine.db.ReleaseFile()
	if err := m.engine.checkpoint(sqlite.Passive); err != nil {
		return err
	}
	m.engine.db.HoldFile()
	if err := m.pass(ctx); err != nil {
		return err
	}
	m.fixed = true
	return nil
}

// pass sends the pages that are other than what was sent.
func (m *Move) pass(ctx context.Context) error {
	buf := make([]byte, movePages*sqlite.PageBytes)
	for first := uint32(0); ; first += movePages {
		n, err := m.engine.db.ReadPages(ctx, first, buf)
		if err != nil || n == 0 {
			return err
		}
		if err := m.send(ctx, first, buf[:n*sqlite.PageBytes]); err != nil {
			return err
		}
	}
}

// send sends those of some pages that the destination lacks, in runs.
func (m *Move) send(ctx context.Context, first uint32, pages []byte) error {
	run := -1 // where it begins
	flush := func(end int) error {
		if run < 0 {
			return nil
		}
		part := pages[run*sqlite.PageBytes : end*sqlite.PageBytes]
		m.sent.Add(int64(len(part)))
		err := m.to.Pages(ctx, first+uint32(run), part)
		run = -1
		return err
	}
	n := len(pages) / sqlite.PageBytes
	for i := range n {
		sum := xxhash.Sum64(pages[i*sqlite.PageBytes : (i+1)*sqlite.PageBytes])
		at := int(first) + i
		if at < len(m.sums) && m.sums[at] == sum {
			if err := flush(i); err != nil {
				return err
			}
			continue
		}
		if at == len(m.sums) {
			m.sums = append(m.sums, 0)
		}
		m.sums[at] = sum
		if run < 0 {
			run = i
		}
	}
	return flush(n)
}

// Seal drains the shard, hands over the rest of it and closes it for good. When
// it returns without an error the shard serves nothing until Reopen; with
// 55006, transactions were still open after the time given, and everything is
// as before. evict ends those that have not begun to commit.
func (m *Move) Seal(ctx context.Context, within time.Duration, evict bool) (*Handover, error) {
	e := m.engine
	if !m.fixed || e.db.WALSize() > maxFixedWAL {
		if err := m.fix(ctx); err != nil {
			return nil, err
		}
	}
	m.closed = time.Now()
	if evict {
		e.closeEntrance(entranceDraining)
		e.evict()
	}
	if err := e.drain(ctx, within); err != nil {
		if left := m.Open(); evict && len(left) > 0 && pgerr.HasCode(err, pgerr.ObjectInUse) {
			return nil, errInDoubt(e.id, left)
		}
		return nil, err
	}
	h, err := m.hand(ctx)
	if err == nil {
		err = e.seal(true)
	}
	if err != nil {
		e.setEntrance(entranceOpen)
		return nil, err
	}
	return h, nil
}

// errInDoubt: those who are left cannot be ended.
func errInDoubt(id shard.ID, left []txn.ID) error {
	texts := make([]string, len(left))
	for i, t := range left {
		texts[i] = t.String()
	}
	return pgerr.New(pgerr.ObjectInUse, "transactions on shard %d are in doubt or about to commit: %s", id, strings.Join(texts, ", "))
}

// hand sends what the destination still lacks of a drained shard.
func (m *Move) hand(ctx context.Context) (*Handover, error) {
	e := m.engine
	if err := e.retakeLeft(); err != nil {
		return nil, err
	}
	if err := e.Settle(ctx); err != nil {
		return nil, err
	}
	if err := m.lastPass(ctx); err != nil {
		return nil, err
	}
	memory, err := e.handMemory()
	if err != nil {
		return nil, err
	}
	for part := memory; len(part) > 0; {
		n := min(len(part), movePages*sqlite.PageBytes)
		if err := m.to.Memory(ctx, part[:n]); err != nil {
			return nil, err
		}
		part = part[n:]
	}
	return &Handover{Shard: e.id, Pages: uint32(len(m.sums)), Sum: sumOf(m.sums), Memory: len(memory)}, nil
}

// lastPass sends what the last commit has left in the WAL: all else the
// destination has.
func (m *Move) lastPass(ctx context.Context) error {
	image, err := m.engine.db.Image(ctx)
	if err != nil {
		return err
	}
	defer image.Close()
	var pages []uint32
	known := uint32(len(m.sums))
	for _, page := range image.InWAL() {
		if page < min(known, image.Pages()) {
			pages = append(pages, page)
		}
	}
	for page := known; page < image.Pages(); page++ { // beyond the file; free ones are not in the WAL either
		pages = append(pages, page)
	}
	buf := make([]byte, movePages*sqlite.PageBytes)
	for len(pages) > 0 {
		n := 1
		for n < len(pages) && n < movePages && pages[n] == pages[0]+uint32(n) {
			n++
		}
		run := buf[:n*sqlite.PageBytes]
		clear(run)
		if err := image.Read(pages[0], run); err != nil {
			return err
		}
		if err := m.send(ctx, pages[0], run); err != nil {
			return err
		}
		pages = pages[n:]
	}
	m.sums = m.sums[:image.Pages()] // it may have become shorter since
	return nil
}

// sumOf is the checksum of a file, from those of its pages.
func sumOf(pages []uint64) uint64 {
	d := xxhash.New()
	var b [8]byte
	for _, sum := range pages {
		binary.LittleEndian.PutUint64(b[:], sum)
		d.Write(b[:])
	}
	return d.Sum64()
}

// Reopen serves a sealed shard again. The caller has seen to it that the shard
// map gives it to this node, and that no claim to it can succeed any more.
func (m *Move) Reopen() error { return m.engine.reopen() }

// Finish forgets the shard: the shard map gives it to another node. Reads that
// are under way finish; the file is removed when the last one has.
func (m *Move) Finish() { m.node.removeEngine(m.engine) }

// seal logs that the shard serves nothing any more, or that it does again.
func (e *Engine) seal(sealed bool) error {
	if sealed {
		e.setEntrance(entranceSealed)
	}
	return e.logSeal(sealed)
}

func (e *Engine) logSeal(sealed bool) error {
	c := seal{shard: e.id, sealed: sealed}
	err := e.participant.write(true, func() {}, c.encode())
	if err != nil && e.participant.log != nil && e.participant.log.Err() != nil {
		e.cfg.Fatal(err) // nobody knows what a restart finds
	}
	return err
}

// reopen takes a seal back.
func (e *Engine) reopen() error {
	if err := e.seal(false); err != nil {
		return err
	}
	e.setEntrance(entranceOpen)
	return nil
}
