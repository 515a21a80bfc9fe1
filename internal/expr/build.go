package expr

import "github.com/pegmatitedb/pegmatite/internal/types"

// NewConst makes a literal of type t without a typmod.
func NewConst(t *types.Type, v types.Datum) *Const {
	return &Const{Typed: Typed{t, -1}, Value: v}
}

// NewCall makes a call of f with arguments of exactly its types.
func NewCall(f *Function, args ...Expr) *Call {
	return &Call{Typed: Typed{f.Result, -1}, Func: f, Args: args}
}

// NewColumn makes a reference to the column id.
func NewColumn(id ColumnID, name string, t *types.Type, typmod int32) *Column {
	return &Column{Typed: Typed{t, typmod}, ID: id, Name: name}
}

// True makes the literal true, a fresh node each time.
func True() *Const { return NewConst(types.TBool, types.True) }

// NewAnd joins conditions with AND, flattening nested ones: nil for none, the
// condition itself for one. nil arguments are left out.
func NewAnd(args ...Expr) Expr { return newLogic(And, args) }

// NewOr joins conditions with OR as NewAnd does with AND.
func NewOr(args ...Expr) Expr { return newLogic(Or, args) }

func newLogic(op BoolOp, args []Expr) Expr {
	flat := make([]Expr, 0, len(args))
	for _, a := range args {
		if a == nil {
			continue
		}
		if l, ok := a.(*Logic); ok && l.Op == op {
			flat = append(flat, l.Args...)
			continue
		}
		flat = append(flat, a)
	}
	switch len(flat) {
	case 0:
		return nil
	case 1:
		return flat[0]
	}
	return &Logic{Op: op, Args: flat}
}

// Conjuncts returns the arguments of e's top-level ANDs; nil for a nil e.
func Conjuncts(e Expr) []Expr {
	if e == nil {
		return nil
	}
	l, ok := e.(*Logic)
	if !ok || l.Op != And {
		return []Expr{e}
	}
	var out []Expr
	for _, a := range l.Args {
		out = append(out, Conjuncts(a)...)
	}
	return out
}
