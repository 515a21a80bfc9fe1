package sqlitesql

import (
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
)

// writer collects the text and the parameters of one statement.
type writer struct {
	table *shard.Table
	bound []shard.Bound
	depth int // of what is being written, in levels
}

// Exact reports whether e, over positions of a table, has SQL at all.
func Exact(e expr.Expr) bool { return new(Room).Takes(e) }

// CanFail reports whether evaluating e can raise an error: such a condition
// must not run for rows that a condition written before it drops.
func CanFail(e expr.Expr) bool {
	return expr.Any(e, func(e expr.Expr) bool {
		switch e := e.(type) {
		case *expr.Call:
			r, ok := ruleOf(e.Func)
			return !ok || r.fails
		case *expr.Cast:
			if r, ok := castRule(e); ok {
				return r.fails
			}
			return !keepsForm(e)
		case *expr.AnyAll:
			r, ok := ruleOf(e.Op)
			return !ok || r.fails
		case *expr.Subquery, *expr.Subscript, *expr.Field:
			return true
		}
		return false
	})
}

// bind adds a parameter, or finds the same one again.
func (w *writer) bind(e expr.Expr, t *types.Type, typmod int32) string {
	for i, b := range w.bound {
		if b.Type == t && b.Typmod == typmod && expr.Equal(b.Expr, e) {
			return "?" + strconv.Itoa(i+1)
		}
	}
	w.bound = append(w.bound, shard.Bound{Expr: e, Type: t, Typmod: typmod})
	return "?" + strconv.Itoa(len(w.bound))
}

// rowIndependent reports whether the shard can compute e before it runs the
// statement: without columns, and without what only the session knows.
func rowIndependent(e expr.Expr) bool {
	return expr.IsRowIndependent(e) && !expr.Any(e, func(e expr.Expr) bool {
		_, arg := e.(*expr.CaseArg)
		return arg
	})
}

// expr returns the SQL of e; ok is false when it has none. What it bound
// before it failed stays in w, which the caller then throws away.
func (w *writer) expr(e expr.Expr) (sql string, ok bool) {
	deeper := levels(e)
	w.depth += deeper
	defer func() { w.depth -= deeper }()
	if w.depth > maxLevels {
		return "", false
	}
	switch e := e.(type) {
	case *expr.Column:
		return shard.ColumnName(int(e.ID)), true
	case *expr.Const:
		return w.literal(e)
	case *expr.Param:
		return w.bind(e, e.T, e.Mod), exprForm(e) != formNone
	case *expr.Logic:
		return w.logic(e)
	case *expr.Test:
		return w.test(e)
	case *expr.AnyAll:
		return w.anyAll(e)
	case *expr.Distinct:
		return w.distinct(e)
	}
	if rowIndependent(e) {
		return w.bind(e, e.Type(), e.Typmod()), exprForm(e) != formNone
	}
	switch e := e.(type) {
	case *expr.Call:
		return w.call(e)
	case *expr.Cast:
		return w.cast(e)
	case *expr.Case:
		return w.caseNode(e)
	case *expr.Coalesce:
		return w.coalesce(e)
	}
	return "", false
}

// literal writes NULL, booleans and integers as they are, binds the rest.
func (w *writer) literal(e *expr.Const) (string, bool) {
	if e.Value.IsNull() {
		return "NULL", true
	}
	switch e.Value.Kind() {
	case types.KindBool:
		if e.Value.Bool() {
			return "1", true
		}
		return "0", true
	case types.KindInt:
		return strconv.FormatInt(e.Value.Int(), 10), exprForm(e) == formInt
	}
	return w.bind(e, e.T, e.Mod), exprForm(e) != formNone
}

// compared is expr for a side of a comparison.
func (w *writer) compared(e expr.Expr) (string, bool) {
	if c, ok := e.(*expr.Const); ok && c.Value.IsNull() || !trimmed(e) {
		return w.expr(e)
	}
	return w.bind(e, types.TBpchar, types.BpcharTrimmed), true
}

func (w *writer) comparedList(list []expr.Expr) ([]string, bool) { return collect(list, w.compared) }

func (w *writer) list(list []expr.Expr) ([]string, bool) { return collect(list, w.expr) }

func collect(list []expr.Expr, write func(expr.Expr) (string, bool)) ([]string, bool) {
	out := make([]string, len(list))
	for i, e := range list {
		sql, ok := write(e)
		if !ok {
			return nil, false
		}
		out[i] = sql
	}
	return out, true
}

// logic: SQLite's three-valued logic over 0, 1 and NULL is PostgreSQL's.
func (w *writer) logic(e *expr.Logic) (string, bool) {
	args, ok := w.list(e.Args)
	if !ok {
		return "", false
	}
	switch e.Op {
	case expr.And:
		return "(" + chain(args, " AND ") + ")", true
	case expr.Or:
		return "(" + chain(args, " OR ") + ")", true
	}
	return "(NOT " + args[0] + ")", true
}

// tests are what follows the argument; a boolean is 0, 1 or NULL, so IS says it all.
var tests = map[expr.TestKind]string{
	expr.IsNull: " IS NULL", expr.IsNotNull: " IS NOT NULL",
	expr.IsTrue: " IS 1", expr.IsNotTrue: " IS NOT 1",
	expr.IsFalse: " IS 0", expr.IsNotFalse: " IS NOT 0",
	expr.IsUnknown: " IS NULL", expr.IsNotUnknown: " IS NOT NULL",
}

