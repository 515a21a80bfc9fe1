package expr

import (
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Guard is what values must obey to be of a type that is a domain, or that has
// domains in it: an array of them, a row with fields of them.
type Guard struct {
	T *types.Type
	// Schema is where a domain is; errors name it.
	Schema string
	// NotNull and Checks are of a domain, and of those that it stands on.
	NotNull bool
	Checks  []GuardCheck
	// Under guards a domain's values as values of the type under all domains, Elem
	// an array's elements or a range's bounds, Fields a row's; nil where nothing is to be obeyed.
	Under  *Guard
	Elem   *Guard
	Fields []*Guard
}

// GuardCheck is a CHECK constraint of a domain, over the DomainValue.
type GuardCheck struct {
	Name string
	Expr Expr
}

// DomainValue stands for the value that the innermost domain's check is about:
// VALUE.
type DomainValue struct{ Typed }

// each calls f for the checks' expressions.
func (g *Guard) each(f func(Expr)) {
	if g == nil {
		return
	}
	for _, c := range g.Checks {
		f(c.Expr)
	}
	g.Under.each(f)
	g.Elem.each(f)
	for _, field := range g.Fields {
		field.each(f)
	}
}

// Obey makes a check of values against a guard, which may be nil.
func Obey(g *Guard) (func(ctx *Context, d types.Datum) error, error) {
	check, err := compileGuard(g)
	if check == nil {
		check = func(*Context, types.Datum) error { return nil }
	}
	return check, err
}

// obey answers the error of a value that does not obey a guard.
type obey func(ctx *Context, d types.Datum) error

// compileGuard compiles the checks; nil is of what has none.
func compileGuard(g *Guard) (obey, error) {
	if g == nil {
		return nil, nil
	}
	under, err := compileGuard(g.Under)
	if err != nil {
		return nil, err
	}
	elem, err := compileGuard(g.Elem)
	if err != nil {
		return nil, err
	}
	fields := make([]obey, len(g.Fields))
	for i, f := range g.Fields {
		if fields[i], err = compileGuard(f); err != nil {
			return nil, err
		}
	}
	checks := make([]Eval, len(g.Checks))
	for i, c := range g.Checks {
		if checks[i], err = Compile(c.Expr, func(ColumnID) int { return -1 }); err != nil {
			return nil, err
		}
	}
	return func(ctx *Context, d types.Datum) error {
		if under != nil {
			if err := under(ctx, d); err != nil {
				return err
			}
		}
		if err := g.obeyed(ctx, checks, d); err != nil {
			return err
		}
		return obeyInside(ctx, elem, fields, d)
	}, nil
}

// obeyInside looks at the elements of an array and the fields of a row.
func obeyInside(ctx *Context, elem obey, fields []obey, d types.Datum) error {
	switch {
	case d.IsNull():
	case elem != nil:
		return obeyAll(ctx, elem, partsOf(d))
	case len(fields) > 0:
		row := d.Row()
		for i, f := range fields {
			if f != nil && i < len(row.Fields) {
				if err := f(ctx, row.Fields[i]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// partsOf are the elements of an array, and the bounds of a range or multirange that are finite.
func partsOf(d types.Datum) (list []types.Datum) {
	bounds := func(r *types.Range) {
		for _, b := range []types.Bound{r.Lower, r.Upper} {
			if !b.Value.IsNull() {
				list = append(list, b.Value)
			}
		}
	}
	switch d.Kind() {
	case types.KindRange:
		bounds(d.Range())
	case types.KindMultirange:
		for _, r := range d.Multirange() {
			bounds(r)
		}
	default:
		return d.Array().Elems
	}
	return list
}

func obeyAll(ctx *Context, each obey, list []types.Datum) error {
	for _, v := range list {
		if err := ctx.Spend(elemWork); err != nil {
			return err
		}
		if err := each(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

// obeyed is ExecEvalConstraintNotNull and ExecEvalConstraintCheck.
func (g *Guard) obeyed(ctx *Context, checks []Eval, d types.Datum) error {
	if g.NotNull && d.IsNull() {
		return pgerr.New(pgerr.NotNullViolation, "domain %s does not allow null values", g.T.SQLName).WithDataType(g.Schema, g.T.Name)
	}
	if len(checks) == 0 {
		return nil
	}
	outer := ctx.domainValue
	ctx.domainValue = d
	defer func() { ctx.domainValue = outer }()
	for i, check := range checks {
		v, err := check(ctx, nil)
		if err != nil {
			return err
		}
		if !v.IsNull() && !v.Bool() {
			name := g.Checks[i].Name
			return pgerr.New(pgerr.CheckViolation, "value for domain %s violates check constraint \"%s\"", g.T.SQLName, name).
				WithDataType(g.Schema, g.T.Name).WithConstraint(name)
		}
	}
	return nil
}

func guardConverter(e *Cast) (converter, error) {
	check, err := compileGuard(e.Guard)
	if err != nil || check == nil {
		return func(_ *Context, d types.Datum) (types.Datum, error) { return d, nil }, err
	}
	return func(ctx *Context, d types.Datum) (types.Datum, error) { return d, check(ctx, d) }, nil
}

// guard writes a Guard; a nil one is one byte.
func (w *encoder) guard(g *Guard) {
	w.bool(g != nil)
	if g == nil {
		return
	}
	w.typ(g.T)
	w.string(g.Schema)
	w.bool(g.NotNull)
	w.uint(uint64(len(g.Checks)))
	for _, c := range g.Checks {
		w.string(c.Name)
		w.expr(c.Expr)
	}
	w.guard(g.Under)
	w.guard(g.Elem)
	w.uint(uint64(len(g.Fields)))
	for _, f := range g.Fields {
		w.guard(f)
	}
}

func (r *reading) guard() *Guard {
	if r.depth++; r.depth > maxWireDepth {
		r.fail("nested too deeply")
	}
	defer func() { r.depth-- }()
	if !r.bool() || r.err != nil {
		return nil
	}
	g := &Guard{T: r.typ(), Schema: r.string(), NotNull: r.bool()}
	for range r.count() {
		g.Checks = append(g.Checks, GuardCheck{Name: r.string(), Expr: r.need()})
		if r.err != nil {
			return nil
		}
	}
	g.Under, g.Elem = r.guard(), r.guard()
	for range r.count() {
		g.Fields = append(g.Fields, r.guard())
	}
	return g
}
