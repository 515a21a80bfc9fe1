package regex

// basic reads a token of a basic expression, most of whose operators have a
// backslash, and some a meaning in some places only.
func (l *lexer) basic(c rune) {
	switch c {
	case '*':
		if l.last == start || l.last == open || l.last == caret {
			l.set(plain, c)
			return
		}
		l.set(star, 1)
	case '[':
		l.opened()
	case '.':
		l.set(dot, 0)
	case '^':
		if l.last == start || l.last == open {
			l.set(caret, 0)
			return
		}
		l.set(plain, c)
	case '$':
		if l.flags&expanded != 0 {
			l.skip()
		}
		if l.atEnd() || l.sees(`\)`) {
			l.set(dollar, 0)
			return
		}
		l.set(plain, c)
	case '\\':
		if l.atEnd() {
			l.fail(badEscape)
			return
		}
		l.basicEscape(l.take())
	default:
		l.set(plain, c)
	}
}

func (l *lexer) basicEscape(c rune) {
	switch {
	case c == '{':
		l.mode = inBREBound
		l.set(bound, 0)
	case c == '(':
		l.set(open, 1)
	case c == ')':
		l.set(closing, c)
	case c == '<':
		l.set(wordStart, 0)
	case c == '>':
		l.set(wordEnd, 0)
	case c >= '1' && c <= '9':
		l.set(backref, c-'0')
	default:
		l.set(plain, c)
	}
}
