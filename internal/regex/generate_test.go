package regex

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// sample asks for random expressions whose answers can be recorded.
var sample = flag.String("sample", "", "write random expressions for catalog/builtin/testdata/record.sh to this file")

// generator makes random patterns and texts.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, seed))} }

func (g generator) pick(s ...string) string { return s[g.IntN(len(s))] }

// pattern is one that compiles, but for what the sizes of a random one may exceed.
func (g generator) pattern() string {
	groups := 0
	return g.alternatives(2, &groups)
}

func (g generator) alternatives(depth int, groups *int) string {
	var branches []string
	for more := true; more; more = g.IntN(4) == 0 && len(branches) < 4 {
		var b strings.Builder
		for range g.IntN(4) {
			b.WriteString(g.atom(depth, groups))
		}
		branches = append(branches, b.String())
	}
	return strings.Join(branches, "|")
}

func (g generator) atom(depth int, groups *int) string {
	a := ""
	switch r := g.IntN(30); {
	case r < 13:
		a = g.pick("a", "b", "c", "a", "b", "é", "\n", " ")
	case r < 15:
		a = "."
	case r < 17:
		a = g.pick("[ab]", "[^a]", "[^b]", "[a-c]", `\w`, `\W`, "[[:alpha:]]", `\s`, `[^ab\n]`)
	case r < 23 && depth > 0:
		if g.IntN(3) == 0 {
			a = "(?:" + g.alternatives(depth-1, groups) + ")"
			break
		}
		*groups++
		a = "(" + g.alternatives(depth-1, groups) + ")"
	case r < 25 && *groups > 0:
		a = `\` + strconv.Itoa(1+g.IntN(*groups))
	case r < 27:
		return g.pick("^", "$", `\A`, `\Z`, `\m`, `\M`, `\y`, `\Y`)
	case r < 29 && depth > 0:
		none := 0
		return g.pick("(?=", "(?!", "(?<=", "(?<!") + strings.NewReplacer(`\1`, "a").Replace(g.alternatives(depth-1, &none)) + ")"
	default:
		a = "ab"
	}
	return a + g.quantifier()
}

func (g generator) quantifier() string {
	if g.IntN(2) == 0 {
		return ""
	}
	return g.pick("*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}", "{2,}", "{1,2}?", "{0,}?", "{1,1}", "{1,1}?", "{0}", "{0,1}", "{3}", "{2,3}?")
}

// pieces are what the syntax is made of, and what is almost of it.
var pieces = strings.Fields(`a b c é ( ) ( ) \( \) [ ] [^ [a-b] a-c - * + ? { } \{ \} {1} {1,2} {1, {2,1} \{1,2\} {256} 1 , | ^ $ . \ \1 \2 \10 \0 \12 \18 \777 \x61 \x
	\u0061 \u00 \U00000062 \UFFFFFFFF \cA \c \q \z \e \B \n \m \M \< \> \d \D \w \W [\w] [\W] [^\S] [\y] [[:alpha:]] [[:foo:]] [[: [:alpha:] [[.a.]] [[.hyphen.]-a] [[.foo.]]
	[[=a=]] [[= [[. [[.].]] [a-[.c.]] [a-[=c=]] [b-a] [a-b-c] []a] [^]a] [[:<:]] [[:>:]] (?: (?= (?! (?<= (?<! (?<a (? (?#x) (?i) # (?# -] [a- [] [\] [^^] [[:word:]]
	[[:upper:]] A B É _ x*? b?? [[::]] [[..]] [[==]] [a\]] [[:alpha:]-z] [a-\d] [\d-z] [--a] [a--] [%--] \8 \81 \x{61} \A \Z \y \Y \s \S`)

// soup is any of the pieces in a row.
func (g generator) soup() string {
	var b strings.Builder
	if g.IntN(8) == 0 {
		b.WriteString(g.pick("***:", "***=", "***?", "***a", "(?i)", "(?x)", "(?b)", "(?e)", "(?q)", "(?n)", "(?z)", "(?iq)", "(?xb)", "***:(?e)", "(?p", "(?w)", "(?ct)", "(?s)"))
	}
	for range g.IntN(8) {
		b.WriteString(g.pick(pieces...))
		b.WriteString(g.pick("", "", "", "", "", "", " ", "\n"))
	}
	return b.String()
}

func (g generator) text() string {
	var b strings.Builder
	for range g.IntN(12) {
		b.WriteString(g.pick("a", "b", "c", "a", "b", "é", "\n", " ", "a", "b", "A", "B", "É", "-", "1"))
	}
	return b.String()
}

// flags are such as go with a pattern, or with soup.
func (g generator) flags(ofSoup bool) string {
	if ofSoup {
		return g.pick("", "", "", "", "b", "e", "q", "x", "i", "bx", "ex", "bi", "ei", "nb", "qi", "qx", "c", "bq", "qe", "m", "s", "t", "p", "w", "iw", "np")
	}
	return g.pick("", "", "", "i", "n", "p", "w", "in")
}

// TestSample writes the sample that is recorded, if it is asked for.
func TestSample(t *testing.T) {
	if *sample == "" {
		t.Skip("writes the expressions that are recorded, tests nothing: runs with -sample FILE")
	}
	const seed, cases = 1, 4000
	g := newGenerator(seed)
	quote := func(s string) string {
		return "E'" + strings.NewReplacer(`\`, `\\`, "'", "''", "\n", `\n`).Replace(s) + "'"
	}
	var b strings.Builder
	b.WriteString("-- Random expressions, made by internal/regex: go test -run TestSample -sample FILE\n")
	for i := range cases {
		p, f := g.pattern(), g.flags(false)
		if i%4 == 0 {
			p, f = g.soup(), g.flags(true)
		}
		fmt.Fprintf(&b, "regexp_matches(%s, %s, 'g%s')\n", quote(g.text()), quote(p), f)
	}
	if err := os.WriteFile(*sample, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
