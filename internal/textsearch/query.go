package textsearch

import "hash/crc32"

// Op is an operator, by its number in the binary form; None is an operand.
type Op uint8

// The operators (ts_type.h).
const (
	None Op = iota
	Not
	And
	Or
	Phrase
)

// priority is how tightly operators bind.
var priority = [...]int{Not: 4, And: 2, Or: 1, Phrase: 3}

// Query is a node of a query: an operand or an operator over others. The nil
// Query is the empty one, which nothing matches. It is not changed once made.
type Query struct {
	Op          Op
	Left, Right *Query // NOT has a Right alone
	Distance    int    // of Phrase: how many places Right stands behind Left

	Word    string
	Weights uint8 // bit 1<<weight for each that it may have; 0 is any
	Prefix  bool

	stop bool // an operand that was a stop word: there until query_clean.go takes it out
}

// The bounds of how deep a query is nested, in nodes and in parentheses: PostgreSQL's
// stack ends, too.
const (
	maxDepth  = 200000
	maxParens = 10000
)

// Nodes is how many nodes there are.
func (q *Query) Nodes() int {
	if q == nil {
		return 0
	}
	return 1 + q.Left.Nodes() + q.Right.Nodes()
}

// Operands calls yield with every operand, in the order of the binary form.
func (q *Query) Operands(yield func(*Query)) {
	switch {
	case q == nil:
	case q.Op == None:
		yield(q)
	default:
		q.Right.Operands(yield)
		q.Left.Operands(yield)
	}
}

// The sizes of the parts of PostgreSQL's struct.
const (
	queryHeaderBytes = 8
	queryItemBytes   = 12
)

// bytes is the size of PostgreSQL's value, which comparison asks.
func (q *Query) bytes() int {
	n := queryHeaderBytes + queryItemBytes*q.Nodes()
	q.Operands(func(o *Query) { n += len(o.Word) + 1 })
	return n
}

// crc is the checksum by which operands are compared: the table of the reflected
// CRC-32, taken from the wrong end (COMP_LEGACY_CRC32 in pg_crc.h).
func crc(word string) int32 {
	c := ^uint32(0)
	for i := range len(word) {
		c = crc32.IEEETable[byte(c>>24)^word[i]] ^ c<<8
	}
	return int32(^c)
}
