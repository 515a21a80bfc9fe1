package sqlparse

// maxDepth bounds the nesting of a text as tooDeep estimates it. The C code that
// writes the tree out recurses, on a thread's stack (8 MiB): it was seen to
// overflow between 20,000 and 30,000 levels; and protobuf reads 10,000
// messages deep, two for each level.
const maxDepth = 6000

// shallowText is a length, in bytes, below which no text reaches maxDepth.
const shallowText = maxDepth

// level is what tooDeep counts within one pair of parentheses: operators since
// the last comma, AND or OR (whose lists are flat), and words that chain
// queries or tables (UNION, JOIN), which lean left as deep as there are many.
type level struct{ operators, chains int }

// tooDeep estimates from above how deep the tree of sql will be.
func tooDeep(sql string) bool {
	if len(sql) < shallowText {
		return false
	}
	stack := make([]level, 1, 64)
	sum := 0
	top := func() *level { return &stack[len(stack)-1] }
	for i := 0; i < len(sql); {
		c := sql[i]
		switch {
		case c == '\'' || c == '"':
			end, ok := quoteEnd(sql, i)
			if !ok {
				return sum > maxDepth
			}
			i = end
			continue
		case isSpace(c) || isDigit(c) || c == '.':
		case isIdentStart(c):
			end := i + 1
			for end < len(sql) && isIdent(sql[end]) {
				end++
			}
			sum += top().word(sql[i:end])
			i = end
			continue
		case c == '(' || c == '[':
			stack = append(stack, level{})
			sum++
		case c == ')' || c == ']':
			if len(stack) > 1 {
				l := top()
				sum -= 1 + l.operators + l.chains
				stack = stack[:len(stack)-1]
			}
			if c == ']' {
				top().operators++
				sum++
			}
		case c == ',' || c == ';':
			sum -= top().operators
			top().operators = 0
		default:
			top().operators++
			sum++
		}
		if sum > maxDepth {
			return true
		}
		i++
	}
	return false
}

// word counts a word and returns by how much the depth changed.
func (l *level) word(w string) int {
	switch upper(w) {
	case "AND", "OR":
		n := l.operators
		l.operators = 0
		return -n
	case "UNION", "INTERSECT", "EXCEPT", "JOIN":
		l.chains++
		return 1
	case "NOT", "COLLATE", "CASE", "IS", "AT", "ISNULL", "NOTNULL", "LIKE", "ILIKE", "OPERATOR":
		l.operators++
		return 1
	}
	return 0
}

// upper is strings.ToUpper for words as long as keywords.
func upper(w string) string {
	if len(w) > 9 {
		return ""
	}
	var b [9]byte
	for i := range len(w) {
		b[i] = w[i]
		if b[i] >= 'a' && b[i] <= 'z' {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b[:len(w)])
}
