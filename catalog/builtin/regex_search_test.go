package builtin

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/ending"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/regex"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// TestSearchAsRegexp: the machine finds what package regexp finds, groups too.
func TestSearchAsRegexp(t *testing.T) {
	ctx := &expr.Context{Env: types.DefaultEnv()}
	patterns := []string{
		"a", "ab", "a|ab", "(a|ab)(c|bcd)", "(a*)(b*)", "a*?b", "(a+?)(b*?)c", "^a", "b$", "^$", "", "(^|b)a", `\ya`, `a\Y`, "[^b]+", "(a)|(b)", "((a)|b)*",
		"(é|a)+", ".*c", "x*", "(b|$)", "(?i)AB", "a{2,3}",
	}
	const seed = 1
	r := rand.New(rand.NewPCG(seed, seed))
	for _, p := range patterns {
		for _, o := range []regex.Options{{}, {NewlineStop: true, NewlineLines: true}} {
			re, err := compileRegex(ctx, p, o)
			if err != nil {
				t.Fatalf("%s: %v", p, err)
			}
			for range 300 {
				var b strings.Builder
				for range r.IntN(9) {
					b.WriteString([]string{"a", "b", "c", "é", "\n", "d"}[r.IntN(6)])
				}
				s := b.String()
				got, err := re.search(ctx, s, 0, false)
				if want := re.FindStringSubmatchIndex(s); err != nil || !slices.Equal(got, want) {
					t.Fatalf("%q in %q: got %v (%v), want %v", p, s, got, err, want)
				}
				some, err := re.search(ctx, s, 0, true)
				if err != nil || (some != nil) != (got != nil) {
					t.Fatalf("%q in %q: some %v (%v)", p, s, some, err)
				}
			}
		}
	}
}

// TestLongCallsEnd: a single call hears that its statement was cancelled.
func TestLongCallsEnd(t *testing.T) {
	long := types.Text(strings.Repeat("ab ", 1<<17))
	letters := types.Text(strings.Repeat("a", 1<<17))
	ints := make([]types.Datum, 1<<12)
	for i := range ints {
		ints[i] = types.Int(int64(i))
	}
	array := types.ArrayDatum(types.NewArray(types.TInt4, ints))
	for _, c := range []struct {
		function string
		f        impl
		args     []types.Datum
	}{
		{"~", regexImpls["textregexeq"], []types.Datum{long, types.Text("(b+)x")}},
		{"~ without quantifier", regexImpls["textregexeq"], []types.Datum{long, types.Text("bx")}},
		{"substring", regexImpls["textregexsubstr"], []types.Datum{long, types.Text("a(b+)x")}},
		{"regexp_replace", regexImpls["textregexreplace"], []types.Datum{long, types.Text("b+"), types.Text("c"), types.Text("g")}},
		{"regexp_count", regexImpls["regexp_count_no_start"], []types.Datum{long, types.Text("[ab]")}},
		{"regexp_split_to_array", regexImpls["regexp_split_to_array_no_flags"], []types.Datum{long, types.Text(" +")}},
		{"LIKE", likeImpls["textlike"], []types.Datum{letters, types.Text("%" + strings.Repeat("a", 1<<16) + "b")}},
		{"upper", textImpls["upper"], []types.Datum{long}},
		{"translate", textImpls["translate"], []types.Datum{long, types.Text("ab"), types.Text("ba")}},
		{"string_to_array", arrayImpls["text_to_array"], []types.Datum{long, types.Text(" ")}},
		{"@>", arrayImpls["arraycontains"], []types.Datum{array, array}},
		{"&&", arrayImpls["arrayoverlap"], []types.Datum{array, types.ArrayDatum(types.NewArray(types.TInt4, slices.Repeat([]types.Datum{types.Int(-1)}, 1<<12)))}},
		{"md5", byteaImpls["md5_text"], []types.Datum{long}},
	} {
		ctx := &expr.Context{Env: types.DefaultEnv()}
		ctx.Running = &ending.Request{At: 1}
		if _, err := c.f(ctx, c.args); !errors.Is(err, ending.Err) {
			t.Errorf("%s: %v", c.function, err)
		}
	}
}
