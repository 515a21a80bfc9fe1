package sqlparse

import (
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
