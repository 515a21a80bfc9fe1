package builtin

import (
	"strconv"

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
	for _, p := range []string{"json", "jsonb"} {
		out[p+"_object_field"], out[p+"_object_field_text"] = objectField(asJSON), objectField(asText)
		out[p+"_array_element"], out[p+"_array_element_text"] = arrayElement(asJSON), arrayElement(asText)
		out[p+"_extract_path"], out[p+"_extract_path_text"] = extractPath(asJSON), extractPath(asText)
		out[p+"_typeof"] = func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
			return types.Text(jsonOf(a[0]).kind()), nil
		}
		out[p+"_array_length"] = jsonArrayLength
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
	return out
}

func jsonOf(d types.Datum) jsonText { return newJSONText(d.Text()) }

// asJSON and asText are the two forms of a part: itself, or its text with null
// as NULL.
func asJSON(j jsonText) types.Datum { return types.Text(string(j)) }

func asText(j jsonText) types.Datum {
	switch j[0] {
	case 'n':
		return types.Null
	case '"':
		return types.Text(j.unquote())
	}
	return types.Text(string(j))
}

func objectField(form func(jsonText) types.Datum) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		if v, ok := jsonOf(a[0]).member(a[1].Text()); ok {
			return form(v), nil
		}
		return types.Null, nil
	}
}

func arrayElement(form func(jsonText) types.Datum) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		if v, ok := jsonOf(a[0]).element(a[1].Int()); ok {
			return form(v), nil
		}
		return types.Null, nil
	}
}

// extractPath is #> and #>>: the path's steps are keys, or subscripts of arrays.
func extractPath(form func(jsonText) types.Datum) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		j := jsonOf(a[0])
		for _, step := range a[1].Array().Elems {
			if step.IsNull() {
				return types.Null, nil
			}
			var ok bool
			if j[0] == '[' {
				i, err := strconv.ParseInt(step.Text(), 10, 32)
				if err != nil {
					return types.Null, nil
				}
				j, ok = j.element(i)
			} else {
				j, ok = j.member(step.Text())
			}
			if !ok {
				return types.Null, nil
			}
		}
		return form(j), nil
	}
}

func errJSONKind(format string, args ...any) error {
	return pgerr.New(pgerr.InvalidParameterValue, format, args...)
}

func jsonArrayLength(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	j := jsonOf(a[0])
	switch j.kind() {
	case "array":
		return types.Int(j.length()), nil
	case "object":
		return types.Null, errJSONKind("cannot get array length of a non-array")
	}
	return types.Null, errJSONKind("cannot get array length of a scalar")
}

func objectKeys(prefix string) rowsImpl {
	return func(_ *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
		j := jsonOf(a[0])
		switch j.kind() {
		case "object":
		case "array":
			return errJSONKind("cannot call %s_object_keys on an array", prefix)
		default:
			return errJSONKind("cannot call %s_object_keys on a scalar", prefix)
		}
		j.each(func(key string, _ jsonText) bool { return yield(types.Text(key)) })
		return nil
	}
}

var eachNames = []string{"key", "value"}

// jsonEach yields (key, value) rows.
func jsonEach(name string, form func(jsonText) types.Datum) rowsImpl {
	valueType := types.TText
	if form(jsonText("null")).Kind() == types.KindText {
		valueType = types.TJSON
		if name == "jsonb_each" {
			valueType = types.TJSONB
		}
	}
	rowTypes := []*types.Type{types.TText, valueType}
	return func(_ *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
		j := jsonOf(a[0])
		switch {
		case j[0] == '[' && name[:5] != "jsonb":
			return errJSONKind("cannot deconstruct an array as an object")
		case j[0] != '{' && name[:5] != "jsonb":
			return errJSONKind("cannot deconstruct a scalar")
		case j[0] != '{':
			return errJSONKind("cannot call %s on a non-object", name)
		}
		j.each(func(key string, v jsonText) bool {
			return yield(types.RowDatum(&types.Row{Types: rowTypes, Names: eachNames, Fields: []types.Datum{types.Text(key), form(v)}}))
		})
		return nil
	}
}

func jsonElements(name string, form func(jsonText) types.Datum) rowsImpl {
	return func(_ *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
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
		j.each(func(_ string, v jsonText) bool { return yield(form(v)) })
		return nil
	}
}

// jsonExists is jsonb's ?: a key of an object, or a string of an array.
func jsonExists(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return types.Bool(hasKey(jsonOf(a[0]), a[1].Text())), nil
}

func hasKey(j jsonText, key string) bool {
	switch j[0] {
	case '{':
		_, ok := j.member(key)
		return ok
	case '"':
		return j.unquote() == key
	}
	found := false
	j.each(func(_ string, v jsonText) bool {
		found = found || v[0] == '"' && v.unquote() == key
		return !found
	})
	return found
}
