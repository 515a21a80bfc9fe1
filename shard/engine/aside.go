package engine

import (
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard/log"
)

// asideBytes is the size from which write sets go into a side file instead of
// their record: well below log.MaxRecordBytes, and small enough that nobody
// else's commit waits long behind it.
const asideBytes = 4 << 20

// aside moves large write sets into a synced side file that the record names.
func (p *Participant) aside(c *changes) error {
	if p.log == nil || c.size() < asideBytes {
		return nil
	}
	w, err := p.log.CreateSide()
	if err != nil {
		return err
	}
	head := writer{}
	head.uint(uint64(len(c.sections)))
	if _, err := w.Write(head.b); err != nil {
		w.Discard()
		return err
	}
	for _, s := range c.sections {
		head := writer{}
		head.uint(uint64(s.shard))
		head.uint(s.physical)
		head.uint(uint64(len(s.rows)))
		if _, err := w.Write(head.b); err != nil {
			w.Discard()
			return err
		}
		if _, err := w.Write(s.rows); err != nil {
			w.Discard()
			return err
		}
	}
	side, err := w.Finish()
	if err != nil {
		return err
	}
	c.side, c.sections = &side, nil
	return nil
}

// readAside reads a side file's write sets.
func (p *Participant) readAside(side *log.Side) ([]section, error) {
	f, err := p.log.OpenSide(*side)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := f.Verify(); err != nil {
		return nil, err
	}
	data := make([]byte, side.Length)
	if n, err := f.ReadAt(data, 0); int64(n) < side.Length {
		return nil, pgerr.New(pgerr.IOError, "could not read side file \"%s\"", side.Name).WithCause(err)
	}
	r := reader{b: data}
	out := r.sections()
	return out, r.end()
}

// dropAside removes the side file of a transaction that was aborted.
func (p *Participant) dropAside(side *log.Side) {
	if err := p.log.RemoveSide(side.Name); err != nil {
		p.cfg.Logger.Warn("side file stays until the next start", "file", side.Name, "error", err)
	}
}

// writable refuses new writes when the log has no space left for them; reads,
// commits and outcomes go on (rule 27).
func (p *Participant) writable() error {
	if p.log == nil {
		return nil
	}
	return p.log.WritersBlocked()
}
