package geometry

import (
	"math"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Upright reports whether l goes straight up.
func (l Line) Upright() bool { return zero(l.B) }

// Level reports whether l has one height.
func (l Line) Level() bool { return zero(l.A) }

// lineAt is the line through p with a slope, which is infinite for upright ones.
func (c *Calc) lineAt(p Point, slope float64) Line {
	switch {
	case inf(slope):
		return Line{-1, 0, p.X}
	case slope == 0:
		return Line{0, -1, p.Y}
	}
	return Line{slope, -1, positiveZero(c.sub(p.Y, c.mul(slope, p.X)))}
}

// positiveZero makes 0 of -0.
func positiveZero(v float64) float64 {
	if v == 0 {
		return 0
	}
	return v
}

// Valid reports whether l is a line at all.
func (l Line) Valid() bool { return !zero(l.A) || !zero(l.B) }

// LineAlong is the line that s is part of.
func (c *Calc) LineAlong(s LSeg) Line { return c.lineAt(s[0], c.Slope(s[0], s[1])) }

// LineThrough is the line through two points; through one it is 22023.
func (c *Calc) LineThrough(p, q Point) Line {
	if p.Same(q) {
		c.fail(pgerr.New(pgerr.InvalidParameterValue, "invalid line specification: must be two distinct points"))
	}
	return c.LineAlong(LSeg{p, q})
}

// LinesIntersect reports whether two lines meet in one point.
func (c *Calc) LinesIntersect(a, b Line) bool {
	_, ok := c.linesMeet(a, b)
	return ok
}

// LinesParallel reports whether two lines do not meet in one point.
func (c *Calc) LinesParallel(a, b Line) bool { return !c.LinesIntersect(a, b) }

// LinesMeet is the point where two lines meet; nil when they are parallel.
func (c *Calc) LinesMeet(a, b Line) *Point {
	if p, ok := c.linesMeet(a, b); ok {
		return &p
	}
	return nil
}

// linesMeet is also true of lines with NaN in them, with a point of NaN.
func (c *Calc) linesMeet(a, b Line) (p Point, ok bool) {
	if zero(a.B) {
		if zero(b.B) {
			return p, false
		}
		a, b = b, a
	}
	if eq(b.A, c.mul(a.A, c.div(b.B, a.B))) {
		return p, false
	}
	x := c.div(
		c.sub(c.mul(a.B, b.C), c.mul(b.B, a.C)),
		c.sub(c.mul(a.A, b.B), c.mul(b.A, a.B)))
	y := c.div(-c.add(c.mul(a.A, x), a.C), a.B)
	return Point{positiveZero(x), positiveZero(y)}, true
}

// LinesPerpendicular reports whether two lines meet at a right angle.
func (c *Calc) LinesPerpendicular(a, b Line) bool {
	switch {
	case zero(a.A):
		return zero(b.B)
	case zero(b.A):
		return zero(a.B)
	case zero(a.B):
		return zero(b.A)
	case zero(b.B):
		return zero(a.A)
	}
	return eq(c.div(c.mul(a.A, b.A), c.mul(a.B, b.B)), -1)
}

// SameLine reports whether two equations are one line's; NaN is NaN.
func (c *Calc) SameLine(a, b Line) bool {
	ratio := 1.0
	switch {
	case counts(b.A):
		ratio = c.div(a.A, b.A)
	case counts(b.B):
		ratio = c.div(a.B, b.B)
	case counts(b.C):
		ratio = c.div(a.C, b.C)
	}
	return eq(a.A, c.mul(ratio, b.A)) && eq(a.B, c.mul(ratio, b.B)) && eq(a.C, c.mul(ratio, b.C)) ||
		exactEqual(a.A, b.A) && exactEqual(a.B, b.B) && exactEqual(a.C, b.C)
}

// counts reports whether a factor is one that can be divided by.
func counts(v float64) bool { return !zero(v) && !math.IsNaN(v) }

// LinesDistance is how far apart parallel lines are, 0 for others.
func (c *Calc) LinesDistance(a, b Line) float64 {
	if c.LinesIntersect(a, b) {
		return 0
	}
	ratio := 1.0
	switch {
	case counts(a.A) && counts(b.A):
		ratio = c.div(a.A, b.A)
	case counts(a.B) && counts(b.B):
		ratio = c.div(a.B, b.B)
	}
	return c.div(math.Abs(c.sub(a.C, c.mul(ratio, b.C))), c.hypot(a.A, a.B))
}

func (c *Calc) lineSlope(l Line) float64 {
	switch {
	case zero(l.A):
		return 0
	case zero(l.B):
		return math.Inf(1)
	}
	return c.div(l.A, -l.B)
}

// lineInverseSlope is the slope of what is perpendicular to l.
func (c *Calc) lineInverseSlope(l Line) float64 {
	switch {
	case zero(l.A):
		return math.Inf(1)
	case zero(l.B):
		return 0
	}
	return c.div(l.B, l.A)
}

// LineHas reports whether p lies on l.
func (c *Calc) LineHas(l Line, p Point) bool {
	return zero(c.add(c.add(c.mul(l.A, p.X), c.mul(l.B, p.Y)), l.C))
}

// LineHasSegment reports whether both ends of s lie on l.
func (c *Calc) LineHasSegment(l Line, s LSeg) bool { return c.LineHas(l, s[0]) && c.LineHas(l, s[1]) }

// lineClosest is the point of l that is closest to p, and how far it is. The
// distance is NaN where none is found.
func (c *Calc) lineClosest(l Line, p Point) (Point, float64) {
	at, ok := c.linesMeet(c.lineAt(p, c.lineInverseSlope(l)), l)
	if !ok {
		return p, nan
	}
	return at, c.PointDistance(at, p)
}

// LinePointDistance is how far p is from l.
func (c *Calc) LinePointDistance(l Line, p Point) float64 {
	_, d := c.lineClosest(l, p)
	return d
}

// LineClosest is the point of l that is closest to p, nil when there is none.
func (c *Calc) LineClosest(l Line, p Point) *Point { return found(c.lineClosest(l, p)) }

// found is a point whose distance is a number.
func found(p Point, distance float64) *Point {
	if math.IsNaN(distance) {
		return nil
	}
	return &p
}

// LineCrossesBox reports whether l goes through a side of b.
func (c *Calc) LineCrossesBox(l Line, b Box) bool {
	p, q, r, s := b.Low, Point{b.Low.X, b.High.Y}, b.High, Point{b.High.X, b.Low.Y}
	for _, side := range [...]LSeg{{p, q}, {r, q}, {r, s}, {p, s}} {
		if c.LSegCrossesLine(side, l) {
			return true
		}
	}
	return false
}
