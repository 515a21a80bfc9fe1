package builtin

import (
	"strings"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// likeImpls are LIKE, its negation and escapes (like.c).
var likeImpls = impls{
	"textlike": likeOp(true), "textnlike": likeOp(false), "namelike": likeOp(true), "namenlike": likeOp(false),
	"bytealike": byteaLike(true), "byteanlike": byteaLike(false),
	"like_escape": likeEscape, "like_escape_bytea": likeEscapeBytea, "similar_to_escape_1": similarEscape, "similar_to_escape_2": similarEscape, "similar_escape": similarEscape,
}

func errPatternEnd() error {
	return pgerr.New(pgerr.InvalidEscapeSequence, "LIKE pattern must not end with escape character")
}

func likeOp(want bool) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		ok, err := matchLike(ctx, a[0].Text(), a[1].Text())
		return types.Bool(ok == want), err
	}
}

func byteaLike(want bool) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		ok, err := matchLikeBytes(ctx, textOf(a[0].Bytes()), textOf(a[1].Bytes()))
		return types.Bool(ok == want), err
	}
}

// matchLike reports whether s matches a LIKE pattern with backslash as escape.
// It goes back to the last % only: an earlier one can gain nothing.
func matchLike(ctx *expr.Context, s, pattern string) (bool, error) {
	return like(ctx, s, pattern, func(s string) int { _, n := utf8.DecodeRuneInString(s); return n })
}

func matchLikeBytes(ctx *expr.Context, s, pattern string) (bool, error) {
	return like(ctx, s, pattern, func(string) int { return 1 })
}

func like(ctx *expr.Context, s, p string, width func(string) int) (bool, error) {
	backS, backP := "", ""
	canBack := false
	for steps := 1; ; steps++ {
		if steps%pieceBytes == 0 {
			if err := ctx.Spend(pieceBytes); err != nil {
				return false, err
			}
		}
		if p != "" && p[0] == '%' {
			backS, backP, canBack = s, p[1:], true
			p = p[1:]
			continue
		}
		if s == "" {
			return p == "", nil
		}
		restS, restP, ok, err := likeStep(s, p, width)
		if err != nil {
			return false, err
		}
		if ok {
			s, p = restS, restP
			continue
		}
		if !canBack || backS == "" {
			return false, nil
		}
		if err := ctx.Spend(len(backP) - len(p) + 1); err != nil {
			return false, err
		}
		backS = backS[width(backS):]
		s, p = backS, backP
	}
}

// likeStep matches one character against one pattern element.
func likeStep(s, p string, width func(string) int) (restS, restP string, ok bool, err error) {
	if p == "" {
		return "", "", false, nil
	}
	switch p[0] {
	case '_':
		return s[width(s):], p[1:], true, nil
	case '\\':
		if len(p) == 1 {
			return "", "", false, errPatternEnd()
		}
		p = p[1:]
	}
	n := width(p)
	if !strings.HasPrefix(s, p[:n]) {
		return "", "", false, nil
	}
	return s[n:], p[n:], true, nil
}

// likeEscape rewrites a pattern with another escape character to one with
// backslashes; with none (an empty one) backslashes are doubled.
func likeEscape(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	pattern, escape := a[0].Text(), a[1].Text()
	if escape == "" {
		s, err := replaceAll(ctx, pattern, `\`, `\\`)
		return types.Text(s), err
	}
	if countRunes(escape) > 1 {
		return types.Null, errEscape()
	}
	if escape == `\` {
		return a[0], nil
	}
	var b strings.Builder
	esc, _ := utf8.DecodeRuneInString(escape)
	after := false
	m := marks{ctx: ctx}
	for i, r := range pattern {
		if err := m.reached(i); err != nil {
			return types.Null, err
		}
		switch {
		case r == esc && !after:
			b.WriteByte('\\')
			after = true
			continue
		case r == '\\' && !after:
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		after = false
	}
	return types.Text(b.String()), nil
}

// likeEscapeBytea is likeEscape by bytes.
func likeEscapeBytea(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	pattern, escape := a[0].Bytes(), a[1].Bytes()
	if len(escape) > 1 {
		return types.Null, errEscape()
	}
	if string(escape) == `\` {
		return a[0], nil
	}
	out := make([]byte, 0, len(pattern))
	after := false
	for _, c := range pattern {
		escapes := len(escape) == 1 && c == escape[0] && !after
		if escapes || c == '\\' && !after {
			out = append(out, '\\')
		}
		if after = escapes; !escapes {
			out = append(out, c)
		}
	}
	return types.Bytes(out), ctx.Spend(len(pattern))
}

func errEscape() error {
	return pgerr.New(pgerr.InvalidEscapeSequence, "invalid escape string").
		WithHint("Escape string must be empty or one character.")
}

// similarEscape translates a SIMILAR TO pattern to a regular expression
// (regexp.c, similar_escape_internal).
func similarEscape(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	if a[0].IsNull() {
		return types.Null, nil
	}
	given := a[1:]
	if len(given) > 0 && given[0].IsNull() {
		given = nil // similar_escape alone is called with a NULL
	}
	esc, err := similarEscapeRune(given)
	if err != nil {
		return types.Null, err
	}
	s, err := similarPattern(a[0].Text(), esc)
	return types.Text(s), err
}

// similarEscapeRune is the escape character: a backslash by default, -1 for none.
func similarEscapeRune(given []types.Datum) (rune, error) {
	if len(given) == 0 {
		return '\\', nil
	}
	e := given[0].Text()
	switch countRunes(e) {
	case 0:
		return -1, nil
	case 1:
		r, _ := utf8.DecodeRuneInString(e)
		return r, nil
	}
	return 0, errEscape()
}

// similarPattern is the regular expression of a SIMILAR TO pattern.
func similarPattern(pattern string, esc rune) (string, error) {
	var b strings.Builder
	b.WriteString("^(?:")
	quotes, inBracket, after := 0, false, false
	for _, r := range pattern {
		switch {
		case after:
			if r == '"' && !inBracket {
				if err := similarSeparator(&b, &quotes); err != nil {
					return "", err
				}
			} else {
				b.WriteByte('\\')
				b.WriteRune(r)
			}
			after = false
		case r == esc:
			after = true
		case inBracket:
			if r == '\\' {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
			inBracket = r != ']'
		case r == '[':
			b.WriteRune(r)
			inBracket = true
		case r == '%':
			b.WriteString(".*")
		case r == '_':
			b.WriteByte('.')
		case r == '(':
			b.WriteString("(?:")
		case strings.ContainsRune(`\.^$`, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteString(")$")
	return b.String(), nil
}

// similarSeparator is the escape-double-quote that parts a SUBSTRING pattern in three.
func similarSeparator(b *strings.Builder, quotes *int) error {
	switch {
	case *quotes == 0:
		b.WriteString("){1,1}?(")
	case *quotes == 1:
		b.WriteString("){1,1}(?:")
	default:
		return pgerr.New(pgerr.InvalidUseOfEscapeCharacter, "SQL regular expression may not contain more than two escape-double-quote separators")
	}
	*quotes++
	return nil
}
