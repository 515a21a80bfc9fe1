package builtin

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/expr"
)

// jsonText is the text of one well-formed JSON value, json's or jsonb's. A part
// of it keeps its spelling, which is what json's functions answer with.
type jsonText string

// kind is json_typeof's answer.
func (j jsonText) kind() string {
	switch j[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// newJSONText cuts white space around.
func newJSONText(s string) jsonText { return jsonText(strings.Trim(s, " \t\n\r")) }

// valueEnd is where the value that begins at s[0] ends.
func valueEnd(ctx *expr.Context, s string) (int, error) {
	switch s[0] {
	case '"':
		return stringEnd(ctx, s)
	case '{', '[':
		return containerEnd(ctx, s)
	}
	if i := strings.IndexAny(s[:min(len(s), pieceBytes)], ",]} \t\n\r:"); i >= 0 {
		return i, nil
	}
	if i := strings.IndexAny(s, ",]} \t\n\r:"); i >= 0 {
		return i, nil
	}
	return len(s), nil
}

func containerEnd(ctx *expr.Context, s string) (int, error) {
	depth, m := 0, marks{ctx: ctx}
	for i := 0; i < len(s); i++ {
		if err := m.reached(i); err != nil {
			return 0, err
		}
		switch s[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, nil
			}
		case '"':
			n, err := stringEnd(ctx, s[i:])
			if err != nil {
				return 0, err
			}
			i += n - 1
		}
	}
	return len(s), nil
}

func stringEnd(ctx *expr.Context, s string) (int, error) {
	m := marks{ctx: ctx}
	for i := 1; i < len(s); i++ {
		if err := m.reached(i); err != nil {
			return 0, err
		}
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1, nil
		}
	}
	return len(s), nil
}

// each yields the members of an object, or the elements of an array with an
// empty key; nothing of a scalar.
func (j jsonText) each(ctx *expr.Context, yield func(key string, value jsonText) bool) error {
	if j[0] != '{' && j[0] != '[' {
		return nil
	}
	s := string(newJSONText(string(j[1 : len(j)-1])))
	for s != "" {
		key, before := "", len(s)
		if j[0] == '{' {
			n, err := stringEnd(ctx, s)
			if err != nil {
				return err
			}
			if key, err = jsonText(s[:n]).unquote(ctx); err != nil {
				return err
			}
			s = string(newJSONText(s[n:]))[1:] // behind the colon
			s = string(newJSONText(s))
		}
		n, err := valueEnd(ctx, s)
		if err != nil {
			return err
		}
		if !yield(key, jsonText(s[:n])) {
			return nil
		}
		s = strings.TrimPrefix(string(newJSONText(s[n:])), ",")
		s = string(newJSONText(s))
		if err := ctx.Spend(before - len(s)); err != nil {
			return err
		}
	}
	return nil
}

// unquote is the text of a JSON string.
func (j jsonText) unquote(ctx *expr.Context) (string, error) {
	s := string(j[1 : len(j)-1])
	if i, err := index(ctx, s, `\`); i < 0 || err != nil {
		return s, err
	}
	m := marks{ctx: ctx}
	b := make([]byte, 0, len(s))
	for s != "" {
		if err := m.reached(len(b)); err != nil {
			return "", err
		}
		i := strings.IndexByte(s, '\\')
		if i < 0 || i+1 >= len(s) {
			b = append(b, s...)
			break
		}
		b = append(b, s[:i]...)
		switch c := s[i+1]; c {
		case 'u':
			r, n := unquoteRune(s[i:])
			b = utf8.AppendRune(b, r)
			s = s[i+n:]
			continue
		default:
			if k := strings.IndexByte("bfnrt", c); k >= 0 {
				c = "\b\f\n\r\t"[k]
			}
			b = append(b, c)
		}
		s = s[i+2:]
	}
	return textOf(b), nil
}

// unquoteRune reads \uXXXX, or a pair of surrogates, and says how long it was.
func unquoteRune(s string) (rune, int) {
	r := hex4(s[2:])
	if utf16.IsSurrogate(r) && strings.HasPrefix(s[6:], `\u`) {
		if full := utf16.DecodeRune(r, hex4(s[8:])); full != utf8.RuneError {
			return full, 12
		}
	}
	return r, 6
}

func hex4(s string) (r rune) {
	for i := 0; i < 4 && i < len(s); i++ {
		r = r<<4 | rune(hexDigit(s[i]))
	}
	return r
}

// member is the value of a key, the last one if it comes again; ok is false
// when j is no object or has none such.
func (j jsonText) member(ctx *expr.Context, key string) (v jsonText, ok bool, err error) {
	if j[0] != '{' {
		return "", false, nil
	}
	err = j.each(ctx, func(k string, value jsonText) bool {
		if k == key {
			v, ok = value, true
		}
		return true
	})
	return v, ok, err
}

// length is the number of elements or members.
func (j jsonText) length(ctx *expr.Context) (n int64, err error) {
	err = j.each(ctx, func(string, jsonText) bool { n++; return true })
	return n, err
}

// element is an array's element i, counted from the end when negative.
func (j jsonText) element(ctx *expr.Context, i int64) (v jsonText, ok bool, err error) {
	if j[0] != '[' {
		return "", false, nil
	}
	if i < 0 {
		n, err := j.length(ctx)
		if err != nil {
			return "", false, err
		}
		i += n
	}
	at := int64(0)
	err = j.each(ctx, func(_ string, value jsonText) bool {
		if at == i {
			v, ok = value, true
		}
		at++
		return !ok
	})
	return v, ok, err
}
