package bind

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// binder is the state of binding one statement.
type binder struct {
	env *Env
	// text is what locations refer to: the statement, or a view's or default's text inside of it.
	text *sqlparse.Statement
	// main is the statement itself; its ParamRefs are the client's parameters and lifted literals.
	main *sqlparse.Statement

	nextID expr.ColumnID
	nextCT int

	params []*types.Type // of $1…; nil is not known yet
	lifted []*types.Type
	// uses and typed count how often each lifted literal occurs, and got a type.
	uses, typed []int
	// order are the lifted literals in the order in which they got their types.
	order []int

	// routine is the function whose body text is; inlining are those that are being
	// put into the statement, outermost first; called says that one was met.
	routine  *routineText
	inlining []catalog.OID
	called   bool
	// labels: a function that tells of an enum's labels is called.
	labels bool
	// guards are those of domains, and of types with domains in them.
	guards map[*types.Type]*expr.Guard
	// fromCatalog: the text is one that the catalog keeps.
	fromCatalog bool
	// runs: the plan is to be executed, and may name columns that nobody sees.
	runs bool

	coercer *builtin.Coercer
	reads   map[catalog.OID]uint64
	writes  bool
	lasting bool // also to tables that are not temporary
	// steps counts what was bound since Interrupted was asked.
	steps int
	notes notes
	// views are the views being expanded, outermost first.
	views []catalog.OID
	// closed leaves views unexpanded, for who asks what a text means: their columns
	// are known, and views over views name others more often than anybody can expand.
	closed bool
	// sees limits what the text of a view that is being bound sees of relations (catalog.View.Sees).
	sees map[catalog.OID]int16
	// at is the reference that is being bound.
	at *pg.ColumnRef
	// sides are the marked sides of outer joins.
	sides []*nullSide
	// records are the fields of output columns that are records of a function; nil is none.
	records map[expr.ColumnID][]expr.OutColumn
	// collations are those of columns where they are not their types'; explicit what COLLATE says.
	collations map[expr.ColumnID]collation
	explicit   map[expr.Expr]collation
	// location is where a column, parameter, string or call that returns a set
	// stands in text, for errors that are found later.
	location map[expr.Expr]int32
}

func newBinder(env *Env, s *sqlparse.Statement, params []*types.Type) *binder {
	b := &binder{
		env: env, text: s, main: s,
		reads: map[catalog.OID]uint64{}, location: map[expr.Expr]int32{},
		notes: notes{sources: map[catalog.OID]map[int16]bool{}, grouped: map[catalog.OID]bool{}},
	}
	b.coercer = &builtin.Coercer{Lib: env.Library, Env: env.Types, Param: b.typeParam}
	b.coercer.Guard = b.guard
	b.coercer.Default = b.routineDefault
	b.coercer.Lifted = func(p *expr.Param) bool { return p.Index >= len(b.params) }
	b.coercer.Located = func(part expr.Expr, err error) error {
		if at, ok := b.location[part]; ok {
			e := *pgerr.From(err)
			return e.WithPosition(b.position(at))
		}
		return err
	}
	if s != nil {
		n := max(len(params), s.Params)
		b.params = make([]*types.Type, n)
		for i, t := range params {
			if t != types.TUnknown {
				b.params[i] = t
			}
		}
		if env.Arguments != nil {
			b.ownArguments()
		}
		n = len(s.Lifted)
		b.lifted, b.uses, b.typed = make([]*types.Type, n), make([]int, n), make([]int, n)
	}
	return b
}

// bailout carries an error to the exported function.
type bailout struct{ err error }

// pinned asks for another attempt with the value of a lifted literal known.
type pinned struct{ literal int }

func (p *pinned) Error() string { return "the value of a literal is needed" }

func fail(err error) { panic(bailout{err}) }

// stepsBetween is how much is bound between two looks at Interrupted, in nodes:
// well under a millisecond's.
const stepsBetween = 1024

// step counts a node, and stops when the statement was cancelled.
func (b *binder) step() {
	if b.steps++; b.steps >= stepsBetween {
		b.steps = 0
		if err := b.env.interrupted(); err != nil {
			fail(err)
		}
	}
}

// recover is deferred by the exported functions.
func (b *binder) recover(err *error) {
	switch r := recover().(type) {
	case nil:
	case bailout:
		*err = r.err
	default:
		panic(r)
	}
}

// must fails with err, at a location, unless it is nil.
func (b *binder) must(err error, location int32) {
	if err == nil {
		return
	}
	if e, ok := err.(*pgerr.E); ok {
		c := *e
		fail(c.WithPosition(b.position(location)))
	}
	fail(err)
}

