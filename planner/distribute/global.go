package distribute

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// global returns the unique index apart from the rows by which the one row in
// question is found, when nothing better than asking all shards is known.
func (a *access) global() *plan.GlobalIndex {
	if !a.open() || a.route().Keys != nil || len(a.rel.Global) == 0 {
		return nil
	}
	eq := a.equalities()
	for _, g := range a.rel.Global {
		if a.fixesAll(g, eq) && a.d.reaches(a.scan.Table, g) {
			return g
		}
	}
	return nil
}

// reaches reports whether an index leads to all rows of t that the statement's
// snapshot sees. One that is younger than the snapshot has entries of the
// newest rows only (PostgreSQL's indcheckxmin, README.HOT).
func (d *distributor) reaches(t *catalog.Table, g *plan.GlobalIndex) bool {
	if d.since == nil {
		return true
	}
	before := d.since.Table(t.OID)
	if before == nil || before.Physical != t.Physical {
		return true // the snapshot sees none of its rows: there are our own alone
	}
	return slices.ContainsFunc(before.Indexes, func(ix catalog.Index) bool { return ix.Global == g.Table.Physical })
}

func (a *access) fixesAll(g *plan.GlobalIndex, eq map[int][]expr.Expr) bool {
	for i, p := range g.Columns {
		c := &g.Table.Columns[i]
		if len(eq[p]) != 1 || !c.Type.KeyIsStored(c.Typmod) {
			return false
		}
	}
	for _, p := range a.rel.Table.Key {
		c := &a.rel.Table.Columns[p]
		if !c.Type.KeyIsStored(c.Typmod) {
			return false
		}
	}
	return true
}

// throughIndex finds the row by its entry in g: the entry's shard says the
// row's key, and the row's shard is asked for that. All conditions stay on the row.
func (a *access) throughIndex(g *plan.GlobalIndex) plan.Node {
	d := a.d
	entry := d.entryAccess(a, g)
	row := a
	for i, p := range g.Key {
		from := entry.cols[len(g.Columns)+i]
		param := d.param(plan.Init{Name: from.Name, Type: from.Type}, from.Typmod)
		row.lookup = append(row.lookup, param)
		row.known = append(row.known, equality{p, []expr.Expr{param}})
	}
	row.why("looked up through unique index %s", g.Name)
	d.st.ThroughIndex = true
	j := &plan.Join{
		Kind: plan.JoinInner, Left: entry, Right: row, Method: plan.JoinLookup,
		HashLeft: columnRefs(entry.cols[len(g.Columns):]),
	}
	for _, p := range g.Key {
		c := &row.rel.Table.Columns[p]
		j.HashRight = append(j.HashRight, expr.NewColumn(-1, c.Name, c.Type, c.Typmod))
	}
	return j
}

// entryAccess is the scan of g's own relation for the values that a's conditions fix.
func (d *distributor) entryAccess(a *access, g *plan.GlobalIndex) *access {
	scan := &plan.Scan{Table: &catalog.Table{OID: g.Index, Name: g.Name, Home: a.rel.Home}}
	for i := range g.Table.Columns {
		c := &g.Table.Columns[i]
		scan.Cols = append(scan.Cols, plan.Column{ID: d.column(), Name: c.Name, Type: c.Type, Typmod: c.Typmod})
		scan.Positions = append(scan.Positions, i)
	}
	entry := &access{d: d, scan: scan, cols: scan.Cols, exprs: columnRefs(scan.Cols)}
	entry.rel = &plan.Relation{Table: g.Table, Home: a.rel.Home, ShardKey: g.Table.Key}
	eq := a.equalities()
	for i, p := range g.Columns {
		entry.known = append(entry.known, equality{i, eq[p]})
	}
	entry.why("entry of unique index %s", g.Name)
	return entry
}
