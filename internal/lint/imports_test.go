// Package lint holds the house's rules that a machine can check: the import
// order of folders, who alone may import a driver, sizes, comments.
package lint

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/pegmatitedb/pegmatite/"

// layers is the import order, lowest first: a package may import its own
// layer and those above it in this list, never a later one.
var layers = []string{"internal", "sqlparse", "catalog", "txn", "shard", "planner", "wire", "server", "cmd"}

// internals is the order within internal.
var internals = []string{"internal/pgerr", "internal/types", "internal/expr"}

// owners are the only folders that may import a dependency.
var owners = map[string][]string{
	"github.com/mattn/go-sqlite3":      {"shard/sqlite"},
	"go.etcd.io/":                      {"catalog/metakv/etcd"},
	"github.com/pganalyze/pg_query_go": {"sqlparse", "planner"},
	"google.golang.org/grpc":           {"shard/remote", "shard/serve"},
}

func TestImportOrder(t *testing.T) {
	for file, imports := range goFiles(t) {
		for _, imp := range imports {
			if rest, ok := strings.CutPrefix(imp, module); ok {
				checkOrder(t, file, rest, layers)
				checkOrder(t, file, rest, internals)
			}
		}
	}
}

func checkOrder(t *testing.T, file, imported string, order []string) {
	from, to := rank(file, order), rank(imported, order)
	if from >= 0 && to > from {
		t.Errorf("%s imports %s: the order is %s", file, imported, strings.Join(order, " < "))
	}
}

func rank(path string, order []string) int {
	for i, p := range order {
		if strings.HasPrefix(path, p+"/") || path == p {
			return i
		}
	}
	return -1
}

func TestDriversHaveOneOwner(t *testing.T) {
	for file, imports := range goFiles(t) {
		for _, imp := range imports {
			for dep, dirs := range owners {
				if strings.HasPrefix(imp, dep) && rank(file, dirs) < 0 {
					t.Errorf("%s imports %s, which only %v may", file, imp, dirs)
				}
			}
		}
	}
}

// goFiles returns the imports of every Go file of the checkout, by path from
// its root. It reads the files itself: the test cache sees them change.
func goFiles(t *testing.T) map[string][]string {
	t.Helper()
	root := filepath.Join("..", "..")
	files := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != root || d.Name() == "testdata" || d.Name() == "data") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, src, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		for _, s := range f.Imports {
			files[filepath.ToSlash(rel)] = append(files[filepath.ToSlash(rel)], strings.Trim(s.Path.Value, `"`))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
