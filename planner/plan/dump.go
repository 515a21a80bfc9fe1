package plan

import (
	"fmt"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Dump prints a logical plan for tests: a node a line, its inputs indented
// below, columns as name#ID.
func Dump(n Node) string {
	d := &dumper{}
	d.node(n, 0)
	return d.b.String()
}

type dumper struct {
	b    strings.Builder
	subs []*expr.Subquery
}

func (d *dumper) line(depth int, format string, args ...any) {
	d.b.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(&d.b, format, args...)
	d.b.WriteByte('\n')
	subs := d.subs
	d.subs = nil
	for _, s := range subs {
		d.b.WriteString(strings.Repeat("  ", depth+1))
		fmt.Fprintf(&d.b, "subquery %s %s\n", subqueryNames[s.Kind], columnIDs(s.Outer))
		if n := Subplan(s); n != nil {
			d.node(n, depth+2)
		}
	}
}

var subqueryNames = [...]string{"scalar", "exists", "any", "all", "array"}

// columnIDs prints the outer columns of a subquery.
func columnIDs(ids []expr.ColumnID) string {
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = fmt.Sprintf("#%d", id)
	}
	return "(" + strings.Join(parts, " ") + ")"
}

// expr prints one expression; its subqueries follow the line.
func (d *dumper) expr(e expr.Expr) string {
	if e == nil {
		return "-"
	}
	f := &expr.Formatter{
		Folded: true,
		Env:    types.DefaultEnv(),
		Column: func(c *expr.Column) string { return fmt.Sprintf("%s#%d", c.Name, c.ID) },
		Param:  func(p *expr.Param) string { return fmt.Sprintf("$%d:%s", p.Index+1, p.T.Name) },
		Subquery: func(s *expr.Subquery) string {
			d.subs = append(d.subs, s)
			test := ""
			if s.Test != nil {
				test = " " + d.expr(s.Test)
			}
			return "(" + subqueryNames[s.Kind] + test + ")"
		},
	}
	return f.Format(e)
}

func (d *dumper) exprs(list []expr.Expr) string {
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = d.expr(e)
	}
	return strings.Join(parts, ", ")
}

func (d *dumper) keys(list []expr.SortKey) string {
	parts := make([]string, len(list))
	for i, k := range list {
		parts[i] = d.expr(k.Expr)
		if k.Desc {
			parts[i] += " desc"
		}
		switch {
		case k.NullsFirst == k.Desc: // the default
		case k.NullsFirst:
			parts[i] += " nulls first"
		default:
			parts[i] += " nulls last"
		}
	}
	return strings.Join(parts, ", ")
}

