package expr

import (
	"encoding/binary"
	"math"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// maxWireDepth bounds the nesting of a tree that is decoded, so that bytes
// from elsewhere cannot exhaust the stack.
const maxWireDepth = 10000

// Decoder reads what Append wrote. Bytes that Append did not write give an
// error, never a panic; the tree they give is not known to be well typed.
type Decoder struct {
	Library Library
	// Types finds types that are not built in; nil knows none.
	Types func(types.OID) *types.Type
}

// Decode reads one expression and returns what follows it.
func (d *Decoder) Decode(b []byte) (e Expr, rest []byte, err error) {
	r := &reading{Decoder: d, b: b, env: wireEnv()}
	e = r.expr()
	return e, r.b, r.err
}

// reading is one decoding: after an error every read answers zero.
type reading struct {
	*Decoder
	b     []byte
	env   *types.Env
	depth int
	err   error
}

func (r *reading) fail(format string, args ...any) {
	if r.err == nil {
		r.err = pgerr.Internal("malformed expression: "+format, args...)
	}
	r.b = nil
}

func (r *reading) byte() byte {
	if len(r.b) == 0 {
		r.fail("it ends early")
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reading) bool() bool { return r.byte() != 0 }

func (r *reading) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail("bad number")
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reading) int() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail("bad number")
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count reads the length of a list whose items take at least one byte each.
func (r *reading) count() int {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.fail("bad length")
		return 0
	}
	return int(n)
}

func (r *reading) bytes(n int) []byte {
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reading) string() string { return string(r.bytes(r.count())) }

func (r *reading) typ() *types.Type {
	oid := r.uint()
	if oid <= math.MaxUint32 {
		if t := types.ByOID(types.OID(oid)); t != nil {
			return t
		}
		if r.Types != nil {
			if t := r.Types(types.OID(oid)); t != nil {
				return t
			}
		}
	}
	r.fail("unknown type %d", oid)
	return types.TUnknown
}

func (r *reading) typed() Typed { return Typed{T: r.typ(), Mod: int32(r.int())} }

func (r *reading) datum(t *types.Type) types.Datum {
	n := r.uint()
	if n == 0 || r.err != nil {
		return types.Null
	}
	if n-1 > uint64(len(r.b)) {
		r.fail("bad length")
		return types.Null
	}
	form := r.bytes(int(n - 1))
	if t == types.TChar {
		// A byte, which need not be a character.
		return types.Text(string(form[:min(len(form), 1)]))
	}
	if t.Datum == types.KindText {
		if len(form) == 1 {
			return types.Text(string(form)) // of a "char" it may be any byte
		}
		return types.Text(strings.ToValidUTF8(string(form), ""))
	}
	d, err := t.Decode(r.env, form, -1)
	if err != nil {
		r.fail("%s", err.Error())
	}
	return d
}

// function reads a function and binds it to one call's types; 0 is nil.
func (r *reading) function(args []*types.Type, result *types.Type, optional bool) *Function {
	return r.bind(r.uint(), args, result, optional)
}

func (r *reading) bind(oid uint64, args []*types.Type, result *types.Type, optional bool) *Function {
	if r.err != nil || oid == 0 && optional {
		return nil
	}
	f := r.Library.Function(types.OID(oid))
	if f == nil || oid > math.MaxUint32 {
		r.fail("unknown function %d", oid)
		return nil
	}
	if args != nil && !takes(len(args), f.Args) {
		r.fail("%s called with %d arguments", f.Name, len(args))
		return nil
	}
	if f.Bind != nil {
		f = f.Bind(args, result)
	}
	return f
}

// takes reports whether n arguments suit the declared ones: VARIADIC "any"
// stands for any number of them.
func takes(n int, declared []*types.Type) bool {
	last := len(declared) - 1
	if last >= 0 && declared[last] == types.TAny {
		return n >= last
	}
	return n == len(declared)
}

