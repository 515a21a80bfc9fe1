package builtin

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// TestRecorded evaluates every expression of testdata/*.sql and compares with
// what PostgreSQL 15 answered (testdata/README.md).
func TestRecorded(t *testing.T) {
	files, err := filepath.Glob("testdata/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no recorded files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".sql"), func(t *testing.T) {
			questions, answers := questions(t, file), lines(t, strings.TrimSuffix(file, ".sql")+".answers")
			if len(questions) != len(answers) {
				t.Fatalf("%d expressions, %d answers: record again", len(questions), len(answers))
			}
			for i, q := range questions {
				if got := answer(q.env, q.sql); got != answers[i] {
					t.Errorf("%s\n got %s\nwant %s", q.sql, got, answers[i])
				}
			}
		})
	}
}

// question is an expression, and the settings that it is asked under.
type question struct {
	env *types.Env
	sql string
}

// questions are the expressions of a file; a line `--set timezone = 'zone'`
// holds for those below it.
func questions(t *testing.T, file string) (out []question) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	env := types.DefaultEnv()
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSuffix(line, "\n")
		if zone, ok := strings.CutPrefix(line, "--set timezone = "); ok {
			env = types.DefaultEnv()
			if env.Location = types.FindZone(strings.Trim(zone, "'")); env.Location == nil {
				t.Fatalf("%s: no time zone %s", file, zone)
			}
		} else if line != "" && !strings.HasPrefix(line, "--") {
			out = append(out, question{env, line})
		}
	}
	return out
}

func lines(t *testing.T, file string) (out []string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSuffix(line, "\n")
		if line != "" && !strings.HasPrefix(line, "--") {
			out = append(out, line)
		}
	}
	return out
}
