package regex

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// limit is a meter that ends the work after so many bytes.
type limit int

var errSpent = errors.New("spent")

func (l *limit) Spend(bytes int) error {
	if *l -= limit(bytes); *l < 0 {
		return errSpent
	}
	return nil
}

func meter(bytes int) *limit {
	l := limit(bytes)
	return &l
}

const plenty = 1 << 30

// TestTooComplex: what PostgreSQL has no room for is refused, what it has room for is not.
func TestTooComplex(t *testing.T) {
	for pattern, fits := range map[string]bool{
		strings.Repeat("a", 43_000):                                        true,
		strings.Repeat("a", 44_000):                                        false,
		strings.Repeat("(a)", 1<<20):                                       false,
		"***=" + strings.Repeat(".", 1<<20):                                false,
		"b" + strings.Repeat("|a", 60_000):                                 true,
		strings.Repeat("(?:", 8000) + strings.Repeat(")", 8000):            true,
		strings.Repeat("(?:", 9000) + strings.Repeat(")", 9000):            false,
		strings.Repeat("x*y*z*", 500):                                      true,
		strings.Repeat("x*y*z*", 1000):                                     false,
		"(?:a{255}){160}":                                                  true,
		"(?:a{255}){255}":                                                  false,
		"(?:(?:(?:(?:a{255}){255}){255}){255}){255}":                       false,
		"(a{100})" + strings.Repeat(`(\1\1)`, 2) + `(\2\3\2\3){200}`:       false,
		"(a)(\\1\\1)(\\2\\2)(\\3\\3)(\\4\\4)(\\5\\5)(\\6\\6)(\\7\\7){255}": false,
		"(a)(\\1\\1)(\\2\\2)(\\3\\3)(\\4\\4)(\\5\\5)":                      true,
		strings.Repeat("(?:a|b)", 8_600):                                   true,
		strings.Repeat("(?:a|b)", 8_900):                                   false,
	} {
		_, err := Compile(pattern, Options{})
		var e *pgerr.E
		switch {
		case fits && err != nil:
			t.Errorf("%.20s…: %v", pattern, err)
		case !fits && (!errors.As(err, &e) || e.Code != pgerr.InvalidRegularExpression || e.Message != "invalid regular expression: regular expression is too complex"):
			t.Errorf("%.20s…: %v", pattern, err)
		}
	}
}

// TestWorkEnds: matching hears its meter, whatever it is about.
func TestWorkEnds(t *testing.T) {
	long := strings.Repeat("ab ", 1<<17)
	for _, c := range []struct{ pattern, text string }{
		{"b+x", long}, {"bx", long}, {"a(b+)x", long}, {".*x", long}, {"(?=.*x)a", long}, {"(?<=a.*)x", long}, {`(\w)x\1`, long},
		{`^(.*)(.*)(.*)-\1b\2b\3$`, strings.Repeat("a", 300) + "-bbc"},
	} {
		re, err := Compile(c.pattern, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := re.First(meter(90_000), c.text, true); !errors.Is(err, errSpent) {
			t.Errorf("%s: %v", c.pattern, err)
		}
	}
}

// TestLinear: without back references the work is about as much as the text is
// long, where trying one place after the other would be its square.
func TestLinear(t *testing.T) {
	const n = 1 << 16
	for _, c := range []struct{ pattern, text string }{
		{"a.*b|c", strings.Repeat("a", n) + "c"}, {"(a*)*b", strings.Repeat("a", n)}, {"(a+)+$", strings.Repeat("a", n) + "b"}, {"(?:a*)*b", strings.Repeat("a", n)},
		{"(.*)foo(.*)", "foo" + strings.Repeat("a", n)}, {"(.*?)foo(.*)", strings.Repeat("a", n) + "foo"}, {"(a|ab|b)*c", strings.Repeat("ab", n) + "c"}, {"(?:(a)|b)*", strings.Repeat("ab", n)},
		{"(?<=b.*)a", strings.Repeat("a", n)}, {`\w+\d`, strings.Repeat("a", n) + " 1"}, {"(?:(a{1,3}?)|(b))*?$", strings.Repeat("a", n)},
	} {
		re, err := Compile(c.pattern, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := re.First(meter(1000*n), c.text, true); err != nil {
			t.Errorf("%s: %v", c.pattern, err)
		}
	}
}

// TestAbreast: all beginnings tried at once find what trying each finds.
func TestAbreast(t *testing.T) {
	const seed, cases = 2, 3000
	g := newGenerator(seed)
	for range cases {
		p, f := g.pattern(), g.flags(false)
		o, _ := ParseFlags(f)
		re, err := Compile(p, o)
		if err != nil || re.tree.is(refers) {
			continue
		}
		for range 4 {
			s := re.In(meter(plenty), g.text())
			begin, end, err := s.place(0)
			if err != nil {
				t.Fatal(err)
			}
			otherBegin, otherEnd, err := s.abreast(0)
			if err != nil || end != otherEnd || end >= 0 && begin != otherBegin {
				t.Fatalf("%q (%s) in %q: %d–%d, abreast %d–%d (%v)", p, f, s.text, begin, end, otherBegin, otherEnd, err)
			}
		}
	}
}

// TestForgetful: what automata have forgotten for want of room they find again.
func TestForgetful(t *testing.T) {
	const seed, cases = 3, 1000
	g := newGenerator(seed)
	for range cases {
		p, text := g.pattern(), g.text()
		re, err := Compile(p, Options{})
		if err != nil {
			continue
		}
		want, err := re.First(meter(plenty), text, true)
		if err != nil {
			t.Fatal(err)
		}
		re, _ = Compile(p, Options{})
		re.states = plenty // from the first state on there is no room
		got, err := re.First(meter(plenty), text, true)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%q in %q: %v, want %v (%v)", p, text, got, want, err)
		}
	}
}

// FuzzMatch: any pattern compiles or is refused, and any match lies in the text.
func FuzzMatch(f *testing.F) {
	g := newGenerator(4)
	for range 40 {
		f.Add(g.pattern(), g.text(), g.flags(false))
		f.Add(g.soup(), g.text(), g.flags(true))
	}
	f.Fuzz(func(t *testing.T, pattern, text, flags string) {
		o, err := ParseFlags(flags)
		if err != nil || !utf8.ValidString(text) || !utf8.ValidString(pattern) {
			return
		}
		re, err := Compile(pattern, o)
		var e *pgerr.E
		if err != nil {
			if !errors.As(err, &e) || e.Code != pgerr.InvalidRegularExpression {
				t.Fatalf("%v", err)
			}
			return
		}
		m, err := re.First(meter(1<<22), text, true)
		if err != nil {
			return
		}
		if m != nil && len(m) != 2*re.Groups()+2 {
			t.Fatalf("%v of %d groups", m, re.Groups())
		}
		for i := 0; i < len(m); i += 2 {
			if m[i] >= 0 && (m[i] > m[i+1] || m[i+1] > len(text)) || m[i] < 0 && i == 0 {
				t.Fatalf("%v in %d bytes", m, len(text))
			}
		}
		if matches, err := re.Matches(meter(1<<22), text); err == nil && matches != (m != nil) {
			t.Fatalf("matches %v, found %v", matches, m)
		}
	})
}
