package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/textsearch"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// tsImpls are the operators and functions of tsvector and tsquery that ask no
// configuration (tsvector_op.c, tsquery_op.c, tsquery_rewrite.c, tsrank.c).
var tsImpls = impls{
	"tsvector_strip": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.VectorDatum(a[0].Vector().Strip()), nil
	},
	"tsvector_length": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(int64(len(a[0].Vector()))), nil
	},
	"tsvector_concat": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return vectorOrError(a[0].Vector().Concat(a[1].Vector()))
	},
	"tsvector_setweight": setWeight, "tsvector_setweight_by_filter": setWeightOf, "tsvector_filter": filterVector,
	"tsvector_delete_str": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.VectorDatum(a[0].Vector().Delete(map[string]bool{a[1].Text(): true})), nil
	},
	"tsvector_delete_arr": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.VectorDatum(a[0].Vector().Delete(textSet(a[1]))), nil
	},
	"tsvector_to_array": vectorWords, "array_to_tsvector": vectorOfWords,
	"ts_match_vq": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Bool(a[0].Vector().Matches(a[1].Query())), nil
	},
	"ts_match_qv": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Bool(a[1].Vector().Matches(a[0].Query())), nil
	},
	"tsquery_and": joinQueries(textsearch.And), "tsquery_or": joinQueries(textsearch.Or),
	"tsquery_phrase": joinQueries(textsearch.Phrase), "tsquery_phrase_distance": joinQueries(textsearch.Phrase),
	"tsquery_not": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.QueryDatum(a[0].Query().Negated()), nil
	},
	"tsquery_numnode": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(int64(a[0].Query().Nodes())), nil
	},
	"tsquerytree": queryTree,
	"tsquery_rewrite": func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		q, err := a[0].Query().Rewrite(a[1].Query(), a[2].Query(), ctx.Spend)
		return types.QueryDatum(q), err
	},
	"tsquery_rewrite_query": callSession("ts_rewrite_query"),
	"tsq_mcontains": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Bool(a[0].Query().Contains(a[1].Query())), nil
	},
	"tsq_mcontained": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Bool(a[1].Query().Contains(a[0].Query())), nil
	},
	"ts_rank_wttf": ranked(true, rank), "ts_rank_wtt": ranked(true, rank), "ts_rank_ttf": ranked(false, rank), "ts_rank_tt": ranked(false, rank),
	"ts_rankcd_wttf": ranked(true, rankCover), "ts_rankcd_wtt": ranked(true, rankCover),
	"ts_rankcd_ttf": ranked(false, rankCover), "ts_rankcd_tt": ranked(false, rankCover),
}

var tsRows = rowsImpls{"tsvector_unnest": unnestVector, "ts_stat1": queryStatistics, "ts_stat2": queryStatistics}

// queryStatistics is ts_stat: the session runs the query.
func queryStatistics(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
	d, err := callSession("ts_stat_query")(ctx, a)
	if err != nil {
		return err
	}
	for _, row := range d.Array().Elems {
		if !yield(row) {
			break
		}
	}
	return nil
}

// letterOf is the byte of a "char".
func letterOf(d types.Datum) byte {
	if s := d.Text(); s != "" {
		return s[0]
	}
	return 0
}

func setWeight(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	w, ok := textsearch.WeightOf(letterOf(a[1]))
	if !ok {
		return types.Null, pgerr.Raised("tsvector_setweight", "unrecognized weight: %d", int8(letterOf(a[1])))
	}
	return types.VectorDatum(a[0].Vector().SetWeight(w)), nil
}

func setWeightOf(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	w, ok := textsearch.WeightOf(letterOf(a[1]))
	if !ok {
		return types.Null, pgerr.Raised("tsvector_setweight_by_filter", "unrecognized weight: %s", a[1].Text())
	}
	return types.VectorDatum(a[0].Vector().SetWeightOf(w, textSet(a[2]))), nil
}

// textSet are the elements of a text[] but for NULL.
func textSet(d types.Datum) map[string]bool {
	set := map[string]bool{}
	for _, e := range d.Array().Elems {
		if !e.IsNull() {
			set[e.Text()] = true
		}
	}
	return set
}

