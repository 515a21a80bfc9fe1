package expr

import (
	"strings"
	"unsafe"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// converter is a cast's work on one datum, which may be NULL.
type converter func(ctx *Context, d types.Datum) (types.Datum, error)

func (c *compiler) cast(e *Cast) (Eval, error) {
	arg, err := c.compile(e.Arg)
	if err != nil {
		return nil, err
	}
	if e.Form == CastBinary && !changesSign(e.Arg.Type(), e.T) || e.Form == CastDomain && e.Guard == nil {
		return arg, nil
	}
	convert, err := castConverter(e, e.Arg.Type())
	if err != nil {
		return nil, err
	}
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		v, err := arg(ctx, row)
		if err != nil {
			return types.Null, err
		}
		return convert(ctx, v)
	}, nil
}

func castConverter(e *Cast, from *types.Type) (converter, error) {
	switch e.Form {
	case CastFunction:
		return functionConverter(e)
	case CastInOut:
		return inOutConverter(from, e.T), nil
	case CastTypmod:
		return typmodConverter(e), nil
	case CastArray:
		return arrayConverter(e, from)
	case CastDomain:
		return guardConverter(e)
	}
	if changesSign(from, e.T) {
		return signConverter(e.T), nil
	}
	return func(_ *Context, d types.Datum) (types.Datum, error) { return d, nil }, nil
}

// changesSign reports whether a binary cast is between int4 and an unsigned
// type: the same 32 bits, but another Datum.
func changesSign(from, to *types.Type) bool {
	from, to = from.Base(), to.Base()
	return from != to && (from == types.TInt4 && to.Datum == types.KindInt || to == types.TInt4 && from.Datum == types.KindInt)
}

func signConverter(to *types.Type) converter {
	signed := to.Base() == types.TInt4
	return func(_ *Context, d types.Datum) (types.Datum, error) {
		switch {
		case d.IsNull():
			return d, nil
		case signed:
			return types.Int(int64(int32(d.Int()))), nil
		}
		return types.Int(int64(uint32(d.Int()))), nil
	}
}

// functionConverter calls a cast's function, which may also want the typmod and
// whether the cast was written (CREATE CAST).
func functionConverter(e *Cast) (converter, error) {
	fn, err := implementation(e.Func)
	if err != nil {
		return nil, err
	}
	if e.Func.Result != nil && changesSign(e.Func.Result, e.T) {
		return signed(e.T, fn, e), nil
	}
	return calling(fn, e), nil
}

// signed is calling with the result's 32 bits read as to reads them.
func signed(to *types.Type, fn impl, e *Cast) converter {
	call, sign := calling(fn, e), signConverter(to)
	return func(ctx *Context, d types.Datum) (types.Datum, error) {
		d, err := call(ctx, d)
		if err != nil {
			return types.Null, err
		}
		return sign(ctx, d)
	}
}

func calling(fn impl, e *Cast) converter {
	strict, more := e.Func.Strict, len(e.Func.Args)
	mod, explicit := types.Int(int64(e.Mod)), types.Bool(e.Explicit)
	return func(ctx *Context, d types.Datum) (types.Datum, error) {
		if strict && d.IsNull() {
			return types.Null, nil
		}
		switch more {
		case 1:
			return invoke1(ctx, fn, d)
		case 2:
			return invoke2(ctx, fn, d, mod)
		}
		return fn(ctx, []types.Datum{d, mod, explicit})
	}
}

func typmodConverter(e *Cast) converter {
	t, mod, explicit := e.T, e.Mod, e.Explicit
	return func(_ *Context, d types.Datum) (types.Datum, error) {
		if d.IsNull() {
			return d, nil
		}
		return t.ApplyTypmod(d, mod, explicit)
	}
}

func arrayConverter(e *Cast, from *types.Type) (converter, error) {
	convert, err := castConverter(e.Elem, from.Base().Elem)
	if err != nil {
		return nil, err
	}
	elem := e.T.Elem
	return func(ctx *Context, d types.Datum) (types.Datum, error) {
		if d.IsNull() {
			return d, nil
		}
		in := d.Array()
		out := &types.Array{Elem: elem, Dims: in.Dims, Lower: in.Lower, Elems: make([]types.Datum, len(in.Elems))}
		for i, v := range in.Elems {
			if err := ctx.Spend(elemWork); err != nil {
				return types.Null, err
			}
			if out.Elems[i], err = convertElem(ctx, convert, v); err != nil {
				return types.Null, err
			}
		}
		return types.ArrayDatum(out), nil
	}, nil
}

func convertElem(ctx *Context, convert converter, v types.Datum) (types.Datum, error) {
	return convert(ctx, v)
}

