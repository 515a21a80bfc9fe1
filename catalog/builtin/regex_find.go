package builtin

import (
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// findAll finds all matches from left to right. Package regexp passes over an
// empty match that begins where the last match ended, PostgreSQL does not
// (setup_regexp_matches), so these are looked for here.
func findAll(re *regexp.Regexp, s string) [][]int {
	all := re.FindAllStringSubmatchIndex(s, -1)
	if len(all) == 0 || !matchesEmpty(re) {
		return all
	}
	// The pattern behind the one character in front of the place: what ^ and \b
	// see there is as in the whole text.
	next, err := regexp.Compile(`\A(?s:.)(?:` + re.String() + `)`)
	if err != nil {
		return all
	}
	var out [][]int
	for i, m := range all {
		out = append(out, m)
		if m[0] == m[1] || i+1 < len(all) && all[i+1][0] == m[1] {
			continue
		}
		_, width := utf8.DecodeLastRuneInString(s[:m[1]])
		from := m[1] - width
		empty := next.FindStringSubmatchIndex(s[from:])
		if empty == nil || empty[1] != width {
			continue
		}
		empty[0] = width
		for j := range empty {
			if empty[j] >= 0 {
				empty[j] += from
			}
		}
		out = append(out, empty)
	}
	return out
}

// matchesEmpty reports whether there may be empty matches.
func matchesEmpty(re *regexp.Regexp) bool {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	return err == nil && treeMatchesEmpty(tree)
}

func treeMatchesEmpty(n *syntax.Regexp) bool {
	switch n.Op {
	case syntax.OpNoMatch, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return false
	case syntax.OpLiteral:
		return len(n.Rune) == 0
	case syntax.OpPlus, syntax.OpCapture:
		return treeMatchesEmpty(n.Sub[0])
	case syntax.OpRepeat:
		return n.Min == 0 || treeMatchesEmpty(n.Sub[0])
	case syntax.OpConcat:
		for _, sub := range n.Sub {
			if !treeMatchesEmpty(sub) {
				return false
			}
		}
	case syntax.OpAlternate:
		for _, sub := range n.Sub {
			if treeMatchesEmpty(sub) {
				return true
			}
		}
		return false
	}
	return true
}
