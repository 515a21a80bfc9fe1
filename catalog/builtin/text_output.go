package builtin

import (
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// outputBinds are the functions that print arguments of any type.
var outputBinds = bindImpls{
	"textanycat(text,anynonarray)": func(args []*types.Type, _ *types.Type) impl {
		return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			s, err := castText(ctx, args[1], a[1])
			if err != nil {
				return types.Null, err
			}
			return joinText(ctx, a[0].Text(), s)
		}
	},
	"anytextcat(anynonarray,text)": func(args []*types.Type, _ *types.Type) impl {
		return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			s, err := castText(ctx, args[0], a[0])
			if err != nil {
				return types.Null, err
			}
			return joinText(ctx, s, a[1].Text())
		}
	},
	"text_concat": func(args []*types.Type, _ *types.Type) impl {
		return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			return concat(ctx, "", args, a, 0)
		}
	},
	"text_concat_ws": func(args []*types.Type, _ *types.Type) impl {
		return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			if a[0].IsNull() {
				return types.Null, nil
			}
			return concat(ctx, a[0].Text(), args, a, 1)
		}
	},
	"text_format":                bindFormat,
	"text_format_nv":             bindFormat,
	"quote_literal(anyelement)":  bindQuote(quoteLiteral, types.Null),
	"quote_nullable(anyelement)": bindQuote(quoteLiteral, types.Text("NULL")),
	"pg_num_nulls":               bindCount(true),
	"pg_num_nonnulls":            bindCount(false),
	"pg_typeof": func(args []*types.Type, _ *types.Type) impl {
		oid := types.Int(int64(args[0].OID))
		return func(*expr.Context, []types.Datum) (types.Datum, error) { return oid, nil }
	},
}

// quoteImpls quote text for SQL.
var quoteImpls = impls{
	"quote_ident": func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		s, err := quoteIdent(ctx, a[0].Text())
		return types.Text(s), err
	},
	"quote_literal": func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		s, err := quoteLiteral(ctx, a[0].Text())
		return types.Text(s), err
	},
	"quote_nullable": func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		if a[0].IsNull() {
			return types.Text("NULL"), nil
		}
		s, err := quoteLiteral(ctx, a[0].Text())
		return types.Text(s), err
	},
}

// quoteIdent is quote_ident; no keyword is as long as a piece.
func quoteIdent(ctx *expr.Context, s string) (string, error) {
	if len(s) <= pieceBytes {
		return expr.QuoteIdent(s), nil
	}
	plain := expr.QuoteIdent(s[:pieceEnd(s)])[0] != '"'
	err := eachPiece(ctx, s, func(piece string) {
		plain = plain && expr.QuoteIdent("a" + piece)[0] != '"'
	})
	if plain || err != nil {
		return s, err
	}
	return quoted(ctx, `"`, `"`, s)
}

// quoted is a text between quotes, with each of them doubled.
func quoted(ctx *expr.Context, before, quote, s string) (string, error) {
	s, err := replaceAll(ctx, s, quote, quote+quote)
	if err != nil {
		return "", err
	}
	d, err := joinText(ctx, before, s, quote)
	return d.Text(), err
}

