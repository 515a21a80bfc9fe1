package ddl

import (
	"cmp"
	"context"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// isRoutine reports whether commands name functions by that word.
func isRoutine(t pg.ObjectType) bool {
	switch t {
	case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_PROCEDURE, pg.ObjectType_OBJECT_ROUTINE, pg.ObjectType_OBJECT_AGGREGATE:
		return true
	}
	return false
}

// dropFunctions is DROP FUNCTION | PROCEDURE | ROUTINE.
func (s *statement) dropFunctions(ctx context.Context, n *pg.DropStmt) error {
	var list []*catalog.Function
	w := s.typeWalk(map[catalog.OID]bool{})
	for _, o := range n.Objects {
		f, err := s.droppableFunction(n, o)
		if err != nil {
			return err
		}
		if f != nil && !w.seen[f.OID] {
			list = append(list, f)
			w.seen[f.OID] = true
		}
	}
	for _, f := range list {
		if err := w.dependentsOfFunction(f); err != nil {
			return err
		}
	}
	dependents := w.list()
	switch {
	case len(dependents) == 0 || n.Behavior == pg.DropBehavior_DROP_CASCADE:
	case len(list) > 1:
		return errDependents("", dependents)
	default:
		return errDependents(s.describeFunction(list[0]), dependents)
	}
	if err := s.cascade(ctx, dependents); err != nil {
		return err
	}
	for _, f := range list {
		s.Change.Delete(f)
	}
	return nil
}

// describeFunction is what messages about dependencies call a function, or a procedure.
func (s *statement) describeFunction(f *catalog.Function) string {
	return "function " + s.functionSignature(f)
}

// droppableFunction finds a function that DROP names; nil when it need not exist.
func (s *statement) droppableFunction(n *pg.DropStmt, o *pg.Node) (*catalog.Function, error) {
	c, absent, err := s.called(n, o.GetObjectWithArgs())
	if err != nil {
		return nil, err
	}
	if absent == nil {
		f, err := s.routineCalled(c, n.RemoveType, o.GetObjectWithArgs())
		if err != nil {
			return nil, err
		}
		if f != nil {
			return f, s.mayDrop(routineWord(f), f.Name, f.Owner, f.Schema)
		}
	}
	return nil, s.dropAbsent(n, o)
}

// routineCalled is the user's function that a command names (LookupFuncWithArgs in
// parse_func.c); nil when there is none.
func (s *statement) routineCalled(c called, object pg.ObjectType, o *pg.ObjectWithArgs) (*catalog.Function, error) {
	found := s.routinesCalled(c, object, o)
	switch {
	case len(found) == 0:
		return nil, nil
	case len(found) > 1:
		word := routineKinds[object].word
		return nil, pgerr.New(pgerr.AmbiguousFunction, "%s name %q is not unique", word, joinedName(c)).
			WithHint("Specify the argument list to select the %s unambiguously.", word)
	}
	f := found[0]
	signature := expr.Signature(joinedName(c), f.InputTypes())
	switch {
	case object == pg.ObjectType_OBJECT_AGGREGATE && f.Aggregate == nil:
		return nil, pgerr.New(pgerr.WrongObjectType, "function %s is not an aggregate", signature)
	case object == pg.ObjectType_OBJECT_FUNCTION && f.Aggregate != nil:
		return nil, pgerr.New(pgerr.WrongObjectType, "%q is an aggregate function", f.Name).WithHint("Use DROP AGGREGATE to drop aggregate functions.")
	case object == pg.ObjectType_OBJECT_FUNCTION && f.Procedure:
		return nil, pgerr.New(pgerr.WrongObjectType, "%s is not a function", signature)
	case object == pg.ObjectType_OBJECT_PROCEDURE && !f.Procedure:
		return nil, pgerr.New(pgerr.WrongObjectType, "%s is not a procedure", signature)
	}
	return f, nil
}

func joinedName(c called) string {
	if c.schema == "" {
		return c.name
	}
	return c.schema + "." + c.name
}

// routinesCalled are the functions that a command's name and types mean: the first
// on the path, or without types all of the right kind.
func (s *statement) routinesCalled(c called, object pg.ObjectType, o *pg.ObjectWithArgs) (found []*catalog.Function) {
	path := s.lookupPath()
	if c.schema != "" {
		sc := s.snapshot().Schema(s.Database, c.schema)
		if sc == nil {
			return nil
		}
		path = []catalog.OID{sc.OID}
	}
	for _, schema := range path {
		for _, f := range s.snapshot().FunctionsNamed(s.Database, schema, c.name) {
			switch {
			case o.ArgsUnspecified:
				if hidden := slices.ContainsFunc(found, func(have *catalog.Function) bool { return slices.Equal(have.InputTypes(), f.InputTypes()) }); hidden ||
					object == pg.ObjectType_OBJECT_FUNCTION && f.Procedure || object == pg.ObjectType_OBJECT_PROCEDURE && !f.Procedure {
					continue
				}
				found = append(found, f)
			case slices.Equal(f.InputTypes(), c.args), f.Procedure && object != pg.ObjectType_OBJECT_FUNCTION && slices.Equal(argumentTypesOf(f), c.args):
				return []*catalog.Function{f}
			}
		}
	}
	return found
}

func argumentTypesOf(f *catalog.Function) (list []*types.Type) {
	for _, a := range f.Args {
		list = append(list, a.Type)
	}
	return list
}

// routineToChange finds a function that a command other than DROP names, which its owner may give.
func (s *statement) routineToChange(object pg.ObjectType, o *pg.ObjectWithArgs) (*catalog.Function, error) {
	n := &pg.DropStmt{RemoveType: object}
	c, _, err := s.called(n, o)
	if err != nil {
		return nil, err
	}
	f, err := s.routineCalled(c, object, o)
	if err != nil {
		return nil, err
	}
	if f == nil {
		missing, err := s.absentRoutine(n, o)
		if pgerr.HasCode(err, pgerr.DependentObjectsStillExist) {
			return nil, pgerr.Unsupported("changing a function that is built in")
		}
		if err != nil {
			return nil, err
		}
		return nil, missing.refusal
	}
	return f, s.mustOwn(routineWord(f), f.Name, f.Owner)
}

// dependentsOfFunction lists what calls a function, and what depends on that.
func (w *typeWalk) dependentsOfFunction(f *catalog.Function) error {
	list := w.texts([4]*types.Type{}, nil, f.KeptName(), w.describeFunction(f))
	slices.SortStableFunc(list, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.oid, a.oid), cmp.Compare(a.column, b.column)) })
	for _, c := range list {
		if err := c.visit(); err != nil {
			return err
		}
	}
	return nil
}

