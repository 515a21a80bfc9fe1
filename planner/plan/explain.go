package plan

import (
	"fmt"
	"strings"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
)

// ExplainOptions are EXPLAIN's options and what its text can tell with.
type ExplainOptions struct {
	Verbose bool
	// Analysis is what a run has collected (ANALYZE); nil is a plan alone.
	Analysis *Analysis
	// Timing prints times (ANALYZE, TIMING on).
	Timing bool
	// Shards finds the shards of a route; nil, or a false answer, prints the route alone.
	Shards func(n Node, home catalog.Home, r Route) (ids []shard.ID, total int, ok bool)
}

// Explain returns EXPLAIN's text form, a line each.
func Explain(st *Statement, o ExplainOptions) string {
	x := &explainer{st: st, o: o}
	x.format = &expr.Formatter{Env: types.DefaultEnv(), Folded: true, Subquery: x.subquery, Param: x.param}
	x.node(st.Root, 0, "")
	for i, init := range st.Inits {
		if init.Expr != nil {
			x.init(i, &init)
		}
	}
	if o.Verbose && len(st.Reasons) > 0 {
		x.line(0, "Rewritten: %s", strings.Join(st.Reasons, "; "))
	}
	return strings.Join(x.lines, "\n") + "\n"
}

type explainer struct {
	st     *Statement
	o      ExplainOptions
	format *expr.Formatter
	lines  []string
	// plans are the subqueries that the node being printed has named, to follow it.
	plans []Node
	count int
}

func (x *explainer) line(indent int, format string, args ...any) {
	x.lines = append(x.lines, strings.Repeat(" ", indent)+fmt.Sprintf(format, args...))
}

// subquery names a subquery where an expression has it; its plan comes below.
func (x *explainer) subquery(s *expr.Subquery) string {
	if n := Subplan(s); n != nil {
		x.plans = append(x.plans, n)
	}
	x.count++
	return fmt.Sprintf("(SubPlan %d)", x.count)
}

// param names a parameter: $1, or $i1 for those that the run fills itself.
func (x *explainer) param(p *expr.Param) string {
	if i := p.Index - len(x.st.Params) - len(x.st.Lifted); i >= 0 {
		return fmt.Sprintf("$i%d", i+1)
	}
	return fmt.Sprintf("$%d", p.Index+1)
}

func (x *explainer) expr(e expr.Expr) string { return x.format.Format(e) }

func (x *explainer) list(list []expr.Expr) string {
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = x.expr(e)
	}
	return strings.Join(parts, ", ")
}

// node prints a node at an indentation, with an arrow unless it is the root,
// and everything below it.
func (x *explainer) node(n Node, indent int, arrow string) {
	outer := x.plans
	x.plans = nil
	x.line(indent, "%s%s%s", arrow, x.title(n), x.measured(n))
	below := indent + len(arrow) + 2
	x.details(n, below)
	for i, sub := range x.plans {
		x.line(below, "SubPlan %d", x.count-len(x.plans)+i+1)
		x.node(sub, below+2, "->  ")
	}
	x.plans = outer
	if w, ok := n.(*With); ok {
		x.ctes(w, below)
	}
	for _, in := range n.Inputs() {
		x.node(in, below, "->  ")
	}
}

func (x *explainer) ctes(w *With, indent int) {
	for _, c := range w.CTEs {
		x.line(indent, "CTE %s", c.Name)
		if c.Recursive != nil {
			x.node(c.Recursive.Base, indent+2, "->  ")
			x.node(c.Recursive.Step, indent+2, "->  ")
		} else {
			x.node(c.Plan, indent+2, "->  ")
		}
	}
}

func (x *explainer) init(i int, init *Init) {
	outer := x.plans
	x.plans = nil
	text := x.expr(init.Expr)
	if init.Plus != nil {
		text += " + " + x.expr(init.Plus)
	}
	x.line(0, "InitPlan $i%d: %s", i+1, text)
	for _, sub := range x.plans {
		x.node(sub, 2, "->  ")
	}
	x.plans = outer
}

// measured is what a node did, in PostgreSQL's words.
func (x *explainer) measured(n Node) string {
	if x.o.Analysis == nil {
		return ""
	}
	m, ok := x.o.Analysis.Of(n)
	if !ok || m.Loops == 0 && m.Trips == 0 {
		return " (never executed)"
	}
	loops := max(m.Loops, 1)
	if !x.o.Timing {
		return fmt.Sprintf(" (actual rows=%d loops=%d)", m.Rows/loops, loops)
	}
	ms := float64(m.Elapsed) / float64(time.Millisecond) / float64(loops)
	return fmt.Sprintf(" (actual time=%.3f rows=%d loops=%d)", ms, m.Rows/loops, loops)
}

