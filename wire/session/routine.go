package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Functions that users have made run here, on the node of the session that calls
// them: their statements are planned with the arguments as parameters, and run
// one after the other in the session's transaction. What the planner has put into
// the calling statement itself does not come here.

// running is the session as a statement's expressions see it: functions that are
// not volatile read what the statement reads.
type running struct {
	*Session
	run *txn.Run
}

// RunRoutine implements expr.Session.
func (r *running) RunRoutine(ctx *expr.Context, f *expr.Function, args []types.Datum, yield func(types.Datum) bool) error {
	return r.callRoutine(ctx.Running, r.run, f, args, yield)
}

// RunRoutine implements expr.Session, for expressions outside of a plan.
func (s *Session) RunRoutine(ctx *expr.Context, f *expr.Function, args []types.Datum, yield func(types.Datum) bool) error {
	return s.callRoutine(ctx.Running, nil, f, args, yield)
}

// stackKBPerRoutine is what one function within another is reckoned at of
// max_stack_depth: PostgreSQL gets some 400 calls of a simple one into 2 MB.
const stackKBPerRoutine = 5

// maxRoutines is how many functions a session keeps ready.
const maxRoutines = 256

// callRoutine runs a function within a statement's run; nil is none.
func (s *Session) callRoutine(ctx context.Context, within *txn.Run, f *expr.Function, args []types.Datum, yield func(types.Datum) bool) (err error) {
	if stack := s.env.types().MaxStackKB; s.depth*stackKBPerRoutine > stack {
		return pgerr.TooDeepAt(stack)
	}
	if ctx == nil {
		ctx = context.Background() // an expression that no request waits for
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.depth++
	statement, planned := s.statement, s.planned
	defer func() { s.depth, s.statement, s.planned = s.depth-1, statement, planned }()
	r, err := s.routine(ctx, f)
	if err != nil {
		return err
	}
	if r.of.Volatility == 'v' {
		within = nil
	}
	undo, err := s.routineSettings(r.of)
	if err != nil {
		return err
	}
	defer undo()
	call := &routineCall{s: s, r: r, within: within, args: slices.Clone(args), yield: yield}
	return r.body.run(ctx, call)
}

// routineSettings sets what the function has SET clauses for, until undo.
func (s *Session) routineSettings(f *catalog.Function) (undo func(), err error) {
	if len(f.Config) == 0 {
		return func() {}, nil
	}
	mark := s.settings.Mark()
	undo = func() {
		s.settings.RollbackTo(mark)
		s.settingsChanged()
	}
	for _, c := range f.Config {
		name, value, _ := strings.Cut(c, "=")
		if err := s.setSetting(name, value, true); err != nil {
			undo()
			return nil, err
		}
	}
	s.settingsChanged()
	return undo, nil
}

// routine is a function made ready for calls with certain types.
type routine struct {
	of   *catalog.Function
	args []*types.Type
	body routineBody
}

// routineBody is what a function does, in one of the languages.
type routineBody interface {
	run(ctx context.Context, c *routineCall) error
}

// routineCall is one call.
type routineCall struct {
	s      *Session
	r      *routine
	within *txn.Run
	args   []types.Datum
	yield  func(types.Datum) bool
}

// routine finds a function among those that are ready, or makes it so.
func (s *Session) routine(ctx context.Context, f *expr.Function) (*routine, error) {
	of := s.snapshot().FunctionByOID(f.OID)
	if of == nil {
		return nil, pgerr.Raised("fmgr_info", "cache lookup failed for function %d", f.OID)
	}
	if of.SecurityDefiner && of.Owner != s.currentUser().OID {
		return nil, pgerr.Unsupported("calling a SECURITY DEFINER function that another role owns")
	}
	list := s.routines[of.OID]
	for _, r := range list {
		if r.of == of && slices.Equal(r.args, f.Args) {
			return r, nil
		}
	}
	list = slices.DeleteFunc(list, func(r *routine) bool { return r.of != of })
	body, err := s.routineBody(ctx, of, f)
	if err != nil {
		return nil, err
	}
	r := &routine{of: of, args: f.Args, body: body}
	if s.routines == nil || len(s.routines) >= maxRoutines {
		s.routines = map[catalog.OID][]*routine{}
	}
	s.routines[of.OID] = append(list, r)
	return r, nil
}

func (s *Session) routineBody(ctx context.Context, of *catalog.Function, f *expr.Function) (routineBody, error) {
	switch of.Language {
	case "sql":
		return s.sqlBody(ctx, of, f)
	case "plpgsql":
		return s.plpgsqlBody(of, f)
	case "internal":
		if impl := s.node.Library.Implementation(of.Body); impl != nil {
			return internalBody{impl}, nil
		}
	}
	return nil, pgerr.Unsupported("language %s", of.Language)
}

// internalBody is a built-in function under another name.
type internalBody struct{ f *expr.Function }

func (b internalBody) run(ctx context.Context, c *routineCall) error {
	ec := c.context(ctx)
	if b.f.ReturnsSet {
		return b.f.Rows(ec, c.args, c.yield)
	}
	v, err := expr.EvalConst(ec, expr.NewCall(b.f, constants(c.r.args, c.args)...))
	if err == nil {
		c.yield(v)
	}
	return err
}

func constants(list []*types.Type, values []types.Datum) []expr.Expr {
	out := make([]expr.Expr, len(values))
	for i, v := range values {
		out[i] = expr.NewConst(list[i], v)
	}
	return out
}

// context is what expressions of the call's own are computed in.
func (c *routineCall) context(ctx context.Context) *expr.Context {
	return &expr.Context{
		Env: c.s.env.types(), Session: &running{c.s, c.within}, Running: ctx, Params: c.args,
		StatementTime: c.s.statementStart, TransactionTime: c.s.tx.started,
	}
}

// plannedInBody is a statement of a body, planned now if its last plan does not do any more.
func (s *Session) plannedInBody(ctx context.Context, p *prepared, arguments *bind.Arguments) (*plan.Statement, error) {
	now := s.env.version()
	if p.plan != nil && p.planAt == now {
		s.planned = now.snapshot
		return p.plan, nil
	}
	st, err := s.planWith(ctx, p.stmt, p.declared, arguments)
	if err != nil {
		return nil, err
	}
	p.result = st.Result
	if p.plan = st; st.ReadNow || st.Labels || s.env.since(now.snapshot) != nil {
		p.plan = nil
	}
	p.planAt = now
	return st, nil
}

// query runs a statement of a body that is a query, and calls each for its rows
// until that answers false; a query that writes goes to its end.
func (c *routineCall) query(ctx context.Context, p *prepared, arguments *bind.Arguments, each func(row []types.Datum) (bool, error)) error {
	r, err := c.start(ctx, p, arguments)
	if err != nil {
		return err
	}
	defer r.close()
	wants := true
	for {
		row, err := r.next(ctx)
		if err != nil || row == nil {
			return err
		}
		if wants {
			if wants, err = each(row); err != nil {
				return err
			}
		}
		if !wants && !r.writes {
			return nil
		}
	}
}

// start runs a query to its first row.
func (c *routineCall) start(ctx context.Context, p *prepared, arguments *bind.Arguments) (*result, error) {
	s := c.s
	return s.persist(ctx, func() (*result, error) {
		st, err := s.plannedInBody(ctx, p, arguments)
		if err != nil {
			return nil, duringStartup{err}
		}
		if st.Writes && c.r.of.Volatility != 'v' {
			return nil, duringStartup{errNotVolatile(lockingTag(p.stmt, st.Tag))}
		}
		return s.runPlan(ctx, &execution{stmt: p.stmt, text: p.stmt.Text, params: c.args, within: c.within}, st, nil)
	})
}

func errNotVolatile(command string) error {
	return pgerr.New(pgerr.FeatureNotSupported, "%s is not allowed in a non-volatile function", command)
}

// duringStartup is an error in reading a body, before any of it has run.
type duringStartup struct{ error }

func (e duringStartup) Unwrap() error { return e.error }

// located adds to an error where in a function it was met.
func located(err error, body, startup, statement string) error {
	if err == nil || errors.Is(err, errMoved) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		err = pgerr.From(err)
	}
	var early duringStartup
	if errors.As(err, &early) {
		return bind.InFunction(early.error, body, startup)
	}
	return bind.InFunction(err, body, statement)
}

// plpgsqlContext is CONTEXT's line for an error in a function in PL/pgSQL.
func plpgsqlContext(s *Session, f *catalog.Function, line int, words string) string {
	return fmt.Sprintf("PL/pgSQL function %s line %d at %s", s.procedureName(f.OID), line, words)
}
