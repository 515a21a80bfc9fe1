package distribute

import (
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/planner/sqlitesql"
	"github.com/pegmatitedb/pegmatite/shard"
)

// access is a Gather in the making: a scan and what has been taken in from
// above it, in the order of a fragment's stages. Its expressions name the
// scan's columns. It stands in the tree as a node until finish.
type access struct {
	d     *distributor
	scan  *plan.Scan
	rel   *plan.Relation
	conds []expr.Expr
	// known are equalities for which there is no condition: all of the key, so
	// that the fragment's Point says them.
	known []equality
	// The output: before grouping, expressions over the scan's columns.
	exprs []expr.Expr
	cols  []plan.Column
	group *grouping
	order []expr.SortKey
	limit expr.Expr
	lock  *shard.RowLock
	// whole: writes need every column of the row, by position.
	whole  bool
	lookup []*expr.Param // the key's parameters, of a lookup join's right side
	reason []string
	gather *plan.Gather
}

// grouping is a partial aggregation.
type grouping struct {
	keys []expr.Expr
	aggs []*expr.AggregateCall
}

// Columns implements plan.Node.
func (a *access) Columns() []plan.Column { return a.cols }

// Inputs implements plan.Node.
func (a *access) Inputs() []plan.Node { return nil }

func (d *distributor) access(scan *plan.Scan) *access {
	a := &access{d: d, scan: scan, rel: d.relation(scan.Table), cols: scan.Cols, known: d.known[scan]}
	for _, c := range scan.Cols {
		a.exprs = append(a.exprs, expr.NewColumn(c.ID, c.Name, c.Type, c.Typmod))
	}
	return a
}

// why notes what went into the fragment.
func (a *access) why(format string, args ...any) {
	a.reason = append(a.reason, fmt.Sprintf(format, args...))
}

// over rewrites an expression over a's output as one over the scan's columns.
func (a *access) over(e expr.Expr) expr.Expr {
	return expr.Replace(e, func(e expr.Expr) expr.Expr {
		if c, ok := e.(*expr.Column); ok {
			for i := range a.cols {
				if a.cols[i].ID == c.ID {
					return a.exprs[i]
				}
			}
		}
		return nil
	})
}

func (a *access) overAll(list []expr.Expr) []expr.Expr {
	out := make([]expr.Expr, len(list))
	for i, e := range list {
		out[i] = a.over(e)
	}
	return out
}

// open reports whether conditions can still be added: nothing has cut or
// merged the rows yet.
func (a *access) open() bool { return a.group == nil && a.limit == nil }

// position finds where the scan's column stands in the table; -1 is another column.
func (a *access) position(id expr.ColumnID) int {
	for i := range a.scan.Cols {
		if a.scan.Cols[i].ID == id {
			return a.scan.Positions[i]
		}
	}
	return -1
}

// atTable renames the scan's columns to positions in the table.
func (a *access) atTable(e expr.Expr) expr.Expr {
	return expr.Replace(e, func(e expr.Expr) expr.Expr {
		if c, ok := e.(*expr.Column); ok {
			if p := a.position(c.ID); p >= 0 {
				return expr.NewColumn(expr.ColumnID(p), c.Name, c.T, c.Mod)
			}
		}
		return nil
	})
}

// finish makes the Gather, with a Project above when the merge needs columns
// that nobody asked for.
func (a *access) finish() (plan.Node, error) {
	if a.gather != nil {
		return a.gather, nil
	}
	b := &fragmentBuilder{access: a, at: map[int]int{}}
	f := &shard.Fragment{Table: a.rel.Table, Limit: a.limit}
	f.Where, f.Filter = a.split()
	f.Point = a.point()
	a.setLookup(f)
	cols, merge, hidden := b.output(f)
	if err := a.complete(f); err != nil {
		return nil, err
	}
	g := &plan.Gather{
		Table: a.scan.Table, Fragment: f, Route: a.route(), Cols: cols, Merge: merge,
		Lock: a.lock, Lookup: a.lookup != nil, Reason: a.reason,
	}
	g.Inits = a.d.inits(fragmentExprs(f, g.Route)...)
	a.gather = g
	if hidden == 0 {
		return g, nil
	}
	return trim(g, cols[:len(cols)-hidden]), nil
}

