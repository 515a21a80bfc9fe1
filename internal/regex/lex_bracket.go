package regex

// bracket reads a token within [].
func (l *lexer) bracket(c rune) {
	switch c {
	case ']':
		if l.last == bracket {
			l.set(plain, c)
			return
		}
		l.mode = inBRE
		if l.flags&extended != 0 {
			l.mode = inERE
		}
		l.set(bracketEnd, 0)
	case '\\':
		l.bracketEscape(c)
	case '-':
		if l.last == bracket || !l.atEnd() && l.in[l.at] == ']' {
			l.set(plain, c)
			return
		}
		l.set(rangeDash, c)
	case '[':
		switch {
		case l.atEnd():
			l.fail(badBracket)
		case l.has('.'):
			l.mode = inCollating
			l.set(collating, 0)
		case l.has('='):
			l.mode = inEquivalent
			l.set(equivalent, 0)
		case l.has(':'):
			l.mode = inClass
			l.set(className, 0)
		default:
			l.set(plain, c)
		}
	default:
		l.set(plain, c)
	}
}

// bracketEscape is a backslash within [], where not all escapes have a meaning.
func (l *lexer) bracketEscape(c rune) {
	if l.flags&advanced == 0 {
		l.set(plain, c)
		return
	}
	if l.atEnd() {
		l.fail(badEscape)
		return
	}
	l.escape()
	if l.err == nil && l.kind != plain && l.kind != classIn && l.kind != classOut {
		l.fail(badEscape)
	}
}

// named reads a character of a name within [. [= or [:, or its end.
func (l *lexer) named(c rune) {
	ends := map[mode]rune{inCollating: '.', inEquivalent: '=', inClass: ':'}
	if c == ends[l.mode] && l.has(']') {
		l.mode = inBracket
		l.set(nameEnd, c)
		return
	}
	l.set(plain, c)
}
