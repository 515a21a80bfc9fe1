package session

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
)

// proc is the function of a number: one that is built in, one that a user has
// made, or a user-defined range type; nil when there is none.
func (s *Session) proc(oid catalog.OID) *builtin.Proc {
	if p := s.node.Library.Proc(oid); p != nil {
		return p
	}
	if f := s.snapshot().FunctionByOID(oid); f != nil {
		p := bind.Routine(f)
		for i := range p.Defaults {
			p.Defaults[i] = s.defaultText(p.Defaults[i])
		}
		return p
	}
	r, c := s.snapshot().RangeFunction(oid)
	if r == nil {
		return nil
	}
	return s.node.Library.RangeConstructors(r.MadeBy(c))[slices.Index(c.OIDs, oid)]
}

// userProcs are the numbers of the functions that users and range types have made
// and that a name means here.
func (s *Session) userProcs(schema, name string) (oids []catalog.OID) {
	path := s.env.fullPath()
	if schema != "" {
		sc := s.snapshot().Schema(s.database, schema)
		if sc == nil {
			return nil
		}
		path = []catalog.OID{sc.OID}
	}
	for _, oid := range path {
		for _, f := range s.snapshot().FunctionsNamed(s.database, oid, name) {
			oids = append(oids, f.OID)
		}
		s.snapshot().RangeFunctions(s.database, oid, name, func(made *types.Type) {
			r := s.snapshot().TypeOwner(made).(*catalog.Range)
			if made.IsMultirange() {
				oids = append(oids, r.MultirangeFunctions.OIDs...)
			} else {
				oids = append(oids, r.Functions.OIDs...)
			}
		})
	}
	return oids
}

// userProcIn finds the only function of a name that is not built in.
func (s *Session) userProcIn(schema, object, name string) (catalog.OID, error) {
	switch oids := s.userProcs(schema, object); len(oids) {
	case 0:
		return 0, pgerr.New(pgerr.UndefinedFunction, "function %q does not exist", name)
	case 1:
		return oids[0], nil
	}
	return 0, pgerr.New(pgerr.AmbiguousFunction, "more than one function named %q", name)
}

// userProcedure finds a function that is not built in by its arguments; 0 is none.
func (s *Session) userProcedure(schema, name string, args []*types.Type) catalog.OID {
	for _, oid := range s.userProcs(schema, name) {
		if slices.Equal(s.proc(oid).Args, args) {
			return oid
		}
	}
	return 0
}

// userProcName is the name of a function that is not built in as it must be written here: ok is false for another function.
func (s *Session) userProcName(oid catalog.OID) (name string, ok bool) {
	if f := s.snapshot().FunctionByOID(oid); f != nil {
		return s.functionName(f), true
	}
	r, c := s.snapshot().RangeFunction(oid)
	if r == nil {
		return "", false
	}
	if slices.Contains(s.env.fullPath(), c.Schema) {
		return quoteIdent(c.Name), true
	}
	return s.nameOf(catalog.Ref{Schema: c.Schema, Name: c.Name}), true
}

// functionName is a user's function's name as it must be written here, with its
// arguments' types behind it.
func (s *Session) functionName(f *catalog.Function) string {
	if s.functionVisible(f) {
		return quoteIdent(f.Name)
	}
	if sc := s.snapshot().SchemaByOID(s.database, f.Schema); sc != nil {
		return quoteIdent(sc.Name) + "." + quoteIdent(f.Name)
	}
	return quoteIdent(f.Name)
}

// functionVisible reports whether the name with its arguments' types means the
// function (FunctionIsVisible in namespace.c).
func (s *Session) functionVisible(f *catalog.Function) bool {
	args := f.InputTypes()
	for _, schema := range s.env.fullPath() {
		if schema == f.Schema {
			return true
		}
		if schema == catalog.PgCatalogOID && slices.ContainsFunc(s.node.Library.ProcsNamed(f.Name), func(p *builtin.Proc) bool { return slices.Equal(p.Args, args) }) {
			return false
		}
		if slices.ContainsFunc(s.snapshot().FunctionsNamed(s.database, schema, f.Name), func(o *catalog.Function) bool { return slices.Equal(o.InputTypes(), args) }) {
			return false
		}
	}
	return false
}
