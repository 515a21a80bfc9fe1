package geometry

// BoxOf is the box with two opposite corners.
func BoxOf(p, q Point) Box {
	b := Box{High: q, Low: p}
	if exactLess(q.X, p.X) {
		b.High.X, b.Low.X = p.X, q.X
	}
	if exactLess(q.Y, p.Y) {
		b.High.Y, b.Low.Y = p.Y, q.Y
	}
	return b
}

// boundingBox is the least box that has all points.
func boundingBox(points []Point) Box {
	b := points[0].Box()
	for _, p := range points[1:] {
		b = Bounding(p.Box(), b) // of numbers that are equal, 0 and -0, the first
	}
	return b
}

// Bounding is the least box that has two boxes.
func Bounding(a, b Box) Box {
	return Box{
		Point{higher(a.High.X, b.High.X), higher(a.High.Y, b.High.Y)},
		Point{lower(a.Low.X, b.Low.X), lower(a.Low.Y, b.Low.Y)},
	}
}

// Same reports whether a has the corners of b.
func (a Box) Same(b Box) bool { return a.High.Same(b.High) && a.Low.Same(b.Low) }

// Overlaps reports whether a and b have a point in common.
func (a Box) Overlaps(b Box) bool {
	return le(a.Low.X, b.High.X) && le(b.Low.X, a.High.X) && le(a.Low.Y, b.High.Y) && le(b.Low.Y, a.High.Y)
}

// Contains reports whether all of b lies in a.
func (a Box) Contains(b Box) bool {
	return le(b.High.X, a.High.X) && le(a.Low.X, b.Low.X) && le(b.High.Y, a.High.Y) && le(a.Low.Y, b.Low.Y)
}

// ContainedIn is Contains the other way round.
func (a Box) ContainedIn(b Box) bool { return b.Contains(a) }

// LeftOf reports whether a lies left of b.
func (a Box) LeftOf(b Box) bool { return lt(a.High.X, b.Low.X) }

// RightOf reports whether a lies right of b.
func (a Box) RightOf(b Box) bool { return lt(b.High.X, a.Low.X) }

// Below reports whether a lies below b.
func (a Box) Below(b Box) bool { return lt(a.High.Y, b.Low.Y) }

// Above reports whether a lies above b.
func (a Box) Above(b Box) bool { return lt(b.High.Y, a.Low.Y) }

// NotRightOf reports whether a does not reach further right than b.
func (a Box) NotRightOf(b Box) bool { return le(a.High.X, b.High.X) }

// NotLeftOf reports whether a does not reach further left than b.
func (a Box) NotLeftOf(b Box) bool { return le(b.Low.X, a.Low.X) }

// NotAbove reports whether a does not reach further up than b.
func (a Box) NotAbove(b Box) bool { return le(a.High.Y, b.High.Y) }

// NotBelow reports whether a does not reach further down than b.
func (a Box) NotBelow(b Box) bool { return le(b.Low.Y, a.Low.Y) }

// BelowOrTouching reports whether a lies below b, or reaches it.
func (a Box) BelowOrTouching(b Box) bool { return le(a.High.Y, b.Low.Y) }

// AboveOrTouching reports whether a lies above b, or reaches it.
func (a Box) AboveOrTouching(b Box) bool { return le(b.High.Y, a.Low.Y) }

// Has reports whether p lies in b or on its border, exactly.
func (a Box) Has(p Point) bool {
	return a.High.X >= p.X && a.Low.X <= p.X && a.High.Y >= p.Y && a.Low.Y <= p.Y
}

// HasSegment reports whether both ends of s lie in b.
func (a Box) HasSegment(s LSeg) bool { return a.Has(s[0]) && a.Has(s[1]) }

// Intersection is what two boxes have in common; nil when that is nothing.
func (a Box) Intersection(b Box) *Box {
	if !a.Overlaps(b) {
		return nil
	}
	return &Box{
		Point{lower(a.High.X, b.High.X), lower(a.High.Y, b.High.Y)},
		Point{higher(a.Low.X, b.Low.X), higher(a.Low.Y, b.Low.Y)},
	}
}

// Diagonal is the segment between a's corners.
func (a Box) Diagonal() LSeg { return LSeg{a.High, a.Low} }

// Polygon is a's corners.
func (a Box) Polygon() Polygon {
	return Polygon{a.Low, {a.Low.X, a.High.Y}, a.High, {a.High.X, a.Low.Y}}
}

