package sqlparse

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// checkVersion refuses what PostgreSQL 17's grammar has and 15's has not, as
// 15 would. sql is the whole query string, body this statement's text,
// which begins at byte start.
func checkVersion(sql string, start int, body string, n *pg.Node) error {
	if at, word, ok := numberJunk(body); ok {
		return syntaxErrorAt(sql, start+at, word, "trailing junk after "+junkName(word))
	}
	if !mentionsNewer(body) {
		return nil
	}
	var err error
	Walk(n, func(m proto.Message) bool {
		if f, ok := m.(*pg.FuncCall); ok && isGrammarCall(f, "system_user") && err == nil {
			err = pgerr.New(pgerr.UndefinedColumn, "column \"system_user\" does not exist").
				WithPosition(characters(sql[:f.Location]) + 1)
		}
		if at, after, found := newerSyntax(m); found && err == nil {
			err = syntaxErrorNear(sql, int(at), after)
		}
		return err == nil
	})
	return err
}

// newerWords are words (in upper case) that every newer construct has one of.
var newerWords = []string{"JSON", "MERGE", "SYSTEM_USER", "LOCAL", "STORAGE", "GRANT", "EXPRESSION"}

func mentionsNewer(text string) bool {
	up := strings.ToUpper(text)
	for _, w := range newerWords {
		if strings.Contains(up, w) {
			return true
		}
	}
	return false
}

// newerSyntax recognizes a node that 15's grammar cannot make. The first
// token at or after byte at whose text (in upper case) is after's, or any when
// after is "", is the one that 15 stops at.
func newerSyntax(m proto.Message) (at int32, after string, found bool) {
	switch n := m.(type) {
	case *pg.MergeWhenClause:
		if n.MatchKind == pg.MergeMatchKind_MERGE_WHEN_NOT_MATCHED_BY_SOURCE {
			return 0, "BY", true
		}
	case *pg.MergeStmt:
		if len(n.ReturningList) > 0 {
			return 0, "RETURNING", true
		}
	case *pg.JsonTable:
		return n.Location, "COLUMNS", true
	case *pg.JsonObjectConstructor:
		return n.Location, ":", len(n.Exprs) > 0
	case *pg.JsonIsPredicate:
		return n.Location, "JSON", true
	case *pg.JsonFuncExpr:
		return n.Location, "", true
	case *pg.ColumnDef:
		return n.Location, "STORAGE", n.StorageName != ""
	case *pg.FuncCall:
		if isGrammarCall(n, "timezone") && len(n.Args) == 1 {
			return n.Location, "LOCAL", true
		}
	case *pg.GrantRoleStmt:
		return grantOption(n)
	}
	return 0, "", false
}

// isGrammarCall reports whether the grammar made the call of some other syntax.
func isGrammarCall(n *pg.FuncCall, name string) bool {
	return n.Funcformat == pg.CoercionForm_COERCE_SQL_SYNTAX && n.Funcname[len(n.Funcname)-1].GetString_().GetSval() == name
}

// grantOption finds GRANT … WITH ADMIN TRUE and the options that 15 lacks.
func grantOption(n *pg.GrantRoleStmt) (at int32, after string, found bool) {
	for _, o := range n.Opt {
		d := o.GetDefElem()
		if d == nil {
			continue
		}
		if d.Defname != "admin" {
			return d.Location, "", true
		}
	}
	return 0, "", false
}

// syntaxErrorNear is 42601 at the first token, from byte at on, that is word.
func syntaxErrorNear(sql string, at int, word string) error {
	at = max(at, 0)
	for i := at; i < len(sql); {
		end := tokenEnd(sql, i)
		tok := sql[i:end]
		if word == "" && !isSpace(sql[i]) || word != "" && strings.EqualFold(tok, word) {
			return syntaxErrorAt(sql, i, tok, "syntax error")
		}
		i = end
	}
	return pgerr.New(pgerr.SyntaxError, "syntax error at end of input").WithPosition(characters(sql) + 1)
}

func syntaxErrorAt(sql string, at int, token, what string) error {
	return pgerr.New(pgerr.SyntaxError, "%s at or near \"%s\"", what, token).
		WithPosition(characters(sql[:min(at, len(sql))]) + 1)
}

// tokenEnd finds the end of the token (or single character) at i.
func tokenEnd(sql string, i int) int {
	switch c := sql[i]; {
	case c == '\'' || c == '"':
		if end, ok := quoteEnd(sql, i); ok {
			return end
		}
	case isIdentStart(c):
		end := i + 1
		for end < len(sql) && isIdent(sql[end]) {
			end++
		}
		return end
	case isDigit(c):
		end, _ := numberEnd(sql, i)
		return end
	case c == '$':
		return digitsEnd(sql, i+1)
	}
	return i + 1
}

// numberJunk finds a number or parameter that runs into a name: 0x1F, 1_000
// and $1a are that before PostgreSQL 16.
func numberJunk(text string) (at int, word string, found bool) {
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case strings.HasPrefix(text[i:], "--") || strings.HasPrefix(text[i:], "/*"):
			end, ok := commentEnd(text, i)
			if !ok {
				return 0, "", false
			}
			i = end
		case c == '$' && !(i+1 < len(text) && isDigit(text[i+1])):
			i = dollarEnd(text, i)
		case c == '\'':
			i = stringEnd(text, i)
		case isDigit(c) || c == '$':
			end := i + 1
			if c == '$' {
				end = digitsEnd(text, end)
			} else {
				end, _ = numberEnd(text, i)
			}
			if end < len(text) && isIdentStart(text[end]) {
				return i, text[i:tokenEnd(text, end)], true
			}
			i = end
		default:
			i = tokenEnd(text, i)
		}
	}
	return 0, "", false
}

func junkName(word string) string {
	if word[0] == '$' {
		return "parameter"
	}
	return "numeric literal"
}

// stringEnd finds the end of the string at i, which parsed: with backslashes
// when an E stands before it.
func stringEnd(text string, i int) int {
	escapes := i > 0 && text[i-1]|0x20 == 'e' && (i < 2 || !isIdent(text[i-2]))
	for j := i + 1; j < len(text); j++ {
		switch {
		case escapes && text[j] == '\\':
			j++
		case text[j] != '\'':
		case j+1 < len(text) && text[j+1] == '\'':
			j++
		default:
			return j + 1
		}
	}
	return len(text)
}

// dollarEnd finds the end of the dollar-quoted string at i.
func dollarEnd(text string, i int) int {
	n := strings.IndexByte(text[i+1:], '$')
	if n < 0 {
		return i + 1
	}
	tag := text[i : i+n+2]
	if end := strings.Index(text[i+len(tag):], tag); end >= 0 {
		return i + len(tag) + end + len(tag)
	}
	return i + 1
}
