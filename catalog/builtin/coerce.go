package builtin

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Coercer puts conversions into the expressions of one statement while it is
// bound. It is not safe for concurrent use.
type Coercer struct {
	Lib *Library
	// Env is what literals' texts are read by.
	Env *types.Env
	// Param gives a parameter of unknown type the type that its place asks for
	// and returns what stands for it. nil leaves such parameters an error.
	Param func(p *expr.Param, to *types.Type) (expr.Expr, error)

	// Relation, when set, is told of each literal that names a relation ('t'::regclass).
	Relation func(literal *expr.Const)

	// ReadEnv is set when a literal was read whose meaning depends on Env: the
	// bound statement is good only for sessions with the same settings.
	ReadEnv bool
	// ReadNow is set when a literal was read that stands for the current time
	// ('now', 'today' …): the bound statement is good once.
	ReadNow bool
}

// ErrCannotCast is 42846, "cannot cast type X to Y".
func ErrCannotCast(from, to *types.Type) *pgerr.E {
	return pgerr.New(pgerr.CannotCoerce, "cannot cast type %s to %s", from.SQLName, to.SQLName)
}

// Coerce converts e to a type and typmod (-1 is none); 42846 when the context
// does not allow it.
func (c *Coercer) Coerce(e expr.Expr, to *types.Type, typmod int32, context CoercionContext) (expr.Expr, error) {
	r, err := c.toType(e, to, typmod, context)
	if err != nil {
		return nil, err
	}
	return c.toTypmod(r, to, typmod, context), nil
}

// CoerceColumn converts e for assignment to a column; 42804 as INSERT and
// UPDATE word it when the types do not allow it.
func (c *Coercer) CoerceColumn(e expr.Expr, column string, to *types.Type, typmod int32) (expr.Expr, error) {
	if !c.Lib.CanCoerce(e.Type(), to, Assignment) {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "column \"%s\" is of type %s but expression is of type %s",
			column, to.SQLName, e.Type().SQLName).WithHint("You will need to rewrite or cast the expression.")
	}
	return c.Coerce(e, to, typmod, Assignment)
}

// CoerceCommon converts e to the common type of a construct (see CommonType).
func (c *Coercer) CoerceCommon(e expr.Expr, to *types.Type, construct string) (expr.Expr, error) {
	if !c.Lib.CanCoerce(e.Type(), to, Implicit) {
		return nil, pgerr.New(pgerr.CannotCoerce, "%s could not convert type %s to %s", construct, e.Type().SQLName, to.SQLName)
	}
	return c.Coerce(e, to, -1, Implicit)
}

func (c *Coercer) toType(e expr.Expr, to *types.Type, typmod int32, context CoercionContext) (expr.Expr, error) {
	from := e.Type()
	if from == to || to == types.TAny || to.IsPolymorphic() {
		return e, nil
	}
	if from == types.TUnknown {
		if r, err := c.untyped(e, to, typmod, context); r != nil || err != nil {
			return r, err
		}
	}
	typed := expr.Typed{T: to, Mod: -1}
	explicit := context == Explicit
	if from.Datum == types.KindRow && to.Datum == types.KindRow {
		return c.rowTo(e, to, context)
	}
	path := c.Lib.FindCoercion(from, to, context)
	if from == types.TUnknown {
		path = &Coercion{Form: expr.CastInOut}
	}
	if path == nil {
		return nil, ErrCannotCast(from, to)
	}
	if path.Func != nil && len(path.Func.Args) > 1 {
		typed.Mod = typmod // the function is told of it
	}
	return &expr.Cast{Typed: typed, Form: path.Form, Func: path.Func, Elem: path.Elem.node(to.Base().Elem, explicit), Arg: e, Explicit: explicit}, nil
}

// node is the cast of an array's element.
func (p *Coercion) node(to *types.Type, explicit bool) *expr.Cast {
	if p == nil {
		return nil
	}
	return &expr.Cast{Typed: expr.Typed{T: to, Mod: -1}, Form: p.Form, Func: p.Func, Elem: p.Elem.node(to.Base().Elem, explicit), Explicit: explicit}
}

