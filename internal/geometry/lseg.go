package geometry

// MakeLSeg is the segment between two points.
func MakeLSeg(p, q Point) LSeg { return LSeg{p, q} }

// Upright reports whether s goes straight up.
func (s LSeg) Upright() bool { return s[0].UprightWith(s[1]) }

// Level reports whether s has one height.
func (s LSeg) Level() bool { return s[0].LevelWith(s[1]) }

// Same reports whether s begins and ends where t does.
func (s LSeg) Same(t LSeg) bool { return s[0].Same(t[0]) && s[1].Same(t[1]) }

// Differs is not Same.
func (s LSeg) Differs(t LSeg) bool { return !s.Same(t) }

// LSegLength is how long s is.
func (c *Calc) LSegLength(s LSeg) float64 { return c.PointDistance(s[0], s[1]) }

// LSegCenter is the middle of s.
func (c *Calc) LSegCenter(s LSeg) Point { return c.middle(s[0], s[1]) }

func (c *Calc) lsegSlope(s LSeg) float64 { return c.Slope(s[0], s[1]) }

// LSegsParallel reports whether two segments have the same slope.
func (c *Calc) LSegsParallel(s, t LSeg) bool { return eq(c.lsegSlope(s), c.lsegSlope(t)) }

// LSegsPerpendicular reports whether two segments stand at a right angle.
func (c *Calc) LSegsPerpendicular(s, t LSeg) bool {
	return eq(c.lsegSlope(s), c.inverseSlope(t[0], t[1]))
}

// LSegHas reports whether p lies on s: whether the way over p is no longer.
func (c *Calc) LSegHas(s LSeg, p Point) bool {
	return eq(float64(c.PointDistance(p, s[0])+c.PointDistance(p, s[1])), c.LSegLength(s))
}

// lsegMeetsLine is the point where s meets l: an end of s rather than what is about it.
func (c *Calc) lsegMeetsLine(s LSeg, l Line) (p Point, ok bool) {
	if p, ok = c.linesMeet(c.LineAlong(s), l); !ok || !c.LSegHas(s, p) {
		return p, false
	}
	for _, end := range s {
		if end.Same(p) {
			return end, true
		}
	}
	return p, true
}

// LSegCrossesLine reports whether s and l meet in one point.
func (c *Calc) LSegCrossesLine(s LSeg, l Line) bool {
	_, ok := c.lsegMeetsLine(s, l)
	return ok
}

func (c *Calc) lsegsMeet(s, t LSeg) (p Point, ok bool) {
	if p, ok = c.lsegMeetsLine(s, c.LineAlong(t)); !ok || !c.LSegHas(t, p) {
		return p, false
	}
	return p, true
}

// LSegsIntersect reports whether two segments meet in one point.
func (c *Calc) LSegsIntersect(s, t LSeg) bool {
	_, ok := c.lsegsMeet(s, t)
	return ok
}

// LSegsMeet is the point where two segments meet, nil when there is none.
func (c *Calc) LSegsMeet(s, t LSeg) *Point {
	if p, ok := c.lsegsMeet(s, t); ok {
		return &p
	}
	return nil
}

// lsegClosestToLine is the point of s that is closest to l, and how far it is:
// of two ends that are equally far the second.
func (c *Calc) lsegClosestToLine(s LSeg, l Line) (Point, float64) {
	if p, ok := c.lsegMeetsLine(s, l); ok {
		return p, 0
	}
	from, to := c.LinePointDistance(l, s[0]), c.LinePointDistance(l, s[1])
	if from < to {
		return s[0], from
	}
	return s[1], to
}

// lsegClosest is the point of s that is closest to p, and how far it is.
func (c *Calc) lsegClosest(s LSeg, p Point) (Point, float64) {
	at, _ := c.lsegClosestToLine(s, c.lineAt(p, c.inverseSlope(s[0], s[1])))
	return at, c.PointDistance(at, p)
}

// closer keeps the closest of what has been looked at.
type closer struct {
	at       Point
	distance float64
	any      bool
}

func (n *closer) look(at Point, distance float64) {
	if !n.any || exactLess(distance, n.distance) {
		*n = closer{at, distance, true}
	}
}

// lsegClosestToLSeg is the point of s that is closest to t, and how far it is.
func (c *Calc) lsegClosestToLSeg(s, t LSeg) (Point, float64) {
	if p, ok := c.lsegsMeet(s, t); ok {
		return p, 0
	}
	var best closer
	for _, end := range t {
		best.look(c.lsegClosest(s, end))
	}
	for _, end := range s {
		_, d := c.lsegClosest(t, end)
		best.look(end, d)
	}
	return best.at, best.distance
}

// LSegPointDistance is how far p is from s.
func (c *Calc) LSegPointDistance(s LSeg, p Point) float64 {
	_, d := c.lsegClosest(s, p)
	return d
}

// LSegLineDistance is how far l is from s.
func (c *Calc) LSegLineDistance(s LSeg, l Line) float64 {
	_, d := c.lsegClosestToLine(s, l)
	return d
}

// LSegsDistance is how far two segments are apart.
func (c *Calc) LSegsDistance(s, t LSeg) float64 {
	_, d := c.lsegClosestToLSeg(s, t)
	return d
}

// LSegClosest is the point of s that is closest to p, nil when there is none.
func (c *Calc) LSegClosest(s LSeg, p Point) *Point { return found(c.lsegClosest(s, p)) }

// LSegClosestToLSeg is the point of t that is closest to s; nil when they are parallel.
func (c *Calc) LSegClosestToLSeg(s, t LSeg) *Point {
	if c.lsegSlope(s) == c.lsegSlope(t) {
		return nil
	}
	return found(c.lsegClosestToLSeg(t, s))
}

// LSegClosestToLine is the point of s that is closest to l; nil when they are parallel.
func (c *Calc) LSegClosestToLine(s LSeg, l Line) *Point {
	if c.lsegSlope(s) == c.lineSlope(l) {
		return nil
	}
	return found(c.lsegClosestToLine(s, l))
}
