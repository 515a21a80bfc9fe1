package codec

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
)

func (s *Sender) table(t *shard.Table) (*object, error) {
	return share(s, &s.tables, t, kindTable, func(w *encoder) {
		w.uint(t.Physical)
		w.uint(uint64(t.Relation))
		w.uint(t.Version)
		w.string(t.Schema)
		w.string(t.Name)
		writeList(w, t.Columns, w.column)
		w.ints(t.Key)
		w.string(t.KeyName)
		writeList(w, t.Indexes, w.index)
	})
}

func (r *decoder) table() *shard.Table {
	t := &shard.Table{
		Physical: r.uint(), Relation: types.OID(r.uint32()), Version: r.uint(), Schema: r.string(), Name: r.string(),
		Columns: readList(r, r.column),
	}
	t.Key = r.positions(len(t.Columns))
	t.KeyName = r.string()
	t.Indexes = readList(r, func(ix *shard.Index) { r.index(ix, len(t.Columns)) })
	return t
}

// optionalTable writes a table that may be nil.
func (w *encoder) optionalTable(t *shard.Table) {
	w.bool(t != nil)
	if t != nil {
		w.refer(w.sender.table(t))
	}
}

func (r *decoder) optionalTable() *shard.Table {
	if !r.bool() {
		return nil
	}
	return referred[*shard.Table](r)
}

func (w *encoder) column(c *shard.Column) {
	w.string(c.Name)
	w.typ(c.Type)
	w.int(int64(c.Typmod))
	w.bool(c.NotNull)
	w.bool(c.Dropped)
	w.bool(c.Hidden)
	w.bool(c.Boxed)
	w.datum(c.Missing)
}

func (r *decoder) column(c *shard.Column) {
	*c = shard.Column{Name: r.string(), Type: r.someType(), Typmod: r.int32(),
		NotNull: r.bool(), Dropped: r.bool(), Hidden: r.bool(), Boxed: r.bool(), Missing: r.datum()}
}

func (w *encoder) index(ix *shard.Index) {
	w.uint(uint64(ix.ID))
	w.string(ix.Name)
	w.ints(ix.Columns)
	writeList(w, ix.Desc, func(v *bool) { w.bool(*v) })
	w.bool(ix.Unique)
}

func (r *decoder) index(ix *shard.Index, columns int) {
	*ix = shard.Index{ID: r.uint32(), Name: r.string(), Columns: r.positions(columns),
		Desc: readList(r, func(v *bool) { *v = r.bool() }), Unique: r.bool()}
}

// fragment writes a reference to what may be nil.
func (w *encoder) fragment(f *shard.Fragment) {
	w.bool(f != nil)
	if f == nil {
		return
	}
	s := w.sender
	w.refer(share(s, &s.fragments, f, kindFragment, func(w *encoder) {
		w.uint(f.ID)
		w.optionalTable(f.Table)
		w.trees(f.Point)
		w.trees(f.Where)
		w.trees(f.Fetch)
		w.string(f.SQL)
		w.string(f.SQLRecent)
		writeList(w, f.Bound, w.bound)
		w.tree(f.Filter)
		w.group(f.Group)
		writeList(w, f.Order, w.sortKey)
		w.tree(f.Limit)
		w.trees(f.Output)
		w.int(int64(f.Keys))
		w.int(int64(f.KeyParam))
		writeList(w, f.KeyTypes, func(k *shard.KeyType) {
			w.typ(k.Type)
			w.int(int64(k.Typmod))
		})
	}))
}

func (r *decoder) optionalFragment() *shard.Fragment {
	if !r.bool() {
		return nil
	}
	return referred[*shard.Fragment](r)
}

func (r *decoder) fragment() *shard.Fragment {
	f := &shard.Fragment{ID: r.uint(), Table: r.optionalTable()}
	f.Point, f.Where, f.Fetch = r.trees(), r.trees(), r.trees()
	f.SQL, f.SQLRecent = r.string(), r.string()
	f.Bound = readList(r, func(b *shard.Bound) {
		*b = shard.Bound{Expr: r.someTree(), Type: r.someType(), Typmod: r.int32()}
	})
	f.Filter = r.tree()
	f.Group = r.group()
	f.Order = readList(r, r.sortKey)
	f.Limit = r.tree()
	f.Output = r.trees()
	f.Keys, f.KeyParam = int(r.int32()), int(r.int32())
	f.KeyTypes = readList(r, func(k *shard.KeyType) {
		*k = shard.KeyType{Type: r.someType(), Typmod: r.int32()}
	})
	switch {
	case f.Table == nil:
		r.fail("fragment without a table")
	case len(f.Point) > 0 && len(f.Point) != len(f.Table.Key):
		r.fail("point of %d columns", len(f.Point))
	case f.Keys < 0 || f.KeyParam < 0 || f.Keys != len(f.KeyTypes):
		r.fail("lookup of %d columns", f.Keys)
	}
	return f
}

