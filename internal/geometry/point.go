package geometry

import "math"

// LeftOf reports whether p lies left of q.
func (p Point) LeftOf(q Point) bool { return lt(p.X, q.X) }

// Below reports whether p lies below q.
func (p Point) Below(q Point) bool { return lt(p.Y, q.Y) }

// Above reports whether p lies above q.
func (p Point) Above(q Point) bool { return q.Below(p) }

// RightOf reports whether p lies right of q.
func (p Point) RightOf(q Point) bool { return q.LeftOf(p) }

// UprightWith reports whether p lies right above or below q.
func (p Point) UprightWith(q Point) bool { return eq(p.X, q.X) }

// LevelWith reports whether p lies as high as q.
func (p Point) LevelWith(q Point) bool { return eq(p.Y, q.Y) }

// Same reports whether p is q, or about; NaN is NaN.
func (p Point) Same(q Point) bool {
	return eq(p.X, q.X) && eq(p.Y, q.Y) || exactEqual(p.X, q.X) && exactEqual(p.Y, q.Y)
}

// Differs is not Same.
func (p Point) Differs(q Point) bool { return !p.Same(q) }

// Box is the box of no size at p.
func (p Point) Box() Box { return Box{p, p} }

// MakePoint makes a point.
func MakePoint(x, y float64) Point { return Point{x, y} }

// PointAdd moves p by q.
func (c *Calc) PointAdd(p, q Point) Point { return Point{c.add(p.X, q.X), c.add(p.Y, q.Y)} }

// PointSub moves p by the opposite of q.
func (c *Calc) PointSub(p, q Point) Point { return Point{c.sub(p.X, q.X), c.sub(p.Y, q.Y)} }

// PointMul is the product of complex numbers: p turned and scaled by q.
func (c *Calc) PointMul(p, q Point) Point {
	return Point{
		c.sub(c.mul(p.X, q.X), c.mul(p.Y, q.Y)),
		c.add(c.mul(p.X, q.Y), c.mul(p.Y, q.X)),
	}
}

// PointDiv is the quotient of complex numbers.
func (c *Calc) PointDiv(p, q Point) Point {
	by := c.add(c.mul(q.X, q.X), c.mul(q.Y, q.Y))
	return Point{
		c.div(c.add(c.mul(p.X, q.X), c.mul(p.Y, q.Y)), by),
		c.div(c.sub(c.mul(p.Y, q.X), c.mul(p.X, q.Y)), by),
	}
}

// PointDistance is how far p is from q.
func (c *Calc) PointDistance(p, q Point) float64 {
	return c.hypot(c.sub(p.X, q.X), c.sub(p.Y, q.Y))
}

// Slope is that of the line through p and q: +Inf when it stands upright, also
// when p is q.
func (c *Calc) Slope(p, q Point) float64 {
	switch {
	case eq(p.X, q.X):
		return math.Inf(1)
	case eq(p.Y, q.Y):
		return 0
	}
	return c.div(c.sub(p.Y, q.Y), c.sub(p.X, q.X))
}

// inverseSlope is the slope of what is perpendicular to the line through p and q.
func (c *Calc) inverseSlope(p, q Point) float64 {
	switch {
	case eq(p.X, q.X):
		return 0
	case eq(p.Y, q.Y):
		return math.Inf(1)
	}
	return c.div(c.sub(p.X, q.X), c.sub(q.Y, p.Y))
}

// middle is the point between p and q.
func (c *Calc) middle(p, q Point) Point {
	return Point{c.div(c.add(p.X, q.X), 2), c.div(c.add(p.Y, q.Y), 2)}
}
