package geometry

// Len is the number of p's corners.
func (p Polygon) Len() int { return len(p) }

// Box is the least box that has p.
func (p Polygon) Box() Box { return boundingBox(p) }

// Path is the way around p.
func (p Polygon) Path() Path { return Path{true, p} }

// Polygons are compared by their boxes, exactly; every comparison with NaN is false.

// LeftOf reports whether p lies left of q.
func (p Polygon) LeftOf(q Polygon) bool { return p.Box().High.X < q.Box().Low.X }

// RightOf reports whether p lies right of q.
func (p Polygon) RightOf(q Polygon) bool { return q.LeftOf(p) }

// Below reports whether p lies below q.
func (p Polygon) Below(q Polygon) bool { return p.Box().High.Y < q.Box().Low.Y }

// Above reports whether p lies above q.
func (p Polygon) Above(q Polygon) bool { return q.Below(p) }

// NotRightOf reports whether p does not reach further right than q.
func (p Polygon) NotRightOf(q Polygon) bool { return p.Box().High.X <= q.Box().High.X }

// NotLeftOf reports whether p does not reach further left than q.
func (p Polygon) NotLeftOf(q Polygon) bool { return p.Box().Low.X >= q.Box().Low.X }

// NotAbove reports whether p does not reach further up than q.
func (p Polygon) NotAbove(q Polygon) bool { return p.Box().High.Y <= q.Box().High.Y }

// NotBelow reports whether p does not reach further down than q.
func (p Polygon) NotBelow(q Polygon) bool { return p.Box().Low.Y >= q.Box().Low.Y }

// SamePolygon reports whether two polygons have the same corners, wherever
// their lists begin and whichever way round they go.
func (c *Calc) SamePolygon(p, q Polygon) bool {
	if len(p) != len(q) {
		return false
	}
	for start := range q {
		if !q[start].Same(p[0]) {
			continue
		}
		if c.sameFrom(p, q, start, 1) || c.sameFrom(p, q, start, len(q)-1) {
			return true
		}
		if c.err != nil {
			break
		}
	}
	return false
}

// sameFrom compares p with q from q's corner start on, by so many corners further each time.
func (c *Calc) sameFrom(p, q Polygon, start, step int) bool {
	for i, at := 1, start; i < len(p); i++ {
		if at = (at + step) % len(q); !q[at].Same(p[i]) || !c.goOn() {
			return false
		}
	}
	return true
}

// PolygonCircle is the circle around the mean of p's corners with their mean distance.
func (c *Calc) PolygonCircle(p Polygon) Circle {
	var r Circle
	n := float64(len(p))
	for _, q := range p {
		r.Center = c.PointAdd(r.Center, q)
	}
	r.Center = Point{c.div(r.Center.X, n), c.div(r.Center.Y, n)}
	for _, q := range p {
		r.Radius = c.add(r.Radius, c.PointDistance(q, r.Center))
	}
	r.Radius = c.div(r.Radius, n)
	return r
}

// PolygonCenter is the mean of p's corners.
func (c *Calc) PolygonCenter(p Polygon) Point { return c.PolygonCircle(p).Center }

// PolygonsOverlap reports whether two polygons have a point in common.
func (c *Calc) PolygonsOverlap(p, q Polygon) bool {
	if !p.Box().Overlaps(q.Box()) {
		return false
	}
	return c.segmentsMeet(p.Path(), q.Path()) || c.PolygonHas(q, p[0]) || c.PolygonHas(p, q[0])
}

// PolygonsDistance is how far two polygons are apart, 0 when they overlap.
func (c *Calc) PolygonsDistance(p, q Polygon) *float64 {
	if c.PolygonsOverlap(p, q) {
		return new(float64)
	}
	return c.PathsDistance(p.Path(), q.Path())
}

// PolygonPointDistance is how far q is from p, 0 when it lies within.
func (c *Calc) PolygonPointDistance(p Polygon, q Point) float64 {
	if c.PolygonHas(p, q) {
		return 0
	}
	var best closer
	best.look(c.lsegClosest(LSeg{p[0], p[len(p)-1]}, q))
	for i := 1; i < len(p) && c.goOn(); i++ {
		best.look(c.lsegClosest(LSeg{p[i-1], p[i]}, q))
	}
	return best.distance
}
