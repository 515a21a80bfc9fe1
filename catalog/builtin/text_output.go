package builtin

import (
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
			return joinText(a[0].Text(), s)
		}
	},
	"anytextcat(anynonarray,text)": func(args []*types.Type, _ *types.Type) impl {
		return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			s, err := castText(ctx, args[0], a[0])
			if err != nil {
				return types.Null, err
			}
			return joinText(s, a[1].Text())
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
	"quote_ident":   textText(must(expr.QuoteIdent)),
	"quote_literal": textText(quoteLiteral),
	"quote_nullable": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		if a[0].IsNull() {
			return types.Text("NULL"), nil
		}
		s, err := quoteLiteral(a[0].Text())
		return types.Text(s), err
	},
}

// quoteLiteral is quote_literal: a backslash makes it an escape string (E in front). Room is
// asked for as if every character had to be doubled (quote.c).
func quoteLiteral(s string) (string, error) {
	if err := fits(2*len(s) + 3); err != nil {
		return "", err
	}
	return expr.QuoteLiteral(s), nil
}

func bindQuote(quote func(string) (string, error), null types.Datum) bindImpl {
	return func(args []*types.Type, _ *types.Type) impl {
		return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			if a[0].IsNull() {
				return null, nil
			}
			s, err := castText(ctx, args[0], a[0])
			if err == nil {
				s, err = quote(s)
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
	ts = append([]*types.Type(nil), ts[:len(ts)-1]...)
	for range array.Elems {
		ts = append(ts, array.Elem)
	}
	return ts, append(append([]types.Datum(nil), vs[:len(vs)-1]...), array.Elems...), true
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
	return types.Text(b.out.String()), nil
}

func bindFormat(args []*types.Type, _ *types.Type) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		if a[0].IsNull() {
			return types.Null, nil
		}
		f := &formatter{buffer: buffer{ctx: ctx}, text: a[0].Text()}
		f.types, f.values, _ = variadicAny(args, a, 1)
		if err := f.run(); err != nil {
			return types.Null, err
		}
		return types.Text(f.out.String()), nil
	}
}

// formatter is format(): %[position$][flags][width]type (manual 9.4.1).
type formatter struct {
	buffer
	types  []*types.Type
	values []types.Datum
	text   string // what is left of the format
	next   int    // the argument that follows the last one used
}

func errFormat(format string, args ...any) *pgerr.E {
	return pgerr.New(pgerr.InvalidParameterValue, format, args...)
}

func errFormatEnd() error {
	return errFormat("unterminated format() type specifier").WithHint("For a single \"%\" use \"%%\".")
}

func (f *formatter) run() error {
	for f.text != "" {
		i := strings.IndexByte(f.text, '%')
		if i < 0 {
			return f.add(f.text)
		}
		if err := f.add(f.text[:i]); err != nil {
			return err
		}
		f.text = f.text[i+1:]
		if f.text == "" {
			return errFormatEnd()
		}
		if f.text[0] == '%' {
			f.out.WriteByte('%')
			f.text = f.text[1:]
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
	for f.text != "" && f.text[0] >= '0' && f.text[0] <= '9' {
		if n = max(n, 0)*10 + int(f.text[0]-'0'); n > 1<<31-1 {
			return 0, errFormat("number is out of range")
		}
		f.text = f.text[1:]
	}
	if f.text == "" {
		return 0, errFormatEnd()
	}
	return n, nil
}

func (f *formatter) specifier() error {
	at, width, left, err := f.placement()
	if err != nil {
		return err
	}
	kind := f.text[0]
	if !strings.ContainsRune("sIL", rune(kind)) {
		return errFormat("unrecognized format() type specifier \"%s\"", f.text[:byteOffset(f.text, 1)]).
			WithHint("For a single \"%\" use \"%%\".")
	}
	f.text = f.text[1:]
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
	if n >= 0 && f.text[0] != '$' {
		return at, n, false, nil
	}
	if n >= 0 {
		if n == 0 {
			return 0, 0, false, errFormat("format specifies argument 0, but arguments are numbered from 1")
		}
		at, f.text = n-1, f.text[1:]
	}
	for f.text != "" && f.text[0] == '-' {
		left, f.text = true, f.text[1:]
	}
	if f.text == "" {
		return 0, 0, false, errFormatEnd()
	}
	if f.text[0] == '*' {
		return f.starWidth(at, left)
	}
	n, err = f.number()
	return at, max(n, 0), left, err
}

// starWidth is a width that an argument gives: * or *n$.
func (f *formatter) starWidth(at int, left bool) (int, int, bool, error) {
	f.text = f.text[1:]
	from, err := f.number()
	if err != nil {
		return 0, 0, false, err
	}
	switch {
	case from < 0:
		from = f.next
	case f.text[0] != '$':
		return 0, 0, false, errFormat("width argument position must be ended by \"$\"")
	case from == 0:
		return 0, 0, false, errFormat("format specifies argument 0, but arguments are numbered from 1")
	default:
		from, f.text = from-1, f.text[1:]
	}
	if from >= len(f.values) {
		return 0, 0, false, errFormat("too few arguments for format()")
	}
	f.next = from + 1
	if f.text == "" {
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
		s = expr.QuoteIdent(s)
	case 'L':
		return quoteLiteral(s)
	}
	return s, nil
}

func (f *formatter) pad(s string, width int, left bool) error {
	fill := width - int(countRunes(s))
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
		return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
			_, values, ok := variadicAny(args, a, 0)
			if !ok {
				return types.Null, nil
			}
			n := int64(0)
			for _, v := range values {
				if v.IsNull() == nulls {
					n++
				}
			}
			return types.Int(n), nil
		}
	}
}
