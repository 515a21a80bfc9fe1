package expr

import (
	"encoding/binary"
	"fmt"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// The wire form of a tree: for each node a tag, its type's OID and typmod
// where it has one, its own fields, its children. Integers are varints, lists
// carry their length, optional children a tagNil. Functions and aggregates are
// OIDs, literals the binary form of their type.
const (
	tagNil byte = iota
	tagConst
	tagParam
	tagColumn
	tagCall
	tagCast
	tagLogic
	tagTest
	tagDistinct
	tagCase
	tagCaseArg
	tagCoalesce
	tagMinMax
	tagNullIf
	tagAnyAll
	tagArray
	tagRow
	tagField
	tagSubscript
	tagAggregate
	tagDomainValue
)

// Append appends e's wire form to dst; a nil e is one byte. Subqueries have
// none: what travels to a shard never contains them.
func Append(dst []byte, e Expr) ([]byte, error) {
	w := &encoder{b: dst, env: wireEnv()}
	w.expr(e)
	if w.err != nil {
		return dst, w.err
	}
	return w.b, nil
}

// wireEnv is for binary forms, which depend on no setting.
func wireEnv() *types.Env { return types.DefaultEnv() }

type encoder struct {
	b   []byte
	env *types.Env
	err error
}

func (w *encoder) tag(t byte)      { w.b = append(w.b, t) }
func (w *encoder) uint(v uint64)   { w.b = binary.AppendUvarint(w.b, v) }
func (w *encoder) int(v int64)     { w.b = binary.AppendVarint(w.b, v) }
func (w *encoder) string(s string) { w.uint(uint64(len(s))); w.b = append(w.b, s...) }

func (w *encoder) bool(v bool) {
	if v {
		w.b = append(w.b, 1)
	} else {
		w.b = append(w.b, 0)
	}
}

func (w *encoder) typed(t Typed) {
	w.typ(t.T)
	w.int(int64(t.Mod))
}

func (w *encoder) typ(t *types.Type) { w.uint(uint64(t.OID)) }

func (w *encoder) function(f *Function) {
	if f == nil {
		w.uint(0)
		return
	}
	w.uint(uint64(f.OID))
}

func (w *encoder) list(list []Expr) {
	w.uint(uint64(len(list)))
	for _, e := range list {
		w.expr(e)
	}
}

func (w *encoder) sortKeys(keys []SortKey) {
	w.uint(uint64(len(keys)))
	for _, k := range keys {
		w.expr(k.Expr)
		w.bool(k.Desc)
		w.bool(k.NullsFirst)
	}
}

// datum writes 0 for NULL, else the length of the binary form plus one and the form.
func (w *encoder) datum(t *types.Type, d types.Datum) {
	if d.IsNull() {
		w.uint(0)
		return
	}
	if t.Datum == types.KindText {
		// Pseudo-types like unknown have no send function, but all of these are their text.
		s := d.Text()
		w.uint(uint64(len(s)) + 1)
		w.b = append(w.b, s...)
		return
	}
	form := t.Encode(w.env, nil, d)
	w.uint(uint64(len(form)) + 1)
	w.b = append(w.b, form...)
}

func (w *encoder) expr(e Expr) {
	switch e := e.(type) {
	case nil:
		w.tag(tagNil)
	case *Const:
		w.tag(tagConst)
		w.typed(e.Typed)
		w.datum(e.T, e.Value)
	case *Param:
		w.tag(tagParam)
		w.typed(e.Typed)
		w.uint(uint64(e.Index))
	case *Column:
		w.tag(tagColumn)
		w.typed(e.Typed)
		w.int(int64(e.ID))
		w.string(e.Name)
	case *Call:
		w.tag(tagCall)
		w.typed(e.Typed)
		w.function(e.Func)
		w.list(e.Args)
		w.bool(e.Variadic)
		w.string(e.Operator)
	case *Cast:
		w.tag(tagCast)
		w.castNode(e)
		w.expr(e.Arg)
	case *Logic:
		w.tag(tagLogic)
		w.tag(byte(e.Op))
		w.list(e.Args)
	case *Test:
		w.tag(tagTest)
		w.tag(byte(e.Kind))
		w.expr(e.Arg)
	case *Distinct:
		w.tag(tagDistinct)
		w.bool(e.Negated)
		w.function(e.Eq)
		w.expr(e.A)
		w.expr(e.B)
	default:
		w.composed(e)
	}
}

func (w *encoder) composed(e Expr) {
	switch e := e.(type) {
	case *Case:
		w.caseNode(e)
	case *CaseArg:
		w.tag(tagCaseArg)
		w.typed(e.Typed)
	case *DomainValue:
		w.tag(tagDomainValue)
		w.typed(e.Typed)
	case *Coalesce:
		w.tag(tagCoalesce)
		w.typed(e.Typed)
		w.list(e.Args)
	case *MinMax:
		w.tag(tagMinMax)
		w.typed(e.Typed)
		w.bool(e.Greatest)
		w.list(e.Args)
	case *NullIf:
		w.tag(tagNullIf)
		w.typed(e.Typed)
		w.function(e.Eq)
		w.expr(e.A)
		w.expr(e.B)
	case *AnyAll:
		w.tag(tagAnyAll)
		w.bool(e.All)
		w.function(e.Op)
		w.string(e.Operator)
		w.expr(e.Left)
		w.expr(e.Array)
		w.list(e.List)
	case *ArrayExpr:
		w.tag(tagArray)
		w.typed(e.Typed)
		w.list(e.Elems)
	case *RowExpr:
		w.tag(tagRow)
		w.typed(e.Typed)
		w.list(e.Elems)
		w.uint(uint64(len(e.Names)))
		for _, n := range e.Names {
			w.string(n)
		}
	case *Field:
		w.tag(tagField)
		w.typed(e.Typed)
		w.expr(e.Arg)
		w.uint(uint64(e.Index))
	case *Subscript:
		w.tag(tagSubscript)
		w.typed(e.Typed)
		w.bool(e.Slice)
		w.expr(e.Arg)
		w.list([]Expr{e.Value})
		w.list(e.Lower)
		w.list(e.Upper)
		w.list(e.Index)
	case *AggregateCall:
		w.aggregate(e)
	default:
		w.err = pgerr.Internal("%s cannot travel to a shard", fmt.Sprintf("%T", e))
	}
}

// castNode writes a Cast without its argument; an array's element cast follows.
func (w *encoder) castNode(e *Cast) {
	w.typed(e.Typed)
	w.tag(byte(e.Form))
	w.function(e.Func)
	w.bool(e.Explicit)
	w.bool(e.Elem != nil)
	if e.Elem != nil {
		w.castNode(e.Elem)
	}
	w.guard(e.Guard)
}

func (w *encoder) caseNode(e *Case) {
	w.tag(tagCase)
	w.typed(e.Typed)
	w.expr(e.Arg)
	w.uint(uint64(len(e.Arms)))
	for _, a := range e.Arms {
		w.expr(a.Cond)
		w.expr(a.Result)
	}
	w.expr(e.Else)
}

func (w *encoder) aggregate(e *AggregateCall) {
	if e.Agg.Set != nil {
		w.err = pgerr.Internal("%s cannot travel to a shard", e.Agg.Name)
	}
	w.tag(tagAggregate)
	w.typed(e.Typed)
	w.uint(uint64(e.Agg.OID))
	w.list(e.Args)
	w.bool(e.Distinct)
	w.bool(e.Star)
	w.expr(e.Filter)
	w.sortKeys(e.Order)
}
