package geometry

import (
	"math"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Calc computes. Its first error stays, and what is computed after it means
// nothing. It is for one computation, in one goroutine.
type Calc struct {
	// Spend is told of the work that a computation does, in about as many units
	// as bytes could be read meanwhile; its error ends it. nil goes on for ever.
	Spend func(units int) error

	err   error
	depth int // of recursion
}

// segmentWork is about what looking at one segment costs.
const segmentWork = 64

// Err is the first error.
func (c *Calc) Err() error { return c.err }

func (c *Calc) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// goOn notes that one more segment was looked at, and reports whether there is
// reason to look at the next.
func (c *Calc) goOn() bool {
	if c.err == nil && c.Spend != nil {
		c.err = c.Spend(segmentWork)
	}
	return c.err == nil
}

// overflow and underflow are the errors of float.c.
func (c *Calc) overflow() {
	c.fail(pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: overflow"))
}

func (c *Calc) underflow() {
	c.fail(pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: underflow"))
}

func inf(v float64) bool { return math.IsInf(v, 0) }

func (c *Calc) add(a, b float64) float64 {
	r := float64(a + b) // the conversion keeps the compiler from rounding later, with what is done with r
	if inf(r) && !inf(a) && !inf(b) {
		c.overflow()
	}
	return r
}

func (c *Calc) sub(a, b float64) float64 {
	r := float64(a - b)
	if inf(r) && !inf(a) && !inf(b) {
		c.overflow()
	}
	return r
}

func (c *Calc) mul(a, b float64) float64 {
	r := float64(a * b)
	switch {
	case inf(r) && !inf(a) && !inf(b):
		c.overflow()
	case r == 0 && a != 0 && b != 0:
		c.underflow()
	}
	return r
}

func (c *Calc) div(a, b float64) float64 {
	if b == 0 && !math.IsNaN(a) {
		c.fail(pgerr.New(pgerr.DivisionByZero, "division by zero"))
	}
	r := float64(a / b)
	switch {
	case inf(r) && !inf(a):
		c.overflow()
	case r == 0 && a != 0 && !inf(b):
		c.underflow()
	}
	return r
}

// nan is C's NaN; Go's own has another bit set.
var nan = math.Float64frombits(0x7ff8000000000000)

// hypot is the length of (x, y). It is not the C library's, which rounds better.
func (c *Calc) hypot(x, y float64) float64 {
	switch {
	case inf(x) || inf(y):
		return math.Inf(1)
	case math.IsNaN(x) || math.IsNaN(y):
		return nan
	}
	x, y = math.Abs(x), math.Abs(y)
	if x < y {
		x, y = y, x
	}
	if y == 0 {
		return x
	}
	ratio := y / x
	r := float64(x * math.Sqrt(1+float64(ratio*ratio)))
	switch {
	case inf(r):
		c.overflow()
	case r == 0:
		c.underflow()
	}
	return r
}