var joinWords = map[JoinKind]string{JoinLeft: " Left", JoinRight: " Right", JoinFull: " Full", JoinSemi: " Semi", JoinAnti: " Anti"}

// title is what a node is.
func (x *explainer) title(n Node) string {
	switch n := n.(type) {
	case *Gather:
		if n.Lookup {
			return "Lookup on " + n.Table.Name
		}
		return "Gather on " + n.Table.Name
	case *Scan:
		return "Scan on " + n.Table.Name
	case *Join:
		return x.join(n)
	case *Aggregate:
		return aggregateTitle(n)
	case *Limit:
		return "Limit"
	case *Sort:
		return "Sort"
	case *Window:
		return "WindowAgg"
	case *Filter:
		return "Filter"
	case *Project:
		if n.Sets {
			return "ProjectSet"
		}
		return "Project"
	case *Distinct:
		return "Unique"
	case *Values:
		return fmt.Sprintf("Values (%d rows)", len(n.Rows))
	case *TableFunction:
		return "Function Scan on " + n.Calls[0].Func.Name
	case *CTEScan:
		return "CTE Scan on " + n.CTE.Name
	}
	return x.otherTitle(n)
}

func (x *explainer) otherTitle(n Node) string {
	switch n := n.(type) {
	case *SetOp:
		name := [...]string{"Union", "Intersect", "Except"}[n.Kind]
		if n.All {
			name += " All"
		}
		return name
	case *Insert:
		return "Insert on " + n.Table.Name
	case *Update:
		return "Update on " + n.Table.Name
	case *Delete:
		return "Delete on " + n.Table.Name
	case *Merge:
		return "Merge on " + n.Table.Name
	case *LockRows:
		return "LockRows"
	case *With:
		return "With"
	case *Feed:
		return "Feed"
	case *Elements:
		return "Elements of " + x.expr(n.Array)
	}
	return "Result"
}

func (x *explainer) join(n *Join) string {
	switch n.Method {
	case JoinHash:
		return "Hash" + joinWords[n.Kind] + " Join"
	case JoinLookup:
		return "Lookup" + joinWords[n.Kind] + " Join"
	}
	if n.Kind == JoinInner {
		return "Nested Loop"
	}
	return "Nested Loop" + joinWords[n.Kind] + " Join"
}

func aggregateTitle(n *Aggregate) string {
	name := "HashAggregate"
	if len(n.Groups) == 0 && n.Sets == nil {
		name = "Aggregate"
	}
	if n.Final {
		return "Finalize " + name
	}
	return name
}

// details are the lines below a node's title.
func (x *explainer) details(n Node, indent int) {
	switch n := n.(type) {
	case *Gather:
		x.gather(n, indent)
	case *Join:
		x.joinDetails(n, indent)
	case *Filter:
		x.line(indent, "Filter: %s", x.expr(n.Cond))
	case *Aggregate:
		x.groupKeys(n, indent)
	case *Sort:
		x.line(indent, "Sort Key: %s", x.format.SortKeys(n.Keys))
		if n.Top != nil {
			x.line(indent, "Top: %s", x.expr(n.Top))
		}
	case *Window:
		x.line(indent, "Window: %s", n.over(x.list, x.format.SortKeys, x.expr))
	case *Limit:
		x.optional(indent, "Count", n.Count)
		x.optional(indent, "Offset", n.Offset)
		if n.Ties != nil {
			x.line(indent, "With Ties: %s", x.format.SortKeys(n.Ties))
		}
	case *Project:
		if x.o.Verbose {
			x.line(indent, "Output: %s", x.list(n.Exprs))
		}
	case *Update:
		x.trip(n, n.Relation, n.OneTrip, indent)
	case *Delete:
		x.trip(n, n.Relation, n.OneTrip, indent)
	case *Insert:
		x.insert(n, indent)
	case *Merge:
		x.merge(n, indent)
	}
	x.counts(n, indent)
}

func (x *explainer) groupKeys(n *Aggregate, indent int) {
	if n.Sets == nil && len(n.Groups) > 0 {
		x.line(indent, "Group Key: %s", x.list(n.Groups))
	}
	for _, set := range n.Sets {
		x.line(indent, "Group Key: (%s)", x.list(n.Members(set)))
	}
}

func (x *explainer) optional(indent int, name string, e expr.Expr) {
	if e != nil {
		x.line(indent, "%s: %s", name, x.expr(e))
	}
}

func (x *explainer) joinDetails(n *Join, indent int) {
	for i := range n.HashLeft {
		x.line(indent, "Key: %s = %s", x.expr(n.HashLeft[i]), x.expr(n.HashRight[i]))
	}
	x.optional(indent, "Join Filter", n.Rest)
	if n.Lateral {
		for _, a := range n.Args {
			x.line(indent, "Lateral: $i%d = %s", a.Param-len(x.st.Params)-len(x.st.Lifted)+1, x.expr(a.Value))
		}
	}
}

