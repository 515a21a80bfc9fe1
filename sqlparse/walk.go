package sqlparse

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Walk calls visit for every message of the tree under n, parents first; what
// is under one for which visit answers false is left out.
func Walk(n *pg.Node, visit func(m proto.Message) bool) {
	if n != nil {
		walkMessage(n.ProtoReflect(), visit)
	}
}

// RangeVars are the names of relations in the tree under n, as they stand in the text.
func RangeVars(n *pg.Node) (names []*pg.RangeVar) {
	Walk(n, func(m proto.Message) bool {
		if v, ok := m.(*pg.RangeVar); ok {
			names = append(names, v)
		}
		return true
	})
	slices.SortFunc(names, func(a, b *pg.RangeVar) int { return int(a.Location) - int(b.Location) })
	return names
}

func walkMessage(m protoreflect.Message, visit func(m proto.Message) bool) {
	if !visit(m.Interface()) {
		return
	}
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.Message() == nil:
		case fd.IsList():
			for i := range v.List().Len() {
				walkMessage(v.List().Get(i).Message(), visit)
			}
		default:
			walkMessage(v.Message(), visit)
		}
		return true
	})
}
