package session

import (
	"context"
	"time"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/planner/exec"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard/rowcodec"
	"github.com/pegmatitedb/pegmatite/sqlparse"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/wire/session/sample"
)

// startStatement notes what runs and arms statement_timeout; stop ends both,
// with the error that the statement ended with.
func (s *Session) startStatement(ctx context.Context, text string) (_ context.Context, stop func(error)) {
	s.activity.set(text)
	s.statementStart = time.Now()
	s.activity.run(true, s.statementStart)
	ctx, cancel := s.limited(ctx)
	begun := s.statementStart
	return ctx, func(err error) {
		cancel()
		ended := time.Now()
		s.activity.run(false, ended)
		s.finished(text, ended.Sub(begun), err)
	}
}

// limited ends ctx when statement_timeout has passed.
func (s *Session) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	ms := s.derived().statementTimeoutMS
	if ms <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, duration(ms), pgerr.New(pgerr.QueryCanceled, "canceling statement due to statement timeout"))
}

// finished counts a statement, and logs a slow one.
func (s *Session) finished(text string, took time.Duration, err error) {
	if s.node.Metrics != nil {
		s.node.Metrics.Statement(took, err != nil)
	}
	if s.node.Slow < 0 || took < s.node.Slow {
		return
	}
	attrs := []any{"took_ms", float64(took.Microseconds()) / 1000, "pid", s.pid(), "statement", text}
	if err != nil {
		attrs = append(attrs, "sqlstate", string(pgerr.From(err).Code))
	}
	s.node.Log.Warn("slow statement", attrs...)
}

// execute runs one statement to its result, whose rows are yet to be read.
func (s *Session) execute(ctx context.Context, x *execution) (*result, error) {
	if t := x.stmt.Node.GetTransactionStmt(); t != nil {
		if err := s.checkAlone(x.stmt); err != nil {
			return nil, err
		}
		return s.transactionCommand(ctx, t)
	}
	if err := s.step(ctx, onStatement); err != nil {
		return nil, err
	}
	return s.run(ctx, x)
}

// run runs a statement inside the present transaction.
func (s *Session) run(ctx context.Context, x *execution) (*result, error) {
	s.statement = x.stmt
	if looksUp(x.stmt.Node) {
		s.catchUp(ctx)
	}
	s.follow()
	if err := s.checkAlone(x.stmt); err != nil {
		return nil, err
	}
	if x.prepared != nil && x.stmt.Node.GetTransactionStmt() != nil {
		return s.transactionCommand(ctx, x.stmt.Node.GetTransactionStmt())
	}
	if readsRows(x.stmt.Node) {
		if err := s.fixSnapshot(ctx); err != nil {
			return nil, err
		}
	}
	if !plannable(x.stmt.Node) {
		return s.persist(ctx, func() (*result, error) { return s.command(ctx, x) })
	}
	return s.persist(ctx, func() (*result, error) {
		st, err := s.planExecution(ctx, x)
		if err != nil {
			return nil, err
		}
		return s.runPlan(ctx, x, st, nil)
	})
}

// planExecution plans what is about to run.
func (s *Session) planExecution(ctx context.Context, x *execution) (*plan.Statement, error) {
	if x.prepared != nil {
		return s.planPrepared(ctx, x.prepared)
	}
	if p := x.stmt.ParamBeyond(len(x.params)); p != nil {
		return nil, sqlparse.NoParam(x.stmt, p)
	}
	return s.plan(ctx, x.stmt, x.declared)
}

// plan plans a statement, or finds its plan in the node's cache.
func (s *Session) plan(ctx context.Context, st *sqlparse.Statement, declared []*types.Type) (*plan.Statement, error) {
	return s.planWith(ctx, st, declared, nil)
}

// planWith plans a statement of a function that has these arguments; nil is of none.
func (s *Session) planWith(ctx context.Context, st *sqlparse.Statement, declared []*types.Type, arguments *bind.Arguments) (p *plan.Statement, err error) {
	once := func() (*plan.Statement, error) {
		env := s.env.bind()
		env.Interrupted, env.Arguments = ctx.Err, arguments
		s.planned = env.Snapshot
		return s.node.Plans.Plan(env, st, declared)
	}
	err = s.certain(ctx, st.Node, func() error {
		return s.confirmed(ctx, func() error {
			p, err = once()
			if err == nil && p.Labels && s.fellBehind(ctx) {
				p, err = once()
			}
			return err
		})
	})
	return p, err
}

// runPlan starts a plan; analysis is EXPLAIN ANALYZE's, or nil.
func (s *Session) runPlan(ctx context.Context, x *execution, st *plan.Statement, analysis *plan.Analysis) (*result, error) {
	if st.Lasting {
		if err := s.checkReadOnly(lockingTag(x.stmt, st.Tag)); err != nil {
			return nil, err
		}
	}
	begin := s.tx.txn.Run
	switch {
	case x.latest:
		begin = s.tx.txn.RunLatest
	case x.within != nil:
		begin = x.within.Within
	}
	run := begin()
	err := s.holdRelations(ctx, st)
	if err == nil && !x.latest {
		err = s.checkMoved(st.Reads)
	}
	var lifted []types.Datum
	if err == nil {
		lifted, err = s.literals(ctx, x.stmt, st)
	}
	if err != nil {
		run.Close()
		return nil, err
	}
	env := s.env.exec(run)
	env.Analyze = analysis
	if st.Writes && !x.latest {
		env.Keys = exec.NewKeyChanges(env)
	}
	cursor, err := exec.Run(ctx, env, st, x.params, lifted)
	if err != nil {
		run.Close()
		return nil, err
	}
	rows := newCursorRows(cursor, run, st)
	r := &result{columns: st.Result, rows: rows, writes: st.Writes}
	if env.Keys != nil {
		r.rows = &followedRows{cursorRows: rows, session: s, keys: env.Keys, writesFirst: writesFirst(st)}
	}
	r.tag = func(n int64) string {
		if st.Result == nil {
			n = cursor.Affected()
		}
		return planTag(st.Tag, n)
	}
	return r, nil
}

