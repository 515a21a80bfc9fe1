package expr

import (
	"bytes"
	"strings"
)

// Layout is how deep the text that is being printed is indented (ruleutils.c's
// PRETTYFLAG_INDENT).
type Layout struct{ Level int }

// varIndent and indentLimit are PRETTYINDENT_VAR and PRETTYINDENT_LIMIT.
const (
	varIndent   = 4
	indentLimit = 40
)

// Line begins a line with a word (appendContextKeyword): before and after change
// the level, plus is for this line alone.
func (l *Layout) Line(word string, before, after, plus int) string {
	l.Level += before
	amount := max(l.Level, 0)
	if amount >= indentLimit {
		amount = indentLimit + (amount-indentLimit)/(8/2)
		amount %= indentLimit
	}
	l.Level = max(l.Level+after, 0)
	return "\n" + strings.Repeat(" ", amount+plus) + word
}

// AppendLine appends text; before a new line, blanks go.
func AppendLine(dst []byte, text string) []byte {
	if strings.HasPrefix(text, "\n") {
		dst = bytes.TrimRight(dst, " ")
	}
	return append(dst, text...)
}

// word prints a word on a line of its own, or without a Layout behind sep.
func (p *deparser) word(word, sep string, before, after int) {
	if p.f.Layout == nil {
		p.str(sep, word)
		return
	}
	p.str(p.f.Layout.Line(word, before, after, 0))
}
