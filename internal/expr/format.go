package expr

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Formatter deparses expressions as PostgreSQL's ruleutils.c does for EXPLAIN,
// pg_get_expr and the definitions of views and defaults.
type Formatter struct {
	// Env is what literals' text depends on; it may not be nil.
	Env *types.Env
	// Column names a column; nil uses Column.Name, quoted.
	Column func(*Column) string
	// Param names a parameter; nil prints $1.
	Param func(*Param) string
	// Subquery prints a subquery; nil prints "(SubPlan)".
	Subquery func(*Subquery) string
	// Over prints what stands behind a window call's OVER; nil prints (?).
	Over func(*WindowCall) string
	// Pretty leaves out the parentheses that nobody needs to read it (pg_get_expr's pretty_bool).
	Pretty bool
	// Literal prints a literal's text; nil uses the type's own (reg… types then print numbers).
	Literal func(*types.Type, types.Datum) string
	// TypeName prints a type; nil is types.FormatType.
	TypeName func(t *types.Type, typmod int32) string
	// Constructor names a function that makes values of a user-defined range type; nil is its plain name.
	Constructor func(types.RangeConstructor) string
	// Layout, when set, breaks lines as the definitions of views do.
	Layout *Layout
	// Folded prints an IN list of literals as the one array that planning makes of it.
	Folded bool
}

// Format deparses e with names as they are and env's settings.
func Format(env *types.Env, e Expr) string {
	return (&Formatter{Env: env}).Format(e)
}

// Format deparses e.
func (f *Formatter) Format(e Expr) string {
	p := &deparser{f: f}
	p.expr(e, false)
	return string(p.b)
}

// FormatShown deparses e with the conversions that nobody wrote.
func (f *Formatter) FormatShown(e Expr) string {
	p := &deparser{f: f}
	p.expr(e, true)
	return string(p.b)
}

type deparser struct {
	f *Formatter
	b []byte
}

func (p *deparser) str(parts ...string) {
	for _, s := range parts {
		p.b = AppendLine(p.b, s)
	}
}

// list prints expressions with commas between.
func (p *deparser) list(list []Expr, implicit bool) {
	for i, e := range list {
		if i > 0 {
			p.str(", ")
		}
		p.expr(e, implicit)
	}
}

// expr prints e; implicit says whether casts that nobody wrote are shown, as
// they are for the arguments of operators and functions.
func (p *deparser) expr(e Expr, implicit bool) {
	switch e := e.(type) {
	case nil:
		p.str("NULL")
	case *Const:
		p.literal(e)
	case *Param:
		p.param(e)
	case *Column:
		p.column(e)
	case *Call:
		p.call(e)
	case *Cast:
		p.cast(e, implicit)
	case *Logic:
		p.logic(e)
	case *Test:
		p.open()
		p.paren(e.Arg, e, true)
		p.str(" ", testNames[e.Kind])
		p.shut()
	case *Distinct:
		op := " IS DISTINCT FROM "
		if e.Negated {
			op = " IS NOT DISTINCT FROM "
		}
		p.infix(e, e.A, op, e.B)
	case *Case:
		p.caseNode(e)
	case *CaseArg:
		p.str("CASE_TEST_EXPR")
	case *DomainValue:
		p.str("VALUE")
	case *Subquery:
		p.subquery(e)
	default:
		p.composed(e)
	}
}

var testNames = [...]string{
	IsNull: "IS NULL", IsNotNull: "IS NOT NULL", IsTrue: "IS TRUE", IsNotTrue: "IS NOT TRUE",
	IsFalse: "IS FALSE", IsNotFalse: "IS NOT FALSE", IsUnknown: "IS UNKNOWN", IsNotUnknown: "IS NOT UNKNOWN",
}

func (p *deparser) composed(e Expr) {
	switch e := e.(type) {
	case *Coalesce:
		p.function("COALESCE", e.Args)
	case *MinMax:
		name := "LEAST"
		if e.Greatest {
			name = "GREATEST"
		}
		p.function(name, e.Args)
	case *NullIf:
		p.function("NULLIF", []Expr{e.A, e.B})
	case *AnyAll:
		p.anyAll(e)
	case *ArrayExpr:
		p.str("ARRAY[")
		p.list(e.Elems, true)
		p.str("]")
		if len(e.Elems) == 0 {
			p.str("::", p.typeName(e.T, e.Mod))
		}
	case *RowExpr:
		p.function("ROW", e.Elems)
		if e.Explicit {
			p.str("::", p.typeName(e.T, e.Mod))
		}
	case *Field:
		p.field(e)
	case *Subscript:
		p.subscript(e)
	case *AggregateCall:
		p.aggregate(e)
	case *WindowCall:
		p.window(e)
	}
}

