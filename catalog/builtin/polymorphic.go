package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// polymorph is what one call makes of the any… types (manual 38.2.5): the
// simple family must agree exactly, the compatible one finds a common type.
type polymorph struct {
	elem, array   *types.Type // anyelement, anyarray
	ranges        rangePair   // anyrange, anymultirange
	unknown       bool        // a literal stood for one of the simple family
	common        *types.Type // anycompatible
	commonArray   *types.Type
	commonRanges  rangePair
	compatible    []*types.Type // what the common type is chosen from
	nonArray      bool
	enum          bool
	commonNoArray bool
	uses          bool // any of them occurs
}

func errNoArrayType(t *types.Type) error {
	return pgerr.New(pgerr.UndefinedObject, "could not find array type for data type %s", t.SQLName)
}

func errNotAlike(declared string, a, b *types.Type) error {
	return pgerr.New(pgerr.DatatypeMismatch, "arguments declared \"%s\" are not all alike", declared).
		WithDetail("%s versus %s", a.SQLName, b.SQLName)
}

func errNotEnum(t *types.Type) error {
	if t == nil {
		t = types.TUnknown
	}
	return pgerr.New(pgerr.DatatypeMismatch, "type matched to anyenum is not an enum type: %s", t.SQLName)
}

func errNotArray(declared string, t *types.Type) error {
	return pgerr.New(pgerr.DatatypeMismatch, "argument declared %s is not an array but type %s", declared, t.SQLName)
}

// collect takes one argument into account.
func (p *polymorph) collect(declared, actual *types.Type) error {
	if !declared.IsPolymorphic() {
		return nil
	}
	p.uses = true
	switch declared {
	case types.TAnyElement, types.TAnyNonArray, types.TAnyEnum:
		return p.collectElem(declared, actual)
	case types.TAnyArray:
		return p.collectArray(actual)
	case types.TAnyRange, types.TAnyMultirange:
		return p.collectRange(&p.ranges, declared, actual)
	case types.TAnyCompatibleRange, types.TAnyCompatibleMultirange:
		return p.collectRange(&p.commonRanges, declared, actual)
	case types.TAnyCompatible, types.TAnyCompatibleNonArray:
		p.commonNoArray = p.commonNoArray || declared == types.TAnyCompatibleNonArray
		p.compatible = append(p.compatible, actual)
	case types.TAnyCompatibleArray:
		if actual == types.TUnknown {
			p.compatible = append(p.compatible, actual)
			return nil
		}
		elem := actual.Base().Elem
		if elem == nil {
			return errNotArray("anycompatiblearray", actual)
		}
		p.compatible = append(p.compatible, elem)
	}
	return nil
}

func (p *polymorph) collectElem(declared, actual *types.Type) error {
	p.nonArray = p.nonArray || declared == types.TAnyNonArray
	p.enum = p.enum || declared == types.TAnyEnum
	switch {
	case actual == types.TUnknown:
		p.unknown = true
	case p.elem != nil && p.elem != actual:
		return errNotAlike("anyelement", p.elem, actual)
	default:
		p.elem = actual
	}
	return nil
}

func (p *polymorph) collectArray(actual *types.Type) error {
	if actual == types.TUnknown {
		p.unknown = true
		return nil
	}
	actual = actual.Base()
	if p.array != nil && p.array != actual {
		return errNotAlike("anyarray", p.array, actual)
	}
	p.array = actual
	return nil
}

// settle derives the types that the arguments leave open and checks the families' rules.
func (p *polymorph) settle(l *Library) error {
	if err := p.settleArray(); err != nil {
		return err
	}
	if err := p.settleRange(); err != nil {
		return err
	}
	if p.nonArray && p.elem != nil && p.elem.Base().Elem != nil {
		return pgerr.New(pgerr.DatatypeMismatch, "type matched to anynonarray is an array type: %s", p.elem.SQLName)
	}
	if p.enum && (p.elem == nil || p.elem.Kind != 'e') {
		return errNotEnum(p.elem)
	}
	if err := p.collectCommonRange(); err != nil {
		return err
	}
	if len(p.compatible) > 0 {
		return p.settleCommon(l)
	}
	return nil
}

