package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// windowCall is a call that a query's Window nodes will compute.
type windowCall struct {
	call *expr.WindowCall
	col  plan.Column
	of   *window
	at   int32
}

// callOver binds a call with OVER (ParseFuncOrColumn, transformWindowFuncCall).
// It belongs to the query that it stands in.
func (q *query) callOver(n *pg.FuncCall, name string) expr.Expr {
	args, names := q.callArgs(n)
	args = append(args, q.withinGroup(n)...)
	var filter expr.Expr
	if n.AggFilter != nil {
		q.with(kindFilter, func() { filter = q.condition(n.AggFilter, "FILTER") })
	}
	r := q.resolve(n, name, args, names)
	q.checkOverSyntax(n, r, args)
	q.refuseSetsIn("window", args, n.Location)
	for _, a := range args {
		if c := q.usesWindow(a); c != nil {
			q.b.failAt(q.b.location[c], pgerr.WindowingError, "window function calls cannot be nested")
		}
	}
	if !q.kind.allowsWindows() {
		q.b.failAt(n.Location, pgerr.WindowingError, "window functions are not allowed in %s", q.kind.place())
	}
	call, err := q.b.coercer.WindowCall(r, args)
	q.b.must(err, n.Location)
	call.Filter, call.Star = filter, n.AggStar
	if a := q.aggregating; a != nil && !a.window {
		a.window, a.windowAt = true, n.Location
	}
	return q.addWindowCall(call, q.windowOf(n.Over), n.Location)
}

// checkOverSyntax refuses a call that OVER does not go with.
func (q *query) checkOverSyntax(n *pg.FuncCall, r *builtin.Resolution, args []expr.Expr) {
	name := writtenName(n)
	if r.Proc == nil || r.Proc.Kind != 'a' && r.Proc.Kind != 'w' {
		q.refuseAggregateSyntax(n, name)
		q.b.failAt(n.Location, pgerr.WrongObjectType, "OVER specified, but %s is not a window function nor an aggregate function", name)
	}
	switch {
	case r.Proc.Kind == 'w' && n.AggWithinGroup:
		q.b.failAt(n.Location, pgerr.WrongObjectType, "window function %s cannot have WITHIN GROUP", name)
	case r.Proc.Kind == 'a' && r.Proc.AggKind != 'n' && n.AggWithinGroup:
		q.b.failAt(n.Location, pgerr.FeatureNotSupported, "OVER is not supported for ordered-set aggregate %s", name)
	case n.AggDistinct:
		q.b.failAt(n.Location, pgerr.FeatureNotSupported, "DISTINCT is not implemented for window functions")
	case r.Proc.Kind == 'a':
		q.checkAggregateSyntax(n, r, args)
	}
	switch {
	case len(n.AggOrder) > 0:
		q.b.failAt(n.Location, pgerr.FeatureNotSupported, "aggregate ORDER BY is not implemented for window functions")
	case r.Proc.Kind == 'w' && n.AggFilter != nil:
		q.b.failAt(n.Location, pgerr.FeatureNotSupported, "FILTER is not implemented for non-aggregate window functions")
	}
}

// windowOf is the window that OVER means: one of the WINDOW clause by name, one
// that is written alike, or a new one.
func (q *query) windowOf(def *pg.WindowDef) *window {
	if def.Name != "" {
		for _, w := range q.windows {
			if w.def.Name == def.Name {
				return w
			}
		}
		q.b.failAt(def.Location, pgerr.UndefinedObject, "window \"%s\" does not exist", def.Name)
	}
	for _, w := range q.windows {
		if sameWindow(w.def, def) {
			w.alike = append(w.alike, def)
			return w
		}
	}
	w := &window{def: def}
	q.windows = append(q.windows, w)
	return w
}

// sameWindow reports whether two windows are written alike, whatever they are called.
func sameWindow(a, b *pg.WindowDef) bool { return proto.Equal(unplaced(a), unplaced(b)) }

// unplaced is a window without its name and the places in the text.
func unplaced(def *pg.WindowDef) *pg.WindowDef {
	c := proto.Clone(def).(*pg.WindowDef)
	c.Name = ""
	sqlparse.Walk(&pg.Node{Node: &pg.Node_WindowDef{WindowDef: c}}, func(m proto.Message) bool {
		r := m.ProtoReflect()
		if f := r.Descriptor().Fields().ByName("location"); f != nil {
			r.Clear(f)
		}
		return true
	})
	return c
}

// addWindowCall returns the column that stands for a call's value; equal calls share one.
func (q *query) addWindowCall(call *expr.WindowCall, of *window, location int32) expr.Expr {
	for _, have := range q.windowCalls {
		if have.of == of && expr.Equal(have.call, call) && !expr.HasVolatile(call) {
			return q.refer(ref(have.col), 0, location)
		}
	}
	c := q.b.column(call.Name(), call.Type(), call.Typmod())
	q.b.noteCollation(&c, call)
	q.windowCalls = append(q.windowCalls, windowCall{call, c, of, location})
	q.b.noteWindowCall(c, call, of)
	return q.refer(ref(c), 0, location)
}

// usesWindow finds a reference to one of q's window calls.
func (q *query) usesWindow(e expr.Expr) (found *expr.Column) {
	expr.Walk(e, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Column); ok && found == nil {
			for _, w := range q.windowCalls {
				if w.col.ID == c.ID {
					found = c
				}
			}
		}
		return found == nil
	})
	return found
}
