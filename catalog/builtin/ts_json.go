package builtin

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/textsearch"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// jsonParts are what of a document goes into a vector.
type jsonParts struct{ keys, strings, numbers, booleans bool }

// jsonPartsOf reads the names of parts (parse_jsonb_index_flags).
func jsonPartsOf(filter types.JSONValue) (p jsonParts, err error) {
	list := []types.JSONValue{filter}
	switch filter.Kind {
	case types.JSONArray:
		list = filter.Elems
	case types.JSONObject:
		return p, pgerr.New(pgerr.InvalidParameterValue, "wrong flag type, only arrays and scalars are allowed")
	}
	refuse := func(e *pgerr.E) error {
		return e.WithHint(`Possible values are: "string", "numeric", "boolean", "key", and "all".`)
	}
	for _, v := range list {
		if v.Kind != types.JSONString {
			return p, refuse(pgerr.New(pgerr.InvalidParameterValue, "flag array element is not a string"))
		}
		switch strings.ToLower(v.Text) {
		case "all":
			p = jsonParts{true, true, true, true}
		case "key":
			p.keys = true
		case "string":
			p.strings = true
		case "numeric":
			p.numbers = true
		case "boolean":
			p.booleans = true
		default:
			return p, refuse(pgerr.New(pgerr.InvalidParameterValue, "wrong flag in flag array: \"%s\"", v.Text))
		}
	}
	return p, nil
}

// jsonWalk gathers the lexemes of a document, in the order of its text.
type jsonWalk struct {
	ctx    *expr.Context
	config *textsearch.Config
	parts  jsonParts
	doc    textsearch.Document
}

func (w *jsonWalk) add(text string) error { return w.doc.AddElement(w.config, text, w.ctx.Spend) }

func (w *jsonWalk) value(j jsonText) error {
	switch j.kind() {
	case "string":
		if !w.parts.strings {
			return nil
		}
		s, err := j.unquote(w.ctx)
		if err != nil {
			return err
		}
		return w.add(s)
	case "number":
		if w.parts.numbers {
			return w.add(string(j))
		}
		return nil
	case "boolean":
		if w.parts.booleans {
			return w.add(string(j))
		}
		return nil
	case "null":
		return nil
	}
	var failed error
	err := j.each(w.ctx, func(key string, v jsonText) bool {
		if j[0] == '{' && w.parts.keys {
			failed = w.add(key)
		}
		if failed == nil {
			failed = w.value(v)
		}
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	return err
}

func (w *jsonWalk) vector(d types.Datum) (types.Datum, error) {
	if err := w.value(jsonOf(d)); err != nil {
		return types.Null, err
	}
	return vectorOrError(w.doc.Vector())
}

func jsonStringsToVector(ctx *expr.Context, c *textsearch.Config, a []types.Datum) (types.Datum, error) {
	w := jsonWalk{ctx: ctx, config: c, parts: jsonParts{strings: true}}
	return w.vector(a[0])
}

func jsonToVector(ctx *expr.Context, c *textsearch.Config, a []types.Datum) (types.Datum, error) {
	filter, err := parsedJSON(ctx, a[1])
	if err != nil {
		return types.Null, err
	}
	w := jsonWalk{ctx: ctx, config: c}
	if w.parts, err = jsonPartsOf(filter); err != nil {
		return types.Null, err
	}
	return w.vector(a[0])
}

// jsonHeadlines makes a document with a headline for every string.
type jsonHeadlines struct {
	ctx     *expr.Context
	config  *textsearch.Config
	query   *textsearch.Query
	options *textsearch.HeadlineOptions
}

func newJSONHeadlines(ctx *expr.Context, c *textsearch.Config, a []types.Datum) (*jsonHeadlines, error) {
	o, err := headlineOptions(a)
	return &jsonHeadlines{ctx, c, a[1].Query(), o}, err
}

func (h *jsonHeadlines) append(dst []byte, j jsonText) ([]byte, error) {
	switch j.kind() {
	case "string":
		s, err := j.unquote(h.ctx)
		if err == nil {
			s, err = h.config.Headline(s, h.query, h.options, h.ctx.Spend)
		}
		if err != nil {
			return nil, err
		}
		return types.AppendJSONStringLong(dst, s, h.ctx.Spend)
	case "object", "array":
	default:
		return append(dst, j...), nil
	}
	first, failed := true, error(nil)
	dst = append(dst, j[0])
	err := j.each(h.ctx, func(key string, v jsonText) bool {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		if j[0] == '{' {
			dst = append(types.AppendJSONString(dst, key), ':')
		}
		dst, failed = h.append(dst, v)
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	return append(dst, j[0]+2), err // ] and } stand two behind [ and {
}

func headlineJSON(ctx *expr.Context, c *textsearch.Config, a []types.Datum) (types.Datum, error) {
	h, err := newJSONHeadlines(ctx, c, a)
	if err != nil {
		return types.Null, err
	}
	b, err := h.append(nil, jsonOf(a[0]))
	return types.Text(textOf(b)), err
}

func headlineJSONB(ctx *expr.Context, c *textsearch.Config, a []types.Datum) (types.Datum, error) {
	d, err := headlineJSON(ctx, c, a)
	if err != nil {
		return types.Null, err
	}
	v, err := parsedJSON(ctx, d)
	if err != nil {
		return types.Null, err
	}
	return jsonDatum(ctx, v)
}