// function is a function that goes with what it is made of.
func (w *typeWalk) function(f *catalog.Function, on string) candidate {
	return candidate{f.OID, 0, func() error {
		if w.seen[f.OID] {
			return nil
		}
		w.seen[f.OID] = true
		if err := w.dependentsOfFunction(f); err != nil {
			return err
		}
		w.add(on, w.describeFunction(f), func(context.Context) error {
			if now := w.snapshot().FunctionByOID(f.OID); now != nil {
				w.Change.Delete(now)
			}
			return nil
		})
		return nil
	}}
}

// functionTexts are a function's defaults and body that name something by that text.
func (w *typeWalk) functionTexts(f *catalog.Function, text, on string) (list []candidate) {
	if a := f.Aggregate; a != nil && (keptNumber(a.Transition) == text || keptNumber(a.Final) == text) {
		return append(list, w.function(f, on))
	}
	if strings.Contains(f.SQLBody, text) || slices.ContainsFunc(f.Args, func(a catalog.Argument) bool { return strings.Contains(a.Default, text) }) {
		list = append(list, w.function(f, on))
	}
	return list
}

// keptNumber is what kept texts would call a function.
func keptNumber(oid catalog.OID) string {
	return catalog.KeptFunctionName(types.RangeConstructor{OID: oid})
}
