package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// ResolveOperator finds the operator that `left name right` means (manual
// 10.2); left is nil for a prefix operator. Unknown literals have the type
// unknown. Errors: 42883 and 42725.
func (l *Library) ResolveOperator(name string, left, right *types.Type) (*Operator, error) {
	if op := l.exactFor(name, left, right); op != nil {
		return op, nil
	}
	var list []candidate[*Operator]
	for _, op := range l.opByName[name] {
		switch {
		case (op.Left == nil) != (left == nil):
		case left == nil:
			list = append(list, candidate[*Operator]{op, []*types.Type{op.Right}})
		default:
			list = append(list, candidate[*Operator]{op, []*types.Type{op.Left, op.Right}})
		}
	}
	input := []*types.Type{left, right}
	if left == nil {
		input = input[1:]
	}
	matching := matchArguments(l, input, list)
	if len(matching) == 1 {
		return matching[0].what, nil
	}
	if len(matching) > 1 {
		if c := selectCandidate(l, input, matching); c != nil {
			return c.what, nil
		}
	}
	return nil, errOperator(name, left, right, len(matching) > 1)
}

// exactFor tries the operand types as they are: an unknown literal next to a
// known type is taken for the same type, a domain for its base
// (binary_oper_exact).
func (l *Library) exactFor(name string, left, right *types.Type) *Operator {
	literal := false
	if left != nil {
		if left == types.TUnknown && right != types.TUnknown {
			left, literal = right, true
		} else if right == types.TUnknown && left != types.TUnknown {
			right, literal = left, true
		}
	}
	if op := l.ExactOperator(name, left, right); op != nil {
		return op
	}
	if base := right.Base(); literal && base != right {
		return l.ExactOperator(name, base, base)
	}
	return nil
}

func errOperator(name string, left, right *types.Type, ambiguous bool) error {
	signature := name + " " + right.SQLName
	if left != nil {
		signature = left.SQLName + " " + signature
	}
	if ambiguous {
		return pgerr.New(pgerr.AmbiguousFunction, "operator is not unique: %s", signature).
			WithHint("Could not choose a best candidate operator. You might need to add explicit type casts.")
	}
	e := pgerr.New(pgerr.UndefinedFunction, "operator does not exist: %s", signature)
	if left == nil {
		return e.WithHint("No operator matches the given name and argument type. You might need to add an explicit type cast.")
	}
	return e.WithHint("No operator matches the given name and argument types. You might need to add explicit type casts.")
}
