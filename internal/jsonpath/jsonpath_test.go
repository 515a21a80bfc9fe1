package jsonpath

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// FuzzParse: the exact text of an expression reads as the same, and what is
// no expression is an error with one of the codes that PostgreSQL has for it.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"$", "strict $.a[1, 2 to last].**{2 to last}.b", `$ ? (@.a == 1 && !(@.b <> $"x y") || exists(@.c)).size()`,
		`-($.a + 1.5e3).abs() * 2`, `$ ? ((@ starts with "a") is unknown)`, `@ like_regex "^a" flag "ism"`,
		`$."\u0041\x42\n"`, "(1).type()", "- - 1 - (2 - 3)", "/* c */ $.datetime(\"HH\")", "1a", "$.**{1 to", `"\ud83d`, "$[last]", "((($)))", "0.0E2", "5-($.abs() * 3).a",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
			return // no text of a client's
		}
		path, err := Parse(text)
		if err != nil {
			switch code := pgerr.From(err).Code; code {
			case pgerr.SyntaxError, pgerr.InvalidTextRepresentation, pgerr.UntranslatableCharacter, pgerr.NumericValueOutOfRange,
				pgerr.FeatureNotSupported, pgerr.InvalidRegularExpression, pgerr.StatementTooComplex:
			default:
				t.Fatalf("%q: %s %v", text, code, err)
			}
			return
		}
		canonical := path.Exact()
		again, err := Parse(canonical)
		if err != nil {
			t.Fatalf("%q is printed as %q: %v", text, canonical, err)
		}
		if again.Exact() != canonical || again.String() != path.String() {
			t.Fatalf("%q is printed as %q, and that as %q", text, canonical, again.Exact())
		}
	})
}

// TestDepth: what is nested without end is refused, not followed.
func TestDepth(t *testing.T) {
	for _, text := range []string{strings.Repeat("(", 1_000_000) + "1", strings.Repeat("-", 1_000_000) + "$", strings.Repeat("$ ? (1 == ", 1_000_000)} {
		if _, err := Parse(text); !pgerr.HasCode(err, pgerr.StatementTooComplex) {
			t.Errorf("%.20s…: %v", text, err)
		}
	}
}