func dumpColumns(cols []Column) string {
	parts := make([]string, len(cols))
	for i, c := range cols {
		parts[i] = fmt.Sprintf("%s#%d %s", c.Name, c.ID, types.FormatType(c.Type, c.Typmod))
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

var dumpedJoins = [...]string{"inner", "left", "right", "full", "semi", "anti"}

var dumpedSets = [...]string{"union", "intersect", "except"}

func (d *dumper) node(n Node, depth int) {
	switch n := n.(type) {
	case *Scan:
		d.line(depth, "scan %s %s", n.Alias, dumpColumns(n.Cols))
	case *Values:
		d.line(depth, "values %s", dumpColumns(n.Cols))
		for _, row := range n.Rows {
			d.line(depth+1, "(%s)", d.exprs(row))
		}
	case *TableFunction:
		d.tableFunction(n, depth)
	case *Filter:
		d.line(depth, "filter %s", d.expr(n.Cond))
	case *Project:
		d.project(n, depth)
	case *Join:
		lateral := ""
		if n.Lateral {
			lateral = " lateral"
		}
		d.line(depth, "join %s%s %s", dumpedJoins[n.Kind], lateral, d.expr(n.On))
	case *Aggregate:
		aggs := make([]expr.Expr, len(n.Aggs))
		for i, a := range n.Aggs {
			aggs[i] = a
		}
		sets := ""
		for _, set := range n.Sets {
			sets += " (" + d.exprs(n.Members(set)) + ")"
		}
		d.line(depth, "aggregate [%s]%s [%s] %s", d.exprs(n.Groups), sets, d.exprs(aggs), dumpColumns(n.Cols))
	case *Sort:
		d.line(depth, "sort %s", d.keys(n.Keys))
	case *Window:
		calls := make([]expr.Expr, len(n.Calls))
		for i, c := range n.Calls {
			calls[i] = c
		}
		d.line(depth, "window %s [%s] %s", n.over(d.exprs, d.keys, d.expr), d.exprs(calls), dumpColumns(n.Cols))
	case *Limit:
		d.line(depth, "limit %s offset %s", d.expr(n.Count), d.expr(n.Offset))
	case *Distinct:
		d.line(depth, "distinct %s", d.exprs(n.On))
	case *SetOp:
		all := ""
		if n.All {
			all = " all"
		}
		d.line(depth, "%s%s %s", dumpedSets[n.Kind], all, dumpColumns(n.Cols))
	case *CTEScan:
		d.line(depth, "ctescan %s %s", n.CTE.Name, dumpColumns(n.Cols))
	case *Result:
		d.line(depth, "result")
	case *With:
		d.with(n, depth)
		return
	default:
		d.write(n, depth)
	}
	for _, in := range n.Inputs() {
		d.node(in, depth+1)
	}
}

func (d *dumper) tableFunction(n *TableFunction, depth int) {
	calls := make([]expr.Expr, len(n.Calls))
	for i, c := range n.Calls {
		calls[i] = c
	}
	d.line(depth, "function %s %s", d.exprs(calls), dumpColumns(n.Cols))
}

func (d *dumper) project(n *Project, depth int) {
	parts := make([]string, len(n.Exprs))
	for i, e := range n.Exprs {
		parts[i] = fmt.Sprintf("%s#%d=%s", n.Cols[i].Name, n.Cols[i].ID, d.expr(e))
	}
	word := "project"
	if n.Sets {
		word = "project sets"
	}
	d.line(depth, "%s %s", word, strings.Join(parts, ", "))
}

func (d *dumper) with(n *With, depth int) {
	d.line(depth, "with")
	for _, c := range n.CTEs {
		d.line(depth+1, "%s uses %d", c.Name, c.Uses)
		if c.Recursive != nil {
			d.node(c.Recursive.Base, depth+2)
			d.node(c.Recursive.Step, depth+2)
			continue
		}
		d.node(c.Plan, depth+2)
	}
	d.node(n.Body, depth+1)
}

func (d *dumper) write(n Node, depth int) {
	switch n := n.(type) {
	case *Insert:
		d.line(depth, "insert %s (%s)%s", n.Table.Name, d.exprs(n.Image), d.returning(n.Returning))
		for _, c := range n.Checks {
			d.line(depth+1, "check %s %s", c.Name, d.expr(c.Expr))
		}
		if oc := n.OnConflict; oc != nil {
			d.line(depth+1, "conflict %v set %s where %s", oc.Arbiters, d.assigns(oc.Set), d.expr(oc.Where))
		}
	case *Update:
		d.line(depth, "update %s set %s%s", n.Table.Name, d.assigns(n.Set), d.returning(n.Returning))
	case *Delete:
		d.line(depth, "delete %s%s", n.Table.Name, d.returning(n.Returning))
	case *Merge:
		d.merge(n, depth)
	case *LockRows:
		parts := make([]string, len(n.Marks))
		for i, m := range n.Marks {
			parts[i] = fmt.Sprintf("%s %d/%d", m.Target.Alias, m.Lock.Strength, m.Lock.Wait)
		}
		d.line(depth, "lock %s", strings.Join(parts, ", "))
	default:
		d.line(depth, "%T", n)
	}
}

func (d *dumper) merge(n *Merge, depth int) {
	d.line(depth, "merge %s on %s", n.Table.Name, d.expr(n.On))
	for _, a := range n.Actions {
		when := mergeWords(&a)
		if a.When != nil {
			when += " and " + d.expr(a.When)
		}
		switch a.Kind {
		case MergeInsert:
			d.line(depth+1, "%s: (%s)", when, d.exprs(a.Image))
		case MergeUpdate:
			d.line(depth+1, "%s: %s", when, d.assigns(a.Set))
		default:
			d.line(depth+1, "%s", when)
		}
	}
}

func (d *dumper) returning(list []expr.Expr) string {
	if list == nil {
		return ""
	}
	return " returning " + d.exprs(list)
}

func (d *dumper) assigns(list []Assign) string {
	parts := make([]string, len(list))
	for i, a := range list {
		parts[i] = fmt.Sprintf("%d=%s", a.Position, d.expr(a.Expr))
	}
	return strings.Join(parts, ", ")
}
