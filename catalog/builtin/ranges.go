package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// rangeBinds are the functions of ranges (rangetypes.c). All are for any range
// type: which one it is, their call's types say.
var rangeBinds = makeRangeBinds()

type (
	// rangeTest is a question about two ranges.
	rangeTest = func(f *types.RangeFamily, a, b *types.Range) bool
	// rangeOp makes a range of two.
	rangeOp = func(f *types.RangeFamily, a, b *types.Range) (*types.Range, error)
)

func makeRangeBinds() bindImpls {
	out := bindImpls{
		"range_constructor2": bindConstructor,
		"range_constructor3": bindConstructor,
		"range_lower":        bindRange(func(_ *types.RangeFamily, r *types.Range) types.Datum { return r.Lower.Value }),
		"range_upper":        bindRange(func(_ *types.RangeFamily, r *types.Range) types.Datum { return r.Upper.Value }),
		"range_empty":        bindRange(func(_ *types.RangeFamily, r *types.Range) types.Datum { return types.Bool(r.Empty) }),
		"range_lower_inc":    bindRange(func(_ *types.RangeFamily, r *types.Range) types.Datum { return types.Bool(r.Lower.Inclusive) }),
		"range_upper_inc":    bindRange(func(_ *types.RangeFamily, r *types.Range) types.Datum { return types.Bool(r.Upper.Inclusive) }),
		"range_lower_inf":    bindRange(func(_ *types.RangeFamily, r *types.Range) types.Datum { return types.Bool(r.Lower.Infinite) }),
		"range_upper_inf":    bindRange(func(_ *types.RangeFamily, r *types.Range) types.Datum { return types.Bool(r.Upper.Infinite) }),
		"range_contains_elem": func(args []*types.Type, _ *types.Type) impl {
			f := args[0].Ranges()
			return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
				return types.Bool(f.Has(a[0].Range(), a[1])), nil
			}
		},
		"elem_contained_by_range": func(args []*types.Type, _ *types.Type) impl {
			f := args[1].Ranges()
			return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
				return types.Bool(f.Has(a[1].Range(), a[0])), nil
			}
		},
		"range_cmp": func(args []*types.Type, _ *types.Type) impl {
			f := args[0].Ranges()
			return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
				return types.Int(int64(f.Compare(a[0].Range(), a[1].Range()))), nil
			}
		},
		"int4range_canonical": bindSame, "int8range_canonical": bindSame, "daterange_canonical": bindSame,
	}
	for name, test := range rangeTests() {
		out["range_"+name] = bindRangeTest(test)
	}
	for name, op := range rangeOps() {
		out["range_"+name] = bindRangeOp(op)
	}
	for suffix, op := range operations {
		out["range_"+suffix] = bindRangeTest(func(f *types.RangeFamily, a, b *types.Range) bool {
			return op.Holds(int64(f.Compare(a, b)), 0)
		})
	}
	return out
}

func rangeTests() map[string]rangeTest {
	return map[string]rangeTest{
		"overlaps":     (*types.RangeFamily).Overlaps,
		"contains":     (*types.RangeFamily).Contains,
		"contained_by": func(f *types.RangeFamily, a, b *types.Range) bool { return f.Contains(b, a) },
		"adjacent":     (*types.RangeFamily).Adjacent,
		"before":       (*types.RangeFamily).Before,
		"after":        func(f *types.RangeFamily, a, b *types.Range) bool { return f.Before(b, a) },
		"overleft":     (*types.RangeFamily).NotBeyond,
		"overright":    (*types.RangeFamily).NotBelow,
	}
}

func rangeOps() map[string]rangeOp {
	return map[string]rangeOp{
		"union":                 (*types.RangeFamily).Union,
		"merge":                 (*types.RangeFamily).Merge,
		"intersect":             (*types.RangeFamily).Intersect,
		"minus":                 (*types.RangeFamily).Minus,
		"intersect_agg_transfn": (*types.RangeFamily).Intersect,
	}
}

