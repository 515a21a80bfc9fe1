package engine

import (
	"fmt"
	"slices"

	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/recent"
	"github.com/pegmatitedb/pegmatite/txn"
)

// A branch's write set is in memory (branch.set) until it outgrows
// Config.WriteSetBytes; then all of it becomes runs, and memory begins anew. A
// key in memory is there with all that it was; of several runs that have a key
// the newest one has it all. What cuts took back stays in the runs and is left
// out when they are read.

// cutRange is statements that were taken back.
type cutRange struct{ from, to txn.Statement }

// runsOf are a table's runs, oldest first; the caller holds mu or the set is frozen.
func (b *branch) runsOf(physical uint64) []*run {
	if b == nil || b.runs == nil {
		return nil
	}
	return b.runs[physical]
}

// large reports whether a part of the write set is in files.
func (b *branch) large() bool { return len(b.runs) > 0 }

// physicals are the tables that the branch has changed, in order.
func (b *branch) physicals() []uint64 {
	var out []uint64
	for _, t := range b.set.Tables() {
		out = append(out, t.Physical)
	}
	for physical := range b.runs {
		if !slices.Contains(out, physical) {
			out = append(out, physical)
		}
	}
	for physical := range b.loads {
		if !slices.Contains(out, physical) {
			out = append(out, physical)
		}
	}
	slices.Sort(out)
	return out
}

// versions returns what the write set has of a key, the base first; nil is
// nothing. The caller holds mu or the set is frozen.
func (b *branch) versions(physical uint64, key string) ([]recent.Version, error) {
	if b == nil {
		return nil, nil
	}
	if c := b.set.Table(physical).Get(key); c != nil {
		return c.Versions(), nil
	}
	return b.spilled(physical, key)
}

// spilled looks a key up in the runs.
func (b *branch) spilled(physical uint64, key string) ([]recent.Version, error) {
	runs := b.runsOf(physical)
	for i := len(runs) - 1; i >= 0; i-- {
		e, err := runs[i].get(key)
		if err != nil {
			return nil, err
		}
		if e != nil {
			return b.uncut(e.versions), nil
		}
	}
	return nil, nil
}

// uncut leaves out what was taken back; nil when only the base is left.
func (b *branch) uncut(versions []recent.Version) []recent.Version {
	if len(b.cuts) > 0 {
		versions = slices.DeleteFunc(versions, func(v recent.Version) bool {
			return v.At != 0 && slices.ContainsFunc(b.cuts, func(c cutRange) bool {
				return txn.Statement(v.At) >= c.from && txn.Statement(v.At) <= c.to
			})
		})
	}
	if len(versions) < 2 {
		return nil
	}
	return versions
}

// seenIn returns what statement number sees among a key's own versions; nil is
// that no earlier statement wrote there.
func seenIn(versions []recent.Version, number txn.Statement) *recent.Version {
	for i := len(versions) - 1; i > 0; i-- {
		if versions[i].At < txn.Timestamp(number) {
			return &versions[i]
		}
	}
	return nil
}

// promote brings a key back into memory before it is written again; the caller
// holds mu.
func (b *branch) promote(own *recent.Table, key string) error {
	if !b.large() || own.Get(key) != nil {
		return nil
	}
	versions, err := b.spilled(own.Physical, key)
	if err != nil {
		return err
	}
	for i := 1; i < len(versions); i++ {
		own.Put(key, versions[0], versions[i])
	}
	return nil
}

// spillIfLarge turns what is in memory into runs when it is too much.
func (b *branch) spillIfLarge() error {
	e := b.engine
	if e.cfg.Dir == "" || b.set.Usage().Bytes < e.cfg.WriteSetBytes {
		return nil
	}
	for _, own := range b.set.Tables() {
		if own.Len() == 0 {
			continue
		}
		r, err := b.writeRun(own)
		if err != nil {
			return err
		}
		if b.runs == nil {
			b.runs = map[uint64][]*run{}
		}
		b.runs[own.Physical] = append(b.runs[own.Physical], r)
	}
	b.set = recent.New(0)
	return nil
}

func (b *branch) writeRun(own *recent.Table) (*run, error) {
	e := b.engine
	w, err := newRun(e.cfg, e.runName(), own.Len())
	if err != nil {
		return nil, err
	}
	t := (*e.tables.Load())[own.Physical]
	values := map[uint32]*valueList{}
	own.Ascend(recent.Range{}, func(c *recent.Chain) bool {
		t.valuesOf(values, c)
		err = w.add(c.Key, c.Key, c.Versions())
		return err == nil
	})
	if err != nil {
		w.run.drop()
		return nil, err
	}
	r, err := w.finish()
	if err != nil {
		return nil, err
	}
	for index, list := range values {
		if r.values[index], err = e.writeValues(list); err != nil {
			delete(r.values, index)
			r.drop()
			return nil, err
		}
	}
	return r, nil
}

