package expr

import (
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// fixedPart is an element of a type of fixed length, NULL where there is none
// (array_get_element of raw arrays). A slice is 0A000 once there is something to cut.
func (c *compiler) fixedPart(e *Subscript, arg Eval) (Eval, error) {
	index, err := c.fixedIndex(e)
	if err != nil {
		return nil, err
	}
	t := e.Arg.Type()
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		whole, err := arg(ctx, row)
		if err != nil || whole.IsNull() {
			return types.Null, err
		}
		var subs [2 * MaxArrayDims]int64
		null, err := index.read(ctx, row, subs[:])
		switch {
		case err != nil || null:
			return types.Null, err
		case e.Slice:
			return types.Null, pgerr.New(pgerr.FeatureNotSupported, "slices of fixed-length arrays not implemented")
		case len(index) != 1 || !t.HasFixedPart(subs[0]):
			return types.Null, nil
		}
		return t.FixedPart(whole, subs[0]), nil
	}, nil
}

// fixedIndex are the subscripts, of a slice the bounds that are given.
func (c *compiler) fixedIndex(e *Subscript) (index subscripts, err error) {
	if !e.Slice {
		return c.subscripts(e)
	}
	for i := range e.Upper {
		for _, b := range [...]Expr{e.Lower[i], e.Upper[i]} {
			if b == nil {
				continue
			}
			eval, err := c.compile(b)
			if err != nil {
				return nil, err
			}
			index = append(index, eval)
		}
	}
	return index, nil
}

// fixedAssignment puts an element into a value of a type of fixed length. What
// is NULL, the whole or the element, leaves the whole as it is (array_set_element).
func (c *compiler) fixedAssignment(e *Subscript, arg, value Eval) (Eval, error) {
	index, err := c.fixedIndex(e)
	if err != nil {
		return nil, err
	}
	t := e.T
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		whole, err := arg(ctx, row)
		if err != nil {
			return types.Null, err
		}
		var subs [2 * MaxArrayDims]int64
		null, err := index.read(ctx, row, subs[:])
		if err != nil || null {
			return types.Null, nullSubscript(err)
		}
		v, err := value(ctx, row)
		switch {
		case err != nil || v.IsNull() || whole.IsNull():
			return whole, err
		case e.Slice:
			return types.Null, pgerr.New(pgerr.FeatureNotSupported, "updates on slices of fixed-length arrays not implemented")
		case len(index) != 1:
			return types.Null, errSubscripts()
		case !t.HasFixedPart(subs[0]):
			return types.Null, errSubscriptRange()
		}
		return t.WithFixedPart(whole, subs[0], v)
	}, nil
}
