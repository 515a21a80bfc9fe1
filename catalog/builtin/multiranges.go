package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// multirangeBinds are the functions of multiranges, and of one beside a range
// (multirangetypes.c).
var multirangeBinds = makeMultirangeBinds()

// multirangeOp makes a multirange of two.
type multirangeOp = func(f *types.RangeFamily, a, b types.Multirange, work types.Work) (types.Multirange, error)

func makeMultirangeBinds() bindImpls {
	out := bindImpls{
		"multirange_constructor0":     bindMultirange(func(*types.RangeFamily, []types.Datum, types.Work) (types.Multirange, error) { return nil, nil }),
		"multirange_constructor1":     bindMultirange(multirangeOfOne),
		"multirange_constructor2":     bindMultirange(multirangeOfArray),
		"range_merge_from_multirange": bindSpan(func(r *types.Range) types.Datum { return types.RangeDatum(r) }),
		"multirange_lower":            bindSpan(func(r *types.Range) types.Datum { return r.Lower.Value }),
		"multirange_upper":            bindSpan(func(r *types.Range) types.Datum { return r.Upper.Value }),
		"multirange_empty":            bindSpan(func(r *types.Range) types.Datum { return types.Bool(r.Empty) }),
		"multirange_lower_inc":        bindSpan(func(r *types.Range) types.Datum { return types.Bool(r.Lower.Inclusive) }),
		"multirange_upper_inc":        bindSpan(func(r *types.Range) types.Datum { return types.Bool(r.Upper.Inclusive) }),
		"multirange_lower_inf":        bindSpan(func(r *types.Range) types.Datum { return types.Bool(r.Lower.Infinite) }),
		"multirange_upper_inf":        bindSpan(func(r *types.Range) types.Datum { return types.Bool(r.Upper.Infinite) }),

		"multirange_contains_elem":     bindPair(false, func(f *types.RangeFamily, m types.Multirange, v types.Datum) bool { return f.MultirangeHas(m, v) }),
		"elem_contained_by_multirange": bindPair(true, func(f *types.RangeFamily, m types.Multirange, v types.Datum) bool { return f.MultirangeHas(m, v) }),

		"multirange_contains_multirange":     bindMultiranges((*types.RangeFamily).MultirangeContainsAll),
		"multirange_contained_by_multirange": bindMultiranges(containedBy),
		"multirange_overlaps_multirange":     bindMultiranges((*types.RangeFamily).MultirangesOverlap),

		"multirange_cmp": bindMultirangeOrder(func(c int) types.Datum { return types.Int(int64(c)) }),
	}
	for name, op := range map[string]multirangeOp{
		"union": (*types.RangeFamily).UnionMultiranges, "minus": (*types.RangeFamily).MinusMultiranges,
		"intersect": (*types.RangeFamily).IntersectMultiranges, "intersect_agg_transfn": (*types.RangeFamily).IntersectMultiranges,
	} {
		out["multirange_"+name] = bindMultirange(func(f *types.RangeFamily, a []types.Datum, work types.Work) (types.Multirange, error) {
			return op(f, a[0].Multirange(), a[1].Multirange(), work)
		})
	}
	for suffix, op := range operations {
		out["multirange_"+suffix] = bindMultirangeOrder(func(c int) types.Datum { return holds(op, c) })
	}
	addSpanTests(out)
	addMixedTests(out)
	return out
}

// addSpanTests adds the questions that are about a multirange's ends alone:
// they are asked of the smallest range that has all of it.
func addSpanTests(out bindImpls) {
	tests := rangeTests()
	for _, name := range []string{"adjacent", "before", "after", "overleft", "overright"} {
		test := tests[name]
		out["range_"+name+"_multirange"] = bindSpans(test)
		out["multirange_"+name+"_range"] = bindSpans(test)
		out["multirange_"+name+"_multirange"] = bindSpans(test)
	}
	out["range_contains_multirange"] = bindSpans(tests["contains"])
	out["multirange_contained_by_range"] = bindSpans(tests["contained_by"])
}

