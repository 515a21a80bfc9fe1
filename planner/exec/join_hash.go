package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// hashJoin keeps the right side in a hash table and looks the left rows up in
// it. When the right side outgrows its memory, both sides are parted by hash
// into temporary files, and the parts are joined one after the other, see
// join_parts.go.
type hashJoin struct {
	run                 *run
	node                *plan.Join
	left, right         operator
	leftKeys, rightKeys *scope
	keyTypes            []columnType
	pairing             *pairing
	table               *hashTable
	// nulls are a full join's right rows with a NULL key, which match nothing.
	nulls *store
	parts *joinParts // nil while everything fits
	stage joinStage
	probe probe
	// unmatched counts the table's rows that were looked at for a full join's end.
	unmatched int
	rest      *storeReader // of nulls
}

// joinStage is what a hash join's rows come from next.
type joinStage uint8

const (
	joinLeft      joinStage = iota // the left side, looked up in the table
	joinParting                    // the left side goes into files
	joinPart                       // a part's left rows, looked up in the table
	joinUnmatched                  // the table's rows that nothing has matched
	joinNulls                      // the right rows that could not match
	joinDone
)

// probe is a left row on its way through the rows of the table with its hash.
type probe struct {
	rows    []Row // left rows that come after
	left    Row
	key     Row
	at      int32 // in the table; -1 is none
	matched bool
	active  bool
}

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
	o.table = newHashTable(r)
	o.nulls = newStore(r, typesOf(n.Right.Columns()))
	o.pairing, err = newPairing(r, n, n.Rest)
	return o, err
}