func (p *deparser) function(name string, args []Expr) {
	p.str(name, "(")
	p.list(args, true)
	p.str(")")
}

func (p *deparser) param(e *Param) {
	if p.f.Param != nil {
		p.str(p.f.Param(e))
		return
	}
	p.str("$", strconv.Itoa(e.Index+1))
}

func (p *deparser) column(e *Column) {
	if p.f.Column != nil {
		p.str(p.f.Column(e))
		return
	}
	p.str(QuoteIdent(e.Name))
}

func (p *deparser) subquery(e *Subquery) {
	if p.f.Subquery != nil {
		p.str(p.f.Subquery(e))
		return
	}
	p.str("(SubPlan)")
}

// literal is get_const_expr: a label only where the text alone would be read
// as something else.
func (p *deparser) literal(e *Const) {
	label := "::" + p.typeName(e.T, e.Mod)
	if e.Value.IsNull() {
		p.str("NULL")
		if e.T != types.TUnknown {
			p.str(label)
		}
		return
	}
	s := p.text(e)
	switch e.T {
	case types.TBool:
		p.str(strconv.FormatBool(e.Value.Bool()))
	case types.TInt4:
		if s[0] == '-' {
			p.str("'", s, "'", label)
		} else {
			p.str(s)
		}
	case types.TNumeric:
		plain := s[0] >= '0' && s[0] <= '9' && strings.ContainsAny(s, "eE.")
		if !plain {
			s = "'" + s + "'"
		}
		p.str(s)
		if !plain || e.Mod >= 0 {
			p.str(label)
		}
	case types.TUnknown:
		p.str(quoteSimple(s))
	default:
		p.str(quoteSimple(s), label)
	}
}

func (p *deparser) typeName(t *types.Type, typmod int32) string {
	if p.f.TypeName != nil {
		return p.f.TypeName(t, typmod)
	}
	return types.FormatType(t, typmod)
}

func (p *deparser) text(e *Const) string {
	if p.f.Literal != nil {
		return p.f.Literal(e.T, e.Value)
	}
	return string(e.T.Format(p.f.Env, nil, e.Value))
}

func (p *deparser) call(e *Call) {
	switch {
	case e.Keyword != "":
		p.str(e.Keyword)
	case e.Syntax && p.syntax(e):
	case e.Operator != "" && len(e.Args) == 2:
		p.infix(e, e.Args[0], " "+e.Operator+" ", e.Args[1])
	case e.Operator != "" && len(e.Args) == 1:
		p.open()
		p.str(e.Operator, " ")
		p.paren(e.Args[0], e, true)
		p.shut()
	case e.Variadic || e.Func.Packs:
		last := len(e.Args) - 1
		p.str(p.calledName(e.Func), "(")
		p.list(e.Args[:last], true)
		if last > 0 {
			p.str(", ")
		}
		p.str("VARIADIC ")
		p.expr(e.Args[last], true)
		p.str(")")
	default:
		p.function(p.calledName(e.Func), e.Args)
	}
}

// calledName is what a function is called by.
func (p *deparser) calledName(f *Function) string {
	switch c := f.Constructs; {
	case c.OID == 0:
		return functionName(f.Name)
	case p.f.Constructor != nil:
		return p.f.Constructor(c)
	default:
		return QuoteIdent(c.Name)
	}
}

// functionName is a function's name, with its schema if it is found by that alone.
func functionName(name string) string {
	if schema, rest, ok := strings.Cut(name, "."); ok {
		return QuoteIdent(schema) + "." + QuoteIdent(rest)
	}
	return QuoteIdent(name)
}

func (p *deparser) infix(e, a Expr, op string, b Expr) {
	p.open()
	p.paren(a, e, true)
	p.str(op)
	p.paren(b, e, true)
	p.shut()
}

// cast prints (arg)::type; a chain of a conversion and its length coercion is
// one cast in the text.
func (p *deparser) cast(e *Cast, implicit bool) {
	if e.Keyword != "" {
		p.str(e.Keyword)
		return
	}
	if !e.Explicit && !implicit {
		p.paren(e.Arg, e, false)
		return
	}
	arg := e.Arg
	if inner, ok := arg.(*Cast); ok && e.Form == CastTypmod && inner.T == e.T {
		arg = inner.Arg
	}
	if c, ok := arg.(*Const); ok && (c.T == e.T || c.T == types.TUnknown) && !c.Value.IsNull() {
		p.str(quoteSimple(p.text(c)), "::", p.typeName(e.T, e.Mod))
		return
	}
	p.open()
	p.paren(arg, e, false)
	p.shut()
	p.str("::", p.typeName(e.T, e.Mod))
}