// addMixedTests adds the questions about a multirange and a range, from both sides.
func addMixedTests(out bindImpls) {
	contains := func(f *types.RangeFamily, m types.Multirange, r types.Datum) bool {
		return f.MultirangeContains(m, r.Range())
	}
	overlaps := func(f *types.RangeFamily, m types.Multirange, r types.Datum) bool {
		return f.MultirangeOverlaps(m, r.Range())
	}
	out["multirange_contains_range"], out["range_contained_by_multirange"] = bindPair(false, contains), bindPair(true, contains)
	out["multirange_overlaps_range"], out["range_overlaps_multirange"] = bindPair(false, overlaps), bindPair(true, overlaps)
}

func containedBy(f *types.RangeFamily, a, b types.Multirange, work types.Work) (bool, error) {
	return f.MultirangeContainsAll(b, a, work)
}

func bindMultirange(of func(f *types.RangeFamily, a []types.Datum, work types.Work) (types.Multirange, error)) bindImpl {
	return func(_ []*types.Type, result *types.Type) impl {
		f := result.Ranges()
		return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			m, err := of(f, a, ctx.Spend)
			return types.MultirangeDatum(m), err
		}
	}
}

func multirangeOfOne(f *types.RangeFamily, a []types.Datum, work types.Work) (types.Multirange, error) {
	return f.MultirangeOf([]*types.Range{a[0].Range()}, work)
}

// multirangeOfArray is the variadic constructor.
func multirangeOfArray(f *types.RangeFamily, a []types.Datum, work types.Work) (types.Multirange, error) {
	array := a[0].Array()
	if len(array.Dims) > 1 {
		return nil, pgerr.New(pgerr.CardinalityViolation, "multiranges cannot be constructed from multidimensional arrays")
	}
	list := make([]*types.Range, len(array.Elems))
	for i, e := range array.Elems {
		if e.IsNull() {
			return nil, pgerr.New(pgerr.NullValueNotAllowed, "multirange values cannot contain null members")
		}
		list[i] = e.Range()
	}
	return f.MultirangeOf(list, work)
}

// spanOf is a range, or the smallest one that has all of a multirange.
func spanOf(f *types.RangeFamily, d types.Datum) *types.Range {
	if d.Kind() == types.KindMultirange {
		return f.Span(d.Multirange())
	}
	return d.Range()
}

func bindSpan(of func(r *types.Range) types.Datum) bindImpl {
	return func(args []*types.Type, _ *types.Type) impl {
		f := args[0].Ranges()
		return func(_ *expr.Context, a []types.Datum) (types.Datum, error) { return of(spanOf(f, a[0])), nil }
	}
}

func bindSpans(test rangeTest) bindImpl {
	return func(args []*types.Type, _ *types.Type) impl {
		f := args[0].Ranges()
		return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
			return types.Bool(test(f, spanOf(f, a[0]), spanOf(f, a[1]))), nil
		}
	}
}

// bindPair is a question about a multirange and something else; turned has the multirange second.
func bindPair(turned bool, test func(f *types.RangeFamily, m types.Multirange, v types.Datum) bool) bindImpl {
	at := 0
	if turned {
		at = 1
	}
	return func(args []*types.Type, _ *types.Type) impl {
		f := args[at].Ranges()
		return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
			return types.Bool(test(f, a[at].Multirange(), a[1-at])), nil
		}
	}
}

func bindMultiranges(test func(f *types.RangeFamily, a, b types.Multirange, work types.Work) (bool, error)) bindImpl {
	return func(args []*types.Type, _ *types.Type) impl {
		f := args[0].Ranges()
		return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			is, err := test(f, a[0].Multirange(), a[1].Multirange(), ctx.Spend)
			return types.Bool(is), err
		}
	}
}

func bindMultirangeOrder(answer func(c int) types.Datum) bindImpl {
	return func(args []*types.Type, _ *types.Type) impl {
		f := args[0].Ranges()
		return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			c, err := f.CompareMultiranges(a[0].Multirange(), a[1].Multirange(), ctx.Spend)
			return answer(c), err
		}
	}
}

// multirangeRows are the functions of multiranges that return sets.
var multirangeRows = rowsImpls{
	"multirange_unnest": func(_ *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
		for _, r := range a[0].Multirange() {
			if !yield(types.RangeDatum(r)) {
				break
			}
		}
		return nil
	},
}
