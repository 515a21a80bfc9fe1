package exec

import (
	"math"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// frame is where a window's current row is, and the frame around it. Both ends
// of a frame only ever move forward within a partition.
type frame struct {
	*expr.Frame
	of *window
	// startOffset and endOffset are computed at the first row of all, when known is set.
	startOffset, endOffset types.Datum
	known                  bool

	at int64 // the current row; -1 is before the first
	// The current row's peers: the first, behind the last (-1: not looked for), which group they are.
	peerFirst, peerEnd, group int64
	// The ends, for the row that headAt and tailAt say; headGroup and tailGroup
	// are the groups of the rows there, of GROUPS.
	head, tail           int64
	headAt, tailAt       int64
	headGroup, tailGroup int64
}

func (f *frame) restart() {
	f.at, f.peerFirst, f.peerEnd, f.group = -1, 0, -1, -1
	f.head, f.tail, f.headGroup, f.tailGroup = 0, 0, 0, 0
	f.headAt, f.tailAt = -1, -1
}

// advance goes to the next row, which is there.
func (f *frame) advance() error {
	if !f.known {
		if err := f.readOffsets(); err != nil {
			return err
		}
		f.known = true
	}
	f.at++
	switch {
	case f.at > 0 && f.peerEnd > f.at:
		return nil
	case f.at > 0 && f.peerEnd < 0:
		if same, err := f.of.peers(f.at-1, f.at); err != nil || same {
			return err
		}
	}
	f.peerFirst, f.peerEnd = f.at, -1
	f.group++
	return nil
}

// peersEnd is the position behind the current row's last peer.
func (f *frame) peersEnd() (int64, error) {
	if f.peerEnd >= 0 {
		return f.peerEnd, nil
	}
	if len(f.of.order) == 0 {
		size, err := f.of.size()
		f.peerEnd = size
		return size, err
	}
	for end := f.at + 1; ; end++ {
		there, err := f.of.has(end)
		if err != nil {
			return 0, err
		}
		if there {
			if there, err = f.of.peers(f.at, end); err != nil {
				return 0, err
			}
		}
		if !there {
			f.peerEnd = end
			return end, nil
		}
	}
}

func (f *frame) readOffsets() error {
	for i, b := range []struct {
		name  string
		bound *expr.FrameBound
		to    *types.Datum
	}{{"starting", &f.Start, &f.startOffset}, {"ending", &f.End, &f.endOffset}} {
		if b.bound.Offset == nil {
			continue
		}
		v, err := f.of.offsets.value(i, nil)
		if err != nil {
			return err
		}
		if v.IsNull() {
			return pgerr.New(pgerr.NullValueNotAllowed, "frame %s offset must not be null", b.name)
		}
		if f.Mode != expr.FrameRange && v.Int() < 0 {
			return pgerr.New(pgerr.InvalidPrecedingOrFollowingSize, "frame %s offset must not be negative", b.name)
		}
		*b.to = v
	}
	return nil
}

// moved is base with an offset before or behind it.
func moved(base int64, kind expr.BoundKind, offset int64) int64 {
	if kind == expr.OffsetPreceding {
		return base - offset
	}
	if offset > math.MaxInt64-1-base {
		return math.MaxInt64 - 1
	}
	return base + offset
}

// start is the position of the frame's first row, if it is not empty.
func (f *frame) start() (int64, error) {
	if f.headAt == f.at {
		return f.head, nil
	}
	var err error
	switch kind := f.Start.Kind; {
	case kind == expr.UnboundedPreceding:
		f.head = 0
	case kind == expr.CurrentRow && f.Mode == expr.FrameRows:
		f.head = f.at
	case kind == expr.CurrentRow:
		f.head = f.peerFirst
	case f.Mode == expr.FrameRows:
		f.head = max(0, moved(f.at, kind, f.startOffset.Int()))
	case f.Mode == expr.FrameGroups:
		err = f.headByGroup(moved(f.group, kind, f.startOffset.Int()))
	default:
		err = f.headByRange()
	}
	f.headAt = f.at
	return f.head, err
}

// end is the position behind the frame's last row.
func (f *frame) end() (int64, error) {
	if f.tailAt == f.at {
		return f.tail, nil
	}
	var err error
	switch kind := f.End.Kind; {
	case kind == expr.UnboundedFollowing:
		f.tail, err = f.of.size()
	case kind == expr.CurrentRow && f.Mode == expr.FrameRows:
		f.tail = f.at + 1
	case kind == expr.CurrentRow:
		f.tail, err = f.peersEnd()
	case f.Mode == expr.FrameRows:
		f.tail, err = f.within(moved(f.at, kind, f.endOffset.Int()) + 1)
	case f.Mode == expr.FrameGroups:
		err = f.tailByGroup(moved(f.group, kind, f.endOffset.Int()))
	default:
		err = f.tailByRange()
	}
	f.tailAt = f.at
	return f.tail, err
}

// within is a position, or the partition's end if that comes before.
func (f *frame) within(end int64) (int64, error) {
	if end <= 0 {
		return 0, nil
	}
	there, err := f.of.has(end - 1)
	if !there {
		end = f.of.count
	}
	return end, err
}

// headByGroup moves the start to the first row of a group.
func (f *frame) headByGroup(group int64) error {
	for f.headGroup < group {
		if there, err := f.of.has(f.head); err != nil || !there {
			return err
		}
		f.head++
		ends, err := f.endsGroup(f.head)
		if err != nil {
			return err
		}
		if ends {
			f.headGroup++
		}
	}
	return nil
}

// tailByGroup moves the end behind the last row of a group.
func (f *frame) tailByGroup(group int64) error {
	for f.tailGroup <= group {
		if there, err := f.of.has(f.tail); err != nil || !there {
			return err
		}
		f.tail++
		ends, err := f.endsGroup(f.tail)
		if err != nil {
			return err
		}
		if ends {
			f.tailGroup++
		}
	}
	return nil
}

// endsGroup reports whether a group ends before a position.
func (f *frame) endsGroup(at int64) (bool, error) {
	if there, err := f.of.has(at); err != nil || !there {
		return !there, err
	}
	same, err := f.of.peers(at-1, at)
	return !same, err
}

// headByRange moves the start to the first row whose value is not too far before
// (or is far enough behind) the current one.
func (f *frame) headByRange() error {
	o := &f.of.order[0]
	sub, less := f.Start.Kind == expr.OffsetPreceding, false
	if o.Desc {
		sub, less = !sub, true
	}
	for ; ; f.head++ {
		there, value, base, err := f.pair(f.head)
		if err != nil || !there {
			return err
		}
		stop := false
		switch {
		case !value.IsNull() && !base.IsNull():
			stop, err = f.inRange(f.Start.InRange, value, base, f.startOffset, sub, less)
		case o.NullsFirst:
			stop = !value.IsNull() || base.IsNull()
		default:
			stop = value.IsNull() || !base.IsNull()
		}
		if err != nil || stop {
			return err
		}
	}
}

// tailByRange moves the end behind the last row whose value is not too far
// behind (or is far enough before) the current one.
func (f *frame) tailByRange() error {
	o := &f.of.order[0]
	sub, less := f.End.Kind == expr.OffsetPreceding, true
	if o.Desc {
		sub, less = !sub, false
	}
	for ; ; f.tail++ {
		there, value, base, err := f.pair(f.tail)
		if err != nil || !there {
			return err
		}
		goOn := false
		switch {
		case !value.IsNull() && !base.IsNull():
			goOn, err = f.inRange(f.End.InRange, value, base, f.endOffset, sub, less)
		case o.NullsFirst:
			goOn = value.IsNull() || !base.IsNull()
		default:
			goOn = !value.IsNull() || base.IsNull()
		}
		if err != nil || !goOn {
			return err
		}
	}
}

// pair are the values that the rows at a position and at the current one are ordered by.
func (f *frame) pair(at int64) (there bool, value, base types.Datum, err error) {
	if there, err = f.of.has(at); err != nil || !there {
		return there, value, base, err
	}
	position := f.of.order[0].position
	row, err := f.of.rows.get(at)
	if err != nil {
		return there, value, base, err
	}
	value = row[position]
	if row, err = f.of.rows.get(f.at); err == nil {
		base = row[position]
	}
	return there, value, base, err
}

func (f *frame) inRange(fn *expr.Function, value, base, offset types.Datum, sub, less bool) (bool, error) {
	if err := f.of.scope.ctx.Spend(1 << 8); err != nil {
		return false, err
	}
	v, err := fn.Impl(f.of.scope.ctx, []types.Datum{value, base, offset, types.Bool(sub), types.Bool(less)})
	return v.IsTrue(), err
}

// needed is the first position that later frames are found by.
func (f *frame) needed() int64 {
	least := f.at
	if f.Mode == expr.FrameRows {
		return least
	}
	if f.Start.Offset != nil && f.headAt >= 0 {
		least = min(least, f.head-1)
	}
	if f.End.Offset != nil && f.tailAt >= 0 {
		least = min(least, f.tail-1)
	}
	if f.Start.Offset != nil && f.headAt < 0 || f.End.Offset != nil && f.tailAt < 0 {
		return 0
	}
	return least
}
