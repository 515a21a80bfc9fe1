package builtin

import (
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/regex"
)

// regexKey is what a compiled regular expression is remembered by.
type regexKey struct {
	pattern string
	o       regex.Options
}

// compileRegex is the compiled form of a pattern, remembered in ctx.
func compileRegex(ctx *expr.Context, pattern string, o regex.Options) (*regex.Regex, error) {
	o.Global = false
	re, err := ctx.Memo(regexKey{pattern, o}, func() (any, error) { return regex.Compile(pattern, o) })
	if err != nil {
		return nil, err
	}
	return re.(*regex.Regex), nil
}

// eachMatch yields the matches that begin at character start (from 1) or later, from
// left to right (setup_regexp_matches). A match is the place of the whole and, if groups are asked for, of
// each group.
func eachMatch(ctx *expr.Context, re *regex.Regex, s string, start int64, groups bool, yield func(m []int) bool) error {
	from := 0
	if start > 1 {
		var err error
		if from, err = offset(ctx, s, start-1); err != nil {
			return err
		}
		if from == len(s) {
			if n, err := runes(ctx, s); err != nil || start > n+1 {
				return err
			}
		}
	}
	search := re.In(ctx, s)
	for {
		m, err := search.Next(from, groups)
		if m == nil || err != nil || !yield(m) {
			return err
		}
		if from = m[1]; m[0] == m[1] {
			if from == len(s) {
				return nil
			}
			_, width := utf8.DecodeRuneInString(s[from:])
			from += width
		}
	}
}