func (p *polymorph) settleArray() error {
	if p.array == nil {
		if p.elem != nil {
			p.array = p.elem.Array
		}
		return nil
	}
	elem := p.array.Elem
	switch {
	case p.array == types.TAnyArray:
		elem = types.TAnyElement
	case elem == nil:
		return errNotArray("anyarray", p.array)
	}
	if p.elem != nil && p.elem != elem {
		return pgerr.New(pgerr.DatatypeMismatch, "argument declared %s is not consistent with argument declared %s", "anyarray", "anyelement").
			WithDetail("%s versus %s", p.array.SQLName, p.elem.SQLName)
	}
	p.elem = elem
	return nil
}

func (p *polymorph) settleCommon(l *Library) error {
	common, clash := l.commonType(p.compatible)
	if clash != nil {
		return pgerr.New(pgerr.DatatypeMismatch, "arguments of anycompatible family cannot be cast to a common type")
	}
	for _, t := range p.compatible {
		if !l.CanCoerce(t, common, Implicit) {
			return pgerr.New(pgerr.DatatypeMismatch, "arguments of anycompatible family cannot be cast to a common type")
		}
	}
	p.common, p.commonArray = common, common.Array
	if err := p.checkCommonRange(); err != nil {
		return err
	}
	if p.commonNoArray && common.Base().Elem != nil {
		return pgerr.New(pgerr.DatatypeMismatch, "type matched to anycompatiblenonarray is an array type: %s", common.SQLName)
	}
	return nil
}

// concrete is the type that stands for declared.
func (p *polymorph) concrete(declared *types.Type) (*types.Type, error) {
	var t, elem *types.Type
	switch declared {
	case types.TAnyElement, types.TAnyNonArray, types.TAnyEnum:
		t = p.elem
	case types.TAnyArray:
		t, elem = p.array, p.elem
	case types.TAnyCompatible, types.TAnyCompatibleNonArray:
		t = p.common
	case types.TAnyCompatibleArray:
		t, elem = p.commonArray, p.common
	case types.TAnyRange, types.TAnyMultirange, types.TAnyCompatibleRange, types.TAnyCompatibleMultirange:
		return p.concreteRange(declared)
	default:
		return declared, nil
	}
	if t == nil && elem != nil {
		return nil, errNoArrayType(elem)
	}
	if t == nil {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "could not determine polymorphic type because input has type unknown")
	}
	return t, nil
}

// resolvePolymorphic replaces the any… types among a call's declared arguments
// and result by those that the actual arguments give
// (enforce_generic_type_consistency). "any" becomes the argument's own type.
func (l *Library) resolvePolymorphic(actual, declared []*types.Type, result *types.Type) ([]*types.Type, *types.Type, error) {
	var p polymorph
	for i, d := range declared {
		if err := p.collect(d, actual[i]); err != nil {
			return nil, nil, err
		}
	}
	if p.uses {
		if err := p.settle(l); err != nil {
			return nil, nil, err
		}
	}
	out := make([]*types.Type, len(declared))
	for i, d := range declared {
		if d == types.TAny {
			out[i] = actual[i]
			continue
		}
		t, err := p.concrete(d)
		if err != nil {
			return nil, nil, err
		}
		if d == types.TAnyArray && actual[i] != types.TUnknown {
			t = actual[i]
		}
		out[i] = t
	}
	if result.IsPolymorphic() {
		var err error
		if result, err = p.concrete(result); err != nil {
			return nil, nil, err
		}
	}
	return out, result, nil
}

// consistent reports whether the actual arguments could stand for the declared
// ones as far as polymorphic types go (check_generic_type_consistency).
func (l *Library) consistent(actual, declared []*types.Type) bool {
	var p polymorph
	for i, d := range declared {
		if p.collect(d, actual[i]) != nil {
			return false
		}
	}
	return !p.uses || p.settle(l) == nil
}