func (o *hashJoin) open(ctx context.Context) error {
	if err := o.clear(); err != nil {
		return err
	}
	for _, s := range []*scope{o.leftKeys, o.rightKeys} {
		if err := s.begin(ctx); err != nil {
			return err
		}
	}
	if err := o.pairing.begin(ctx); err != nil {
		return err
	}
	err := drain(ctx, o.right, func(rows []Row) error {
		for _, row := range rows {
			if err := o.keep(row); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	if o.parts != nil {
		o.stage = joinParting
	}
	return o.left.open(ctx)
}

// keep takes a right row in.
func (o *hashJoin) keep(row Row) error {
	key, ok, err := keysOf(o.rightKeys, row)
	switch {
	case err != nil:
		return err
	case !ok && o.node.Kind == plan.JoinFull:
		return o.nulls.add(row)
	case !ok:
		return nil
	}
	if o.parts != nil {
		return o.parts.addRight(key, row)
	}
	h, err := hashRow(o.keyTypes, key, o.run.work())
	if err != nil {
		return err
	}
	o.table.add(h, key, row)
	if !o.table.used.full() {
		return nil
	}
	o.parts = newJoinParts(o)
	return o.parts.spill()
}

func (o *hashJoin) next(ctx context.Context) ([]Row, error) {
	for o.stage != joinDone && len(o.pairing.out) < batchRows {
		var err error
		switch {
		case o.probe.active:
			err = o.advance()
		case len(o.probe.rows) > 0:
			err = o.begin()
		case len(o.pairing.out) > 0:
			return o.pairing.take(), nil // before more is asked for
		default:
			if err = ctx.Err(); err == nil {
				err = o.refill(ctx)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return o.pairing.take(), nil
}

// refill gets more left rows, or what follows them.
func (o *hashJoin) refill(ctx context.Context) (err error) {
	switch o.stage {
	case joinLeft:
		if o.probe.rows, err = o.left.next(ctx); err == nil && len(o.probe.rows) == 0 {
			o.stage = joinUnmatched
		}
	case joinParting:
		return o.parts.partLeft(ctx)
	case joinPart:
		return o.parts.refill()
	case joinUnmatched:
		o.unmatchedRight()
	case joinNulls:
		return o.unmatchedNulls()
	}
	return err
}

// begin takes the next left row.
func (o *hashJoin) begin() error {
	p := &o.probe
	p.left, p.rows, p.matched = p.rows[0], p.rows[1:], false
	if o.stage == joinPart {
		p.left, p.matched = o.parts.unflag(p.left)
	}
	key, ok, err := keysOf(o.leftKeys, p.left)
	if err != nil {
		return err
	}
	p.key, p.at, p.active = key, -1, true
	if !ok {
		return nil
	}
	h, err := hashRow(o.keyTypes, key, o.run.work())
	p.at = o.table.first(h)
	return err
}

// advance looks at the next right rows for the left row.
func (o *hashJoin) advance() error {
	p := &o.probe
	for p.at >= 0 && len(o.pairing.out) < batchRows {
		i := p.at
		p.at = o.table.chain[i]
		equal, err := equalRows(o.keyTypes, p.key, o.table.keys[i], o.run.work())
		if err != nil {
			return err
		}
		if !equal {
			continue
		}
		match, enough, err := o.pairing.try(p.left, o.table.rows[i])
		if err != nil {
			return err
		}
		if match {
			p.matched, o.table.matched[i] = true, true
		}
		if enough {
			p.at = -1
		}
	}
	if p.at >= 0 {
		return nil
	}
	p.active = false
	if o.stage == joinPart && !o.parts.last {
		return o.parts.carry(p.left, p.matched)
	}
	if !p.matched {
		o.pairing.unmatched(p.left)
	}
	return nil
}

// unmatchedRight gives some of the table's rows that nothing has matched, for a
// full join, and then goes on to what comes after the table.
func (o *hashJoin) unmatchedRight() {
	if o.node.Kind == plan.JoinFull {
		for o.unmatched < len(o.table.rows) && len(o.pairing.out) < batchRows {
			if !o.table.matched[o.unmatched] {
				o.pairing.unmatchedRight(o.table.rows[o.unmatched])
			}
			o.unmatched++
		}
		if o.unmatched < len(o.table.rows) {
			return
		}
	}
	o.unmatched = 0
	if o.parts != nil {
		o.stage = joinPart
		o.parts.done = true
		return
	}
	o.stage = joinNulls
}

func (o *hashJoin) unmatchedNulls() error {
	if o.rest == nil {
		o.rest = o.nulls.reader()
	}
	rows, err := o.rest.next()
	if err != nil {
		return err
	}
	for _, row := range rows {
		o.pairing.unmatchedRight(row)
	}
	if len(rows) == 0 {
		o.stage = joinDone
	}
	return nil
}

// clear forgets all rows.
func (o *hashJoin) clear() error {
	o.table.clear()
	o.parts.close()
	o.parts, o.stage, o.probe, o.unmatched, o.rest = nil, joinLeft, probe{}, 0, nil
	return o.nulls.close()
}

func (o *hashJoin) close() error {
	err := o.clear()
	for _, in := range []operator{o.left, o.right} {
		if e := in.close(); err == nil {
			err = e
		}
	}
	return err
}

// hashTable is right rows by the hash of their keys.
type hashTable struct {
	heads   map[uint64]int32
	chain   []int32
	keys    []Row
	rows    []Row
	matched []bool
	used    account
}

func newHashTable(r *run) *hashTable {
	return &hashTable{heads: map[uint64]int32{}, used: r.account()}
}

// first is the first row with the hash, the others follow in chain; -1: none.
func (t *hashTable) first(h uint64) int32 {
	if head, ok := t.heads[h]; ok {
		return head
	}
	return -1
}

// add adds a row. Its key may share the row's memory.
func (t *hashTable) add(h uint64, key, row Row) {
	prev := t.first(h)
	t.heads[h] = int32(len(t.rows))
	t.chain = append(t.chain, prev)
	t.keys = append(t.keys, owned(key))
	t.rows = append(t.rows, owned(row))
	t.matched = append(t.matched, false)
	t.used.add(tableBytes(key, row))
}

// tableBytes is what a row takes in a table.
func tableBytes(key, row Row) int64 { return rowBytes(row) + rowBytes(key) + entryBytes }

func (t *hashTable) clear() {
	if len(t.heads) > 0 {
		t.heads = map[uint64]int32{}
	}
	t.chain, t.keys, t.rows, t.matched = nil, nil, nil, nil
	t.used.clear()
}
