package lint

import (
	"strings"
	"testing"
)

const module = "github.com/pegmatitedb/pegmatite/"

// layers is the import order, lowest first: a package may import its own
// layer and those before it in this list, never a later one.
var layers = []string{"internal", "sqlparse", "catalog", "txn", "shard", "planner", "wire", "server", "cmd"}

// internals is the order within internal.
var internals = []string{"internal/pgerr", "internal/types", "internal/expr"}

// owners are the only folders that may import a dependency, itself or any
// package under it. A dependency that go.mod requires directly and that is not
// here fails TestDependenciesAreOwned: whoever adds one says who keeps it.
var owners = map[string][]string{
	"github.com/mattn/go-sqlite3": {"shard/sqlite"},
	"go.etcd.io/etcd":             {"catalog/metakv/etcd"},
	"go.uber.org/zap":             {"catalog/metakv/etcd"}, // the embedded etcd logs by it
	// The parse tree is the one that binding, DDL and the session's own statements consume.
	"github.com/pganalyze/pg_query_go/v6": {"sqlparse", "planner", "wire/session"},
	"github.com/pingcap/tidb/pkg/parser":  {"sqlparse/mysql"},
	"google.golang.org/protobuf":          {"catalog/metakv/etcd", "sqlparse", "planner/bind", "shard/remote", "shard/serve"},
	"google.golang.org/grpc":              {"catalog/metakv/etcd", "test/cluster", "test/faults", "shard/remote", "shard/serve", "server"},
	"github.com/jackc/pgx/v5":             {"wire", "test/client"}, // the protocol's messages
	"github.com/cockroachdb/apd/v3":       {"internal/jsonpath", "internal/types", "catalog/builtin"},
	"github.com/blevesearch/snowballstem": {"internal/textsearch"},
	"github.com/cespare/xxhash/v2":        {"internal/types", "planner/distribute", "shard/engine"},
	"github.com/google/uuid":              {"catalog/builtin", "catalog/store", "shard/engine", "server"},
	"github.com/pelletier/go-toml/v2":     {"server"},
	"github.com/prometheus/client_golang": {"server"},
	"github.com/tidwall/btree":            {"catalog", "shard/recent"},
	"github.com/xdg-go/scram":             {"wire/auth"},
	"github.com/xdg-go/stringprep":        {"internal/scram"},
	"golang.org/x/text":                   {"catalog/builtin"},
	"golang.org/x/sys":                    {"cmd/pegmatite", "internal/vfs", "server", "wire"},
	"golang.org/x/sync":                   {"planner/exec"},
	"pgregory.net/rapid":                  {"internal/fixedseed"},
}

// forTests may be imported by tests too, wherever they are: a client of the whole, the
// parser and the digits of numeric for expected values, generated inputs.
var forTests = []string{"github.com/jackc/pgx/v5", "github.com/cockroachdb/apd/v3", "github.com/pganalyze/pg_query_go/v6", "pgregory.net/rapid"}

func TestImportOrder(t *testing.T) {
	for _, s := range sources(t) {
		for _, imp := range s.imports() {
			if rest, ok := strings.CutPrefix(imp, module); ok {
				checkOrder(t, s.path, rest, layers)
				checkOrder(t, s.path, rest, internals)
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
		if within(path, p) {
			return i
		}
	}
	return -1
}

// within reports whether path is dir or lies under it.
func within(path, dir string) bool {
	rest, ok := strings.CutPrefix(path, dir)
	return ok && (rest == "" || rest[0] == '/')
}

func TestDriversHaveOneOwner(t *testing.T) {
	for _, s := range sources(t) {
		for _, imp := range s.imports() {
			dep := dependency(imp)
			if dep == "" || rank(s.path, owners[dep]) >= 0 || s.test && rank(dep, forTests) >= 0 {
				continue
			}
			t.Errorf("%s imports %s, which only %v may", s.path, imp, owners[dep])
		}
	}
}

// dependency is the key of owners that an import falls under, or "".
func dependency(imp string) string {
	for dep := range owners {
		if within(imp, dep) {
			return dep
		}
	}
	return ""
}

func TestDependenciesAreOwned(t *testing.T) {
	for _, s := range sources(t) {
		for _, imp := range s.imports() {
			host, _, _ := strings.Cut(imp, "/")
			if strings.Contains(host, ".") && !strings.HasPrefix(imp, module) && dependency(imp) == "" {
				t.Errorf("%s imports %s, which has no entry in owners", s.path, imp)
			}
		}
	}
}

// imports are the paths that a file imports.
func (s *source) imports() []string {
	var paths []string
	for _, i := range s.file.Imports {
		paths = append(paths, strings.Trim(i.Path.Value, `"`))
	}
	return paths
}
