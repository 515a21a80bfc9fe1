package exec

import (
	"bytes"
	"context"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
)

// KeyChanges are what statements have done to foreign keys, and to keys that
// foreign keys refer to: which are to be looked at when the statement, or the
// transaction, ends. Each is kept once; many lie in temporary files.
type KeyChanges struct {
	env   *Env
	run   *run // whose memory it is; nil as long as there is nothing
	lists []*KeyList
}

// KeyList is what has happened under one constraint.
type KeyList struct {
	Constraint catalog.OID
	// Referred says that they are keys which the constraint refers to: keys that
	// have gone, or (Pairs) keys with the ones they have become behind them. Else they are
	// keys that rows have got, which are to be found.
	Referred, Pairs bool
	types           []columnType
	seen            *keySet
	rows            *store
}

// NewKeyChanges makes an empty list; env says where it lies.
func NewKeyChanges(env *Env) *KeyChanges { return &KeyChanges{env: env} }

// Serve makes ctx the request that the work is for.
func (c *KeyChanges) Serve(ctx context.Context) {
	if c.run == nil {
		c.run = &run{env: c.env, ctx: expr.Context{Env: c.env.Types, Session: c.env.Session}}
	}
	c.run.serve(ctx)
}

// Empty reports whether nothing has happened.
func (c *KeyChanges) Empty() bool { return c == nil || len(c.lists) == 0 }

// Lists are the lists: those of keys that are referred to first, each by the
// order in which the constraints were made (PostgreSQL's triggers go by their names).
func (c *KeyChanges) Lists() []*KeyList { return c.lists }

// Close forgets everything.
func (c *KeyChanges) Close() error {
	var err error
	for _, l := range c.lists {
		if e := l.seen.close(); err == nil {
			err = e
		}
		if e := l.rows.close(); err == nil {
			err = e
		}
	}
	c.lists = nil
	return err
}

// list finds a list, or begins it.
func (c *KeyChanges) list(constraint catalog.OID, referred, pairs bool, columns []columnType) *KeyList {
	at := 0
	for i, l := range c.lists {
		if l.Constraint == constraint && l.Referred == referred && l.Pairs == pairs {
			return l
		}
		if l.Referred && !referred || l.Referred == referred && l.Constraint <= constraint {
			at = i + 1
		}
	}
	l := &KeyList{Constraint: constraint, Referred: referred, Pairs: pairs, types: columns, seen: newKeySet(c.run, columns), rows: newStore(c.run, columns)}
	c.lists = append(c.lists[:at:at], append([]*KeyList{l}, c.lists[at:]...)...)
	return l
}

func (l *KeyList) add(key Row) error {
	added, err := l.seen.add(key)
	if err != nil || !added {
		return err
	}
	return l.rows.add(key)
}

// Each gives the keys, in the order in which they came, so many at a time at most.
func (l *KeyList) Each(most int, do func(keys []Row) error) error {
	var part []Row
	reader := l.rows.reader()
	for {
		rows, err := reader.next()
		if err != nil {
			return err
		}
		for _, row := range rows {
			if part = append(part, row); len(part) == most {
				if err := do(part); err != nil {
					return err
				}
				part = nil
			}
		}
		if len(rows) == 0 {
			if len(part) == 0 {
				return nil
			}
			return do(part)
		}
	}
}

// Take adds the keys of another list to this one's: what is looked at later.
func (c *KeyChanges) Take(l *KeyList) error {
	to := c.list(l.Constraint, l.Referred, l.Pairs, l.types)
	reader := l.rows.reader()
	for {
		rows, err := reader.next()
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			if err := to.add(row); err != nil {
				return err
			}
		}
	}
}

// Drop forgets the list of keys.
func (c *KeyChanges) Drop(l *KeyList) error {
	for i := range c.lists {
		if c.lists[i] == l {
			c.lists = append(c.lists[:i:i], c.lists[i+1:]...)
			break
		}
	}
	err := l.seen.close()
	if e := l.rows.close(); err == nil {
		err = e
	}
	return err
}

// came notes the foreign keys of rows that were inserted; nil rows were not.
func (c *KeyChanges) came(ctx context.Context, rel *plan.Relation, images []Row) error {
	if c == nil || len(rel.Refers) == 0 {
		return nil
	}
	c.Serve(ctx)
	for _, k := range rel.Refers {
		for _, image := range images {
			if image == nil {
				continue
			}
			if err := c.refers(rel, k, image); err != nil {
				return err
			}
		}
	}
	return nil
}

// refers notes a row's key, if it is one to be found.
func (c *KeyChanges) refers(rel *plan.Relation, k plan.KeyReference, image Row) error {
	key := pick(image, k.Columns)
	nulls := 0
	for _, d := range key {
		if d.IsNull() {
			nulls++
		}
	}
	if nulls == len(key) || nulls > 0 && !k.Full {
		return nil
	}
	return c.list(k.Constraint, false, false, keyTypes(rel.Table, k.Columns)).add(key)
}

// changed notes what changes of rows do to keys; a row that has gone has no new image.
func (c *KeyChanges) changed(ctx context.Context, rel *plan.Relation, old, new []Row) error {
	if c == nil || len(rel.Refers)+len(rel.Referenced) == 0 {
		return nil
	}
	c.Serve(ctx)
	for i := range old {
		if err := c.changedRow(rel, old[i], new[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *KeyChanges) changedRow(rel *plan.Relation, old, new Row) error {
	for _, k := range rel.Referenced {
		if err := c.referred(rel, k, old, new); err != nil {
			return err
		}
	}
	if new == nil {
		return nil
	}
	for _, k := range rel.Refers {
		same, err := equalRows(keyTypes(rel.Table, k.Columns), pick(old, k.Columns), pick(new, k.Columns), c.run.work())
		if err != nil {
			return err
		}
		if !same {
			if err := c.refers(rel, k, new); err != nil {
				return err
			}
		}
	}
	return nil
}

// referred notes that a key which rows may refer to goes, or becomes another.
// One that is equal but not the same (1.0 and 1.00) is another, as in PostgreSQL.
func (c *KeyChanges) referred(rel *plan.Relation, k plan.KeyReference, old, new Row) error {
	before := pick(old, k.Columns)
	for _, d := range before {
		if d.IsNull() {
			return nil
		}
	}
	columns := keyTypes(rel.Table, k.Columns)
	if new == nil {
		return c.list(k.Constraint, true, false, columns).add(before)
	}
	after := pick(new, k.Columns)
	if sameImage(columns, before, after) {
		return nil
	}
	pairs := c.list(k.Constraint, true, true, append(columns[:len(columns):len(columns)], columns...))
	return pairs.add(append(before, after...))
}

func sameImage(columns []columnType, a, b Row) bool {
	var x, y shard.Batch
	appendRow(&x, columns, a)
	appendRow(&y, columns, b)
	return bytes.Equal(x.Data, y.Data)
}

func keyTypes(t *shard.Table, positions []int) []columnType {
	out := make([]columnType, len(positions))
	for i, p := range positions {
		out[i] = columnType{t.Columns[p].Type, t.Columns[p].Typmod}
	}
	return out
}

// Types are the types of the keys' columns.
func (l *KeyList) Types() []*types.Type {
	out := make([]*types.Type, len(l.types))
	for i := range l.types {
		out[i] = l.types[i].t
	}
	return out
}