// sides are a's four sides, in the order in which the closest is looked for.
func (a Box) sides() [4]LSeg {
	left, right := Point{a.Low.X, a.High.Y}, Point{a.High.X, a.Low.Y}
	return [...]LSeg{{a.Low, left}, {a.High, left}, {a.Low, right}, {a.High, right}}
}

// BoxWidth is how wide b is.
func (c *Calc) BoxWidth(b Box) float64 { return c.sub(b.High.X, b.Low.X) }

// BoxHeight is how high b is.
func (c *Calc) BoxHeight(b Box) float64 { return c.sub(b.High.Y, b.Low.Y) }

// BoxArea is the area of b.
func (c *Calc) BoxArea(b Box) float64 { return c.mul(c.BoxWidth(b), c.BoxHeight(b)) }

// BoxCenter is the middle of b.
func (c *Calc) BoxCenter(b Box) Point { return c.middle(b.High, b.Low) }

// BoxesDistance is how far the middles of two boxes are apart.
func (c *Calc) BoxesDistance(a, b Box) float64 {
	return c.PointDistance(c.BoxCenter(a), c.BoxCenter(b))
}

// BoxAdd moves b by p.
func (c *Calc) BoxAdd(b Box, p Point) Box { return Box{c.PointAdd(b.High, p), c.PointAdd(b.Low, p)} }

// BoxSub moves b by the opposite of p.
func (c *Calc) BoxSub(b Box, p Point) Box { return Box{c.PointSub(b.High, p), c.PointSub(b.Low, p)} }

// BoxMul is the box of b's corners turned and scaled by p.
func (c *Calc) BoxMul(b Box, p Point) Box { return BoxOf(c.PointMul(b.High, p), c.PointMul(b.Low, p)) }

// BoxDiv is the box of b's corners divided by p.
func (c *Calc) BoxDiv(b Box, p Point) Box { return BoxOf(c.PointDiv(b.High, p), c.PointDiv(b.Low, p)) }

// BoxCircle is the circle around b's middle through its corners.
func (c *Calc) BoxCircle(b Box) Circle {
	center := c.BoxCenter(b)
	return Circle{center, c.PointDistance(center, b.High)}
}

// BoxMeetsLSeg reports whether b, its inside too, and s have a point in common.
func (c *Calc) BoxMeetsLSeg(b Box, s LSeg) bool {
	if !boundingBox(s[:]).Overlaps(b) {
		return false
	}
	if b.Has(s[0]) || b.Has(s[1]) {
		return true
	}
	for _, side := range b.sides() {
		if c.LSegsIntersect(side, s) {
			return true
		}
	}
	return false
}

// boxClosest is the point of b that is closest to p, and how far it is.
func (c *Calc) boxClosest(b Box, p Point) (Point, float64) {
	if b.Has(p) {
		return p, 0
	}
	var best closer
	for _, side := range b.sides() {
		best.look(c.lsegClosest(side, p))
	}
	return best.at, best.distance
}

// boxClosestToLSeg is the point of b that is closest to s, and how far it is;
// when they meet, the point of s that is closest to b's middle.
func (c *Calc) boxClosestToLSeg(b Box, s LSeg) (Point, float64) {
	if c.BoxMeetsLSeg(b, s) {
		p, _ := c.lsegClosest(s, c.BoxCenter(b))
		return p, 0
	}
	var best closer
	for _, side := range b.sides() {
		best.look(c.lsegClosestToLSeg(side, s))
	}
	return best.at, best.distance
}

// BoxPointDistance is how far p is from b.
func (c *Calc) BoxPointDistance(b Box, p Point) float64 {
	_, d := c.boxClosest(b, p)
	return d
}

// BoxLSegDistance is how far s is from b.
func (c *Calc) BoxLSegDistance(b Box, s LSeg) float64 {
	if c.BoxMeetsLSeg(b, s) {
		return 0
	}
	_, d := c.boxClosestToLSeg(b, s)
	return d
}

// BoxClosest is the point of b that is closest to p, nil when there is none.
func (c *Calc) BoxClosest(b Box, p Point) *Point { return found(c.boxClosest(b, p)) }

// BoxClosestToLSeg is the point of b that is closest to s, nil when there is none.
func (c *Calc) BoxClosestToLSeg(b Box, s LSeg) *Point { return found(c.boxClosestToLSeg(b, s)) }
