package builtin

import (
	"cmp"
	"math"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// mixedCompareImpls compare dates, timestamps and timestamptz with each other:
// a date is its midnight, what has no zone is in the session's.
var mixedCompareImpls = makeMixedCompareImpls()

// moment makes a comparable timestamp of an argument; one beyond the range is infinite.
type moment func(ctx *expr.Context, d types.Datum) int64

func momentOfDate(_ *expr.Context, d types.Datum) int64 {
	return clampMoment(d, types.DateToTimestamp)
}

func momentOfDateTZ(ctx *expr.Context, d types.Datum) int64 {
	t := momentOfDate(ctx, d)
	if t == beyond || t == before {
		return t
	}
	return momentOfLocal(ctx, types.Int(t))
}

func momentOfLocal(ctx *expr.Context, d types.Datum) int64 {
	return clampMoment(d, func(ts int64) (int64, error) { return types.TimestampToTZ(ts, ctx.Env.Location) })
}

func momentItself(_ *expr.Context, d types.Datum) int64 { return d.Int() }

// beyond is later than every timestamp but infinity, before is earlier than all but its negative.
const (
	beyond = math.MaxInt64 - 1
	before = math.MinInt64 + 1
)

// clampMoment converts what comparing needs no more of than on which side of the range it lies.
func clampMoment(d types.Datum, convert func(int64) (int64, error)) int64 {
	t, err := convert(d.Int())
	switch {
	case err == nil:
		return t
	case d.Int() < 0:
		return before
	}
	return beyond
}

func makeMixedCompareImpls() impls {
	out := impls{}
	pairs := []struct {
		left, right string
		a, b        moment
	}{
		{"date", "timestamp", momentOfDate, momentItself},
		{"timestamp", "date", momentItself, momentOfDate},
		{"date", "timestamptz", momentOfDateTZ, momentItself},
		{"timestamptz", "date", momentItself, momentOfDateTZ},
		{"timestamp", "timestamptz", momentOfLocal, momentItself},
		{"timestamptz", "timestamp", momentItself, momentOfLocal},
	}
	for _, p := range pairs {
		for suffix, op := range operations {
			out[p.left+"_"+suffix+"_"+p.right] = func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
				return types.Bool(op.Holds(p.a(ctx, a[0]), p.b(ctx, a[1]))), nil
			}
		}
		out[p.left+"_cmp_"+p.right] = func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			return types.Int(int64(cmp.Compare(p.a(ctx, a[0]), p.b(ctx, a[1])))), nil
		}
	}
	return out
}
