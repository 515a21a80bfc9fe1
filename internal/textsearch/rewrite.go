package textsearch

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// branch is a node of a query with any number of children, the rightmost operand
// first (QTNode): AND under AND and OR under OR are one node.
type branch struct {
	node     *Query
	children []*branch
	fixed    bool // put in by a rewrite: it is left alone
}

// sortedBranch is the tree of a query with nodes of one operator joined, and sorted.
func sortedBranch(q *Query) *branch {
	b := branchOf(q, true)
	b.sort()
	return b
}

// branchOf makes the tree; flat joins nodes of one operator.
func branchOf(q *Query, flat bool) *branch {
	b := &branch{node: q}
	b.gather(q, flat)
	return b
}

// gather appends the operands of q, which is b's own node or, where these are
// joined, one of its operator under it.
func (b *branch) gather(q *Query, flat bool) {
	for _, c := range []*Query{q.Right, q.Left} {
		switch {
		case c == nil:
		case flat && c.Op == q.Op && (q.Op == And || q.Op == Or):
			b.gather(c, flat)
		default:
			b.children = append(b.children, branchOf(c, flat))
		}
	}
}

// sort sorts what is commutative, down to the leaves.
func (b *branch) sort() {
	for _, c := range b.children {
		c.sort()
	}
	if b.node.Op != Phrase {
		slices.SortStableFunc(b.children, compareBranches)
	}
}

// compareBranches is QTNodeCompare: operators, more children, greater checksums
// and distances come first.
func compareBranches(a, b *branch) int {
	x, y := a.node, b.node
	if x.Op == None && y.Op == None {
		return cmp.Or(cmp.Compare(crc(y.Word), crc(x.Word)), strings.Compare(x.Word, y.Word))
	}
	if c := cmp.Or(cmp.Compare(y.Op, x.Op), cmp.Compare(len(b.children), len(a.children))); c != 0 {
		return c
	}
	for i := range a.children {
		if c := compareBranches(a.children[i], b.children[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(y.Distance, x.Distance)
}

// query makes a binary tree again (QTNBinary).
func (b *branch) query() *Query {
	if b == nil {
		return nil
	}
	if b.node.Op == None {
		return b.node
	}
	q := &Query{Op: b.node.Op, Distance: b.node.Distance, Right: b.children[0].query()}
	rest := b.children[1:]
	if len(rest) == 0 {
		return q
	}
	// The first two are joined, then what they made with the last, and so on.
	q.Left = rest[0].query()
	for last := len(rest) - 1; last > 0; last-- {
		q = &Query{Op: q.Op, Right: q, Left: rest[last].query()}
	}
	return q
}

// Rewrite puts another query where a part of q is equal to target (ts_rewrite);
// with the empty one it takes the part out. What would be larger than a value may
// be is 54000.
func (q *Query) Rewrite(target, with *Query, work Work) (*Query, error) {
	if q == nil || target == nil {
		return q, nil
	}
	r := rewriter{target: sortedBranch(target), work: work}
	if with != nil {
		nodes := with.Nodes()
		r.with = func() (*branch, error) {
			if r.added += nodes; r.added > maxItems(rewrittenNodeBytes) {
				return nil, pgerr.New(pgerr.ProgramLimitExceeded, "tsquery is too large")
			}
			b := branchOf(with, false)
			b.fixed = true
			return b, work.spend(nodes * rewrittenNodeBytes)
		}
	}
	b, err := r.all(sortedBranch(q))
	if err != nil {
		return nil, err
	}
	return b.query(), nil
}

// rewrittenNodeBytes is about what a node takes while a query is rewritten: as a
// branch of the tree before and after, and as a node of the query made of it.
const rewrittenNodeBytes = 256

// Sorted is q with the operands of each operator in order, as Rewrite looks at it.
func (q *Query) Sorted() *Query {
	if q == nil {
		return nil
	}
	return sortedBranch(q).query()
}

type rewriter struct {
	target *branch
	with   func() (*branch, error) // makes what is put in; nil for the empty query
	added  int                     // nodes that were put in
	work   Work
}

// all rewrites a tree; nil is what nothing is left of.
func (r *rewriter) all(b *branch) (*branch, error) {
	if err := r.work.spend(rewrittenNodeBytes); err != nil {
		return nil, err
	}
	b, err := r.here(b)
	if err != nil || b == nil || b.fixed || b.node.Op == None {
		return b, err
	}
	kept := b.children[:0]
	for _, c := range b.children {
		if c, err = r.all(c); err != nil {
			return nil, err
		}
		if c != nil {
			kept = append(kept, c)
		}
	}
	b.children = kept
	switch {
	case len(kept) == 0:
		return nil, nil
	case len(kept) == 1 && b.node.Op != Not:
		return kept[0], nil
	}
	return b, nil
}

// here rewrites a node that is equal to the target, or has its children among its own.
func (r *rewriter) here(b *branch) (*branch, error) {
	switch {
	case b.fixed || b.node.Op != r.target.node.Op:
		return b, nil
	case len(b.children) == len(r.target.children):
		if compareBranches(b, r.target) == 0 {
			if r.with == nil {
				return nil, nil
			}
			return r.with()
		}
		return b, nil
	case len(b.children) < len(r.target.children):
		return b, nil
	}
	var left []*branch
	wanted := r.target.children
	for i, c := range b.children {
		if len(wanted) == 0 {
			left = append(left, b.children[i:]...)
			break
		}
		switch n := compareBranches(c, wanted[0]); {
		case n == 0:
			wanted = wanted[1:]
		case n < 0:
			left = append(left, c)
		default:
			return b, nil
		}
	}
	if len(wanted) > 0 {
		return b, nil
	}
	if r.with != nil {
		put, err := r.with()
		if err != nil {
			return nil, err
		}
		left = append(left, put)
	}
	b.children = left
	b.sort() // what was put in, too
	return b, nil
}