func (p *deparser) logic(e *Logic) {
	if e.Op == Not {
		p.open()
		p.str("NOT ")
		p.paren(e.Args[0], e, false)
		p.shut()
		return
	}
	word := " AND "
	if e.Op == Or {
		word = " OR "
	}
	p.open()
	for i, a := range e.Args {
		if i > 0 {
			p.str(word)
		}
		p.paren(a, e, false)
	}
	p.shut()
}

func (p *deparser) caseNode(e *Case) {
	p.word("CASE", "", 0, varIndent)
	if e.Arg != nil {
		p.str(" ")
		p.expr(e.Arg, true)
	}
	for _, w := range e.Arms {
		p.word("WHEN ", " ", 0, 0)
		p.expr(caseTest(e, w.Cond), false)
		p.str(" THEN ")
		p.expr(w.Result, true)
	}
	p.word("ELSE ", " ", 0, 0)
	if e.Else == nil {
		p.literal(&Const{Typed: e.Typed})
	} else {
		p.expr(e.Else, true)
	}
	p.word("END", " ", -varIndent, 0)
}

// caseTest is the value behind WHEN of a CASE with an argument, whose
// condition is `CaseArg = value`.
func caseTest(e *Case, cond Expr) Expr {
	if e.Arg == nil {
		return cond
	}
	call, ok := cond.(*Call)
	if !ok || len(call.Args) != 2 {
		return cond
	}
	left := call.Args[0]
	for {
		c, ok := left.(*Cast)
		if !ok {
			break
		}
		left = c.Arg
	}
	if _, ok := left.(*CaseArg); !ok {
		return cond
	}
	return call.Args[1]
}

func (p *deparser) anyAll(e *AnyAll) {
	word := " ANY ("
	if e.All {
		word = " ALL ("
	}
	p.open()
	p.paren(e.Left, e, true)
	p.str(" ", e.Operator, word)
	if a, ok := e.Array.(*ArrayExpr); ok {
		p.array(a)
	} else if e.Array != nil {
		p.expr(e.Array, true)
	} else {
		p.inList(e.List)
	}
	p.str(")")
	p.shut()
}

// array prints an array that is compared with. Kept as text and read again, the
// conversion of one is its elements'.
func (p *deparser) array(a *ArrayExpr) {
	if r := relabeledList(a.Elems); r != nil {
		p.expr(r, true)
		return
	}
	p.expr(a, true)
}

// inList prints a list as the array that PostgreSQL makes of it.
func (p *deparser) inList(list []Expr) {
	if a := relabeledList(list); a != nil {
		p.expr(a, true)
		return
	}
	elems := make([]types.Datum, len(list))
	t := list[0].Type()
	for i, e := range list {
		c, ok := e.(*Const)
		if !p.f.Folded || !ok || t.Array == nil || !t.Array.Supported() || c.T != t {
			p.str("ARRAY[")
			p.list(list, true)
			p.str("]")
			return
		}
		elems[i] = c.Value
	}
	a := types.ArrayDatum(&types.Array{Elem: t, Dims: []int32{int32(len(elems))}, Lower: []int32{1}, Elems: elems})
	p.literal(NewConst(t.Array, a))
}

// relabeledList is a list of varchar compared as text: PostgreSQL makes an array
// of varchar, and converts that. Nil for any other.
func relabeledList(list []Expr) Expr {
	if len(list) == 0 {
		return nil
	}
	elems := make([]Expr, len(list))
	for i, e := range list {
		c, ok := e.(*Cast)
		if !ok || c.T != types.TText || c.Arg.Type() != types.TVarchar {
			return nil
		}
		elems[i] = c.Arg
	}
	return &Cast{Typed: Typed{T: types.TText.Array, Mod: -1}, Arg: &ArrayExpr{Typed: Typed{T: types.TVarchar.Array, Mod: -1}, Elems: elems}}
}

func (p *deparser) field(e *Field) {
	p.str("(")
	p.expr(e.Arg, true)
	name := "f" + strconv.Itoa(e.Index+1)
	if r, ok := e.Arg.(*RowExpr); ok && e.Index < len(r.Names) {
		name = r.Names[e.Index]
	} else if cols := e.Arg.Type().Columns(); e.Index < len(cols) {
		name = cols[e.Index].Name
	} else if e.Name != "" {
		name = e.Name
	}
	p.str(").", QuoteIdent(name))
}

