package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Coercion is how one type becomes another.
type Coercion struct {
	Form expr.CastForm
	Func *expr.Function // CastFunction
	Elem *Coercion      // CastArray; nil Elem.Func for other forms
}

// FindCoercion finds the way from one type to another that the context allows
// (find_coercion_pathway, manual 10.4 and CREATE CAST); nil when there is none.
// Unknown literals are not its concern: they take any type.
func (l *Library) FindCoercion(from, to *types.Type, context CoercionContext) *Coercion {
	from, to = from.Base(), to.Base()
	if from == to {
		return &Coercion{Form: expr.CastBinary}
	}
	if c := l.Cast(from, to); c != nil {
		if context < c.Context {
			return nil
		}
		return &Coercion{Form: c.Form, Func: c.Func}
	}
	if from.IsRange() && to.IsMultirange() && from.Ranges() == to.Ranges() {
		if context < Explicit {
			return nil
		}
		return l.rangeCast(from, to)
	}
	// Nothing becomes an oidvector or int2vector element by element.
	if from.Elem != nil && to.Elem != nil && to != types.TOIDVector && to != types.TInt2Vector {
		if elem := l.FindCoercion(from.Elem, to.Elem, context); elem != nil {
			return &Coercion{Form: expr.CastArray, Elem: elem}
		}
	}
	toString, fromString := to.Category == types.CategoryString, from.Category == types.CategoryString
	if from.Kind == 'p' && from != types.TRecord && from != types.TCstring {
		return nil
	}
	if context >= Assignment && toString || context >= Explicit && fromString && to.Kind != 'p' {
		return &Coercion{Form: expr.CastInOut}
	}
	return nil
}

// CanCoerce reports whether a value of one type can become another in the
// given context (can_coerce_type); an unknown literal can become anything.
func (l *Library) CanCoerce(from, to *types.Type, context CoercionContext) bool {
	switch {
	case from == to || to == types.TAny || from == types.TUnknown:
		return true
	case to.IsPolymorphic():
		return l.consistent([]*types.Type{from}, []*types.Type{to})
	case from == types.TRecord && to.Base().Kind == 'c':
		return true
	case from.Base().Kind == 'c' && to == types.TRecord:
		return true
	case to == types.TRecordArray && from.Elem != nil && from.Elem.Kind == 'c':
		return true
	}
	return l.FindCoercion(from, to, context) != nil
}

// canCoerceAll is CanCoerce for a list, whose polymorphic targets must agree
// with each other.
func (l *Library) canCoerceAll(from, to []*types.Type, context CoercionContext) bool {
	polymorphic := false
	for i, t := range to {
		if t.IsPolymorphic() {
			polymorphic = true
			continue
		}
		if !l.CanCoerce(from[i], t, context) {
			return false
		}
	}
	return !polymorphic || l.consistent(from, to)
}
