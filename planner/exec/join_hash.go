package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// hashJoin keeps the right side in a hash table and looks the left rows up in
// it. When the right side outgrows its memory, both sides are parted by hash
// into temporary files, and the parts are joined one after the other.
type hashJoin struct {
	run                 *run
	node                *plan.Join
	left, right         operator
	leftKeys, rightKeys *scope
	keyTypes            []columnType
	pairing             *pairing
	table               *hashTable
	parts               []hashPart // nil while everything fits
	part                int
	reader              *spillReader // of the left rows of the part
	finished            bool
}

// hashTable is right rows by the hash of their keys. Rows with a NULL key are
// kept too for full joins, where they match nothing.
type hashTable struct {
	heads   map[uint64]int32
	chain   []int32
	keys    []Row // nil: a NULL among them
	rows    []Row
	matched []bool
	bytes   int64
}

// hashPart is what of both sides has hashes of one kind.
type hashPart struct{ left, right *spillFile }

// hashParts is into how many parts a join is spilled: with the default
// work_mem that covers right sides of some hundred MB.
const hashParts = 64

func newHashJoin(r *run, n *plan.Join) (operator, error) {
	o := &hashJoin{run: r, node: n, keyTypes: exprTypes(n.HashLeft)}
	var err error
	if o.left, err = r.build(n.Left); err != nil {
		return nil, err
	}
	if o.right, err = r.build(n.Right); err != nil {
		return nil, err
	}
	if o.leftKeys, err = r.scopeOf(n, "left", n.Left.Columns(), n.HashLeft...); err != nil {
		return nil, err
	}
	if o.rightKeys, err = r.scopeOf(n, "right", n.Right.Columns(), n.HashRight...); err != nil {
		return nil, err
	}
	o.pairing, err = newPairing(r, n, n.Rest)
	return o, err
}

