package bind

import (
	"slices"
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// SEARCH and CYCLE are columns that a recursive query adds to its own: both its
// terms become subqueries of terms that compute them (rewriteSearchCycle.c).
// What a row of the one before has in them comes up through the recursive term
// as columns behind its own.
//
//	SEARCH DEPTH FIRST BY a SET s    base ARRAY[ROW(a)], then s || ARRAY[ROW(a)]
//	SEARCH BREADTH FIRST BY a SET s  base ROW(0, a), then ROW(depth + 1, a); depth is a column that nobody sees
//	CYCLE a SET m TO v DEFAULT d USING p
//	                                 base d, then CASE WHEN ROW(a) = ANY (p) THEN v ELSE d END of rows whose m <> v; p as s above
type searchCycle struct {
	q      *query
	n      *pg.CommonTableExpr
	names  []string // of the query's own columns
	search *pg.CTESearchClause
	cycle  *pg.CTECycleClause
	// value and def are the marks, of one type.
	value, def *pg.Node
	markType   *types.Type
}

// depthColumn is what no identifier of a statement is likely to be.
const depthColumn = "*DEPTH*"

// addedColumns are the names of the columns that the clauses add, the hidden one last.
func addedColumns(n *pg.CommonTableExpr) (names []string) {
	if s := n.SearchClause; s != nil {
		names = append(names, s.SearchSeqColumn)
	}
	if c := n.CycleClause; c != nil {
		names = append(names, c.CycleMarkColumn, c.CyclePathColumn)
	}
	if n.SearchClause.GetSearchBreadthFirst() {
		names = append(names, depthColumn)
	}
	return names
}

// searchCycle is the WITH query with what the clauses add written out. The
// query without them is bound first, for its errors and its columns' names.
func (q *query) searchCycle(n *pg.CommonTableExpr, recursive bool) *pg.CommonTableExpr {
	plain := &pg.CommonTableExpr{
		Ctename: n.Ctename, Aliascolnames: n.Aliascolnames, Ctematerialized: n.Ctematerialized, Ctequery: n.Ctequery, Location: n.Location,
	}
	w := &searchCycle{q: q, n: n, search: n.SearchClause, cycle: n.CycleClause}
	w.marks()
	w.names = w.namesOf(plain, recursive)
	s := n.Ctequery.GetSelectStmt()
	switch {
	case !recursive || !refersTo(n.Ctequery, n.Ctename):
		q.b.failAt(n.Location, pgerr.SyntaxError, "WITH query is not recursive")
	case s.Larg.Op != pg.SetOperation_SETOP_NONE:
		q.b.failAt(-1, pgerr.FeatureNotSupported, "with a SEARCH or CYCLE clause, the left side of the UNION must be a SELECT")
	case s.Rarg.Op != pg.SetOperation_SETOP_NONE:
		q.b.failAt(-1, pgerr.SyntaxError, "with a SEARCH or CYCLE clause, the right side of the UNION must be a SELECT")
	}
	w.check()
	plain.Aliascolnames = nil
	for _, name := range append(w.names, addedColumns(n)...) {
		plain.Aliascolnames = append(plain.Aliascolnames, nameNode(name))
	}
	plain.Ctequery = selectNode(&pg.SelectStmt{
		Op: pg.SetOperation_SETOP_UNION, All: s.All, WithClause: s.WithClause,
		Larg: w.base(s.Larg), Rarg: w.step(s.Rarg), LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT,
	})
	return plain
}

// namesOf binds a WITH query for the names of its columns alone. Where it reads
// itself, it sees the columns that are added, too.
func (w *searchCycle) namesOf(n *pg.CommonTableExpr, recursive bool) []string {
	q := w.q
	notes, ctes := q.b.notes, q.ctes
	q.b.notes.sources, q.b.notes.grouped = map[catalog.OID]map[int16]bool{}, map[catalog.OID]bool{}
	q.b.notes.renaming, q.b.notes.view, q.b.notes.definition = nil, nil, nil
	q.cteSeeing(n, recursive, nil, w.promised())
	names := q.ctes.names
	q.b.notes, q.ctes = notes, ctes
	return names
}

// promised are the added columns before anything is known of them but their types.
func (w *searchCycle) promised() (out []*itemColumn) {
	add := func(name string, t *types.Type) {
		out = append(out, &itemColumn{name: name, value: expr.NewConst(t, types.Null), unstarred: true})
	}
	if s := w.search; s != nil && s.SearchBreadthFirst {
		add(s.SearchSeqColumn, types.TRecord)
	} else if s != nil {
		add(s.SearchSeqColumn, types.TRecordArray)
	}
	if c := w.cycle; c != nil {
		add(c.CycleMarkColumn, w.markType)
		add(c.CyclePathColumn, types.TRecordArray)
	}
	return out
}

// check finds what is wrong with the clauses, in analyzeCTE's order.
func (w *searchCycle) check() {
	fail := w.q.b.failAt
	if s := w.search; s != nil {
		w.checkColumns("search", s.SearchColList, s.Location)
		if slices.Contains(w.names, s.SearchSeqColumn) {
			fail(s.Location, pgerr.SyntaxError, "search sequence column name \"%s\" already used in WITH query column list", s.SearchSeqColumn)
		}
	}
	c := w.cycle
	if c == nil {
		return
	}
	w.checkColumns("cycle", c.CycleColList, c.Location)
	switch {
	case slices.Contains(w.names, c.CycleMarkColumn):
		fail(c.Location, pgerr.SyntaxError, "cycle mark column name \"%s\" already used in WITH query column list", c.CycleMarkColumn)
	case slices.Contains(w.names, c.CyclePathColumn):
		fail(c.Location, pgerr.SyntaxError, "cycle path column name \"%s\" already used in WITH query column list", c.CyclePathColumn)
	case c.CycleMarkColumn == c.CyclePathColumn:
		fail(c.Location, pgerr.SyntaxError, "cycle mark column name and cycle path column name are the same")
	}
	if s := w.search; s != nil {
		switch s.SearchSeqColumn {
		case c.CycleMarkColumn:
			fail(s.Location, pgerr.SyntaxError, "search sequence column name and cycle mark column name are the same")
		case c.CyclePathColumn:
			fail(s.Location, pgerr.SyntaxError, "search sequence column name and cycle path column name are the same")
		}
	}
}

func (w *searchCycle) checkColumns(what string, list []*pg.Node, at int32) {
	seen := map[string]bool{}
	for _, n := range list {
		name := n.GetString_().GetSval()
		switch {
		case !slices.Contains(w.names, name):
			w.q.b.failAt(at, pgerr.SyntaxError, "%s column \"%s\" not in WITH query column list", what, name)
		case seen[name]:
			w.q.b.failAt(at, pgerr.DuplicateColumn, "%s column \"%s\" specified more than once", what, name)
		}
		seen[name] = true
	}
}

// marks settles the type of the marks.
func (w *searchCycle) marks() {
	c := w.cycle
	if c == nil {
		return
	}
	w.value, w.def = c.CycleMarkValue, c.CycleMarkDefault
	var t *types.Type
	same := false
	w.q.with(kindCycleMark, func() {
		list := []expr.Expr{w.q.expr(w.value), w.q.expr(w.def)}
		at := []int32{location(w.value), location(w.def)}
		t = w.q.commonType("CYCLE", list, at)
		same = true
		for i, e := range list {
			same = same && e.Type() == t
			w.q.common(e, t, "CYCLE", at[i])
		}
	})
	if w.q.b.env.Library.Equality(t) == nil {
		w.q.b.failAt(-1, pgerr.UndefinedFunction, "could not identify an equality operator for type %s", t.SQLName)
	}
	w.markType = t
	if same {
		return
	}
	name := &pg.TypeName{Names: []*pg.Node{nameNode(t.Name)}, Typemod: -1, Location: -1}
	if types.ByOID(t.OID) != nil {
		name.Names = append([]*pg.Node{nameNode("pg_catalog")}, name.Names...)
	}
	cast := func(n *pg.Node) *pg.Node {
		return &pg.Node{Node: &pg.Node_TypeCast{TypeCast: &pg.TypeCast{Arg: n, TypeName: name, Location: -1}}}
	}
	w.value, w.def = cast(w.value), cast(w.def)
}

// base is the first term with the columns of the rows that come first.
func (w *searchCycle) base(s *pg.SelectStmt) *pg.SelectStmt {
	out := w.term("*TLOCRN*", s, len(w.names))
	add := func(e *pg.Node) { out.TargetList = append(out.TargetList, targetNode(e)) }
	if c := w.search; c != nil && c.SearchBreadthFirst {
		add(w.row(c.SearchColList, int8Node(0)))
	} else if c != nil {
		add(arrayOf(w.row(c.SearchColList)))
	}
	if c := w.cycle; c != nil {
		add(w.def)
		add(arrayOf(w.row(c.CycleColList)))
	}
	if w.search.GetSearchBreadthFirst() {
		add(int8Node(0))
	}
	return out
}

// step is the recursive term over what the row before has in the columns.
func (w *searchCycle) step(s *pg.SelectStmt) *pg.SelectStmt {
	self := selfReference(s.FromClause, w.n.Ctename)
	if self == "" || defines(s.WithClause, w.n.Ctename) {
		w.q.b.failAt(-1, pgerr.FeatureNotSupported,
			"with a SEARCH or CYCLE clause, the recursive reference to WITH query \"%s\" must be at the top level of its right-hand SELECT", w.n.Ctename)
	}
	added := addedColumns(w.n)
	inner := copySelect(s)
	for _, name := range added {
		inner.TargetList = append(inner.TargetList[:len(inner.TargetList):len(inner.TargetList)], targetNode(columnNode(self, name)))
	}
	out := w.term("*TROCRN*", inner, len(w.names)+len(added))
	before := map[string]*pg.Node{}
	for i, name := range added {
		before[name] = columnNode(termColumn(len(w.names) + i))
	}
	add := func(e *pg.Node) { out.TargetList = append(out.TargetList, targetNode(e)) }
	deeper := operatorNode("+", before[depthColumn], int8Node(1))
	if c := w.search; c != nil && c.SearchBreadthFirst {
		add(w.row(c.SearchColList, deeper))
	} else if c != nil {
		add(callNode("array_cat", before[c.SearchSeqColumn], arrayOf(w.row(c.SearchColList))))
	}
	if c := w.cycle; c != nil {
		path, row := before[c.CyclePathColumn], w.row(c.CycleColList)
		met := &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{
			Kind: pg.A_Expr_Kind_AEXPR_OP_ANY, Name: []*pg.Node{nameNode("=")}, Lexpr: row, Rexpr: path, Location: -1,
		}}}
		add(&pg.Node{Node: &pg.Node_CaseExpr{CaseExpr: &pg.CaseExpr{
			Args:      []*pg.Node{{Node: &pg.Node_CaseWhen{CaseWhen: &pg.CaseWhen{Expr: met, Result: w.value, Location: -1}}}},
			Defresult: w.def, Location: -1,
		}}})
		add(callNode("array_cat", path, arrayOf(row)))
		out.WhereClause = operatorNode("<>", before[c.CycleMarkColumn], w.value)
	}
	if w.search.GetSearchBreadthFirst() {
		add(deeper)
	}
	return out
}

