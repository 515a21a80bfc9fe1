package regex

// maxChar is the largest character that an escape can name (CHR_MAX).
const maxChar = 0x7ffffffe

// escapes are those that stand for one token.
var escapes = map[rune]struct {
	kind  kind
	value rune
}{
	'a': {plain, '\a'}, 'b': {plain, '\b'}, 'B': {plain, '\\'}, 'e': {plain, '\033'}, 'f': {plain, '\f'},
	'n': {plain, '\n'}, 'r': {plain, '\r'}, 't': {plain, '\t'}, 'v': {plain, '\v'},
	'd': {classIn, rune(digits)}, 's': {classIn, rune(space)}, 'w': {classIn, rune(word)},
	'D': {classOut, rune(digits)}, 'S': {classOut, rune(space)}, 'W': {classOut, rune(word)},
	'A': {textStart, 0}, 'Z': {textEnd, 0}, 'm': {wordStart, 0}, 'M': {wordEnd, 0}, 'y': {wordEdge, 0}, 'Y': {noWordEdge, 0},
}

// escape reads what follows a backslash in an advanced expression (manual 9.7.3.3).
func (l *lexer) escape() {
	c := l.take()
	if e, ok := escapes[c]; ok {
		l.set(e.kind, e.value)
		return
	}
	switch {
	case !(c|0x20 >= 'a' && c|0x20 <= 'z' || isDigit(c)):
		l.set(plain, c)
	case c == 'c':
		if l.atEnd() {
			l.fail(badEscape)
			return
		}
		l.set(plain, l.take()&0x1f)
	case c == 'u':
		l.character(4, 4)
	case c == 'U':
		l.character(8, 8)
	case c == 'x':
		l.character(1, 255)
	case isDigit(c):
		l.number(c)
	default:
		l.fail(badEscape)
	}
}

// character is a character by its number in hexadecimal digits.
func (l *lexer) character(least, most int) {
	v, n := l.number16(most)
	if n < least || v > maxChar {
		l.fail(badEscape)
		return
	}
	l.set(plain, rune(v))
}

// number16 reads hexadecimal digits; what they say wraps around as PostgreSQL's unsigned integers do.
func (l *lexer) number16(most int) (v uint32, n int) {
	for ; n < most && !l.atEnd(); n++ {
		c := l.in[l.at]
		switch {
		case c >= '0' && c <= '9':
			v = v*16 + uint32(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			v = v*16 + uint32(c|0x20-'a') + 10
		default:
			return v, n
		}
		l.at++
	}
	return v, n
}

// number is a back reference or an octal number: several digits are a back
// reference when there are so many groups before.
func (l *lexer) number(c rune) {
	from := l.at
	if c != '0' {
		v := uint32(c - '0')
		for n := 1; n < 255 && isDigit(l.peek()); n++ {
			v = v*10 + uint32(l.take()-'0')
		}
		if l.at == from || int32(v) > 0 && int(v) <= l.groups {
			l.set(backref, rune(v))
			return
		}
	}
	l.at = from - 1
	v := rune(0)
	n := 0
	for ; n < 3 && !l.atEnd() && l.in[l.at] >= '0' && l.in[l.at] <= '7'; n++ {
		v = v*8 + rune(l.in[l.at]-'0')
		l.at++
	}
	switch {
	case n == 0:
		l.fail(badEscape)
		return
	case v > 0xff:
		l.at--
		v >>= 3
	}
	l.set(plain, v)
}