// inOutConverter goes through the text form. Names of objects (the reg… types)
// are the session's to print and to find.
func inOutConverter(from, to *types.Type) converter {
	out, in := printer(from), reader(to)
	return func(ctx *Context, d types.Datum) (types.Datum, error) {
		if d.IsNull() {
			return d, nil
		}
		s, err := out(ctx, d)
		if err != nil {
			return types.Null, err
		}
		if to == types.TText { // what an output function writes is text already
			return types.Text(s), nil
		}
		return in(ctx, s)
	}
}

// isObjectName reports whether t is one of the types whose text form names an
// object of the catalog: regclass, regtype, regproc ….
func isObjectName(t *types.Type) bool {
	return t != nil && t.Elem == nil && t.Kind == 'b' && strings.HasPrefix(t.Name, "reg")
}

func printer(t *types.Type) func(ctx *Context, d types.Datum) (string, error) {
	if t.Datum == types.KindText && t != types.TBpchar && t != types.TChar && t != types.TJSONPath && t.Kind == 'b' {
		return func(_ *Context, d types.Datum) (string, error) { return d.Text(), nil }
	}
	if isObjectName(t) {
		name := t.Name + "out"
		return func(ctx *Context, d types.Datum) (string, error) {
			if ctx.Session == nil {
				return string(t.Format(ctx.Env, nil, d)), nil
			}
			v, err := ctx.Session.CallSession(ctx.Running, name, []types.Datum{d})
			return v.Text(), err
		}
	}
	if t.Elem != nil && isObjectName(t.Elem) {
		return func(ctx *Context, d types.Datum) (string, error) {
			if names, ok := ctx.Session.(types.Namer); ok {
				env := *ctx.Env
				env.Names = names
				return string(t.Format(&env, nil, d)), nil
			}
			return formatted(ctx, t, d)
		}
	}
	return func(ctx *Context, d types.Datum) (string, error) { return formatted(ctx, t, d) }
}

// formatted is the text form of a value, which may be long.
func formatted(ctx *Context, t *types.Type, d types.Datum) (string, error) {
	switch d.Kind() {
	case types.KindArray, types.KindRow, types.KindRange, types.KindMultirange:
	default:
		if weight(d) < types.LongBytes {
			return string(t.Format(ctx.Env, nil, d)), nil
		}
	}
	b, err := t.FormatLong(ctx.Env, nil, d, ctx.Spend)
	if err != nil {
		return "", err
	}
	return unsafe.String(unsafe.SliceData(b), len(b)), nil
}

func reader(t *types.Type) func(ctx *Context, s string) (types.Datum, error) {
	if isObjectName(t) {
		name := t.Name + "in"
		return func(ctx *Context, s string) (types.Datum, error) {
			if ctx.Session == nil {
				return t.Parse(ctx.Env, s, -1)
			}
			return ctx.Session.CallSession(ctx.Running, name, []types.Datum{types.Text(s)})
		}
	}
	if t == types.TACLItem || t.Elem != nil && (t.Elem == types.TACLItem || isObjectName(t.Elem)) {
		return func(ctx *Context, s string) (types.Datum, error) {
			env := *ctx.Env
			env.Names, _ = ctx.Session.(types.Namer)
			return t.ParseLong(&env, s, -1, ctx.Spend)
		}
	}
	return func(ctx *Context, s string) (types.Datum, error) {
		if len(s) < types.LongBytes {
			return t.Parse(ctx.Env, s, -1)
		}
		return t.ParseLong(ctx.Env, s, -1, ctx.Spend)
	}
}

// dependsOnSettings reports whether a conversion reads settings or the catalog:
// the input and output functions that PostgreSQL marks stable.
func dependsOnSettings(c *Cast) bool {
	for ; c != nil; c = c.Elem {
		if c.Form != CastInOut {
			continue
		}
		if c.Arg == nil || settingsOut(c.Arg.Type()) || settingsIn(c.T) {
			return true
		}
	}
	return false
}

func settingsOut(t *types.Type) bool {
	switch t.Base() {
	case types.TDate, types.TTimestamp, types.TTimestamptz, types.TInterval, types.TMoney:
		return true
	}
	return isObjectName(t) || t.Datum == types.KindArray || t.Datum == types.KindRow || t.Ranges() != nil || t.Kind == 'e'
}

func settingsIn(t *types.Type) bool {
	switch t.Base() {
	case types.TTime, types.TTimeTZ:
		return true
	}
	return settingsOut(t)
}

// Text is the text form of d as a cast to text gives it, with names for the
// reg… types when there is a session to ask.
func Text(ctx *Context, t *types.Type, d types.Datum) (string, error) {
	if !t.Supported() && !t.IsPolymorphic() && t.Datum != types.KindText {
		return "", pgerr.Unsupported("type %s", t.SQLName)
	}
	return printer(t)(ctx, d)
}
