package distribute

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
)

// insert keeps the source's plan and tells the shards what a conflict means.
func (d *distributor) insert(n *plan.Insert) (plan.Node, error) {
	c := *n
	var err error
	if c.Source, err = d.node(n.Source); err != nil {
		return nil, err
	}
	c.Relation = d.relation(n.Table)
	if n.OnConflict != nil {
		if c.Conflict, err = d.conflict(&c); err != nil {
			return nil, err
		}
	}
	mapped, err := plan.MapExprs(&c, d.subplans)
	if err != nil {
		return nil, err
	}
	out := mapped.(*plan.Insert)
	if out == &c {
		copied := c
		out = &copied
	}
	out.Inits = d.writeInits(out.Image, out.Conflict)
	return out, nil
}

func (d *distributor) writeInits(image []expr.Expr, oc *shard.OnConflict) []int {
	list := slices.Clone(image)
	if oc != nil {
		list = append(list, oc.Where)
		for _, a := range oc.Set {
			list = append(list, a.Expr)
		}
	}
	return d.inits(list...)
}

// conflict is the clause as the shards take it: nil when an arbiter does not
// lie beside the rows, or when Set or Where need the coordinator; then the
// clause is run there.
func (d *distributor) conflict(n *plan.Insert) (*shard.OnConflict, error) {
	oc := n.OnConflict
	out := &shard.OnConflict{Update: oc.Update}
	for _, oid := range oc.Arbiters {
		i, local := arbiter(n.Relation, oid)
		if !local {
			return nil, nil
		}
		out.Arbiters = append(out.Arbiters, i)
	}
	if (oc.Update || len(oc.Arbiters) == 0) && len(n.Relation.Global) > 0 {
		return nil, nil
	}
	rename := conflictColumns(oc, len(n.Table.Columns))
	for _, a := range oc.Set {
		if !shippable(a.Expr) || slices.Contains(n.Relation.Table.Key, a.Position) || indexedGlobally(n.Relation, a.Position) || n.Relation.InKeys(a.Position) {
			return nil, nil
		}
		out.Set = append(out.Set, shard.Assign{Column: a.Position, Expr: rename(a.Expr)})
	}
	if oc.Where != nil {
		if !shippable(oc.Where) {
			return nil, nil
		}
		out.Where = rename(oc.Where)
	}
	return out, nil
}

// arbiter finds an index among those beside the rows: -1 is the primary key.
func arbiter(r *plan.Relation, oid catalog.OID) (index int, local bool) {
	if oid == r.Primary {
		return -1, true
	}
	i := slices.Index(r.Local, oid)
	return i, i >= 0
}

// conflictColumns renames the existing and the proposed row's columns to
// positions 0…n-1 and n…2n-1.
func conflictColumns(oc *plan.OnConflict, n int) func(expr.Expr) expr.Expr {
	at := map[expr.ColumnID]int{}
	for i, id := range oc.Existing {
		at[id] = i
	}
	for i, id := range oc.Excluded {
		at[id] = n + i
	}
	return func(e expr.Expr) expr.Expr { return renumber(e, at) }
}

func renumber(e expr.Expr, at map[expr.ColumnID]int) expr.Expr {
	return expr.Replace(e, func(e expr.Expr) expr.Expr {
		c, ok := e.(*expr.Column)
		if !ok {
			return nil
		}
		if i, ok := at[c.ID]; ok {
			return expr.NewColumn(expr.ColumnID(i), c.Name, c.T, c.Mod)
		}
		return nil
	})
}

func indexedGlobally(r *plan.Relation, position int) bool {
	return slices.ContainsFunc(r.Global, func(g *plan.GlobalIndex) bool { return slices.Contains(g.Columns, position) })
}

// update runs on the shards alone when its rows are those of a scan, few or none
// of them come back, and neither keys nor entries of unique indexes elsewhere change.
func (d *distributor) update(n *plan.Update) (plan.Node, error) {
	source, err := d.node(n.Source)
	if err != nil {
		return nil, err
	}
	c := *n
	c.Relation = d.relation(n.Table)
	if a := d.whole(source, n.Target); a != nil && d.setsInPlace(a, &c) && a.answered(usedPositions(writtenExprs(n), n.New)) {
		return d.updateOnce(a, &c)
	}
	if c.Source, c.Found, err = d.found(source, n.Target); err != nil {
		return nil, err
	}
	return plan.MapExprs(&c, d.subplans)
}

// whole returns the access of a write's target when it is all of the source.
func (d *distributor) whole(source plan.Node, target *plan.Scan) *access {
	a, ok := source.(*access)
	if !ok || a.scan != target || !a.open() || len(a.order) > 0 || a.lookup != nil {
		return nil
	}
	return a
}

// setsInPlace reports whether the shards can compute and keep the new rows.
func (d *distributor) setsInPlace(a *access, n *plan.Update) bool {
	for _, s := range n.Set {
		if slices.Contains(a.rel.Table.Key, s.Position) || indexedGlobally(a.rel, s.Position) || a.rel.InKeys(s.Position) || !shippable(s.Expr) {
			return false
		}
	}
	return !usesOld(n)
}

