package bind

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// query is one level of SELECT (or INSERT, UPDATE, DELETE): the names that its
// expressions see, and what they have asked for so far.
type query struct {
	b      *binder
	parent *query // the query around, whose columns a correlated one sees
	items  []*item
	// pending are FROM items that are known but not visible just now.
	pending []*item
	ctes    *cteScope

	// kind is what is being bound, for messages and for what is allowed there.
	kind exprKind
	// aggregating is set while an aggregate's arguments are bound.
	aggregating *aggregateArgs

	aggs   []aggregate
	hasAgg bool // an aggregate belongs here, found or not
	// groupings are the calls of GROUPING that belong here.
	groupings []groupingCall
	// windows are those of WINDOW, then those that OVER defines; windowCalls what is computed over them.
	windows     []*window
	windowCalls []windowCall
	// recurses: the FROM clause reads from the recursive query that this is a term of.
	recurses bool
	// own are the columns of the FROM items, for the check of grouping.
	own map[expr.ColumnID]*ownColumn
	// outer are columns of enclosing queries that this one (or one inside) refers to.
	outer outerRefs
}

// item is what a name before a dot can mean: a FROM item, or a join's columns.
type item struct {
	name    string // alias or name; "" is none (a join)
	schema  string // of a table without alias: schema.table.column
	columns []*itemColumn
	// later are columns that came after the text was written: only its row has them.
	later   []*itemColumn
	table   *catalog.Table
	rowType *types.Type // of its rows; nil is record

	// byName: the item's name is visible; byColumn: its columns are without it.
	byName, byColumn bool
	// forbidden: in the way of a lateral reference (the other side of a RIGHT or FULL join).
	forbidden bool
	scan      *plan.Scan
	// query: a subquery or view, whose tables a row lock would have to lock.
	query bool
	// joined: the columns of a join, under its alias.
	joined bool
	// described: the columns that a command's expression is over.
	described bool
	// scalar: a function's that returns no rows.
	scalar bool
	// nulled is set where an outer join can make its row NULL.
	nulled *nullSide
}

// itemColumn is a column of an item.
type itemColumn struct {
	name string
	// value is the column; of a merged column of JOIN USING, what it is made of.
	value expr.Expr
	// use, when set, is called when the column is referred to first.
	use   func()
	table catalog.OID
	attno int16
	// stored: of the table or view itself, not of a query over it.
	stored bool
	// generated: a generated column where a generation expression is bound.
	generated bool
	// unstarred: stars leave the column out.
	unstarred bool
	// from is the name of the FROM item that a join's column can be qualified with.
	from string
}

// qualifier is the name that can stand before a column of the item; "" when none can.
func (it *item) qualifier(c *itemColumn) string {
	if it.byName && it.name != "" {
		return it.name
	}
	return c.from
}

// ownColumn is where a column of this level comes from.
type ownColumn struct {
	item *item
	name string
}

// outerRefs is a set of columns in order of appearance.
type outerRefs struct{ ids []expr.ColumnID }

func (o *outerRefs) add(id expr.ColumnID) {
	for _, have := range o.ids {
		if have == id {
			return
		}
	}
	o.ids = append(o.ids, id)
}

// sub makes the query inside of q, whose expressions see q's names too.
func (q *query) sub() *query { return &query{b: q.b, parent: q, ctes: q.ctes} }

// addItem makes an item visible.
func (q *query) addItem(it *item) {
	q.items = append(q.items, it)
	q.claim(it)
}

// claim notes an item's columns as q's own.
func (q *query) claim(it *item) {
	if q.own == nil {
		q.own = map[expr.ColumnID]*ownColumn{}
	}
	q.b.noteNames(it)
	for _, c := range slices.Concat(it.columns, it.later) {
		if col, ok := c.value.(*expr.Column); ok && q.own[col.ID] == nil {
			q.own[col.ID] = &ownColumn{it, c.name}
		}
	}
}