func (w *writer) test(e *expr.Test) (string, bool) {
	if e.Arg.Type().Datum == types.KindRow {
		return "", false // NULL-ness of a row is that of its fields
	}
	arg, ok := w.expr(e.Arg)
	return "(" + arg + tests[e.Kind] + ")", ok
}

func (w *writer) call(e *expr.Call) (string, bool) {
	r, ok := ruleOf(e.Func)
	if !ok || r.compares && !comparable(e.Args[0], e.Args[1]) {
		return "", false
	}
	list := w.list
	if r.compares {
		list = w.comparedList
	}
	args, ok := list(e.Args)
	if !ok {
		return "", false
	}
	if r.sql == "=" && isColumn(e.Args[1]) && !isColumn(e.Args[0]) {
		args[0], args[1] = args[1], args[0]
	}
	switch {
	case r.shape == shapeCall:
		return r.sql + "(" + strings.Join(args, ", ") + ")", true
	case r.shape == shapeSame:
		return args[0], true
	}
	return "(" + args[0] + " " + r.sql + " " + args[1] + ")", true
}

func isColumn(e expr.Expr) bool {
	_, ok := e.(*expr.Column)
	return ok
}

// keepsForm reports whether a cast leaves the stored form as it is, for every value.
func keepsForm(e *expr.Cast) bool {
	switch e.Form {
	case expr.CastBinary:
		// An oid and an int4 of the same bits are different numbers.
		f, from := formOf(e.T, -1), e.Arg.Type()
		return f != formNone && f == exprForm(e.Arg) && (f != formInt || e.T.Base() == from.Base())
	case expr.CastFunction:
		return widening[signature(e.T.Name, []string{e.Arg.Type().Name})]
	}
	return false
}

func (w *writer) cast(e *expr.Cast) (string, bool) {
	if keepsForm(e) {
		return w.expr(e.Arg)
	}
	r, ok := castRule(e)
	if !ok {
		return "", false
	}
	arg, ok := w.expr(e.Arg)
	return r.sql + "(" + arg + ")", ok
}

// castRule is ruleOf a cast's function.
func castRule(e *expr.Cast) (rule, bool) {
	if e.Form != expr.CastFunction || e.Func == nil || len(e.Func.Args) != 1 || e.Mod >= 0 {
		return rule{}, false
	}
	return ruleOf(e.Func)
}

func (w *writer) distinct(e *expr.Distinct) (string, bool) {
	if r, ok := ruleOf(e.Eq); !ok || r.sql != "=" || !comparable(e.A, e.B) {
		return "", false
	}
	args, ok := w.comparedList([]expr.Expr{e.A, e.B})
	if !ok {
		return "", false
	}
	if e.Negated {
		return "(" + args[0] + " IS " + args[1] + ")", true
	}
	return "(" + args[0] + " IS NOT " + args[1] + ")", true
}

// maxList bounds the values of an IN list in SQL: SQLite takes 32,766
// parameters, and behind a few thousand a scan in Go is no slower.
const maxList = 4096

// anyAll writes a list of values: IN and NOT IN where they fit, else OR and AND.
func (w *writer) anyAll(e *expr.AnyAll) (string, bool) {
	r, ok := ruleOf(e.Op)
	if !ok || !r.compares || e.Array != nil || len(e.List) == 0 || len(e.List) > maxList {
		return "", false
	}
	for _, v := range e.List {
		if !comparable(e.Left, v) {
			return "", false
		}
	}
	left, ok := w.compared(e.Left)
	if !ok {
		return "", false
	}
	list, ok := w.comparedList(e.List)
	switch {
	case !ok:
		return "", false
	case r.sql == "=" && !e.All:
		return "(" + left + " IN (" + strings.Join(list, ", ") + "))", true
	case r.sql == "<>" && e.All:
		return "(" + left + " NOT IN (" + strings.Join(list, ", ") + "))", true
	}
	for i, v := range list {
		list[i] = left + " " + r.sql + " " + v
	}
	if e.All {
		return "(" + chain(list, " AND ") + ")", true
	}
	return "(" + chain(list, " OR ") + ")", true
}

// sameForm reports whether every non-NULL literal or value of the list lies in
// SQLite as e's type does, so that any of them can stand for e.
func sameForm(e expr.Expr, list []expr.Expr) bool {
	f := exprForm(e)
	for _, a := range list {
		if a != nil && (a.Type() != e.Type() || exprForm(a) != f || f == formScaled) {
			return false
		}
	}
	return f != formNone
}

func (w *writer) coalesce(e *expr.Coalesce) (string, bool) {
	if !sameForm(e, e.Args) || len(e.Args) < 2 || len(e.Args) > maxArguments {
		return "", false
	}
	args, ok := w.list(e.Args)
	return "coalesce(" + strings.Join(args, ", ") + ")", ok
}

func (w *writer) caseNode(e *expr.Case) (string, bool) {
	if e.Arg != nil {
		return "", false
	}
	var b strings.Builder
	b.WriteString("CASE")
	for _, arm := range e.Arms {
		cond, ok := w.expr(arm.Cond)
		if !ok || !sameForm(e, []expr.Expr{arm.Result}) {
			return "", false
		}
		result, ok := w.expr(arm.Result)
		if !ok {
			return "", false
		}
		b.WriteString(" WHEN " + cond + " THEN " + result)
	}
	if e.Else != nil {
		result, ok := w.expr(e.Else)
		if !ok || !sameForm(e, []expr.Expr{e.Else}) {
			return "", false
		}
		b.WriteString(" ELSE " + result)
	}
	b.WriteString(" END")
	return b.String(), true
}
