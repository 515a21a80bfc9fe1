package builtin

import (
	"slices"
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

	// Literal, when set, is told of each literal that was read as a value of a type.
	Literal func(literal *expr.Const, as *types.Type, value types.Datum)

	// Default, when set, gives the default of argument i of a function that a user has made.
	Default func(p *Proc, i int) (expr.Expr, error)

	// Guard tells what values of a type that is a domain, or has domains in it, obey.
	Guard func(t *types.Type) (*expr.Guard, error)
	// Lifted reports whether a parameter stands for a literal of the statement.
	Lifted func(p *expr.Param) bool

	// Located, when set, gives an error about a part of a row, or an argument, its place.
	Located func(part expr.Expr, err error) error

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
	if row, ok := e.(*expr.RowExpr); ok && (to == types.TRecord || to == types.TAny || to.IsPolymorphic()) {
		var err error
		if e, err = c.SettleRow(row); err != nil {
			return nil, err
		}
	}
	if from == to || to == types.TAny || to.IsPolymorphic() {
		return e, nil
	}
	if under, _ := to.Under(); under != nil {
		return c.toDomain(e, to, context)
	}
	if from == types.TUnknown {
		if r, err := c.untyped(e, to, typmod, context); r != nil || err != nil {
			if err == nil {
				r, err = c.readGuarded(r)
			}
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
	cast := &expr.Cast{Typed: typed, Form: path.Form, Func: path.Func, Elem: path.Elem.node(to.Base().Elem, explicit), Arg: e, Explicit: explicit}
	if path.Form == expr.CastArray || path.Form == expr.CastInOut {
		return c.guardParts(cast, explicit)
	}
	return cast, nil
}

// readGuarded is Guarded of what was read from a literal: one that does not obey is an error now.
func (c *Coercer) readGuarded(e expr.Expr) (expr.Expr, error) {
	r, err := c.Guarded(e)
	if _, literal := e.(*expr.Const); err != nil || !literal || r == e {
		return r, err
	}
	_, err = expr.EvalConst(&expr.Context{Env: c.Env}, r)
	if pgerr.HasCode(err, pgerr.CheckViolation, pgerr.NotNullViolation) {
		return nil, err
	}
	return r, nil
}

// toDomain converts e to a domain: to the type under it and its length or
// precision, and what comes of that obeys the constraints (coerce_to_domain).
func (c *Coercer) toDomain(e expr.Expr, to *types.Type, context CoercionContext) (expr.Expr, error) {
	base, typmod := to.Base(), to.BaseTypmod()
	if p, ok := e.(*expr.Param); ok && e.Type() == types.TUnknown && (c.Lifted == nil || !c.Lifted(p)) {
		r, err := c.untyped(e, to, typmod, context)
		if err != nil {
			return nil, err
		}
		return c.Guarded(r)
	}
	if from := e.Type(); from != types.TUnknown && !c.Lib.CanCoerce(from, to, context) {
		return nil, ErrCannotCast(from, to)
	}
	r, err := c.toType(e, base, typmod, context)
	if err != nil {
		return nil, err
	}
	return c.guard(c.toTypmod(r, base, typmod, context), to, context == Explicit)
}

// Guarded sees that values which come from a text or a client, or element by
// element from another array, obey the domains in their type.
func (c *Coercer) Guarded(e expr.Expr) (expr.Expr, error) { return c.guardParts(e, false) }

func (c *Coercer) guardParts(e expr.Expr, explicit bool) (expr.Expr, error) {
	t := e.Type()
	if !HasDomains(t) {
		return e, nil
	}
	if elem := t.Elem; elem != nil && elem.BaseTypmod() >= 0 {
		mod := &expr.Cast{Typed: expr.Typed{T: elem.Base(), Mod: elem.BaseTypmod()}, Form: expr.CastTypmod, Explicit: explicit}
		e = &expr.Cast{Typed: expr.Typed{T: t, Mod: -1}, Form: expr.CastArray, Elem: mod, Arg: e}
	}
	return c.guard(e, t, false)
}

func (c *Coercer) guard(e expr.Expr, to *types.Type, explicit bool) (expr.Expr, error) {
	if c.Guard == nil {
		return nil, pgerr.Internal("no constraints of domain %s", to.Name)
	}
	g, err := c.Guard(to)
	if err != nil {
		return nil, err
	}
	return &expr.Cast{Typed: expr.Typed{T: to, Mod: -1}, Form: expr.CastDomain, Guard: g, Arg: e, Explicit: explicit}, nil
}

// HasDomains reports whether values of a type are, or have in them, values of a domain.
func HasDomains(t *types.Type) bool {
	under, _ := t.Under()
	switch {
	case t.OID < firstNormalOID:
		return false
	case under != nil:
		return true
	case t.Elem != nil:
		return HasDomains(t.Elem)
	case t.Ranges() != nil:
		return HasDomains(t.Ranges().Subtype)
	}
	return slices.ContainsFunc(t.Columns(), func(c types.Column) bool { return HasDomains(c.Type) })
}

// firstNormalOID is where types begin that are not built in.
const firstNormalOID = 16384

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

// NamesObjects reports whether a type's text form, or that of its elements, is
// the name of an object of the catalog.
func NamesObjects(t *types.Type) bool {
	if t.Elem != nil {
		return NamesObjects(t.Elem)
	}
	return strings.HasPrefix(t.Name, "reg") && t.Kind == 'b'
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
	if to == types.TRegconfig || to == types.TRegdictionary { // all are built in: read at once, as PostgreSQL does
		oid, err := FindTextSearch(to, e.Value.Text())
		if err != nil {
			return nil, err
		}
		return &expr.Const{Typed: typed, Value: types.Int(int64(oid))}, nil
	}
	if NamesObjects(to) {
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
	if c.Literal != nil {
		c.Literal(e, to, v)
	}
	return &expr.Const{Typed: typed, Value: v}, nil
}

// noteSettings records what reading a literal of that type depended on.
func (c *Coercer) noteSettings(to *types.Type, s string) {
	base := to.Base()
	if base.Elem != nil {
		base = base.Elem
	}
	if f := base.Ranges(); f != nil {
		base = f.Subtype.Base()
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
	switch {
	case to == types.TRecord:
	case e.Type().Base() == to: // of a domain
		return &expr.Cast{Typed: expr.Typed{T: to, Mod: -1}, Form: expr.CastBinary, Arg: e, Explicit: context == Explicit}, nil
	case !ok || row.T != types.TRecord: // coerce_record_to_complex
		return nil, ErrCannotCast(e.Type(), to)
	}
	if to == types.TRecord && context == Implicit {
		return e, nil // its own type tells what its fields are, also elsewhere
	}
	if to == types.TRecord {
		return &expr.Cast{Typed: expr.Typed{T: to, Mod: -1}, Form: expr.CastBinary, Arg: e, Explicit: context == Explicit}, nil
	}
	if len(row.Elems) != len(columns) {
		detail := "Input has too many columns."
		if len(row.Elems) < len(columns) {
			detail = "Input has too few columns."
		}
		return nil, ErrCannotCast(e.Type(), to).WithDetail("%s", detail)
	}
	out := &expr.RowExpr{Typed: expr.Typed{T: to, Mod: -1}, Explicit: context == Explicit}
	for i, col := range columns {
		if from := row.Elems[i].Type(); !c.Lib.CanCoerce(from, col.Type, context) {
			return nil, ErrCannotCast(e.Type(), to).WithDetail("Cannot cast type %s to %s in column %d.",
				from.SQLName, col.Type.SQLName, i+1)
		}
		elem, err := c.Coerce(row.Elems[i], col.Type, col.Typmod, context)
		if err != nil {
			return nil, c.located(row.Elems[i], err)
		}
		out.Elems, out.Names = append(out.Elems, elem), append(out.Names, col.Name)
	}
	return out, nil
}

func (c *Coercer) located(e expr.Expr, err error) error {
	if c.Located == nil {
		return err
	}
	return c.Located(e, err)
}

// SettleRow makes text of the literals and parameters in a row that have no type
// yet, and that no type of the row is going to give them one.
func (c *Coercer) SettleRow(e *expr.RowExpr) (expr.Expr, error) {
	var out *expr.RowExpr
	for i, elem := range e.Elems {
		inner, isRow := elem.(*expr.RowExpr)
		if elem.Type() != types.TUnknown && !isRow {
			continue
		}
		var now expr.Expr
		var err error
		if isRow {
			now, err = c.SettleRow(inner)
		} else {
			now, err = c.Coerce(elem, types.TText, -1, Implicit)
		}
		if err != nil {
			return nil, err
		}
		if now == elem {
			continue
		}
		if out == nil {
			settled := *e
			settled.Elems = slices.Clone(e.Elems)
			out = &settled
		}
		out.Elems[i] = now
	}
	if out == nil {
		return e, nil
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
