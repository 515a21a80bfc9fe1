package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/jsonpath"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// jsonpathImpls run expressions of SQL/JSON path (jsonpath_exec.c): what they
// find is in jsonpath_*.go.
var jsonpathImpls = impls{
	"jsonb_path_exists": pathExists(false), "jsonb_path_exists_tz": pathExists(true), "jsonb_path_exists_opr": pathExists(false),
	"jsonb_path_match": pathMatch(false), "jsonb_path_match_tz": pathMatch(true), "jsonb_path_match_opr": pathMatch(false),
	"jsonb_path_query_array": pathArray(false), "jsonb_path_query_array_tz": pathArray(true),
	"jsonb_path_query_first": pathFirst(false), "jsonb_path_query_first_tz": pathFirst(true),
}

var jsonpathRows = rowsImpls{"jsonb_path_query": pathQuery(false), "jsonb_path_query_tz": pathQuery(true)}

// pathCall is the arguments of a call: target, path, vars, silent. Of an operator
// there are two, and it is silent.
type pathCall struct {
	run    *pathRun
	path   *jsonpath.Path
	silent bool
}

// newPathCall reads the arguments; zoned is of the functions that know the session's time zone.
func newPathCall(ctx *expr.Context, a []types.Datum, zoned bool) (*pathCall, error) {
	target, err := parsedJSON(ctx, a[0])
	if err != nil {
		return nil, err
	}
	text := a[1].Text()
	path, err := ctx.Memo(pathKey(text), func() (any, error) { return jsonpath.Parse(text) })
	if err != nil {
		return nil, err
	}
	c := &pathCall{run: &pathRun{ctx: ctx, size: -1, zoned: zoned}, path: path.(*jsonpath.Path), silent: true}
	r := c.run
	r.lax, r.ignoring = !c.path.Strict, !c.path.Strict
	r.root = &pathBase{value: &target}
	r.base, r.objects = r.root, 1
	if len(a) == 4 {
		vars, err := parsedJSON(ctx, a[2])
		if err != nil {
			return nil, err
		}
		if vars.Kind != types.JSONObject {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "\"vars\" argument is not an object").
				WithDetail("Jsonpath parameters should be encoded as key-value pairs of \"vars\" object.")
		}
		c.silent = a[3].Bool()
		r.vars, r.objects = &pathBase{value: &vars, id: 1}, 2
	}
	return c, nil
}

// pathKey is what a parsed expression is remembered by.
type pathKey string

// find runs the expression. With no list to fill, something found is enough, but
// in strict mode, where there must be no error anywhere.
func (c *pathCall) find(list *found) (outcome, error) {
	r := c.run
	if list == nil && !r.lax {
		all := &found{}
		o, err := r.item(c.path.Root, r.root.value, all)
		if o == failed || err != nil {
			return c.answer(o, err)
		}
		if all.items == nil {
			return notFound, nil
		}
		return ok, nil
	}
	return c.answer(r.item(c.path.Root, r.root.value, list))
}

// answer keeps what went wrong with the values to itself if the call is silent.
func (c *pathCall) answer(o outcome, err error) (outcome, error) {
	if o == failed && err == nil && !c.silent {
		return o, c.run.failure
	}
	return o, err
}

func pathExists(zoned bool) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		c, err := newPathCall(ctx, a, zoned)
		if err != nil {
			return types.Null, err
		}
		o, err := c.find(nil)
		if err != nil || o == failed {
			return types.Null, err
		}
		return types.Bool(o == ok), nil
	}
}

func pathMatch(zoned bool) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		c, err := newPathCall(ctx, a, zoned)
		if err != nil {
			return types.Null, err
		}
		var list found
		if _, err := c.find(&list); err != nil {
			return types.Null, err
		}
		if len(list.items) == 1 {
			switch v := list.items[0]; v.Kind {
			case types.JSONBool:
				return types.Bool(v.Bool), nil
			case types.JSONNull:
				return types.Null, nil
			}
		}
		if !c.silent {
			return types.Null, pgerr.New(pgerr.SingletonSQLJSONItemRequired, "single boolean result is expected")
		}
		return types.Null, nil
	}
}

// pathFound is all that an expression finds.
func pathFound(ctx *expr.Context, a []types.Datum, zoned bool) (*found, error) {
	c, err := newPathCall(ctx, a, zoned)
	if err != nil {
		return nil, err
	}
	list := &found{}
	_, err = c.find(list)
	return list, err
}

func pathArray(zoned bool) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		list, err := pathFound(ctx, a, zoned)
		if err != nil {
			return types.Null, err
		}
		array := types.JSONValue{Kind: types.JSONArray}
		for _, v := range list.items {
			array.Elems = append(array.Elems, *v)
		}
		return jsonDatum(ctx, array)
	}
}

func pathFirst(zoned bool) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		list, err := pathFound(ctx, a, zoned)
		if err != nil || len(list.items) == 0 {
			return types.Null, err
		}
		return jsonDatum(ctx, *list.items[0])
	}
}

func pathQuery(zoned bool) rowsImpl {
	return func(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
		list, err := pathFound(ctx, a, zoned)
		if err != nil {
			return err
		}
		for _, v := range list.items {
			d, err := jsonDatum(ctx, *v)
			if err != nil {
				return err
			}
			if !yield(d) {
				return nil
			}
		}
		return nil
	}
}
