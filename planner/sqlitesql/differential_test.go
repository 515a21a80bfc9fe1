package sqlitesql

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
)

var (
	seed  = flag.Uint64("seed", 1, "of the generated expressions")
	trees = flag.Int("trees", 1000, "how many expressions to generate")
)

// kind is a type of which values lie in SQLite, with some of them, as text.
type kind struct {
	t      *types.Type
	typmod int32
	values []string
}

var (
	floats = []string{"0", "-0", "1.5", "-2.25", "1e300", "-1e300", "NaN", "Infinity", "-Infinity", "5e-324"}
	texts  = []string{"", "a", "abc", "ABC", "aé", "É%b", "_x\\", "  xy ", "\U0001F600z", "%"}
	moment = []string{"2000-01-01 00:00:00", "infinity", "-infinity", "1999-12-31 23:59:59.999999", "0001-01-01 00:00:00 BC", "294276-12-31 23:59:59", "2024-02-29 12:00:00"}
)

var kinds = []kind{
	{types.TBool, -1, []string{"t", "f"}},
	{types.TInt2, -1, []string{"0", "1", "-1", "7", "32767", "-32768"}},
	{types.TInt4, -1, []string{"0", "1", "-1", "7", "3", "2147483647", "-2147483648"}},
	{types.TInt8, -1, []string{"0", "1", "-1", "10", "9223372036854775807", "-9223372036854775808", "4294967296"}},
	{types.TOID, -1, []string{"0", "1", "4294967295", "2147483648"}},
	{types.TFloat4, -1, []string{"0", "-0", "1.5", "3e38", "-3e38", "NaN", "Infinity", "-Infinity", "1e-45", "0.1"}},
	{types.TFloat8, -1, floats},
	{types.TNumeric, 4 + (10<<16 | 2), []string{"0", "1.50", "-1.5", "99999999.99", "NaN"}},
	{types.TText, -1, texts},
	{types.TVarchar, 4 + 10, texts},
	{types.TBpchar, 4 + 4, []string{"", "x", "xy", "a", "abc", "zzzz", "é"}},
	{types.TName, -1, []string{"", "a", "abc", "pg_class"}},
	{types.TBytea, -1, []string{"", "\\x00", "\\x0001", "\\xff"}},
	{types.TUUID, -1, []string{"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "7f000000-0000-0000-0000-000000000001"}},
	{types.TDate, -1, []string{"2000-01-01", "infinity", "-infinity", "1999-12-31", "4713-11-24 BC", "5874897-12-31", "2024-02-29"}},
	{types.TTime, -1, []string{"00:00:00", "24:00:00", "12:34:56.789"}},
	{types.TTimestamp, -1, moment},
	{types.TTimestamptz, -1, moment},
	{types.TInt4Range, -1, []string{"empty", "(,)", "[1,5)", "[1,6)", "(,5)", "[1,)", "[-5,1)", "[-2147483648,2147483647)"}},
	{types.TDateRange, -1, []string{"empty", "[2000-01-01,infinity]", "[2000-01-01,infinity)", "(,1999-12-31)", "[-infinity,2000-01-01)"}},
	{types.TInt8Multirange, -1, []string{"{}", "{[1,5)}", "{[1,5),[7,8)}", "{(,)}", "{(,3),[5,)}"}},
	{mood, -1, []string{"sad", "ok", "happy"}},
}

// mood stands for all enums.
var mood = types.NewEnum(20000, "mood", "", []types.EnumLabel{{Sort: -1 << 40, Label: "sad"}, {Sort: 1 << 32, Label: "ok"}, {Sort: 1 << 33, Label: "happy"}})

func kindOf(t *types.Type) *kind {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.t == t })
	if i < 0 {
		return nil
	}
	return &kinds[i]
}