// position is a location's character position; inside of views and defaults, whose text the client did not send, 0.
func (b *binder) position(location int32) int {
	if b.text == nil || b.text != b.main || location < 0 {
		return 0
	}
	return b.text.Position(location)
}

// before is the location of the last such character before a location; the
// location itself when there is none.
func (b *binder) before(location int32, c byte) int32 {
	if b.text == nil {
		return location
	}
	return b.text.Before(location, c)
}

// failAt fails with a new error.
func (b *binder) failAt(location int32, code pgerr.Code, format string, args ...any) {
	fail(pgerr.New(code, format, args...).WithPosition(b.position(location)))
}

// unsupported refuses a clause.
func (b *binder) unsupported(location int32, format string, args ...any) {
	fail(pgerr.Unsupported(format, args...).WithPosition(b.position(location)))
}

func (b *binder) newID() expr.ColumnID {
	b.nextID++
	return b.nextID
}

// column makes a new output column.
func (b *binder) column(name string, t *types.Type, typmod int32) plan.Column {
	return plan.Column{ID: b.newID(), Name: name, Type: t, Typmod: typmod}
}

// ref refers to an output column.
func ref(c plan.Column) *expr.Column { return expr.NewColumn(c.ID, c.Name, c.Type, c.Typmod) }

// bind binds the whole statement.
func (b *binder) bind() (st *plan.Statement, err error) {
	defer b.recover(&err)
	st = &plan.Statement{}
	b.checkFields(b.main.Node)
	q := &query{b: b}
	switch n := b.main.Node.Node.(type) {
	case *pg.Node_SelectStmt:
		st.Tag = "SELECT"
		st.Root = q.selectStatement(n.SelectStmt, resolveUnknowns)
		st.Result = st.Root.Columns()
	case *pg.Node_InsertStmt:
		st.Tag = "INSERT"
		st.Root = q.insert(n.InsertStmt)
	case *pg.Node_UpdateStmt:
		st.Tag = "UPDATE"
		st.Root = q.update(n.UpdateStmt)
	case *pg.Node_DeleteStmt:
		st.Tag = "DELETE"
		st.Root = q.delete(n.DeleteStmt)
	case *pg.Node_MergeStmt:
		st.Tag = "MERGE"
		st.Root = q.mergeStatement(n.MergeStmt)
	default:
		fail(pgerr.Internal("no plan for %T", n))
	}
	if st.Tag != "SELECT" && returns(st.Root) {
		st.Result = st.Root.Columns()
	}
	if st.Result == nil && (st.Tag == "SELECT" || returns(st.Root)) {
		st.Result = []plan.Column{} // rows without columns
	}
	b.completeSides()
	b.finish(st)
	return st, nil
}

// returns reports whether a write has a RETURNING clause.
func returns(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.With:
		return returns(n.Body)
	case *plan.Insert:
		return n.Returning != nil
	case *plan.Update:
		return n.Returning != nil
	case *plan.Delete:
		return n.Returning != nil
	}
	return false
}

func indeterminate(param int) *pgerr.E {
	return pgerr.New(pgerr.IndeterminateDatatype, "could not determine data type of parameter $%d", param)
}

func (b *binder) finish(st *plan.Statement) {
	for i, t := range b.params {
		if t == nil {
			fail(indeterminate(i + 1))
		}
	}
	for i := range b.lifted {
		if b.typed[i] > 0 && b.uses[i] > b.typed[i] {
			fail(&pinned{i}) // of a type in one place, of unknown type in another
		}
	}
	st.Params, st.Lifted, st.ReadOrder = b.params, b.lifted, b.order
	st.Writes, st.Lasting, st.Labels = b.writes, b.lasting, b.labels
	st.ReadEnv, st.ReadNow = b.coercer.ReadEnv, b.coercer.ReadNow
	st.CTEs = b.nextCT
	st.Columns = b.nextID + 1
	for oid, version := range b.reads {
		st.Reads = append(st.Reads, plan.Dependency{Relation: oid, Version: version})
	}
	slices.SortFunc(st.Reads, func(x, y plan.Dependency) int { return int(x.Relation) - int(y.Relation) })
}

// kept reports whether the text that is being bound is one that the catalog keeps.
func (b *binder) kept() bool { return b.fromCatalog || b.text != b.main }

// within binds in another text, a view's or a default's.
func (b *binder) within(s *sqlparse.Statement, f func()) {
	outer, routine := b.text, b.routine
	b.text, b.routine = s, nil
	f()
	b.text, b.routine = outer, routine
}

func (b *binder) notice(e *pgerr.E) {
	if b.env.Notice != nil && e != nil {
		b.env.Notice(e)
	}
}
