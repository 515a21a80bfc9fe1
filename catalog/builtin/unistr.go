package builtin

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// unistrImpls read Unicode escapes (varlena.c).
var unistrImpls = impls{"unistr": unistr}

// unistrForms are how many hexadecimal digits stand behind each beginning of an escape.
var unistrForms = []struct {
	prefix string
	digits int
}{{`\u`, 4}, {`\U`, 8}, {`\+`, 6}, {`\`, 4}}

func unistr(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	var b strings.Builder
	high, m := rune(0), marks{ctx: ctx}
	whole := a[0].Text()
	for s := whole; s != ""; {
		if err := m.reached(len(whole) - len(s)); err != nil {
			return types.Null, err
		}
		r, n, err := unistrNext(s)
		if err != nil {
			return types.Null, err
		}
		s = s[n:]
		low := r >= 0xDC00 && r <= 0xDFFF
		switch {
		case low != (high != 0):
			return types.Null, errSurrogatePair()
		case low:
			r, high = utf16.DecodeRune(high, r), 0
		case utf16.IsSurrogate(r):
			high = r
			continue
		}
		b.WriteRune(r)
	}
	if high != 0 {
		return types.Null, errSurrogatePair()
	}
	return types.Text(b.String()), nil
}

func errSurrogatePair() error { return pgerr.New(pgerr.SyntaxError, "invalid Unicode surrogate pair") }

// unistrNext is the character, or the escape, that a text begins with, and its length.
func unistrNext(s string) (r rune, n int, err error) {
	if s[0] != '\\' {
		r, n = utf8.DecodeRuneInString(s)
		return r, n, nil
	}
	if strings.HasPrefix(s, `\\`) {
		return '\\', 2, nil
	}
	for _, form := range unistrForms {
		digits, ok := strings.CutPrefix(s, form.prefix)
		if !ok || len(digits) < form.digits {
			continue
		}
		v, err := strconv.ParseUint(digits[:form.digits], 16, 32)
		if err != nil {
			continue
		}
		if v == 0 || v > utf8.MaxRune {
			return 0, 0, pgerr.New(pgerr.InvalidParameterValue, "invalid Unicode code point: %04X", v)
		}
		return rune(v), len(form.prefix) + form.digits, nil
	}
	return 0, 0, pgerr.New(pgerr.SyntaxError, "invalid Unicode escape").
		WithHint(`Unicode escapes must be \XXXX, \+XXXXXX, \uXXXX, or \UXXXXXXXX.`)
}
