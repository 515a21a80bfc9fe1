package expr

import (
	"strconv"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// path compiles the subscripts of a jsonb: steps as texts. null reports that
// one of them is NULL.
func (c *compiler) path(list []Expr) (func(ctx *Context, row []types.Datum) (path []string, null bool, err error), error) {
	evals, err := c.all(list)
	if err != nil {
		return nil, err
	}
	return func(ctx *Context, row []types.Datum) (path []string, null bool, err error) {
		for _, eval := range evals {
			v, err := eval(ctx, row)
			switch {
			case err != nil || v.IsNull():
				return nil, true, err
			case v.Kind() == types.KindInt:
				path = append(path, strconv.FormatInt(v.Int(), 10))
			default:
				path = append(path, v.Text())
			}
		}
		return path, false, nil
	}, nil
}

// jsonPart is what a path leads to in a jsonb (jsonb_get_element).
func (c *compiler) jsonPart(e *Subscript, arg Eval) (Eval, error) {
	steps, err := c.path(e.Index)
	if err != nil {
		return nil, err
	}
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		whole, err := arg(ctx, row)
		if err != nil || whole.IsNull() {
			return types.Null, err
		}
		path, null, err := steps(ctx, row)
		if err != nil || null {
			return types.Null, err
		}
		v, err := types.ParseJSON(whole.Text(), ctx.Spend)
		if err != nil {
			return types.Null, err
		}
		part, ok := v.At(path)
		if !ok {
			return types.Null, nil
		}
		return part.Datum(ctx.Spend)
	}, nil
}

// jsonAssignment is jsonb_subscript_assign: NULL is put in as a null, and taken
// for the container that the first step wants.
func (c *compiler) jsonAssignment(e *Subscript, arg, value Eval) (Eval, error) {
	steps, err := c.path(e.Index)
	if err != nil {
		return nil, err
	}
	empty := types.JSONValue{Kind: types.JSONObject}
	if e.Index[0].Type().Datum == types.KindInt {
		empty.Kind = types.JSONArray
	}
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		whole, err := arg(ctx, row)
		if err != nil {
			return types.Null, err
		}
		path, null, err := steps(ctx, row)
		if err != nil {
			return types.Null, err
		}
		if null {
			return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "jsonb subscript in assignment must not be null")
		}
		d, err := value(ctx, row)
		if err != nil {
			return types.Null, err
		}
		into, part := empty, types.JSONValue{}
		if !whole.IsNull() {
			if into, err = types.ParseJSON(whole.Text(), ctx.Spend); err != nil {
				return types.Null, err
			}
		}
		if !d.IsNull() {
			if part, err = types.ParseJSON(d.Text(), ctx.Spend); err != nil {
				return types.Null, err
			}
		}
		if into, err = into.Assign(path, part); err != nil {
			return types.Null, err
		}
		return into.Datum(ctx.Spend)
	}, nil
}