// term is SELECT of a query's first columns, as many as the WITH query has of its own.
func (w *searchCycle) term(alias string, s *pg.SelectStmt, columns int) *pg.SelectStmt {
	a := &pg.Alias{Aliasname: alias}
	for i := range columns {
		a.Colnames = append(a.Colnames, nameNode(termColumn(i)))
	}
	out := &pg.SelectStmt{
		LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE,
		FromClause: []*pg.Node{{Node: &pg.Node_RangeSubselect{RangeSubselect: &pg.RangeSubselect{Subquery: selectNode(s), Alias: a}}}},
	}
	for i := range w.names {
		out.TargetList = append(out.TargetList, targetNode(columnNode(termColumn(i))))
	}
	return out
}

func termColumn(i int) string { return "c" + strconv.Itoa(i+1) }

// row is ROW of some columns, behind what comes first.
func (w *searchCycle) row(list []*pg.Node, first ...*pg.Node) *pg.Node {
	args := first
	for _, n := range list {
		args = append(args, columnNode(termColumn(slices.Index(w.names, n.GetString_().GetSval()))))
	}
	return &pg.Node{Node: &pg.Node_RowExpr{RowExpr: &pg.RowExpr{Args: args, RowFormat: pg.CoercionForm_COERCE_EXPLICIT_CALL, Location: -1}}}
}

