package engine

import (
	"bufio"
	"encoding/binary"
	"io"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard/log"
)

// asideBytes is the size from which write sets go into a side file instead of
// their record: well below log.MaxRecordBytes, and small enough that nobody
// else's commit waits long behind it.
const asideBytes = 4 << 20

// sectionBytes is how much of a table's changes a section of a side file holds
// at most, about: what is in memory at once when it is read.
const sectionBytes = 1 << 20

// A side file is sections, each with its length in front (uint32, little
// endian): shard, table, changes. A table's sections follow each other in key order.

// aside moves large write sets out of their record.
func (p *Participant) aside(c *changes) error {
	limit := asideBytes
	if segment := p.cfg.Log.SegmentBytes; segment > 0 {
		limit = min(limit, int(segment/4)) // a record lies in one segment
	}
	if p.log == nil || c.size() < limit {
		return nil
	}
	w, err := p.log.CreateSide()
	if err != nil {
		return err
	}
	for i := range c.sections {
		if err := writeSection(w, &c.sections[i]); err != nil {
			w.Discard()
			return err
		}
	}
	file, err := w.Finish()
	if err != nil {
		return err
	}
	c.sides, c.sections = append(c.sides, side{Side: file}), nil
	return nil
}

func writeSection(out io.Writer, s *section) error {
	w := writer{make([]byte, 4, 32)}
	w.uint(uint64(s.shard))
	w.uint(s.physical)
	w.uint(uint64(len(s.rows)))
	binary.LittleEndian.PutUint32(w.b, uint32(len(w.b)-4+len(s.rows)))
	if _, err := out.Write(w.b); err != nil {
		return err
	}
	_, err := out.Write(s.rows)
	return err
}

// largeAside writes a branch whose write set is in runs into a side file of its
// own, streaming.
func (p *Participant) largeAside(b *branch) (side, error) {
	w, err := p.log.CreateSide()
	if err != nil {
		return side{}, err
	}
	for _, physical := range b.physicals() {
		if err := b.writeSections(w, physical); err != nil {
			w.Discard()
			return side{}, err
		}
	}
	file, err := w.Finish()
	return side{Side: file, shard: b.engine.id, large: true}, err
}

func (b *branch) writeSections(out io.Writer, physical uint64) error {
	m := b.merged(physical)
	rows := writer{}
	flush := func() error {
		s := section{shard: b.engine.id, physical: physical, rows: rows.b}
		rows.b = rows.b[:0]
		if len(s.rows) == 0 {
			return nil
		}
		return writeSection(out, &s)
	}
	for {
		key, versions, ok, err := m.next()
		if err != nil {
			return err
		}
		if !ok {
			return flush()
		}
		if ch, some := changeOf(key, versions); some {
			ch.append(&rows)
		}
		if len(rows.b) >= sectionBytes {
			if err := flush(); err != nil {
				return err
			}
		}
	}
}

// readAside calls f for every section of a side file, which is verified first.
// A section's memory is its own.
func (p *Participant) readAside(s *side, f func(*section) error) error {
	file, err := p.log.OpenSide(s.Side)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := file.Verify(); err != nil {
		return err
	}
	in := bufio.NewReaderSize(io.NewSectionReader(file, 0, s.Length), 1<<18)
	for {
		var head [4]byte
		if _, err := io.ReadFull(in, head[:]); err == io.EOF {
			return nil
		} else if err != nil {
			return errSide(s, err)
		}
		data := make([]byte, binary.LittleEndian.Uint32(head[:]))
		if _, err := io.ReadFull(in, data); err != nil {
			return errSide(s, err)
		}
		r := reader{b: data}
		sec := r.section()
		if err := r.end(); err != nil {
			return err
		}
		if err := f(&sec); err != nil {
			return err
		}
	}
}

func errSide(s *side, err error) error {
	return pgerr.New(pgerr.IOError, "could not read side file \"%s\"", s.Name).WithCause(err)
}

// bindSides says which record needs the side files.
func (p *Participant) bindSides(c *changes, pos log.Position) {
	for _, s := range c.sides {
		if !p.replayed {
			p.cutAt.Add(-s.Length)
		}
		p.log.BindSide(s.Name, pos)
	}
}

// dropAside removes the side files of a transaction that was aborted.
func (p *Participant) dropAside(c *changes) {
	for _, s := range c.sides {
		if err := p.log.RemoveSide(s.Name); err != nil {
			p.cfg.Logger.Warn("side file stays until the next start", "file", s.Name, "error", err)
		}
	}
	c.sides = nil
}

// writable refuses new writes when the log has no space left for them; reads,
// commits and outcomes go on (rule 27).
func (p *Participant) writable() error {
	if p.log == nil {
		return nil
	}
	return p.log.WritersBlocked()
}
