package faults

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// syncSites are all calls that make something durable, and the test that
// fails when they are taken out (or why none has to).
var syncSites = map[string]string{
	"catalog/metakv/etcd/make.go:Make":           "none: only a real disk could show it; etcd's files are no vfs's",
	"internal/vfs/inject.go:injected.SyncDir":    "passes it on",
	"internal/vfs/inject.go:injectedFile.Sync":   "passes it on",
	"internal/vfs/os.go:OS.MkdirAll":             "none: only a real disk could show it; Mem, which the tests run on, promises the same",
	"internal/vfs/os.go:OS.SyncDir":              "the system call itself",
	"internal/vfs/os_linux.go:datasync":          "the system call itself",
	"internal/vfs/os_other.go:datasync":          "the system call itself",
	"internal/vfs/vfs.go:WriteFile":              "vfs.TestWriteFileNeedsEachSync",
	"internal/vfs/vfs.go:writeSynced":            "vfs.TestWriteFileNeedsEachSync",
	"server/alonemark.go:writeMark":              "vfs.TestWriteFileNeedsEachSync: it is WriteFile that syncs",
	"server/datadir.go:DataDir.write":            "server.TestIdentityNeedsEachSync",
	"server/password.go:SetFirstPassword":        "vfs.TestWriteFileNeedsEachSync: it is WriteFile that syncs",
	"shard/engine/adopt.go:Adoption.Pages":       "none: it only spares the last sync work",
	"shard/engine/adopt.go:Adoption.place":       "engine.TestRule25PowerCut; only a real disk could show the directory's",
	"shard/engine/adopt.go:Engine.followLog":     "engine.TestRule25PowerCut",
	"shard/engine/checkpoint.go:Engine.syncFile": "TestEachSyncOfShardsIsNeeded",
	"shard/engine/loadend.go:Engine.finishLoads": "engine.TestLoadCrashes, engine.TestLoadNeedsItsSync",
	"shard/engine/views.go:Engine.writeViews":    "none: it only opens the connection",
	"shard/log/commit.go:Log.sync":               "log.TestEachSyncIsNeeded",
	"shard/log/cut.go:Log.drop":                  "log.TestDroppedSegments",
	"shard/log/log.go:Log.found":                 "log.TestEachSyncIsNeeded",
	"shard/log/replay.go:Log.begin":              "log.TestEachSyncIsNeeded",
	"shard/log/replay.go:reader.load":            "log.TestEachSyncIsNeeded",
	"shard/log/segment.go:Log.make":              "log.TestEachSyncIsNeeded",
	"shard/log/segment.go:Log.fill":              "none: it only spares a later sync work (log.latencyOnly)",
	"shard/log/side.go:SideWriter.finish":        "log.TestEachSyncIsNeeded",
}

// TestSyncSitesAreKnown: a new call that syncs something comes with a test that
// fails without it.
func TestSyncSitesAreKnown(t *testing.T) {
	found := map[string]bool{}
	root := filepath.Join("..", "..")
	for _, dir := range []string{"internal", "sqlparse", "catalog", "txn", "shard", "planner", "server", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, "_gen.go") {
				name, _ := filepath.Rel(root, path)
				findSyncs(t, path, filepath.ToSlash(name), found)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, site := range slices.Sorted(maps.Keys(found)) {
		if syncSites[site] == "" {
			t.Errorf("%s syncs something: which test fails without it?", site)
		}
	}
	for site := range syncSites {
		if !found[site] {
			t.Errorf("%s syncs nothing any more", site)
		}
	}
}

// syncCalls are the names of methods and functions that make things durable.
var syncCalls = []string{"Sync", "SyncDir", "SyncWAL", "Fsync", "Fdatasync", "WriteFile"}

func findSyncs(t *testing.T, path, name string, found map[string]bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			continue
		}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			if call, ok := n.(*ast.SelectorExpr); ok && slices.Contains(syncCalls, call.Sel.Name) && !ofOS(call) {
				found[fmt.Sprintf("%s:%s", name, functionName(f))] = true
			}
			return true
		})
	}
}

// ofOS: os.WriteFile, which syncs nothing.
func ofOS(call *ast.SelectorExpr) bool {
	of, ok := call.X.(*ast.Ident)
	return ok && of.Name == "os"
}

// functionName is Type.Method, or the function's.
func functionName(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	t := f.Recv.List[0].Type
	if p, ok := t.(*ast.StarExpr); ok {
		t = p.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name + "." + f.Name.Name
	}
	return f.Name.Name
}
