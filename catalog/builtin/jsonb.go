package builtin

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// jsonbImpls change and compare jsonb, and make json of text arrays (jsonfuncs.c, jsonb_op.c).
var jsonbImpls = impls{
	"jsonb_contains": func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		return jsonbContains(ctx, a[0], a[1])
	},
	"jsonb_contained": func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		return jsonbContains(ctx, a[1], a[0])
	},
	"jsonb_exists_any": existsSome(true), "jsonb_exists_all": existsSome(false),
	"jsonb_concat": jsonbConcat, "jsonb_delete": jsonbDelete, "jsonb_delete_idx": jsonbDeleteIndex, "jsonb_delete_array": jsonbDelete,
	"jsonb_delete_path": jsonbDeletePath, "jsonb_set": jsonbSet, "jsonb_insert": jsonbInsert,
	"jsonb_pretty": jsonbPretty, "jsonb_strip_nulls": jsonbStripNulls, "json_strip_nulls": jsonStripNulls, "jsonb_set_lax": jsonbSetLax,
	"jsonb_numeric": jsonbNumber(types.TNumeric), "jsonb_int2": jsonbNumber(types.TInt2), "jsonb_int4": jsonbNumber(types.TInt4),
	"jsonb_int8": jsonbNumber(types.TInt8), "jsonb_float4": jsonbNumber(types.TFloat4), "jsonb_float8": jsonbNumber(types.TFloat8),
	"jsonb_bool":  jsonbBool,
	"json_object": jsonObject(jsonItself), "json_object_two_arg": jsonObject(jsonItself),
	"jsonb_object": jsonObject(canonical), "jsonb_object_two_arg": jsonObject(canonical),
}

func parsedJSON(ctx *expr.Context, d types.Datum) (types.JSONValue, error) {
	if d.ByteLen() <= pieceBytes {
		return types.ParseJSON(d.Text(), nil)
	}
	return types.ParseJSON(d.Text(), ctx.Spend)
}

func jsonDatum(ctx *expr.Context, v types.JSONValue) (types.Datum, error) {
	return v.Datum(ctx.Spend)
}

func jsonbContains(ctx *expr.Context, whole, part types.Datum) (types.Datum, error) {
	w, err := parsedJSON(ctx, whole)
	if err != nil {
		return types.Null, err
	}
	p, err := parsedJSON(ctx, part)
	if err != nil {
		return types.Null, err
	}
	// An array contains a scalar as it would an array of it; nowhere else.
	if w.Kind == types.JSONArray && p.Kind < types.JSONArray {
		p = types.JSONValue{Kind: types.JSONArray, Elems: []types.JSONValue{p}}
	}
	holds, err := jsonHolds(ctx, w, p)
	return types.Bool(holds), err
}

func jsonHolds(ctx *expr.Context, w, p types.JSONValue) (bool, error) {
	if err := ctx.Spend(compareWork); err != nil || w.Kind != p.Kind {
		return false, err
	}
	switch p.Kind {
	case types.JSONObject:
		for _, f := range p.Fields {
			i := slices.IndexFunc(w.Fields, func(g types.JSONField) bool { return g.Key == f.Key })
			if i < 0 {
				return false, nil
			}
			if err := ctx.Spend(compareWork * i); err != nil {
				return false, err
			}
			if ok, err := jsonHolds(ctx, w.Fields[i].Value, f.Value); err != nil || !ok {
				return false, err
			}
		}
		return true, nil
	case types.JSONArray:
		for _, e := range p.Elems {
			if ok, err := someHolds(ctx, w.Elems, e); err != nil || !ok {
				return false, err
			}
		}
		return true, nil
	}
	return w.Compare(p) == 0, nil
}

// someHolds reports whether one of the elements holds e.
func someHolds(ctx *expr.Context, elems []types.JSONValue, e types.JSONValue) (bool, error) {
	for _, x := range elems {
		if ok, err := jsonHolds(ctx, x, e); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// existsSome is ?| and ?&.
func existsSome(any bool) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		j := jsonOf(a[0])
		for _, key := range a[1].Array().Elems {
			if key.IsNull() {
				continue
			}
			if found, err := hasKey(ctx, j, key.Text()); err != nil || found == any {
				return types.Bool(any), err
			}
		}
		return types.Bool(!any), nil
	}
}

