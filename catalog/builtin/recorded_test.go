package builtin

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
			questions, answers := lines(t, file), lines(t, strings.TrimSuffix(file, ".sql")+".answers")
			if len(questions) != len(answers) {
				t.Fatalf("%d expressions, %d answers: record again", len(questions), len(answers))
			}
			for i, q := range questions {
				if got := answer(q); got != answers[i] {
					t.Errorf("%s\n got %s\nwant %s", q, got, answers[i])
				}
			}
		})
	}
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
