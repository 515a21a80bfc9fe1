package expr

// Columns returns the IDs that e refers to, each once, in order of appearance;
// those that its subqueries take from outside are among them.
func Columns(e Expr) []ColumnID {
	var out []ColumnID
	seen := map[ColumnID]bool{}
	add := func(id ColumnID) {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	Walk(e, func(e Expr) bool {
		switch e := e.(type) {
		case *Column:
			add(e.ID)
		case *Subquery:
			for _, id := range e.Outer {
				add(id)
			}
			own := map[ColumnID]bool{}
			for _, id := range e.Output {
				own[id] = true
			}
			for _, id := range Columns(e.Test) {
				if !own[id] {
					add(id)
				}
			}
			return false
		}
		return true
	})
	return out
}

// functions calls f for every function that evaluating the node e itself calls.
func functions(e Expr, f func(*Function)) {
	one := func(fn *Function) {
		if fn != nil {
			f(fn)
		}
	}
	switch e := e.(type) {
	case *Call:
		one(e.Func)
	case *Cast:
		for c := e; c != nil; c = c.Elem {
			one(c.Func)
		}
	case *Distinct:
		one(e.Eq)
	case *NullIf:
		one(e.Eq)
	case *AnyAll:
		one(e.Op)
	}
}

// volatility is the weakest promise of e's own functions and conversions.
func volatility(e Expr) Volatility {
	v := Immutable
	functions(e, func(f *Function) {
		if f.Volatility == Volatile || f.Volatility == Stable && v == Immutable {
			v = f.Volatility
		}
	})
	if c, ok := e.(*Cast); ok && v == Immutable && dependsOnSettings(c) {
		return Stable
	}
	return v
}

// HasMutable reports whether e calls a function that is not immutable, or
// converts by the session's settings.
func HasMutable(e Expr) bool {
	return Any(e, func(e Expr) bool { return volatility(e) != Immutable })
}

// HasVolatile reports whether e calls a volatile function, outside of subqueries' plans.
func HasVolatile(e Expr) bool {
	found := false
	Walk(e, func(e Expr) bool {
		found = found || volatility(e) == Volatile
		return !found
	})
	return found
}

// HasNonStrict reports whether e can be something else than NULL where part of it
// is NULL (contain_nonstrict_functions in clauses.c).
func HasNonStrict(e Expr) bool {
	return Any(e, func(e Expr) bool {
		switch e := e.(type) {
		case *Distinct, *NullIf, *Case, *Coalesce, *MinMax, *ArrayExpr, *RowExpr, *Test, *Subquery, *AggregateCall, *WindowCall, *AnyAll:
			return true
		case *Logic:
			return e.Op != Not
		case *Call:
			return !e.Func.Strict
		case *Subscript:
			return e.Value != nil
		}
		return false
	})
}

// Any reports whether pred holds for e or an expression below it.
func Any(e Expr, pred func(Expr) bool) bool {
	found := false
	Walk(e, func(e Expr) bool {
		found = found || pred(e)
		return !found
	})
	return found
}

// HasSubquery reports whether e contains a Subquery.
func HasSubquery(e Expr) bool {
	return Any(e, func(e Expr) bool { _, ok := e.(*Subquery); return ok })
}

// HasSet reports whether e calls a function that returns a set.
func HasSet(e Expr) bool {
	return Any(e, func(e Expr) bool {
		c, ok := e.(*Call)
		return ok && c.Func.ReturnsSet
	})
}

// IsConst reports whether e has the same value for every row and every
// execution: no columns, parameters, subqueries or aggregates, and only
// immutable functions.
func IsConst(e Expr) bool {
	return !Any(e, func(e Expr) bool {
		switch e := e.(type) {
		case *Column, *Param, *Subquery, *AggregateCall, *WindowCall, *CaseArg:
			return true
		case *Call:
			return e.Func.Volatility != Immutable || e.Func.ReturnsSet
		}
		return volatility(e) != Immutable
	})
}

// IsRowIndependent reports whether e has one value for all rows of an
// execution: as IsConst, with parameters and stable functions allowed.
func IsRowIndependent(e Expr) bool {
	return !Any(e, func(e Expr) bool {
		switch e := e.(type) {
		case *Column, *Subquery, *AggregateCall, *WindowCall:
			return true
		case *Call:
			return e.Func.Volatility == Volatile || e.Func.ReturnsSet
		}
		return volatility(e) == Volatile
	})
}
