package builtin

import (
	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// lsnImpls are pg_lsn's arithmetic with numeric (pg_lsn.c).
var lsnImpls = impls{
	"numeric_pg_lsn": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return lsnOf(a[0].Decimal())
	},
	"pg_lsn_mi": lsnDifference, "pg_wal_lsn_diff": lsnDifference,
	"pg_lsn_pli": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return lsnPlus("add NaN to pg_lsn", a[0], a[1], types.NumericAdd)
	},
	"numeric_pl_pg_lsn(numeric,pg_lsn)": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return lsnPlus("add NaN to pg_lsn", a[1], a[0], types.NumericAdd)
	},
	"pg_lsn_mii": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return lsnPlus("subtract NaN from pg_lsn", a[0], a[1], types.NumericSub)
	},
}

func lsnDifference(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return numeric(types.NumericSub(lsnNumeric(a[0]), lsnNumeric(a[1])))
}

func lsnPlus(what string, lsn, by types.Datum, compute func(a, b *apd.Decimal) (*apd.Decimal, error)) (types.Datum, error) {
	if by.Decimal().Form == apd.NaN {
		return types.Null, pgerr.New(pgerr.FeatureNotSupported, "cannot %s", what)
	}
	v, err := compute(lsnNumeric(lsn), by.Decimal())
	if err != nil {
		return types.Null, err
	}
	return lsnOf(v)
}

// lsnNumeric is a pg_lsn as a number.
func lsnNumeric(d types.Datum) *apd.Decimal {
	v := new(apd.Decimal)
	v.Coeff.SetUint64(uint64(d.Int()))
	return v
}

// lsnOf is numeric_pg_lsn: rounded to an integer.
func lsnOf(v *apd.Decimal) (types.Datum, error) {
	switch v.Form {
	case apd.NaN:
		return types.Null, pgerr.New(pgerr.FeatureNotSupported, "cannot convert NaN to pg_lsn")
	case apd.Infinite:
		return types.Null, pgerr.New(pgerr.FeatureNotSupported, "cannot convert infinity to pg_lsn")
	}
	r, err := types.NumericRound(v, 0)
	if err != nil {
		return types.Null, err
	}
	if r.Negative || !r.Coeff.IsUint64() {
		return types.Null, errLSNRange()
	}
	return types.Int(int64(r.Coeff.Uint64())), nil
}

func errLSNRange() error {
	return pgerr.New(pgerr.InvalidParameterValue, "pg_lsn out of range")
}
