package builtin

import (
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// jsonAccessImpls take parts out of json and jsonb (jsonfuncs.c).
var jsonAccessImpls = makeJSONAccessImpls()

// jsonAccessRows are those that return sets.
var jsonAccessRows = makeJSONAccessRows()

func makeJSONAccessImpls() impls {
	out := impls{"jsonb_exists": jsonExists}
	jsonPart := func(f impl) impl {
		return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			if err := types.CheckJSONEscapes(ctx.Env, a[0].Text(), ctx.Spend); err != nil {
				return types.Null, err
			}
			return f(ctx, a)
		}
	}
	for _, p := range []string{"json", "jsonb"} {
		out[p+"_object_field"], out[p+"_object_field_text"] = objectField(asJSON), objectField(asText)
		out[p+"_array_element"], out[p+"_array_element_text"] = arrayElement(p == "jsonb", asJSON), arrayElement(p == "jsonb", asText)
		out[p+"_extract_path"], out[p+"_extract_path_text"] = extractPath(asJSON), extractPath(asText)
		out[p+"_typeof"] = func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
			return types.Text(jsonOf(a[0]).kind()), nil
		}
		out[p+"_array_length"] = jsonArrayLength
	}
	for _, name := range []string{"object_field", "array_element", "extract_path"} {
		out["json_"+name], out["json_"+name+"_text"] = jsonPart(out["json_"+name]), jsonPart(out["json_"+name+"_text"])
	}
	return out
}

func makeJSONAccessRows() rowsImpls {
	out := rowsImpls{}
	for _, p := range []string{"json", "jsonb"} {
		out[p+"_object_keys"] = objectKeys(p)
		out[p+"_each"], out[p+"_each_text"] = jsonEach(p+"_each", asJSON), jsonEach(p+"_each_text", asText)
		out[p+"_array_elements"] = jsonElements(p+"_array_elements", asJSON)
		out[p+"_array_elements_text"] = jsonElements(p+"_array_elements_text", asText)
	}
	for _, name := range []string{"json_object_keys", "json_each", "json_each_text", "json_array_elements_text"} {
		rows := out[name]
		out[name] = func(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
			if err := types.CheckJSONEscapes(ctx.Env, a[0].Text(), ctx.Spend); err != nil {
				return err
			}
			return rows(ctx, a, yield)
		}
	}
	return out
}

func jsonOf(d types.Datum) jsonText { return newJSONText(d.Text()) }

// asJSON and asText are the two forms of a part: itself, or its text with null
// as NULL.
func asJSON(_ *expr.Context, j jsonText) (types.Datum, error) { return types.Text(string(j)), nil }

func asText(ctx *expr.Context, j jsonText) (types.Datum, error) {
	switch j[0] {
	case 'n':
		return types.Null, nil
	case '"':
		s, err := j.unquote(ctx)
		return types.Text(s), err
	}
	return types.Text(string(j)), nil
}

// partForm is asJSON or asText.
type partForm = func(*expr.Context, jsonText) (types.Datum, error)

// formedPart is the form of what was found.
func formedPart(ctx *expr.Context, form partForm, j jsonText, ok bool, err error) (types.Datum, error) {
	if err != nil || !ok {
		return types.Null, err
	}
	return form(ctx, j)
}

func objectField(form partForm) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		v, ok, err := jsonOf(a[0]).member(ctx, a[1].Text())
		return formedPart(ctx, form, v, ok, err)
	}
}

// arrayElement is -> and ->> with a number. A jsonb that is neither array nor
// object is its own and only element, as it is stored.
func arrayElement(binary bool, form partForm) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		if j := jsonOf(a[0]); binary && j[0] != '[' && j[0] != '{' {
			return formedPart(ctx, form, j, a[1].Int() == 0 || a[1].Int() == -1, nil)
		}
		v, ok, err := jsonOf(a[0]).element(ctx, a[1].Int())
		return formedPart(ctx, form, v, ok, err)
	}
}

