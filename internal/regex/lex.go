package regex

import "unicode/utf8"

// kind is what a token is.
type kind byte

const (
	start      kind = iota // nothing has been read yet
	end                    // of the pattern, or an error
	plain                  // a character
	digit                  // of a bound
	comma                  // in a bound
	bound                  // {
	boundEnd               // }; value 1: greedy
	star                   // *; value 1: greedy
	plus                   // +; value 1: greedy
	question               // ?; value 1: greedy
	bar                    // |
	open                   // (; value 1: capturing
	closing                // )
	bracket                // [; value 1: not of a complement
	bracketEnd             // ]
	dot                    // .
	caret                  // ^
	dollar                 // $
	wordStart              // \m, [[:<:]]
	wordEnd                // \M, [[:>:]]
	wordEdge               // \y
	noWordEdge             // \Y
	textStart              // \A
	textEnd                // \Z
	backref                // \1
	lookaround             // (?=; value is a lookKind
	classIn                // \d; value is a class
	classOut               // \D; value is a class
	collating              // [.
	equivalent             // [=
	className              // [:
	nameEnd                // .] =] :]
	rangeDash              // - that may make a range
)

// mode is what the lexer is within.
type mode byte

const (
	inERE mode = iota
	inBRE
	inLiteral
	inBound
	inBREBound
	inBracket
	inCollating
	inEquivalent
	inClass
)

// lexer makes tokens of a pattern, one ahead of the parser. After an error all
// tokens are end.
type lexer struct {
	in     string
	at     int
	flags  flags
	mode   mode
	groups int // opened so far: tells \10 from an octal number

	last, kind kind
	value      rune
	err        error
}

// fail notes the first error.
func (l *lexer) fail(why string) {
	l.kind = end
	if l.err == nil {
		l.err = errInvalid(why)
	}
}

func (l *lexer) set(k kind, value rune) { l.kind, l.value = k, value }

func (l *lexer) atEnd() bool { return l.at >= len(l.in) }

// peek is the next character, 0 at the end.
func (l *lexer) peek() rune {
	if l.atEnd() {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(l.in[l.at:])
	return r
}

func (l *lexer) take() rune {
	r, n := utf8.DecodeRuneInString(l.in[l.at:])
	l.at += n
	return r
}

// has takes what comes next when it is c.
func (l *lexer) has(c byte) bool {
	if l.atEnd() || l.in[l.at] != c {
		return false
	}
	l.at++
	return true
}

// sees says how the pattern goes on.
func (l *lexer) sees(s string) bool {
	return len(l.in)-l.at >= len(s) && l.in[l.at:l.at+len(s)] == s
}

// begin reads what stands before an expression, and its first token.
func (l *lexer) begin() {
	l.prefixes()
	if l.err != nil {
		return
	}
	switch {
	case l.flags&literal != 0:
		l.mode = inLiteral
	case l.flags&extended != 0:
		l.mode = inERE
	default:
		l.mode = inBRE
	}
	l.kind = start
	l.next()
}

func (l *lexer) isAlpha(r rune) bool { return inClassOf(alpha, r, l.flags&ascii != 0) }

func (l *lexer) isSpace(r rune) bool { return inClassOf(space, r, l.flags&ascii != 0) }

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// next reads the next token.
func (l *lexer) next() {
	if l.err != nil {
		return
	}
	l.last = l.kind
	for l.token() {
		// A comment has been read.
	}
}

// token reads a token; true: what was read is a comment.
func (l *lexer) token() bool {
	if l.flags&expanded != 0 && l.mode <= inBREBound && l.mode != inLiteral {
		l.skip()
	}
	if l.atEnd() {
		l.ended()
		return false
	}
	switch l.mode {
	case inERE:
		return l.extended(l.take())
	case inBRE:
		l.basic(l.take())
	case inLiteral:
		l.set(plain, l.take())
	case inBound, inBREBound:
		l.bound(l.take())
	case inBracket:
		l.bracket(l.take())
	default:
		l.named(l.take())
	}
	return false
}

// ended is the end of the pattern, which not every context allows.
func (l *lexer) ended() {
	switch l.mode {
	case inERE, inBRE, inLiteral:
		l.set(end, 0)
	case inBound, inBREBound:
		l.fail(badBrace)
	default:
		l.fail(badBracket)
	}
}

// skip passes over white space and comments of the expanded syntax.
func (l *lexer) skip() {
	for {
		for !l.atEnd() && l.isSpace(l.peek()) {
			l.take()
		}
		if l.atEnd() || l.in[l.at] != '#' {
			return
		}
		for !l.atEnd() && l.in[l.at] != '\n' {
			l.at++
		}
	}
}

// quantifier is * + ? with what says how greedy it is.
func (l *lexer) quantifier(k kind) {
	greedy := rune(1)
	if l.flags&advanced != 0 && l.has('?') {
		greedy = 0
	}
	l.set(k, greedy)
}

// extended reads a token of an extended or advanced expression; true: a comment.
func (l *lexer) extended(c rune) (comment bool) {
	switch c {
	case '|':
		l.set(bar, 0)
	case '*':
		l.quantifier(star)
	case '+':
		l.quantifier(plus)
	case '?':
		l.quantifier(question)
	case '{':
		if l.flags&expanded != 0 {
			l.skip()
		}
		if !isDigit(l.peek()) {
			l.set(plain, c)
			return false
		}
		l.mode = inBound
		l.set(bound, 0)
	case '(':
		if l.flags&advanced != 0 && l.has('?') {
			return l.special()
		}
		l.set(open, 1)
	case ')':
		l.set(closing, c)
	case '[':
		l.opened()
	case '.':
		l.set(dot, 0)
	case '^':
		l.set(caret, 0)
	case '$':
		l.set(dollar, 0)
	case '\\':
		switch {
		case l.atEnd():
			l.fail(badEscape)
		case l.flags&advanced == 0:
			l.set(plain, l.take())
		default:
			l.escape()
		}
	default:
		l.set(plain, c)
	}
	return false
}

// special is what begins with (?.
func (l *lexer) special() (comment bool) {
	if l.atEnd() {
		l.fail(badOperand)
		return false
	}
	switch l.take() {
	case ':':
		l.set(open, 0)
	case '#':
		for !l.atEnd() && l.in[l.at] != ')' {
			l.at++
		}
		l.has(')')
		return true
	case '=':
		l.set(lookaround, rune(ahead))
	case '!':
		l.set(lookaround, rune(notAhead))
	case '<':
		switch {
		case l.has('='):
			l.set(lookaround, rune(behind))
		case l.has('!'):
			l.set(lookaround, rune(notBehind))
		default:
			l.fail(badOperand)
		}
	default:
		l.fail(badOperand)
	}
	return false
}

// opened is a [, which may be an edge of a word.
func (l *lexer) opened() {
	switch {
	case l.sees("[:<:]]"):
		l.at += 6
		l.set(wordStart, 0)
	case l.sees("[:>:]]"):
		l.at += 6
		l.set(wordEnd, 0)
	default:
		l.mode = inBracket
		if l.has('^') {
			l.set(bracket, 0)
			return
		}
		l.set(bracket, 1)
	}
}

// bound reads a token within {}.
func (l *lexer) bound(c rune) {
	switch {
	case isDigit(c):
		l.set(digit, c-'0')
	case c == ',':
		l.set(comma, 0)
	case c == '}' && l.mode == inBound:
		l.mode = inERE
		l.quantifier(boundEnd)
	case c == '\\' && l.mode == inBREBound && l.has('}'):
		l.mode = inBRE
		l.set(boundEnd, 1)
	default:
		l.fail(badCount)
	}
}
