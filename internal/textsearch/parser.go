package textsearch

import (
	"strings"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Parser cuts a text into tokens as the parser "default" does (wparser_def.c): an
// automaton that tries what a token could be and goes back when it is not. Its
// table is in parser_states.go. Make one with NewParser.
type Parser struct {
	rules [][]rule
	text  string
	work  Work
	steps *int // since work was told, of a parser and those under it

	stack  []attempt // the last is under way; under it is what to go back to
	ignore bool      // inside <script> and <style>
	host   bool      // a host ends here, a path follows: of an address whose whole was a token already

	start int // of the token under way
	found Token
}

// attempt is how far one reading of the text has come.
type attempt struct {
	state  state
	at     int
	length int // of the token so far, in bytes
	resume int // the rule after which to go on when what was tried from here failed; -1 none
}

// maxAttempts bounds what there is to go back to: PostgreSQL has no bound but its
// memory, and takes time by the square of it.
const maxAttempts = 1 << 20

// NewParser makes a parser of a text in valid UTF-8.
func NewParser(text string, work Work) *Parser {
	return &Parser{rules: rulesOf[:], text: text, work: work, steps: new(int), stack: []attempt{{resume: -1}}}
}

// under is a parser of what is left, which begins in another state.
func (p *Parser) under(s state) *Parser {
	sub := &Parser{rules: p.rules, text: p.text[p.top().at:], work: p.work, steps: p.steps, stack: []attempt{{resume: -1}}}
	if s != base {
		sub.stack = append(sub.stack, attempt{state: s, resume: -1})
	}
	return sub
}

func (p *Parser) top() *attempt { return &p.stack[len(p.stack)-1] }

// char is the character that comes; size is 0 at the end.
func (p *Parser) char() (c rune, size int) {
	at := p.top().at
	if at >= len(p.text) {
		return 0, 0
	}
	return utf8.DecodeRuneInString(p.text[at:])
}

// Next finds the next token; found is false at the end.
func (p *Parser) Next() (t Token, found bool, err error) {
	if p.top().at >= len(p.text) {
		return Token{}, false, nil
	}
	p.start = p.top().at
	p.top().resume = -1
	for p.top().at <= len(p.text) {
		if *p.steps++; *p.steps%workPiece == 0 {
			if err := p.work.spend(workPiece); err != nil {
				return Token{}, false, err
			}
		}
		r, err := p.rule()
		if err != nil {
			return Token{}, false, err
		}
		_, size := p.char()
		if r.special != nil {
			r.special(p)
		}
		if r.does&emit != 0 {
			p.found = Token{r.token, p.text[p.start : p.start+p.top().length]}
			p.top().length = 0
		}
		p.turn(r)
		if len(p.stack) > maxAttempts {
			return Token{}, false, pgerr.New(pgerr.ProgramLimitExceeded, "a token has too many parts for the text search parser").
				WithDetail("It has more than %d.", maxAttempts)
		}
		switch {
		case r.does&emit != 0:
			return p.found, true, nil
		case p.top().at >= len(p.text) && r.does&again == 0:
			return Token{}, false, nil
		case r.does&(again|back) != 0:
			continue
		}
		p.top().at += size
		p.top().length += size
	}
	return Token{}, false, nil
}

// rule is the first of the state's that holds, or the first behind the one that was tried.
func (p *Parser) rule() (*rule, error) {
	t := p.top()
	rules := p.rules[t.state]
	i := t.resume + 1
	t.resume = -1
	for ; rules[i].when != nil; i++ {
		holds, err := rules[i].when(p, rules[i].char)
		if err != nil {
			return nil, err
		}
		if holds {
			break
		}
	}
	if rules[i].does&try != 0 {
		t.resume = i
	}
	return &rules[i], nil
}

// turn changes the attempts as a rule says.
func (p *Parser) turn(r *rule) {
	n := len(p.stack)
	switch {
	case r.does&back != 0:
		p.stack = p.stack[:n-1]
	case r.does&try != 0:
		next := *p.top()
		next.resume = -1
		p.stack = append(p.stack, next)
	case r.does&commit != 0:
		p.stack[n-2] = p.stack[n-1]
		p.stack = p.stack[:n-1]
	case r.does&commitAll != 0:
		p.stack[0] = p.stack[n-1]
		p.stack = p.stack[:1]
	case r.does&merge != 0:
		p.stack[n-2].at, p.stack[n-2].length = p.stack[n-1].at, p.stack[n-1].length
		p.stack = p.stack[:n-1]
	}
	if r.to != stay {
		p.top().state = r.to
	}
}

// rewind goes back to where the token begins, for its parts.
func (p *Parser) rewind() { p.top().at -= p.top().length }

// restart is rewind to begin the token anew.
func (p *Parser) restart() {
	p.rewind()
	p.top().length = 0
}

// addressParts goes back to read the host and the path of an address.
func (p *Parser) addressParts() {
	p.host = true
	p.rewind()
}

// scriptTags notices what text inside is not read.
func (p *Parser) scriptTags() {
	t := p.top()
	switch strings.ToLower(p.text[p.start : p.start+t.length]) {
	case "<script", "<style":
		p.ignore = true
	case "</script", "</style":
		p.ignore = false
	}
}

// takeHost takes a host that comes.
func (p *Parser) takeHost() (bool, error) {
	sub := p.under(base)
	sub.host = true
	return p.take(sub, Host)
}

// takePath takes the path that comes behind a host.
func (p *Parser) takePath() (bool, error) { return p.take(p.under(inURLPathFirst), URLPath) }

// take takes what sub finds if it is of a type.
func (p *Parser) take(sub *Parser, wanted TokenType) (bool, error) {
	t, found, err := sub.Next()
	if err != nil || !found || t.Type != wanted {
		return false, err
	}
	p.top().at += len(t.Text)
	p.top().length += len(t.Text)
	return true, nil
}
