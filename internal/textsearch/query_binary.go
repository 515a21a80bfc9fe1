package textsearch

import (
	"encoding/binary"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// The kinds of nodes in the binary form (QI_VAL, QI_OPR).
const (
	wireOperand  = 1
	wireOperator = 2
)

// AppendWire appends what tsquerysend sends: the number of nodes and the nodes,
// each before what is under it, the right operand first.
func (q *Query) AppendWire(dst []byte) []byte {
	return q.appendWireNodes(binary.BigEndian.AppendUint32(dst, uint32(q.Nodes())))
}

func (q *Query) appendWireNodes(dst []byte) []byte {
	switch {
	case q == nil:
		return dst
	case q.Op == None:
		prefix := byte(0)
		if q.Prefix {
			prefix = 1
		}
		dst = append(dst, wireOperand, q.Weights, prefix)
		return append(append(dst, q.Word...), 0)
	}
	dst = append(dst, wireOperator, byte(q.Op))
	if q.Op == Phrase {
		dst = binary.BigEndian.AppendUint16(dst, uint16(q.Distance))
	}
	return q.Left.appendWireNodes(q.Right.appendWireNodes(dst))
}

// QueryFromWire reads what tsqueryrecv reads. valid checks a word's encoding.
func QueryFromWire(b []byte, valid func(string) error) (*Query, error) {
	r := wireReader{b: b, valid: valid}
	n := r.uint32()
	if r.err == nil && int(n) > maxItems(queryItemBytes) {
		return nil, pgerr.Raised("tsqueryrecv", "invalid size of tsquery")
	}
	var nodes []*Query
	total := 0
	for i := 0; i < int(n) && r.err == nil; i++ {
		node := r.node(i == int(n)-1, total)
		if node != nil && node.Op == None {
			total += len(node.Word) + 1
		}
		nodes = append(nodes, node)
	}
	if r.err != nil {
		return nil, r.err
	}
	if n == 0 { // PostgreSQL sends the empty query, too, but refuses to read it
		return nil, r.end()
	}
	q, err := treeOf(nodes)
	if err != nil {
		return nil, err
	}
	return q, r.end()
}

// node reads a node without what is under it.
func (r *wireReader) node(last bool, total int) *Query {
	raise := func(format string, args ...any) *Query {
		if r.err == nil {
			r.err = pgerr.Raised("tsqueryrecv", format, args...)
		}
		return nil
	}
	switch kind := int8(r.uint8()); {
	case r.err != nil:
		return nil
	case kind == wireOperand:
		q := &Query{Weights: r.uint8(), Prefix: r.uint8() != 0}
		q.Word = r.text()
		switch {
		case q.Weights > 0xf:
			return raise("invalid tsquery: invalid weight bitmap")
		case len(q.Word) > MaxWordBytes:
			return raise("invalid tsquery: operand too long")
		case total > MaxVectorBytes:
			return raise("invalid tsquery: total operand length exceeded")
		}
		return q
	case kind == wireOperator:
		op := int8(r.uint8())
		switch {
		case op < int8(Not) || op > int8(Phrase):
			return raise("invalid tsquery: unrecognized operator type %d", op)
		case last:
			return raise("invalid pointer to right operand")
		}
		q := &Query{Op: Op(op)}
		if q.Op == Phrase {
			q.Distance = int(int16(r.uint16()))
		}
		return q
	default:
		return raise("unrecognized tsquery node type: %d", kind)
	}
}

// treeOf joins nodes that stand as in the binary form (findoprnd).
func treeOf(nodes []*Query) (*Query, error) {
	t := treeReader{nodes: nodes}
	q, err := t.next(0)
	if err == nil && len(t.nodes) > 0 {
		err = pgerr.Raised("findoprnd", "malformed tsquery: extra nodes")
	}
	return q, err
}

type treeReader struct{ nodes []*Query }

func (t *treeReader) next(depth int) (q *Query, err error) {
	switch {
	case depth > maxDepth:
		return nil, pgerr.TooDeep()
	case len(t.nodes) == 0:
		return nil, pgerr.Raised("findoprnd_recurse", "malformed tsquery: operand not found")
	}
	q, t.nodes = t.nodes[0], t.nodes[1:]
	if q.Op == None {
		return q, nil
	}
	if q.Right, err = t.next(depth + 1); err != nil || q.Op == Not {
		return q, err
	}
	q.Left, err = t.next(depth + 1)
	return q, err
}

// The stored form of a query is a key and what comparison does not see. The key
// orders as PostgreSQL compares queries (CompareTSQ, QTNodeCompare): the number of
// nodes, the size there, and the nodes, each before what is under it, the right
// operand first:
//
//	^1, the checksum with its sign flipped, complemented, the word, 0
//	^2, the operator complemented, what is under it, of a phrase the distance complemented
//
// Behind it is a byte for each operand, its weights and 1<<4 for a prefix, and at
// the end the number of these bytes (4 bytes).
const storedPrefix = 1 << 4

// Encode is the stored form.
func (q *Query) Encode() []byte {
	dst := binary.BigEndian.AppendUint32(nil, uint32(q.Nodes()))
	dst = binary.BigEndian.AppendUint32(dst, uint32(q.bytes()))
	dst = q.appendKey(dst)
	n := 0
	q.Operands(func(o *Query) {
		looks := o.Weights
		if o.Prefix {
			looks |= storedPrefix
		}
		dst = append(dst, looks)
		n++
	})
	return binary.BigEndian.AppendUint32(dst, uint32(n))
}

func (q *Query) appendKey(dst []byte) []byte {
	switch {
	case q == nil:
		return dst
	case q.Op == None:
		dst = binary.BigEndian.AppendUint32(append(dst, ^byte(wireOperand)), ^(uint32(crc(q.Word)) ^ 1<<31))
		return append(append(dst, q.Word...), 0)
	}
	dst = q.Left.appendKey(q.Right.appendKey(append(dst, ^byte(wireOperator), ^byte(q.Op))))
	if q.Op == Phrase {
		dst = binary.BigEndian.AppendUint16(dst, ^(uint16(q.Distance) ^ 1<<15))
	}
	return dst
}

// SplitQuery cuts the stored form of a query into its key and its looks.
func SplitQuery(s string) (key, looks string, ok bool) {
	if len(s) < 4 {
		return "", "", false
	}
	n := int(be32(s[len(s)-4:]))
	s = s[:len(s)-4]
	if n > len(s) {
		return "", "", false
	}
	return s[:len(s)-n], s[len(s)-n:], true
}

// DecodeQuery reads the stored form; ok is false when Encode cannot have made
// it. The words share the memory of s.
func DecodeQuery(s string) (q *Query, ok bool) {
	key, looks, ok := SplitQuery(s)
	if !ok {
		return nil, false
	}
	q, key, looks, ok = NextQuery(key, looks)
	return q, ok && key == "" && looks == ""
}

// NextQuery reads a query whose key begins one text and whose looks begin
// another, and returns what is left of both.
func NextQuery(key, looks string) (q *Query, restKey, restLooks string, ok bool) {
	if len(key) < 8 {
		return nil, "", "", false
	}
	r := keyReader{key: key[8:], looks: looks, ok: true}
	if be32(key) > 0 {
		q = r.node(0)
	}
	return q, r.key, r.looks, r.ok
}

type keyReader struct {
	key, looks string
	ok         bool
}

func (r *keyReader) take(n int) string {
	if n > len(r.key) {
		r.ok = false
		return strings.Repeat("\xff", n)
	}
	out := r.key[:n]
	r.key = r.key[n:]
	return out
}

func (r *keyReader) node(depth int) *Query {
	switch kind := ^r.take(1)[0]; {
	case !r.ok || depth > maxDepth:
		r.ok = false
		return nil
	case kind == wireOperand:
		return r.operand()
	case kind != wireOperator:
		r.ok = false
		return nil
	}
	q := &Query{Op: Op(^r.take(1)[0])}
	if q.Op < Not || q.Op > Phrase {
		r.ok = false
		return nil
	}
	q.Right = r.node(depth + 1)
	if q.Op != Not && r.ok {
		q.Left = r.node(depth + 1)
	}
	if q.Op == Phrase {
		q.Distance = int(int16(^be16(r.take(2)) ^ 1<<15))
	}
	return q
}

func (r *keyReader) operand() *Query {
	r.take(4)
	n := strings.IndexByte(r.key, 0)
	if n < 0 || r.looks == "" {
		r.ok = false
		return nil
	}
	q := &Query{Word: r.take(n + 1)[:n], Weights: r.looks[0] & 0xf, Prefix: r.looks[0]&storedPrefix != 0}
	r.looks = r.looks[1:]
	return q
}
