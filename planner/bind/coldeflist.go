package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// columnDefinitions are the column definition list of each function of n, nil
// where there is none. One behind the whole item is that of its only function
// (transformRangeFunction).
func (q *query) columnDefinitions(n *pg.RangeFunction) [][]*pg.Node {
	lists := make([][]*pg.Node, len(n.Functions))
	for i, f := range n.Functions {
		if pair := f.GetList().GetItems(); len(pair) > 1 {
			lists[i] = pair[1].GetList().GetItems()
		}
	}
	if len(n.Coldeflist) == 0 {
		return lists
	}
	var wrong *pgerr.E
	switch {
	case len(n.Functions) > 1:
		wrong = pgerr.New(pgerr.SyntaxError, "ROWS FROM() with multiple functions cannot have a column definition list").
			WithHint("Put a separate column definition list for each function inside ROWS FROM().")
	case q.isUnnestOfMany(n.Functions[0].GetList().GetItems()[0]):
		wrong = pgerr.New(pgerr.SyntaxError, "UNNEST() with multiple arguments cannot have a column definition list").
			WithHint("Use separate UNNEST() calls inside ROWS FROM(), and attach a column definition list to each one.")
	case n.Ordinality:
		wrong = pgerr.New(pgerr.SyntaxError, "WITH ORDINALITY cannot be used with a column definition list").
			WithHint("Put the column definition list inside ROWS FROM().")
	}
	if wrong != nil {
		q.b.must(wrong, location(n.Coldeflist[0]))
	}
	lists[0] = n.Coldeflist
	return lists
}

// defined gives a function's call, which stands at at, the columns that a column
// definition list says (addRangeTableEntryForFunction).
func (q *query) defined(e expr.Expr, list []*pg.Node, at int32) expr.Expr {
	call, ok := e.(*expr.Call)
	if len(list) == 0 {
		if ok && call.T == types.TRecord && call.RowColumns() == nil {
			q.b.failAt(at, pgerr.SyntaxError, "a column definition list is required for functions returning \"record\"")
		}
		return e
	}
	at = location(list[0])
	switch {
	case ok && len(call.Func.Columns) > 0:
		q.b.failAt(at, pgerr.SyntaxError, "a column definition list is redundant for a function with OUT parameters")
	case len(e.Type().Columns()) > 0:
		q.b.failAt(at, pgerr.SyntaxError, "a column definition list is redundant for a function returning a named composite type")
	case !ok || e.Type() != types.TRecord:
		q.b.failAt(at, pgerr.SyntaxError, "a column definition list is only allowed for functions returning \"record\"")
	}
	defined := *call
	defined.T = types.NewRecord(q.definedColumns(list))
	if call.Func.Bind != nil {
		defined.Func = call.Func.Bind(call.Func.Args, defined.T)
	}
	return &defined
}

func (q *query) definedColumns(list []*pg.Node) (columns []types.Column) {
	for _, n := range list {
		def := n.GetColumnDef()
		if def.TypeName.Setof {
			q.b.failAt(def.Location, pgerr.InvalidTableDefinition, "column \"%s\" cannot be declared SETOF", def.Colname)
		}
		t, typmod := q.b.typeName(def.TypeName)
		for _, c := range columns {
			if c.Name == def.Colname {
				q.b.failAt(-1, pgerr.DuplicateColumn, "column name \"%s\" specified more than once", def.Colname)
			}
		}
		if t.Kind == 'p' && t != types.TRecord && t != types.TRecordArray {
			q.b.failAt(-1, pgerr.InvalidTableDefinition, "column \"%s\" has pseudo-type %s", def.Colname, t.SQLName)
		}
		if d := q.b.notes.definition; d != nil && !q.b.inView() {
			d.types[def] = types.FormatType(t, typmod)
		}
		columns = append(columns, types.Column{Name: def.Colname, Type: t, Typmod: typmod})
	}
	return columns
}
