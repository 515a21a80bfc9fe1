package lint

import (
	"cmp"
	"path"
	"regexp"
	"strings"
	"testing"
)

// fileNames are the Go files that a package comment speaks of; "copy*.go" is several.
var fileNames = regexp.MustCompile(`(?:^|[\s(,:])([a-z][a-z0-9_]*\*?\.go)\b`)

// platform is what a file for one system alone has at its end: it goes with its name.
var platform = regexp.MustCompile(`_(linux|bsd|darwin|other)\.go$`)

// TestPackageCommentsNameTheirFiles: what a package comment names is there, and
// one that goes through most of the package's files leaves none out.
func TestPackageCommentsNameTheirFiles(t *testing.T) {
	files, comments := map[string][]string{}, map[string]string{}
	for _, s := range sources(t) {
		name := path.Base(s.path)
		files[s.dir()] = append(files[s.dir()], name)
		if s.file.Doc != nil {
			comments[s.dir()] += s.file.Doc.Text() + "\n" + name + " (this file)\n"
		}
	}
	for dir, comment := range comments {
		var named []string
		for _, m := range fileNames.FindAllStringSubmatch(comment, -1) {
			named = append(named, m[1])
		}
		there := map[string]bool{}
		var left []string
		for _, f := range files[dir] {
			n := cmp.Or(namedBy(named, f), namedBy(named, platform.ReplaceAllString(f, ".go")))
			there[n] = true
			if n == "" && !strings.HasSuffix(f, "_test.go") {
				left = append(left, f)
			}
		}
		for _, n := range named {
			if !there[n] {
				t.Errorf("%s: the package comment names %s, which is not there", dir, n)
			}
		}
		if 2*len(left) < len(files[dir]) && len(left) > 0 && len(named) > 3 {
			t.Errorf("%s: the package comment leaves out %s", dir, strings.Join(left, ", "))
		}
	}
}

// namedBy is the name that says a file, or "".
func namedBy(named []string, file string) string {
	for _, n := range named {
		if ok, _ := path.Match(n, file); ok {
			return n
		}
	}
	return ""
}