// answered reports whether all that comes back of the rows fits in one answer of
// each shard: nothing, or of rows that are named by their keys.
func (a *access) answered(back []int) bool {
	if len(back) == 0 {
		return true
	}
	eq := a.equalities()
	unnamed := func(position int) bool { return eq[position] == nil }
	return len(a.rel.Table.Key) > 0 && !slices.ContainsFunc(a.rel.Table.Key, unnamed)
}

// usesOld reports whether RETURNING asks for the row as it was.
func usesOld(n *plan.Update) bool {
	old := idSet(n.Target.Cols)
	for _, e := range n.Returning {
		if slices.ContainsFunc(expr.Columns(e), func(id expr.ColumnID) bool { return old[id] }) {
			return true
		}
	}
	return false
}

func (d *distributor) updateOnce(a *access, n *plan.Update) (plan.Node, error) {
	trip := &plan.OneTrip{Lock: shard.LockNoKeyUpdate}
	for _, s := range n.Set {
		trip.Set = append(trip.Set, shard.Assign{Column: s.Position, Expr: a.atTable(a.over(s.Expr))})
		if uniqueColumn(a.rel.Table, s.Position) {
			trip.Lock = shard.LockUpdate
		}
	}
	trip.Back = usedPositions(writtenExprs(n), n.New)
	return n, d.once(a, &n.Physical, trip)
}

// writtenExprs are what is asked of the new rows.
func writtenExprs(n *plan.Update) []expr.Expr {
	if len(n.ViewChecks) == 0 {
		return n.Returning
	}
	list := slices.Clone(n.Returning)
	for i := range n.Table.Columns { // the whole row, for the message
		if c := &n.Table.Columns[i]; c.Type != nil {
			list = append(list, expr.NewColumn(n.New[i], c.Name, c.Type, c.Typmod))
		}
	}
	return list
}

// once fills in what to find, and drops the source: the shards need none.
func (d *distributor) once(a *access, p *plan.Physical, trip *plan.OneTrip) error {
	a.whole = true
	g, err := a.finish()
	if err != nil {
		return err
	}
	gather := g.(*plan.Gather)
	trip.Find, trip.Route, trip.Reason = gather.Fragment, gather.Route, gather.Reason
	list := fragmentExprs(trip.Find, trip.Route)
	for _, s := range trip.Set {
		list = append(list, s.Expr)
	}
	trip.Inits = d.inits(list...)
	p.OneTrip = trip
	return nil
}

// uniqueColumn reports whether a unique index beside the rows covers the column.
func uniqueColumn(t *shard.Table, position int) bool {
	return slices.ContainsFunc(t.Indexes, func(ix shard.Index) bool { return ix.Unique && slices.Contains(ix.Columns, position) })
}

// usedPositions are the positions whose IDs the expressions name; nil for none.
func usedPositions(list []expr.Expr, ids []expr.ColumnID) []int {
	var out []int
	for i, id := range ids {
		if slices.ContainsFunc(list, func(e expr.Expr) bool { return slices.Contains(expr.Columns(e), id) }) {
			out = append(out, i)
		}
	}
	if list != nil && out == nil {
		out = []int{}
	}
	return out
}

// found finishes a source whose rows the coordinator reads, and finds the
// Gather that the target has become.
func (d *distributor) found(source plan.Node, target *plan.Scan) (plan.Node, *plan.Gather, error) {
	a := d.accesses[target]
	if a == nil {
		return nil, nil, pgerr.Internal("the target of a write is not in its source")
	}
	source, err := d.finish(source)
	if err != nil {
		return nil, nil, err
	}
	return source, a.gather, nil
}

// delete runs on the shards alone when its rows are those of a scan, and few or
// none come back: for RETURNING, the columns of entries elsewhere, and keys that others refer to.
func (d *distributor) delete(n *plan.Delete) (plan.Node, error) {
	source, err := d.node(n.Source)
	if err != nil {
		return nil, err
	}
	c := *n
	c.Relation = d.relation(n.Table)
	back := usedPositions(n.Returning, byPosition(n.Target))
	follows := func(positions []int) {
		for _, p := range positions {
			if !slices.Contains(back, p) {
				back = append(back, p)
			}
		}
	}
	for _, g := range c.Relation.Global {
		follows(g.Columns)
		follows(g.Key)
	}
	for _, k := range c.Relation.Referenced {
		follows(k.Columns)
	}
	if a := d.whole(source, n.Target); a != nil && a.answered(back) {
		return &c, d.once(a, &c.Physical, &plan.OneTrip{Lock: shard.LockUpdate, Back: back})
	}
	if c.Source, c.Found, err = d.found(source, n.Target); err != nil {
		return nil, err
	}
	return plan.MapExprs(&c, d.subplans)
}

// merge lets the coordinator decide what happens to each row of the join.
func (d *distributor) merge(n *plan.Merge) (plan.Node, error) {
	source, err := d.node(n.Source)
	if err != nil {
		return nil, err
	}
	c := *n
	c.Relation = d.relation(n.Table)
	if c.Source, c.Found, err = d.found(source, n.Target); err != nil {
		return nil, err
	}
	return plan.MapExprs(&c, d.subplans)
}

// byPosition are a scan's column IDs by position in the table; -1 is none.
func byPosition(s *plan.Scan) []expr.ColumnID {
	out := make([]expr.ColumnID, len(s.Table.Columns))
	for i := range out {
		out[i] = -1
	}
	for i, p := range s.Positions {
		out[p] = s.Cols[i].ID
	}
	return out
}