// lockingTag is the tag of a statement that writes, with what makes a SELECT one.
func lockingTag(st *sqlparse.Statement, tag string) string {
	clauses := st.Node.GetSelectStmt().GetLockingClause()
	if tag != "SELECT" || len(clauses) == 0 {
		return tag
	}
	return tag + map[pg.LockClauseStrength]string{
		pg.LockClauseStrength_LCS_FORKEYSHARE: " FOR KEY SHARE", pg.LockClauseStrength_LCS_FORSHARE: " FOR SHARE",
		pg.LockClauseStrength_LCS_FORNOKEYUPDATE: " FOR NO KEY UPDATE", pg.LockClauseStrength_LCS_FORUPDATE: " FOR UPDATE",
	}[clauses[0].GetLockingClause().GetStrength()]
}

// planTag is a plan's command tag: of n rows that the client got, or without a
// result, that were changed.
func planTag(tag string, n int64) string {
	if tag == "INSERT" {
		return "INSERT 0 " + itoa(n)
	}
	return tag + " " + itoa(n)
}

// literals reads a statement's lifted literals in the types that binding gave
// them, in that order: the first that cannot be read is the error.
func (s *Session) literals(ctx context.Context, st *sqlparse.Statement, p *plan.Statement) ([]types.Datum, error) {
	if len(st.Lifted) == 0 {
		return nil, nil
	}
	out := make([]types.Datum, len(st.Lifted))
	for i, l := range st.Lifted {
		d, err := l.Datum()
		if err != nil {
			return nil, err
		}
		out[i] = d
	}
	for _, i := range p.ReadOrder {
		t := p.Lifted[i]
		d, err := t.Parse(s.env.input(), st.Lifted[i].Text, -1)
		if err != nil {
			if t.OID >= catalog.FirstNormalOID && s.fellBehind(ctx) {
				return nil, errMoved // the type may have the label by now
			}
			return nil, pgerr.From(err).WithPosition(st.LiteralPosition(i))
		}
		out[i] = d
	}
	return out, nil
}

// cursorRows reads a run's rows; closing it releases the statement's snapshot.
type cursorRows struct {
	cursor exec.Cursor
	run    *txn.Run
	// Of rows that come packed: their columns, and the row that all of them are read into.
	packed []rowcodec.Column
	row    []types.Datum
}

func newCursorRows(cursor exec.Cursor, run *txn.Run, st *plan.Statement) *cursorRows {
	c := &cursorRows{cursor: cursor, run: run}
	if cursor.Packed() {
		c.packed, c.row = packedColumns(st), make([]types.Datum, len(st.Result))
	}
	return c
}

// packedKey is where a plan's Memo has its columns as rows are packed.
type packedKey struct{}

func packedColumns(st *plan.Statement) []rowcodec.Column {
	v, _ := st.Memo.Derive(packedKey{}, func() (any, error) {
		columns := make([]rowcodec.Column, len(st.Result))
		for i, c := range st.Result {
			columns[i] = rowcodec.Column{Type: c.Type, Typmod: c.Typmod}
		}
		return columns, nil
	})
	return v.([]rowcodec.Column)
}

// Next implements rowSource.
func (c *cursorRows) Next(ctx context.Context) ([]types.Datum, error) {
	if c.packed == nil {
		return c.cursor.Next(ctx)
	}
	row, err := c.cursor.NextPacked(ctx)
	if err != nil || row == nil {
		return nil, err
	}
	if len(c.packed) == 0 { // a fragment that fetches nothing sends a constant
		return c.row, nil
	}
	return c.row, rowcodec.Decode(c.row, row, c.packed)
}

// Close implements rowSource.
func (c *cursorRows) Close() error {
	err := c.cursor.Close()
	c.run.Close()
	return err
}

// internal runs SQL of our own inside the present transaction and collects its
// rows (DDL that looks at rows).
func (s *Session) internal(ctx context.Context, sql string) ([][]types.Datum, error) {
	stmts, err := sqlparse.Parse(sql)
	if err != nil {
		return nil, err
	}
	st, err := s.plan(ctx, stmts[0], nil)
	if err != nil {
		return nil, err
	}
	r, err := s.runPlan(ctx, &execution{stmt: stmts[0], text: sql, latest: true}, st, nil)
	if err != nil {
		return nil, err
	}
	defer r.close()
	var rows [][]types.Datum
	for {
		row, err := r.next(ctx)
		if err != nil || row == nil {
			return rows, err
		}
		kept := make([]types.Datum, len(row))
		for i, d := range row {
			kept[i] = sample.Own(d) // a row is its source's again at the next one
		}
		rows = append(rows, kept)
	}
}
