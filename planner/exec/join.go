package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// newJoin makes a join's operator, by its method.
func newJoin(r *run, n *plan.Join) (operator, error) {
	switch n.Method {
	case plan.JoinHash:
		return newHashJoin(r, n)
	case plan.JoinLookup:
		return newLookupJoin(r, n)
	}
	if n.Kind == plan.JoinFull && len(expr.Columns(n.Rest)) > 0 {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "FULL JOIN is only supported with merge-joinable or hash-joinable join conditions")
	}
	return newLoopJoin(r, n)
}

// pairing is what all joins do with a left row and the right rows that may
// match it: test the rest of the condition, and output by the kind of join.
type pairing struct {
	kind        plan.JoinKind
	left, right int // widths
	rest        *scope
	wide        Row // scratch
	out         []Row
}

func newPairing(r *run, n *plan.Join, rest expr.Expr) (*pairing, error) {
	l, rt := n.Left.Columns(), n.Right.Columns()
	p := &pairing{kind: n.Kind, left: len(l), right: len(rt)}
	p.wide = make(Row, p.left+p.right)
	var err error
	p.rest, err = r.scopeOf(n, "join", append(l[:len(l):len(l)], rt...), rest)
	return p, err
}

func (p *pairing) begin(ctx context.Context) error {
	p.out = nil
	return p.rest.begin(ctx)
}

// try tests one right row. found is whether it matches; enough, whether the
// left row needs no more of them.
func (p *pairing) try(left, right Row) (found, enough bool, err error) {
	copy(p.wide, left)
	copy(p.wide[p.left:], right)
	if found, err = p.rest.holds(0, p.wide); err != nil || !found {
		return false, false, err
	}
	switch p.kind {
	case plan.JoinSemi:
		p.out = append(p.out, left)
		return true, true, nil
	case plan.JoinAnti:
		return true, true, nil
	}
	out := make(Row, len(p.wide))
	copy(out, p.wide)
	p.out = append(p.out, out)
	return true, false, nil
}

// unmatched outputs a left row for which nothing was found.
func (p *pairing) unmatched(left Row) {
	switch p.kind {
	case plan.JoinAnti:
		p.out = append(p.out, left)
	case plan.JoinLeft, plan.JoinFull:
		out := make(Row, p.left+p.right)
		copy(out, left)
		p.out = append(p.out, out)
	}
}

// unmatchedRight outputs a right row of a full join for which nothing was found.
func (p *pairing) unmatchedRight(right Row) {
	out := make(Row, p.left+p.right)
	copy(out[p.left:], right)
	p.out = append(p.out, out)
}

// take returns what was output so far.
func (p *pairing) take() []Row {
	out := p.out
	p.out = nil
	return out
}

// keysOf evaluates join keys; ok is false when one is NULL, which equals nothing.
func keysOf(s *scope, row Row) (key Row, ok bool, err error) {
	key = make(Row, len(s.evals))
	if err := s.row(key, 0, len(key), row); err != nil {
		return nil, false, err
	}
	return key, !anyNull(key), nil
}
