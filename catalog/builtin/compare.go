package builtin

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// intCompares are the comparisons of integers by their value: those of all
// types whose datums are signed integers.
var intCompares = makeIntCompares()

// operations are the six comparisons by the suffix of their C names.
var operations = map[string]expr.CompareOp{
	"eq": expr.CompareEQ, "ne": expr.CompareNE, "lt": expr.CompareLT,
	"le": expr.CompareLE, "gt": expr.CompareGT, "ge": expr.CompareGE,
}

func makeIntCompares() compares {
	out := compares{}
	prefixes := [...]string{
		"int2", "int4", "int8", "int24", "int42", "int28", "int82", "int48", "int84",
		"oid", "cash_", "date_", "timestamp_", "time_", "timestamptz_", "enum_", "cid",
	}
	for _, p := range prefixes {
		for suffix, op := range operations {
			out[p+suffix] = op
		}
	}
	return out
}

// compareImpls are the comparisons by a type's own order, and btree's
// three-way functions.
var compareImpls = makeCompareImpls()

// orders are the C names' prefixes of the types that compare by Type.Compare,
// and between prefix and suffix nothing else.
func orders() map[string]*types.Type {
	return map[string]*types.Type{
		"bool": types.TBool, "char": types.TChar, "text": types.TText, "text_": types.TText, "name": types.TName,
		"bpchar": types.TBpchar, "bytea": types.TBytea,
		"float4": types.TFloat4, "float8": types.TFloat8, "float48": types.TFloat8, "float84": types.TFloat8,
		"numeric_": types.TNumeric, "interval_": types.TInterval, "timetz_": types.TTimeTZ,
		"uuid_": types.TUUID, "oidvector": types.TOIDVector, "tid": types.TTID, "pg_lsn_": types.TPGLSN,
		"xid8": types.TXID8, "bit": types.TBit, "varbit": types.TVarbit, "network_": types.TInet, "macaddr_": types.TMacaddr, "macaddr8_": types.TMacaddr8, "jsonb_": types.TJSONB,
		"tsvector_": types.TTSVector, "tsquery_": types.TTSQuery,
	}
}

func makeCompareImpls() impls {
	out := impls{}
	for prefix, t := range orders() {
		for suffix, op := range operations {
			out[prefix+suffix] = compareBy(t, op)
		}
		out["bt"+prefix+"cmp"], out[prefix+"cmp"] = threeWay(t), threeWay(t)
		out[prefix+"smaller"], out[prefix+"larger"] = smaller(t, -1), smaller(t, 1)
	}
	out["bttextcmp"], out["btbpcharcmp"] = threeWay(types.TText), threeWay(types.TBpchar)
	for _, t := range []string{"int2", "int4", "int8", "int24", "int42", "int28", "int82", "int48", "int84", "oid"} {
		out["bt"+t+"cmp"] = threeWay(types.TInt8)
		out[t+"smaller"], out[t+"larger"] = smaller(types.TInt8, -1), smaller(types.TInt8, 1)
	}
	for _, t := range []string{"cash_", "date_", "timestamp_", "time_", "enum_"} {
		out[t+"cmp"] = threeWay(types.TInt8)
		out[t+"smaller"], out[t+"larger"] = smaller(types.TInt8, -1), smaller(types.TInt8, 1)
	}
	for suffix, op := range operations {
		out["array_"+suffix], out["record_"+suffix] = compareArrays(op), compareRows(op)
		out["text_pattern_"+suffix], out["bpchar_pattern_"+suffix] = compareBy(types.TText, op), compareBy(types.TBpchar, op)
	}
	for suffix, op := range operations {
		out["name"+suffix+"text"], out["text"+suffix+"name"] = compareBy(types.TText, op), compareBy(types.TText, op)
	}
	out["cashsmaller"], out["cashlarger"] = smaller(types.TInt8, -1), smaller(types.TInt8, 1)
	out["xideq"], out["xidneq"] = compareXids(true), compareXids(false)
	out["bpchar_smaller"], out["bpchar_larger"] = smaller(types.TBpchar, -1), smaller(types.TBpchar, 1)
	out["xid8_smaller"], out["xid8_larger"] = smaller(types.TXID8, -1), smaller(types.TXID8, 1)
	out["btarraycmp"], out["btrecordcmp"] = arraysThreeWay, rowsThreeWay
	out["array_smaller"], out["array_larger"] = smallerArray(-1), smallerArray(1)
	return out
}

