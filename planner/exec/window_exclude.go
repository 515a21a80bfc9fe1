package exec

import (
	"math"

	"github.com/pegmatitedb/pegmatite/internal/expr"
)

// spans are up to three ranges of positions that are not empty, in order.
type spans [3][2]int64

// add puts a range behind n others, if it is not empty.
func (s *spans) add(n *int, from, to int64) {
	if from < to {
		s[*n] = [2]int64{from, to}
		*n++
	}
}

// around are the positions that EXCLUDE looks at: the current row's, or its peers'.
func (f *frame) around() (from, to int64, err error) {
	if f.Exclude == expr.ExcludeCurrentRow {
		return f.at, f.at + 1, nil
	}
	to, err = f.peersEnd()
	return f.peerFirst, to, err
}

// parts are the positions of the frame's rows, where some are excluded.
func (f *frame) parts() (out spans, n int, err error) {
	start, end, from, to, err := f.ends()
	if err != nil {
		return out, 0, err
	}
	out.add(&n, start, min(end, from))
	if f.Exclude == expr.ExcludeTies {
		out.add(&n, max(start, f.at), min(end, f.at+1))
	}
	out.add(&n, max(start, to), end)
	return out, n, nil
}

// excluded are the positions of the rows that are left out of the frame.
func (f *frame) excluded() (out spans, n int, err error) {
	start, end, from, to, err := f.ends()
	if err != nil {
		return out, 0, err
	}
	from, to = max(start, from), min(end, to)
	if f.Exclude != expr.ExcludeTies {
		out.add(&n, from, to)
		return out, n, nil
	}
	out.add(&n, from, min(to, f.at))
	out.add(&n, max(from, f.at+1), to)
	return out, n, nil
}

func (f *frame) ends() (start, end, from, to int64, err error) {
	if start, err = f.start(); err != nil {
		return start, end, from, to, err
	}
	if end, err = f.end(); err != nil {
		return start, end, from, to, err
	}
	from, to, err = f.around()
	return start, end, from, to, err
}

// row is expr.WindowView's FrameRow, as WinGetFuncArgInFrame (nodeWindowAgg.c) has
// it: it counts by where the excluded rows are, and under EXCLUDE TIES does not
// find the last row where only some of the current one's peers are in the frame.
func (f *frame) row(n int64) (int64, error) {
	at, err := f.fromStart(n)
	if n < 0 {
		at, err = f.fromEnd(n)
	}
	if err != nil || at < 0 {
		return -1, err
	}
	if in, err := f.contains(at); err != nil || !in {
		return -1, err
	}
	return at, nil
}

func (f *frame) fromStart(n int64) (int64, error) {
	start, err := f.start()
	if err != nil || n > math.MaxInt64-1-start {
		return -1, err
	}
	at := start + n
	switch f.Exclude {
	case expr.ExcludeNothing:
		return at, nil
	case expr.ExcludeCurrentRow:
		if at >= f.at && f.at >= start {
			at++
		}
		return at, nil
	}
	end, err := f.peersEnd()
	if err != nil || at < f.peerFirst || end <= start {
		return at, err
	}
	from := max(f.peerFirst, start)
	switch {
	case f.Exclude == expr.ExcludeGroup:
		return at + end - from, nil
	case at == from:
		return f.at, nil
	}
	return at + end - from - 1, nil
}

func (f *frame) fromEnd(n int64) (int64, error) {
	tail, err := f.end()
	if err != nil {
		return -1, err
	}
	at := tail + n
	switch f.Exclude {
	case expr.ExcludeNothing:
		return at, nil
	case expr.ExcludeCurrentRow:
		if at <= f.at && f.at < tail {
			at--
		}
		return at, nil
	}
	end, err := f.peersEnd()
	if err != nil || at >= end || f.peerFirst >= tail {
		return at, err
	}
	to := min(end, tail)
	switch {
	case f.Exclude == expr.ExcludeGroup:
		return at - (to - f.peerFirst), nil
	case at == to-1:
		return f.at, nil
	}
	return at - (to - 1 - f.peerFirst), nil
}

// contains reports whether the row at a position is in the frame. Behind its
// start, an end that is the partition's need not be looked for.
func (f *frame) contains(at int64) (bool, error) {
	if start, err := f.start(); err != nil || at < start {
		return false, err
	}
	if there, err := f.of.has(at); err != nil || !there {
		return false, err
	}
	if f.End.Kind != expr.UnboundedFollowing {
		if end, err := f.end(); err != nil || at >= end {
			return false, err
		}
	}
	switch f.Exclude {
	case expr.ExcludeNothing:
		return true, nil
	case expr.ExcludeCurrentRow:
		return at != f.at, nil
	case expr.ExcludeTies:
		if at == f.at {
			return true, nil
		}
	}
	end, err := f.peersEnd()
	return at < f.peerFirst || at >= end, err
}
