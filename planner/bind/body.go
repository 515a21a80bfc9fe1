package bind

import (
	"fmt"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// BodyResult is how the rows of a body's last statement become what its function
// returns.
type BodyResult struct {
	// Values are computed over a row by position, Columns what they are of a
	// function that returns rows; both are nil where nothing is returned.
	Values  []expr.Expr
	Columns []types.Column
	// Row says that the values are the fields of one row, and not the only value.
	Row bool
}

// ReturnOf is what a call of f, bound to its types, makes of the rows of the last
// of its statements that has any; nil is none (check_sql_fn_retval in functions.c).
func ReturnOf(env *Env, f *expr.Function, last []plan.Column) (r *BodyResult, err error) {
	r = &BodyResult{}
	if f.Result == types.TVoid {
		return r, nil
	}
	if last == nil {
		return nil, errReturnType(f.Result, "Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING.")
	}
	b := newBinder(env, nil, nil)
	defer b.recover(&err)
	q := &query{b: b}
	given := make([]expr.Expr, len(last))
	for i, c := range last {
		given[i] = expr.NewColumn(expr.ColumnID(i), c.Name, c.Type, c.Typmod)
	}
	row := f.Result.OID == types.TRecord.OID || f.Result.Base().Kind == 'c'
	if len(given) == 1 && (!row || f.Result.OID != types.TRecord.OID || len(f.Columns) > 1) && q.canCoerce(last[0].Type, f.Result, assigning) && (!row || last[0].Type.Datum == types.KindRow) {
		r.Values = []expr.Expr{b.guarded(q.coerce(given[0], f.Result, -1, assigning, -1))}
		return r, nil
	}
	if !row {
		if len(given) != 1 {
			return nil, errReturnType(f.Result, "Final statement must return exactly one column.")
		}
		return nil, errReturnType(f.Result, "Actual return type is %s.", last[0].Type.SQLName)
	}
	return r, r.fields(q, f, given)
}

// fields are the values of a function that returns rows.
func (r *BodyResult) fields(q *query, f *expr.Function, given []expr.Expr) error {
	r.Row = true
	for _, c := range f.Columns {
		r.Columns = append(r.Columns, types.Column{Name: c.Name, Type: c.Type, Typmod: -1})
	}
	if r.Columns == nil {
		r.Columns = f.Result.Columns()
	}
	if r.Columns == nil { // a record of whatever comes
		for _, e := range given {
			c := e.(*expr.Column)
			r.Columns, r.Values = append(r.Columns, types.Column{Name: c.Name, Type: c.T, Typmod: c.Mod}), append(r.Values, e)
		}
		return nil
	}
	for i, e := range given {
		if i >= len(r.Columns) {
			return errReturnType(f.Result, "Final statement returns too many columns.")
		}
		want := r.Columns[i]
		if !q.canCoerce(e.Type(), want.Type, assigning) {
			return errReturnType(f.Result, "Final statement returns %s instead of %s at column %d.", e.Type().SQLName, want.Type.SQLName, i+1)
		}
		r.Values = append(r.Values, q.b.guarded(q.coerce(e, want.Type, want.Typmod, assigning, -1)))
	}
	if len(given) < len(r.Columns) {
		return errReturnType(f.Result, "Final statement returns too few columns.")
	}
	return nil
}

// FunctionContext is the line of CONTEXT for an error in a statement of a
// function in SQL, counted from 1.
func FunctionContext(f *catalog.Function, statement int) string {
	return fmt.Sprintf("SQL function \"%s\" statement %d", f.Name, statement)
}

// NotInBody refuses a command that no function in SQL can run.
func NotInBody(command string) error {
	return pgerr.New(pgerr.FeatureNotSupported, "%s is not allowed in an SQL function", command)
}

// Assignment converts a value in column 0 as an assignment does or, where there is
// no such conversion, through its text.
func Assignment(env *Env, from plan.Column, to *types.Type) (e expr.Expr, err error) {
	b := newBinder(env, nil, nil)
	defer b.recover(&err)
	q := &query{b: b}
	e = expr.NewColumn(0, from.Name, from.Type, from.Typmod)
	if !q.canCoerce(from.Type, to, assigning) {
		e = &expr.Cast{Typed: expr.Typed{T: types.TText, Mod: -1}, Form: expr.CastInOut, Arg: e, Explicit: true}
		e = &expr.Cast{Typed: expr.Typed{T: to.Base(), Mod: -1}, Form: expr.CastInOut, Arg: e, Explicit: true}
	}
	return b.guarded(q.coerce(e, to, -1, explicitly, -1)), nil
}
