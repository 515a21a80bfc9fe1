package geometry

import (
	"math"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// segments yields p's segments, the one that closes it first.
func (p Path) segments(yield func(LSeg) bool) {
	if last := len(p.Points) - 1; p.Closed && !yield(LSeg{p.Points[last], p.Points[0]}) {
		return
	}
	for i := 1; i < len(p.Points); i++ {
		if !yield(LSeg{p.Points[i-1], p.Points[i]}) {
			return
		}
	}
}

// IsClosed reports whether p ends where it begins.
func (p Path) IsClosed() bool { return p.Closed }

// IsOpen is not IsClosed.
func (p Path) IsOpen() bool { return !p.Closed }

// Len is the number of p's points.
func (p Path) Len() int { return len(p.Points) }

// Close is p, closed.
func (p Path) Close() Path { return Path{true, p.Points} }

// Open is p, open.
func (p Path) Open() Path { return Path{false, p.Points} }

// Joined is two open paths one after the other; nil when one is closed.
func (p Path) Joined(q Path) *Path {
	if p.Closed || q.Closed {
		return nil
	}
	return &Path{Points: slices.Concat(p.Points, q.Points)}
}

// mapped is p with f done to each point.
func (p Path) mapped(f func(p, by Point) Point, by Point) Path {
	out := Path{p.Closed, make([]Point, len(p.Points))}
	for i, q := range p.Points {
		out.Points[i] = f(q, by)
	}
	return out
}

// PathAdd moves p by q.
func (c *Calc) PathAdd(p Path, q Point) Path { return p.mapped(c.PointAdd, q) }

// PathSub moves p by the opposite of q.
func (c *Calc) PathSub(p Path, q Point) Path { return p.mapped(c.PointSub, q) }

// PathMul turns and scales p by q.
func (c *Calc) PathMul(p Path, q Point) Path { return p.mapped(c.PointMul, q) }

// PathDiv divides p's points by q.
func (c *Calc) PathDiv(p Path, q Point) Path { return p.mapped(c.PointDiv, q) }

// PathArea is the area within a closed path, nil of an open one.
func (c *Calc) PathArea(p Path) *float64 {
	if !p.Closed {
		return nil
	}
	area := 0.0
	for i, q := range p.Points {
		next := p.Points[(i+1)%len(p.Points)]
		area = c.add(area, c.mul(q.X, next.Y))
		area = c.sub(area, c.mul(q.Y, next.X))
	}
	area = c.div(math.Abs(area), 2)
	return &area
}

// PathLength is how long p is.
func (c *Calc) PathLength(p Path) float64 {
	length := 0.0
	for s := range p.segments {
		length = c.add(length, c.LSegLength(s))
	}
	return length
}

// PathPolygon is what a closed path goes around; an open one is 22023.
func (c *Calc) PathPolygon(p Path) Polygon {
	if !p.Closed {
		c.fail(pgerr.New(pgerr.InvalidParameterValue, "open path cannot be converted to polygon"))
	}
	return p.Points
}

// PathsIntersect reports whether two paths meet.
func (c *Calc) PathsIntersect(p, q Path) bool {
	return boundingBox(p.Points).Overlaps(boundingBox(q.Points)) && c.segmentsMeet(p, q)
}

// segmentsMeet reports whether a segment of p meets one of q.
func (c *Calc) segmentsMeet(p, q Path) bool {
	for s := range p.segments {
		for t := range q.segments {
			if c.LSegsIntersect(s, t) {
				return true
			}
			if !c.goOn() {
				return false
			}
		}
	}
	return false
}

// PathsDistance is how far two paths are apart; nil when one has no segment.
func (c *Calc) PathsDistance(p, q Path) *float64 {
	var best closer
	for s := range p.segments {
		for t := range q.segments {
			best.look(c.lsegClosestToLSeg(s, t))
			if !c.goOn() {
				return nil
			}
		}
	}
	if !best.any {
		return nil
	}
	return &best.distance
}

// PathPointDistance is how far q is from p; 0 when p has no segment.
func (c *Calc) PathPointDistance(p Path, q Point) float64 {
	var best closer
	for s := range p.segments {
		best.look(c.lsegClosest(s, q))
		if !c.goOn() {
			break
		}
	}
	return best.distance
}

// PathHas reports whether q lies on an open path, or within a closed one.
func (c *Calc) PathHas(p Path, q Point) bool {
	if p.Closed {
		return c.PolygonHas(p.Points, q)
	}
	for s := range p.segments {
		if eq(c.add(c.PointDistance(q, s[0]), c.PointDistance(q, s[1])), c.LSegLength(s)) {
			return true
		}
		if !c.goOn() {
			break
		}
	}
	return false
}
