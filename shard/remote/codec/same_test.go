package codec

import (
	"bytes"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// same compares two values field by field and names the first that differs.
func same(t testing.TB, path string, a, b reflect.Value) {
	t.Helper()
	if a.Type() == reflect.TypeFor[expr.Expr]() {
		sameTree(t, path, a.Interface(), b.Interface())
		return
	}
	switch x := a.Interface().(type) {
	case types.Datum:
		sameDatum(t, path, x, b.Interface().(types.Datum))
		return
	case *types.Type:
		sameType(t, path, x, b.Interface().(*types.Type))
		return
	case *expr.AggregateCall:
		sameTree(t, path, x, b.Interface())
		return
	case *time.Location:
		equal(t, path, x.String(), b.Interface().(*time.Location).String())
		return
	case time.Time:
		equal(t, path, x.UnixNano(), b.Interface().(time.Time).UnixNano())
		return
	}
	switch a.Kind() {
	case reflect.Pointer:
		if a.IsNil() != b.IsNil() {
			t.Fatalf("%s: nil %t, became %t", path, a.IsNil(), b.IsNil())
		}
		if !a.IsNil() {
			same(t, path, a.Elem(), b.Elem())
		}
	case reflect.Struct:
		for i := range a.NumField() {
			same(t, path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))
		}
	case reflect.Slice:
		if a.IsNil() != b.IsNil() || a.Len() != b.Len() {
			t.Fatalf("%s: %d (nil %t), became %d (nil %t)", path, a.Len(), a.IsNil(), b.Len(), b.IsNil())
		}
		for i := range a.Len() {
			same(t, path+"[]", a.Index(i), b.Index(i))
		}
	default:
		equal(t, path, a.Interface(), b.Interface())
	}
}

func equal(t testing.TB, path string, a, b any) {
	t.Helper()
	if a != b {
		t.Fatalf("%s: %v, became %v", path, a, b)
	}
}

func sameTree(t testing.TB, path string, a, b any) {
	t.Helper()
	form := func(e any) []byte {
		if e == nil {
			return nil
		}
		b, err := expr.Append(nil, e.(expr.Expr))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if x, y := form(a), form(b); !bytes.Equal(x, y) {
		t.Fatalf("%s: %x, became %x", path, x, y)
	}
	if a != nil {
		sameType(t, path, a.(expr.Expr).Type(), b.(expr.Expr).Type())
	}
}

func sameType(t testing.TB, path string, a, b *types.Type) {
	t.Helper()
	if a == b {
		return
	}
	if a == nil || b == nil || builtin(a) {
		t.Fatalf("%s: type %v, became %v", path, a, b)
	}
	equal(t, path, [...]any{a.OID, a.Name, a.SQLName, a.Kind, a.Datum, a.Storing}, [...]any{b.OID, b.Name, b.SQLName, b.Kind, b.Datum, b.Storing})
	if len(a.Labels()) != len(b.Labels()) || len(a.Columns()) != len(b.Columns()) {
		t.Fatalf("%s: %d labels, %d columns, became %d, %d", path, len(a.Labels()), len(a.Columns()), len(b.Labels()), len(b.Columns()))
	}
	for i, l := range a.Labels() {
		equal(t, path, l, b.Labels()[i])
	}
	for i, c := range a.Columns() {
		equal(t, path, [...]any{c.Name, c.Typmod}, [...]any{b.Columns()[i].Name, b.Columns()[i].Typmod})
		sameType(t, path, c.Type, b.Columns()[i].Type)
	}
	if a.Base() != a {
		sameType(t, path, a.Base(), b.Base())
	}
	sameType(t, path, a.Elem, b.Elem)
	if a.Array != nil {
		equal(t, path, [...]any{a.Array.OID, a.Array.Name}, [...]any{b.Array.OID, b.Array.Name})
		equal(t, path, b, b.Array.Elem)
	}
}

func sameDatum(t testing.TB, path string, a, b types.Datum) {
	t.Helper()
	equal(t, path, a.Kind(), b.Kind())
	list := func(a, b []types.Datum) {
		equal(t, path, len(a), len(b))
		for i := range a {
			sameDatum(t, path, a[i], b[i])
		}
	}
	switch a.Kind() {
	case types.KindBool, types.KindInt:
		equal(t, path, a.Int(), b.Int())
	case types.KindFloat:
		equal(t, path, math.Float64bits(a.Float()), math.Float64bits(b.Float()))
	case types.KindText, types.KindBytes:
		equal(t, path, string(a.Bytes()), string(b.Bytes()))
	case types.KindDecimal:
		equal(t, path, a.Decimal().String(), b.Decimal().String())
	case types.KindInterval:
		equal(t, path, a.Interval(), b.Interval())
	case types.KindTimeTZ:
		equal(t, path, a.TimeTZ(), b.TimeTZ())
	case types.KindArray:
		same(t, path, reflect.ValueOf(a.Array()), reflect.ValueOf(b.Array()))
	case types.KindRow:
		x, y := a.Row(), b.Row()
		same(t, path, reflect.ValueOf(x.Types), reflect.ValueOf(y.Types))
		same(t, path, reflect.ValueOf(x.Names), reflect.ValueOf(y.Names))
		list(x.Fields, y.Fields)
	case types.KindRange:
		same(t, path, reflect.ValueOf(a.Range()), reflect.ValueOf(b.Range()))
	case types.KindMultirange:
		same(t, path, reflect.ValueOf(a.Multirange()), reflect.ValueOf(b.Multirange()))
	}
}