// valueList is the values of a unique index, each with the row's key behind it.
type valueList struct {
	columns int // of the index
	list    []string
}

// valuesOf notes the unique values of a chain's images, by index.
func (t *table) valuesOf(out map[uint32]*valueList, c *recent.Chain) {
	s := t.shape.Load()
	for i := range s.indexes {
		ix := &s.indexes[i]
		if !ix.unique {
			continue
		}
		for k := range c.Versions() {
			v := &c.Versions()[k]
			if v.Kind == recent.Present && v.Row != nil {
				if out[ix.id] == nil {
					out[ix.id] = &valueList{columns: len(ix.columns)}
				}
				l := out[ix.id]
				l.list = append(l.list, string(s.keyOf(nil, v.Row, ix.columns))+c.Key)
			}
		}
	}
}

func (e *Engine) writeValues(values *valueList) (*run, error) {
	list := values.list
	slices.Sort(list)
	list = slices.Compact(list)
	w, err := newRun(e.cfg, e.runName(), len(list))
	if err != nil {
		return nil, err
	}
	for _, v := range list {
		if err := w.add(v, v[:len(v)-len(recent.SkipKey(v, values.columns))], nil); err != nil {
			w.run.drop()
			return nil, err
		}
	}
	return w.finish()
}

// runName is a file name that no other run of the node has.
func (e *Engine) runName() string {
	return fmt.Sprintf("%04d-%d.run", e.id, e.runs.Add(1))
}

// dropRuns gives the files of an ended branch back.
func (b *branch) dropRuns() {
	for _, runs := range b.runs {
		for _, r := range runs {
			r.drop()
		}
	}
	b.runs = nil
}

// ownMerge goes through a write set in key order, memory and runs.
type ownMerge struct {
	b       *branch
	memory  []*recent.Chain
	readers []*runReader // newest first
}

// merged starts to go through a table's part of the write set; the caller
// holds mu or the set is frozen. Memory is taken as it is now.
func (b *branch) merged(physical uint64) *ownMerge {
	m := &ownMerge{b: b}
	b.set.Table(physical).Ascend(recent.Range{}, func(c *recent.Chain) bool {
		m.memory = append(m.memory, c)
		return true
	})
	runs := b.runsOf(physical)
	for i := len(runs) - 1; i >= 0; i-- {
		m.readers = append(m.readers, runs[i].from("", 1<<16))
	}
	return m
}

// next returns the next key and its versions, the base first; ok is false at the end.
func (m *ownMerge) next() (key string, versions []recent.Version, ok bool, err error) {
	for {
		var best *runReader
		for _, r := range m.readers {
			if r.err != nil {
				return "", nil, false, r.err
			}
			if r.ok && (best == nil || r.cur.key < best.cur.key) {
				best = r
			}
		}
		switch {
		case best == nil && len(m.memory) == 0:
			return "", nil, false, nil
		case best == nil || len(m.memory) > 0 && m.memory[0].Key <= best.cur.key:
			key, versions = m.memory[0].Key, m.memory[0].Versions()
			m.memory = m.memory[1:]
		default:
			key, versions = best.cur.key, m.b.uncut(best.cur.versions)
		}
		for _, r := range m.readers {
			if r.ok && r.cur.key == key {
				r.next()
			}
		}
		if len(versions) > 1 {
			return key, versions, true, nil
		}
	}
}

// changeOf is what a key's own versions amount to; ok is false when it is
// nothing (a row inserted and deleted again).
func changeOf(key string, versions []recent.Version) (c change, ok bool) {
	base, v := &versions[0], &versions[len(versions)-1]
	switch {
	case v.Kind == recent.Present && base.Kind == recent.Present:
		return change{kind: changeUpdate, row: v.Row}, true
	case v.Kind == recent.Present:
		return change{kind: changeInsert, row: v.Row}, true
	case base.Kind != recent.Present:
		return change{}, false
	case len(v.Row) > 0:
		return change{kind: changeMove, key: key, moved: string(v.Row)}, true
	}
	return change{kind: changeDelete, key: key}, true
}

// exclusiveFrom is from how many row locks on a shard a transaction tries to
// take the whole table instead: a lock costs some hundreds of bytes.
const exclusiveFrom = 20_000

// wholeTable reports whether the branch holds the table exclusively, so that
// rows and values need no locks of their own.
func (b *branch) wholeTable(t *shard.Table) bool { return b.exclusive[uint64(t.Relation)] }