func (w *encoder) bound(b *shard.Bound) {
	w.tree(b.Expr)
	w.typ(b.Type)
	w.int(int64(b.Typmod))
}

func (w *encoder) sortKey(k *expr.SortKey) {
	w.tree(k.Expr)
	w.bool(k.Desc)
	w.bool(k.NullsFirst)
}

func (r *decoder) sortKey(k *expr.SortKey) {
	*k = expr.SortKey{Expr: r.someTree(), Desc: r.bool(), NullsFirst: r.bool()}
}

func (w *encoder) group(g *shard.Group) {
	w.bool(g != nil)
	if g != nil {
		w.trees(g.Keys)
		writeList(w, g.Aggs, func(a **expr.AggregateCall) { w.tree(*a) })
	}
}

func (r *decoder) group() *shard.Group {
	if !r.bool() {
		return nil
	}
	return &shard.Group{Keys: r.trees(), Aggs: readList(r, func(a **expr.AggregateCall) {
		var ok bool
		if *a, ok = r.tree().(*expr.AggregateCall); !ok {
			r.fail("not an aggregate")
		}
	})}
}

// writeKey is the identity of a plan's part of a write: requests are made for
// each execution, but share their lists, which the plan owns.
type writeKey struct {
	table     *shard.Table
	set       *shard.Assign
	checks    *shard.Check
	conflict  *shard.OnConflict
	returning *expr.Expr

	sets, nchecks, returns int
}

// sentWrite keeps the lists, so that nothing else gets their address.
type sentWrite struct {
	object *object
	plan   writePlan
}

// writePlan is the plan's part of a write.
type writePlan struct {
	table      *shard.Table
	set        []shard.Assign
	checks     []shard.Check
	onConflict *shard.OnConflict
	returning  []expr.Expr
}

// listLen is -1 for nil.
func listLen[T any](list []T) int {
	if list == nil {
		return -1
	}
	return len(list)
}

func first[T any](list []T) *T {
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

func (s *Sender) writePlan(q *shard.WriteRequest) (*object, error) {
	key := writeKey{q.Table, first(q.Set), first(q.Checks), q.OnConflict, first(q.Returning),
		listLen(q.Set), listLen(q.Checks), listLen(q.Returning)}
	if sent, ok := s.writes.get(key); ok {
		return sent.object, nil
	}
	p := writePlan{q.Table, q.Set, q.Checks, q.OnConflict, q.Returning}
	o, err := s.encode(kindWrite, func(w *encoder) {
		w.optionalTable(p.table)
		writeList(w, p.set, w.assign)
		writeList(w, p.checks, func(c *shard.Check) {
			w.string(c.Name)
			w.tree(c.Expr)
		})
		w.conflict(p.onConflict)
		w.trees(p.returning)
	})
	if err != nil {
		return nil, err
	}
	return s.writes.put(key, sentWrite{o, p}, len(o.bytes)).object, nil
}

func (r *decoder) writePlan() *writePlan {
	p := &writePlan{table: r.optionalTable()}
	if p.table == nil {
		r.fail("write without a table")
		return nil
	}
	p.set = r.assigns(p.table)
	p.checks = readList(r, func(c *shard.Check) {
		*c = shard.Check{Name: r.string(), Expr: r.someTree()}
	})
	p.onConflict = r.conflict(p.table)
	p.returning = r.trees()
	return p
}

func (w *encoder) assign(a *shard.Assign) {
	w.int(int64(a.Column))
	w.tree(a.Expr)
}

func (r *decoder) assigns(t *shard.Table) []shard.Assign {
	return readList(r, func(a *shard.Assign) {
		*a = shard.Assign{Column: int(r.int32()), Expr: r.someTree()}
		if a.Column < 0 || a.Column >= len(t.Columns) {
			r.fail("column %d of %d", a.Column, len(t.Columns))
		}
	})
}

func (w *encoder) conflict(c *shard.OnConflict) {
	w.bool(c != nil)
	if c != nil {
		w.ints(c.Arbiters)
		w.bool(c.Update)
		writeList(w, c.Set, w.assign)
		w.tree(c.Where)
	}
}

func (r *decoder) conflict(t *shard.Table) *shard.OnConflict {
	if !r.bool() {
		return nil
	}
	return &shard.OnConflict{
		Arbiters: readList(r, func(v *int) {
			if *v = int(r.int()); *v < -1 || *v >= len(t.Indexes) {
				r.fail("index %d of %d", *v, len(t.Indexes))
			}
		}),
		Update: r.bool(), Set: r.assigns(t), Where: r.tree(),
	}
}
