package lint

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

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

// TestPackageCommentsNameFiles: the table of files that a package comment
// begins with leads to files that are there.
func TestPackageCommentsNameFiles(t *testing.T) {
	for _, s := range sources(t) {
		for _, name := range regexp.MustCompile(`[a-z0-9_/*]+\.go\b`).FindAllString(s.file.Doc.Text(), -1) {
			found, err := filepath.Glob(filepath.Join(root, s.dir(), name))
			if err != nil || len(found) == 0 && !exists(name) {
				t.Errorf("%s: its package comment names %s, which is not there", s.path, name)
			}
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
