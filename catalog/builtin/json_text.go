package builtin

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
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
func valueEnd(s string) int {
	switch s[0] {
	case '"':
		return stringEnd(s)
	case '{', '[':
		depth := 0
		for i := 0; i < len(s); i++ {
			switch s[i] {
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			case '"':
				i += stringEnd(s[i:]) - 1
			}
		}
		return len(s)
	}
	if i := strings.IndexAny(s, ",]} \t\n\r:"); i >= 0 {
		return i
	}
	return len(s)
}

func stringEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// each yields the members of an object, or the elements of an array with an
// empty key; nothing of a scalar.
func (j jsonText) each(yield func(key string, value jsonText) bool) {
	if j[0] != '{' && j[0] != '[' {
		return
	}
	s := string(newJSONText(string(j[1 : len(j)-1])))
	for s != "" {
		key := ""
		if j[0] == '{' {
			n := stringEnd(s)
			key = jsonText(s[:n]).unquote()
			s = string(newJSONText(s[n:]))[1:] // behind the colon
			s = string(newJSONText(s))
		}
		n := valueEnd(s)
		if !yield(key, jsonText(s[:n])) {
			return
		}
		s = strings.TrimPrefix(string(newJSONText(s[n:])), ",")
		s = string(newJSONText(s))
	}
}

// unquote is the text of a JSON string.
func (j jsonText) unquote() string {
	s := string(j[1 : len(j)-1])
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '\\')
		if i < 0 || i+1 >= len(s) {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		switch c := s[i+1]; c {
		case 'u':
			r, n := unquoteRune(s[i:])
			b.WriteRune(r)
			s = s[i+n:]
			continue
		default:
			if k := strings.IndexByte("bfnrt", c); k >= 0 {
				c = "\b\f\n\r\t"[k]
			}
			b.WriteByte(c)
		}
		s = s[i+2:]
	}
	return b.String()
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
func (j jsonText) member(key string) (v jsonText, ok bool) {
	if j[0] != '{' {
		return "", false
	}
	j.each(func(k string, value jsonText) bool {
		if k == key {
			v, ok = value, true
		}
		return true
	})
	return v, ok
}

// length is the number of elements or members.
func (j jsonText) length() (n int64) {
	j.each(func(string, jsonText) bool { n++; return true })
	return n
}

// element is an array's element i, counted from the end when negative.
func (j jsonText) element(i int64) (v jsonText, ok bool) {
	if j[0] != '[' {
		return "", false
	}
	if i < 0 {
		i += j.length()
	}
	at := int64(0)
	j.each(func(_ string, value jsonText) bool {
		if at == i {
			v, ok = value, true
		}
		at++
		return !ok
	})
	return v, ok
}
