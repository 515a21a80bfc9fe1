// Package golden compares what tests get with what files in testdata hold.
// -rewrite writes the files anew: what has changed is then to be looked at.
package golden

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the files in testdata anew")

// Files runs a test for each file that matches: play makes a text of a file's,
// and it has to be the same one.
func Files(t *testing.T, pattern string, play func(t *testing.T, text string) string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatal("no files", pattern, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			Check(t, file, play(t, string(text)))
		})
	}
}

// Check compares a file with the text that it should hold.
func Check(t testing.TB, file, got string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs, and -rewrite shows how; first at %s", file, difference(string(want), got))
	}
}

// Blocks answers a text of questions, each with a line "----" and its answer
// below it, with an empty line between them.
func Blocks(text string, answer func(question string) string) string {
	var out []string
	for _, block := range strings.Split(strings.TrimSpace(text), "\n\n") {
		question, _, _ := strings.Cut(block, "\n----\n")
		out = append(out, question+"\n----\n"+answer(question))
	}
	return strings.Join(out, "\n\n") + "\n"
}

// difference is the first line that is another one.
func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range g {
		if i >= len(w) {
			return fmt.Sprintf("line %d: got %s", i+1, g[i])
		}
		if w[i] != g[i] {
			return fmt.Sprintf("line %d: got %s\nwant %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("line %d: it ends early", len(g))
}

// Rewriting reports whether the files are written anew.
func Rewriting() bool { return *rewrite }
