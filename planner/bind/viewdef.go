package bind

import (
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// The indentation of ruleutils.c.
const (
	indentStandard = 8
	indentJoin     = 4
	indentVariable = 4
)

// definition prints a view's query as ruleutils.c does (get_query_def): the
// clauses by the tree, the expressions in them as they were bound.
type definition struct {
	exprs      map[*pg.Node]expr.Expr
	names      map[expr.ColumnID]string
	subqueries map[plan.Node]*pg.SelectStmt
	aggregates map[expr.ColumnID]expr.Expr // and window calls
	windows    map[*expr.WindowCall]*window
	groupings  map[expr.ColumnID][]expr.Expr
	columns    map[string][]*pg.Node // names of items' columns, by item
	types      map[*pg.ColumnDef]string

	format *expr.Formatter
	name   func(catalog.Ref) string
	env    *Env
	buf    []byte
}

// ViewDefinition is a view's query as pg_get_viewdef shows it, without the
// semicolon. relation is what a relation is to be called; types have their kept names.
func ViewDefinition(env *Env, v *catalog.View, output *types.Env, pretty bool, relation func(catalog.Ref) string) (string, error) {
	s, err := sqlparse.ParseQuery(v.Query)
	if err != nil {
		return "", err
	}
	if !printable(s) {
		return v.Query, nil
	}
	d := newDefinition(env, output, pretty, relation)
	b := newBinder(env, s, nil)
	b.notes.definition = d
	if err := b.viewQuery(v, s); err != nil {
		return "", err
	}
	names := make([]string, len(v.Columns))
	for i := range v.Columns {
		names[i] = v.Columns[i].Name
	}
	d.query(s.Node.GetSelectStmt(), names, true)
	return string(d.buf), nil
}

// newDefinition makes what prints queries that are about to be bound.
func newDefinition(env *Env, output *types.Env, pretty bool, relation func(catalog.Ref) string) *definition {
	d := &definition{
		exprs: map[*pg.Node]expr.Expr{}, names: map[expr.ColumnID]string{}, subqueries: map[plan.Node]*pg.SelectStmt{},
		aggregates: map[expr.ColumnID]expr.Expr{}, windows: map[*expr.WindowCall]*window{}, groupings: map[expr.ColumnID][]expr.Expr{}, columns: map[string][]*pg.Node{}, types: map[*pg.ColumnDef]string{}, name: relation, env: env,
	}
	d.format = &expr.Formatter{Env: output, Pretty: pretty, Layout: &expr.Layout{}, TypeName: catalog.KeptTypeName, Constructor: catalog.KeptFunctionName, Column: d.column, Subquery: d.subquery, Over: d.over}
	return d
}

// nameColumns notes what an item's columns are called.
func (d *definition) nameColumns(it *item) {
	if it.name == "" {
		return
	}
	d.columns[it.name] = nil
	for _, c := range it.columns {
		d.columns[it.name] = append(d.columns[it.name], nameNode(c.name))
		if col, ok := c.value.(*expr.Column); ok && (it.joined || d.names[col.ID] == "") {
			d.names[col.ID] = expr.QuoteIdent(it.name) + "." + expr.QuoteIdent(c.name)
		}
	}
}

func (d *definition) column(c *expr.Column) string {
	if agg := d.aggregates[c.ID]; agg != nil {
		return d.format.Format(agg)
	}
	if args := d.groupings[c.ID]; args != nil {
		return d.groupingText(args)
	}
	if name := d.names[c.ID]; name != "" {
		return name
	}
	return expr.QuoteIdent(c.Name)
}

func (d *definition) str(parts ...string) {
	for _, s := range parts {
		d.buf = expr.AppendLine(d.buf, s)
	}
}

// line is appendContextKeyword.
func (d *definition) line(word string, before, after, plus int) {
	d.str(d.format.Layout.Line(word, before, after, plus))
}

// apart prints into a text of its own.
func (d *definition) apart(f func()) string {
	outer := d.buf
	d.buf = nil
	f()
	text := string(d.buf)
	d.buf = outer
	return text
}

// text is an expression; show says whether conversions that nobody wrote are shown.
func (d *definition) text(n *pg.Node, show bool) string {
	e := d.exprs[n]
	if e == nil {
		text, _ := sqlparse.DeparseExpr(n)
		return text
	}
	if c, ok := e.(*expr.Const); ok && c.T == types.TUnknown {
		e = expr.NewConst(types.TText, c.Value)
	}
	if show {
		return d.format.FormatShown(e)
	}
	return d.format.Format(e)
}

// subquery is get_sublink_expr.
func (d *definition) subquery(e *expr.Subquery) string {
	return d.apart(func() {
		s := d.subqueries[e.Plan.(plan.Node)]
		if s == nil {
			d.str("(SubPlan)")
			return
		}
		open, shut := "(", ")"
		switch e.Kind {
		case expr.SubqueryExists:
			open, shut = "(EXISTS (", "))"
		case expr.SubqueryArray:
			open = "ARRAY("
		case expr.SubqueryAny, expr.SubqueryAll:
			open, shut = "("+d.tested(e)+"(", "))"
		}
		d.str(open)
		d.query(s, nil, false)
		d.str(shut)
	})
}

// tested is what stands before the parenthesis of x IN (SELECT …).
func (d *definition) tested(e *expr.Subquery) string {
	c, ok := e.Test.(*expr.Call)
	if !ok || len(c.Args) != 2 {
		return ""
	}
	left := d.format.FormatShown(c.Args[0])
	switch {
	case e.Kind == expr.SubqueryAll:
		return left + " " + c.Operator + " ALL "
	case c.Operator == "=":
		return left + " IN "
	}
	return left + " " + c.Operator + " ANY "
}

// query is get_query_def; names are what the columns are called outside, nil
// when nobody has named them; shown says that they are seen there.
func (d *definition) query(s *pg.SelectStmt, names []string, shown bool) {
	level := d.format.Layout.Level
	d.with(s.WithClause)
	sets := s.Op != pg.SetOperation_SETOP_NONE
	if sets {
		d.setOperation(s, names, shown)
	} else {
		d.basic(s, names, shown)
	}
	if len(s.SortClause) > 0 {
		d.line(" ORDER BY ", -indentStandard, indentStandard, 1)
		d.orderBy(s, sets)
	}
	if s.LimitOffset != nil {
		d.line(" OFFSET ", -indentStandard, indentStandard, 0)
		d.str(d.text(s.LimitOffset, false))
	}
	switch {
	case s.LimitOption == pg.LimitOption_LIMIT_OPTION_WITH_TIES:
		d.line(" FETCH FIRST ", -indentStandard, indentStandard, 0)
		count := d.text(s.LimitCount, false)
		if s.LimitCount.GetAExpr() != nil && !strings.HasPrefix(count, "(") { // under its conversion to bigint
			count = "(" + count + ")"
		}
		d.str("(", count, ") ROWS WITH TIES")
	case s.LimitCount != nil:
		d.line(" LIMIT ", -indentStandard, indentStandard, 0)
		if s.LimitCount.GetAConst().GetIsnull() {
			d.str("ALL")
		} else {
			d.str(d.text(s.LimitCount, false))
		}
	}
	d.format.Layout.Level = level
}

func (d *definition) with(w *pg.WithClause) {
	if w == nil {
		return
	}
	d.format.Layout.Level += indentStandard
	sep := " WITH "
	if w.Recursive {
		sep = " WITH RECURSIVE "
	}
	for _, n := range w.Ctes {
		cte := n.GetCommonTableExpr()
		d.str(sep, expr.QuoteIdent(cte.Ctename))
		d.nameList(cte.Aliascolnames)
		d.str(" AS ")
		switch cte.Ctematerialized {
		case pg.CTEMaterialize_CTEMaterializeAlways:
			d.str("MATERIALIZED ")
		case pg.CTEMaterialize_CTEMaterializeNever:
			d.str("NOT MATERIALIZED ")
		}
		d.str("(")
		d.line("", 0, 0, 0)
		d.query(cte.Ctequery.GetSelectStmt(), nil, true)
		d.line("", 0, 0, 0)
		d.str(")")
		d.searchCycle(cte)
		sep = ", "
	}
	d.format.Layout.Level -= indentStandard
	d.line("", 0, 0, 0)
}

// searchCycle are the clauses behind a recursive query.
func (d *definition) searchCycle(n *pg.CommonTableExpr) {
	names := func(list []*pg.Node) string {
		var out []string
		for _, c := range list {
			out = append(out, expr.QuoteIdent(c.GetString_().GetSval()))
		}
		return strings.Join(out, ", ")
	}
	if s := n.SearchClause; s != nil {
		how := " SEARCH DEPTH FIRST BY "
		if s.SearchBreadthFirst {
			how = " SEARCH BREADTH FIRST BY "
		}
		d.str(how, names(s.SearchColList), " SET ", expr.QuoteIdent(s.SearchSeqColumn))
	}
	if c := n.CycleClause; c != nil {
		d.str(" CYCLE ", names(c.CycleColList), " SET ", expr.QuoteIdent(c.CycleMarkColumn))
		if value, def := d.text(c.CycleMarkValue, false), d.text(c.CycleMarkDefault, false); value != "true" || def != "false" {
			d.str(" TO ", value, " DEFAULT ", def)
		}
		d.str(" USING ", expr.QuoteIdent(c.CyclePathColumn))
	}
}

func (d *definition) nameList(list []*pg.Node) {
	if len(list) == 0 {
		return
	}
	var names []string
	for _, n := range list {
		names = append(names, expr.QuoteIdent(n.GetString_().GetSval()))
	}
	d.str("(", strings.Join(names, ", "), ")")
}

var setWords = map[pg.SetOperation]string{
	pg.SetOperation_SETOP_UNION: "UNION ", pg.SetOperation_SETOP_INTERSECT: "INTERSECT ", pg.SetOperation_SETOP_EXCEPT: "EXCEPT ",
}

// setOperation is get_setop_query for a UNION and its like.
func (d *definition) setOperation(s *pg.SelectStmt, names []string, shown bool) {
	indent := 0
	if l := s.Larg; isPlainSet(l) && (l.Op != s.Op || l.All != s.All) {
		indent = indentStandard
		d.str("(")
		d.line("", indent, 0, 0)
	}
	d.operand(s.Larg, names, shown)
	if indent > 0 {
		d.line(") ", -indent, 0, 0)
	} else {
		d.line("", 0, 0, 0)
	}
	d.str(setWords[s.Op])
	if s.All {
		d.str("ALL ")
	}
	indent = 0
	if isPlainSet(s.Rarg) {
		d.str("(")
		indent = indentStandard
	}
	d.line("", indent, 0, 0)
	d.operand(s.Rarg, names, false)
	d.format.Layout.Level -= indent
	if indent > 0 {
		d.line(")", 0, 0, 0)
	}
}

// isPlainSet reports whether a part of a UNION is one itself.
func isPlainSet(s *pg.SelectStmt) bool {
	return s.Op != pg.SetOperation_SETOP_NONE && !hasClauses(s)
}

func hasClauses(s *pg.SelectStmt) bool {
	return s.WithClause != nil || len(s.SortClause) > 0 || len(s.LockingClause) > 0 || s.LimitOffset != nil || s.LimitCount != nil
}

func (d *definition) operand(s *pg.SelectStmt, names []string, shown bool) {
	switch {
	case isPlainSet(s):
		d.setOperation(s, names, shown)
	case hasClauses(s):
		d.str("(")
		d.query(s, names, shown)
		d.str(")")
	default:
		d.query(s, names, shown)
	}
}

// basic is get_basic_select_query.
func (d *definition) basic(s *pg.SelectStmt, names []string, shown bool) {
	d.format.Layout.Level += indentStandard
	d.str(" ")
	if len(s.ValuesLists) > 0 {
		d.values(s)
		return
	}
	d.str("SELECT")
	if len(s.DistinctClause) > 0 {
		d.str(" DISTINCT")
		if s.DistinctClause[0].GetNode() != nil {
			d.str(" ON (")
			for i, n := range s.DistinctClause {
				d.sep(i)
				d.str(d.grouped(s, n, false))
			}
			d.str(")")
		}
	}
	d.targets(s.TargetList, names, shown)
	d.from(s.FromClause)
	if s.WhereClause != nil {
		d.line(" WHERE ", -indentStandard, indentStandard, 1)
		d.str(d.text(s.WhereClause, false))
	}
	if len(s.GroupClause) > 0 {
		d.line(" GROUP BY ", -indentStandard, indentStandard, 1)
		d.groupBy(s)
	}
	if s.HavingClause != nil {
		d.line(" HAVING ", -indentStandard, indentStandard, 0)
		d.str(d.text(s.HavingClause, false))
	}
	d.windowClause(s.WindowClause)
}

func (d *definition) sep(i int) {
	if i > 0 {
		d.str(", ")
	}
}

func (d *definition) values(s *pg.SelectStmt) {
	d.str("VALUES ")
	for i, row := range s.ValuesLists {
		d.sep(i)
		var list []string
		for _, n := range row.GetList().GetItems() {
			list = append(list, d.text(n, false))
		}
		d.str("(", strings.Join(list, ","), ")")
	}
}

// targets is get_target_list.
func (d *definition) targets(list []*pg.Node, names []string, shown bool) {
	for i, n := range list {
		t := n.GetResTarget()
		text := d.apart(func() { d.target(t, i, names, shown) })
		if i == 0 {
			d.str(" ")
		} else {
			d.str(", ")
		}
		if i > 0 && !strings.HasPrefix(text, "\n") {
			d.line("", -indentStandard, indentStandard, indentVariable)
		}
		d.str(text)
	}
}

func (d *definition) target(t *pg.ResTarget, i int, names []string, shown bool) {
	own, has := "", false
	if c, ok := d.exprs[t.Val].(*expr.Column); ok && d.aggregates[c.ID] == nil && t.Val.GetColumnRef() != nil {
		own, has = lastName(t.Val.GetColumnRef()), true
	} else if !shown {
		own, has = "?column?", true
	}
	name := t.Name
	if name == "" {
		name = columnName(t.Val)
	}
	if i < len(names) {
		name = names[i]
	}
	d.str(d.text(t.Val, true))
	if !has || own != name {
		d.str(" AS ", expr.QuoteIdent(name))
	}
}

// grouped is get_rule_sortgroupclause: what an item of GROUP BY, ORDER BY or DISTINCT ON stands for.
func (d *definition) grouped(s *pg.SelectStmt, n *pg.Node, number bool) string {
	at := targetOf(s, n, d.exprs[n] != nil)
	if number && at >= 0 {
		return strconv.Itoa(at + 1)
	}
	if at >= 0 {
		n = s.TargetList[at].GetResTarget().Val
	}
	return d.sorted(n)
}

// sorted is an expression that something is sorted or grouped by, with
// parentheses where they are put for clarity.
func (d *definition) sorted(n *pg.Node) string {
	e := d.exprs[n]
	switch c := e.(type) {
	case nil:
		return d.text(n, true)
	case *expr.Column:
		if d.aggregates[c.ID] != nil || d.groupings[c.ID] != nil && d.format.Pretty {
			return "(" + d.text(n, true) + ")"
		}
	case *expr.Const:
		if c.T == types.TUnknown {
			e = expr.NewConst(types.TText, c.Value)
		}
	}
	return d.format.SortKey(e)
}

// targetOf is the entry of the select list that an item names or numbers; -1 for
// an expression of its own.
func targetOf(s *pg.SelectStmt, n *pg.Node, bound bool) int {
	if c := n.GetAConst(); c != nil {
		return int(c.GetIval().GetIval()) - 1
	}
	if bound || n.GetColumnRef() == nil {
		return -1
	}
	for s.Larg != nil {
		s = s.Larg
	}
	for i, t := range s.TargetList {
		target := t.GetResTarget()
		if name := lastName(n.GetColumnRef()); target.Name == name || target.Name == "" && columnName(target.Val) == name {
			return i
		}
	}
	return -1
}

// sortOperator is the operator of ORDER BY … USING.
func sortOperator(by *pg.SortBy) string {
	if len(by.UseOp) == 0 {
		return ""
	}
	return by.UseOp[len(by.UseOp)-1].GetString_().GetSval()
}

func (d *definition) orderBy(s *pg.SelectStmt, number bool) {
	d.sortItems(s.SortClause, func(n *pg.Node) string { return d.grouped(s, n, number) })
}

func (d *definition) sortItems(list []*pg.Node, text func(*pg.Node) string) {
	for i, n := range list {
		by := n.GetSortBy()
		d.sep(i)
		d.str(text(by.Node))
		desc := by.SortbyDir == pg.SortByDir_SORTBY_DESC || by.SortbyDir == pg.SortByDir_SORTBY_USING && sortOperator(by) == ">"
		if desc {
			d.str(" DESC")
		}
		switch {
		case by.SortbyNulls == pg.SortByNulls_SORTBY_NULLS_FIRST && !desc:
			d.str(" NULLS FIRST")
		case by.SortbyNulls == pg.SortByNulls_SORTBY_NULLS_LAST && desc:
			d.str(" NULLS LAST")
		}
	}
}
