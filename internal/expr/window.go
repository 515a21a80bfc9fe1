package expr

import "github.com/pegmatitedb/pegmatite/internal/types"

// WindowCall is a window function, or an aggregate over a window frame, in a
// Window node; nowhere else, and never on a shard.
type WindowCall struct {
	Typed
	Func   *WindowFunction // nil: Agg
	Agg    *Aggregate
	Args   []Expr
	Filter Expr // nil is all rows; of aggregates
	Star   bool // count(*)
}

// Name is what is called.
func (c *WindowCall) Name() string {
	if c.Func != nil {
		return c.Func.Name
	}
	return c.Agg.Name
}

// WindowFunction is a row of pg_proc of kind w with its implementation.
type WindowFunction struct {
	OID    types.OID
	Name   string
	Args   []*types.Type
	Result *types.Type
	Looks  WindowLook
	// New makes what computes the values of one partition's rows, asked row by row.
	New func() func(v WindowView) (types.Datum, error)
}

// WindowLook is which rows a window function asks for arguments of.
type WindowLook uint8

// The looks.
const (
	LooksNowhere WindowLook = iota // at its own row's alone
	LooksAround                    // rows so far from its own
	LooksInFrame
)

// WindowView is what a window function sees at a row. Positions of rows are
// counted from 0 within the partition.
type WindowView interface {
	// Position is the row's own, and that of the first of its peers: the rows
	// that ORDER BY does not tell from it.
	Position() (own, peers int64)
	// PeersEnd is the position behind the last of its peers.
	PeersEnd() (int64, error)
	// Size is how many rows the partition has.
	Size() (int64, error)
	// Arg is an argument's value in the row at a position; false: there is no such row.
	Arg(arg int, at int64) (types.Datum, bool, error)
	// FrameRow is the position of the frame's n-th row, counted from 0, or with
	// n < 0 from its end; -1 is none.
	FrameRow(n int64) (int64, error)
}

// FrameMode is what a frame's offsets count.
type FrameMode uint8

// The modes.
const (
	FrameRange  FrameMode = iota // the distance in the order's value
	FrameRows                    // rows
	FrameGroups                  // groups of rows that ORDER BY does not tell apart
)

// BoundKind is where one end of a frame lies.
type BoundKind uint8

// The kinds of bounds, in the order in which they may follow one another.
const (
	UnboundedPreceding BoundKind = iota
	OffsetPreceding
	CurrentRow
	OffsetFollowing
	UnboundedFollowing
)

// FrameBound is one end of a frame.
type FrameBound struct {
	Kind   BoundKind
	Offset Expr // of the two kinds with one; sees no columns
	// InRange, with an offset in FrameRange, is the in_range function of the order's type.
	InRange *Function
}

// FrameExclusion is which rows around the current one a frame leaves out.
type FrameExclusion uint8

// The exclusions.
const (
	ExcludeNothing FrameExclusion = iota
	ExcludeCurrentRow
	ExcludeGroup
	ExcludeTies
)

// Frame is the rows around a row that a window call computes over. The zero
// Frame is none; DefaultFrame is what is meant when nothing is written.
type Frame struct {
	Mode       FrameMode
	Start, End FrameBound
	Exclude    FrameExclusion
}

// DefaultFrame is RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW.
func DefaultFrame() Frame { return Frame{End: FrameBound{Kind: CurrentRow}} }

// IsDefault reports whether f is the DefaultFrame.
func (f *Frame) IsDefault() bool {
	return f.Mode == FrameRange && f.Start.Kind == UnboundedPreceding && f.End.Kind == CurrentRow && f.Exclude == ExcludeNothing
}

var frameModes = [...]string{FrameRange: "RANGE", FrameRows: "ROWS", FrameGroups: "GROUPS"}

var boundWords = [...]string{
	UnboundedPreceding: "UNBOUNDED PRECEDING", OffsetPreceding: " PRECEDING", CurrentRow: "CURRENT ROW",
	OffsetFollowing: " FOLLOWING", UnboundedFollowing: "UNBOUNDED FOLLOWING",
}

var exclusionWords = [...]string{
	ExcludeCurrentRow: " EXCLUDE CURRENT ROW", ExcludeGroup: " EXCLUDE GROUP", ExcludeTies: " EXCLUDE TIES",
}

// FrameText is a frame as get_rule_windowspec (ruleutils.c) prints it; between says
// that it is written with BETWEEN, offset how an offset is printed.
func FrameText(f *Frame, between bool, offset func(Expr) string) string {
	bound := func(b *FrameBound) string {
		if b.Offset != nil {
			return offset(b.Offset) + boundWords[b.Kind]
		}
		return boundWords[b.Kind]
	}
	text := frameModes[f.Mode] + " "
	if between {
		text += "BETWEEN " + bound(&f.Start) + " AND " + bound(&f.End)
	} else {
		text += bound(&f.Start)
	}
	return text + exclusionWords[f.Exclude]
}