// untyped gives an unknown literal or parameter its type; nil for any other
// expression of unknown type, which goes through its text.
func (c *Coercer) untyped(e expr.Expr, to *types.Type, typmod int32, context CoercionContext) (expr.Expr, error) {
	switch e := e.(type) {
	case *expr.Const:
		return c.literal(e, to, typmod, context)
	case *expr.Param:
		if c.Param == nil {
			return nil, pgerr.New(pgerr.IndeterminateDatatype, "could not determine data type of parameter $%d", e.Index+1)
		}
		return c.Param(e, to)
	}
	return nil, nil
}

// literal reads an unknown literal as its type does. The name of an object
// stays a cast: whom it means is found when it runs.
func (c *Coercer) literal(e *expr.Const, to *types.Type, typmod int32, context CoercionContext) (expr.Expr, error) {
	typed := expr.Typed{T: to, Mod: -1}
	if to != types.TInterval {
		typmod = -1
	} else {
		typed.Mod = typmod
	}
	if e.Value.IsNull() {
		return &expr.Const{Typed: typed}, nil
	}
	if strings.HasPrefix(to.Name, "reg") && to.Kind == 'b' {
		if to == types.TRegclass && c.Relation != nil {
			c.Relation(e)
		}
		return &expr.Cast{Typed: typed, Form: expr.CastInOut, Arg: e, Explicit: true}, nil
	}
	s := e.Value.Text()
	c.noteSettings(to, s)
	v, err := to.Parse(c.Env, s, typmod)
	if err != nil {
		return nil, err
	}
	return &expr.Const{Typed: typed, Value: v}, nil
}

// noteSettings records what reading a literal of that type depended on.
func (c *Coercer) noteSettings(to *types.Type, s string) {
	base := to.Base()
	if base.Elem != nil {
		base = base.Elem
	}
	if base.Category != types.CategoryDateTime && base.Category != types.CategoryTimespan && base.Datum != types.KindRow {
		return
	}
	c.ReadEnv = true
	for _, word := range [...]string{"now", "today", "tomorrow", "yesterday"} {
		c.ReadNow = c.ReadNow || strings.Contains(strings.ToLower(s), word)
	}
	// A time with a zone but without a date takes the zone's offset of today.
	c.ReadNow = c.ReadNow || base == types.TTimeTZ
}

// rowTo converts a row column by column to a composite type; to the same or to
// record it is itself.
func (c *Coercer) rowTo(e expr.Expr, to *types.Type, context CoercionContext) (expr.Expr, error) {
	columns := to.Columns()
	row, ok := e.(*expr.RowExpr)
	if to == types.TRecord || !ok {
		return &expr.Cast{Typed: expr.Typed{T: to, Mod: -1}, Form: expr.CastBinary, Arg: e, Explicit: context == Explicit}, nil
	}
	if len(row.Elems) != len(columns) {
		detail := "Input has too many columns."
		if len(row.Elems) < len(columns) {
			detail = "Input has too few columns."
		}
		return nil, ErrCannotCast(e.Type(), to).WithDetail("%s", detail)
	}
	out := &expr.RowExpr{Typed: expr.Typed{T: to, Mod: -1}}
	for i, col := range columns {
		elem, err := c.Coerce(row.Elems[i], col.Type, col.Typmod, context)
		if err != nil {
			return nil, ErrCannotCast(e.Type(), to).WithDetail("Cannot cast type %s to %s in column %d.",
				row.Elems[i].Type().SQLName, col.Type.SQLName, i+1)
		}
		out.Elems, out.Names = append(out.Elems, elem), append(out.Names, col.Name)
	}
	return out, nil
}

// toTypmod applies a length or precision (coerce_type_typmod).
func (c *Coercer) toTypmod(e expr.Expr, to *types.Type, typmod int32, context CoercionContext) expr.Expr {
	if typmod < 0 || e.Typmod() == typmod {
		return e
	}
	typed, explicit := expr.Typed{T: to, Mod: typmod}, context == Explicit
	base := to.Base()
	if c.Lib.Cast(base, base) != nil {
		return &expr.Cast{Typed: typed, Form: expr.CastTypmod, Arg: e, Explicit: explicit}
	}
	if elem := base.Elem; elem != nil && c.Lib.Cast(elem, elem) != nil {
		return &expr.Cast{Typed: typed, Form: expr.CastArray, Arg: e, Explicit: explicit,
			Elem: &expr.Cast{Typed: expr.Typed{T: elem, Mod: typmod}, Form: expr.CastTypmod, Explicit: explicit}}
	}
	return e
}