func jsonbConcat(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	x, err := parsedJSON(ctx, a[0])
	if err != nil {
		return types.Null, err
	}
	y, err := parsedJSON(ctx, a[1])
	if err != nil {
		return types.Null, err
	}
	if x.Kind == types.JSONObject && y.Kind == types.JSONObject {
		x.Fields = types.SortJSONFields(append(x.Fields, y.Fields...))
		return jsonDatum(ctx, x)
	}
	out := types.JSONValue{Kind: types.JSONArray}
	for _, v := range []types.JSONValue{x, y} {
		if v.Kind == types.JSONArray {
			out.Elems = append(out.Elems, v.Elems...)
		} else {
			out.Elems = append(out.Elems, v)
		}
	}
	return jsonDatum(ctx, out)
}

func errDeleteScalar() error {
	return pgerr.New(pgerr.InvalidParameterValue, "cannot delete from scalar")
}

// jsonbDelete is - key and - keys: members, or strings of an array.
func jsonbDelete(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	if a[1].Kind() == types.KindArray && len(a[1].Array().Dims) > 1 {
		return types.Null, errSubscripts()
	}
	v, err := parsedJSON(ctx, a[0])
	if err != nil {
		return types.Null, err
	}
	keys := map[string]bool{}
	if a[1].Kind() == types.KindArray {
		for _, k := range a[1].Array().Elems {
			if !k.IsNull() {
				keys[k.Text()] = true
			}
		}
	} else {
		keys[a[1].Text()] = true
	}
	switch v.Kind {
	case types.JSONObject:
		v.Fields = slices.DeleteFunc(v.Fields, func(f types.JSONField) bool { return keys[f.Key] })
	case types.JSONArray:
		v.Elems = slices.DeleteFunc(v.Elems, func(e types.JSONValue) bool { return e.Kind == types.JSONString && keys[e.Text] })
	default:
		return types.Null, errDeleteScalar()
	}
	return jsonDatum(ctx, v)
}

func jsonbDeleteIndex(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	v, err := parsedJSON(ctx, a[0])
	if err != nil {
		return types.Null, err
	}
	switch v.Kind {
	case types.JSONObject:
		return types.Null, pgerr.New(pgerr.InvalidParameterValue, "cannot delete from object using integer index")
	case types.JSONArray:
	default:
		return types.Null, errDeleteScalar()
	}
	i := a[1].Int()
	if i < 0 {
		i += int64(len(v.Elems))
	}
	if i < 0 || i >= int64(len(v.Elems)) {
		return a[0], nil
	}
	v.Elems = slices.Delete(v.Elems, int(i), int(i)+1)
	return jsonDatum(ctx, v)
}

// jsonEdit is what jsonb_set, jsonb_insert and #- do at the end of a path.
type jsonEdit struct {
	value  *types.JSONValue // nil deletes
	create bool             // add what is not there
	insert bool             // beside what is there
	after  bool
}

func errSubscripts() error {
	return pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
}

func editJSON(ctx *expr.Context, a []types.Datum, edit jsonEdit, scalar string) (types.Datum, error) {
	if len(a[1].Array().Dims) > 1 {
		return types.Null, errSubscripts()
	}
	v, err := parsedJSON(ctx, a[0])
	if err != nil {
		return types.Null, err
	}
	if v.Kind < types.JSONArray {
		return types.Null, pgerr.New(pgerr.InvalidParameterValue, "%s", scalar)
	}
	path := a[1].Array().Elems
	if len(path) == 0 || len(v.Elems)+len(v.Fields) == 0 && !edit.create {
		return a[0], nil
	}
	if v, err = edit.at(v, path, 1); err != nil {
		return types.Null, err
	}
	return jsonDatum(ctx, v)
}

// at edits a value by what is left of the path, whose steps only are looked at
// as far as they lead (setPath).
func (e jsonEdit) at(v types.JSONValue, path []types.Datum, level int) (types.JSONValue, error) {
	if path[0].IsNull() {
		return v, pgerr.New(pgerr.NullValueNotAllowed, "path element at position %d is null", level)
	}
	switch v.Kind {
	case types.JSONObject:
		return e.inObject(v, path, level)
	case types.JSONArray:
		return e.inArray(v, path, level)
	}
	return v, nil
}

