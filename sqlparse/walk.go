package sqlparse

import (
	"iter"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Walk calls visit for every message of the tree under n, parents first; what
// is under one for which visit answers false is left out.
func Walk(n *pg.Node, visit func(m proto.Message) bool) {
	if n != nil {
		walkNode(n, visit)
	}
}

// walkNode goes without reflection through what a long statement consists of: its
// rows and lists, their constants, and operators between them.
func walkNode(n *pg.Node, visit func(m proto.Message) bool) {
	if !visit(n) {
		return
	}
	switch c := n.GetNode().(type) {
	case *pg.Node_AConst:
		walkConst(c.AConst, visit)
	case *pg.Node_List:
		if visit(c.List) {
			walkNodes(c.List.Items, visit)
		}
	case *pg.Node_ParamRef:
		visit(c.ParamRef)
	case *pg.Node_String_:
		visit(c.String_)
	case *pg.Node_AExpr:
		walkOperator(c.AExpr, visit)
	default:
		walkFields(n.ProtoReflect(), visit)
	}
}

func walkNodes(list []*pg.Node, visit func(m proto.Message) bool) {
	for _, n := range list {
		walkNode(n, visit)
	}
}

func walkConst(c *pg.A_Const, visit func(m proto.Message) bool) {
	if !visit(c) {
		return
	}
	switch v := c.Val.(type) {
	case *pg.A_Const_Ival:
		visit(v.Ival)
	case *pg.A_Const_Fval:
		visit(v.Fval)
	case *pg.A_Const_Boolval:
		visit(v.Boolval)
	case *pg.A_Const_Sval:
		visit(v.Sval)
	case *pg.A_Const_Bsval:
		visit(v.Bsval)
	}
}

func walkOperator(e *pg.A_Expr, visit func(m proto.Message) bool) {
	if !visit(e) {
		return
	}
	walkNodes(e.Name, visit)
	for _, operand := range []*pg.Node{e.Lexpr, e.Rexpr} {
		if operand != nil {
			walkNode(operand, visit)
		}
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

// Writes reports whether something in the tree under n changes rows or locks them.
func Writes(n *pg.Node) (writes bool) {
	Walk(n, func(m proto.Message) bool {
		switch m := m.(type) {
		case *pg.InsertStmt, *pg.UpdateStmt, *pg.DeleteStmt, *pg.MergeStmt, *pg.LockingClause:
			writes = true
		case *pg.CopyStmt:
			writes = writes || m.IsFrom
		}
		return !writes
	})
	return writes
}

func walkMessage(m protoreflect.Message, visit func(m proto.Message) bool) {
	switch n := m.Interface().(type) {
	case *pg.Node:
		walkNode(n, visit)
	default:
		if visit(n) {
			walkFields(m, visit)
		}
	}
}

// walkFields goes through the messages in a message.
func walkFields(m protoreflect.Message, visit func(m proto.Message) bool) {
	for fd, v := range Fields(m) {
		switch {
		case fd.Message() == nil:
		case fd.IsList():
			for i := range v.List().Len() {
				walkMessage(v.List().Get(i).Message(), visit)
			}
		default:
			walkMessage(v.Message(), visit)
		}
	}
}

// Fields are the fields of a message that are set, the one that is chosen among
// several first, then in the order in which they are declared. The Range of
// protobuf has an order that differs from one build of a program to the next.
func Fields(m protoreflect.Message) iter.Seq2[protoreflect.FieldDescriptor, protoreflect.Value] {
	return func(yield func(protoreflect.FieldDescriptor, protoreflect.Value) bool) {
		d := m.Descriptor()
		plain := d.Fields().Len()
		for i := range d.Oneofs().Len() {
			one := d.Oneofs().Get(i)
			plain -= one.Fields().Len()
			if fd := m.WhichOneof(one); fd != nil && !yield(fd, m.Get(fd)) {
				return
			}
		}
		for i := 0; plain > 0; i++ {
			fd := d.Fields().Get(i)
			if fd.ContainingOneof() != nil {
				continue
			}
			plain--
			if m.Has(fd) && !yield(fd, m.Get(fd)) {
				return
			}
		}
	}
}
