package mysql

import "github.com/pegmatitedb/pegmatite/internal/pgerr"

// maxDepth bounds the nesting of expressions and queries: protobuf, which carries
// the tree on, reads 10,000 messages deep, two and more for each level.
const maxDepth = 2000

// deepText is a length, in bytes, up to which no nesting overflows the stack of
// what walks the parser's own tree, before the translator counts (a level takes
// a byte of text and well under a kilobyte of Go's 1 GB stack).
const deepText = 512 << 10

// tooDeep estimates from above how deep the tree of a long text is: its
// parentheses and operators since the last comma, outside of strings and comments.
func tooDeep(sql string) bool {
	if len(sql) < deepText {
		return false
	}
	stack, sum := []int{0}, 0
	for i := 0; i < len(sql); {
		c := sql[i]
		end := skipped(sql, i)
		switch {
		case end > i:
			i = end
			continue
		case c == '(':
			stack = append(stack, 0)
			sum++
		case c == ')' && len(stack) > 1:
			sum -= 1 + stack[len(stack)-1]
			stack = stack[:len(stack)-1]
		case c == ',' || c == ';':
			sum -= stack[len(stack)-1]
			stack[len(stack)-1] = 0
		case c > ' ' && c != '.' && !isWord(c), c <= ' ' && i+1 < len(sql) && isWord(sql[i+1]):
			stack[len(stack)-1]++ // a sign, or a word: AND, NOT, UNION, CASE …
			sum++
		}
		if sum > deepText {
			return true
		}
		i++
	}
	return false
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// skipped is the end of a string, quoted name or comment that begins at i; i when none does.
func skipped(sql string, i int) int {
	rest := sql[i:]
	switch {
	case rest[0] == '\'' || rest[0] == '"' || rest[0] == '`':
		return quoteEnd(sql, i)
	case rest[0] == '#', len(rest) > 2 && rest[:2] == "--" && rest[2] <= ' ':
		for i < len(sql) && sql[i] != '\n' {
			i++
		}
	case len(rest) > 2 && rest[:2] == "/*" && rest[2] != '!' && rest[2] != '+' && rest[2] != 'T' && rest[2] != 'M':
		for i += 2; i < len(sql); i++ {
			if sql[i] == '/' && sql[i-1] == '*' && i > 0 {
				return i + 1
			}
		}
	}
	return i
}

func quoteEnd(sql string, i int) int {
	quote := sql[i]
	for i++; i < len(sql); i++ {
		switch {
		case sql[i] == '\\' && quote != '`':
			i++
		case sql[i] == quote:
			return i + 1
		}
	}
	return len(sql)
}

// enter counts a level of the tree; the caller defers leave.
func (t *translator) enter() {
	if t.depth++; t.depth > maxDepth {
		panic(failure{pgerr.TooDeep()})
	}
}

func (t *translator) leave() { t.depth-- }
