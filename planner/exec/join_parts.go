package exec

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// joinParts is a hash join that does not fit in memory: rows of both sides in
// files, by the hash of their keys. A part whose right rows fit is joined; one
// that is too large is parted again by other bits of the hash. Where that does
// not help, because many rows have one key, the right rows are joined in
// blocks: each block with all left rows of the part, which then go on to the
// next block, marked when they have matched.
type joinParts struct {
	join  *hashJoin
	open  [1 << partitionBits]joinFiles
	level int // of open
	whole int64
	queue []joinFiles

	now   joinFiles // the part that is joined
	right *spillReader
	left  *spillReader
	next  *spillFile // the left rows for the next block
	last  bool       // the table holds the last block
	done  bool       // the table has been joined
	types []columnType
}

// joinFiles is one part. whole is how many right rows the part had that it is
// a part of.
type joinFiles struct {
	left, right *spillFile
	level       int
	whole       int64
}

func newJoinParts(o *hashJoin) *joinParts {
	left := typesOf(o.node.Left.Columns())
	return &joinParts{join: o, done: true, types: append(left[:len(left):len(left)], columnType{types.TBool, -1})}
}

// spill moves the table to files.
func (p *joinParts) spill() error {
	table := p.join.table
	for i, row := range table.rows {
		if err := p.addRight(table.keys[i], row); err != nil {
			return err
		}
	}
	table.clear()
	return nil
}

// addRight puts a right row into the part of its key.
func (p *joinParts) addRight(key, row Row) error {
	h, err := hashRow(p.join.keyTypes, key, p.join.run.work())
	if err != nil {
		return err
	}
	f := &p.open[partOf(h, p.level)]
	if f.right == nil {
		if f.right, err = newSpill(p.join.run, typesOf(p.join.node.Right.Columns())); err != nil {
			return err
		}
	}
	p.whole++
	return f.right.add(row)
}

// flag puts behind a left row whether it has matched; unflag takes that off.
func flag(left Row, matched bool) Row { return append(left[:len(left):len(left)], types.Bool(matched)) }

func (p *joinParts) unflag(row Row) (left Row, matched bool) {
	n := len(row) - 1
	return row[:n:n], row[n].Bool()
}

// addLeft puts a left row into its key's part, unless nothing can come of it.
func (p *joinParts) addLeft(key, left Row, matched bool) error {
	h, err := hashRow(p.join.keyTypes, key, p.join.run.work())
	if err != nil {
		return err
	}
	f := &p.open[partOf(h, p.level)]
	if kind := p.join.node.Kind; f.right == nil && (matched || kind == plan.JoinInner || kind == plan.JoinSemi) {
		return nil
	}
	if f.left == nil {
		if f.left, err = newSpill(p.join.run, p.types); err != nil {
			return err
		}
	}
	return f.left.add(flag(left, matched))
}

