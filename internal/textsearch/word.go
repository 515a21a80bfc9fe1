package textsearch

import (
	"strconv"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// wordReader reads the words of a tsvector's or a tsquery's text
// (tsvector_parser.c): bare, or in quotes; in a tsvector with positions.
type wordReader struct {
	in  string
	at  int
	all string // of what an error speaks

	query bool // operators end a word, and there are no positions
	web   bool // quotes and backslashes mean nothing

	work Work
	done int
}

// The states of wordReader.next.
const (
	waitWord = iota
	waitEnd
	waitEscaped
	inQuotes
	afterQuote
	waitPositions
	inPosition
	afterPosition
)

func (r *wordReader) syntaxError() error {
	kind := "tsvector"
	if r.query {
		kind = "tsquery"
	}
	return pgerr.New(pgerr.SyntaxError, "syntax error in %s: \"%s\"", kind, r.all)
}

// char is the character that comes; 0 at the end.
func (r *wordReader) char() (c rune, size int) {
	if r.at >= len(r.in) {
		return 0, 0
	}
	return utf8.DecodeRuneInString(r.in[r.at:])
}

// ends reports whether c ends a bare word.
func (r *wordReader) ends(c rune) bool {
	return c == 0 || isSpace(c) || r.query && isOperator(c) || r.web && c == '"'
}

func isOperator(c rune) bool {
	switch c {
	case '!', '&', '|', '(', ')':
		return true
	}
	return false
}

// workPiece is after how many bytes work is told.
const workPiece = 1 << 12

func (r *wordReader) tell() error {
	if r.at-r.done < workPiece {
		return nil
	}
	n := r.at - r.done
	r.done = r.at
	return r.work.spend(n)
}

// next reads a word; found is false at the end.
func (r *wordReader) next() (word []byte, positions []Position, found bool, err error) {
	state, back := waitWord, waitWord
	for {
		if err := r.tell(); err != nil {
			return nil, nil, false, err
		}
		c, size := r.char()
		char := r.in[r.at : r.at+size]
		switch state {
		case waitWord:
			switch {
			case c == 0:
				return nil, nil, false, nil
			case c == '\'' && !r.web:
				state = inQuotes
			case c == '\\' && !r.web:
				state, back = waitEscaped, waitEnd
			case isSpace(c):
			case r.ends(c):
				return nil, nil, false, r.syntaxError()
			default:
				word, state = append(word, char...), waitEnd
			}
		case waitEscaped:
			if c == 0 {
				return nil, nil, false, pgerr.New(pgerr.SyntaxError, "there is no escaped character: \"%s\"", r.all)
			}
			word, state = append(word, char...), back
		case waitEnd:
			switch {
			case c == '\\' && !r.web:
				state, back = waitEscaped, waitEnd
			case r.ends(c), c == ':' && r.query:
				return word, nil, true, nil
			case c == ':':
				state = inPosition
			default:
				word = append(word, char...)
			}
		case inQuotes:
			switch c {
			case '\'':
				state = afterQuote
			case '\\':
				state, back = waitEscaped, inQuotes
			case 0:
				return nil, nil, false, r.syntaxError()
			default:
				word = append(word, char...)
			}
		case afterQuote:
			if c == '\'' {
				word, state = append(word, '\''), inQuotes
				break
			}
			if len(word) == 0 {
				return nil, nil, false, r.syntaxError()
			}
			if r.query {
				return word, nil, true, nil
			}
			state = waitPositions
			continue
		case waitPositions:
			if c != ':' {
				return word, nil, true, nil
			}
			state = inPosition
		case inPosition:
			if !isDigit(c) {
				return nil, nil, false, r.syntaxError()
			}
			p := At(atoi(r.in[r.at:]), WeightD)
			if p.Place() == 0 {
				return nil, nil, false, pgerr.New(pgerr.SyntaxError, "wrong position info in tsvector: \"%s\"", r.all)
			}
			positions, state = append(positions, p), afterPosition
		case afterPosition:
			last := &positions[len(positions)-1]
			switch w, ok := weightMark(c); {
			case c == ',':
				state = inPosition
			case ok && last.Weight() != WeightD:
				return nil, nil, false, r.syntaxError()
			case ok:
				*last |= Position(w) << 14
			case c == 0 || isSpace(c):
				return word, positions, true, nil
			case !isDigit(c):
				return nil, nil, false, r.syntaxError()
			}
		}
		r.at += size
	}
}

// weightMark is WeightOf, and * for A.
func weightMark(c rune) (Weight, bool) {
	if c == '*' {
		return WeightA, true
	}
	if c >= utf8.RuneSelf {
		return 0, false
	}
	return WeightOf(byte(c))
}

// atoi is C's: of digits that are too many it keeps the low 32 bits of the largest long.
func atoi(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	v, _ := strconv.ParseInt(s[:n], 10, 64) // out of range it is the largest
	return int(int32(v))
}

// appendQuoted writes a word as both text forms do.
func appendQuoted(dst []byte, word string) []byte {
	dst = append(dst, '\'')
	for i := range len(word) {
		if word[i] == '\'' || word[i] == '\\' {
			dst = append(dst, word[i])
		}
		dst = append(dst, word[i])
	}
	return append(dst, '\'')
}
