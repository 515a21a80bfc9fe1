package regex

import "unicode/utf8"

// prefixes reads a director (***) and embedded options.
func (l *lexer) prefixes() {
	if l.flags&literal != 0 {
		return
	}
	if l.sees("***") && len(l.in) > 3 {
		switch l.in[3] {
		case '?':
			l.fail(badPattern)
			return
		case '=':
			l.flags = l.flags&^(extended|advanced|expanded|newlineStop|newlineLines) | literal
			l.at = 4
			return
		case ':':
			l.flags |= extended | advanced
			l.at = 4
		default:
			l.fail(badOperand)
			return
		}
	}
	if l.flags&advanced != 0 && l.sees("(?") && len(l.in)-l.at > 2 {
		r, _ := utf8.DecodeRuneInString(l.in[l.at+2:])
		if l.isAlpha(r) {
			l.at += 2
			l.embedded()
		}
	}
}

// embedded reads the options of (?xyz).
func (l *lexer) embedded() {
	for !l.atEnd() && l.isAlpha(l.peek()) {
		switch l.take() {
		case 'b':
			l.flags &^= extended | advanced | literal
		case 'c':
			l.flags &^= fold
		case 'e':
			l.flags = l.flags&^(advanced|literal) | extended
		case 'i':
			l.flags |= fold
		case 'm', 'n':
			l.flags |= newlineStop | newlineLines
		case 'p':
			l.flags = l.flags&^newlineLines | newlineStop
		case 'q':
			l.flags = l.flags&^(extended|advanced) | literal
		case 's':
			l.flags &^= newlineStop | newlineLines
		case 't':
			l.flags &^= expanded
		case 'w':
			l.flags = l.flags&^newlineStop | newlineLines
		case 'x':
			l.flags |= expanded
		default:
			l.fail(badOption)
			return
		}
	}
	if !l.has(')') {
		l.fail(badOption)
		return
	}
	if l.flags&literal != 0 {
		l.flags &^= expanded | newlineStop | newlineLines
	}
}
