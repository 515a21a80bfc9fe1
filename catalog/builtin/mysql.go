package builtin

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// mysqlSchema is the schema of the functions that MySQL's dialect is translated
// to. They are found by their qualified names alone, and in no catalog.
const mysqlSchema = "mysql."

// firstOwnOID is the first OID of functions that PostgreSQL does not have. It
// lies where PostgreSQL keeps room for patches in development (transam.h).
const firstOwnOID = 9000

// ownProc is a function of ours: strict, immutable, of one value.
type ownProc struct {
	name   string
	result *types.Type
	args   []*types.Type
	impl   impl
}

func (l *Library) loadOwn(list []ownProc) {
	for i, own := range list {
		l.addOwn(&Proc{
			OID: firstOwnOID + types.OID(i), Name: own.name, Kind: 'f', Symbol: own.name,
			Args: own.args, Result: own.result, Strict: true, Volatility: expr.Immutable,
		}, own.impl)
	}
}

// addOwn adds a function that no row of the table describes.
func (l *Library) addOwn(p *Proc, f impl) {
	p.Func = &expr.Function{
		OID: p.OID, Name: p.Name, Args: p.Args, Result: p.Result, Strict: p.Strict, Volatility: p.Volatility, Impl: f,
	}
	l.procByOID[p.OID] = p
	l.procByName[p.Name] = append(l.procByName[p.Name], p)
}

// mysqlProcs lists them. Each integer type has rows of its own: overload
// resolution would prefer double precision to a wider integer.
func mysqlProcs() (list []ownProc) {
	add := func(name string, result *types.Type, f impl, args ...*types.Type) {
		list = append(list, ownProc{mysqlSchema + name, result, args, f})
	}
	num, double, text, integer := types.TNumeric, types.TFloat8, types.TText, types.TInt8
	for _, t := range []*types.Type{types.TInt2, types.TInt4, types.TInt8} {
		for _, q := range mysqlDivisions {
			add(q.name, num, q.ofIntegers, t, t)
		}
		for _, name := range []string{"ceiling", "floor", "round"} {
			add(name, integer, same, t)
		}
		add("round", integer, integerDigits(types.NumericRound), t, types.TInt4)
		add("truncate", integer, integerDigits(numericTruncated), t, types.TInt4)
		add("text", text, integerText, t)
	}
	for _, q := range mysqlDivisions {
		add(q.name, num, q.ofNumerics, num, num)
		add(q.name, double, q.ofDoubles, double, double)
	}
	add("ceiling", num, numericNumeric(types.NumericCeil), num)
	add("ceiling", double, floatFloat(exactly(math.Ceil)), double)
	add("floor", num, numericNumeric(types.NumericFloor), num)
	add("floor", double, floatFloat(exactly(math.Floor)), double)
	add("round", num, numericNumeric(func(v *apd.Decimal) (*apd.Decimal, error) { return types.NumericRound(v, 0) }), num)
	add("round", double, floatFloat(exactly(math.RoundToEven)), double)
	add("round", num, numericDigits(types.NumericRound), num, types.TInt4)
	add("round", double, doubleDigits(math.RoundToEven), double, types.TInt4)
	add("truncate", num, numericDigits(numericTruncated), num, types.TInt4)
	add("truncate", double, doubleDigits(math.Trunc), double, types.TInt4)
	add("text", text, same, text)
	add("text", text, formatted(num), num)
	add("text", text, formatted(types.TDate), types.TDate)
	for _, t := range []*types.Type{types.TInt2, types.TInt4, types.TInt8, num, double, text, types.TDate, types.TTime, types.TTimestamp, types.TTimestamptz} {
		add("greatest", t, furthest(t, 1), t, t)
		add("least", t, furthest(t, -1), t, t)
	}
	add("left", text, firstCharacters, text, integer)
	add("right", text, lastCharacters, text, integer)
	add("substring", text, substringFrom, text, integer)
	add("substring", text, substringFrom, text, integer, integer)
	return list
}

// furthest is the value of two that compares as sign says.
func furthest(t *types.Type, sign int) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		if t.Compare(a[0], a[1])*sign < 0 {
			return a[1], nil
		}
		return a[0], nil
	}
}

// mysqlDivision is one way of dividing.
type mysqlDivision struct {
	name string
	// decimal divides by what is not 0.
	decimal func(a, b *apd.Decimal) (*apd.Decimal, error)
	checked bool // division by 0 is an error, not NULL
}

// mysqlDivisions: as they are shown, as they are computed with, and in statements
// that write, where strict mode takes no division by 0.
var mysqlDivisions = []mysqlDivision{
	{"quotient", mysqlQuotient, false}, {"quotient_unrounded", mysqlQuotientUnrounded, false},
	{"quotient_checked", mysqlQuotientUnrounded, true},
}

func (q mysqlDivision) byZero() (types.Datum, error) {
	if q.checked {
		return types.Null, types.DivisionByZero()
	}
	return types.Null, nil
}

func (q mysqlDivision) ofNumerics(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return q.divide(a[0].Decimal(), a[1].Decimal())
}

func (q mysqlDivision) ofIntegers(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return q.divide(types.NumericFromInt(a[0].Int()), types.NumericFromInt(a[1].Int()))
}

func (q mysqlDivision) divide(a, b *apd.Decimal) (types.Datum, error) {
	if b.Form == apd.Finite && b.Coeff.Sign() == 0 {
		return q.byZero()
	}
	return numeric(q.decimal(a, b))
}

