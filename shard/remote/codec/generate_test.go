package codec

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

// generator fills structs by reflection: every field, so that one that does
// not travel is found missing.
type generator struct {
	*rand.Rand
	// full leaves no pointer nil and no list empty.
	full bool
}

// userTypes are an enum, a domain over its array, a composite of both, their arrays.
var userTypes = func() []*types.Type {
	withArray := func(t *types.Type) []*types.Type {
		t.SetArray(types.NewArrayOf(t, t.OID+1, "_"+t.Name))
		return []*types.Type{t, t.Array}
	}
	mood := withArray(types.NewEnum(20000, "mood", "", []types.EnumLabel{{Sort: 1 << 32, Label: "sad"}, {Sort: 2 << 32, Label: "happy"}}))
	span := withArray(types.NewRange(types.RangeNames{OID: 20040, Name: "span", Multirange: 20042, MultirangeName: "spans", MultirangeSQLName: "public.spans"}, mood[0]))
	moods := withArray(types.NewDomain(mood[1], -1, 20010, "moods", "public.moods"))
	pair := withArray(types.NewComposite(20020, "Pair", "", []types.Column{
		{Name: "a", Type: moods[0], Typmod: -1}, {Name: "b", Type: types.TNumeric, Typmod: 655366}}))
	list := append(append(append(mood, moods...), pair...), types.NewDomain(types.TInt4, 7, 20030, "lonely", ""))
	return append(append(list, span...), withArray(span[0].Ranges().Multirange)...)
}()

// highest are the last values of the enumerations.
var highest = map[reflect.Type]uint64{
	reflect.TypeFor[types.DateStyle]():     uint64(types.DateGerman),
	reflect.TypeFor[types.DateOrder]():     uint64(types.OrderYMD),
	reflect.TypeFor[types.IntervalStyle](): uint64(types.IntervalISO8601),
	reflect.TypeFor[shard.LockStrength]():  uint64(shard.LockUpdate),
	reflect.TypeFor[shard.LockWait]():      uint64(shard.WaitError),
	reflect.TypeFor[shard.WriteOp]():       uint64(shard.OpLock),
	reflect.TypeFor[txn.Isolation]():       uint64(txn.Serializable),
	reflect.TypeFor[txn.State]():           uint64(txn.Aborted),
}

// value makes a T.
func value[T any](t testing.TB, g *generator) *T {
	v := new(T)
	g.fill(t, reflect.ValueOf(v).Elem())
	return v
}

func (g *generator) fill(t testing.TB, v reflect.Value) {
	t.Helper()
	if g.special(t, v) {
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(g.full || g.IntN(2) == 0)
	case reflect.Int, reflect.Int32:
		v.SetInt(int64(1 + g.IntN(1<<30)))
	case reflect.Int64:
		v.SetInt(int64(g.Uint64()) | 1)
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		if high, ok := highest[v.Type()]; ok {
			v.SetUint(1 + g.Uint64N(high))
			return
		}
		v.SetUint(g.Uint64()>>(64-v.Type().Bits()) | 1)
	case reflect.String:
		v.SetString(g.text())
	case reflect.Pointer:
		if g.full || g.IntN(4) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			g.fill(t, v.Elem())
		}
	case reflect.Slice:
		g.list(t, v)
	case reflect.Array:
		for i := range v.Len() {
			g.fill(t, v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				t.Fatalf("%s.%s: nothing is known of this field", v.Type(), v.Type().Field(i).Name)
			}
			g.fill(t, v.Field(i))
		}
		repair(v.Addr().Interface())
	default:
		t.Fatalf("nothing is known of %s", v.Type())
	}
}

func (g *generator) list(t testing.TB, v reflect.Value) {
	n := 1 + g.IntN(3)
	if !g.full {
		if n = g.IntN(5) - 1; n < 0 {
			return
		}
	}
	v.Set(reflect.MakeSlice(v.Type(), n, n))
	for i := range n {
		g.fill(t, v.Index(i))
	}
}

func (g *generator) text() string { return fmt.Sprintf("ünï%d", g.Uint32()) }

// special fills what has an invariant of its own.
func (g *generator) special(t testing.TB, v reflect.Value) bool {
	switch p := v.Addr().Interface().(type) {
	case *types.Datum:
		*p = g.datum(types.Kind(g.IntN(int(types.KindMultirange)+1)), 2)
		if g.full && p.IsNull() {
			*p = types.Int(7)
		}
	case **types.Type:
		*p = g.typ()
	case **time.Location:
		*p = types.FindZone([]string{"Europe/Berlin", "UTC", "EST5EDT,M3.2.0,M11.1.0", "<+03>-3"}[g.IntN(4)])
	case *time.Time:
		*p = time.Unix(int64(g.Int32()), int64(g.IntN(1e9)))
	case *types.Namer: // stays with the session
	case *expr.Expr:
		*p = g.tree()
	case **expr.AggregateCall:
		*p = g.aggregate()
	case *shard.Batch:
		var rows [][]byte
		for range 1 + g.IntN(3) {
			rows = append(rows, []byte(g.text()))
		}
		*p = *shardtest.Batch(rows...)
	default:
		return false
	}
	return true
}

func (g *generator) typ() *types.Type {
	if g.IntN(2) == 0 {
		return userTypes[g.IntN(len(userTypes))]
	}
	all := types.All()
	return all[g.IntN(len(all))]
}

