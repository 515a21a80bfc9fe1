package geometry

import (
	"errors"
	"testing"
)

// TestLongComputationsEnd holds that what looks at many segments stops when it is told to.
func TestLongComputationsEnd(t *testing.T) {
	var c Calc
	p := c.CirclePolygon(5000, Circle{Radius: 1})
	q := c.CirclePolygon(5000, Circle{Radius: 2})
	for name, f := range map[string]func(*Calc){
		"distance": func(c *Calc) { c.PathsDistance(p.Path(), q.Path()) },
		"meet":     func(c *Calc) { c.PathsIntersect(p.Path(), q.Path()) },
		"contains": func(c *Calc) { c.PolygonContains(q, p) },
		"same":     func(c *Calc) { c.SamePolygon(p, p) },
		"corners":  func(c *Calc) { c.CirclePolygon(1<<20, Circle{Radius: 1}) },
	} {
		ended, asked := errors.New("ended"), 0
		c := Calc{Spend: func(int) error {
			if asked++; asked > 1000 {
				return ended
			}
			return nil
		}}
		if f(&c); !errors.Is(c.Err(), ended) || asked > 1001 {
			t.Errorf("%s: %v after %d", name, c.Err(), asked)
		}
	}
}

// TestDepthIsBounded holds that a polygon whose sides cross a segment again and
// again is an error before it is the stack's end.
func TestDepthIsBounded(t *testing.T) {
	zigzag := Polygon{{-1, -1}, {-1, 3 * maxDepth}, {2, 3 * maxDepth}}
	for i := 3*maxDepth - 1; i > 0; i-- {
		zigzag = append(zigzag, Point{float64(i%2*2 - 1), float64(i)})
	}
	var c Calc
	c.segmentInside(zigzag, LSeg{{0, 3*maxDepth - 0.5}, {0, -0.5}}, 0)
	if c.Err() == nil || c.depth != 0 {
		t.Errorf("%v, depth %d is left", c.Err(), c.depth)
	}
}