func (q mysqlDivision) ofDoubles(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	x, y := a[0].Float(), a[1].Float()
	if y == 0 {
		return q.byZero()
	}
	r := x / y
	if math.IsInf(r, 0) && !math.IsInf(x, 0) {
		return types.Null, pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: overflow")
	}
	return types.Float(r), nil
}

// MySQL's arithmetic of decimals (strings/decimal.c, do_div_mod).
const (
	// mysqlWord is how many digits a word of a decimal has.
	mysqlWord = 9
	// mysqlIncrement is div_precision_increment's default: the digits that a
	// quotient has more than its dividend.
	mysqlIncrement = 4
	// mysqlMaxScale is DECIMAL_MAX_SCALE.
	mysqlMaxScale = 30
)

// mysqlQuotient is what a client of MySQL sees of a quotient.
func mysqlQuotient(a, b *apd.Decimal) (*apd.Decimal, error) {
	q, err := mysqlQuotientUnrounded(a, b)
	if err != nil || q.Form != apd.Finite {
		return q, err
	}
	return types.NumericRound(q, min(-a.Exponent+mysqlIncrement, mysqlMaxScale))
}

// mysqlQuotientUnrounded is what MySQL computes with: whole words of digits, cut.
func mysqlQuotientUnrounded(a, b *apd.Decimal) (*apd.Decimal, error) {
	if a.Form != apd.Finite || b.Form != apd.Finite {
		return types.NumericDiv(a, b)
	}
	scale := mysqlQuotientScale(-a.Exponent, -b.Exponent)
	shift := scale + a.Exponent - b.Exponent
	out := &apd.Decimal{Negative: a.Negative != b.Negative, Exponent: -scale}
	var power, dividend apd.BigInt
	power.Exp(apd.NewBigInt(10), apd.NewBigInt(int64(shift)), nil)
	dividend.Mul(&a.Coeff, &power)
	out.Coeff.Quo(&dividend, &b.Coeff)
	if out.Coeff.Sign() == 0 {
		out.Negative = false
	}
	return out, nil
}

func mysqlQuotientScale(a, b int32) int32 {
	words := func(digits int32) int32 { return (max(digits, 0) + mysqlWord - 1) / mysqlWord }
	wholeA, wholeB := words(a)*mysqlWord, words(b)*mysqlWord
	more := max(mysqlIncrement-(wholeA-max(a, 0)+wholeB-max(b, 0)), 0)
	return words(wholeA+wholeB+more) * mysqlWord
}

func exactly(f func(float64) float64) func(float64) (float64, error) {
	return func(v float64) (float64, error) { return f(v), nil }
}

func numericTruncated(v *apd.Decimal, scale int32) (*apd.Decimal, error) {
	return types.NumericTrunc(v, scale), nil
}

func numericDigits(f func(*apd.Decimal, int32) (*apd.Decimal, error)) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return numeric(f(a[0].Decimal(), int32(a[1].Int())))
	}
}

// integerDigits changes digits before the point only.
func integerDigits(f func(*apd.Decimal, int32) (*apd.Decimal, error)) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		if a[1].Int() >= 0 {
			return a[0], nil
		}
		v, err := f(types.NumericFromInt(a[0].Int()), int32(a[1].Int()))
		if err != nil {
			return types.Null, err
		}
		n, err := types.NumericToInt(v, 64)
		return types.Int(n), err
	}
}

// doubleDigits is my_double_round (sql/item_func.cc).
func doubleDigits(f func(float64) float64) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		v, digits := a[0].Float(), a[1].Int()
		power := math.Pow10(int(max(digits, -digits)))
		if digits < 0 {
			return types.Float(f(v/power) * power), nil
		}
		if math.IsInf(v*power, 0) {
			return a[0], nil
		}
		return types.Float(f(v*power) / power), nil
	}
}

func integerText(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return types.Text(strconv.FormatInt(a[0].Int(), 10)), nil
}

// formatted is the text of a value, of a type whose text no setting changes here.
func formatted(t *types.Type) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Text(string(t.Format(types.DefaultEnv(), nil, a[0]))), nil
	}
}

func firstCharacters(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return types.Text(characters(a[0].Text(), 0, a[1].Int())), nil
}

func lastCharacters(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	s, n := a[0].Text(), a[1].Int()
	return types.Text(characters(s, int64(utf8.RuneCountInString(s))-max(n, 0), n)), nil
}

// substringFrom is SUBSTRING(s, position[, length]): the first character is 1,
// -1 is the last, and there is nothing at 0 or outside.
func substringFrom(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	s, at, n := a[0].Text(), a[1].Int(), int64(math.MaxInt64)
	if len(a) > 2 {
		n = a[2].Int()
	}
	count := int64(utf8.RuneCountInString(s))
	if at < 0 {
		at += count + 1
	}
	if at < 1 || at > count {
		return types.Text(""), nil
	}
	return types.Text(characters(s, at-1, n)), nil
}

// characters are up to n characters of s behind the first skip.
func characters(s string, skip, n int64) string {
	if n <= 0 {
		return ""
	}
	start, count := -1, int64(0)
	for i := range s {
		if start < 0 && count >= skip {
			start = i
		}
		if start >= 0 && count-max(skip, 0) >= n {
			return s[start:i]
		}
		count++
	}
	if start < 0 {
		return ""
	}
	return s[start:]
}
