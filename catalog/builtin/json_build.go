package builtin

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// jsonBuildBinds make json and jsonb of values of any type (json.c, jsonb.c).
var jsonBuildBinds = makeJSONBuildBinds()

func makeJSONBuildBinds() bindImpls {
	out := bindImpls{
		"array_to_json": bindToJSON(false), "array_to_json_pretty": bindToJSON(true),
		"row_to_json": bindToJSON(false), "row_to_json_pretty": bindToJSON(true),
	}
	for _, k := range []struct {
		prefix string
		form   jsonForm
	}{{"json", jsonItself}, {"jsonb", canonical}} {
		out["to_"+k.prefix] = func(args []*types.Type, _ *types.Type) impl {
			return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
				b, err := (&jsonWriter{ctx: ctx}).value(nil, args[0], a[0])
				if err != nil {
					return types.Null, err
				}
				return k.form(ctx, textOf(b))
			}
		}
		for _, suffix := range []string{"", "_noargs"} {
			out[k.prefix+"_build_array"+suffix] = bindBuild(k.form, buildJSONArray)
			out[k.prefix+"_build_object"+suffix] = bindBuild(k.form, func(w *jsonWriter, ts []*types.Type, vs []types.Datum) ([]byte, error) {
				return buildJSONObject(w, k.prefix+"_build_object()", ts, vs)
			})
		}
	}
	return out
}

// jsonForm makes a value of json, or of jsonb, of a JSON text.
type jsonForm = func(ctx *expr.Context, s string) (types.Datum, error)

func jsonItself(_ *expr.Context, s string) (types.Datum, error) { return types.Text(s), nil }

// canonical is jsonb's form of a JSON text.
func canonical(ctx *expr.Context, s string) (types.Datum, error) {
	v, err := parsedJSON(ctx, types.Text(s))
	if err != nil {
		return types.Null, err
	}
	return jsonDatum(ctx, v)
}

func bindToJSON(maybePretty bool) bindImpl {
	return func(args []*types.Type, _ *types.Type) impl {
		return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			w := &jsonWriter{ctx: ctx, pretty: maybePretty && a[1].Bool()}
			b, err := w.value(nil, args[0], a[0])
			return types.Text(textOf(b)), err
		}
	}
}

func bindBuild(form jsonForm, build func(*jsonWriter, []*types.Type, []types.Datum) ([]byte, error)) bindImpl {
	return func(args []*types.Type, _ *types.Type) impl {
		return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			ts, vs, ok := variadicAny(args, a, 0)
			if !ok {
				return types.Null, nil
			}
			b, err := build(&jsonWriter{ctx: ctx}, ts, vs)
			if err != nil {
				return types.Null, err
			}
			return form(ctx, textOf(b))
		}
	}
}