func (g *generator) datum(kind types.Kind, depth int) types.Datum {
	list := func() []types.Datum {
		out := make([]types.Datum, 4)
		for i := range out {
			high := types.KindMultirange
			if depth == 0 {
				high = types.KindTimeTZ
			}
			out[i] = g.datum(types.Kind(g.IntN(int(high)+1)), depth-1)
		}
		return out
	}
	switch kind {
	case types.KindBool:
		return types.Bool(g.IntN(2) == 0)
	case types.KindInt:
		return types.Int(int64(g.Uint64()))
	case types.KindFloat:
		return types.Float(g.NormFloat64())
	case types.KindText:
		return types.Text(g.text())
	case types.KindBytes:
		return types.Bytes([]byte{0, byte(g.Uint32()), 255})
	case types.KindDecimal:
		return types.Decimal(apd.New(int64(g.Uint64()), -int32(g.IntN(20))))
	case types.KindInterval:
		return types.IntervalDatum(types.Interval{Micros: int64(g.Uint64()), Days: int32(g.Uint32()), Months: int32(g.Uint32())})
	case types.KindTimeTZ:
		return types.TimeTZDatum(types.TimeTZ{Micros: int64(g.Uint64()), ZoneWestS: int32(g.Uint32())})
	case types.KindArray:
		return types.ArrayDatum(&types.Array{Elem: g.typ(), Dims: []int32{2, 2}, Lower: []int32{1, -5}, Elems: list()})
	case types.KindRow:
		return types.RowDatum(&types.Row{Types: []*types.Type{g.typ(), g.typ(), g.typ(), g.typ()}, Names: []string{"a", "", "c", "d"}, Fields: list()})
	case types.KindRange:
		return types.RangeDatum(g.ranged())
	case types.KindMultirange:
		return types.MultirangeDatum(types.Multirange{g.ranged(), g.ranged()})
	}
	return types.Null
}

func (g *generator) ranged() *types.Range {
	scalar := func() types.Datum { return g.datum(types.Kind(1+g.IntN(int(types.KindTimeTZ))), 0) }
	switch g.IntN(3) {
	case 0:
		return &types.Range{Empty: true}
	case 1:
		return &types.Range{Lower: types.Bound{Infinite: true}, Upper: types.Bound{Value: scalar(), Inclusive: true}}
	}
	return &types.Range{Lower: types.Bound{Value: scalar()}, Upper: types.Bound{Value: scalar()}}
}

func (g *generator) tree() expr.Expr {
	acc := shardtest.Accounts(1)
	mood, pair := userTypes[0], userTypes[4]
	switch g.IntN(6) {
	case 0:
		return shardtest.Param(g.IntN(100))
	case 1:
		return shardtest.Col(acc, g.IntN(4))
	case 2:
		return shardtest.Fragment(acc, shardtest.Condition{Column: g.IntN(3), Operator: "=", Param: g.IntN(9)}).Where[0]
	case 3:
		return &expr.Const{Typed: expr.Typed{T: mood, Mod: -1}, Value: types.Int(1 << 32)}
	case 4:
		return &expr.Cast{Typed: expr.Typed{T: types.TInt4.Array, Mod: -1}, Form: expr.CastArray, Arg: shardtest.Param(1),
			Elem: &expr.Cast{Typed: expr.Typed{T: userTypes[6], Mod: -1}, Form: expr.CastBinary}}
	}
	return &expr.Logic{Op: expr.And, Args: []expr.Expr{
		&expr.Test{Kind: expr.IsNull, Arg: &expr.Param{Typed: expr.Typed{T: pair.Array, Mod: -1}, Index: g.IntN(9)}},
		&expr.Test{Kind: expr.IsTrue, Arg: g.tree()},
	}}
}

func (g *generator) aggregate() *expr.AggregateCall {
	sum := shardtest.Library{}.Aggregate(2108)
	return &expr.AggregateCall{Typed: expr.Typed{T: sum.Result, Mod: -1}, Agg: sum,
		Args: []expr.Expr{shardtest.Col(shardtest.Accounts(1), g.IntN(3))}, Distinct: true, Filter: g.tree()}
}

// repair makes a filled struct one that a caller can mean.
func repair(v any) {
	within := func(list []int, n int) {
		for i := range list {
			list[i] %= max(n, 1)
		}
	}
	switch v := v.(type) {
	case *shard.Table:
		if len(v.Columns) == 0 {
			v.Columns = []shard.Column{{Name: "a", Type: types.TInt4}}
		}
		within(v.Key, len(v.Columns))
		for _, ix := range v.Indexes {
			within(ix.Columns, len(v.Columns))
		}
	case *shard.Fragment:
		if v.Table == nil {
			v.Table = shardtest.Accounts(3)
		}
		if v.Point != nil {
			v.Point = make([]expr.Expr, len(v.Table.Key))
			for i := range v.Point {
				v.Point[i] = shardtest.Param(i)
			}
		}
		v.Keys = len(v.KeyTypes)
	case *shard.ReadRequest:
		if v.Fragment == nil {
			v.Fragment = shardtest.Fragment(shardtest.Accounts(4))
		}
	case *shard.WriteRequest:
		repairWrite(v, within)
	case *shard.ControlRequest:
		for i := range v.Tables {
			if v.Tables[i] == nil {
				v.Tables[i] = shardtest.Accounts(5)
			}
		}
	}
}

func repairWrite(v *shard.WriteRequest, within func([]int, int)) {
	if v.Table == nil {
		v.Table = shardtest.Accounts(6)
	}
	if v.Find == nil {
		v.Find = shardtest.Fragment(v.Table)
	}
	if v.Rows == nil {
		v.Rows = &shard.Batch{}
	}
	assigns := func(list []shard.Assign) {
		for i := range list {
			list[i].Column %= len(v.Table.Columns)
		}
	}
	assigns(v.Set)
	if c := v.OnConflict; c != nil {
		assigns(c.Set)
		within(c.Arbiters, len(v.Table.Indexes))
		if len(v.Table.Indexes) == 0 && len(c.Arbiters) > 0 {
			c.Arbiters = []int{-1}
		}
	}
}
