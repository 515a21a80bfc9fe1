package lint

import (
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Limits of sizes, in lines and methods.
const (
	maxFileLines        = 800
	maxInterfaceMethods = 5
	longFunctionLines   = 60 // nine functions in ten are shorter
)

// shapeless are package names that say nothing of what is inside.
var shapeless = []string{"util", "utils", "common", "helper", "helpers", "constants", "misc", "base", "lib"}

// largeInterfaces may have more than maxInterfaceMethods, for the reason given.
var largeInterfaces = map[string]string{
	"internal/types.codec": "a type's behaviour is one row of a table: text in and out, binary in and out, order, hash",
}

// contextFields may hold a context, for the reason given.
var contextFields = map[string]string{
	"internal/expr.Context": "what a row's functions are called with, so that it is their first parameter",
}

func TestPackagesHaveComments(t *testing.T) {
	type pkg struct{ dir, name string }
	commented := map[pkg]bool{}
	files := map[pkg]int{}
	for _, s := range sources(t) {
		p := pkg{s.dir(), s.file.Name.Name}
		if strings.HasSuffix(p.name, "_test") {
			continue // the external tests of a package that has its own comment
		}
		files[p]++
		commented[p] = commented[p] || s.file.Doc != nil
	}
	for p := range files {
		if !commented[p] {
			t.Errorf("package %s in %s has no package comment", p.name, p.dir)
		}
	}
}

func TestExportedNamesHaveComments(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || s.generated() {
			continue
		}
		for _, d := range s.file.Decls {
			for _, name := range uncommented(s, d) {
				t.Errorf("%s:%d: exported %s has no comment", s.path, s.line(d), name)
			}
		}
	}
}

// uncommented are the exported names of a declaration that nothing is said about.
func uncommented(s *source, d ast.Decl) []string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc != nil || !d.Name.IsExported() {
			return nil
		}
		if d.Recv == nil || ast.IsExported(receiver(d)) && !obvious(s, d) {
			return []string{d.Name.Name}
		}
	case *ast.GenDecl:
		var names []string
		for _, spec := range d.Specs {
			names = append(names, uncommentedSpec(d, spec)...)
		}
		return names
	}
	return nil
}

// obvious methods need no comment: those of error and fmt.Stringer, and those of
// one line, which answer an interface (a plan node's Columns) that has the comment.
func obvious(s *source, d *ast.FuncDecl) bool {
	return d.Name.Name == "Error" || d.Name.Name == "String" || s.line(d) == s.set.Position(d.End()).Line
}

// uncommentedSpec looks at one line of a declaration. A group's comment speaks for its
// constants and variables, never for its types.
func uncommentedSpec(d *ast.GenDecl, spec ast.Spec) []string {
	var names []string
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		alone := d.Doc != nil && !d.Lparen.IsValid()
		if spec.Name.IsExported() && spec.Doc == nil && spec.Comment == nil && !alone {
			names = append(names, spec.Name.Name)
		}
	case *ast.ValueSpec:
		if d.Doc != nil || spec.Doc != nil || spec.Comment != nil {
			return nil
		}
		for _, n := range spec.Names {
			if n.IsExported() {
				names = append(names, n.Name)
			}
		}
	}
	return names
}

// receiver is the name of a method's type.
func receiver(d *ast.FuncDecl) string {
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func TestSizes(t *testing.T) {
	var functions, long int
	for _, s := range sources(t) {
		if s.generated() {
			continue
		}
		if s.lines > maxFileLines {
			t.Errorf("%s has %d lines: a file of more than %d wants two names", s.path, s.lines, maxFileLines)
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil && !s.test {
				functions++
				if s.set.Position(f.End()).Line-s.line(f)+1 > longFunctionLines {
					long++
				}
			}
		}
	}
	if long*10 > functions {
		t.Errorf("%d of %d functions have more than %d lines; one in ten may", long, functions, longFunctionLines)
	}
}

func TestPackageNames(t *testing.T) {
	for _, s := range sources(t) {
		if name := strings.TrimSuffix(s.file.Name.Name, "_test"); slices.Contains(shapeless, name) {
			t.Errorf("%s: package %s is named after nothing that it holds", s.path, name)
		}
	}
}

func TestContextsAreParameters(t *testing.T) {
	used := map[string]bool{}
	eachType(t, func(s *source, name string, spec *ast.TypeSpec) {
		st, ok := spec.Type.(*ast.StructType)
		if !ok || s.test {
			return
		}
		for _, f := range st.Fields.List {
			if !isSelector(f.Type, "context", "Context") {
				continue
			}
			used[name] = true
			if contextFields[name] == "" {
				t.Errorf("%s:%d: %s keeps a context; it is the first parameter of what needs it", s.path, s.line(f), name)
			}
		}
	})
	unused(t, "contextFields", contextFields, used)
}

func TestInterfacesAreSmall(t *testing.T) {
	used := map[string]bool{}
	eachType(t, func(s *source, name string, spec *ast.TypeSpec) {
		it, ok := spec.Type.(*ast.InterfaceType)
		if !ok || s.test || s.generated() {
			return
		}
		n := 0
		for _, f := range it.Methods.List {
			n += len(f.Names) // an embedded interface counts for itself
		}
		if n <= maxInterfaceMethods {
			return
		}
		used[name] = true
		if largeInterfaces[name] == "" {
			t.Errorf("%s:%d: interface %s has %d methods, more than %d", s.path, s.line(spec), name, n, maxInterfaceMethods)
		}
	})
	unused(t, "largeInterfaces", largeInterfaces, used)
}

// eachType calls visit with every declared type, named folder.Type.
func eachType(t *testing.T, visit func(s *source, name string, spec *ast.TypeSpec)) {
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				visit(s, s.dir()+"."+spec.Name.Name, spec)
			}
			return true
		})
	}
}

// unused fails for exceptions that nothing needs any more.
func unused(t *testing.T, list string, exceptions map[string]string, used map[string]bool) {
	for name := range exceptions {
		if !used[name] {
			t.Errorf("%s: nothing needs the exception of %s any more", list, name)
		}
	}
}

func isSelector(e ast.Expr, pkg, name string) bool {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == pkg && sel.Sel.Name == name
}

func TestNoInit(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s:%d: init registers behind the reader's back; a table says it in the open", s.path, s.line(f))
			}
		}
	}
}

// environment are the functions that read it.
var environment = []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"}

// TestEnvironmentIsRead only where a process is put together: in server, cmd, and tests' set-up.
func TestEnvironmentIsRead(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || rank(s.path, []string{"server", "cmd", "test", "bench"}) >= 0 {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if e, ok := n.(*ast.SelectorExpr); ok {
				for _, name := range environment {
					if isSelector(e, "os", name) {
						t.Errorf("%s:%d: os.%s below server", s.path, s.line(e), name)
					}
				}
			}
			return true
		})
	}
}

// unfinished are marks of work put off. They are spelled in pieces so that this file does not have them.
var unfinished = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|HA` + `CK)\b|(?i:\bnot yet imple` + `mented|\bfor n` + `ow\b)`)

func TestNothingIsPutOff(t *testing.T) {
	for _, s := range sources(t) {
		for _, group := range s.file.Comments {
			for _, c := range group.List {
				if m := unfinished.FindString(c.Text); m != "" {
					t.Errorf("%s:%d: %s", s.path, s.line(c), m)
				}
			}
		}
	}
}
