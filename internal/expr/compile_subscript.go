package expr

import "github.com/pegmatitedb/pegmatite/internal/types"

// subscripts are those of an array's element, one for each dimension, at most MaxArrayDims.
type subscripts []Eval

func (c *compiler) subscripts(e *Subscript) (subscripts, error) { return c.all(e.Index) }

// read computes them into dst; null reports that one is NULL.
func (s subscripts) read(ctx *Context, row []types.Datum, dst []int64) (null bool, err error) {
	for i, eval := range s {
		if null, err = bound(eval, ctx, row, &dst[i]); err != nil || null {
			return null, err
		}
	}
	return false, nil
}

// sliceLimits are a slice's bounds in each dimension, nil where one is left out.
type sliceLimits struct{ lower, upper []Eval }

func (c *compiler) limits(e *Subscript) (l sliceLimits, err error) {
	if l.lower, err = c.all(e.Lower); err != nil {
		return l, err
	}
	l.upper, err = c.all(e.Upper)
	return l, err
}

// open reports whether a bound is left out.
func (l *sliceLimits) open() bool {
	for i := range l.upper {
		if l.lower[i] == nil || l.upper[i] == nil {
			return true
		}
	}
	return false
}

// read sets the bounds that are given; null reports that one is NULL.
func (l *sliceLimits) read(ctx *Context, row []types.Datum, b *sliceBounds) (null bool, err error) {
	for i := range l.upper {
		if null, err = bound(l.lower[i], ctx, row, &b.from[i]); err != nil || null {
			return null, err
		}
		if null, err = bound(l.upper[i], ctx, row, &b.to[i]); err != nil || null {
			return null, err
		}
	}
	return false, nil
}

// bound computes one subscript; a nil eval leaves dst as it is.
func bound(eval Eval, ctx *Context, row []types.Datum, dst *int64) (null bool, err error) {
	if eval == nil {
		return false, nil
	}
	v, err := eval(ctx, row)
	if err != nil || v.IsNull() {
		return true, err
	}
	*dst = v.Int()
	return false, nil
}
