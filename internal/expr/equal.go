package expr

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Equal reports whether a and b are the same expression, node by node: the
// same types, functions and literals. Names for display do not count.
// Subqueries are equal only to themselves.
func Equal(a, b Expr) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if a == b {
		return true
	}
	if a.Type() != b.Type() || a.Typmod() != b.Typmod() || !sameNode(a, b) {
		return false
	}
	return slices.EqualFunc(children(a), children(b), Equal)
}

// children is Children as a list; absent optional children keep their place
// where that tells two nodes apart (see sameNode).
func children(e Expr) []Expr {
	var out []Expr
	Children(e, func(c Expr) { out = append(out, c) })
	return out
}

// sameNode compares what two nodes say beside type and children.
func sameNode(a, b Expr) bool {
	switch a := a.(type) {
	case *Const:
		b, ok := b.(*Const)
		return ok && sameLiteral(a.T, a.Value, b.Value)
	case *Param:
		b, ok := b.(*Param)
		return ok && a.Index == b.Index
	case *Column:
		b, ok := b.(*Column)
		return ok && a.ID == b.ID
	case *Call:
		b, ok := b.(*Call)
		return ok && sameFunction(a.Func, b.Func)
	case *Cast:
		b, ok := b.(*Cast)
		return ok && sameCast(a, b)
	case *Logic:
		b, ok := b.(*Logic)
		return ok && a.Op == b.Op
	case *Test:
		b, ok := b.(*Test)
		return ok && a.Kind == b.Kind
	case *Distinct:
		b, ok := b.(*Distinct)
		return ok && a.Negated == b.Negated && sameFunction(a.Eq, b.Eq)
	case *Case:
		b, ok := b.(*Case)
		return ok && len(a.Arms) == len(b.Arms) && (a.Arg == nil) == (b.Arg == nil) && (a.Else == nil) == (b.Else == nil)
	}
	return sameComposed(a, b)
}

func sameComposed(a, b Expr) bool {
	switch a := a.(type) {
	case *CaseArg:
		_, ok := b.(*CaseArg)
		return ok
	case *DomainValue:
		_, ok := b.(*DomainValue)
		return ok
	case *Coalesce:
		_, ok := b.(*Coalesce)
		return ok
	case *MinMax:
		b, ok := b.(*MinMax)
		return ok && a.Greatest == b.Greatest
	case *NullIf:
		b, ok := b.(*NullIf)
		return ok && sameFunction(a.Eq, b.Eq)
	case *AnyAll:
		b, ok := b.(*AnyAll)
		return ok && a.All == b.All && sameFunction(a.Op, b.Op) && (a.Array == nil) == (b.Array == nil)
	case *ArrayExpr:
		_, ok := b.(*ArrayExpr)
		return ok
	case *RowExpr:
		_, ok := b.(*RowExpr)
		return ok
	case *Field:
		b, ok := b.(*Field)
		return ok && a.Index == b.Index
	case *Subscript:
		b, ok := b.(*Subscript)
		return ok && a.Slice == b.Slice && (a.Value == nil) == (b.Value == nil) && samePresence(a.Lower, b.Lower) && samePresence(a.Upper, b.Upper) && len(a.Index) == len(b.Index)
	case *AggregateCall:
		b, ok := b.(*AggregateCall)
		return ok && sameAggregate(a, b)
	case *WindowCall:
		b, ok := b.(*WindowCall)
		return ok && a.Func == b.Func && a.Star == b.Star && (a.Filter == nil) == (b.Filter == nil) && sameWindowed(a.Agg, b.Agg)
	}
	return false
}

func sameWindowed(a, b *Aggregate) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.OID == b.OID
}

func samePresence(a, b []Expr) bool {
	return slices.EqualFunc(a, b, func(x, y Expr) bool { return (x == nil) == (y == nil) })
}

func sameFunction(a, b *Function) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a == b || a.OID == b.OID
}

func sameCast(a, b *Cast) bool {
	if a.Form != b.Form || a.Explicit != b.Explicit || !sameFunction(a.Func, b.Func) || (a.Elem == nil) != (b.Elem == nil) {
		return false
	}
	return a.Elem == nil || a.Elem.T == b.Elem.T && a.Elem.Mod == b.Elem.Mod && sameCast(a.Elem, b.Elem)
}

func sameAggregate(a, b *AggregateCall) bool {
	return a.Agg.OID == b.Agg.OID && a.Distinct == b.Distinct && a.Star == b.Star &&
		len(a.Args) == len(b.Args) && len(a.Direct) == len(b.Direct) && (a.Filter == nil) == (b.Filter == nil) &&
		slices.EqualFunc(a.Order, b.Order, func(x, y SortKey) bool { return x.Desc == y.Desc && x.NullsFirst == y.NullsFirst })
}

// sameLiteral is identity, stricter than the type's equality: 1.0 and 1.00 are
// equal numerics and different literals.
func sameLiteral(t *types.Type, a, b types.Datum) bool {
	if a.IsNull() || b.IsNull() {
		return a.IsNull() && b.IsNull()
	}
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case types.KindBool, types.KindInt:
		return a.Int() == b.Int()
	case types.KindText:
		return a.Text() == b.Text()
	}
	if !t.Supported() {
		return false
	}
	env := types.DefaultEnv()
	return string(t.Format(env, nil, a)) == string(t.Format(env, nil, b))
}