// selfReference is the name under which a FROM clause has the WITH query itself, not in a subquery.
func selfReference(from []*pg.Node, name string) string {
	for _, n := range from {
		if r := n.GetRangeVar(); r != nil && r.Schemaname == "" && r.Relname == name {
			if r.Alias != nil {
				return r.Alias.Aliasname
			}
			return name
		}
		if j := n.GetJoinExpr(); j != nil {
			if found := selfReference([]*pg.Node{j.Larg, j.Rarg}, name); found != "" {
				return found
			}
		}
	}
	return ""
}

// copySelect is a select of its own with the same clauses.
func copySelect(s *pg.SelectStmt) *pg.SelectStmt {
	return &pg.SelectStmt{
		DistinctClause: s.DistinctClause, TargetList: s.TargetList, FromClause: s.FromClause, WhereClause: s.WhereClause,
		GroupClause: s.GroupClause, GroupDistinct: s.GroupDistinct, HavingClause: s.HavingClause, WindowClause: s.WindowClause,
		SortClause: s.SortClause, LimitOffset: s.LimitOffset, LimitCount: s.LimitCount, LimitOption: s.LimitOption,
		LockingClause: s.LockingClause, WithClause: s.WithClause, Op: s.Op,
	}
}

func targetNode(e *pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_ResTarget{ResTarget: &pg.ResTarget{Val: e, Location: -1}}}
}

