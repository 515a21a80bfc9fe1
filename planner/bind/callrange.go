package bind

import (
	"slices"
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// userFunctions are the functions that a call's name means and that are not
// built in: those that users have made, and that make values of user-defined
// range types. They have one name.
func (q *query) userFunctions(n *pg.FuncCall) (list []*builtin.Proc, name string) {
	last := len(n.Funcname) - 1
	name = n.Funcname[last].GetString_().GetSval()
	add := func(made *types.Type) {
		list = append(list, q.b.env.Library.RangeConstructors(made)...)
	}
	if last == 0 {
		return q.functionsOnPath(name), name
	}
	schema := n.Funcname[last-1].GetString_().GetSval()
	if schema == catalog.KeptTypes && q.b.kept() {
		return q.keptFunctions(name)
	}
	if s := q.b.schema(schema); s != nil {
		list = q.b.routines(s.OID, name, 0)
		q.b.env.Snapshot.RangeFunctions(q.b.env.Database, s.OID, name, add)
	}
	return list, name
}

// functionsOnPath are those of an unqualified name. No range type has made one
// with the name of a function that is built in, as far as this goes.
func (q *query) functionsOnPath(name string) (list []*builtin.Proc) {
	path := q.b.env.SearchPath
	at := slices.Index(path, catalog.PgCatalogOID)
	plain := len(q.b.env.Library.ProcsNamed(name)) == 0
	for i, schema := range path {
		if i == at {
			continue
		}
		list = append(list, q.b.routines(schema, name, i-at)...)
		if plain {
			q.b.env.Snapshot.RangeFunctions(q.b.env.Database, schema, name, func(made *types.Type) {
				for _, p := range q.b.env.Library.RangeConstructors(made) {
					p.Place = i - at
					list = append(list, p)
				}
			})
		}
	}
	return list
}

// keptFunctions are those that a text which the catalog keeps names by number.
func (q *query) keptFunctions(number string) ([]*builtin.Proc, string) {
	oid, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return nil, number
	}
	if f := q.b.env.Snapshot.FunctionByOID(catalog.OID(oid)); f != nil {
		return []*builtin.Proc{q.b.procOf(f)}, f.Name
	}
	r, c := q.b.env.Snapshot.RangeFunction(catalog.OID(oid))
	if r == nil {
		return nil, number
	}
	return q.b.env.Library.RangeConstructors(r.MadeBy(c)), c.Name
}

// userType is the type that is not built in and that a call's name means, if the
// call may be a conversion to it: rows are not converted so (FuncNameAsType in parse_func.c).
func (q *query) userType(n *pg.FuncCall) *types.Type {
	if len(n.Args) != 1 {
		return nil
	}
	var names []string
	for _, part := range n.Funcname {
		names = append(names, part.GetString_().GetSval())
	}
	if len(names) > 1 && q.b.schema(names[len(names)-2]) == nil && (names[len(names)-2] != catalog.KeptTypes || !q.b.kept()) {
		return nil
	}
	t := q.b.findType(names, n.Location)
	if t == nil || t.OID < catalog.FirstNormalOID || t.Kind == 'c' {
		return nil
	}
	return t
}

// noteUserCall notes which function or conversion that is not built in a name
// was found to mean: by the number that stands for it in a view's text.
func (b *binder) noteUserCall(n *pg.FuncCall, r *builtin.Resolution) {
	v := b.noting()
	switch {
	case v == nil:
	case r.Cast != nil && r.Cast.OID >= catalog.FirstNormalOID:
		v.calls[n] = catalog.KeptTypeNumber(r.Cast)
	case r.Proc != nil && r.Proc.OID >= catalog.FirstNormalOID && (r.Proc.Agg != nil || r.Proc.Func != nil && r.Proc.Func.Routine):
		v.calls[n] = strconv.FormatUint(uint64(r.Proc.OID), 10)
	case r.Proc != nil && r.Result.Ranges() != nil:
		if c := r.Result.Ranges().Constructor(r.Result); c.OID != 0 && c.Name == r.Proc.Name {
			v.calls[n] = strconv.FormatUint(uint64(c.OID), 10)
		}
	}
}
