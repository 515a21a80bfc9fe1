package distribute

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/sqlitesql"
)

// settingsOnly are the stable functions that depend on nothing but the
// session's settings and clock, which travel with every request.
var settingsOnly = map[string]bool{
	"now": true, "transaction_timestamp": true, "statement_timestamp": true,
	"date_part": true, "extract": true, "date_trunc": true, "to_char": true, "to_date": true,
	"to_timestamp": true, "age": true, "date": true, "timestamp": true, "timestamptz": true,
	"time": true, "timetz": true, "timezone": true, "concat": true, "concat_ws": true, "format": true,
	"timestamptz_pl_interval": true, "timestamptz_mi_interval": true, "interval_pl_timestamptz": true,
	"date_eq_timestamptz": true, "date_ne_timestamptz": true, "date_lt_timestamptz": true,
	"date_le_timestamptz": true, "date_gt_timestamptz": true, "date_ge_timestamptz": true,
	"timestamptz_eq_date": true, "timestamptz_ne_date": true, "timestamptz_lt_date": true,
	"timestamptz_le_date": true, "timestamptz_gt_date": true, "timestamptz_ge_date": true,
	"timestamp_eq_timestamptz": true, "timestamp_ne_timestamptz": true, "timestamp_lt_timestamptz": true,
	"timestamp_le_timestamptz": true, "timestamp_gt_timestamptz": true, "timestamp_ge_timestamptz": true,
	"timestamptz_eq_timestamp": true, "timestamptz_ne_timestamp": true, "timestamptz_lt_timestamp": true,
	"timestamptz_le_timestamp": true, "timestamptz_gt_timestamp": true, "timestamptz_ge_timestamp": true,
}

// shippable reports whether a shard can evaluate e: no subqueries, no sets, and
// no functions whose answer depends on the session beyond its settings.
func shippable(e expr.Expr) bool {
	return !expr.Any(e, func(e expr.Expr) bool {
		switch e := e.(type) {
		case *expr.Subquery, *expr.AggregateCall, *expr.WindowCall:
			return true
		case *expr.Call:
			return e.Func.ReturnsSet || !shippableFunction(e.Func)
		case *expr.Cast:
			return !shippableCast(e)
		case *expr.Distinct:
			return !shippableFunction(e.Eq)
		case *expr.NullIf:
			return !shippableFunction(e.Eq)
		case *expr.AnyAll:
			return !shippableFunction(e.Op)
		}
		return false
	})
}

func shippableFunction(f *expr.Function) bool {
	switch {
	case f == nil:
		return true
	case f.Routine:
		return false
	case f.Volatility == expr.Immutable:
		return true
	}
	return f.Volatility == expr.Stable && settingsOnly[f.Name]
}

// shippableCast: conversions through text ask the session for the names of
// objects when reg… types take part.
func shippableCast(e *expr.Cast) bool {
	for c := e; c != nil; c = c.Elem {
		if !shippableFunction(c.Func) {
			return false
		}
		if c.Form == expr.CastInOut && (asksCatalog(c) || c.Arg != nil && asksCatalogType(c.Arg)) {
			return false
		}
	}
	return true
}

func asksCatalog(c *expr.Cast) bool { return isReg(c.T.Name) }

func asksCatalogType(arg expr.Expr) bool { return isReg(arg.Type().Name) }

// isReg reports whether a type's text form is the name of a catalog object.
func isReg(name string) bool {
	return len(name) > 3 && name[:3] == "reg"
}

// allShippable is shippable of every expression.
func allShippable(list []expr.Expr) bool {
	for _, e := range list {
		if !shippable(e) {
			return false
		}
	}
	return true
}

// shippableKeys is shippable of every key.
func shippableKeys(keys []expr.SortKey) bool {
	for _, k := range keys {
		if !shippable(k.Expr) {
			return false
		}
	}
	return true
}

// partial reports whether shards can compute the aggregate in parts.
func partial(a *expr.AggregateCall) bool {
	return a.Agg.State != nil && !a.Distinct && len(a.Order) == 0 && !a.Agg.Ordered &&
		allShippable(a.Args) && (a.Filter == nil || shippable(a.Filter))
}

// canFail reports whether evaluating e can raise an error.
func canFail(e expr.Expr) bool { return sqlitesql.CanFail(e) }
