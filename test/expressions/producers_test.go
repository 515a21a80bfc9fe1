package expressions

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// producer makes a value of a type of some others: SQL with a place for each.
type producer struct {
	name   string
	result *types.Type
	args   []*types.Type
	pieces []string                 // around the arguments, one more than these
	likely map[int][]string         // texts that an argument understands
	poly   func(*chooser) *producer // instead of all this: one made for the occasion
}

// chooser draws; it has all producers, by what they make.
type chooser struct {
	*rand.Rand
	types    []*types.Type
	all      []*producer                 // each with the same chance as an expression's root
	byResult map[*types.Type][]*producer // none that makes a set
	sets     []*producer
	aggs     []*producer
}

// unfit are functions whose answer is the server's own (its clock, objects and
// settings), that have no end, or that only an aggregate calls; of those that begin with pg_, fit are the others.
var (
	unfit = regexp.MustCompile(`^(pg_.*|has_.*|current_.*|session_.*|inet_(client|server).*|txid_.*|row_security_active|(|col_|sh)obj_description|` +
		`col_description|to_reg.*|version|now|timeofday|.*_timestamp|getdatabaseencoding|format_type|.*val|set_config|random|gen_random_uuid|` +
		`age|mxid_age|binary_upgrade.*|lo_.*|json_populate.*|jsonb_populate.*|.*_to_record.*|ts_(debug|stat|parse|token_type|rewrite)|get_current_ts_config|mysql_.*|jsonb?_to_tsvector|` +
		`.*_transfn|.*_accum|.*_accum_inv|.*_combine|interval_avg|int[248].*_(sum|avg)|float8_(avg|corr|var_.*|stddev_.*|regr_.*|covar_.*))$`)
	fit = regexp.MustCompile(`^(pg_size_.*|pg_lsn_.*|pg_wal_lsn_diff|to_timestamp|make_timestamp|make_interval)$`)
)

// unsaid are functions by symbol that PostgreSQL replaces by what they are made
// of, or leaves out by typmod, before it asks for NULLs; whose results are no text
// in UTF8; or that overflow in C, or read elements at wrong places.
var unsaid = map[string]bool{
	"substring(text,text,text)": true, "char_bpchar": true,
	"interval_scale": true, "timestamp_scale": true, "timestamptz_scale": true, "varbit": true, "varchar": true, "numeric": true,
	"make_interval": true, "bpchar": true, "bit": true, "bitfromint4": true, "bitfromint8": true, "float4send": true, "float8send": true, "width_bucket_array": true,
}

// comparesByNumber are functions of which only the sign is said (memcmp's in C).
var comparesByNumber = regexp.MustCompile(`^(bt.*|.*_)cmp$|^(bytea|bpchar|bit|varbit)cmp$`)

