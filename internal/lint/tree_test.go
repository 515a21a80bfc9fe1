// Package lint holds the house's rules that a machine can check: the import
// order of folders, who alone may import a driver, sizes, comments, and that
// the documents say what the code says.
//
//	tree_test.go     reading the checkout's files
//	imports_test.go  the import order, and the owners of drivers
//	style_test.go    comments, sizes, names, what is not used here
//	docs_test.go     flags and metrics are documented, links and paths exist
//
// Every rule reads the files itself, so that the test cache sees them change.
package lint

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// root is the checkout, seen from this package's folder.
var root = filepath.Join("..", "..")

// source is one Go file.
type source struct {
	path  string // from the root, with slashes
	test  bool
	lines int
	set   *token.FileSet
	file  *ast.File
}

// dir is the file's folder.
func (s *source) dir() string { return path.Dir(s.path) }

// line is a node's line in the file.
func (s *source) line(n ast.Node) int { return s.set.Position(n.Pos()).Line }

// generated files are not held to sizes.
func (s *source) generated() bool { return ast.IsGenerated(s.file) }

// sources are the checkout's Go files, with their comments.
func sources(t *testing.T) []*source {
	t.Helper()
	all, err := readSources()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 100 {
		t.Fatalf("%d Go files found under %s: this is not the checkout", len(all), root)
	}
	return all
}

var readSources = sync.OnceValues(func() ([]*source, error) {
	var all []*source
	err := walk(func(name string, text []byte) error {
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, &source{
			path: name, test: strings.HasSuffix(name, "_test.go"), lines: bytes.Count(text, []byte("\n")), set: set, file: f,
		})
		return nil
	})
	return all, err
})

// skipped are folders without sources of ours.
var skipped = map[string]bool{"testdata": true, "data": true, "bin": true}

// walk calls visit with every Go and Markdown file of the checkout.
func walk(visit func(name string, text []byte) error) error {
	return filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p != root && (strings.HasPrefix(d.Name(), ".") || skipped[d.Name()]) {
				return filepath.SkipDir
			}
			return nil
		}
		if ext := filepath.Ext(p); ext != ".go" && ext != ".md" {
			return nil
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return visit(filepath.ToSlash(rel), text)
	})
}
