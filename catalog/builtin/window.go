package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// windowImpl computes a window function's value at a row.
type windowImpl = func(v expr.WindowView) (types.Datum, error)

// windowFunctions are PostgreSQL's (windowfuncs.c), by their symbols.
var windowFunctions = map[string]struct {
	looks expr.WindowLook
	make  func() windowImpl
}{
	"window_row_number":                   {expr.LooksNowhere, plainly(windowRowNumber)},
	"window_rank":                         {expr.LooksNowhere, plainly(windowRank)},
	"window_dense_rank":                   {expr.LooksNowhere, newDenseRank},
	"window_percent_rank":                 {expr.LooksNowhere, plainly(windowPercentRank)},
	"window_cume_dist":                    {expr.LooksNowhere, plainly(windowCumeDist)},
	"window_ntile":                        {expr.LooksNowhere, newNtile},
	"window_lag":                          {expr.LooksAround, plainly(shifted(-1, false, false))},
	"window_lag_with_offset":              {expr.LooksAround, plainly(shifted(-1, true, false))},
	"window_lag_with_offset_and_default":  {expr.LooksAround, plainly(shifted(-1, true, true))},
	"window_lead":                         {expr.LooksAround, plainly(shifted(1, false, false))},
	"window_lead_with_offset":             {expr.LooksAround, plainly(shifted(1, true, false))},
	"window_lead_with_offset_and_default": {expr.LooksAround, plainly(shifted(1, true, true))},
	"window_first_value":                  {expr.LooksInFrame, plainly(windowFirstValue)},
	"window_last_value":                   {expr.LooksInFrame, plainly(windowLastValue)},
	"window_nth_value":                    {expr.LooksInFrame, plainly(windowNthValue)},
}

// plainly is a function that keeps nothing from row to row.
func plainly(f windowImpl) func() windowImpl { return func() windowImpl { return f } }

// windowFunction makes the WindowFunction of a row of pg_proc.
func windowFunction(p *Proc) *expr.WindowFunction {
	f := windowFunctions[p.Symbol]
	return &expr.WindowFunction{OID: p.OID, Name: p.Name, Args: p.Args, Result: p.Result, Looks: f.looks, New: f.make}
}

// argHere is an argument in the row itself.
func argHere(v expr.WindowView, arg int) (types.Datum, error) {
	own, _ := v.Position()
	d, _, err := v.Arg(arg, own)
	return d, err
}

func windowRowNumber(v expr.WindowView) (types.Datum, error) {
	own, _ := v.Position()
	return types.Int(own + 1), nil
}

func windowRank(v expr.WindowView) (types.Datum, error) {
	_, first := v.Position()
	return types.Int(first + 1), nil
}

func newDenseRank() windowImpl {
	rank, last := int64(0), int64(-1)
	return func(v expr.WindowView) (types.Datum, error) {
		if _, first := v.Position(); first != last {
			rank, last = rank+1, first
		}
		return types.Int(rank), nil
	}
}

func windowPercentRank(v expr.WindowView) (types.Datum, error) {
	_, first := v.Position()
	size, err := v.Size()
	if err != nil || size <= 1 {
		return types.Float(0), err
	}
	return types.Float(float64(first) / float64(size-1)), nil
}

func windowCumeDist(v expr.WindowView) (types.Datum, error) {
	end, err := v.PeersEnd()
	if err != nil {
		return types.Null, err
	}
	size, err := v.Size()
	return types.Float(float64(end) / float64(size)), err
}

// ntile deals the partition's rows to buckets, the first of which get one more.
type ntile struct {
	bucket, inBucket int64
	rows, wide       int64 // of a bucket; how many buckets have one more
}

func newNtile() windowImpl {
	n := &ntile{}
	return func(v expr.WindowView) (types.Datum, error) {
		if n.bucket == 0 {
			if ok, err := n.start(v); err != nil || !ok {
				return types.Null, err
			}
		}
		room := n.rows
		if n.bucket <= n.wide {
			room++
		}
		if n.inBucket == room {
			n.bucket, n.inBucket = n.bucket+1, 0
		}
		n.inBucket++
		return types.Int(n.bucket), nil
	}
}

// start reads the number of buckets from the first row where it is not NULL.
func (n *ntile) start(v expr.WindowView) (bool, error) {
	d, err := argHere(v, 0)
	if err != nil || d.IsNull() {
		return false, err
	}
	buckets := d.Int()
	if buckets <= 0 {
		return false, pgerr.New(pgerr.InvalidArgumentForNtile, "argument of ntile must be greater than zero")
	}
	size, err := v.Size()
	if err != nil {
		return false, err
	}
	n.bucket, n.rows, n.wide = 1, size/buckets, size%buckets
	if n.rows == 0 {
		n.rows, n.wide = 1, 0
	}
	return true, nil
}

// shifted is lag (direction -1) and lead (1): the value in another row, or
// where there is none the default.
func shifted(direction int64, withOffset, withDefault bool) windowImpl {
	return func(v expr.WindowView) (types.Datum, error) {
		offset := int64(1)
		if withOffset {
			d, err := argHere(v, 1)
			if err != nil || d.IsNull() {
				return types.Null, err
			}
			offset = d.Int()
		}
		own, _ := v.Position()
		value, found, err := v.Arg(0, own+direction*offset)
		if !found && err == nil && withDefault {
			return argHere(v, 2)
		}
		return value, err
	}
}

func windowFirstValue(v expr.WindowView) (types.Datum, error) { return frameValue(v, 0) }

func windowLastValue(v expr.WindowView) (types.Datum, error) { return frameValue(v, -1) }

func windowNthValue(v expr.WindowView) (types.Datum, error) {
	d, err := argHere(v, 1)
	if err != nil || d.IsNull() {
		return types.Null, err
	}
	if d.Int() <= 0 {
		return types.Null, pgerr.New(pgerr.InvalidArgumentForNthValue, "argument of nth_value must be greater than zero")
	}
	return frameValue(v, d.Int()-1)
}

func frameValue(v expr.WindowView, n int64) (types.Datum, error) {
	at, err := v.FrameRow(n)
	if err != nil || at < 0 {
		return types.Null, err
	}
	d, _, err := v.Arg(0, at)
	return d, err
}