// likely are texts that some functions want as an argument, by name and position.
var likely = map[string]map[int][]string{
	"date_part": {0: fields}, "extract": {0: fields}, "date_trunc": {0: fields, 2: zones}, "timezone": {0: zones}, "make_timestamptz": {6: zones},
	"to_char":   {1: {"YYYY-MM-DD HH24:MI:SS.US TZ", "Day, DD Mon FMRM J Q CC IYYY-IW-ID", "HH12:MI AM SSSS", "S9999.999EEEE", "FM999,999.990PR", "SG9G999D99V9", "RN", "L999th", "Y,YYY BC"}},
	"to_date":   {0: {"2024-02-29", "1 Jan 20", "20240229", "0000-01-01"}, 1: {"YYYY-MM-DD", "DD Mon YY", "YYYYMMDD", "IYYY-IW-ID"}},
	"to_number": {0: {"12,454.8-", "-34.5", "1.5e3", "<12>"}, 1: {"99G999D9S", "S99.9", "9.9EEEE", "99PR"}},
	"encode":    {1: {"hex", "base64", "escape", "HEX", "x"}}, "decode": {0: {"00ff", "AAEC", "\\000a", "zz"}, 1: {"hex", "base64", "escape"}},
	"format":         {0: {"%s", "%I.%L", "%2$s %1$s", "%-10s|", "%%", "%*s", "%", "%5$s"}},
	"regexp_replace": {1: patterns, 3: flags}, "regexp_match": {1: patterns, 2: flags}, "regexp_matches": {1: patterns, 2: flags}, "regexp_split_to_array": {1: patterns, 2: flags},
	"regexp_split_to_table": {1: patterns, 2: flags}, "regexp_like": {1: patterns, 2: flags}, "regexp_count": {1: patterns}, "regexp_substr": {1: patterns}, "regexp_instr": {1: patterns},
	"substring": {1: patterns}, "~": {1: patterns}, "~*": {1: patterns}, "!~": {1: patterns}, "textregexeq": {1: patterns},
	"normalize": {1: {"NFC", "NFD", "NFKC"}}, "unistr": {0: {"\\0061\\+01F600", "d\\0061t\\+000061", "\\"}},
	"string_to_array": {1: {",", "", "."}}, "to_tsvector": {0: {"english", "simple"}}, "to_tsquery": {0: {"english", "simple"}, 1: {"fat & rat", "a|!b", "x <-> y:*"}},
	"parse_ident": {0: {"a.b", "\"A\".c", "a.", "1a"}}, "lpad": {1: {"0", "1", "5", "20", "-1"}}, "rpad": {1: {"0", "3", "20"}}, "repeat": {1: {"0", "1", "3", "-1"}},
	"chr": {0: {"0", "65", "233", "128512", "1114112", "55296", "-1"}}, "width_bucket": {3: {"1", "5", "10", "0"}}, "setweight": {1: {"A", "b", "x"}},
}

var (
	fields   = []string{"year", "month", "day", "hour", "minute", "second", "epoch", "dow", "isodow", "doy", "week", "quarter", "century", "millennium", "decade", "julian", "milliseconds", "microseconds", "timezone", "timezone_hour", "isoyear", "xyz"}
	zones    = []string{"UTC", "America/New_York", "Europe/Berlin", "Asia/Kathmandu", "EST", "PDT", "+05:30", "-3", "EST5EDT", "FOO+3", "nowhere", "Asia/Tokyo"}
	patterns = []string{"a", "^a", "b*", "(a)(b)?", "[[:alpha:]]+", "\\s+", ".", "", "(", "a|b", "\\m\\w", "x*?", "(.)(.)", "a{2}", "[^a]"}
	flags    = []string{"", "g", "i", "gi", "n", "x", "q"}
)

// operand reports whether values of t can be made; kind says how many types it stands for.
func (c *chooser) operand(t *types.Type) bool {
	return t == types.TAny || t.Kind == 'p' && polymorphic(t) || slices.Contains(c.types, t)
}

func polymorphic(t *types.Type) bool {
	switch t {
	case types.TAnyElement, types.TAnyArray, types.TAnyNonArray, types.TAnyCompatible, types.TAnyCompatibleArray, types.TAnyCompatibleNonArray,
		types.TAnyRange, types.TAnyMultirange, types.TAnyCompatibleRange, types.TAnyCompatibleMultirange:
		return true
	}
	return false
}

// newChooser collects the producers of the library.
func newChooser(seed uint64) *chooser {
	c := &chooser{Rand: rand.New(rand.NewPCG(seed, 0)), types: universe(), byResult: map[*types.Type][]*producer{}}
	l := builtin.Default()
	for _, p := range l.Procs() {
		c.addProc(p)
	}
	for _, op := range l.Operators() {
		c.addOperator(op)
	}
	c.addCasts(l)
	for _, t := range c.types {
		c.addForms(l, t)
	}
	return c
}