// extractPath is #> and #>>: the path's steps are keys, or subscripts of arrays.
func extractPath(form partForm) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		j := jsonOf(a[0])
		for _, step := range a[1].Array().Elems {
			if step.IsNull() {
				return types.Null, nil
			}
			var ok bool
			var err error
			if j[0] == '[' {
				i, bad := strconv.ParseInt(step.Text(), 10, 32)
				if bad != nil {
					return types.Null, nil
				}
				j, ok, err = j.element(ctx, i)
			} else {
				j, ok, err = j.member(ctx, step.Text())
			}
			if err != nil || !ok {
				return types.Null, err
			}
		}
		return form(ctx, j)
	}
}

func errJSONKind(format string, args ...any) error {
	return pgerr.New(pgerr.InvalidParameterValue, format, args...)
}

func jsonArrayLength(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	j := jsonOf(a[0])
	switch j.kind() {
	case "array":
		n, err := j.length(ctx)
		return types.Int(n), err
	case "object":
		return types.Null, errJSONKind("cannot get array length of a non-array")
	}
	return types.Null, errJSONKind("cannot get array length of a scalar")
}

func objectKeys(prefix string) rowsImpl {
	return func(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
		j := jsonOf(a[0])
		switch j.kind() {
		case "object":
		case "array":
			return errJSONKind("cannot call %s_object_keys on an array", prefix)
		default:
			return errJSONKind("cannot call %s_object_keys on a scalar", prefix)
		}
		return j.each(ctx, func(key string, _ jsonText) bool { return yield(types.Text(key)) })
	}
}

// eachPart yields the forms of the members or elements.
func eachPart(ctx *expr.Context, j jsonText, form partForm, yield func(key string, v types.Datum) bool) error {
	var failed error
	err := j.each(ctx, func(key string, v jsonText) bool {
		var d types.Datum
		d, failed = form(ctx, v)
		return failed == nil && yield(key, d)
	})
	if err == nil {
		err = failed
	}
	return err
}

var eachNames = []string{"key", "value"}

// jsonEach yields (key, value) rows.
func jsonEach(name string, form partForm) rowsImpl {
	valueType := types.TText
	if !strings.HasSuffix(name, "_text") {
		valueType = types.TJSON
		if name == "jsonb_each" {
			valueType = types.TJSONB
		}
	}
	rowTypes := []*types.Type{types.TText, valueType}
	return func(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
		j := jsonOf(a[0])
		switch {
		case j[0] == '[' && name[:5] != "jsonb":
			return errJSONKind("cannot deconstruct an array as an object")
		case j[0] != '{' && name[:5] != "jsonb":
			return errJSONKind("cannot deconstruct a scalar")
		case j[0] != '{':
			return errJSONKind("cannot call %s on a non-object", name)
		}
		return eachPart(ctx, j, form, func(key string, v types.Datum) bool {
			return yield(types.RowDatum(&types.Row{Types: rowTypes, Names: eachNames, Fields: []types.Datum{types.Text(key), v}}))
		})
	}
}

func jsonElements(name string, form partForm) rowsImpl {
	return func(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
		j := jsonOf(a[0])
		binary := name[:5] == "jsonb"
		switch j.kind() {
		case "array":
		case "object":
			if binary {
				return errJSONKind("cannot extract elements from an object")
			}
			return errJSONKind("cannot call %s on a non-array", name)
		default:
			if binary {
				return errJSONKind("cannot extract elements from a scalar")
			}
			return errJSONKind("cannot call %s on a scalar", name)
		}
		return eachPart(ctx, j, form, func(_ string, v types.Datum) bool { return yield(v) })
	}
}

// jsonExists is jsonb's ?: a key of an object, or a string of an array.
func jsonExists(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	found, err := hasKey(ctx, jsonOf(a[0]), a[1].Text())
	return types.Bool(found), err
}

func hasKey(ctx *expr.Context, j jsonText, key string) (found bool, err error) {
	same := func(v jsonText) bool {
		if v[0] != '"' || err != nil {
			return false
		}
		var s string
		s, err = v.unquote(ctx)
		return s == key && err == nil
	}
	switch j[0] {
	case '{':
		_, ok, err := j.member(ctx, key)
		return ok, err
	case '"':
		found = same(j)
		return found, err
	}
	stopped := j.each(ctx, func(_ string, v jsonText) bool {
		found = same(v)
		return !found && err == nil
	})
	if err == nil {
		err = stopped
	}
	return found, err
}
