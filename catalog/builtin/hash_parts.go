package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// join takes the hash of a part into the one of those before it.
func join(all, part uint64) uint64 { return all<<5 - all + part }

// hashArray is of the elements, as if an empty array were 1; a NULL is 0.
func hashArray(h *hasher, _ *types.Type, d types.Datum) (uint64, error) {
	a := d.Array()
	of, err := typeHash(hashRecord), error(nil)
	if a.Elem != types.TRecord || h.extended { // rows of no type have the one form only
		of, err = h.ofPart(a.Elem)
	}
	if err != nil {
		return 0, err
	}
	all := uint64(1)
	for _, e := range a.Elems {
		part, err := h.part(of, a.Elem, e)
		if err != nil {
			return 0, err
		}
		all = join(all, part)
	}
	return all, nil
}

// part is the hash of a value in another one.
func (h *hasher) part(of typeHash, t *types.Type, d types.Datum) (uint64, error) {
	if err := h.work(elemWork); err != nil || d.IsNull() {
		return 0, err
	}
	return of(h, t, d)
}

func hashRecord(h *hasher, _ *types.Type, d types.Datum) (all uint64, err error) {
	row := d.Row()
	for i, f := range row.Fields {
		of, err := h.ofPart(row.Types[i])
		if err != nil {
			return 0, err
		}
		part, err := h.part(of, row.Types[i], f)
		if err != nil {
			return 0, err
		}
		all = join(all, part)
	}
	return all, nil
}

func hashRange(h *hasher, t *types.Type, d types.Datum) (uint64, error) {
	f := t.Ranges()
	of, err := ofBound(t)
	if err != nil {
		return 0, err
	}
	return h.ranged(of, f, d.Range())
}

// ranged is of a range's flags and bounds.
func (h *hasher) ranged(of typeHash, f *types.RangeFamily, r *types.Range) (uint64, error) {
	lower, err := h.part(of, f.Subtype, r.Lower.Value)
	if err != nil {
		return 0, err
	}
	upper, err := h.part(of, f.Subtype, r.Upper.Value)
	return h.turned(h.word(uint32(r.Flags()))^lower) ^ upper, err
}

func hashMultirange(h *hasher, t *types.Type, d types.Datum) (uint64, error) {
	f := t.Ranges()
	of, err := ofBound(t)
	if err != nil {
		return 0, err
	}
	all := uint64(1)
	for _, r := range d.Multirange() {
		part, err := h.ranged(of, f, r)
		if err != nil {
			return 0, err
		}
		all = join(all, part)
	}
	return all, nil
}

// What a jsonb's containers add to its hash (JB_FARRAY and JB_FOBJECT in jsonb.h).
const (
	jsonbArray  = 0x40000000
	jsonbObject = 0x20000000
)

func hashJSONB(h *hasher, _ *types.Type, d types.Datum) (uint64, error) {
	v, err := types.ParseJSON(d.Text(), h.work)
	if err != nil {
		return 0, err
	}
	switch {
	case v.Kind == types.JSONArray && len(v.Elems) == 0, v.Kind == types.JSONObject && len(v.Fields) == 0:
		return h.plain(), nil
	case v.Kind != types.JSONArray && v.Kind != types.JSONObject: // the only element of an array
		v = types.JSONValue{Kind: types.JSONArray, Elems: []types.JSONValue{v}}
	}
	j := jsonbHasher{hasher: h}
	err = j.value(&v)
	return j.all, err
}

// jsonbHasher goes through a document's keys and scalars in their order.
type jsonbHasher struct {
	*hasher
	all uint64
}

func (j *jsonbHasher) container(flag uint64) {
	if j.extended {
		flag |= flag << 32
	}
	j.all ^= flag
}

// scalar takes the hash of a key or scalar in.
func (j *jsonbHasher) scalar(v uint64) { j.all = j.turned(j.all) ^ v }

func (j *jsonbHasher) value(v *types.JSONValue) error {
	switch v.Kind {
	case types.JSONArray:
		j.container(jsonbArray)
		for i := range v.Elems {
			if err := j.value(&v.Elems[i]); err != nil {
				return err
			}
		}
	case types.JSONObject:
		j.container(jsonbObject)
		for i := range v.Fields {
			j.scalar(j.bytes([]byte(v.Fields[i].Key)))
			if err := j.value(&v.Fields[i].Value); err != nil {
				return err
			}
		}
	case types.JSONString:
		j.scalar(j.bytes([]byte(v.Text)))
	case types.JSONNumber:
		n, err := hashNumeric(j.hasher, types.TNumeric, types.Decimal(v.Number))
		if err != nil {
			return err
		}
		j.scalar(n)
	case types.JSONBool:
		j.scalar(j.truth(v.Bool))
	default:
		j.scalar(j.plain() + 1)
	}
	return j.work(elemWork)
}

// truth is of a boolean: with a seed as of a column's.
func (j *jsonbHasher) truth(b bool) uint64 {
	switch {
	case j.extended && j.seed != 0 && b:
		return j.word(1)
	case j.extended && j.seed != 0:
		return j.word(0)
	case b:
		return 2
	}
	return 4
}