// add registers a producer whose types are as the catalog has them.
func (c *chooser) add(p *producer, set bool) {
	if slices.ContainsFunc(p.args, func(t *types.Type) bool { return !c.operand(t) }) || !c.operand(p.result) || p.result == types.TAny {
		return
	}
	if slices.ContainsFunc(append([]*types.Type{p.result}, p.args...), func(t *types.Type) bool { return t == types.TAny || polymorphic(t) }) {
		general := p
		p = &producer{name: p.name, result: p.result, poly: func(c *chooser) *producer { return c.instance(general, c.element(general)) }}
	}
	if set {
		c.sets = append(c.sets, p)
		return
	}
	c.all = append(c.all, p)
	if !polymorphic(p.result) {
		c.byResult[p.result] = append(c.byResult[p.result], p)
	}
}

// element draws a type that has arrays; of ranges it is what they are over.
func (c *chooser) element(p *producer) *types.Type {
	ranges := slices.ContainsFunc(append([]*types.Type{p.result}, p.args...), overRange)
	for {
		t := pick(c, c.types)
		if t.Array != nil && texts(t.Array) != nil && (!ranges || rangeOver(t) != nil) {
			return t
		}
	}
}

func overRange(t *types.Type) bool {
	switch t {
	case types.TAnyRange, types.TAnyMultirange, types.TAnyCompatibleRange, types.TAnyCompatibleMultirange:
		return true
	}
	return false
}

// rangeOver is the range type over a type, nil if there is none with a multirange that has values.
func rangeOver(t *types.Type) *types.Type {
	for _, r := range types.All() {
		if f := r.Ranges(); f != nil && f.Range == r && f.Subtype == t && texts(f.Multirange) != nil {
			return r
		}
	}
	return nil
}

// instance puts a type in place of the polymorphic ones.
func (c *chooser) instance(p *producer, elem *types.Type) *producer {
	concrete := func(t *types.Type) *types.Type {
		switch t {
		case types.TAny:
			return pick(c, c.types)
		case types.TAnyArray, types.TAnyCompatibleArray:
			return elem.Array
		case types.TAnyElement, types.TAnyNonArray, types.TAnyCompatible, types.TAnyCompatibleNonArray:
			return elem
		case types.TAnyRange, types.TAnyCompatibleRange:
			return rangeOver(elem)
		case types.TAnyMultirange, types.TAnyCompatibleMultirange:
			return rangeOver(elem).Ranges().Multirange
		}
		return t
	}
	q := *p
	q.poly, q.result, q.args = nil, concrete(p.result), nil
	for _, t := range p.args {
		q.args = append(q.args, concrete(t))
	}
	return &q
}

// addProc adds a function with each number of arguments that its defaults allow.
func (c *chooser) addProc(p *builtin.Proc) {
	if unfit.MatchString(p.Name) && !fit.MatchString(p.Name) || p.Volatility == expr.Volatile {
		return
	}
	if p.Kind == 'a' {
		c.addAggregate(p)
		return
	}
	if unsaid[p.Symbol] || strings.HasPrefix(p.Symbol, "overlaps(") || p.Kind != 'f' || !p.Func.Implemented() || p.Result == types.TRecord {
		return
	}
	if p.Variadic == nil {
		q := call(p.Name, p.Result, p.Args)
		if comparesByNumber.MatchString(p.Name) {
			q.pieces[0], q.pieces[len(p.Args)] = "sign("+q.pieces[0], "))"
		}
		c.add(q, p.ReturnsSet)
		return
	}
	each, fixed := p.Variadic, p.Args[:len(p.Args)-1]
	for n := 1; n <= 3; n++ {
		c.add(call(p.Name, p.Result, append(slices.Clone(fixed), slices.Repeat([]*types.Type{each}, n)...)), p.ReturnsSet)
	}
}

func (c *chooser) addAggregate(p *builtin.Proc) {
	if p.AggKind != 'n' || p.Agg == nil || !p.Agg.Implemented() || slices.ContainsFunc(p.Args, func(t *types.Type) bool { return !c.operand(t) }) {
		return
	}
	q := call(p.Name, p.Result, p.Args)
	c.aggs = append(c.aggs, q)
}

