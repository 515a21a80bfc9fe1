package session

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/textsearch"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// queryFunctions run a query that they are given as a text (tsquery_rewrite.c,
// tsvector_op.c), beside the statement that calls them.
var queryFunctions = map[string]function{
	"ts_rewrite_query": rewriteByQuery,
	"ts_stat_query":    statisticsOfQuery,
}

// eachQueryRow calls each for the rows of a query, once accept has taken its
// columns' types.
func (s *Session) eachQueryRow(ctx context.Context, text string, accept func([]*types.Type) error, each func(row []types.Datum) error) error {
	st, p, err := s.planQueryText(ctx, text)
	if err != nil {
		return err
	}
	columns := make([]*types.Type, len(p.Result))
	for i, c := range p.Result {
		columns[i] = c.Type
	}
	if err := accept(columns); err != nil {
		return err
	}
	r, err := s.runPlan(ctx, &execution{stmt: st, text: text}, p, nil)
	if err != nil {
		return inQuery(err, text)
	}
	defer r.close()
	for {
		row, err := r.rows.Next(ctx)
		if err != nil || row == nil {
			return inQuery(err, text)
		}
		if err := each(row); err != nil {
			return err
		}
	}
}

// planQueryText plans one query without parameters that only reads. What is no
// query with rows is 42P11, as a cursor of it would be, and one that writes or
// locks 0A000.
func (s *Session) planQueryText(ctx context.Context, text string) (*sqlparse.Statement, *plan.Statement, error) {
	stmts, err := sqlparse.Parse(text)
	if err != nil {
		return nil, nil, inQuery(err, text)
	}
	if len(stmts) != 1 {
		return nil, nil, pgerr.New(pgerr.InvalidCursorDefinition, "cannot open multi-query plan as cursor")
	}
	st := stmts[0]
	if !plannable(st.Node) {
		return nil, nil, pgerr.Unsupported("a command in a function's query")
	}
	if p := st.ParamBeyond(0); p != nil {
		return nil, nil, inQuery(sqlparse.NoParam(st, p), text)
	}
	p, err := s.plan(ctx, st, nil)
	if err != nil {
		return nil, nil, inQuery(err, text)
	}
	if p.Result == nil {
		return nil, nil, pgerr.New(pgerr.InvalidCursorDefinition, "cannot open %s query as cursor", p.Tag)
	}
	if p.Writes || p.Lasting {
		e := pgerr.New(pgerr.FeatureNotSupported, "%s is not allowed in a non-volatile function", lockingTag(st, p.Tag))
		e.Where = "SQL statement \"" + text + "\""
		return nil, nil, e
	}
	return st, p, nil
}

// inQuery shows an error's place in the query that a function was given, rather
// than in the client's.
func inQuery(err error, text string) error {
	e, ok := err.(*pgerr.E)
	if !ok || e.Position == 0 || e == errMoved {
		return err
	}
	moved := *e
	moved.Position, moved.InternalPosition, moved.InternalQuery = 0, e.Position, text
	return &moved
}

// rewriteByQuery is ts_rewrite with a query of targets and what to put in their place.
func rewriteByQuery(ctx context.Context, s *Session, args []types.Datum) (types.Datum, error) {
	q := args[0].Query()
	if q == nil {
		return args[0], nil
	}
	accept := func(columns []*types.Type) error {
		if len(columns) != 2 || columns[0].Base() != types.TTSQuery || columns[1].Base() != types.TTSQuery {
			return pgerr.New(pgerr.InvalidParameterValue, "ts_rewrite query must return two tsquery columns")
		}
		return nil
	}
	running := expr.Context{Running: ctx}
	err := s.eachQueryRow(ctx, args[1].Text(), accept, func(row []types.Datum) (err error) {
		if row[0].IsNull() || row[1].IsNull() || row[0].Query() == nil {
			return nil
		}
		if q, err = q.Rewrite(row[0].Query(), row[1].Query(), running.Spend); err != nil {
			return err
		}
		q = q.Sorted()
		return nil
	})
	return types.QueryDatum(q), err
}

// statisticsOfQuery is ts_stat: an array of rows. Its second argument, if there
// is one, are the weights that count.
func statisticsOfQuery(ctx context.Context, s *Session, args []types.Datum) (types.Datum, error) {
	var stats textsearch.Statistics
	if len(args) > 1 {
		stats.Weigh(args[1].Text())
	}
	accept := func(columns []*types.Type) error {
		if len(columns) != 1 || columns[0].Base() != types.TTSVector {
			return pgerr.New(pgerr.InvalidParameterValue, "ts_stat query must return one tsvector column")
		}
		return nil
	}
	err := s.eachQueryRow(ctx, args[0].Text(), accept, func(row []types.Datum) error {
		if !row[0].IsNull() {
			stats.Add(row[0].Vector())
		}
		return nil
	})
	if err != nil {
		return types.Null, err
	}
	columns, names := []*types.Type{types.TText, types.TInt4, types.TInt4}, []string{"word", "ndoc", "nentry"}
	var rows []types.Datum
	for word, n := range stats.Words() {
		rows = append(rows, types.RowDatum(&types.Row{Types: columns, Names: names, Fields: []types.Datum{
			types.Text(word), types.Int(int64(n.Documents)), types.Int(int64(n.Entries)),
		}}))
	}
	return types.ArrayDatum(types.NewArray(types.TRecord, rows)), nil
}