// partLeft parts some of the left side's rows.
func (p *joinParts) partLeft(ctx context.Context) error {
	rows, err := p.join.left.next(ctx)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		p.join.stage = joinPart
		p.enqueue()
	}
	for _, row := range rows {
		key, ok, err := keysOf(p.join.leftKeys, row)
		switch {
		case err != nil:
			return err
		case !ok:
			p.join.pairing.unmatched(row)
		default:
			if err := p.addLeft(key, row, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// enqueue ends adding to the open parts.
func (p *joinParts) enqueue() {
	for i, f := range p.open {
		if f.left != nil || f.right != nil {
			p.queue = append(p.queue, joinFiles{f.left, f.right, p.level + 1, p.whole})
		}
		p.open[i] = joinFiles{}
	}
	p.whole = 0
}

// refill gets left rows for the table; at their end the rest of the table, or
// the next table.
func (p *joinParts) refill() (err error) {
	if p.done {
		p.done = false
		return p.advance()
	}
	if p.left != nil {
		p.join.probe.rows, err = readBatch(p.left)
		if err != nil || len(p.join.probe.rows) > 0 {
			return err
		}
	}
	p.join.stage = joinUnmatched
	return nil
}

// advance makes the next table: the next block of the part, or the next part.
func (p *joinParts) advance() error {
	p.join.table.clear()
	if p.right != nil && !p.last {
		return p.block()
	}
	p.closeNow()
	if len(p.queue) == 0 {
		p.join.stage = joinNulls
		return nil
	}
	n := len(p.queue) - 1
	p.now, p.queue = p.queue[n], p.queue[:n]
	if p.now.left == nil && p.join.node.Kind != plan.JoinFull {
		p.done = true // nothing can come of it
		return nil
	}
	if p.last = p.now.right == nil; p.last {
		return p.rewind(p.now.left)
	}
	var err error
	if p.right, err = p.now.right.rows(); err != nil {
		return err
	}
	if err := p.load(); err != nil {
		return err
	}
	// More than half of the rows of a part that was parted in 32: few keys.
	if !p.last && p.now.level < maxPartitionLevel && p.now.right.count*2 <= p.now.whole {
		return p.again()
	}
	return p.rewind(p.now.left)
}

// load fills the table with right rows; last says whether these are all.
func (p *joinParts) load() error {
	o := p.join
	for {
		row, err := p.right.next()
		if err != nil {
			return err
		}
		if p.last = row == nil; p.last {
			return nil
		}
		key, _, err := keysOf(o.rightKeys, row)
		if err != nil {
			return err
		}
		h, err := hashRow(o.keyTypes, key, o.run.work())
		if err != nil {
			return err
		}
		o.table.add(h, key, row)
		if o.table.used.full() {
			return nil
		}
	}
}

// again parts the present part by other bits of the hash.
func (p *joinParts) again() error {
	o := p.join
	p.level = p.now.level
	if err := p.spill(); err != nil {
		return err
	}
	for {
		row, err := p.right.next()
		if err != nil {
			return err
		}
		if row == nil {
			break
		}
		key, _, err := keysOf(o.rightKeys, row)
		if err != nil {
			return err
		}
		if err := p.addRight(key, row); err != nil {
			return err
		}
	}
	if err := p.againLeft(); err != nil {
		return err
	}
	p.closeNow()
	p.enqueue()
	p.done = true
	return nil
}

func (p *joinParts) againLeft() error {
	if p.now.left == nil {
		return nil
	}
	reader, err := p.now.left.rows()
	if err != nil {
		return err
	}
	for {
		row, err := reader.next()
		if err != nil || row == nil {
			return err
		}
		left, matched := p.unflag(row)
		key, _, err := keysOf(p.join.leftKeys, left)
		if err != nil {
			return err
		}
		if err := p.addLeft(key, left, matched); err != nil {
			return err
		}
	}
}

// block goes on to the next block of right rows, with the left rows that are
// carried over.
func (p *joinParts) block() error {
	if p.next != nil {
		p.now.left.close()
		p.now.left, p.next = p.next, nil
	} else if p.join.node.Kind != plan.JoinInner {
		p.now.left.close() // all have found what they need
		p.now.left = nil
	}
	if err := p.load(); err != nil {
		return err
	}
	return p.rewind(p.now.left)
}

func (p *joinParts) rewind(f *spillFile) (err error) {
	p.left = nil
	if f != nil {
		p.left, err = f.rows()
	}
	return err
}

// carry keeps a left row for the next block, if that can make a difference. An
// inner join reads the same left rows again.
func (p *joinParts) carry(left Row, matched bool) (err error) {
	switch p.join.node.Kind {
	case plan.JoinInner:
		return nil
	case plan.JoinSemi, plan.JoinAnti:
		if matched {
			return nil
		}
	}
	if p.next == nil {
		if p.next, err = newSpill(p.join.run, p.types); err != nil {
			return err
		}
	}
	return p.next.add(flag(left, matched))
}

// closeNow gives the files of the present part back.
func (p *joinParts) closeNow() {
	p.now.left.close()
	p.now.right.close()
	p.next.close()
	p.now, p.right, p.left, p.next = joinFiles{}, nil, nil, nil
}

func (p *joinParts) close() {
	if p == nil {
		return
	}
	p.closeNow()
	for _, f := range slices.Concat(p.open[:], p.queue) {
		f.left.close()
		f.right.close()
	}
	p.open, p.queue = [1 << partitionBits]joinFiles{}, nil
}
