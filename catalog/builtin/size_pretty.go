package builtin

import (
	"strconv"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// sizeImpls show sizes in units, and read them (dbsize.c).
var sizeImpls = impls{
	"pg_size_pretty": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Text(prettySize(a[0].Int())), nil
	},
	"pg_size_pretty_numeric": prettySizeNumeric,
	"pg_size_bytes":          sizeOfText,
}

// sizeUnits are pg_size_pretty's: a value moves up when it would need more than
// five digits, rounding half up on the way.
var sizeUnits = [...]string{"bytes", "kB", "MB", "GB", "TB", "PB"}

func prettySize(v int64) string {
	limit := int64(10 * 1024)
	for i, unit := range sizeUnits {
		if abs := uint64(max(v, -v)); abs < uint64(limit) || i == len(sizeUnits)-1 {
			if i > 0 {
				v = halfRound(v)
			}
			return strconv.FormatInt(v, 10) + " " + unit
		}
		shift := 10
		if i == 0 {
			// One bit more is kept from here on, to round by.
			shift, limit = 9, 20*1024-1
		}
		v /= 1 << shift
	}
	return ""
}

// halfRound drops the bit that was kept to round by.
func halfRound(v int64) int64 {
	if v > 0 {
		return (v + 1) / 2
	}
	return (v - 1) / 2
}

// prettySizeNumeric goes by int64 where the value fits; beyond, everything is PB.
func prettySizeNumeric(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	v := a[0].Decimal()
	if types.CompareNumeric(types.NumericAbs(v), types.NumericFromInt(10*1024)) < 0 {
		return types.Text(types.NumericText(v) + " bytes"), nil
	}
	n, err := types.NumericToInt(types.NumericTrunc(v, 0), 64)
	if err == nil {
		return types.Text(prettySize(n)), nil
	}
	petabyte := apd.New(1<<50, 0)
	r, err := types.NumericDiv(v, petabyte)
	if err != nil {
		return types.Null, err
	}
	if r, err = types.NumericRound(r, 0); err != nil {
		return types.Null, err
	}
	return types.Text(types.NumericText(r) + " PB"), nil
}