func (e jsonEdit) inObject(v types.JSONValue, path []types.Datum, level int) (types.JSONValue, error) {
	key := path[0].Text()
	i := v.Field(key)
	var err error
	switch {
	case i < 0:
		if len(path) == 1 && e.create {
			v.Fields = types.SortJSONFields(append(v.Fields, types.JSONField{Key: key, Value: *e.value}))
		}
	case len(path) > 1:
		v.Fields[i].Value, err = e.at(v.Fields[i].Value, path[1:], level+1)
	case e.value == nil:
		v.Fields = slices.Delete(v.Fields, i, i+1)
	case e.insert:
		err = pgerr.New(pgerr.InvalidParameterValue, "cannot replace existing key").
			WithHint("Try using the function jsonb_set to replace key value.")
	default:
		v.Fields[i].Value = *e.value
	}
	return v, err
}

func (e jsonEdit) inArray(v types.JSONValue, path []types.Datum, level int) (types.JSONValue, error) {
	i, err := strconv.Atoi(path[0].Text())
	if err != nil {
		return v, pgerr.New(pgerr.InvalidTextRepresentation, "path element at position %d is not an integer: \"%s\"", level, path[0].Text())
	}
	n := len(v.Elems)
	before := false
	if i < 0 {
		if -i > n {
			before = true
		}
		i += n
	}
	outside := before || i >= n
	switch {
	case outside:
		if len(path) == 1 && e.create {
			at := n
			if before {
				at = 0
			}
			v.Elems = slices.Insert(v.Elems, at, *e.value)
		}
	case len(path) > 1:
		v.Elems[i], err = e.at(v.Elems[i], path[1:], level+1)
		return v, err
	case e.value == nil:
		v.Elems = slices.Delete(v.Elems, i, i+1)
	case e.insert && e.after:
		v.Elems = slices.Insert(v.Elems, i+1, *e.value)
	case e.insert:
		v.Elems = slices.Insert(v.Elems, i, *e.value)
	default:
		v.Elems[i] = *e.value
	}
	return v, nil
}

func jsonbDeletePath(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	return editJSON(ctx, a, jsonEdit{}, "cannot delete path in scalar")
}

func jsonbSet(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	v, err := parsedJSON(ctx, a[2])
	if err != nil {
		return types.Null, err
	}
	return editJSON(ctx, a, jsonEdit{value: &v, create: a[3].Bool()}, "cannot set path in scalar")
}

// jsonbSetLax is jsonb_set_lax: what an SQL NULL in place of a value does, the
// fifth argument says.
func jsonbSetLax(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	if a[0].IsNull() || a[1].IsNull() || a[3].IsNull() {
		return types.Null, nil
	}
	errTreatment := pgerr.New(pgerr.InvalidParameterValue,
		`null_value_treatment must be "delete_key", "return_target", "use_json_null", or "raise_exception"`)
	switch {
	case a[4].IsNull():
		return types.Null, errTreatment
	case !a[2].IsNull():
		return jsonbSet(ctx, a[:4])
	}
	switch a[4].Text() {
	case "delete_key":
		return jsonbDeletePath(ctx, a[:2])
	case "return_target":
		return a[0], nil
	case "use_json_null":
		return jsonbSet(ctx, []types.Datum{a[0], a[1], types.Text("null"), a[3]})
	case "raise_exception":
		return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "JSON value must not be null").
			WithDetail(`Exception was raised because null_value_treatment is "raise_exception".`).
			WithHint("To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed.")
	}
	return types.Null, errTreatment
}

func jsonbInsert(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	v, err := parsedJSON(ctx, a[2])
	if err != nil {
		return types.Null, err
	}
	return editJSON(ctx, a, jsonEdit{value: &v, create: true, insert: true, after: a[3].Bool()}, "cannot set path in scalar")
}

func jsonbPretty(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	v, err := parsedJSON(ctx, a[0])
	if err != nil {
		return types.Null, err
	}
	b, err := appendPretty(ctx, nil, v, 0)
	return types.Text(textOf(b)), err
}

func appendPretty(ctx *expr.Context, dst []byte, v types.JSONValue, depth int) (_ []byte, err error) {
	line := func(depth int) { dst = append(append(dst, '\n'), strings.Repeat("    ", depth)...) }
	switch v.Kind {
	case types.JSONObject:
		dst = append(dst, '{')
		for i, f := range v.Fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			line(depth + 1)
			dst = append(types.AppendJSONString(dst, f.Key), ": "...)
			if dst, err = appendPretty(ctx, dst, f.Value, depth+1); err != nil {
				return nil, err
			}
		}
		line(depth)
		return append(dst, '}'), nil
	case types.JSONArray:
		dst = append(dst, '[')
		for i, e := range v.Elems {
			if i > 0 {
				dst = append(dst, ',')
			}
			line(depth + 1)
			if dst, err = appendPretty(ctx, dst, e, depth+1); err != nil {
				return nil, err
			}
		}
		line(depth)
		return append(dst, ']'), nil
	}
	return v.AppendLong(dst, ctx.Spend)
}

