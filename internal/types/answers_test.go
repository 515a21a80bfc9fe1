package types

import (
	"bufio"
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// answer is one line of testdata/answers.tsv: what a PostgreSQL 15 said.
type answer struct {
	form     string // a type, or an expression of $1, $2
	settings string
	input    string // the arguments of an expression have | between them
	text     string // OK and the text, or SQLSTATE and message
	wire     string // the binary form in hexadecimal; "" if there is none
}

func readAnswers(t *testing.T) []answer {
	f, err := os.Open("testdata/answers.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []answer
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		c := strings.Split(scan.Text(), "\t")
		for i := range c {
			c[i] = uncopy(c[i])
		}
		out = append(out, answer{c[0], c[1], c[2], c[3], strings.TrimPrefix(c[4], "OK ")})
	}
	return out
}

// uncopy undoes the escapes of COPY's text format; NULL is "".
func uncopy(s string) string {
	if s == `\N` {
		return ""
	}
	return strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n", `\r`, "\r", `\b`, "\b", `\f`, "\f", `\v`, "\v").Replace(s)
}

func envOf(t *testing.T, settings string) *Env {
	e := DefaultEnv()
	for _, s := range strings.Split(settings, ";") {
		name, value, _ := strings.Cut(s, "=")
		switch name {
		case "timezone":
			e.Location = FindZone(value)
		case "intervalstyle":
			e.IntervalStyle = map[string]IntervalStyle{"sql_standard": IntervalSQLStandard, "postgres_verbose": IntervalPostgresVerbose, "iso_8601": IntervalISO8601}[value]
		case "extra_float_digits":
			e.ExtraFloatDigits, _ = strconv.Atoi(value)
		case "bytea_output":
			e.ByteaEscape = value == "escape"
		case "datestyle":
			style, order, _ := strings.Cut(value, ", ")
			e.DateStyle = map[string]DateStyle{"ISO": DateISO, "SQL": DateSQL, "Postgres": DatePostgres, "German": DateGerman}[style]
			e.DateOrder = map[string]DateOrder{"MDY": OrderMDY, "DMY": OrderDMY, "YMD": OrderYMD}[order]
		}
	}
	return e
}

// typeOf reads "numeric(5,2)", "interval day to second(1)", "int4[]".
func typeOf(t *testing.T, s string) (*Type, int32) {
	base, mods, hasMods := strings.Cut(s, "(")
	array := strings.HasSuffix(base, "[]")
	base = strings.Trim(strings.TrimSuffix(base, "[]"), `"`)
	var list []int32
	if rest, ok := strings.CutPrefix(base, "interval"); ok {
		base = "interval"
		for _, r := range intervalRanges {
			if r.name == rest && (rest != "" || hasMods) {
				list = append(list, r.mask)
			}
		}
	}
	typ := ByName(base)
	if array {
		typ = typ.Array
	}
	if hasMods {
		for _, m := range strings.Split(strings.TrimSuffix(mods, ")"), ",") {
			n, _ := strconv.Atoi(m)
			list = append(list, int32(n))
		}
	}
	if len(list) == 0 {
		return typ, -1
	}
	typmod, err := TypmodIn(typ, list)
	if err != nil {
		t.Fatal(err)
	}
	return typ, typmod
}

func errText(err error) string {
	e := pgerr.From(err)
	s := string(e.Code) + " " + e.Message
	if e.Detail != "" {
		s += " DETAIL: " + e.Detail
	}
	if e.Hint != "" {
		s += " HINT: " + e.Hint
	}
	return s
}

// TestAnswers compares every input, output and operation with PostgreSQL's.
func TestAnswers(t *testing.T) {
	bad := 0
	for _, a := range readAnswers(t) {
		got, wire := evaluate(t, a)
		if got != a.text || wire != a.wire {
			if bad++; bad <= 60 {
				t.Errorf("%s %.200q [%s]\n got %.200s %.100s\nwant %.200s %.100s", a.form, a.input, a.settings, got, wire, a.text, a.wire)
			}
		}
	}
	if bad > 0 {
		t.Errorf("%d answers differ", bad)
	}
}

func evaluate(t *testing.T, a answer) (text, wire string) {
	e := envOf(t, a.settings)
	if strings.Contains(a.form, "$1") {
		return evaluateCall(t, e, a), ""
	}
	typ, typmod := typeOf(t, a.form)
	d, err := typ.Parse(e, a.input, typmod)
	if err != nil {
		return errText(err), ""
	}
	text = "OK " + string(typ.Format(e, nil, d))
	if typ == TBool { // the cast to text spells it out
		text = "OK " + strconv.FormatBool(d.Bool())
	}
	bin := typ.Encode(e, nil, d)
	back, err := typ.Decode(e, bin, typmod)
	if err != nil || typ.Compare(back, d) != 0 {
		t.Errorf("%s %q: decoding what was encoded gives %v", a.form, a.input, err)
	}
	checkStored(t, typ, typmod, d)
	return text, hex.EncodeToString(bin)
}

// checkStored holds for every value that storing it keeps all of it.
func checkStored(t *testing.T, typ *Type, typmod int32, d Datum) {
	t.Helper()
	v := typ.Store(typmod, d)
	back, err := typ.Load(typmod, v)
	if err != nil {
		t.Errorf("%s %s: %v", typ.Name, typ.Format(env, nil, d), err)
		return
	}
	if a, b := typ.Format(env, nil, d), typ.Format(env, nil, back); string(a) != string(b) {
		t.Errorf("%s %s: stored and loaded %s", typ.Name, a, b)
	}
	key, err := typ.KeyPart(typmod, v)
	if want := typ.StoreKey(typmod, d); err != nil || string(key.AppendPacked(nil)) != string(want.AppendPacked(nil)) {
		t.Errorf("%s %s: the key of the stored form is not the key: %v", typ.Name, typ.Format(env, nil, d), err)
	}
	if typ.Hash(1, d) != typ.Hash(1, back) {
		t.Errorf("%s %s: hash changes when stored", typ.Name, typ.Format(env, nil, d))
	}
}

// args reads the arguments of a call.
type args struct {
	t   *testing.T
	env *Env
	s   []string
	err error
}

func (a *args) datum(i int, typ *Type) Datum {
	d, err := typ.Parse(a.env, a.s[i], -1)
	if err != nil && a.err == nil {
		a.err = err
	}
	return d
}

func (a *args) num(i int) *apd.Decimal {
	if d := a.datum(i, TNumeric); !d.IsNull() {
		return d.Decimal()
	}
	return NumericNaN()
}

func (a *args) int(i int, typ *Type) int64 { return a.datum(i, typ).Int() }

func (a *args) interval(i int) Interval {
	if d := a.datum(i, TInterval); !d.IsNull() {
		return d.Interval()
	}
	return Interval{}
}

func numResult(v *apd.Decimal, err error) (*Type, Datum, error) { return TNumeric, Decimal(v), err }

func intResult(typ *Type, v int64, err error) (*Type, Datum, error) { return typ, Int(v), err }

func ivalResult(v Interval, err error) (*Type, Datum, error) { return TInterval, IntervalDatum(v), err }

func scaleResult(v int32, ok bool) (*Type, Datum, error) {
	if !ok {
		return TInt4, Null, nil
	}
	return TInt4, Int(int64(v)), nil
}

func evaluateCall(t *testing.T, e *Env, a answer) string {
	f, ok := calls[a.form]
	if !ok {
		return "unknown call"
	}
	in := &args{t: t, env: e, s: strings.Split(a.input, "|")}
	typ, d, err := f(in)
	if in.err != nil {
		err = in.err
	}
	switch {
	case err != nil:
		return errText(err)
	case d.IsNull():
		return "OK NULL"
	}
	return "OK " + string(typ.Format(e, nil, d))
}

type call func(a *args) (*Type, Datum, error)

var calls = map[string]call{
	"$1::numeric + $2::numeric":       func(a *args) (*Type, Datum, error) { return numResult(NumericAdd(a.num(0), a.num(1))) },
	"$1::numeric - $2::numeric":       func(a *args) (*Type, Datum, error) { return numResult(NumericSub(a.num(0), a.num(1))) },
	"$1::numeric * $2::numeric":       func(a *args) (*Type, Datum, error) { return numResult(NumericMul(a.num(0), a.num(1))) },
	"$1::numeric / $2::numeric":       func(a *args) (*Type, Datum, error) { return numResult(NumericDiv(a.num(0), a.num(1))) },
	"$1::numeric % $2::numeric":       func(a *args) (*Type, Datum, error) { return numResult(NumericMod(a.num(0), a.num(1))) },
	"div($1::numeric, $2::numeric)":   func(a *args) (*Type, Datum, error) { return numResult(NumericDivTrunc(a.num(0), a.num(1))) },
	"gcd($1::numeric, $2::numeric)":   func(a *args) (*Type, Datum, error) { return numResult(NumericGCD(a.num(0), a.num(1)), nil) },
	"lcm($1::numeric, $2::numeric)":   func(a *args) (*Type, Datum, error) { return numResult(NumericLCM(a.num(0), a.num(1))) },
	"power($1::numeric, $2::numeric)": func(a *args) (*Type, Datum, error) { return numResult(NumericPower(a.num(0), a.num(1))) },
	"log($1::numeric, $2::numeric)":   func(a *args) (*Type, Datum, error) { return numResult(NumericLogBase(a.num(0), a.num(1))) },
	"sqrt($1::numeric)":               func(a *args) (*Type, Datum, error) { return numResult(NumericSqrt(a.num(0))) },
	"exp($1::numeric)":                func(a *args) (*Type, Datum, error) { return numResult(NumericExp(a.num(0))) },
	"ln($1::numeric)":                 func(a *args) (*Type, Datum, error) { return numResult(NumericLn(a.num(0))) },
	"log($1::numeric)":                func(a *args) (*Type, Datum, error) { return numResult(NumericLog(a.num(0))) },
	"round($1::numeric)":              func(a *args) (*Type, Datum, error) { return numResult(NumericRound(a.num(0), 0)) },
	"trunc($1::numeric)":              func(a *args) (*Type, Datum, error) { return numResult(NumericTrunc(a.num(0), 0), nil) },
	"round($1::numeric, $2::int4)": func(a *args) (*Type, Datum, error) {
		return numResult(NumericRound(a.num(0), int32(a.int(1, TInt4))))
	},
	"trunc($1::numeric, $2::int4)": func(a *args) (*Type, Datum, error) {
		return numResult(NumericTrunc(a.num(0), int32(a.int(1, TInt4))), nil)
	},
	"ceil($1::numeric)":       func(a *args) (*Type, Datum, error) { return numResult(NumericCeil(a.num(0))) },
	"floor($1::numeric)":      func(a *args) (*Type, Datum, error) { return numResult(NumericFloor(a.num(0))) },
	"scale($1::numeric)":      func(a *args) (*Type, Datum, error) { return scaleResult(NumericScale(a.num(0))) },
	"min_scale($1::numeric)":  func(a *args) (*Type, Datum, error) { return scaleResult(NumericMinScale(a.num(0))) },
	"trim_scale($1::numeric)": func(a *args) (*Type, Datum, error) { return numResult(NumericTrimScale(a.num(0)), nil) },
	"sign($1::numeric)":       func(a *args) (*Type, Datum, error) { return numResult(NumericSign(a.num(0)), nil) },
	"abs($1::numeric)":        func(a *args) (*Type, Datum, error) { return numResult(NumericAbs(a.num(0)), nil) },
	"- $1::numeric":           func(a *args) (*Type, Datum, error) { return numResult(NumericNeg(a.num(0)), nil) },
	"$1::numeric::int2": func(a *args) (*Type, Datum, error) {
		v, err := NumericToInt(a.num(0), 16)
		return intResult(TInt2, v, err)
	},
	"$1::numeric::int4": func(a *args) (*Type, Datum, error) {
		v, err := NumericToInt(a.num(0), 32)
		return intResult(TInt4, v, err)
	},
	"$1::numeric::int8": func(a *args) (*Type, Datum, error) {
		v, err := NumericToInt(a.num(0), 64)
		return intResult(TInt8, v, err)
	},
	"$1::numeric::float8": func(a *args) (*Type, Datum, error) {
		v, err := NumericToFloat(a.num(0), 64)
		return TFloat8, Float(v), err
	},
	"$1::numeric::float4": func(a *args) (*Type, Datum, error) {
		v, err := NumericToFloat(a.num(0), 32)
		return TFloat4, Float(v), err
	},
	"$1::float8::numeric": func(a *args) (*Type, Datum, error) {
		return numResult(NumericFromFloat(a.datum(0, TFloat8).Float(), 64))
	},
	"$1::float4::numeric": func(a *args) (*Type, Datum, error) {
		return numResult(NumericFromFloat(a.datum(0, TFloat4).Float(), 32))
	},
	"factorial($1::int8)": func(a *args) (*Type, Datum, error) { return numResult(NumericFactorial(a.int(0, TInt8))) },
	"$1::timestamp + $2::interval": func(a *args) (*Type, Datum, error) {
		v, err := TimestampAddInterval(a.int(0, TTimestamp), a.interval(1))
		return intResult(TTimestamp, v, err)
	},
	"$1::timestamptz + $2::interval": func(a *args) (*Type, Datum, error) {
		v, err := TimestamptzAddInterval(a.int(0, TTimestamptz), a.interval(1), a.env.Location)
		return intResult(TTimestamptz, v, err)
	},
	"$1::timestamp - $2::timestamp": func(a *args) (*Type, Datum, error) {
		return ivalResult(TimestampDiff(a.int(0, TTimestamp), a.int(1, TTimestamp)))
	},
	"age($1::timestamp, $2::timestamp)": func(a *args) (*Type, Datum, error) {
		return ivalResult(TimestampAge(a.int(0, TTimestamp), a.int(1, TTimestamp)))
	},
	"age($1::timestamptz, $2::timestamptz)": func(a *args) (*Type, Datum, error) {
		return ivalResult(TimestamptzAge(a.int(0, TTimestamptz), a.int(1, TTimestamptz), a.env.Location))
	},
	"$1::timestamp::date": func(a *args) (*Type, Datum, error) {
		return TDate, Int(TimestampToDate(a.int(0, TTimestamp))), nil
	},
	"$1::timestamp::timestamptz": func(a *args) (*Type, Datum, error) {
		v, err := TimestampToTZ(a.int(0, TTimestamp), a.env.Location)
		return intResult(TTimestamptz, v, err)
	},
	"$1::timestamptz::timestamp": func(a *args) (*Type, Datum, error) {
		v, err := TimestamptzToLocal(a.int(0, TTimestamptz), a.env.Location)
		return intResult(TTimestamp, v, err)
	},
	"justify_hours($1::interval)":    func(a *args) (*Type, Datum, error) { return ivalResult(JustifyHours(a.interval(0))) },
	"justify_days($1::interval)":     func(a *args) (*Type, Datum, error) { return ivalResult(JustifyDays(a.interval(0))) },
	"justify_interval($1::interval)": func(a *args) (*Type, Datum, error) { return ivalResult(JustifyInterval(a.interval(0))) },
	"- $1::interval":                 func(a *args) (*Type, Datum, error) { return ivalResult(IntervalNeg(a.interval(0))) },
	"$1::interval + $2::interval": func(a *args) (*Type, Datum, error) {
		return ivalResult(IntervalAdd(a.interval(0), a.interval(1)))
	},
	"$1::interval - $2::interval": func(a *args) (*Type, Datum, error) {
		return ivalResult(IntervalSub(a.interval(0), a.interval(1)))
	},
	"$1::interval * $2::float8": func(a *args) (*Type, Datum, error) {
		return ivalResult(IntervalMul(a.interval(0), a.datum(1, TFloat8).Float()))
	},
	"$1::interval / $2::float8": func(a *args) (*Type, Datum, error) {
		return ivalResult(IntervalDiv(a.interval(0), a.datum(1, TFloat8).Float()))
	},
}
