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
		"((a{200}){200}){200}":              false,
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
