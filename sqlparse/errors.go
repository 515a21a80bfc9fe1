package sqlparse

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pganalyze/pg_query_go/v6/parser"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// grammarCodes has the SQLSTATE of a grammar message that begins (or, with a
// leading *, ends) so. Everything that is not here is 42601: that is what
// ereport calls in gram.y and scan.l say but for these.
var grammarCodes = []struct {
	text string
	code pgerr.Code
	hint string
}{
	{"UNENCRYPTED PASSWORD is no longer supported", pgerr.FeatureNotSupported, "Remove UNENCRYPTED to store the password in encrypted form instead."},
	{"CREATE SCHEMA IF NOT EXISTS cannot include schema elements", pgerr.FeatureNotSupported, ""},
	{"current database cannot be changed", pgerr.FeatureNotSupported, ""},
	{"column number must be in range", pgerr.InvalidParameterValue, ""},
	{"modulus for hash partition provided more than once", pgerr.DuplicateObject, ""},
	{"remainder for hash partition provided more than once", pgerr.DuplicateObject, ""},
	{"MATCH PARTIAL not yet implemented", pgerr.FeatureNotSupported, ""},
	{"a column list with", pgerr.FeatureNotSupported, ""},
	{"CREATE EXTENSION ... FROM is no longer supported", pgerr.FeatureNotSupported, ""},
	{"CREATE OR REPLACE CONSTRAINT TRIGGER is not supported", pgerr.FeatureNotSupported, ""},
	{"CREATE ASSERTION is not yet implemented", pgerr.FeatureNotSupported, ""},
	{"dropping an enum value is not implemented", pgerr.FeatureNotSupported, ""},
	{"RECHECK is no longer required", pgerr.FeatureNotSupported, "Update your data type."},
	{"aggregates cannot have output arguments", pgerr.FeatureNotSupported, ""},
	{"WITH CHECK OPTION not supported on recursive views", pgerr.FeatureNotSupported, ""},
	{"precision for type float must be", pgerr.InvalidParameterValue, ""},
	{"UNIQUE predicate is not yet implemented", pgerr.FeatureNotSupported, ""},
	{"frame st", pgerr.WindowingError, ""},
	{"frame end", pgerr.WindowingError, ""},
	{"role name \"public\" is reserved", pgerr.ReservedName, ""},
	{"role name \"none\" is reserved", pgerr.ReservedName, ""},
	{"* cannot be used as a role name here", pgerr.ReservedName, ""},
	{"* constraints cannot be marked", pgerr.FeatureNotSupported, ""},
	{"invalid byte sequence for encoding", pgerr.CharacterNotInRepertoire, ""},
	{"unsafe use of \\' in a string literal", pgerr.NonstandardUseOfEscapeCharacter, "Use '' to write quotes in strings. \\' is insecure in client-only encodings."},
	{"LIMIT #,# syntax is not supported", pgerr.SyntaxError, "Use separate LIMIT and OFFSET clauses."},
	{"* is not a valid hexadecimal digit", pgerr.SyntaxError, ""},
	{"stack depth limit exceeded", pgerr.StatementTooComplex, ""},
	{"memory exhausted", pgerr.SyntaxError, ""},
	{"out of memory", pgerr.OutOfMemory, ""},
}

// grammarError makes PostgreSQL's error of the grammar's.
func grammarError(sql string, err error) error {
	var g *parser.Error
	if !errors.As(err, &g) {
		if strings.Contains(err.Error(), "recursion depth") {
			return pgerr.TooDeep()
		}
		return pgerr.Internal("parser: %s", err.Error()).WithCause(err)
	}
	e := pgerr.New(pgerr.SyntaxError, "%s", g.Message).WithPosition(g.Cursorpos)
	for _, c := range grammarCodes {
		if matchesMessage(c.text, g.Message) {
			e.Code, e.Hint = c.code, c.hint
			break
		}
	}
	if e.Message == "invalid Unicode escape" {
		e.Code, e.Hint = unicodeEscape(sql, g.Cursorpos)
	}
	return e
}

func matchesMessage(pattern, message string) bool {
	if rest, ok := strings.CutPrefix(pattern, "*"); ok {
		return strings.Contains(message, rest)
	}
	return strings.HasPrefix(message, pattern)
}

// unicodeEscape tells the two errors of that name apart: in E'…' strings
// (22025) and in U&'…' ones (42601).
func unicodeEscape(sql string, position int) (pgerr.Code, string) {
	rest := sql
	for i := 1; i < position && rest != ""; i++ {
		_, n := utf8.DecodeRuneInString(rest)
		rest = rest[n:]
	}
	if strings.HasPrefix(rest, "\\u") || strings.HasPrefix(rest, "\\U") {
		return pgerr.InvalidEscapeSequence, `Unicode escapes must be \uXXXX or \UXXXXXXXX.`
	}
	return pgerr.SyntaxError, `Unicode escapes must be \XXXX or \+XXXXXX.`
}

// CheckText is pg_verifymbstr for UTF-8: 22021 for text that is not valid, or
// contains a zero byte.
func CheckText(s string) error {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return nil
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == 0 || r == utf8.RuneError && n == 1 {
			return pgerr.New(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": %s",
				hexBytes(s[i:min(len(s), i+sequenceLength(s[i]))]))
		}
		i += n
	}
	return nil
}

// sequenceLength is how many bytes a UTF-8 sequence has that begins with b.
func sequenceLength(b byte) int {
	switch {
	case b&0x80 == 0:
		return 1
	case b&0xe0 == 0xc0:
		return 2
	case b&0xf0 == 0xe0:
		return 3
	case b&0xf8 == 0xf0:
		return 4
	}
	return 1
}

func hexBytes(s string) string {
	parts := make([]string, len(s))
	for i := range len(s) {
		parts[i] = fmt.Sprintf("0x%02x", s[i])
	}
	return strings.Join(parts, " ")
}
