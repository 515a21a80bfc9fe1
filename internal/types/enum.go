package types

import (
	"cmp"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// enumCodec turns labels into sort keys and back.
type enumCodec struct {
	labels  []EnumLabel // by Sort
	byLabel map[string]EnumLabel
}

func newEnumCodec(labels []EnumLabel) *enumCodec {
	c := &enumCodec{labels: slices.Clone(labels), byLabel: make(map[string]EnumLabel, len(labels))}
	slices.SortFunc(c.labels, func(a, b EnumLabel) int { return cmp.Compare(a.Sort, b.Sort) })
	for _, l := range labels {
		c.byLabel[l.Label] = l
	}
	return c
}

// CheckUse refuses a label of type t that its own transaction has just added
// (check_safe_enum_use in enum.c).
func (l EnumLabel) CheckUse(t *Type) error {
	if !l.Fresh {
		return nil
	}
	return pgerr.New(pgerr.UnsafeNewEnumValueUsage, "unsafe use of new value \"%s\" of enum type %s", l.Label, t.SQLName).
		WithHint("New enum values must be committed before they can be used.")
}

func (c *enumCodec) parse(_ *Env, t *Type, s string, _ int32) (Datum, error) {
	if l, ok := c.byLabel[s]; ok {
		if err := l.CheckUse(t); err != nil {
			return Null, err
		}
		return Int(l.Sort), nil
	}
	return Null, pgerr.New(pgerr.InvalidTextRepresentation, "invalid input value for enum %s: \"%s\"", t.SQLName, s)
}

func (c *enumCodec) format(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	i, ok := slices.BinarySearchFunc(c.labels, d.Int(), func(l EnumLabel, v int64) int { return cmp.Compare(l.Sort, v) })
	if !ok {
		return dst
	}
	return append(dst, c.labels[i].Label...)
}

func (c *enumCodec) decode(env *Env, t *Type, b []byte, typmod int32) (Datum, error) {
	return c.parse(env, t, string(b), typmod)
}

func (c *enumCodec) encode(env *Env, t *Type, dst []byte, d Datum) []byte {
	return c.format(env, t, dst, d)
}

func (c *enumCodec) compare(_ *Type, a, b Datum) int { return cmp.Compare(a.Int(), b.Int()) }

func (c *enumCodec) hash(_ *Type, h uint64, d Datum) uint64 { return mix(h, uint64(d.Int())) }