// compareXids compares a transaction ID with another, or with an integer that is
// read as one: 32 bits without a sign.
func compareXids(want bool) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Bool((uint32(a[0].Int()) == uint32(a[1].Int())) == want), nil
	}
}

func holds(op expr.CompareOp, c int) types.Datum { return types.Bool(op.Holds(int64(c), 0)) }

func compareBy(t *types.Type, op expr.CompareOp) impl {
	if t == types.TJSONB {
		return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			c, err := compareJSONB(ctx, a[0], a[1])
			return holds(op, c), err
		}
	}
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return holds(op, t.Compare(a[0], a[1])), nil
	}
}

func threeWay(t *types.Type) impl {
	if t == types.TJSONB {
		return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			c, err := compareJSONB(ctx, a[0], a[1])
			return types.Int(int64(c)), err
		}
	}
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(int64(t.Compare(a[0], a[1]))), nil
	}
}

// smaller answers the argument that sorts first (sign -1) or last (1).
func smaller(t *types.Type, sign int) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		if c := t.Compare(a[0], a[1]) * sign; c > 0 || c == 0 && t == types.TBpchar {
			return a[0], nil
		}
		return a[1], nil
	}
}

// compareArray orders two arrays: by elements, then by their number, then by
// dimensions and lower bounds (array_cmp).
func compareArray(ctx *expr.Context, a, b types.Datum) (int, error) {
	if err := ordered(a.Array().Elem); err != nil {
		return 0, err
	}
	return a.Array().Elem.Array.CompareLong(a, b, ctx.Spend)
}

// compareJSONB orders documents: what is short without asking whether the statement goes on.
func compareJSONB(ctx *expr.Context, a, b types.Datum) (int, error) {
	if len(a.Text())+len(b.Text()) < pieceBytes {
		return types.TJSONB.Compare(a, b), nil
	}
	return types.TJSONB.CompareLong(a, b, ctx.Spend)
}

// ordered refuses elements, or fields, without a default order.
func ordered(t *types.Type) error {
	if t == nil || t.Ordered() {
		return nil
	}
	return pgerr.New(pgerr.UndefinedFunction, "could not identify a comparison function for type %s", t.SQLName)
}

// equatable refuses elements without a default equality.
func equatable(t *types.Type) error {
	if t == nil || t.Equatable() {
		return nil
	}
	return pgerr.New(pgerr.UndefinedFunction, "could not identify an equality operator for type %s", t.SQLName)
}

func compareArrays(op expr.CompareOp) impl {
	if op == expr.CompareEQ || op == expr.CompareNE {
		return equalArrays(op)
	}
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		c, err := compareArray(ctx, a[0], a[1])
		return holds(op, c), err
	}
}

// equalArrays asks for an equality only once the shapes are the same (array_eq).
func equalArrays(op expr.CompareOp) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		x, y := a[0].Array(), a[1].Array()
		if slices.Equal(x.Dims, y.Dims) && slices.Equal(x.Lower, y.Lower) {
			if err := equatable(x.Elem); err != nil {
				return types.Null, err
			}
		}
		c, err := x.Elem.Array.CompareLong(a[0], a[1], ctx.Spend)
		return holds(op, c), err
	}
}

func arraysThreeWay(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	c, err := compareArray(ctx, a[0], a[1])
	return types.Int(int64(c)), err
}

func smallerArray(sign int) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		c, err := compareArray(ctx, a[0], a[1])
		if c*sign > 0 {
			return a[0], err
		}
		return a[1], err
	}
}

func compareRows(op expr.CompareOp) impl {
	want := ordered
	if op == expr.CompareEQ || op == expr.CompareNE {
		want = equatable
	}
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		c, err := compareRow(ctx, a[0].Row(), a[1].Row(), want)
		return holds(op, c), err
	}
}

func rowsThreeWay(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	c, err := compareRow(ctx, a[0].Row(), a[1].Row(), ordered)
	return types.Int(int64(c)), err
}