func (o *hashJoin) open(ctx context.Context) error {
	o.table, o.parts, o.part, o.reader, o.finished = newHashTable(), nil, -1, nil, false
	for _, s := range []*scope{o.leftKeys, o.rightKeys, o.pairing.rest} {
		if err := s.begin(ctx); err != nil {
			return err
		}
	}
	o.pairing.out = nil
	err := drain(ctx, o.right, func(rows []Row) error {
		for _, row := range rows {
			if err := o.keep(row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return o.left.open(ctx)
}

func newHashTable() *hashTable { return &hashTable{heads: map[uint64]int32{}} }

// keep takes a right row in.
func (o *hashJoin) keep(row Row) error {
	key, ok, err := keysOf(o.rightKeys, row)
	if err != nil {
		return err
	}
	if !ok {
		key = nil
	}
	if o.parts != nil {
		return o.parts[o.partOf(key)].right.add(row)
	}
	o.table.add(o.hash(key), key, row)
	if o.table.bytes > o.run.workMem() {
		return o.spill()
	}
	return nil
}

func (o *hashJoin) hash(key Row) uint64 {
	if key == nil {
		return 0
	}
	return hashRow(o.keyTypes, key)
}

// partOf uses the upper bits: the table's map uses the lower ones.
func (o *hashJoin) partOf(key Row) int { return int(o.hash(key) >> 58) }

func (t *hashTable) add(h uint64, key, row Row) {
	prev, ok := t.heads[h]
	if !ok || key == nil {
		prev = -1
	}
	if key != nil {
		t.heads[h] = int32(len(t.rows))
	}
	t.chain = append(t.chain, prev)
	t.keys = append(t.keys, key)
	t.rows = append(t.rows, row)
	t.matched = append(t.matched, false)
	t.bytes += rowBytes(row) + rowBytes(key)
}

// spill moves the table to files.
func (o *hashJoin) spill() error {
	o.parts = make([]hashPart, hashParts)
	for i := range o.parts {
		var err error
		if o.parts[i].right, err = newSpill(o.run.env.TempDir, typesOf(o.node.Right.Columns())); err != nil {
			return err
		}
		if o.parts[i].left, err = newSpill(o.run.env.TempDir, typesOf(o.node.Left.Columns())); err != nil {
			return err
		}
	}
	table := o.table
	o.table = nil
	for i, row := range table.rows {
		if err := o.parts[o.partOf(table.keys[i])].right.add(row); err != nil {
			return err
		}
	}
	return nil
}

func (o *hashJoin) next(ctx context.Context) ([]Row, error) {
	for !o.finished {
		rows, err := o.leftRows(ctx)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			o.finished = true
		}
		for _, row := range rows {
			if err := o.probe(row); err != nil {
				return nil, err
			}
		}
		if out := o.pairing.take(); len(out) > 0 {
			return out, nil
		}
	}
	return nil, nil
}

// leftRows are the next left rows, with the table that they are to be looked
// up in. At the end of a table a full join's unmatched rows are output.
func (o *hashJoin) leftRows(ctx context.Context) ([]Row, error) {
	if o.parts == nil {
		rows, err := o.left.next(ctx)
		if len(rows) == 0 && err == nil {
			o.unmatchedRight()
		}
		return rows, err
	}
	if o.part < 0 {
		if err := o.partLeft(ctx); err != nil {
			return nil, err
		}
	}
	for {
		if o.reader != nil {
			rows, err := readBatch(o.reader)
			if err != nil || len(rows) > 0 {
				return rows, err
			}
			o.unmatchedRight()
			o.reader = nil
		}
		if o.part++; o.part >= len(o.parts) {
			return nil, nil
		}
		if err := o.load(&o.parts[o.part]); err != nil {
			return nil, err
		}
	}
}

// partLeft parts the left side's rows.
func (o *hashJoin) partLeft(ctx context.Context) error {
	for {
		rows, err := o.left.next(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			key, ok, err := keysOf(o.leftKeys, row)
			if err != nil {
				return err
			}
			if !ok {
				key = nil
			}
			if err := o.parts[o.partOf(key)].left.add(row); err != nil {
				return err
			}
		}
	}
}

// load makes the table of one part.
func (o *hashJoin) load(p *hashPart) error {
	o.table = newHashTable()
	right, err := p.right.rows()
	if err != nil {
		return err
	}
	for {
		row, err := right.next()
		if err != nil {
			return err
		}
		if row == nil {
			break
		}
		key, ok, err := keysOf(o.rightKeys, row)
		if err != nil {
			return err
		}
		if !ok {
			key = nil
		}
		o.table.add(o.hash(key), key, row)
	}
	o.reader, err = p.left.rows()
	return err
}

// probe joins one left row.
func (o *hashJoin) probe(row Row) error {
	key, ok, err := keysOf(o.leftKeys, row)
	if err != nil {
		return err
	}
	found := false
	if head, hit := o.table.heads[o.hash(key)]; ok && hit {
		for i := head; i >= 0; i = o.table.chain[i] {
			if !matchKeys(o.keyTypes, key, o.table.keys[i]) {
				continue
			}
			match, enough, err := o.pairing.try(row, o.table.rows[i])
			if err != nil {
				return err
			}
			if match {
				found, o.table.matched[i] = true, true
			}
			if enough {
				break
			}
		}
	}
	if !found {
		o.pairing.unmatched(row)
	}
	return nil
}

func (o *hashJoin) unmatchedRight() {
	if o.node.Kind != plan.JoinFull {
		return
	}
	for i, row := range o.table.rows {
		if !o.table.matched[i] {
			o.pairing.unmatchedRight(row)
		}
	}
}

func (o *hashJoin) close() error {
	for _, p := range o.parts {
		p.left.close()
		p.right.close()
	}
	o.parts, o.table = nil, nil
	err := o.left.close()
	if e := o.right.close(); err == nil {
		err = e
	}
	return err
}
