package mysql_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/golden"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/sqlparse/mysql"
)

// TestTranscripts compares the PostgreSQL text of each statement in testdata
// with what stands below it. A statement ends at a blank line.
func TestTranscripts(t *testing.T) {
	golden.Files(t, "testdata/*.txt", func(_ *testing.T, text string) string { return golden.Blocks(text, answer) })
}

// answer is a text's statements in PostgreSQL's words, or its error.
func answer(sql string) string {
	list, err := mysql.Parse(sql)
	var e *pgerr.E
	if errors.As(err, &e) {
		return fmt.Sprintf("%s %s @%d", e.Code, e.Message, e.Position)
	}
	var lines []string
	for _, s := range list {
		for i, n := range append([]*pg.Node{s.Node}, s.Then...) {
			line := deparsed(n)
			if s.Alone && i == 0 {
				line = "alone: " + line
			}
			if i > 0 {
				line = "then: " + line
			}
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func deparsed(n *pg.Node) string {
	res, err := pg.Parse("")
	if err != nil {
		return err.Error()
	}
	res.Stmts = []*pg.RawStmt{{Stmt: n}}
	text, err := pg.Deparse(res)
	if err != nil {
		return "deparse: " + err.Error()
	}
	return text
}

// FuzzParse: no text makes more than an error, and what is translated has
// locations inside of the text.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, block := range strings.Split(string(data), "\n\n") {
			sql, _, _ := strings.Cut(block, "\n----\n")
			f.Add(sql)
		}
	}
	f.Fuzz(func(t *testing.T, sql string) {
		if !utf8.ValidString(sql) || strings.IndexByte(sql, 0) >= 0 {
			return // refused before (sqlparse.CheckText)
		}
		list, err := mysql.Parse(sql)
		var e *pgerr.E
		if err != nil && (!errors.As(err, &e) || e.Code == pgerr.InternalError) {
			t.Fatalf("%q: %v", sql, err)
		}
		for _, s := range list {
			if s.Node == nil || s.Start < 0 || s.End < s.Start || s.End > len(sql) {
				t.Fatalf("%q: %+v", sql, s)
			}
		}
	})
}

// TestDeepTexts: neither the parser's own recursion nor ours ends the process.
func TestDeepTexts(t *testing.T) {
	for _, n := range []int{1000, 50_000, 600_000} {
		for name, sql := range map[string]string{
			"parentheses": "SELECT " + strings.Repeat("(", n) + "1" + strings.Repeat(")", n),
			"sum":         "SELECT 1" + strings.Repeat("+1", n),
			"not":         "SELECT " + strings.Repeat("NOT ", n) + "1",
			"minus":       "SELECT " + strings.Repeat("- ", n) + "a",
			"union":       "SELECT 1" + strings.Repeat(" UNION SELECT 1", n/10),
			"comment":     "SELECT /* ' */ " + strings.Repeat("(", n) + "1" + strings.Repeat(")", n) + " /* ' */",
		} {
			if n > 100_000 && name != "parentheses" && name != "comment" {
				continue
			}
			_, err := mysql.Parse(sql)
			if n > 10_000 && !pgerr.HasCode(err, pgerr.StatementTooComplex, pgerr.SyntaxError) {
				t.Errorf("%s, %d deep: %v", name, n, err)
			}
		}
	}
	rows := "INSERT INTO t VALUES " + strings.Repeat("(1, 'a - b (', -2.5), ", 10_000) + "(2, '', 3)"
	if _, err := mysql.Parse(rows); err != nil {
		t.Errorf("many rows: %v", err)
	}
}