func (p *deparser) subscript(e *Subscript) {
	_, plain := e.Arg.(*Column)
	if !plain {
		p.str("(")
	}
	p.expr(e.Arg, true)
	if !plain {
		p.str(")")
	}
	for _, i := range e.Index {
		p.str("[")
		p.expr(i, false)
		p.str("]")
	}
	for i := range e.Upper {
		p.str("[")
		if e.Lower[i] != nil {
			p.expr(e.Lower[i], false)
		}
		p.str(":")
		if e.Upper[i] != nil {
			p.expr(e.Upper[i], false)
		}
		p.str("]")
	}
}

func (p *deparser) aggregate(e *AggregateCall) {
	p.str(QuoteIdent(e.Agg.Name), "(")
	if e.Distinct {
		p.str("DISTINCT ")
	}
	if e.Star {
		p.str("*")
	}
	if e.Agg.Set != nil {
		p.list(e.Direct, true)
		p.str(") WITHIN GROUP (ORDER BY ", p.f.sortKeys(e.Order, p.f.SortKey))
	} else {
		p.list(e.Args, true)
		if len(e.Order) > 0 {
			p.str(" ORDER BY ", p.f.sortKeys(e.Order, p.f.SortKey))
		}
	}
	p.str(")")
	p.filter(e.Filter)
}

func (p *deparser) window(e *WindowCall) {
	p.str(QuoteIdent(e.Name()), "(")
	if e.Star {
		p.str("*")
	}
	p.list(e.Args, true)
	p.str(")")
	p.filter(e.Filter)
	p.str(" OVER ")
	if p.f.Over != nil {
		p.str(p.f.Over(e))
	} else {
		p.str("(?)")
	}
}

func (p *deparser) filter(e Expr) {
	if e != nil {
		p.str(" FILTER (WHERE ")
		p.expr(e, false)
		p.str(")")
	}
}

// SortKey prints what something is sorted or grouped by, as
// get_rule_sortgroupclause does: literals with their types, and more
// parentheses than elsewhere.
func (f *Formatter) SortKey(e Expr) string {
	text, paren := f.FormatShown(e), f.Pretty
	switch e := e.(type) {
	case *Column:
		return text
	case *Const:
		label := "::" + (&deparser{f: f}).typeName(e.T, e.Mod)
		if strings.HasSuffix(text, label) {
			return text
		}
		return text + label
	case *Call:
		paren = paren || e.Operator == "" && e.Keyword == ""
	case *Cast:
		paren = paren || (e.Form == CastFunction || e.Form == CastTypmod) && e.Keyword == ""
	}
	if paren {
		return "(" + text + ")"
	}
	return text
}

// SortKeys prints an ORDER BY list; what is the default is not printed.
func (f *Formatter) SortKeys(keys []SortKey) string { return f.sortKeys(keys, f.Format) }

func (f *Formatter) sortKeys(keys []SortKey, text func(Expr) string) string {
	var b strings.Builder
	for i, k := range keys {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(text(k.Expr))
		if k.Desc {
			b.WriteString(" DESC")
		}
		switch {
		case k.NullsFirst == k.Desc: // the default
		case k.NullsFirst:
			b.WriteString(" NULLS FIRST")
		default:
			b.WriteString(" NULLS LAST")
		}
	}
	return b.String()
}

// Signature is name(type, type): how messages name a function.
func Signature(name string, args []*types.Type) string {
	var b strings.Builder
	b.WriteString(name + "(")
	for i, t := range args {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(t.SQLName)
	}
	return b.String() + ")"
}

// quoteSimple quotes for a reader with standard_conforming_strings.
func quoteSimple(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// QuoteLiteral is quote_literal: 'it”s', and E” when there is a backslash.
func QuoteLiteral(s string) string {
	q := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return "E" + strings.ReplaceAll(q, `\`, `\\`)
	}
	return q
}

// QuoteIdent is quote_identifier: double quotes unless the name reads back as
// itself, which a reserved word does not.
func QuoteIdent(s string) string {
	plain := s != "" && !reservedWords[s]
	for i := 0; plain && i < len(s); i++ {
		c := s[i]
		plain = c == '_' || c >= 'a' && c <= 'z' || i > 0 && c >= '0' && c <= '9'
	}
	if plain && utf8.ValidString(s) {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}