// trim is a Project of just the given columns of n.
func trim(n plan.Node, cols []plan.Column) *plan.Project {
	return &plan.Project{Input: n, Exprs: columnRefs(cols), Cols: cols}
}

func columnRefs(cols []plan.Column) []expr.Expr {
	out := make([]expr.Expr, len(cols))
	for i, c := range cols {
		out[i] = expr.NewColumn(c.ID, c.Name, c.Type, c.Typmod)
	}
	return out
}

// complete adds the SQL and the ID.
func (a *access) complete(f *shard.Fragment) error {
	if err := sqlitesql.Select(f); err != nil {
		return err
	}
	return identify(f)
}

// split parts the conditions into SQL's and the engine's. A condition that can
// raise an error stays behind every condition that was written before it.
func (a *access) split() (where []expr.Expr, filter expr.Expr) {
	var rest []expr.Expr
	var room sqlitesql.Room
	for _, c := range a.conds {
		e := a.atTable(c)
		if (len(rest) == 0 || !sqlitesql.CanFail(e)) && room.Takes(e) {
			where = append(where, e)
		} else {
			rest = append(rest, e)
		}
	}
	return where, expr.NewAnd(rest...)
}

// fragmentBuilder assigns the fetched columns while expressions ask for them.
type fragmentBuilder struct {
	*access
	fetch []expr.Expr
	at    map[int]int // table position → fetch position
}

// fetched renames the table's positions to places in Fetch.
func (b *fragmentBuilder) fetched(e expr.Expr) expr.Expr {
	return expr.Replace(e, func(e expr.Expr) expr.Expr {
		c, ok := e.(*expr.Column)
		if !ok {
			return nil
		}
		return expr.NewColumn(expr.ColumnID(b.want(int(c.ID))), c.Name, c.T, c.Mod)
	})
}

// want fetches the column at a position of the table.
func (b *fragmentBuilder) want(position int) int {
	if i, ok := b.at[position]; ok {
		return i
	}
	c := &b.rel.Table.Columns[position]
	b.at[position] = len(b.fetch)
	b.fetch = append(b.fetch, expr.NewColumn(expr.ColumnID(position), c.Name, c.Type, c.Typmod))
	return b.at[position]
}

// down takes an expression over the scan all the way to Fetch.
func (b *fragmentBuilder) down(e expr.Expr) expr.Expr {
	if e == nil {
		return nil
	}
	return b.fetched(b.atTable(e))
}

// output fills in Fetch and the stages behind it. It returns the Gather's
// columns, its merge, and how many columns at the end only the merge needs.
func (b *fragmentBuilder) output(f *shard.Fragment) (cols []plan.Column, merge []expr.SortKey, hidden int) {
	if b.whole {
		for i := range b.rel.Table.Columns {
			b.want(i)
		}
	}
	if b.group != nil {
		return b.grouped(f), nil, 0
	}
	out := make([]expr.Expr, len(b.exprs))
	for i, e := range b.exprs {
		out[i] = b.down(e)
	}
	cols = slices.Clone(b.cols)
	for _, k := range b.order {
		key := b.down(k.Expr)
		f.Order = append(f.Order, expr.SortKey{Expr: key, Desc: k.Desc, NullsFirst: k.NullsFirst})
		i := slices.IndexFunc(out, func(e expr.Expr) bool { return expr.Equal(e, key) })
		if i < 0 {
			i = len(out)
			out = append(out, key)
			cols = append(cols, plan.Column{ID: b.d.column(), Name: "order", Type: key.Type(), Typmod: key.Typmod()})
			hidden++
		}
		c := cols[i]
		merge = append(merge, expr.SortKey{Expr: expr.NewColumn(c.ID, c.Name, c.Type, c.Typmod), Desc: k.Desc, NullsFirst: k.NullsFirst})
	}
	f.Filter = b.fetchedOrNil(f.Filter)
	f.Fetch = b.fetch
	if !isFetch(out, b.fetch) {
		f.Output = out
	}
	if f.Filter == nil && !sqlSorts(f) {
		f.Filter = expr.True() // the engine sorts, not SQLite
	}
	return cols, merge, hidden
}