func typesOf(list []Expr) []*types.Type {
	out := make([]*types.Type, len(list))
	for i, e := range list {
		out[i] = e.Type()
	}
	return out
}

// need reads a child that must be there.
func (r *reading) need() Expr {
	e := r.expr()
	if e == nil {
		r.fail("missing argument")
		return NewConst(types.TUnknown, types.Null)
	}
	return e
}

func (r *reading) list() []Expr {
	n := r.count()
	out := make([]Expr, 0, n)
	for range n {
		out = append(out, r.need())
		if r.err != nil {
			break
		}
	}
	return out
}

// optionalList reads a list whose entries may be nil.
func (r *reading) optionalList() []Expr {
	n := r.count()
	out := make([]Expr, 0, n)
	for range n {
		out = append(out, r.expr())
		if r.err != nil {
			break
		}
	}
	return out
}

func (r *reading) sortKeys() []SortKey {
	var out []SortKey
	for range r.count() {
		out = append(out, SortKey{Expr: r.need(), Desc: r.bool(), NullsFirst: r.bool()})
		if r.err != nil {
			break
		}
	}
	return out
}

func (r *reading) expr() Expr {
	if r.depth++; r.depth > maxWireDepth {
		r.fail("nested too deeply")
	}
	defer func() { r.depth-- }()
	tag := r.byte()
	if r.err != nil {
		return nil
	}
	switch tag {
	case tagNil:
		return nil
	case tagConst:
		t := r.typed()
		return &Const{Typed: t, Value: r.datum(t.T)}
	case tagParam:
		return &Param{Typed: r.typed(), Index: int(r.uint() & math.MaxInt32)}
	case tagColumn:
		return &Column{Typed: r.typed(), ID: ColumnID(r.int()), Name: r.string()}
	case tagCall:
		return r.call()
	case tagCast:
		c := r.cast()
		c.Arg = r.need()
		return c
	case tagLogic:
		return r.logic()
	case tagTest:
		kind := TestKind(r.byte())
		if kind > IsNotUnknown {
			r.fail("bad test")
		}
		return &Test{Kind: kind, Arg: r.need()}
	case tagDistinct:
		e := &Distinct{Negated: r.bool()}
		oid := r.uint()
		e.A, e.B = r.need(), r.need()
		e.Eq = r.bind(oid, []*types.Type{e.A.Type(), e.B.Type()}, types.TBool, false)
		return e
	}
	return r.composed(tag)
}

func (r *reading) composed(tag byte) Expr {
	switch tag {
	case tagCase:
		return r.caseNode()
	case tagCaseArg:
		return &CaseArg{r.typed()}
	case tagDomainValue:
		return &DomainValue{r.typed()}
	case tagCoalesce:
		return &Coalesce{Typed: r.typed(), Args: r.list()}
	case tagMinMax:
		return &MinMax{Typed: r.typed(), Greatest: r.bool(), Args: r.list()}
	case tagNullIf:
		e := &NullIf{Typed: r.typed()}
		oid := r.uint()
		e.A, e.B = r.need(), r.need()
		e.Eq = r.bind(oid, []*types.Type{e.A.Type(), e.B.Type()}, types.TBool, false)
		return e
	case tagAnyAll:
		return r.anyAll()
	case tagArray:
		e := &ArrayExpr{Typed: r.typed(), Elems: r.list()}
		if e.T.Elem == nil {
			r.fail("not an array type")
		}
		return e
	case tagRow:
		return r.row()
	case tagField:
		return &Field{Typed: r.typed(), Arg: r.need(), Index: int(r.uint() & math.MaxInt16)}
	case tagSubscript:
		return r.subscript()
	case tagAggregate:
		return r.aggregate()
	}
	r.fail("unknown node %d", tag)
	return nil
}