// datum parses the i-th value; NULL comes after the last.
func (k *kind) datum(t testing.TB, i int) types.Datum {
	if i >= len(k.values) {
		return types.Null
	}
	d, err := k.t.Parse(types.DefaultEnv(), k.values[i], k.typmod)
	if err != nil {
		t.Fatalf("%s %s: %v", k.t.Name, k.values[i], err)
	}
	if k.typmod >= 0 {
		if d, err = k.t.ApplyTypmod(d, k.typmod, true); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// lab is a table whose columns have the kinds given, and its rows as datums.
type lab struct {
	t    *testing.T
	conn *sqlite.Conn
	cols []*kind
	rows [][]types.Datum
}

func openDB(t *testing.T) *sqlite.Conn {
	t.Helper()
	db, err := sqlite.Open(t.TempDir()+"/lab.db", sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Writer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Release(); db.Close() })
	return conn
}

// newLab fills a table t of its own.
func newLab(t *testing.T, conn *sqlite.Conn, cols []*kind, rows [][]types.Datum) *lab {
	t.Helper()
	names, marks := []string{"id INTEGER PRIMARY KEY"}, []string{"?1"}
	for i := range cols {
		names, marks = append(names, shard.ColumnName(i)+" ANY"), append(marks, "?"+strconv.Itoa(i+2))
	}
	script := "DROP TABLE IF EXISTS t; CREATE TABLE t (" + strings.Join(names, ", ") + ") STRICT"
	if err := conn.Script(script); err != nil {
		t.Fatal(err)
	}
	st, err := conn.Prepare("INSERT INTO t VALUES (" + strings.Join(marks, ", ") + ")")
	if err != nil {
		t.Fatal(err)
	}
	defer st.Done()
	for i, row := range rows {
		p := types.IntValue(int64(i)).AppendPacked(nil)
		for k, d := range row {
			p = cols[k].t.Store(cols[k].typmod, d).AppendPacked(p)
		}
		if _, err := st.Exec(p); err != nil {
			t.Fatal(err)
		}
	}
	return &lab{t, conn, cols, rows}
}

func (l *lab) column(i int) expr.Expr {
	return expr.NewColumn(expr.ColumnID(i), shard.ColumnName(i), l.cols[i].t, l.cols[i].typmod)
}

// answer is a value in its stored form, or an error's code.
type answer struct {
	value []byte
	code  pgerr.Code
}

func (a answer) String() string {
	if a.code != "" {
		return "error " + string(a.code)
	}
	v, _, _ := types.NextPacked(a.value)
	return fmt.Sprintf("%v %q", v.Tag, a.value)
}

func failed(err error) answer { return answer{code: pgerr.From(err).Code} }

// answers evaluates e for each row, in Go and in SQLite; ok is false when it
// has no SQL.
func (l *lab) answers(e expr.Expr) (inGo, inSQL []answer, sql string, ok bool) {
	w := &writer{}
	sql, ok = w.expr(e)
	if !ok {
		return nil, nil, "", false
	}
	evals, err := expr.CompileAll([]expr.Expr{e}, func(id expr.ColumnID) int { return int(id) })
	if err != nil {
		l.t.Fatal(err)
	}
	st, err := l.conn.Prepare("SELECT " + sql + " FROM t WHERE id = ?" + strconv.Itoa(len(w.bound)+1))
	if err != nil {
		l.t.Fatalf("%s: %v", sql, err)
	}
	defer st.Done()
	ctx := &expr.Context{Env: types.DefaultEnv()}
	var bound []byte
	for _, b := range w.bound {
		evals, err := expr.CompileAll([]expr.Expr{b.Expr}, nil)
		if err != nil {
			l.t.Fatal(err)
		}
		d, err := evals[0](ctx, nil)
		if err != nil {
			return nil, nil, "", false // such a statement never gets to a shard
		}
		bound = b.Type.Store(b.Typmod, d).AppendPacked(bound)
	}
	for id, row := range l.rows {
		d, err := evals[0](ctx, row)
		if err != nil {
			inGo = append(inGo, failed(err))
		} else {
			inGo = append(inGo, answer{value: e.Type().Store(e.Typmod(), d).AppendPacked(nil)})
		}
		inSQL = append(inSQL, l.ask(st, types.IntValue(int64(id)).AppendPacked(slices.Clone(bound))))
	}
	return inGo, inSQL, sql, true
}

func (l *lab) ask(st *sqlite.Stmt, params []byte) answer {
	page, err := st.Query(context.Background(), nil, params)
	if err != nil {
		return failed(err)
	}
	if page.N != 1 {
		l.t.Fatalf("%d rows", page.N)
	}
	return answer{value: page.Rows[4:]}
}

// agree compares the two answers for every row. With lenient, one side may
// have failed where the other need not have looked.
func (l *lab) agree(name string, e expr.Expr, lenient bool) (pushed bool) {
	inGo, inSQL, sql, ok := l.answers(e)
	for i := range inGo {
		a, b := inGo[i], inSQL[i]
		if a.code == b.code && bytes.Equal(a.value, b.value) || lenient && (a.code != "" || b.code != "") {
			continue
		}
		l.t.Errorf("%s\n%s\nof %s\nin Go     %v\nin SQLite %v", name, sql, l.show(i), a, b)
		return ok
	}
	return ok
}

func (l *lab) show(i int) string {
	var out []string
	for k, d := range l.rows[i] {
		s := "NULL"
		if !d.IsNull() {
			s = string(l.cols[k].t.Format(types.DefaultEnv(), nil, d))
		}
		out = append(out, fmt.Sprintf("%s %q", l.cols[k].t.Name, s))
	}
	return strings.Join(out, ", ")
}

// combinations are all rows of values of the kinds, NULLs among them.
func combinations(t *testing.T, cols []*kind) [][]types.Datum {
	rows := [][]types.Datum{nil}
	for _, k := range cols {
		var longer [][]types.Datum
		for _, row := range rows {
			for i := range len(k.values) + 1 {
				longer = append(longer, append(row[:len(row):len(row)], k.datum(t, i)))
			}
		}
		rows = longer
	}
	return rows
}

// ranges stand for all range and multirange types.
var ranges = map[*types.Type][]*types.Type{
	types.TAnyRange: {types.TInt4Range, types.TDateRange}, types.TAnyMultirange: {types.TInt8Multirange},
}

// pushed are the functions that the planner's tables have, by signature.
func pushed(t *testing.T) map[string]*expr.Function {
	t.Helper()
	out := map[string]*expr.Function{}
	for _, p := range builtin.Default().Procs() {
		if p.Func == nil {
			continue
		}
		_, ok := ruleOf(p.Func)
		if ok && p.Func.Bind != nil {
			for _, t := range ranges[p.Args[0]] {
				f := p.Func.Bind([]*types.Type{t, t}, types.TBool)
				out[expr.Signature(f.Name, f.Args)] = f
			}
		}
		if ok && p.Func.Impl != nil {
			f := *p.Func
			f.Args = slices.Clone(f.Args)
			for i, a := range f.Args {
				if a == types.TAnyEnum {
					f.Args[i] = mood
				}
			}
			out[expr.Signature(f.Name, f.Args)] = &f
		}
	}
	return out
}

func inOrder(m map[string]*expr.Function) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Every function of the tables gives in SQLite what it gives in Go, for all
// combinations of some values of its arguments' types: results, NULLs, errors.
func TestFunctionsAgree(t *testing.T) {
	conn := openDB(t)
	functions := pushed(t)
	for signature := range called {
		if !slices.ContainsFunc(inOrder(functions), func(s string) bool {
			return signatureOf(functions[s]) == signature
		}) {
			t.Errorf("%s: no such function", signature)
		}
	}
	tables := map[string]*lab{}
	var last string
	for _, name := range inOrder(functions) {
		f := functions[name]
		var cols []*kind
		for _, a := range f.Args {
			k := kindOf(a)
			if k == nil {
				t.Fatalf("%s: no values of type %s", name, a.Name)
			}
			cols = append(cols, k)
		}
		key := fmt.Sprint(f.Args)
		if tables[key] == nil || key != last {
			tables[key], last = newLab(t, conn, cols, combinations(t, cols)), key
		}
		l := tables[key]
		args := make([]expr.Expr, len(cols))
		for i := range args {
			args[i] = l.column(i)
		}
		if e := expr.NewCall(f, args...); !l.agree(name, e, false) {
			t.Errorf("%s: has no SQL", name)
		}
	}
	if len(functions) < 200 {
		t.Errorf("only %d functions", len(functions))
	}
}

func signatureOf(f *expr.Function) string {
	args := make([]string, len(f.Args))
	for i, a := range f.Args {
		args[i] = a.Name
	}
	return signature(f.Name, args)
}

// Every cast between the kinds that has SQL agrees too.
func TestCastsAgree(t *testing.T) {
	conn := openDB(t)
	count := 0
	for i := range kinds {
		from := &kinds[i]
		l := newLab(t, conn, []*kind{from}, combinations(t, []*kind{from}))
		for j := range kinds {
			if c := castTo(l.column(0), &kinds[j]); c != nil && l.agree(from.t.Name+" to "+kinds[j].t.Name, c, false) {
				count++
			}
		}
	}
	if count < 12 {
		t.Errorf("only %d casts", count)
	}
}

// castTo is e as another type, without a length.
func castTo(e expr.Expr, to *kind) expr.Expr {
	c := builtin.Default().FindCoercion(e.Type(), to.t, builtin.Explicit)
	if c == nil || e.Type() == to.t {
		return nil
	}
	return &expr.Cast{Typed: expr.Typed{T: to.t, Mod: -1}, Form: c.Form, Func: c.Func, Arg: e, Explicit: true}
}

// generator makes expressions over a table that has a column of each kind.
type generator struct {
	*rand.Rand
	l         *lab
	byResult  map[*types.Type][]*expr.Function
	comparing map[*types.Type][]*expr.Function // both arguments of the type
	used      map[string]int
}

func newGenerator(t *testing.T, l *lab) *generator {
	g := &generator{Rand: rand.New(rand.NewPCG(*seed, 3)), l: l, used: map[string]int{},
		byResult: map[*types.Type][]*expr.Function{}, comparing: map[*types.Type][]*expr.Function{}}
	functions := pushed(t)
	for _, name := range inOrder(functions) {
		f := functions[name]
		g.byResult[f.Result] = append(g.byResult[f.Result], f)
		if r, _ := ruleOf(f); r.compares && f.Args[0] == f.Args[1] {
			g.comparing[f.Args[0]] = append(g.comparing[f.Args[0]], f)
		}
	}
	return g
}

func (g *generator) note(what string) { g.used[what]++ }

// leaf is a column or a literal.
func (g *generator) leaf(k *kind) expr.Expr {
	if g.IntN(3) > 0 {
		return g.l.column(slices.Index(g.l.cols, k))
	}
	c := expr.NewConst(k.t, k.datum(g.l.t, g.IntN(len(k.values)+1)))
	c.Mod = k.typmod
	return c
}

// value is an expression of a type.
func (g *generator) value(k *kind, depth int) expr.Expr {
	if depth == 0 {
		return g.leaf(k)
	}
	switch list := g.byResult[k.t]; {
	case k.t == types.TBool && g.IntN(2) == 0:
		return g.condition(depth)
	case len(list) > 0 && g.IntN(3) > 0:
		return g.call(list[g.IntN(len(list))], depth-1)
	case g.IntN(4) == 0:
		g.note("coalesce")
		return &expr.Coalesce{Typed: expr.Typed{T: k.t, Mod: k.typmod}, Args: []expr.Expr{g.value(k, depth-1), g.value(k, depth-1)}}
	case g.IntN(4) == 0:
		g.note("case")
		c := &expr.Case{Typed: expr.Typed{T: k.t, Mod: k.typmod}}
		for range 1 + g.IntN(2) {
			c.Arms = append(c.Arms, expr.When{Cond: g.condition(depth - 1), Result: g.value(k, depth-1)})
		}
		if g.IntN(3) > 0 {
			c.Else = g.value(k, depth-1)
		}
		return c
	case g.IntN(3) == 0:
		if c := castTo(g.value(&kinds[g.IntN(len(kinds))], depth-1), k); c != nil {
			g.note("cast")
			return c
		}
	}
	return g.leaf(k)
}

// condition is a boolean expression.
func (g *generator) condition(depth int) expr.Expr {
	k := &kinds[g.IntN(len(kinds))]
	below := max(depth-1, 0)
	compare := g.comparing[k.t]
	if len(compare) == 0 {
		return g.leaf(kindOf(types.TBool))
	}
	op := compare[g.IntN(len(compare))]
	r, _ := ruleOf(op)
	switch g.IntN(7) {
	case 0:
		g.note("and")
		return expr.NewAnd(g.condition(below), g.condition(below))
	case 1:
		g.note("or")
		return expr.NewOr(g.condition(below), g.condition(below))
	case 2:
		g.note("not")
		return &expr.Logic{Op: expr.Not, Args: []expr.Expr{g.condition(below)}}
	case 3:
		test := expr.TestKind(g.IntN(int(expr.IsNotUnknown) + 1))
		arg := g.value(kindOf(types.TBool), below)
		if test == expr.IsNull || test == expr.IsNotNull {
			arg = g.value(k, below)
		}
		g.note("test" + tests[test])
		return &expr.Test{Kind: test, Arg: arg}
	case 4:
		if eq := builtin.Default().Equality(k.t); eq != nil {
			g.note("distinct")
			return &expr.Distinct{Negated: g.IntN(2) == 0, Eq: eq, A: g.value(k, below), B: g.value(k, below)}
		}
	case 5:
		all := g.IntN(2) == 0
		g.note(fmt.Sprintf("%s %t", r.sql, all))
		return &expr.AnyAll{All: all, Op: op, Operator: r.sql, Left: g.value(k, below), List: []expr.Expr{g.leaf(k), g.leaf(k), g.leaf(k)}}
	}
	predicates := g.byResult[types.TBool]
	return g.call(predicates[g.IntN(len(predicates))], below)
}

// call is a call with arguments of some depth.
func (g *generator) call(f *expr.Function, depth int) expr.Expr {
	args := make([]expr.Expr, len(f.Args))
	for i, a := range f.Args {
		args[i] = g.value(kindOf(a), depth)
	}
	g.note(f.Name)
	return expr.NewCall(f, args...)
}

// Expressions of all that has SQL, some levels deep, agree for random rows.
func TestExpressionsAgree(t *testing.T) {
	cols := make([]*kind, len(kinds))
	for i := range kinds {
		cols[i] = &kinds[i]
	}
	rng := rand.New(rand.NewPCG(*seed, 1))
	rows := make([][]types.Datum, 40)
	for i := range rows {
		for _, k := range cols {
			rows[i] = append(rows[i], k.datum(t, rng.IntN(len(k.values)+1)))
		}
	}
	g := newGenerator(t, newLab(t, openDB(t), cols, rows))
	functions := pushed(t)
	for _, name := range inOrder(functions) {
		g.l.agree(name, g.call(functions[name], 2), true)
	}
	with := 0
	for range *trees {
		e := g.condition(1 + g.IntN(3))
		if g.l.agree(fmt.Sprintf("seed %d", *seed), e, true) {
			with++
		}
	}
	if with*2 < *trees {
		t.Errorf("only %d of %d expressions have SQL", with, *trees)
	}
	want := []string{"and", "or", "not", "distinct", "coalesce", "case", "cast"}
	for _, test := range tests {
		want = append(want, "test"+test)
	}
	for _, op := range comparisons {
		want = append(want, op+" true", op+" false")
	}
	for _, f := range functions {
		want = append(want, f.Name)
	}
	for _, what := range want {
		if g.used[what] == 0 {
			t.Errorf("%s was never generated", what)
		}
	}
}
