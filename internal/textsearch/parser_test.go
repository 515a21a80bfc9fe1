package textsearch

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// copied undoes COPY's escapes.
var copied = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t", `\r`, "\r", `\b`, "\b", `\f`, "\f", `\v`, "\v")

// recorded yields the fields of the lines of a file in testdata.
func recorded(t *testing.T, file string, check func(fields []string)) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(b)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		for i, f := range fields {
			fields[i] = copied.Replace(f)
		}
		check(fields)
		n++
	}
	if n == 0 {
		t.Fatal("nothing is recorded")
	}
}

func tokens(text string) []Token {
	var out []Token
	p := NewParser(text, nil)
	for {
		t, found, err := p.Next()
		if err != nil || !found {
			return out
		}
		out = append(out, t)
	}
}

func TestParserFindsPostgresTokens(t *testing.T) {
	recorded(t, "tokens.tsv", func(f []string) {
		var got strings.Builder
		for _, t := range tokens(f[0]) {
			fmt.Fprintf(&got, "%d:%s|", t.Type, t.Text)
		}
		if got.String() != f[1] {
			t.Errorf("%q\n got %q\nwant %q", f[0], got.String(), f[1])
		}
	})
}

func TestStemmerIsPostgres(t *testing.T) {
	recorded(t, "stems.tsv", func(f []string) {
		got, ok := EnglishStem.Lexize(f[0])
		if got != f[2] || fmt.Sprint(ok) != f[1] {
			t.Errorf("%q: %q, %v, not %q, %s", f[0], got, ok, f[2], f[1])
		}
	})
}

func TestTokenTypesHaveTheirNumbers(t *testing.T) {
	for i, n := range TokenNames {
		if int(n.Type) != i+1 {
			t.Errorf("%s is %d, at %d", n.Alias, n.Type, i+1)
		}
	}
}

func TestStatesEndAlways(t *testing.T) {
	for s, rules := range rulesOf {
		if len(rules) == 0 || rules[len(rules)-1].when != nil {
			t.Errorf("state %d: nothing holds always", s)
		}
	}
}

// FuzzParser holds that tokens are pieces of the text, one behind the other but for
// the parts of a compound, and that vectors and queries can be made of any text.
func FuzzParser(f *testing.F) {
	for _, s := range []string{"a-b c", "<a href='\\'>", "http://a.bc/d?e", "1.2.3-4e+5", "é-日本\u0301", "a@b.cd", "&#x1f;", "-1.2.3", "<script>x</script>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 1000 || strings.ToValidUTF8(s, "") != s || strings.Contains(s, "\x00") {
			return
		}
		at := 0
		for _, token := range tokens(s) {
			i := strings.Index(s[at:], token.Text)
			if i != 0 {
				t.Fatalf("%q: %q is not at %d", s, token.Text, at)
			}
			if token.Text == "" {
				t.Fatalf("%q: an empty token", s)
			}
			if !token.Type.compound() {
				at += len(token.Text)
			}
		}
		for _, c := range []*Config{SimpleConfig, EnglishConfig} {
			v, err := c.ToVector(s, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, read := range []func(string, Work) (*Query, error){c.ToQuery, c.PlainQuery, c.PhraseQuery, c.WebQuery} {
				q, err := read(s, nil)
				if pgerr.HasCode(err, pgerr.InternalError) && !strings.Contains(err.Error(), "stack too small") {
					t.Fatalf("%q: %v", s, err)
				}
				v.Matches(q)
				if _, err := c.Headline(s, q, DefaultHeadline(), nil); err != nil {
					t.Fatal(err)
				}
				if back, ok := DecodeQuery(string(q.Encode())); !ok || string(back.AppendText(nil)) != string(q.AppendText(nil)) {
					t.Fatalf("%q: the query %s does not come back", s, q.AppendText(nil))
				}
			}
			if back, ok := DecodeVector(string(v.Encode())); !ok || string(back.AppendText(nil)) != string(v.AppendText(nil)) {
				t.Fatalf("%q: the vector does not come back", s)
			}
		}
	})
}
