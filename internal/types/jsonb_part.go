package types

import (
	"slices"
	"strconv"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Field is the index of an object's member in Fields, -1 if it has none of that key.
func (v *JSONValue) Field(key string) int {
	return slices.IndexFunc(v.Fields, func(f JSONField) bool { return f.Key == key })
}

// At is what a path leads to; ok is false when nothing is there. Of arrays a
// step is an index, negative ones count from the end.
func (v JSONValue) At(path []string) (_ JSONValue, ok bool) {
	for _, step := range path {
		switch v.Kind {
		case JSONObject:
			i := v.Field(step)
			if i < 0 {
				return v, false
			}
			v = v.Fields[i].Value
		case JSONArray:
			i, err := strconv.ParseInt(step, 10, 32)
			if err != nil {
				return v, false
			}
			if i < 0 {
				i += int64(len(v.Elems))
			}
			if i < 0 || i >= int64(len(v.Elems)) {
				return v, false
			}
			v = v.Elems[i]
		default:
			return v, false
		}
	}
	return v, true
}

// Assign puts part where a path leads to, and makes the way there (setPath in
// jsonfuncs.c, with JB_PATH_FILL_GAPS): objects for steps that are no integers,
// arrays, filled up with nulls, for those that are. v's memory is not kept.
func (v JSONValue) Assign(path []string, part JSONValue) (JSONValue, error) {
	return v.assign(path, 0, part)
}

func (v JSONValue) assign(path []string, level int, part JSONValue) (JSONValue, error) {
	if level == len(path) {
		return part, nil
	}
	switch v.Kind {
	case JSONObject:
		i := v.Field(path[level])
		if i < 0 {
			inner, err := wayTo(path[level+1:], part)
			v.Fields = SortJSONFields(append(v.Fields, JSONField{Key: path[level], Value: inner}))
			return v, err
		}
		var err error
		v.Fields[i].Value, err = v.Fields[i].Value.assign(path, level+1, part)
		return v, err
	case JSONArray:
		return v.assignElem(path, level, part)
	}
	return v, pgerr.New(pgerr.InvalidParameterValue, "cannot replace existing key").
		WithDetail("The path assumes key is a composite object, but it is a scalar value.")
}

func (v JSONValue) assignElem(path []string, level int, part JSONValue) (JSONValue, error) {
	at, err := strconv.ParseInt(path[level], 10, 32)
	if err != nil {
		return v, pgerr.New(pgerr.InvalidTextRepresentation, "path element at position %d is not an integer: \"%s\"", level+1, path[level])
	}
	i := at
	if i < 0 {
		if i += int64(len(v.Elems)); i < 0 {
			return v, pgerr.New(pgerr.InvalidParameterValue, "path element at position %d is out of range: %d", level+1, at)
		}
	}
	if i < int64(len(v.Elems)) {
		v.Elems[i], err = v.Elems[i].assign(path, level+1, part)
		return v, err
	}
	inner, err := wayTo(path[level+1:], part)
	if err != nil {
		return v, err
	}
	v.Elems, err = filledUp(v.Elems, i)
	v.Elems = append(v.Elems, inner)
	return v, err
}

// filledUp are elements with nulls behind them, up to n.
func filledUp(elems []JSONValue, n int64) ([]JSONValue, error) {
	if n >= maxJSONValues {
		return nil, errJSONValues()
	}
	for int64(len(elems)) < n {
		elems = append(elems, JSONValue{})
	}
	return elems, nil
}

// wayTo makes what the steps lead through to part (push_path).
func wayTo(path []string, part JSONValue) (JSONValue, error) {
	for _, step := range slices.Backward(path) {
		i, err := strconv.ParseInt(step, 10, 32)
		if err != nil {
			part = JSONValue{Kind: JSONObject, Fields: []JSONField{{Key: step, Value: part}}}
			continue
		}
		elems, err := filledUp(nil, i)
		if err != nil {
			return part, err
		}
		part = JSONValue{Kind: JSONArray, Elems: append(elems, part)}
	}
	return part, nil
}