func columnNode(names ...string) *pg.Node {
	c := &pg.ColumnRef{Location: -1}
	for _, name := range names {
		c.Fields = append(c.Fields, nameNode(name))
	}
	return &pg.Node{Node: &pg.Node_ColumnRef{ColumnRef: c}}
}

func arrayOf(e *pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_AArrayExpr{AArrayExpr: &pg.A_ArrayExpr{Elements: []*pg.Node{e}, Location: -1}}}
}

func callNode(name string, args ...*pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_FuncCall{FuncCall: &pg.FuncCall{
		Funcname: []*pg.Node{nameNode("pg_catalog"), nameNode(name)}, Args: args, Funcformat: pg.CoercionForm_COERCE_EXPLICIT_CALL, Location: -1,
	}}}
}

func operatorNode(name string, left, right *pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{
		Kind: pg.A_Expr_Kind_AEXPR_OP, Name: []*pg.Node{nameNode("pg_catalog"), nameNode(name)}, Lexpr: left, Rexpr: right, Location: -1,
	}}}
}

// int8Node is a bigint.
func int8Node(v int32) *pg.Node {
	number := &pg.Node{Node: &pg.Node_AConst{AConst: &pg.A_Const{Val: &pg.A_Const_Ival{Ival: &pg.Integer{Ival: v}}, Location: -1}}}
	name := &pg.TypeName{Names: []*pg.Node{nameNode("pg_catalog"), nameNode("int8")}, Typemod: -1, Location: -1}
	return &pg.Node{Node: &pg.Node_TypeCast{TypeCast: &pg.TypeCast{Arg: number, TypeName: name, Location: -1}}}
}
