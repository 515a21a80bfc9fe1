package sqlparse

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

const (
	// MaxParams is how many parameters Bind can give (its count is an Int16).
	MaxParams = 1<<16 - 1
	// maxParamNumber is the highest that PostgreSQL has room for (MaxAllocSize / sizeof(Oid)).
	maxParamNumber = 1<<28 - 1
)

// UnusedParam is the lowest number from 1 on that no parameter has.
func (s *Statement) UnusedParam() int {
	used := map[int32]bool{}
	Walk(s.Node, func(m proto.Message) bool {
		if p, ok := m.(*pg.ParamRef); ok && int(p.Number) <= s.Params {
			used[p.Number] = true
		}
		return true
	})
	n := int32(1)
	for used[n] {
		n++
	}
	return int(n)
}

// NoParam is the error of a parameter that nobody gives.
func NoParam(s *Statement, p *pg.ParamRef) error {
	return pgerr.New(pgerr.UndefinedParameter, "there is no parameter $%d", p.Number).WithPosition(s.Position(p.Location))
}

// checkParams refuses parameters where only pg_query's grammar lets them stand,
// in place of the constants of commands: PostgreSQL's has them in expressions alone.
func checkParams(sql, body string, n *pg.Node) error {
	if strings.IndexByte(body, '$') < 0 || liftable(n) {
		return nil
	}
	var misplaced *pg.ParamRef
	Walk(n, func(m proto.Message) bool {
		switch m := m.(type) {
		case *pg.VariableSetStmt:
			misplaced = firstParam(m.Args)
		case *pg.DefElem:
			misplaced = firstParam([]*pg.Node{m.Arg})
		}
		return misplaced == nil
	})
	if misplaced == nil {
		return nil
	}
	return syntaxErrorNear(sql, int(misplaced.Location), "")
}

// firstParam finds a parameter among constants.
func firstParam(list []*pg.Node) *pg.ParamRef {
	for _, n := range list {
		if p := n.GetParamRef(); p != nil {
			return p
		}
		if p := n.GetTypeCast().GetArg().GetParamRef(); p != nil {
			return p
		}
	}
	return nil
}

// ParamBeyond finds the first of the client's parameters with a number above have, or nil.
func (s *Statement) ParamBeyond(have int) *pg.ParamRef {
	if s.Params <= have {
		return nil
	}
	var first *pg.ParamRef
	Walk(s.Node, func(m proto.Message) bool {
		// Numbers above Params are lifted literals.
		if p, ok := m.(*pg.ParamRef); ok && int(p.Number) > have && int(p.Number) <= s.Params && first == nil {
			first = p
		}
		return first == nil
	})
	return first
}