func bindRange(of func(f *types.RangeFamily, r *types.Range) types.Datum) bindImpl {
	return func(args []*types.Type, _ *types.Type) impl {
		f := args[0].Ranges()
		return func(_ *expr.Context, a []types.Datum) (types.Datum, error) { return of(f, a[0].Range()), nil }
	}
}

func bindRangeTest(test rangeTest) bindImpl {
	return func(args []*types.Type, _ *types.Type) impl {
		f := args[0].Ranges()
		return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
			return types.Bool(test(f, a[0].Range(), a[1].Range())), nil
		}
	}
}

func bindRangeOp(op rangeOp) bindImpl {
	return func(args []*types.Type, _ *types.Type) impl {
		f := args[0].Ranges()
		return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
			r, err := op(f, a[0].Range(), a[1].Range())
			return types.RangeDatum(r), err
		}
	}
}

// bindSame is what makes canonical what is canonical already.
func bindSame([]*types.Type, *types.Type) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) { return a[0], nil }
}

// bindConstructor is name(lower, upper [, inclusions]): NULL is no bound.
func bindConstructor(_ []*types.Type, result *types.Type) impl {
	f := result.Ranges()
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		lower, upper := types.Bound{Value: a[0], Infinite: a[0].IsNull(), Inclusive: true}, types.Bound{Value: a[1], Infinite: a[1].IsNull()}
		if len(a) > 2 {
			if a[2].IsNull() {
				return types.Null, pgerr.New(pgerr.DataException, "range constructor flags argument must not be null")
			}
			var err error
			if lower.Inclusive, upper.Inclusive, err = types.RangeInclusions(a[2].Text()); err != nil {
				return types.Null, err
			}
		}
		r, err := f.Make(lower, upper)
		return types.RangeDatum(r), err
	}
}

// The built-in functions whose like every user-defined range type has:
// int4range's and int4multirange's.
var (
	constructorProcs      = []types.OID{3840, 3841}
	multiConstructorProcs = []types.OID{4280, 4281, 4282}
)

// RangeConstructors are the functions that make values of a user-defined range or
// multirange type.
func (l *Library) RangeConstructors(t *types.Type) (list []*Proc) {
	family := t.Ranges()
	like, args := constructorProcs, [][]*types.Type{{family.Subtype, family.Subtype}, {family.Subtype, family.Subtype, types.TText}}
	if t.IsMultirange() {
		like, args = multiConstructorProcs, [][]*types.Type{nil, {family.Range}, {family.Range.Array}}
	}
	for i, oid := range like {
		p := *l.Proc(oid)
		p.Name, p.Args, p.AllArgs, p.Result = family.Constructor(t).Name, args[i], nil, t
		if p.Variadic != nil {
			p.Variadic = family.Range
		}
		list = append(list, &p)
	}
	return list
}

// rangeCast is the conversion of a user-defined range type to its multirange type.
func (l *Library) rangeCast(from, to *types.Type) *Coercion {
	f := l.Proc(multiConstructorProcs[1]).Func
	return &Coercion{Form: expr.CastFunction, Func: bindFunction(f, []*types.Type{from}, to)}
}

// rangeImpls are the functions of single range types: how far values lie apart.
var rangeImpls = impls{
	"int4range_subdiff": intsApart(1),
	"int8range_subdiff": intsApart(1),
	"daterange_subdiff": intsApart(1),
	"tsrange_subdiff":   intsApart(1e6),
	"tstzrange_subdiff": intsApart(1e6),
	"numrange_subdiff": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		d, err := types.NumericSub(a[0].Decimal(), a[1].Decimal())
		if err != nil {
			return types.Null, err
		}
		v, err := types.NumericToFloat(d, 64)
		return types.Float(v), err
	},
}

// intsApart is the difference of two values in that unit.
func intsApart(unit float64) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Float((float64(a[0].Int()) - float64(a[1].Int())) / unit), nil
	}
}