// call writes name(args); names that are words of the grammar are quoted.
func call(name string, result *types.Type, args []*types.Type) *producer {
	pieces := []string{`"` + name + `"(`}
	for i := range args {
		if i > 0 {
			pieces = append(pieces, ", ")
		}
	}
	return &producer{name: name + signature(args), result: result, args: args, pieces: append(pieces, ")"), likely: likely[name]}
}

func signature(args []*types.Type) string {
	var names []string
	for _, t := range args {
		names = append(names, t.Name)
	}
	return "(" + strings.Join(names, ",") + ")"
}

func (c *chooser) addOperator(op *builtin.Operator) {
	if !op.Func.Implemented() || op.Func.Volatility == expr.Volatile {
		return
	}
	p := &producer{name: op.Name, result: op.Result, args: []*types.Type{op.Right}, pieces: []string{"(" + op.Name + " ", ")"}}
	if op.Left != nil {
		p.args = []*types.Type{op.Left, op.Right}
		p.pieces = []string{"(", " " + op.Name + " ", ")"}
		p.likely = likely[op.Name]
	}
	p.name += signature(p.args)
	c.add(p, false)
}

// addCasts adds casts of pg_cast, and those by way of text.
func (c *chooser) addCasts(l *builtin.Library) {
	for _, to := range c.types {
		for _, from := range c.types {
			if cast := l.Cast(from, to); cast != nil && from == types.TChar && to == types.TBpchar {
				continue
			}
			if l.Cast(from, to) == nil && from != types.TText && to != types.TText {
				continue
			}
			c.add(&producer{name: "cast " + from.Name + " to " + to.Name, result: to, args: []*types.Type{from}, pieces: []string{"(", ")::" + typeName(to)}}, false)
		}
	}
}

// typeName writes a type as a cast's target, without a length: bit is bit(1), "bit" is not.
func typeName(t *types.Type) string {
	switch t.Name {
	case "bit", "bpchar":
		return `"` + t.Name + `"`
	case "_bit", "_bpchar":
		return typeName(t.Elem) + "[]"
	}
	return t.SQLName
}

// addForms adds what SQL has besides functions and operators.
func (c *chooser) addForms(l *builtin.Library, t *types.Type) {
	form := func(result *types.Type, args []*types.Type, pieces ...string) {
		c.add(&producer{name: strings.Join(pieces, "_") + " of " + t.Name, result: result, args: args, pieces: pieces}, false)
	}
	two, three := []*types.Type{t, t}, []*types.Type{t, t, t}
	form(t, []*types.Type{types.TBool, t, t}, "CASE WHEN ", " THEN ", " ELSE ", " END")
	form(t, two, "COALESCE(", ", ", ")")
	form(types.TBool, []*types.Type{t}, "(", " IS NULL)")
	if t.Array != nil && texts(t.Array) != nil {
		form(t.Array, two, "ARRAY[", ", ", "]")
		form(t, []*types.Type{t.Array, types.TInt4}, "(", ")[", "]")
		form(t.Array, []*types.Type{t.Array, types.TInt4, types.TInt4}, "(", ")[", ":", "]")
	}
	if l.Equality(t) == nil {
		return
	}
	form(t, two, "NULLIF(", ", ", ")")
	form(types.TBool, two, "(", " IS DISTINCT FROM ", ")")
	form(types.TBool, three, "(", " IN (", ", ", "))")
	if t.Array != nil && texts(t.Array) != nil {
		form(types.TBool, []*types.Type{t, t.Array}, "(", " = ANY (", "))")
	}
	if l.Less(t) != nil {
		form(t, three, "GREATEST(", ", ", ", ", ")")
		form(types.TBool, three, "(", " BETWEEN ", " AND ", ")")
	}
}

func pick[T any](c *chooser, list []T) T { return list[c.IntN(len(list))] }
