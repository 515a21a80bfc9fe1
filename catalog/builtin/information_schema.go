package builtin

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// informationSchema is the schema of the functions that the standard's views
// are made with. Drivers call some of them too, by their qualified names.
const informationSchema = "information_schema."

// expandArrayOID is _pg_expandarray's in a fresh PostgreSQL 15.
const expandArrayOID = 13208

// informationProcs are the functions of a type's number and modifier
// (information_schema.sql), by their OIDs in a fresh PostgreSQL 15.
var informationProcs = []struct {
	oid    types.OID
	name   string
	result *types.Type
	value  func(t *types.Type, typmod int64) types.Datum
}{
	{13212, "_pg_char_max_length", types.TInt4, charMaxLength},
	{13213, "_pg_char_octet_length", types.TInt4, charOctetLength},
	{13215, "_pg_numeric_precision", types.TInt4, numericPrecision},
	{13216, "_pg_numeric_precision_radix", types.TInt4, numericRadix},
	{13217, "_pg_numeric_scale", types.TInt4, numericScale},
	{13218, "_pg_datetime_precision", types.TInt4, datetimePrecision},
	{13219, "_pg_interval_type", types.TText, intervalType},
}

func (l *Library) loadInformationSchema() {
	for _, row := range informationProcs {
		l.addOwn(&Proc{
			OID: row.oid, Name: informationSchema + row.name, Kind: 'f', Symbol: row.name, Args: []*types.Type{types.TOID, types.TInt4},
			Result: row.result, Strict: true, Volatility: expr.Immutable,
		}, func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
			return row.value(types.ByOID(types.OID(a[0].Int())), a[1].Int()), nil
		})
	}
	l.addOwn(&Proc{
		OID: expandArrayOID, Name: informationSchema + "_pg_expandarray", Kind: 'f', Symbol: "_pg_expandarray", Args: []*types.Type{types.TAnyArray},
		ArgNames: []string{"", "x", "n"}, AllArgs: []*types.Type{types.TAnyArray, types.TAnyElement, types.TInt4}, Modes: "ioo",
		Result: types.TRecord, ReturnsSet: true, Strict: true, Volatility: expr.Immutable,
	}, nil)
	f := l.procByOID[expandArrayOID].Func
	f.ReturnsSet = true
	f.Bind = func(args []*types.Type, result *types.Type) *expr.Function { return expandArray(f, args, result) }
}

// expandArray is the elements of a one-dimensional array with their numbers
// from 1; of one with more dimensions, as many NULLs as the first is long.
func expandArray(f *expr.Function, args []*types.Type, result *types.Type) *expr.Function {
	elem := args[0].Base().Elem
	rowTypes, names := []*types.Type{elem, types.TInt4}, []string{"x", "n"}
	bound := *f
	bound.Args, bound.Result = args, result
	bound.Columns = []expr.OutColumn{{Name: names[0], Type: elem}, {Name: names[1], Type: types.TInt4}}
	bound.Rows = func(_ *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
		array := a[0].Array()
		if len(array.Dims) == 0 {
			return nil
		}
		for i := range int(array.Dims[0]) {
			x := types.Null
			if len(array.Dims) == 1 {
				x = array.Elems[i]
			}
			row := &types.Row{Types: rowTypes, Names: names, Fields: []types.Datum{x, types.Int(int64(i) + 1)}}
			if !yield(types.RowDatum(row)) {
				break
			}
		}
		return nil
	}
	return &bound
}

// varHeader is what a modifier of char, varchar and numeric has added (VARHDRSZ).
const varHeader = 4

func charMaxLength(t *types.Type, typmod int64) types.Datum {
	switch {
	case typmod == -1 || t == nil:
		return types.Null
	case t == types.TBpchar || t == types.TVarchar:
		return types.Int(typmod - varHeader)
	case t == types.TBit || t == types.TVarbit:
		return types.Int(typmod)
	}
	return types.Null
}

// charOctetLength: a character of UTF-8 has four bytes at most.
func charOctetLength(t *types.Type, typmod int64) types.Datum {
	switch {
	case t != types.TText && t != types.TBpchar && t != types.TVarchar:
		return types.Null
	case typmod == -1:
		return types.Int(1 << 30)
	}
	if length := charMaxLength(t, typmod); !length.IsNull() {
		return types.Int(length.Int() * 4)
	}
	return types.Null
}

func numericPrecision(t *types.Type, typmod int64) types.Datum {
	switch t {
	case types.TInt2:
		return types.Int(16)
	case types.TInt4:
		return types.Int(32)
	case types.TInt8:
		return types.Int(64)
	case types.TFloat4:
		return types.Int(24)
	case types.TFloat8:
		return types.Int(53)
	case types.TNumeric:
		if typmod != -1 {
			return types.Int((typmod - varHeader) >> 16 & 0xFFFF)
		}
	}
	return types.Null
}

func numericRadix(t *types.Type, _ int64) types.Datum {
	switch t {
	case types.TInt2, types.TInt4, types.TInt8, types.TFloat4, types.TFloat8:
		return types.Int(2)
	case types.TNumeric:
		return types.Int(10)
	}
	return types.Null
}

func numericScale(t *types.Type, typmod int64) types.Datum {
	switch t {
	case types.TInt2, types.TInt4, types.TInt8:
		return types.Int(0)
	case types.TNumeric:
		if typmod != -1 {
			return types.Int((typmod - varHeader) & 0xFFFF)
		}
	}
	return types.Null
}

// datetimePrecision: an interval's modifier has its fields in the high half.
func datetimePrecision(t *types.Type, typmod int64) types.Datum {
	const all = 6
	switch t {
	case types.TDate:
		return types.Int(0)
	case types.TTime, types.TTimestamp, types.TTimestamptz, types.TTimeTZ:
		if typmod < 0 {
			return types.Int(all)
		}
		return types.Int(typmod)
	case types.TInterval:
		if typmod < 0 || typmod&0xFFFF == 0xFFFF {
			return types.Int(all)
		}
		return types.Int(typmod & 0xFFFF)
	}
	return types.Null
}

// intervalType is what follows "interval " in the type's name.
func intervalType(t *types.Type, typmod int64) types.Datum {
	if t != types.TInterval {
		return types.Null
	}
	_, fields, ok := strings.Cut(types.FormatType(t, int32(typmod)), " ")
	if !ok {
		return types.Null
	}
	return types.Text(strings.ToUpper(fields))
}
