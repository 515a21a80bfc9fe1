package bind

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// typeCast binds CAST, :: and type 'literal'.
func (q *query) typeCast(n *pg.TypeCast) expr.Expr {
	t, typmod := q.b.typeName(n.TypeName)
	at := n.Location
	if at < 0 {
		at = location(n.Arg)
	}
	if a := n.Arg.GetAArrayExpr(); a != nil && t.Base().Elem != nil {
		return q.coerce(q.array(a, t.Base()), t, typmod, explicitly, at)
	}
	arg := q.expr(n.Arg)
	e, err := q.b.coercer.Coerce(arg, t, typmod, explicitly)
	if err != nil && isUnknown(arg) {
		at = location(n.Arg)
	}
	q.b.must(err, at)
	return e
}

// TypeName resolves a type's name to the type and its typmod (-1 is none).
func TypeName(env *Env, n *pg.TypeName) (t *types.Type, typmod int32, err error) {
	b := newBinder(env, nil, nil)
	defer b.recover(&err)
	t, typmod = b.typeName(n)
	return t, typmod, nil
}

// typeName is typenameType.
func (b *binder) typeName(n *pg.TypeName) (t *types.Type, typmod int32) {
	switch {
	case n.Setof:
		b.unsupported(n.Location, "SETOF")
	case n.PctType:
		b.unsupported(n.Location, "%%TYPE")
	}
	var names []string
	for _, s := range n.Names {
		names = append(names, s.GetString_().GetSval())
	}
	t = b.findType(names, n.Location)
	if t == nil {
		b.failAt(n.Location, pgerr.UndefinedObject, "type \"%s\" does not exist", displayType(names, n))
	}
	b.noteType(n, t)
	typmod = b.typmod(n, t)
	if len(n.ArrayBounds) > 0 {
		if t.Array == nil {
			b.failAt(n.Location, pgerr.UndefinedObject, "type \"%s[]\" does not exist", strings.Join(names, "."))
		}
		t = t.Array
	}
	return t, typmod
}

func displayType(names []string, n *pg.TypeName) string {
	name := strings.Join(names, ".")
	if len(n.ArrayBounds) > 0 {
		name += "[]"
	}
	return name
}

func (b *binder) findType(names []string, location int32) *types.Type {
	name := names[len(names)-1]
	if len(names) > 1 {
		if names[len(names)-2] == catalog.KeptTypes && b.kept() {
			return b.env.Snapshot.KeptType(name)
		}
		s := b.schema(names[len(names)-2])
		if s == nil {
			b.failAt(location, pgerr.UndefinedSchema, "schema \"%s\" does not exist", names[len(names)-2])
		}
		return b.env.Snapshot.TypeByName(b.env.Database, s.OID, name)
	}
	for _, schema := range b.env.SearchPath {
		if t := b.env.Snapshot.TypeByName(b.env.Database, schema, name); t != nil {
			return t
		}
	}
	return types.ByName(name)
}

func (b *binder) typmod(n *pg.TypeName, t *types.Type) int32 {
	if len(n.Typmods) == 0 {
		return n.Typemod
	}
	var mods []int32
	for _, m := range n.Typmods {
		c := m.GetAConst()
		if c == nil || c.GetIval() == nil && c.Val != nil {
			b.failAt(n.Location, pgerr.SyntaxError, "type modifiers must be simple constants or identifiers")
		}
		mods = append(mods, c.GetIval().GetIval())
	}
	typmod, err := types.TypmodIn(t, mods)
	b.must(err, n.Location)
	b.notice(types.TypmodWarning(t, mods))
	return typmod
}