// checkNames refuses an item whose name another one has.
func (q *query) checkNames(fresh, others []*item) {
	for _, it := range fresh {
		for _, o := range others {
			if it == o || it.name == "" || it.name != o.name || !it.byName || !o.byName {
				continue
			}
			if it.table != nil && o.table != nil && it.schema != "" && o.schema != "" && it.table != o.table {
				continue
			}
			fail(pgerr.New(pgerr.DuplicateAlias, "table name \"%s\" specified more than once", it.name))
		}
	}
}

// with binds something of the given kind.
func (q *query) with(kind exprKind, f func()) {
	outer := q.kind
	q.kind = kind
	f()
	q.kind = outer
}

// exprKind says where an expression stands (ParseExprKind in parse_node.h).
type exprKind uint8

const (
	kindNone exprKind = iota
	kindOn
	kindFromFunction
	kindWhere
	kindHaving
	kindFilter
	kindTarget
	kindInsertTarget
	kindUpdateSource
	kindGroupBy
	kindOrderBy
	kindDistinctOn
	kindLimit
	kindOffset
	kindReturning
	kindValues
	kindCheck
	kindDefault
	kindGenerated
	kindUsing
	kindConflict
	kindExecute
	kindDomainCheck
	kindMergeWhen
	kindCopyWhere
	kindParameter
	kindCall
	kindIndexExpression
	kindIndexPredicate
	kindCycleMark
	kindWindowPartition
	kindWindowOrder
	kindFrameRange
	kindFrameRows
	kindFrameGroups
)

// kindNames are how messages name the places: "… are not allowed in %s".
var kindNames = [...]string{
	kindNone: "this context", kindOn: "JOIN conditions", kindFromFunction: "functions in FROM", kindWhere: "WHERE",
	kindHaving: "HAVING", kindFilter: "FILTER", kindTarget: "SELECT", kindInsertTarget: "INSERT", kindUpdateSource: "UPDATE",
	kindGroupBy: "GROUP BY", kindOrderBy: "ORDER BY", kindDistinctOn: "DISTINCT ON", kindLimit: "LIMIT",
	kindOffset: "OFFSET", kindReturning: "RETURNING", kindValues: "VALUES", kindCheck: "check constraints",
	kindDefault: "DEFAULT expressions", kindGenerated: "column generation expressions", kindUsing: "transform expressions",
	kindConflict: "index expressions", kindExecute: "EXECUTE parameters",
	kindDomainCheck:     "check constraints",
	kindMergeWhen:       "MERGE WHEN conditions",
	kindCopyWhere:       "COPY FROM WHERE conditions",
	kindParameter:       "DEFAULT expressions",
	kindCall:            "CALL arguments",
	kindIndexExpression: "index expressions", kindIndexPredicate: "index predicates",
	kindCycleMark:       "CYCLE clauses",
	kindWindowPartition: "window PARTITION BY", kindWindowOrder: "window ORDER BY",
	kindFrameRange: "window RANGE", kindFrameRows: "window ROWS", kindFrameGroups: "window GROUPS",
}

// place is how messages about window functions and sets name it.
func (k exprKind) place() string {
	if k >= kindWindowPartition {
		return "window definitions"
	}
	return kindNames[k]
}

// allowsAggregates, allowsSets: whether aggregates and set-returning functions may stand there.
func (k exprKind) allowsAggregates() bool {
	switch k {
	case kindTarget, kindHaving, kindOrderBy, kindDistinctOn, kindWindowPartition, kindWindowOrder:
		return true
	}
	return false
}

// allowsWindows: whether window functions may stand there.
func (k exprKind) allowsWindows() bool {
	return k == kindTarget || k == kindOrderBy || k == kindDistinctOn
}

func (k exprKind) allowsSets() bool {
	switch k {
	case kindTarget, kindOrderBy, kindDistinctOn, kindGroupBy, kindFromFunction, kindInsertTarget, kindWindowPartition, kindWindowOrder:
		return true
	}
	return false
}