func buildJSONArray(w *jsonWriter, ts []*types.Type, vs []types.Datum) (dst []byte, err error) {
	dst = append(dst, '[')
	for i, v := range vs {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if dst, err = w.value(dst, ts[i], v); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func buildJSONObject(w *jsonWriter, name string, ts []*types.Type, vs []types.Datum) (dst []byte, err error) {
	if len(vs)%2 != 0 {
		return nil, pgerr.New(pgerr.InvalidParameterValue, "argument list must have even number of elements").
			WithHint("The arguments of %s must consist of alternating keys and values.", name)
	}
	dst = append(dst, '{')
	for i := 0; i < len(vs); i += 2 {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if vs[i].IsNull() {
			if strings.HasPrefix(name, "jsonb") {
				return nil, pgerr.New(pgerr.InvalidParameterValue, "argument %d: key must not be null", i+1)
			}
			return nil, pgerr.New(pgerr.InvalidParameterValue, "argument %d cannot be null", i+1).
				WithHint("Object keys should be text.")
		}
		if dst, err = w.key(dst, ts[i], vs[i]); err != nil {
			return nil, err
		}
		dst = append(dst, " : "...)
		if dst, err = w.value(dst, ts[i+1], vs[i+1]); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// jsonWriter writes values as datum_to_json does.
type jsonWriter struct {
	ctx    *expr.Context
	pretty bool // line feeds between the elements of the outermost array or row
}

// key writes an object's key: any scalar, as a string.
func (w *jsonWriter) key(dst []byte, t *types.Type, d types.Datum) ([]byte, error) {
	switch t.Base().Datum {
	case types.KindArray, types.KindRow:
		return nil, errScalarKey()
	}
	if b := t.Base(); b == types.TJSON || b == types.TJSONB {
		return nil, errScalarKey()
	}
	s, err := w.text(t, d)
	if err != nil {
		return nil, err
	}
	return w.quoted(dst, s)
}

// raw appends text as it is.
func (w *jsonWriter) raw(dst []byte, s string) ([]byte, error) {
	if len(s) >= maxText-len(dst) {
		return nil, errBufferFull(len(dst), len(s))
	}
	if len(s) <= pieceBytes {
		return append(dst, s...), w.ctx.Spend(len(s) + 1)
	}
	return appendPieces(w.ctx, dst, s)
}

// quoted appends text as a JSON string.
func (w *jsonWriter) quoted(dst []byte, s string) ([]byte, error) {
	if n := len(s) + 2; n > maxText-len(dst) || n > pieceBytes && types.JSONStringLen(s) >= maxText-len(dst) {
		return nil, errBufferFull(len(dst), len(s))
	}
	if len(s) <= pieceBytes {
		return types.AppendJSONString(dst, s), w.ctx.Spend(len(s) + 1)
	}
	return types.AppendJSONStringLong(dst, s, w.ctx.Spend)
}

func errScalarKey() error {
	return pgerr.New(pgerr.InvalidParameterValue, "key value must be scalar, not array, composite, or json")
}

// text is a value's text as it stands in JSON strings: dates in ISO form.
func (w *jsonWriter) text(t *types.Type, d types.Datum) (string, error) {
	switch t.Base() {
	case types.TBool:
		if d.Bool() {
			return "true", nil
		}
		return "false", nil
	case types.TDate, types.TTimestamp, types.TTimestamptz:
		return isoText(*w.ctx.Env, t.Base(), d), nil
	}
	return expr.Text(w.ctx, t, d)
}

// isoText is XML Schema's form, whatever DateStyle says.
func isoText(env types.Env, t *types.Type, d types.Datum) string {
	env.DateStyle = types.DateISO
	s := string(t.Format(&env, nil, d))
	if t == types.TDate || !strings.Contains(s, ":") {
		return s
	}
	s = strings.Replace(s, " ", "T", 1)
	if t == types.TTimestamptz || t == types.TTimeTZ {
		s, bc := strings.CutSuffix(s, " BC")
		if s[len(s)-3] != ':' || strings.LastIndexAny(s, "+-") == len(s)-3 {
			s += ":00"
		}
		if bc {
			s += " BC"
		}
		return s
	}
	return s
}

func (w *jsonWriter) value(dst []byte, t *types.Type, d types.Datum) ([]byte, error) {
	if d.IsNull() {
		return append(dst, "null"...), nil
	}
	switch t.Base().Datum {
	case types.KindArray:
		if t.Base().Elem != nil {
			inner := &jsonWriter{ctx: w.ctx}
			return w.array(inner, dst, d.Array())
		}
	case types.KindRow:
		return w.row(dst, t, d.Row())
	}
	s, err := w.text(t, d)
	if err != nil {
		return nil, err
	}
	switch b := t.Base(); b {
	case types.TBool, types.TJSON, types.TJSONB, types.TInt2, types.TInt4, types.TInt8:
		return w.raw(dst, s)
	case types.TFloat4, types.TFloat8, types.TNumeric:
		if c := s[len(s)-1]; c >= '0' && c <= '9' {
			return w.raw(dst, s)
		}
	}
	return w.quoted(dst, s)
}

func (w *jsonWriter) separator(dst []byte) []byte {
	if w.pretty {
		return append(dst, ",\n "...)
	}
	return append(dst, ',')
}

// array writes an array, dimension by dimension.
func (w *jsonWriter) array(inner *jsonWriter, dst []byte, a *types.Array) ([]byte, error) {
	if len(a.Dims) == 0 {
		return append(dst, "[]"...), nil
	}
	return w.dimension(inner, dst, a, 0, a.Elems)
}

func (w *jsonWriter) dimension(inner *jsonWriter, dst []byte, a *types.Array, dim int, elems []types.Datum) ([]byte, error) {
	step := len(elems) / int(a.Dims[dim])
	dst = append(dst, '[')
	var err error
	for i := 0; i < len(elems); i += step {
		if i > 0 {
			dst = w.separator(dst)
		}
		if dim+1 < len(a.Dims) {
			dst, err = inner.dimension(inner, dst, a, dim+1, elems[i:i+step])
		} else {
			dst, err = inner.value(dst, a.Elem, elems[i])
		}
		if err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func (w *jsonWriter) row(dst []byte, t *types.Type, r *types.Row) ([]byte, error) {
	inner := &jsonWriter{ctx: w.ctx}
	columns := t.Base().Columns()
	dst = append(dst, '{')
	var err error
	for i, v := range r.Fields {
		if i > 0 {
			dst = w.separator(dst)
		}
		name := "f" + string(types.AppendInt(nil, int64(i+1)))
		if i < len(columns) {
			name = columns[i].Name
		} else if i < len(r.Names) && r.Names[i] != "" {
			name = r.Names[i]
		}
		dst = append(types.AppendJSONString(dst, name), ':')
		if dst, err = inner.value(dst, r.Types[i], v); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}
