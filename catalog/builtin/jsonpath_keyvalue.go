package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/jsonpath"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// pathBase is a value within which objects have numbers of their own.
type pathBase struct {
	value   *types.JSONValue
	id      int64
	offsets map[*types.JSONValue]int64 // made when first asked for
}

// baseFactor keeps the numbers of different bases apart.
const baseFactor = 10_000_000_000

// number is an object's: where it lies in jsonb's binary form, and of which base.
func (b *pathBase) number(object *types.JSONValue) int64 {
	if b.offsets == nil {
		b.offsets = map[*types.JSONValue]int64{}
		b.lay(b.value, 0)
	}
	return b.offsets[object] + b.id*baseFactor
}

// entryBytes is the size of a header in jsonb: of a container, and of each thing in it.
const entryBytes = 4

// lay notes where a container and those in it begin, and returns the end of a
// value that begins at a place (jsonb_util.c, convertJsonbValue).
func (b *pathBase) lay(v *types.JSONValue, at int64) (end int64) {
	switch v.Kind {
	case types.JSONString:
		return at + int64(len(v.Text))
	case types.JSONNumber:
		return aligned(at) + int64(types.NumericSize(v.Number))
	case types.JSONArray, types.JSONObject:
		at = aligned(at)
		b.offsets[v] = at
		end = at + entryBytes*int64(1+len(v.Elems)+2*len(v.Fields))
		for n := range v.Fields {
			end += int64(len(v.Fields[n].Key))
		}
		children(v, func(x *types.JSONValue) bool {
			end = b.lay(x, end)
			return true
		})
		return end
	}
	return at
}

func aligned(at int64) int64 { return (at + entryBytes - 1) / entryBytes * entryBytes }

// keyValue gives an object's members as objects of their own.
func (r *pathRun) keyValue(i *jsonpath.Item, v *types.JSONValue, list *found) (all outcome, err error) {
	if v.Kind != types.JSONObject {
		return r.fail(pgerr.SQLJSONObjectNotFound, "jsonpath item method .%s() can only be applied to an object", i.Kind)
	}
	id := types.JSONValue{Kind: types.JSONNumber, Number: types.NumericFromInt(r.base.number(v))}
	outer := r.base
	defer func() { r.base = outer }()
	for _, f := range v.Fields {
		if err := r.ctx.Spend(pathWork); err != nil {
			return failed, err
		}
		if i.Next == nil && list == nil {
			return ok, nil
		}
		pair := &types.JSONValue{Kind: types.JSONObject, Fields: []types.JSONField{
			{Key: "id", Value: id}, {Key: "key", Value: types.JSONValue{Kind: types.JSONString, Text: f.Key}}, {Key: "value", Value: f.Value},
		}}
		r.base = &pathBase{value: pair, id: r.objects}
		r.objects++
		if all, err = r.next(i, pair, list); all == failed || err != nil || all == ok && list == nil {
			return all, err
		}
	}
	return all, nil
}
