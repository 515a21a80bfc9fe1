package sqlite

import (
	"bufio"
	"flag"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

var rewrite = flag.String("rewrite", "", "connection string of a PostgreSQL 15 (C.UTF-8) to record testdata/functions.txt from")

// golden has a line per call: PostgreSQL's expression, a tab, its text or "!SQLSTATE:message" or \N.
const golden = "testdata/functions.txt"

// edge is a value as PostgreSQL reads it and as a shard holds it.
type edge struct {
	literal string
	stored  types.Value
}

// call is one function applied to edge values.
type call struct {
	postgres string // the expression
	sql      string // the same in a shard
	params   []byte
	result   string // pg type of the result, "" for what its stored kind says
}

func ints(values ...int64) []edge {
	var out []edge
	for _, v := range values {
		out = append(out, edge{fmt.Sprintf("'%d'", v), types.IntValue(v)})
	}
	return out
}

func floats(values ...float64) []edge {
	out := []edge{{"'NaN'", types.TextValue("NaN")}}
	for _, v := range values {
		out = append(out, edge{"'" + strconv.FormatFloat(v, 'g', -1, 64) + "'", types.RealValue(v)})
	}
	return out
}

func stringEdges(values ...string) []edge {
	var out []edge
	for _, v := range values {
		out = append(out, edge{"'" + strings.ReplaceAll(v, "'", "''") + "'", types.TextValue(v)})
	}
	return out
}

const dayMicros = 86400 * 1000000

// epochDays is 2000-01-01 in Unix days.
const epochDays = 10957

func daysOf(year int, month time.Month, day int) int64 {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix()/86400 - epochDays
}

// calendar are days around every rule of the calendar; years are astronomical.
var calendar = []struct {
	year, month, day int
}{{2000, 1, 1}, {1999, 12, 31}, {2000, 2, 29}, {2001, 2, 28}, {1900, 3, 1}, {2004, 12, 27}, {2005, 1, 2}, {2008, 12, 29}, {2010, 1, 3},
	{2020, 7, 31}, {1, 1, 1}, {0, 12, 31}, {-43, 3, 15}, {-99, 1, 1}, {-100, 6, 1}, {100, 12, 31}, {101, 1, 1}, {-999, 5, 5},
	{-4712, 1, 1}, {1582, 10, 15}, {9999, 12, 31}, {294276, 12, 31}, {1970, 1, 1}, {1001, 1, 1}, {1000, 12, 31}, {-9, 1, 1}, {-10, 12, 31}, {9, 12, 31}}

func dateText(year, month, day int) string {
	if year <= 0 {
		return fmt.Sprintf("%04d-%02d-%02d BC", 1-year, month, day)
	}
	return fmt.Sprintf("%04d-%02d-%02d", year, month, day)
}

func dates() []edge {
	out := []edge{{"'infinity'", types.IntValue(math.MaxInt32)}, {"'-infinity'", types.IntValue(math.MinInt32)},
		{"'5874897-12-31'", types.IntValue(daysOf(5874897, 12, 31))}}
	for _, c := range calendar {
		out = append(out, edge{"'" + dateText(c.year, c.month, c.day) + "'", types.IntValue(daysOf(c.year, time.Month(c.month), c.day))})
	}
	return out
}

func timestamps() []edge {
	out := []edge{{"'infinity'", types.IntValue(math.MaxInt64)}, {"'-infinity'", types.IntValue(math.MinInt64)}}
	for i, c := range calendar {
		micros := []int64{0, dayMicros - 1, 3*3600*1000000 + 4*60*1000000 + 5678901, 1, 12 * 3600 * 1000000, 59999500}[i%6]
		s := micros / 1000000
		text := dateText(c.year, c.month, c.day)
		clock := fmt.Sprintf(" %02d:%02d:%02d.%06d", s/3600, s/60%60, s%60, micros%1000000)
		if date, bc := strings.CutSuffix(text, " BC"); bc {
			text = date + clock + " BC"
		} else {
			text += clock
		}
		out = append(out, edge{"'" + text + "'", types.IntValue(daysOf(c.year, time.Month(c.month), c.day)*dayMicros + micros)})
	}
	return out
}

// edges are the values of each argument type.
var edges = map[string][]edge{
	"int2":   ints(0, 1, -1, 2, 7, -7, 181, 182, math.MaxInt16, math.MinInt16),
	"int4":   ints(0, 1, -1, 3, -7, 46340, 46341, math.MaxInt16+1, math.MaxInt32, math.MinInt32),
	"int8":   ints(0, 1, -1, 10, -7, 3037000499, 3037000500, math.MaxInt32+1, math.MaxInt64, math.MinInt64),
	"float4": floats(0, math.Copysign(0, -1), 1, -1.5, 2.5, math.Inf(1), math.Inf(-1), math.MaxFloat32, math.SmallestNonzeroFloat32, float64(float32(0.1))),
	"float8": floats(0, math.Copysign(0, -1), 1, -1.5, 2.5, 0.1, math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64,
		32767.5, -32768.5, 2147483647.4, 2147483647.5, 9223372036854775807, -9223372036854775808, 1e-50, 1e40),
	"text":      stringEdges("", "a", "abc", "ABC", "äöü", "  x ", "Straße İı", "日本語", "a%c", `a\b`, "x𝄞y", "aaab", "_"),
	"date":      dates(),
	"timestamp": timestamps(),
}

var patterns = stringEdges("", "%", "_", "a%", "%c", "%b%", "_b_", "__", "___", "%_", "_%", "%__%", `a\%c`, `a\\b`, `\`, `%\`, `a\`, `_\`, `x\`, "AB%",
	"ä%", "%ü", "_ö_", "日%語", "x_y", "%a%b%", "%aab", "a%b%c%", "%%", "ABC", `\abc`, "straße i%", "%x%", `\_`, "%%%_%")

// lengths and offsets of substr, left, right.
var offsets = ints(0, 1, -1, 2, 3, -2, 100, math.MaxInt32, math.MinInt32)

func signatureOf(proc string) (name string, args []string) {
	name, rest, _ := strings.Cut(strings.TrimSuffix(proc, ")"), "(")
	return name, strings.Split(rest, ",")
}

// argumentEdges chooses values for argument i of a function.
func argumentEdges(name, typ string, i int) []edge {
	switch {
	case strings.HasSuffix(name, "like") && i == 1:
		return patterns
	case typ == "int4" && (strings.HasPrefix(name, "sub") || name == "left" || name == "right"):
		return offsets
	}
	return edges[typ]
}

// Of many combinations every sample'th is taken.
const (
	sample = 7
	dense  = 500
)

// calls are all functions over combinations of their edge values.
func calls() []call {
	var out []call
	for _, f := range Functions {
		for p, proc := range f.Procs {
			name, args := signatureOf(proc)
			if f.Field != "" {
				args = args[1:]
			}
			choices := [][]edge{nil}
			for i, typ := range args {
				var next [][]edge
				for _, c := range choices {
					for _, e := range argumentEdges(name, typ, i) {
						next = append(next, append(c[:len(c):len(c)], e))
					}
				}
				choices = next
			}
			for i, c := range choices {
				// The further ones are mostly other names of the first.
				if p == 0 && len(choices) < dense || i%sample == 0 {
					out = append(out, makeCall(&f, name, args, c))
				}
			}
		}
	}
	return append(out, intervalCalls()...)
}

func makeCall(f *Function, name string, args []string, values []edge) call {
	c := call{}
	var postgres, sql []string
	if f.Field != "" {
		postgres = append(postgres, "'"+f.Field+"'")
	}
	for i, v := range values {
		postgres = append(postgres, v.literal+"::"+args[i])
		sql = append(sql, fmt.Sprintf("?%d", i+1))
		c.params = v.stored.AppendPacked(c.params)
	}
	c.postgres = fmt.Sprintf("%q(%s)", name, strings.Join(postgres, ", "))
	c.sql = fmt.Sprintf("SELECT %s(%s)", f.Name, strings.Join(sql, ", "))
	switch {
	case strings.HasSuffix(f.Name, "like") || name == "starts_with":
		c.result = "bool"
	case name == "date_trunc" || name == "timestamp":
		c.result = "timestamp"
	case name == "date" || strings.HasPrefix(name, "date_") && strings.HasSuffix(name, "i") && name != "date_mi":
		c.result = "date"
	case strings.Contains(f.Name, "float4"):
		c.result = "float4"
	case (strings.HasSuffix(name, "um") || strings.HasSuffix(name, "abs")) && args[0] == "float4":
		c.result = "float4"
	}
	return c
}

func intervalCalls() []call {
	var out []call
	for _, ts := range edges["timestamp"] {
		for _, iv := range [][3]int64{{0, 0, 0}, {1, 0, 0}, {-1, 0, 0}, {13, -1, 1}, {-25, 40, -1}, {0, 1, dayMicros}, {0, -1, 0},
			{0, 0, -1}, {12 * 300000, 0, 0}, {-12 * 300000, 0, 0}, {0, 2000000000, 0}, {0, 0, math.MaxInt64}, {0, 0, math.MinInt64}} {
			out = append(out, call{
				postgres: fmt.Sprintf("%s::timestamp + ('%d months %d days'::interval + '%d microseconds'::interval)", ts.literal, iv[0], iv[1], iv[2]),
				sql:      "SELECT pg_timestamp_pl(?1, ?2, ?3, ?4)",
				params:   append(ts.stored.AppendPacked(nil), pack(iv[0], iv[1], iv[2])...),
				result:   "timestamp",
			})
		}
	}
	return out
}

// postgresText renders a stored value as PostgreSQL's text.
func postgresText(v types.Value, typ string) string {
	switch {
	case v.Tag == types.TagNull:
		return `\N`
	case typ == "bool":
		return map[int64]string{0: "false", 1: "true"}[v.Int()]
	case typ == "date":
		return dayText(v.Int(), math.MaxInt32, math.MinInt32)
	case typ == "timestamp":
		return timestampText(v.Int())
	case v.Tag == types.TagInt64:
		return strconv.FormatInt(v.Int(), 10)
	case v.Tag == types.TagText:
		return v.Text()
	}
	return floatText(v.Real(), typ)
}

// floatText is compared after parsing, so its form does not matter.
func floatText(v float64, typ string) string {
	bits := 64
	if typ == "float4" {
		bits = 32
	}
	return strconv.FormatFloat(v, 'g', -1, bits)
}

func dayText(days, infinity, minus int64) string {
	switch days {
	case infinity:
		return "infinity"
	case minus:
		return "-infinity"
	}
	t := time.Unix((days+epochDays)*86400, 0).UTC()
	return dateText(t.Year(), int(t.Month()), t.Day())
}

func timestampText(v int64) string {
	if v == math.MaxInt64 || v == math.MinInt64 {
		return dayText(v, math.MaxInt64, math.MinInt64)
	}
	days := v / dayMicros
	if v%dayMicros < 0 {
		days--
	}
	us := v - days*dayMicros
	date, bc := strings.CutSuffix(dayText(days, math.MaxInt64, math.MinInt64), " BC")
	s := us / 1000000
	text := fmt.Sprintf("%s %02d:%02d:%02d", date, s/3600, s/60%60, s%60)
	if us%1000000 != 0 {
		text += strings.TrimRight(fmt.Sprintf(".%06d", us%1000000), "0")
	}
	if bc {
		text += " BC"
	}
	return text
}

func (c *call) run(t *testing.T, conn *Conn) string {
	t.Helper()
	st, err := conn.Prepare(c.sql)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Done()
	page, err := st.Query(ctx, nil, c.params)
	if err != nil {
		e := pgerr.From(err)
		return "!" + string(e.Code) + ":" + e.Message
	}
	v, _, _ := types.NextPacked(page.Rows[4:])
	return postgresText(v, c.result)
}

// sameText compares results: floats by value.
func sameText(got, want string) bool {
	if got == want {
		return true
	}
	a, err := strconv.ParseFloat(got, 64)
	b, err2 := strconv.ParseFloat(want, 64)
	return err == nil && err2 == nil && a == b && math.Signbit(a) == math.Signbit(b)
}

func TestFunctionsAgreeWithPostgres(t *testing.T) {
	if *rewrite != "" {
		record(t, calls())
	}
	want := readGolden(t)
	db := openMemory(t)
	conn := reader(t, db)
	defer conn.Release()
	bad := 0
	for _, c := range calls() {
		w, ok := want[c.postgres]
		if !ok {
			t.Fatalf("no recorded answer for %s: run with -rewrite", c.postgres)
		}
		if got := c.run(t, conn); !sameText(got, w) {
			if bad++; bad < 40 {
				t.Errorf("%s: got %s, PostgreSQL %s", c.postgres, got, w)
			}
		}
	}
	t.Logf("%d calls", len(want))
}

func readGolden(t *testing.T) map[string]string {
	t.Helper()
	f, err := os.Open(golden)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]string{}
	s := bufio.NewScanner(f)
	for s.Scan() {
		expr, result, _ := strings.Cut(s.Text(), "\t")
		out[expr] = result
	}
	return out
}

// record asks PostgreSQL and writes the golden file.
func record(t *testing.T, list []call) {
	t.Helper()
	conn, err := pgx.Connect(ctx, *rewrite)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var b strings.Builder
	seen := map[string]bool{}
	for _, c := range list {
		if seen[c.postgres] {
			continue
		}
		seen[c.postgres] = true
		var text *string
		err := conn.QueryRow(ctx, "SELECT ("+c.postgres+")::text", pgx.QueryExecModeSimpleProtocol).Scan(&text)
		fmt.Fprintf(&b, "%s\t%s\n", c.postgres, recorded(t, c.postgres, text, err))
	}
	if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func recorded(t *testing.T, expr string, text *string, err error) string {
	if err == nil {
		if text == nil {
			return `\N`
		}
		return *text
	}
	e, ok := err.(*pgconn.PgError)
	if !ok || strings.HasPrefix(e.Code, "42") {
		t.Fatalf("%s: %v", expr, err)
	}
	return "!" + e.Code + ":" + e.Message
}

// NULL for any argument is NULL, also where another argument would be an error.
func TestFunctionsAreStrict(t *testing.T) {
	db := openMemory(t)
	c := reader(t, db)
	defer c.Release()
	for _, f := range Functions {
		for null := range f.Args {
			args := make([]string, f.Args)
			for i := range args {
				args[i] = "?1"
			}
			args[null] = "NULL"
			sql := fmt.Sprintf("SELECT %s(%s)", f.Name, strings.Join(args, ","))
			for _, v := range []any{0, 0.0, "x"} {
				got, err := tryQuery(t, c, sql, v)
				if got != "NULL" && !(f.Args > 1 && pgerr.HasCode(err, pgerr.InternalError)) {
					if f.Args == 1 { // no ?1 in the text
						got, err = tryQuery(t, c, sql)
					}
					if got != "NULL" {
						t.Errorf("%s with %v: %s, %v", sql, v, got, err)
					}
				}
			}
		}
	}
}

// Every listed function exists with that many arguments, and none is unlisted.
func TestFunctionTable(t *testing.T) {
	db := openMemory(t)
	c := reader(t, db)
	defer c.Release()
	listed := map[string]bool{}
	for _, f := range Functions {
		listed[fmt.Sprintf("%q|%d", f.Name, f.Args)] = true
		if f.Name != "pg_timestamp_pl" && len(f.Procs) == 0 {
			t.Errorf("%s computes nothing of PostgreSQL's", f.Name)
		}
	}
	got := strings.Split(query(t, c, "SELECT DISTINCT name, narg FROM pragma_function_list WHERE name LIKE 'pg!_%' ESCAPE '!'"), "\n")
	for _, name := range got {
		if !listed[name] {
			t.Errorf("%s is not in Functions", name)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("%s does not exist", name)
	}
}

func TestArgumentsOfAnotherKindAreRefused(t *testing.T) {
	db := openMemory(t)
	c := reader(t, db)
	defer c.Release()
	for _, sql := range []string{"SELECT pg_int4pl(1, 'a')", "SELECT pg_int4pl(1.5, 1)", "SELECT pg_like(1, '%')", "SELECT pg_float8pl('x', 1.0)",
		"SELECT pg_length(x'00')", "SELECT pg_substr('a', 'b')", "SELECT pg_date_trunc_day('2000-01-01')"} {
		if got, err := tryQuery(t, c, sql); !pgerr.HasCode(err, pgerr.InternalError) {
			t.Errorf("%s: %s, %v", sql, got, err)
		}
	}
}

// Case mapping is that of Go's tables for every character there is.
func TestCaseMapping(t *testing.T) {
	db := openMemory(t)
	c := reader(t, db)
	defer c.Release()
	var all []rune
	for r := rune(1); r <= unicode.MaxRune; r++ {
		if r < 0xd800 || r > 0xdfff {
			all = append(all, r)
		}
	}
	text := string(all)
	for name, want := range map[string]string{"pg_lower": strings.ToLower(text), "pg_upper": strings.ToUpper(text)} {
		st, err := c.Prepare("SELECT " + name + "(?1)")
		if err != nil {
			t.Fatal(err)
		}
		page, err := st.Query(ctx, nil, pack(text))
		if err != nil {
			t.Fatal(err)
		}
		if string(page.Rows[4:]) != string(pack(want)) {
			t.Errorf("%s differs", name)
		}
		st.Done()
	}
}