func (r *reading) subscript() Expr {
	e := &Subscript{Typed: r.typed(), Slice: r.bool(), Arg: r.need()}
	value := r.optionalList()
	e.Lower, e.Upper, e.Index = r.optionalList(), r.optionalList(), r.list()
	switch {
	case len(value) != 1 || len(e.Lower) != len(e.Upper) || len(e.Upper) > MaxArrayDims:
		r.fail("bad subscripts")
	case len(e.Index) > MaxArrayDims && e.Arg.Type().Base() != types.TJSONB:
		r.fail("bad subscripts")
	default:
		e.Value = value[0]
	}
	return e
}

func (r *reading) call() Expr {
	e := &Call{Typed: r.typed()}
	oid := r.uint()
	e.Args = r.list()
	e.Variadic = r.bool()
	args := typesOf(e.Args)
	if e.Variadic && len(args) > 0 {
		args[len(args)-1] = types.TAnyArray
	}
	e.Func = r.bind(oid, args, e.T, false)
	e.Operator = r.string()
	return e
}

func (r *reading) cast() *Cast {
	if r.depth++; r.depth > maxWireDepth {
		r.fail("nested too deeply")
	}
	defer func() { r.depth-- }()
	e := &Cast{Typed: r.typed(), Form: CastForm(r.byte())}
	e.Func = r.function(nil, e.T, true)
	e.Explicit = r.bool()
	if r.bool() {
		e.Elem = r.cast()
	}
	e.Guard = r.guard()
	if e.Form > CastDomain || e.Guard != nil && e.Form != CastDomain || (e.Form == CastFunction) != (e.Func != nil) || (e.Form == CastArray) != (e.Elem != nil) {
		r.fail("bad cast")
	}
	return e
}

func (r *reading) logic() Expr {
	e := &Logic{Op: BoolOp(r.byte()), Args: r.list()}
	if e.Op > Not || len(e.Args) == 0 {
		r.fail("bad logic")
	}
	return e
}

func (r *reading) caseNode() Expr {
	e := &Case{Typed: r.typed(), Arg: r.expr()}
	for range r.count() {
		e.Arms = append(e.Arms, When{Cond: r.need(), Result: r.need()})
		if r.err != nil {
			break
		}
	}
	e.Else = r.expr()
	return e
}

func (r *reading) anyAll() Expr {
	e := &AnyAll{All: r.bool()}
	oid := r.uint()
	e.Operator, e.Left, e.Array, e.List = r.string(), r.need(), r.expr(), r.list()
	right := e.Left.Type()
	switch {
	case e.Array != nil:
		right = e.Array.Type().Elem
	case len(e.List) > 0:
		right = e.List[0].Type()
	default:
		r.fail("nothing to compare with")
	}
	if right == nil {
		r.fail("not an array")
		return e
	}
	e.Op = r.bind(oid, []*types.Type{e.Left.Type(), right}, types.TBool, false)
	return e
}

func (r *reading) row() Expr {
	e := &RowExpr{Typed: r.typed(), Elems: r.list()}
	for range r.count() {
		e.Names = append(e.Names, r.string())
	}
	return e
}

func (r *reading) aggregate() Expr {
	e := &AggregateCall{Typed: r.typed()}
	oid := r.uint()
	e.Args = r.list()
	if r.err == nil {
		e.Agg = r.Library.Aggregate(types.OID(oid))
	}
	if e.Agg == nil {
		r.fail("unknown aggregate %d", oid)
		return e
	}
	if !takes(len(e.Args), e.Agg.Args) {
		r.fail("%s called with %d arguments", e.Agg.Name, len(e.Args))
		return e
	}
	if e.Agg.Bind != nil {
		e.Agg = e.Agg.Bind(typesOf(e.Args), e.T)
	}
	if e.Agg.New == nil {
		r.fail("%s cannot be computed here", e.Agg.Name)
	}
	e.Distinct, e.Star, e.Filter, e.Order = r.bool(), r.bool(), r.expr(), r.sortKeys()
	return e
}
