package plan

import "github.com/pegmatitedb/pegmatite/internal/expr"

// Window computes Calls at each row, over the row's frame among its partition's
// rows. The input comes with the partitions' rows side by side, each partition
// in its order; the rows go out as they came. The columns are the input's, then
// one for each call.
type Window struct {
	Input Node
	// Partition and Order are over columns of the input.
	Partition []expr.Expr
	Order     []expr.SortKey
	Frame     expr.Frame
	Calls     []*expr.WindowCall
	Cols      []Column // of the calls
}

// Columns implements Node.
func (n *Window) Columns() []Column {
	in := n.Input.Columns()
	return append(in[:len(in):len(in)], n.Cols...)
}

// Inputs implements Node.
func (n *Window) Inputs() []Node { return []Node{n.Input} }

// over prints what a window call's OVER says.
func (n *Window) over(list func([]expr.Expr) string, keys func([]expr.SortKey) string, one func(expr.Expr) string) string {
	text, sep := "(", ""
	if len(n.Partition) > 0 {
		text, sep = text+"PARTITION BY "+list(n.Partition), " "
	}
	if len(n.Order) > 0 {
		text, sep = text+sep+"ORDER BY "+keys(n.Order), " "
	}
	if !n.Frame.IsDefault() {
		text += sep + expr.FrameText(&n.Frame, true, one)
	}
	return text + ")"
}