func filterVector(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	var weights uint8
	for _, e := range a[1].Array().Elems {
		if e.IsNull() {
			return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "weight array may not contain nulls")
		}
		w, ok := textsearch.WeightOf(letterOf(e))
		switch {
		case ok:
		case e.Text() == "": // the zero byte ends PostgreSQL's message
			return types.Null, pgerr.New(pgerr.InvalidParameterValue, "unrecognized weight: \"")
		default:
			return types.Null, pgerr.New(pgerr.InvalidParameterValue, "unrecognized weight: \"%s\"", e.Text())
		}
		weights |= 1 << w
	}
	return types.VectorDatum(a[0].Vector().Filter(weights)), nil
}

func vectorWords(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	v := a[0].Vector()
	elems := make([]types.Datum, len(v))
	for i, l := range v {
		elems[i] = types.Text(l.Word)
	}
	return types.ArrayDatum(types.NewArray(types.TText, elems)), nil
}

func vectorOfWords(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	var words []string
	for _, e := range a[0].Array().Elems {
		switch {
		case e.IsNull():
			return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "lexeme array may not contain nulls")
		case e.Text() == "":
			return types.Null, pgerr.New(pgerr.ZeroLengthCharacterString, "lexeme array may not contain empty strings")
		}
		words = append(words, e.Text())
	}
	return vectorOrError(textsearch.OfWords(words))
}

func joinQueries(op textsearch.Op) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		distance := int64(1)
		if len(a) == 3 {
			distance = a[2].Int()
		}
		if err := textsearch.CheckDistance(distance); err != nil {
			return types.Null, err
		}
		return types.QueryDatum(textsearch.Joined(op, a[0].Query(), a[1].Query(), int(distance))), nil
	}
}

// queryTree is what of a query an index could look up: T when that is nothing.
func queryTree(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	q := a[0].Query()
	positive := q.Positive()
	if q != nil && positive == nil {
		return types.Text("T"), nil
	}
	return types.Text(string(positive.AppendText(nil))), nil
}

var (
	unnestColumns = []*types.Type{types.TText, types.TInt2Array, types.TTextArray}
	unnestNames   = []string{"lexeme", "positions", "weights"}
)

func unnestVector(_ *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
	for _, l := range a[0].Vector() {
		row := &types.Row{Types: unnestColumns, Names: unnestNames, Fields: []types.Datum{types.Text(l.Word), types.Null, types.Null}}
		if len(l.Positions) > 0 {
			var places, weights []types.Datum
			for _, p := range l.Positions {
				places = append(places, types.Int(int64(p.Place())))
				weights = append(weights, types.Text(string(rune(p.Weight().Letter()))))
			}
			row.Fields[1] = types.ArrayDatum(types.NewArray(types.TInt2, places))
			row.Fields[2] = types.ArrayDatum(types.NewArray(types.TText, weights))
		}
		if !yield(types.RowDatum(row)) {
			return nil
		}
	}
	return nil
}

// ranked calls f with what the arguments say: weights, vector, query, method.
func ranked(weighted bool, f func(*expr.Context, *textsearch.Ranking, textsearch.Vector, *textsearch.Query) (float32, error)) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		weights, method := textsearch.DefaultWeights, 0
		if weighted {
			var err error
			if weights, err = rankWeights(a[0].Array()); err != nil {
				return types.Null, err
			}
			a = a[1:]
		}
		if len(a) == 3 {
			method = int(a[2].Int())
		}
		r, err := textsearch.NewRanking(weights, method)
		if err != nil {
			return types.Null, err
		}
		v, err := f(ctx, r, a[0].Vector(), a[1].Query())
		return types.Float(float64(v)), err
	}
}

// rankWeights reads the weights of D, C, B and A (getWeights).
func rankWeights(a *types.Array) (w [4]float32, err error) {
	if len(a.Dims) != 1 {
		return w, pgerr.New(pgerr.ArraySubscriptError, "array of weight must be one-dimensional")
	}
	if len(a.Elems) < len(w) {
		return w, pgerr.New(pgerr.ArraySubscriptError, "array of weight is too short")
	}
	for _, e := range a.Elems {
		if e.IsNull() {
			return w, pgerr.New(pgerr.NullValueNotAllowed, "array of weight must not contain nulls")
		}
	}
	for i := range w {
		w[i] = float32(a.Elems[i].Float())
	}
	return w, nil
}

func rank(_ *expr.Context, r *textsearch.Ranking, v textsearch.Vector, q *textsearch.Query) (float32, error) {
	return r.Rank(v, q), nil
}

func rankCover(ctx *expr.Context, r *textsearch.Ranking, v textsearch.Vector, q *textsearch.Query) (float32, error) {
	return r.RankCover(v, q, ctx.Spend)
}