// quoteLiteral is quote_literal: a backslash makes it an escape string (E in front). Room is
// asked for as if every character had to be doubled (quote.c).
func quoteLiteral(ctx *expr.Context, s string) (string, error) {
	if err := fits(2*len(s) + 3); err != nil {
		return "", err
	}
	if len(s) <= pieceBytes {
		return expr.QuoteLiteral(s), nil
	}
	before := "'"
	at, err := index(ctx, s, `\`)
	if at >= 0 && err == nil {
		before = "E'"
		s, err = replaceAll(ctx, s, `\`, `\\`)
	}
	if err != nil {
		return "", err
	}
	return quoted(ctx, before, "'", s)
}

func bindQuote(quote func(*expr.Context, string) (string, error), null types.Datum) bindImpl {
	return func(args []*types.Type, _ *types.Type) impl {
		return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			if a[0].IsNull() {
				return null, nil
			}
			s, err := castText(ctx, args[0], a[0])
			if err == nil {
				s, err = quote(ctx, s)
			}
			return types.Text(s), err
		}
	}
}

// castText is d::text, which for a few types is not what their output says.
func castText(ctx *expr.Context, t *types.Type, d types.Datum) (string, error) {
	switch t.Base() {
	case types.TBool:
		if d.Bool() {
			return "true", nil
		}
		return "false", nil
	case types.TBpchar:
		return types.TrimBpchar(d.Text()), nil
	case types.TInet, types.TCidr:
		return d.Inet().Text(), nil
	}
	return expr.Text(ctx, t, d)
}

// variadicAny are the arguments from first on of a function of VARIADIC "any".
// Its last type is anyarray when the call says VARIADIC: the elements are the
// arguments then. ok is false for a NULL array.
func variadicAny(args []*types.Type, a []types.Datum, first int) (ts []*types.Type, vs []types.Datum, ok bool) {
	ts, vs = args[first:], a[first:]
	if len(ts) == 0 || ts[len(ts)-1] != types.TAnyArray {
		return ts, vs, true
	}
	last := vs[len(vs)-1]
	if last.IsNull() {
		return nil, nil, false
	}
	array := last.Array()
	before := len(ts) - 1
	ts = append(append(make([]*types.Type, 0, before+len(array.Elems)), ts[:before]...), slices.Repeat([]*types.Type{array.Elem}, len(array.Elems))...)
	if before == 0 {
		return ts, array.Elems, true
	}
	return ts, slices.Concat(vs[:before], array.Elems), true
}

// concat joins the texts of what is not NULL.
func concat(ctx *expr.Context, sep string, args []*types.Type, a []types.Datum, first int) (types.Datum, error) {
	args, a, ok := variadicAny(args, a, first)
	if !ok {
		return types.Null, nil
	}
	b := buffer{ctx: ctx}
	between := ""
	for i, v := range a {
		if v.IsNull() {
			continue
		}
		s, err := expr.Text(ctx, args[i], v)
		if err != nil {
			return types.Null, err
		}
		if err := b.add(between, s); err != nil {
			return types.Null, err
		}
		between = sep
	}
	return types.Text(b.text()), nil
}

func bindFormat(args []*types.Type, _ *types.Type) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		if a[0].IsNull() {
			return types.Null, nil
		}
		f := &formatter{buffer: buffer{ctx: ctx}, format: a[0].Text()}
		f.types, f.values, _ = variadicAny(args, a, 1)
		if err := f.run(); err != nil {
			return types.Null, err
		}
		return types.Text(f.text()), nil
	}
}

// formatter is format(): %[position$][flags][width]type (manual 9.4.1).
type formatter struct {
	buffer
	types  []*types.Type
	values []types.Datum
	format string // what is left of the format
	next   int    // the argument that follows the last one used
}

func errFormat(format string, args ...any) *pgerr.E {
	return pgerr.New(pgerr.InvalidParameterValue, format, args...)
}

func errFormatEnd() error {
	return errFormat("unterminated format() type specifier").WithHint("For a single \"%\" use \"%%\".")
}

func (f *formatter) run() error {
	for f.format != "" {
		i, err := index(f.ctx, f.format, "%")
		if err != nil {
			return err
		}
		if i < 0 {
			return f.add(f.format)
		}
		if err := f.add(f.format[:i]); err != nil {
			return err
		}
		f.format = f.format[i+1:]
		if f.format == "" {
			return errFormatEnd()
		}
		if f.format[0] == '%' {
			if err := f.add("%"); err != nil {
				return err
			}
			f.format = f.format[1:]
			continue
		}
		if err := f.specifier(); err != nil {
			return err
		}
	}
	return nil
}

// number reads digits; n is -1 when there are none.
func (f *formatter) number() (n int, err error) {
	n = -1
	for f.format != "" && f.format[0] >= '0' && f.format[0] <= '9' {
		if n = max(n, 0)*10 + int(f.format[0]-'0'); n > 1<<31-1 {
			return 0, errFormat("number is out of range")
		}
		f.format = f.format[1:]
	}
	if f.format == "" {
		return 0, errFormatEnd()
	}
	return n, nil
}

func (f *formatter) specifier() error {
	at, width, left, err := f.placement()
	if err != nil {
		return err
	}
	kind := f.format[0]
	if !strings.ContainsRune("sIL", rune(kind)) {
		return errFormat("unrecognized format() type specifier \"%s\"", f.format[:byteOffset(f.format, 1)]).
			WithHint("For a single \"%\" use \"%%\".")
	}
	f.format = f.format[1:]
	if at < 0 {
		at = f.next
	}
	f.next = at + 1
	if at >= len(f.values) {
		return errFormat("too few arguments for format()")
	}
	s, err := f.convert(kind, at)
	if err != nil {
		return err
	}
	return f.pad(s, width, left)
}

// placement reads what stands before the type letter: position (-1 is the
// next), width and whether to fill on the right.
func (f *formatter) placement() (at, width int, left bool, err error) {
	at = -1
	n, err := f.number()
	if err != nil {
		return 0, 0, false, err
	}
	if n >= 0 && f.format[0] != '$' {
		return at, n, false, nil
	}
	if n >= 0 {
		if n == 0 {
			return 0, 0, false, errFormat("format specifies argument 0, but arguments are numbered from 1")
		}
		at, f.format = n-1, f.format[1:]
	}
	for f.format != "" && f.format[0] == '-' {
		left, f.format = true, f.format[1:]
	}
	if f.format == "" {
		return 0, 0, false, errFormatEnd()
	}
	if f.format[0] == '*' {
		return f.starWidth(at, left)
	}
	n, err = f.number()
	return at, max(n, 0), left, err
}

// starWidth is a width that an argument gives: * or *n$.
func (f *formatter) starWidth(at int, left bool) (int, int, bool, error) {
	f.format = f.format[1:]
	from, err := f.number()
	if err != nil {
		return 0, 0, false, err
	}
	switch {
	case from < 0:
		from = f.next
	case f.format[0] != '$':
		return 0, 0, false, errFormat("width argument position must be ended by \"$\"")
	case from == 0:
		return 0, 0, false, errFormat("format specifies argument 0, but arguments are numbered from 1")
	default:
		from, f.format = from-1, f.format[1:]
	}
	if from >= len(f.values) {
		return 0, 0, false, errFormat("too few arguments for format()")
	}
	f.next = from + 1
	if f.format == "" {
		return 0, 0, false, errFormatEnd()
	}
	width := 0
	if v := f.values[from]; !v.IsNull() {
		s, err := expr.Text(f.ctx, f.types[from], v)
		if err != nil {
			return 0, 0, false, err
		}
		d, err := types.TInt4.Parse(f.ctx.Env, s, -1)
		if err != nil {
			return 0, 0, false, err
		}
		width = int(d.Int())
	}
	if width < 0 {
		width, left = -width, true
	}
	return at, width, left, nil
}

func (f *formatter) convert(kind byte, at int) (string, error) {
	v := f.values[at]
	if v.IsNull() {
		switch kind {
		case 'I':
			return "", pgerr.New(pgerr.NullValueNotAllowed, "null values cannot be formatted as an SQL identifier")
		case 'L':
			return "NULL", nil
		}
		return "", nil
	}
	s, err := expr.Text(f.ctx, f.types[at], v)
	if err != nil {
		return "", err
	}
	switch kind {
	case 'I':
		return quoteIdent(f.ctx, s)
	case 'L':
		return quoteLiteral(f.ctx, s)
	}
	return s, nil
}

func (f *formatter) pad(s string, width int, left bool) error {
	have := int64(0)
	if width > 0 {
		var err error
		if have, err = runes(f.ctx, s); err != nil {
			return err
		}
	}
	fill := width - int(have)
	if left {
		if err := f.add(s); err != nil {
			return err
		}
		return f.blanks(fill)
	}
	if err := f.blanks(fill); err != nil {
		return err
	}
	return f.add(s)
}

// bindCount counts the NULLs, or the others, among its arguments.
func bindCount(nulls bool) bindImpl {
	return func(args []*types.Type, _ *types.Type) impl {
		return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			_, values, ok := variadicAny(args, a, 0)
			if !ok {
				return types.Null, nil
			}
			n := int64(0)
			err := eachElem(ctx, &types.Array{Elems: values}, func(_ int, v types.Datum) error {
				if v.IsNull() == nulls {
					n++
				}
				return nil
			})
			return types.Int(n), err
		}
	}
}
