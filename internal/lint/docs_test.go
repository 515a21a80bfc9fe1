package lint

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// operations is the page that names every setting and every metric.
const operations = "docs/operations.md"

// pages are README.md and all of docs, by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := walk(func(name string, text []byte) error {
		if name == "README.md" || strings.HasPrefix(name, "docs/") && strings.HasSuffix(name, ".md") {
			all[name] = string(text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSettingsAreDocumented(t *testing.T) {
	page := pages(t)[operations]
	names := rows(t, "server/config.go", "Options")
	for _, name := range append(names, "config") {
		variable := "PEGMATITE_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		for _, want := range []string{"`--" + name + "`", "`" + variable + "`"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s does not mention %s", operations, want)
			}
		}
	}
	for _, flag := range regexp.MustCompile("(?m)^\\| `--([a-z-]+)`").FindAllStringSubmatch(page, -1) {
		if !strings.Contains(" config "+strings.Join(names, " ")+" ", " "+flag[1]+" ") {
			t.Errorf("%s has a row for --%s, which server.Options has not", operations, flag[1])
		}
	}
}

func TestMetricsAreDocumented(t *testing.T) {
	page := pages(t)[operations]
	names := map[string]bool{}
	for _, name := range rows(t, "server/metrics.go", "nodeMetrics") {
		names["pegmatite_"+name] = true
		if !strings.Contains(page, "`pegmatite_"+name+"`") {
			t.Errorf("%s does not mention the metric pegmatite_%s", operations, name)
		}
	}
	for _, m := range regexp.MustCompile("`(pegmatite_[a-z_]+)`").FindAllStringSubmatch(page, -1) {
		if !names[m[1]] {
			t.Errorf("%s mentions the metric %s, which there is not", operations, m[1])
		}
	}
}

// rows are the first strings of the rows of a table, a variable of composite literals.
func rows(t *testing.T, file, variable string) []string {
	t.Helper()
	var names []string
	for _, s := range sources(t) {
		if s.path != file {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || v.Names[0].Name != variable || len(v.Values) != 1 {
				return true
			}
			for _, row := range v.Values[0].(*ast.CompositeLit).Elts {
				first, ok := row.(*ast.CompositeLit).Elts[0].(*ast.BasicLit)
				if !ok {
					t.Fatalf("%s: a row of %s does not begin with a string", file, variable)
				}
				name, err := strconv.Unquote(first.Value)
				if err != nil {
					t.Fatal(err)
				}
				names = append(names, name)
			}
			return false
		})
	}
	if len(names) == 0 {
		t.Fatalf("%s has no table %s: this test looks in the wrong place", file, variable)
	}
	return names
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestLinksResolve(t *testing.T) {
	all := pages(t)
	for name, text := range all {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			file := name
			if target != "" {
				file = path.Join(path.Dir(name), target)
			}
			if !exists(file) {
				t.Errorf("%s: %s is not there", name, m[1])
			} else if anchor != "" && !strings.Contains(anchors(all[file]), "\n"+anchor+"\n") {
				t.Errorf("%s: %s has no heading #%s", name, file, anchor)
			}
		}
	}
}

// anchors are a page's headings as links name them, a line each.
func anchors(page string) string {
	out := "\n"
	for _, m := range regexp.MustCompile(`(?m)^#+ +(.+)$`).FindAllStringSubmatch(page, -1) {
		s := strings.ToLower(m[1])
		s = regexp.MustCompile("[^a-z0-9 _-]").ReplaceAllString(s, "")
		out += strings.ReplaceAll(s, " ", "-") + "\n"
	}
	return out
}

// TestPathsExist looks at the documents' `folder/file` words: a page that
// leads to what is not there any more is worse than none.
func TestPathsExist(t *testing.T) {
	folders := append([]string{"test", "bench", "docs"}, layers...)
	for name, text := range pages(t) {
		for _, m := range regexp.MustCompile("`([a-z]+/[A-Za-z0-9_./-]*)`").FindAllStringSubmatch(text, -1) {
			if rank(m[1], folders) >= 0 && !exists(m[1]) {
				t.Errorf("%s: %s is not there", name, m[1])
			}
		}
	}
}

func TestEveryPageIsReached(t *testing.T) {
	all := pages(t)
	reached := map[string]bool{"README.md": true}
	for queue := []string{"README.md"}; len(queue) > 0; queue = queue[1:] {
		for _, m := range link.FindAllStringSubmatch(all[queue[0]], -1) {
			target, _, _ := strings.Cut(m[1], "#")
			file := path.Join(path.Dir(queue[0]), target)
			if _, page := all[file]; page && !reached[file] {
				reached[file] = true
				queue = append(queue, file)
			}
		}
	}
	for name := range all {
		if !reached[name] {
			t.Errorf("no link from README.md leads to %s", name)
		}
	}
}

// exists reports whether a path from the root is there.
func exists(name string) bool {
	_, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
	return err == nil
}

// TestCitedRulesExist looks up what comments cite by number.
func TestCitedRulesExist(t *testing.T) {
	const rulesPage = "docs/rules.md"
	numbered := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^([0-9]+)\. \*\*`).FindAllStringSubmatch(pages(t)[rulesPage], -1) {
		numbered[m[1]] = true
	}
	if len(numbered) == 0 {
		t.Fatalf("%s has no numbered rules: this test looks in the wrong place", rulesPage)
	}
	cited := regexp.MustCompile(`\b[Rr]ule ([0-9]+)`)
	for _, s := range sources(t) {
		if within(s.path, "internal/lint") {
			continue
		}
		for _, group := range s.file.Comments {
			for _, m := range cited.FindAllStringSubmatch(group.Text(), -1) {
				if !numbered[m[1]] {
					t.Errorf("%s:%d cites rule %s, which %s has not", s.path, s.line(group), m[1], rulesPage)
				}
			}
		}
	}
}
