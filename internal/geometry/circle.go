package geometry

import (
	"math"

	"github.com/pegmatitedb/pegmatite/internal/libm"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// MakeCircle makes a circle.
func MakeCircle(center Point, radius float64) Circle { return Circle{center, radius} }

// Same reports whether k has the center and radius of m; NaN is NaN.
func (k Circle) Same(m Circle) bool {
	return (math.IsNaN(k.Radius) && math.IsNaN(m.Radius) || eq(k.Radius, m.Radius)) && k.Center.Same(m.Center)
}

// Middle is k's center.
func (k Circle) Middle() Point { return k.Center }

// Size is k's radius.
func (k Circle) Size() float64 { return k.Radius }

func (c *Calc) right(k Circle) float64 { return c.add(k.Center.X, k.Radius) }
func (c *Calc) left(k Circle) float64  { return c.sub(k.Center.X, k.Radius) }
func (c *Calc) upper(k Circle) float64 { return c.add(k.Center.Y, k.Radius) }
func (c *Calc) under(k Circle) float64 { return c.sub(k.Center.Y, k.Radius) }

// CircleLeftOf reports whether k lies left of m.
func (c *Calc) CircleLeftOf(k, m Circle) bool { return lt(c.right(k), c.left(m)) }

// CircleRightOf reports whether k lies right of m.
func (c *Calc) CircleRightOf(k, m Circle) bool { return lt(c.right(m), c.left(k)) }

// CircleBelow reports whether k lies below m.
func (c *Calc) CircleBelow(k, m Circle) bool { return lt(c.upper(k), c.under(m)) }

// CircleAbove reports whether k lies above m.
func (c *Calc) CircleAbove(k, m Circle) bool { return lt(c.upper(m), c.under(k)) }

// CircleNotRightOf reports whether k does not reach further right than m.
func (c *Calc) CircleNotRightOf(k, m Circle) bool { return le(c.right(k), c.right(m)) }

// CircleNotLeftOf reports whether k does not reach further left than m.
func (c *Calc) CircleNotLeftOf(k, m Circle) bool { return le(c.left(m), c.left(k)) }

// CircleNotAbove reports whether k does not reach further up than m.
func (c *Calc) CircleNotAbove(k, m Circle) bool { return le(c.upper(k), c.upper(m)) }

// CircleNotBelow reports whether k does not reach further down than m.
func (c *Calc) CircleNotBelow(k, m Circle) bool { return le(c.under(m), c.under(k)) }

// CirclesOverlap reports whether two circles have a point in common.
func (c *Calc) CirclesOverlap(k, m Circle) bool {
	return le(c.PointDistance(k.Center, m.Center), c.add(k.Radius, m.Radius))
}

// CircleContains reports whether all of m lies in k.
func (c *Calc) CircleContains(k, m Circle) bool {
	return le(c.PointDistance(k.Center, m.Center), c.sub(k.Radius, m.Radius))
}

// CircleHas reports whether p lies in k, exactly.
func (c *Calc) CircleHas(k Circle, p Point) bool { return c.PointDistance(k.Center, p) <= k.Radius }

// CircleArea is the area of k.
func (c *Calc) CircleArea(k Circle) float64 { return c.mul(c.mul(k.Radius, k.Radius), math.Pi) }

// CircleDiameter is how wide k is.
func (c *Calc) CircleDiameter(k Circle) float64 { return c.mul(k.Radius, 2) }

// CircleAdd moves k by p.
func (c *Calc) CircleAdd(k Circle, p Point) Circle { return Circle{c.PointAdd(k.Center, p), k.Radius} }

// CircleSub moves k by the opposite of p.
func (c *Calc) CircleSub(k Circle, p Point) Circle { return Circle{c.PointSub(k.Center, p), k.Radius} }

// CircleMul turns and scales k by p.
func (c *Calc) CircleMul(k Circle, p Point) Circle {
	return Circle{c.PointMul(k.Center, p), c.mul(k.Radius, c.hypot(p.X, p.Y))}
}

// CircleDiv divides k by p.
func (c *Calc) CircleDiv(k Circle, p Point) Circle {
	return Circle{c.PointDiv(k.Center, p), c.div(k.Radius, c.hypot(p.X, p.Y))}
}

// outside is a distance, 0 where it is negative.
func outside(distance float64) float64 {
	if distance < 0 {
		return 0
	}
	return distance
}

// CirclesDistance is how far two circles are apart.
func (c *Calc) CirclesDistance(k, m Circle) float64 {
	return outside(c.sub(c.PointDistance(k.Center, m.Center), c.add(k.Radius, m.Radius)))
}

// CirclePointDistance is how far p is from k.
func (c *Calc) CirclePointDistance(k Circle, p Point) float64 {
	return outside(c.sub(c.PointDistance(p, k.Center), k.Radius))
}

// CirclePolygonDistance is how far p is from k.
func (c *Calc) CirclePolygonDistance(k Circle, p Polygon) float64 {
	return outside(c.sub(c.PolygonPointDistance(p, k.Center), k.Radius))
}

// CircleBox is the box with its corners on k.
func (c *Calc) CircleBox(k Circle) Box {
	d := c.div(k.Radius, math.Sqrt2)
	return Box{
		Point{c.add(k.Center.X, d), c.add(k.Center.Y, d)},
		Point{c.sub(k.Center.X, d), c.sub(k.Center.Y, d)},
	}
}

// maxCorners is how many corners a polygon can have: PostgreSQL counts its bytes in 31 bits.
const maxCorners = (math.MaxInt32 - 40) / PointBytes

// maxPolygonCorners is how many fit in a value of PostgreSQL's MaxAllocSize.
const maxPolygonCorners = (1<<30 - 1 - 40) / PointBytes

// CirclePolygon is the regular polygon of n corners on k.
func (c *Calc) CirclePolygon(n int64, k Circle) Polygon {
	switch {
	case zero(k.Radius):
		c.fail(pgerr.New(pgerr.FeatureNotSupported, "cannot convert circle with radius zero to polygon"))
	case n < 2:
		c.fail(pgerr.New(pgerr.InvalidParameterValue, "must request at least 2 points"))
	case n > maxCorners:
		c.fail(pgerr.New(pgerr.ProgramLimitExceeded, "too many points requested"))
	case n > maxPolygonCorners:
		c.fail(pgerr.Raised("palloc", "invalid memory alloc request size %d", n*PointBytes+40))
	}
	if c.err != nil {
		return nil
	}
	out := make(Polygon, 0, n)
	step := c.div(2*math.Pi, float64(n))
	for i := range n {
		angle := c.mul(step, float64(i))
		out = append(out, Point{
			c.sub(k.Center.X, c.mul(k.Radius, libm.Cos(angle))),
			c.add(k.Center.Y, c.mul(k.Radius, libm.Sin(angle))),
		})
		if !c.goOn() {
			return nil
		}
	}
	return out
}

// polygonCorners is what a circle becomes that is cast to a polygon.
const polygonCorners = 12

// CircleAsPolygon is CirclePolygon of twelve corners.
func (c *Calc) CircleAsPolygon(k Circle) Polygon { return c.CirclePolygon(polygonCorners, k) }