func jsonbStripNulls(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	v, err := parsedJSON(ctx, a[0])
	if err != nil {
		return types.Null, err
	}
	return jsonDatum(ctx, stripNulls(v))
}

func jsonStripNulls(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	s, err := types.StripJSONNulls(a[0].Text(), ctx.Spend)
	return types.Text(s), err
}

// stripNulls drops members that are null; elements of arrays stay.
func stripNulls(v types.JSONValue) types.JSONValue {
	v.Fields = slices.DeleteFunc(v.Fields, func(f types.JSONField) bool { return f.Value.Kind == types.JSONNull })
	for i := range v.Fields {
		v.Fields[i].Value = stripNulls(v.Fields[i].Value)
	}
	for i := range v.Elems {
		v.Elems[i] = stripNulls(v.Elems[i])
	}
	return v
}

func errJSONCast(j jsonText, t *types.Type) error {
	kind := j.kind()
	if kind == "number" {
		kind = "numeric"
	}
	return pgerr.New(pgerr.InvalidParameterValue, "cannot cast jsonb %s to type %s", kind, t.SQLName)
}

// jsonbNumber is the cast of a jsonb number: by way of numeric.
func jsonbNumber(t *types.Type) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		j := jsonOf(a[0])
		if j.kind() != "number" {
			return types.Null, errJSONCast(j, t)
		}
		v, err := types.ParseNumeric(string(j))
		if err != nil {
			return types.Null, err
		}
		switch bits := int(t.Len) * 8; t {
		case types.TNumeric:
			return types.Decimal(v), nil
		case types.TFloat4, types.TFloat8:
			f, err := types.NumericToFloat(v, bits)
			return types.Float(f), err
		default:
			return intResult(types.NumericToInt(v, bits))
		}
	}
}

func jsonbBool(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	j := jsonOf(a[0])
	if j.kind() != "boolean" {
		return types.Null, errJSONCast(j, types.TBool)
	}
	return types.Bool(j == "true"), nil
}

// jsonObject is json_object: of pairs in one array (flat, or of two columns),
// or of keys and values in two.
func jsonObject(form jsonForm) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		keys, values, err := objectPairs(a)
		if err != nil {
			return types.Null, err
		}
		out := []byte{'{'}
		for i, k := range keys {
			if err := ctx.Spend(elemWork + k.ByteLen() + values[i].ByteLen()); err != nil {
				return types.Null, err
			}
			if k.IsNull() {
				return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "null value not allowed for object key")
			}
			if i > 0 {
				out = append(out, ", "...)
			}
			out = append(types.AppendJSONString(out, k.Text()), " : "...)
			if values[i].IsNull() {
				out = append(out, "null"...)
			} else {
				out = types.AppendJSONString(out, values[i].Text())
			}
		}
		return form(ctx, textOf(append(out, '}')))
	}
}

func objectPairs(a []types.Datum) (keys, values []types.Datum, err error) {
	x := a[0].Array()
	if len(a) == 2 {
		y := a[1].Array()
		if len(x.Dims) > 1 || len(x.Dims) != len(y.Dims) {
			return nil, nil, errSubscripts()
		}
		if len(x.Elems) != len(y.Elems) {
			return nil, nil, pgerr.New(pgerr.ArraySubscriptError, "mismatched array dimensions")
		}
		return x.Elems, y.Elems, nil
	}
	switch {
	case len(x.Dims) > 2:
		return nil, nil, errSubscripts()
	case len(x.Dims) == 2 && x.Dims[1] != 2:
		return nil, nil, pgerr.New(pgerr.ArraySubscriptError, "array must have two columns")
	case len(x.Elems)%2 != 0:
		return nil, nil, pgerr.New(pgerr.ArraySubscriptError, "array must have even number of elements")
	}
	for i := 0; i < len(x.Elems); i += 2 {
		keys, values = append(keys, x.Elems[i]), append(values, x.Elems[i+1])
	}
	return keys, values, nil
}
