package regex

import (
	"errors"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// TestTooComplex: what would take too long to compile is refused before it is.
func TestTooComplex(t *testing.T) {
	for pattern, fits := range map[string]bool{
		strings.Repeat("a", maxSource-1000): true,
		strings.Repeat("a", maxSource+1):    false,
		strings.Repeat("(a)", 1<<20):        false,
		"***=" + strings.Repeat(".", 1<<20): false,
	} {
		_, _, err := Translate(pattern, Options{})
		var e *pgerr.E
		switch {
		case fits && err != nil:
			t.Errorf("%.10s…: %v", pattern, err)
		case !fits && (!errors.As(err, &e) || e.Code != pgerr.InvalidRegularExpression || e.Message != "invalid regular expression: regular expression is too complex"):
			t.Errorf("%.10s…: %v", pattern, err)
		}
	}
}

// TestCounts: repetition counts are PostgreSQL's, and no more of them than Go's engine takes.
func TestCounts(t *testing.T) {
	for pattern, code := range map[string]pgerr.Code{
		"a{0}": "", "a{255}": "", "a{3,}": "", "a{3,255}?": "", "a{,3}": "",
		"a{256}": pgerr.InvalidRegularExpression, "a{3,2}": pgerr.InvalidRegularExpression,
		"a{1,2,3}": pgerr.InvalidRegularExpression, "a{1x}": pgerr.InvalidRegularExpression,
		"((a{20}){20}){20}": pgerr.FeatureNotSupported,
	} {
		_, _, err := Translate(pattern, Options{})
		var e *pgerr.E
		if errors.As(err, &e); err != nil && (e == nil || e.Code != code) || err == nil && code != "" {
			t.Errorf("%s: %v, want %s", pattern, err, code)
		}
	}
}
