package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// jsonRecordBinds make a row of an object (populate_record_worker in jsonfuncs.c).
var jsonRecordBinds = makeJSONRecordBinds()

// jsonRecordRowBinds make rows of an array of objects (populate_recordset_worker).
var jsonRecordRowBinds = makeJSONRecordRowBinds()

func makeJSONRecordBinds() bindImpls {
	out := bindImpls{}
	for _, p := range []string{"json", "jsonb"} {
		for _, name := range []string{p + "_to_record", p + "_populate_record"} {
			out[name] = func(args []*types.Type, result *types.Type) impl {
				return recordFunction{name, result, baseArgument(args)}.record
			}
		}
	}
	return out
}

func makeJSONRecordRowBinds() bindRowsImpls {
	out := bindRowsImpls{}
	for _, p := range []string{"json", "jsonb"} {
		for _, name := range []string{p + "_to_recordset", p + "_populate_recordset"} {
			out[name] = func(args []*types.Type, result *types.Type) rowsImpl {
				f := recordFunction{name, result, baseArgument(args)}
				if p == "json" {
					return f.recordsOfJSON
				}
				return f.recordsOfJSONB
			}
		}
	}
	return out
}

// baseArgument reports whether the first argument is a row, whose values
// stand for what an object does not have.
func baseArgument(args []*types.Type) bool { return len(args) > 1 }

// recordFunction is a call of one of the functions.
type recordFunction struct {
	name   string
	result *types.Type // record without columns: as the base is
	base   bool
}

// arguments are the base, nil for none, and the JSON text.
func (f recordFunction) arguments(a []types.Datum) (base *types.Row, json types.Datum) {
	if !f.base {
		return nil, a[0]
	}
	if !a[0].IsNull() {
		base = a[0].Row()
	}
	return base, a[1]
}

// columns are the result's: of its type, else of the base.
func (f recordFunction) columns(base *types.Row) ([]types.Column, error) {
	if base == nil || len(f.result.Columns()) > 0 && f.result.OID != types.TRecord.OID {
		if list := f.result.Columns(); list != nil {
			return list, nil
		}
		return nil, pgerr.New(pgerr.FeatureNotSupported, "could not determine row type for result of %s", f.name).
			WithHint("Provide a non-null record argument, or call the function in the FROM clause using a column definition list.")
	}
	list := make([]types.Column, len(base.Types))
	for i, t := range base.Types {
		list[i] = types.Column{Name: base.Names[i], Type: t, Typmod: -1}
	}
	return list, nil
}

func (f recordFunction) record(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	base, json := f.arguments(a)
	if json.IsNull() {
		if f.base {
			return a[0], nil
		}
		return types.Null, nil
	}
	columns, err := f.columns(base)
	if err != nil {
		return types.Null, err
	}
	return populateRow(ctx, columns, base, jsonOf(json))
}

// recordsOfJSON is json's, which tells apart what is no array.
func (f recordFunction) recordsOfJSON(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
	return f.records(ctx, a, yield, func(j jsonText) error {
		if j[0] == '{' {
			return errJSONKind("cannot call %s on an object", f.name)
		}
		return errJSONKind("cannot call %s on a scalar", f.name)
	})
}

func (f recordFunction) recordsOfJSONB(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
	return f.records(ctx, a, yield, func(jsonText) error {
		return errJSONKind("cannot call %s on a non-array", f.name)
	})
}

func (f recordFunction) records(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool, noArray func(jsonText) error) error {
	base, json := f.arguments(a)
	if json.IsNull() {
		return nil
	}
	columns, err := f.columns(base)
	if err != nil {
		return err
	}
	j := jsonOf(json)
	if j[0] != '[' {
		return noArray(j)
	}
	var failed error
	err = j.each(ctx, func(_ string, v jsonText) bool {
		if v[0] != '{' {
			failed = errJSONKind("argument of %s must be an array of objects", f.name)
			return false
		}
		var row types.Datum
		row, failed = populateRow(ctx, columns, base, v)
		return failed == nil && yield(row)
	})
	if failed != nil {
		return failed
	}
	return err
}