func (b *fragmentBuilder) fetchedOrNil(e expr.Expr) expr.Expr {
	if e == nil {
		return nil
	}
	return b.fetched(e)
}

// isFetch reports whether out is just the fetched columns in order.
func isFetch(out, fetch []expr.Expr) bool {
	if len(out) != len(fetch) {
		return false
	}
	for i, e := range out {
		if c, ok := e.(*expr.Column); !ok || int(c.ID) != i {
			return false
		}
	}
	return true
}

// sqlSorts reports whether SQLite's ORDER BY can promise the fragment's order.
func sqlSorts(f *shard.Fragment) bool {
	for _, k := range f.Order {
		c, ok := k.Expr.(*expr.Column)
		if !ok || !sqlitesql.Sorts(f.Fetch[c.ID]) {
			return false
		}
	}
	return true
}

// grouped fills in the Group; the columns are its keys, then the partial states.
func (b *fragmentBuilder) grouped(f *shard.Fragment) []plan.Column {
	g := &shard.Group{}
	cols := slices.Clone(b.cols)
	for _, k := range b.group.keys {
		g.Keys = append(g.Keys, b.down(k))
	}
	for _, agg := range b.group.aggs {
		c := *agg
		c.Args = make([]expr.Expr, len(agg.Args))
		for i, arg := range agg.Args {
			c.Args[i] = b.down(arg)
		}
		c.Filter = b.down(agg.Filter)
		g.Aggs = append(g.Aggs, &c)
	}
	f.Group = g
	f.Filter = b.fetchedOrNil(f.Filter)
	f.Fetch = b.fetch
	return cols
}

// fragmentExprs are all expressions that a shard or the routing evaluates.
func fragmentExprs(f *shard.Fragment, r plan.Route) []expr.Expr {
	var out []expr.Expr
	for _, key := range r.Keys {
		out = append(out, key...)
	}
	out = append(out, f.Point...)
	out = append(out, f.Where...)
	out = append(out, f.Fetch...)
	for _, b := range f.Bound {
		out = append(out, b.Expr)
	}
	out = append(out, f.Filter, f.Limit)
	if f.Group != nil {
		out = append(out, f.Group.Keys...)
		for _, a := range f.Group.Aggs {
			out = append(out, a)
		}
	}
	for _, k := range f.Order {
		out = append(out, k.Expr)
	}
	return append(out, f.Output...)
}

// identify sets the fragment's ID: a hash of all that it says.
func identify(f *shard.Fragment) error {
	var b []byte
	var err error
	add := func(list ...expr.Expr) {
		for _, e := range list {
			if err == nil {
				b, err = expr.Append(b, e)
			}
		}
		b = append(b, 0xff)
	}
	b = fmt.Appendf(b, "%d %d %s\x00%s\x00%d %d", f.Table.Physical, f.Table.Version, f.SQL, f.SQLRecent, f.Keys, f.KeyParam)
	add(f.Point...)
	add(f.Where...)
	add(f.Fetch...)
	add(f.Filter, f.Limit)
	for _, k := range f.Order {
		b = fmt.Appendf(b, "%t %t", k.Desc, k.NullsFirst)
		add(k.Expr)
	}
	if f.Group != nil {
		add(f.Group.Keys...)
		for _, a := range f.Group.Aggs {
			add(a)
		}
	}
	add(f.Output...)
	if f.ID = xxhash.Sum64(b); f.ID == 0 {
		f.ID = 1
	}
	return err
}
