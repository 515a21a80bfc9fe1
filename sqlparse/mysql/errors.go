package mysql

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// failure is what the translator panics with.
type failure struct{ *pgerr.E }

// fail ends the translation with an error at a node; nil is nowhere.
func (t *translator) fail(at ast.Node, code pgerr.Code, format string, args ...any) {
	e := pgerr.New(code, format, args...)
	if at != nil {
		e = e.WithPosition(t.position(at.OriginTextPosition()))
	}
	panic(failure{e})
}

// refuse ends the translation with 0A000 for a clause that has none.
func (t *translator) refuse(at ast.Node, format string, args ...any) {
	t.fail(at, pgerr.FeatureNotSupported, "%s is not supported", fmt.Sprintf(format, args...))
}

// position turns a byte of the text into a character, from 1. Nodes that the
// parser did not place say 0, which is no place but a statement's.
func (t *translator) position(at int) int {
	if at <= 0 || at > len(t.sql) {
		return 0
	}
	return utf8.RuneCountInString(t.sql[:at]) + 1
}

// parserMessage is how TiDB's scanner words an error: the rest of the text
// after "near" begins with what could not be read, or ends with it.
var parserMessage = regexp.MustCompile(`(?s)^line (\d+) column (\d+) near "(.*)"(.*)$`)

// grammarError makes PostgreSQL's error of the parser's.
func grammarError(sql string, err error) error {
	m := parserMessage.FindStringSubmatch(err.Error())
	if m == nil {
		return pgerr.New(pgerr.SyntaxError, "%s", err.Error())
	}
	near := m[3]
	if length := "(total length "; strings.Contains(m[4], length) {
		rest := m[4][strings.LastIndex(m[4], length)+len(length):]
		if n, e := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), ")")); e == nil && n <= len(sql) {
			near = sql[len(sql)-n:]
		}
	}
	if strings.TrimSpace(near) == "" {
		return pgerr.New(pgerr.SyntaxError, "syntax error at end of input").WithPosition(utf8.RuneCountInString(sql) + 1)
	}
	at := len(sql) - len(near)
	if at < 0 || sql[at:] != near {
		return pgerr.New(pgerr.SyntaxError, "syntax error")
	}
	trimmed := strings.TrimLeft(near, " \t\r\n")
	at += len(near) - len(trimmed)
	return pgerr.New(pgerr.SyntaxError, "syntax error at or near \"%s\"", firstWord(trimmed)).
		WithPosition(utf8.RuneCountInString(sql[:at]) + 1)
}

// firstWord is a name, number or sign that a text begins with.
func firstWord(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool {
		return r < utf8.RuneSelf && r != '_' && r != '$' && r != '@' &&
			(r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	switch {
	case end < 0:
		return s
	case end == 0:
		_, n := utf8.DecodeRuneInString(s)
		return s[:n]
	}
	return s[:end]
}

// extent finds a statement's own bytes, from what the parser kept of it.
func extent(sql string, from int, text string) (start, end int) {
	text = strings.TrimRight(strings.TrimSpace(text), "; \t\r\n")
	at := strings.Index(sql[from:], text)
	if at < 0 {
		return from, len(sql)
	}
	return from + at, from + at + len(text)
}
