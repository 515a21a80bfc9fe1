package sqlparse

import (
	"sort"
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// maxLifted bounds the literals of a statement that takes part: a longer text
// (a bulk INSERT) is unlikely to come again with as many.
const maxLifted = 256

// LiteralKind is the type that a literal has before anything is known of its
// place (make_const in parse_node.c).
type LiteralKind uint8

// The kinds of literals.
const (
	LiteralInt4 LiteralKind = iota
	LiteralInt8
	LiteralNumeric
	LiteralString // type unknown
)

func (k LiteralKind) mark() byte { return "ilns"[k] }

// Type is the SQL type of literals of the kind.
func (k LiteralKind) Type() *types.Type {
	switch k {
	case LiteralInt4:
		return types.TInt4
	case LiteralInt8:
		return types.TInt8
	case LiteralNumeric:
		return types.TNumeric
	}
	return types.TUnknown
}

// Literal is a literal that was lifted out of a statement.
type Literal struct {
	Kind LiteralKind
	// Text is a string's value, or a number as it was written, without sign.
	Text string
	// Negative: a minus sign was folded into the number.
	Negative bool

	start, end int // bytes in the statement's text
}

// Datum is the literal's value in the type that its kind has; a string's
// (unknown) is text that the type it got in binding is yet to read.
func (l Literal) Datum() (types.Datum, error) {
	switch l.Kind {
	case LiteralString:
		return types.Text(l.Text), nil
	case LiteralNumeric:
		text := l.Text
		if l.Negative {
			text = "-" + text
		}
		return types.TNumeric.Parse(types.DefaultEnv(), text, -1)
	}
	v, err := strconv.ParseInt(l.Text, 10, 64)
	if l.Negative {
		v = -v
	}
	return types.Int(v), err
}

// slot is a literal that became a parameter.
type slot struct {
	literal  int // its number among the text's literals
	negative bool
}

// fixedLiteral is a literal that stayed in the tree.
type fixedLiteral struct {
	literal int
	text    string
}

// lift replaces the tree's literals by parameters where that is safe, sets what
// follows from the text, and returns the values.
func (t *tree) lift() []Literal {
	t.key, t.literals = t.text, -1
	w := &lifter{}
	w.visit(t.node.ProtoReflect(), false)
	t.params = w.params
	if !liftable(t.node) {
		return nil
	}
	s := scans.Get().(*scan)
	defer s.release()
	if !s.run(t.text) {
		return nil
	}
	if len(s.literals) > maxLifted {
		t.key = ""
		return nil
	}
	t.literals = len(s.literals)
	t.place(w.consts, s.literals)
	t.key = t.keyOf(s)
	return t.values(s.literals)
}

// liftable says which statements are planned; the text of others is their key.
func liftable(n *pg.Node) bool {
	switch n.GetNode().(type) {
	case *pg.Node_SelectStmt:
		return Into(n.GetSelectStmt()) == nil
	case *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt, *pg.Node_MergeStmt:
		return true
	}
	return false
}

// place makes parameters of the constants that stand where a literal of the
// text does, and notes the other literals as fixed.
func (t *tree) place(consts []*pg.Node, literals []Literal) {
	sort.Slice(consts, func(i, j int) bool {
		return consts[i].GetAConst().Location < consts[j].GetAConst().Location
	})
	placed := make([]bool, len(literals))
	for _, n := range consts {
		k, negative, ok := t.literalAt(int(n.GetAConst().Location)-t.base, literals)
		if !ok || placed[k] {
			continue
		}
		placed[k] = true
		t.slots = append(t.slots, slot{literal: k, negative: negative})
		n.Node = &pg.Node_ParamRef{ParamRef: &pg.ParamRef{
			Number:   int32(t.params + len(t.slots)),
			Location: n.GetAConst().Location,
		}}
	}
	for k, done := range placed {
		if !done {
			t.fixed = append(t.fixed, fixedLiteral{k, literals[k].Text})
		}
	}
}

// literalAt finds the literal that a constant at that place of the text is: it
// begins there, or a minus sign does that the grammar folded into it.
func (t *tree) literalAt(at int, literals []Literal) (k int, negative, ok bool) {
	if at < 0 || at >= len(t.text) {
		return 0, false, false
	}
	if t.text[at] == '-' {
		negative = true
		for at++; at < len(t.text) && isSpace(t.text[at]); at++ {
		}
	}
	k = sort.Search(len(literals), func(i int) bool { return literals[i].start >= at })
	if k == len(literals) || literals[k].start != at || negative && literals[k].Kind == LiteralString {
		return 0, false, false
	}
	return k, negative, true
}

// keyOf is the key of the shape: the scanned text, and what stayed in the tree.
func (t *tree) keyOf(s *scan) string {
	key := append([]byte(nil), s.key...)
	for _, f := range t.fixed {
		key = append(key, markFixed)
		key = append(key, f.text...)
	}
	return string(key)
}

// matches reports whether a text of the same scanned key has the same tree.
func (t *tree) matches(literals []Literal) bool {
	if t.literals != len(literals) {
		return false
	}
	for _, f := range t.fixed {
		if literals[f.literal].Text != f.text {
			return false
		}
	}
	return true
}

// values are the lifted ones of a text's literals, in the order of the slots.
func (t *tree) values(literals []Literal) []Literal {
	if len(t.slots) == 0 {
		return nil
	}
	out := make([]Literal, len(t.slots))
	for i, sl := range t.slots {
		out[i] = literals[sl.literal]
		out[i].Negative = sl.negative
	}
	return out
}

// lifter collects the constants of a tree that may become parameters.
type lifter struct {
	consts []*pg.Node
	params int
	// tests are the queries of EXISTS: a LIMIT there that is known to be above
	// zero means nothing, and the query can become a join.
	tests map[*pg.SelectStmt]bool
}

// visit walks m. Constants under a frozen node stay.
func (w *lifter) visit(m protoreflect.Message, frozen bool) {
	switch n := m.Interface().(type) {
	case *pg.Node:
		if c := n.GetAConst(); c != nil {
			if !frozen && liftableConst(c) {
				w.consts = append(w.consts, n)
			}
			return
		}
		if l := n.GetList(); l != nil {
			for _, item := range l.Items {
				w.visit(item.ProtoReflect(), frozen)
			}
			return
		}
	case *pg.ParamRef:
		w.params = max(w.params, int(n.Number))
		return
	case *pg.SubLink:
		if n.SubLinkType == pg.SubLinkType_EXISTS_SUBLINK {
			if w.tests == nil {
				w.tests = map[*pg.SelectStmt]bool{}
			}
			w.tests[n.Subselect.GetSelectStmt()] = true
		}
	}
	for fd, v := range Fields(m) {
		f := frozen || w.keeps(m, fd)
		switch {
		case fd.Message() == nil:
		case fd.IsList():
			for i := range v.List().Len() {
				w.visit(v.List().Get(i).Message(), f)
			}
		default:
			w.visit(v.Message(), f)
		}
	}
}

func liftableConst(c *pg.A_Const) bool {
	if c.Isnull {
		return false
	}
	switch c.Val.(type) {
	case *pg.A_Const_Ival, *pg.A_Const_Fval, *pg.A_Const_Sval:
		return true
	}
	return false
}

// keeps reports whether the constants under a field decide what the statement
// means, not only what it computes: numbers in ORDER BY and GROUP BY name
// columns, expressions there are compared with others as they are written, and
// typmods, intervals' fields and names of objects belong to types.
func (w *lifter) keeps(m protoreflect.Message, fd protoreflect.FieldDescriptor) bool {
	switch n := m.Interface().(type) {
	case *pg.TypeName, *pg.InferClause, *pg.WindowDef, *pg.RangeTableSample, *pg.RangeTableFunc,
		*pg.JsonTable, *pg.XmlExpr, *pg.XmlSerialize:
		return true
	case *pg.TypeCast:
		return keepsCast(n.TypeName)
	case *pg.FuncCall:
		return len(n.AggOrder) > 0 || n.AggDistinct || n.Over != nil
	case *pg.SelectStmt:
		switch fd.Name() {
		case "sort_clause", "group_clause", "distinct_clause", "window_clause":
			return true
		case "target_list", "having_clause":
			return len(n.GroupClause) > 0 || len(n.DistinctClause) > 0 || callsOver(n.TargetList)
		case "limit_count":
			return w.tests[n]
		}
	}
	return false
}

// callsOver reports whether a select list has calls with OVER, whose windows
// sort by expressions that may stand in the list.
func callsOver(list []*pg.Node) (found bool) {
	walkNodes(list, func(m proto.Message) bool {
		switch m := m.(type) {
		case *pg.FuncCall:
			found = found || m.Over != nil
		case *pg.SelectStmt:
			return false
		}
		return !found
	})
	return found
}

// keepsCast reports whether a literal behind that type's name needs its value
// known when it is bound.
func keepsCast(t *pg.TypeName) bool {
	if t == nil || len(t.Typmods) > 0 {
		return true
	}
	name := t.Names
	if len(name) == 0 {
		return true
	}
	s := name[len(name)-1].GetString_().GetSval()
	return len(s) > 3 && s[:3] == "reg" || s == "interval"
}
