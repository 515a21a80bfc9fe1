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

// ProcedureCall is a CALL: the procedure, what it gets, and what comes back.
type ProcedureCall struct {
	Func *expr.Function
	Args []expr.Expr
	// Columns are the arguments that come back; nil is none.
	Columns []plan.Column
}

// Call binds CALL (transformCallStmt in analyze.c): n stands in the tree of s, whose
// parameters have these types.
func Call(env *Env, s *sqlparse.Statement, n *pg.CallStmt, params []*types.Type) (c *ProcedureCall, err error) {
	b := newBinder(env, s, params)
	defer b.recover(&err)
	q := &query{b: b}
	name := n.Funccall.Funcname[len(n.Funccall.Funcname)-1].GetString_().GetSval()
	if at, found := findSubquery(&pg.Node{Node: &pg.Node_List{List: &pg.List{Items: n.Funccall.Args}}}); found {
		b.failAt(at, pgerr.FeatureNotSupported, "cannot use subquery in CALL argument")
	}
	var args []expr.Expr
	var names []string
	q.with(kindCall, func() { args, names = q.callArgs(n.Funccall) })
	call := builtin.FunctionCall{Name: name, Names: names, Variadic: n.Funccall.FuncVariadic}
	q.meaning(n.Funccall, &call)
	call.Users = b.callable(call.Users)
	r, err := b.coercer.Resolve(call, args)
	if err != nil {
		b.must(noProcedure(err), n.Funccall.Location)
	}
	if r.Proc == nil || r.Proc.Kind != 'p' {
		fail(pgerr.New(pgerr.WrongObjectType, "%s is not a procedure", expr.Signature(name, argumentTypes(args))).
			WithHint("To call a function, use SELECT.").WithPosition(b.position(n.Funccall.Location)))
	}
	all, err := b.coercer.Arguments(r, args)
	b.must(err, n.Funccall.Location)
	return b.procedureCall(env.Snapshot.FunctionByOID(r.Proc.OID), r, all), nil
}

// noProcedure is the error of a call of a function as CALL has it.
func noProcedure(err error) error {
	e, ok := err.(*pgerr.E)
	if !ok {
		return err
	}
	c := *e
	if len(c.Message) > 9 && c.Message[:9] == "function " {
		c.Message = "procedure " + c.Message[9:]
		switch c.Code {
		case pgerr.UndefinedFunction:
			c.Hint = "No procedure matches the given name and argument types. You might need to add explicit type casts."
		case pgerr.AmbiguousFunction:
			c.Hint = "Could not choose a best candidate procedure. You might need to add explicit type casts."
		}
	}
	return &c
}

// callable are procedures with all of their arguments, as CALL writes them.
func (b *binder) callable(list []*builtin.Proc) (out []*builtin.Proc) {
	for _, p := range list {
		if f := b.env.Snapshot.FunctionByOID(p.OID); f != nil && f.Procedure && len(f.Inputs()) < len(f.Args) {
			whole := f.Copy()
			for i := range whole.Args {
				if whole.Args[i].Mode == 'o' {
					whole.Args[i].Mode = 'b'
				}
			}
			place := p.Place
			p = Routine(whole)
			p.Place = place
		}
		out = append(out, p)
	}
	return out
}

// procedureCall takes the arguments that go in, and tells those that come out.
func (b *binder) procedureCall(f *catalog.Function, r *builtin.Resolution, all []expr.Expr) *ProcedureCall {
	c := &ProcedureCall{}
	bound := r.Function()
	p := Routine(f)
	c.Func = p.Func
	in := 0
	var types []*types.Type
	for i, a := range f.Args {
		if a.Input() {
			c.Args = append(c.Args, all[i])
			types = append(types, bound.Args[i])
			in++
		}
		if a.Output() {
			name := a.Name
			if name == "" {
				name = "column" + string(rune('1'+len(c.Columns)))
			}
			c.Columns = append(c.Columns, plan.Column{Name: name, Type: bound.Args[i], Typmod: -1})
		}
	}
	if p.Func.Bind != nil {
		c.Func = p.Func.Bind(types, f.Result)
	}
	c.Columns = slices.Clip(c.Columns)
	return c
}

func argumentTypes(args []expr.Expr) []*types.Type {
	out := make([]*types.Type, len(args))
	for i, a := range args {
		out[i] = a.Type()
	}
	return out
}
