package geometry

import "github.com/pegmatitedb/pegmatite/internal/pgerr"

// onBorder is what crossing answers of a segment that goes through the point itself.
const onBorder = 1 << 30

// PolygonHas reports whether q lies within p or on its border: it counts, with
// their directions, the sides that cross what lies right of q.
func (c *Calc) PolygonHas(p Polygon, q Point) bool {
	total := 0
	first := c.PointSub(p[0], q)
	from := first
	for i := 1; i <= len(p); i++ {
		to := first
		if i < len(p) {
			to = c.PointSub(p[i], q)
		}
		n := c.crossing(to, from)
		if n == onBorder {
			return true
		}
		if total += n; !c.goOn() {
			break
		}
		from = to
	}
	return total != 0
}

// crossing is how a side, with its ends as seen from the point, crosses what
// lies right of the point: by 2 or -2 when it goes across, by 1 or -1 when it
// ends or begins there, 0 when it does not or lies along it.
func (c *Calc) crossing(to, from Point) int {
	if zero(to.Y) {
		return crossingLevel(to, from)
	}
	sign := -1
	if lt(0, to.Y) {
		sign = 1
	}
	switch {
	case zero(from.Y):
		if lt(from.X, 0) {
			return 0
		}
		return sign
	case sign < 0 && lt(from.Y, 0) || sign > 0 && lt(0, from.Y):
		return 0 // both above, or both below
	case le(0, to.X) && lt(0, from.X):
		return 2 * sign
	case lt(to.X, 0) && le(from.X, 0):
		return 0
	}
	z := c.sub(c.mul(c.sub(to.X, from.X), to.Y), c.mul(c.sub(to.Y, from.Y), to.X))
	switch {
	case zero(z):
		return onBorder
	case sign < 0 && lt(z, 0) || sign > 0 && lt(0, z):
		return 0
	}
	return 2 * sign
}

// crossingLevel is crossing of a side that ends as high as the point.
func crossingLevel(to, from Point) int {
	switch {
	case zero(to.X):
		return onBorder
	case lt(0, to.X):
		switch {
		case !zero(from.Y) && lt(from.Y, 0):
			return 1
		case !zero(from.Y):
			return -1
		case lt(0, from.X):
			return 0
		}
		return onBorder
	}
	if !zero(from.Y) || lt(from.X, 0) {
		return 0
	}
	return onBorder
}

// PolygonContains reports whether all of q lies within p.
func (c *Calc) PolygonContains(p, q Polygon) bool {
	if !p.Box().Contains(q.Box()) {
		return false
	}
	from := q[len(q)-1]
	for _, to := range q {
		if !c.segmentInside(p, LSeg{from, to}, 0) {
			return false
		}
		from = to
	}
	return true
}

// maxDepth is about how deep PostgreSQL's stack lets segmentInside go.
const maxDepth = 10_000

// segmentInside reports whether s lies within p, of whose sides those before
// start have been looked at: it is cut where it crosses sides, and the parts
// are looked at.
func (c *Calc) segmentInside(p Polygon, s LSeg, start int) bool {
	if c.depth++; c.depth > maxDepth {
		c.fail(pgerr.TooDeep())
	}
	defer func() { c.depth-- }()
	crossed := false
	from := p[(start+len(p)-1)%len(p)]
	for i := start; i < len(p); i++ {
		if !c.goOn() {
			return false
		}
		side, inside := LSeg{from, p[i]}, true
		switch begins, ends := c.LSegHas(side, s[0]), c.LSegHas(side, s[1]); {
		case begins && ends:
			return true
		case begins:
			inside = c.touchingInside(p, s, side, i+1)
		case ends:
			inside = c.touchingInside(p, LSeg{s[1], s[0]}, side, i+1)
		default:
			if at, ok := c.lsegsMeet(s, side); ok {
				crossed = true
				inside = c.segmentInside(p, LSeg{s[0], at}, i+1) && c.segmentInside(p, LSeg{s[1], at}, i+1)
			}
		}
		if !inside {
			return false
		}
		from = p[i]
	}
	return crossed || c.PolygonHas(p, c.middle(s[0], s[1]))
}

// touchingInside is segmentInside of a segment that begins on a side, and does
// not end there. What does not lie along the side is left to the sides that follow.
func (c *Calc) touchingInside(p Polygon, s, side LSeg, start int) bool {
	switch {
	case s[0].Same(side[0]):
		return !c.LSegHas(s, side[1]) || c.segmentInside(p, LSeg{s[1], side[1]}, start)
	case s[0].Same(side[1]):
		return !c.LSegHas(s, side[0]) || c.segmentInside(p, LSeg{s[1], side[0]}, start)
	case c.LSegHas(s, side[0]):
		return c.segmentInside(p, LSeg{s[1], side[0]}, start)
	case c.LSegHas(s, side[1]):
		return c.segmentInside(p, LSeg{s[1], side[1]}, start)
	}
	return true
}
