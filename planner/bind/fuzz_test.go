package bind

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// goldenStatements are the statements of the golden files.
func goldenStatements(t testing.TB) (out []string) {
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range strings.Split(string(raw), "\n\n") {
			sql, _, _ := strings.Cut(strings.TrimSpace(block), ";\n")
			out = append(out, sql)
		}
	}
	return out
}

// resultOf is a statement's result columns or error.
func resultOf(env *Env, s *sqlparse.Statement) string {
	st, err := Statement(env, s, nil)
	if err != nil {
		return string(pgerr.From(err).Code) + " " + err.Error()
	}
	var b strings.Builder
	for _, c := range st.Result {
		b.WriteString(c.Name + " " + types.FormatType(c.Type, c.Typmod) + ", ")
	}
	return b.String()
}

// Lifting literals changes nothing of what a statement means: only a literal
// that its type cannot read is an error later, when the statement runs.
func TestLiftingChangesNothing(t *testing.T) {
	env := testEnv()
	for _, sql := range goldenStatements(t) {
		lifted, err := sqlparse.Parse(sql)
		if err != nil || len(lifted) != 1 {
			continue
		}
		plain, err := sqlparse.ParseQuery(sql)
		if err != nil {
			t.Fatal(err)
		}
		want, got := resultOf(env, plain), resultOf(env, lifted[0])
		if want != got && !strings.HasPrefix(want, "22") {
			t.Errorf("%s\nlifted %s\nplain  %s", sql, got, want)
		}
	}
}

func FuzzStatement(f *testing.F) {
	for _, sql := range goldenStatements(f) {
		f.Add(sql)
	}
	env := testEnv()
	f.Fuzz(func(t *testing.T, sql string) {
		list, err := sqlparse.Parse(sql)
		if err != nil {
			return
		}
		for _, s := range list {
			if _, err := Statement(env, s, nil); err != nil && pgerr.From(err).Code == pgerr.InternalError &&
				!strings.HasPrefix(err.Error(), "no plan for") {
				t.Fatalf("%s: %v", sql, err)
			}
		}
	})
}