func (x *explainer) insert(n *Insert, indent int) {
	if n.OnConflict == nil {
		return
	}
	what := "NOTHING"
	if n.OnConflict.Update {
		what = "UPDATE"
	}
	x.line(indent, "Conflict Resolution: %s", what)
}

func (x *explainer) merge(n *Merge, indent int) {
	for i := range n.Actions {
		a := &n.Actions[i]
		when := mergeWords(a)
		if a.When != nil {
			when += " AND " + x.expr(a.When)
		}
		x.line(indent, "When: %s", when)
		for _, s := range a.Set {
			x.line(indent+2, "Set: %s = %s", n.Relation.Table.Columns[s.Position].Name, x.expr(s.Expr))
		}
	}
}

// mergeWords are what an action does, and to which rows.
func mergeWords(a *MergeAction) string {
	what := [...]string{MergeNothing: "DO NOTHING", MergeInsert: "INSERT", MergeUpdate: "UPDATE", MergeDelete: "DELETE"}[a.Kind]
	if a.Matched {
		return what + " MATCHED"
	}
	return what + " NOT MATCHED"
}

func (x *explainer) trip(n Node, rel *Relation, t *OneTrip, indent int) {
	if t == nil {
		if u, ok := n.(*Update); ok {
			for _, s := range u.Set {
				x.line(indent, "Set: %s = %s", rel.Table.Columns[s.Position].Name, x.expr(s.Expr))
			}
		}
		return
	}
	x.route(n, rel.Home, t.Route, indent)
	x.fragment(t.Find, indent)
	for _, s := range t.Set {
		x.line(indent, "Set: %s = %s", rel.Table.Columns[s.Column].Name, x.expr(s.Expr))
	}
}

func (x *explainer) gather(n *Gather, indent int) {
	x.route(n, n.Table.Home, n.Route, indent)
	x.fragment(n.Fragment, indent)
	if len(n.Merge) > 0 {
		x.line(indent, "Merge Key: %s", x.format.SortKeys(n.Merge))
	}
	if n.Lock != nil {
		names := [...]string{"", "FOR KEY SHARE", "FOR SHARE", "FOR NO KEY UPDATE", "FOR UPDATE"}
		x.line(indent, "Lock: %s", names[n.Lock.Strength])
	}
	if x.o.Verbose && len(n.Reason) > 0 {
		x.line(indent, "Because: %s", strings.Join(n.Reason, "; "))
	}
}

// route says which shards are asked.
func (x *explainer) route(n Node, home catalog.Home, r Route, indent int) {
	by := "all"
	if r.Keys != nil {
		keys := make([]string, len(r.Keys))
		for i, k := range r.Keys {
			keys[i] = "(" + x.list(k) + ")"
		}
		by = "of key " + strings.Join(keys, ", ")
	}
	if x.o.Shards != nil {
		if ids, total, ok := x.o.Shards(n, home, r); ok {
			x.line(indent, "Shards: %s of %d, %s", shardList(ids, total), total, by)
			return
		}
	}
	x.line(indent, "Shards: %s", by)
}

func shardList(ids []shard.ID, total int) string {
	if len(ids) == total {
		return fmt.Sprint(total)
	}
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = fmt.Sprintf("#%d", id)
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, " ")
}

// fragment prints what the shards run, stage by stage.
func (x *explainer) fragment(f *shard.Fragment, indent int) {
	x.line(indent, "SQL: %s", f.SQL)
	if len(f.Bound) > 0 {
		parts := make([]string, len(f.Bound))
		for i, b := range f.Bound {
			parts[i] = fmt.Sprintf("?%d = %s", i+1, x.expr(b.Expr))
		}
		x.line(indent, "Bound: %s", strings.Join(parts, ", "))
	}
	x.optional(indent, "Shard Filter", f.Filter)
	if f.Group != nil {
		if len(f.Group.Keys) > 0 {
			x.line(indent, "Shard Group Key: %s", x.list(f.Group.Keys))
		}
		for _, a := range f.Group.Aggs {
			x.line(indent, "Partial: %s", x.expr(a))
		}
	}
	if len(f.Order) > 0 {
		x.line(indent, "Shard Order: %s", x.format.SortKeys(f.Order))
	}
	x.optional(indent, "Shard Limit", f.Limit)
	if x.o.Verbose && f.Output != nil {
		x.line(indent, "Shard Output: %s", x.list(f.Output))
	}
}

// counts are what a run has sent and got.
func (x *explainer) counts(n Node, indent int) {
	m, ok := x.o.Analysis.Of(n)
	if !ok || m.Trips == 0 {
		return
	}
	x.line(indent, "Shipped: %s", m)
}
