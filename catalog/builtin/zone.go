package builtin

import (
	"time"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// zoneRows tell of time zones (adt/datetime.c).
var zoneRows = rowsImpls{
	"pg_timezone_names": func(ctx *expr.Context, _ []types.Datum, yield func(types.Datum) bool) error {
		return yieldRows(ctx, ZoneNames(ctx.TransactionTime), yield)
	},
	"pg_timezone_abbrevs": func(ctx *expr.Context, _ []types.Datum, yield func(types.Datum) bool) error {
		return yieldRows(ctx, ZoneAbbreviations(ctx.TransactionTime), yield)
	},
}

func yieldRows(ctx *expr.Context, rows []*types.Row, yield func(types.Datum) bool) error {
	for _, r := range rows {
		if !yield(types.RowDatum(r)) {
			break
		}
		if err := ctx.Spend(elemWork); err != nil {
			return err
		}
	}
	return nil
}

// ZoneNames are the rows of pg_timezone_names at a moment.
func ZoneNames(at time.Time) (out []*types.Row) {
	columns := []*types.Type{types.TText, types.TText, types.TInterval, types.TBool}
	names := []string{"name", "abbrev", "utc_offset", "is_dst"}
	for _, z := range types.Zones(at) {
		out = append(out, &types.Row{Types: columns, Names: names, Fields: []types.Datum{
			types.Text(z.Name), types.Text(z.Abbrev), offsetInterval(z), types.Bool(z.DST)}})
	}
	return out
}

// ZoneAbbreviations are the rows of pg_timezone_abbrevs at a moment.
func ZoneAbbreviations(at time.Time) (out []*types.Row) {
	columns, names := []*types.Type{types.TText, types.TInterval, types.TBool}, []string{"abbrev", "utc_offset", "is_dst"}
	for _, z := range types.Abbreviations(at) {
		out = append(out, &types.Row{Types: columns, Names: names, Fields: []types.Datum{types.Text(z.Abbrev), offsetInterval(z), types.Bool(z.DST)}})
	}
	return out
}

func offsetInterval(z types.ZoneState) types.Datum {
	return types.IntervalDatum(types.Interval{Micros: int64(z.EastS) * int64(time.Second/time.Microsecond)})
}
