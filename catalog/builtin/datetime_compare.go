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
	return clampMoment(types.DateToTimestamp(d.Int()))
}

func momentOfDateTZ(ctx *expr.Context, d types.Datum) int64 {
	t := momentOfDate(ctx, d)
	if t == beyond {
		return beyond
	}
	return momentOfLocal(ctx, types.Int(t))
}

func momentOfLocal(ctx *expr.Context, d types.Datum) int64 {
	return clampMoment(types.TimestampToTZ(d.Int(), ctx.Env.Location))
}

func momentItself(_ *expr.Context, d types.Datum) int64 { return d.Int() }

// beyond is later than every timestamp but infinity.
const beyond = math.MaxInt64 - 1

// clampMoment: a conversion fails upwards only in what comparing needs.
func clampMoment(t int64, err error) int64 {
	if err != nil {
		return beyond
	}
	return t
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
