package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// rangePair is what a call's arguments say of a range and a multirange type.
type rangePair struct {
	rng, multirange *types.Type
}

// collectRange takes an argument into account that is declared as a range or multirange.
func (p *polymorph) collectRange(pair *rangePair, declared, actual *types.Type) error {
	if actual == types.TUnknown {
		if declared == types.TAnyRange || declared == types.TAnyMultirange {
			p.unknown = true
		} else {
			p.compatible = append(p.compatible, actual)
		}
		return nil
	}
	place := &pair.rng
	if declared == types.TAnyMultirange || declared == types.TAnyCompatibleMultirange {
		place = &pair.multirange
	}
	actual = actual.Base()
	if *place != nil && *place != actual {
		return errNotAlike(declared.Name, *place, actual)
	}
	*place = actual
	return nil
}

func errNotRange(declared, kind string, t *types.Type) error {
	return pgerr.New(pgerr.DatatypeMismatch, "argument declared %s is not a %s type but type %s", declared, kind, t.SQLName)
}

func errNotConsistent(a, b string, x, y *types.Type) error {
	return pgerr.New(pgerr.DatatypeMismatch, "argument declared %s is not consistent with argument declared %s", a, b).
		WithDetail("%s versus %s", x.SQLName, y.SQLName)
}

// settle checks that the types are ranges and multiranges of each other, and
// finds the one by the other: names are those of the pseudo-types.
func (pair *rangePair) settle(rngName, multirangeName string) error {
	if m := pair.multirange; m != nil {
		switch f := m.Ranges(); {
		case m.Kind != 'm':
			return errNotRange(multirangeName, "multirange", m)
		case pair.rng != nil && pair.rng != f.Range:
			return errNotConsistent(multirangeName, rngName, m, pair.rng)
		default:
			pair.rng = f.Range
		}
	}
	if pair.rng == nil {
		return nil
	}
	if pair.rng.Kind != 'r' {
		return errNotRange(rngName, "range", pair.rng)
	}
	pair.multirange = pair.rng.Ranges().Multirange
	return nil
}

// settleRange finds anyelement by anyrange, or sees that they agree.
func (p *polymorph) settleRange() error {
	if err := p.ranges.settle("anyrange", "anymultirange"); err != nil || p.ranges.rng == nil {
		return err
	}
	subtype := p.ranges.rng.Ranges().Subtype
	if p.elem != nil && p.elem != subtype {
		return errNotConsistent("anyrange", "anyelement", p.ranges.rng, p.elem)
	}
	p.elem = subtype
	if p.array == nil {
		p.array = subtype.Array
	}
	return nil
}

// collectCommonRange lets the subtype take part in the choice of the common type.
func (p *polymorph) collectCommonRange() error {
	if err := p.commonRanges.settle("anycompatiblerange", "anycompatiblemultirange"); err != nil || p.commonRanges.rng == nil {
		return err
	}
	p.compatible = append(p.compatible, p.commonRanges.rng.Ranges().Subtype)
	return nil
}

// checkCommonRange sees that the common type is the range's: ranges are not converted.
func (p *polymorph) checkCommonRange() error {
	if rng := p.commonRanges.rng; rng != nil && rng.Ranges().Subtype != p.common {
		return pgerr.New(pgerr.DatatypeMismatch, "anycompatiblerange type %s does not match anycompatible type %s", rng.SQLName, p.common.SQLName)
	}
	return nil
}

// concreteRange is the type that stands for a declared range or multirange.
func (p *polymorph) concreteRange(declared *types.Type) (*types.Type, error) {
	pair, known := &p.ranges, p.elem
	if declared == types.TAnyCompatibleRange || declared == types.TAnyCompatibleMultirange {
		pair, known = &p.commonRanges, p.common
	}
	t := pair.rng
	if declared == types.TAnyMultirange || declared == types.TAnyCompatibleMultirange {
		t = pair.multirange
	}
	switch {
	case t != nil:
		return t, nil
	case known == nil && pair == &p.ranges:
		return nil, pgerr.New(pgerr.DatatypeMismatch, "could not determine polymorphic type because input has type unknown")
	}
	return nil, pgerr.New(pgerr.DatatypeMismatch, "could not determine polymorphic type %s because input has type unknown", declared.Name)
}
