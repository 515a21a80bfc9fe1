package bind

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// DomainValue is what a domain's CHECK sees: its value, of the type under the domain.
func DomainValue(base *types.Type, typmod int32) []Column {
	return []Column{{Name: "value", Type: base, Typmod: typmod}}
}

// DomainCheck binds a CHECK constraint of a domain that stands in the tree of s:
// an expression over the one column of DomainValue.
func DomainCheck(env *Env, s *sqlparse.Statement, n *pg.Node, base *types.Type, typmod int32) (e expr.Expr, err error) {
	b := newBinder(env, s, nil)
	defer b.recover(&err)
	return b.expression(n, DomainValue(base, typmod), ForDomainCheck, nil), nil
}

// readsJSON reports whether e is a call of a function that makes rows of JSON:
// it does not see whether their fields obey domains.
func readsJSON(e expr.Expr) bool {
	c, ok := e.(*expr.Call)
	if !ok {
		return false
	}
	name := strings.TrimPrefix(strings.TrimPrefix(c.Func.Name, "jsonb_"), "json_")
	return strings.HasPrefix(name, "populate_record") || strings.HasPrefix(name, "to_record")
}

// guarded is e if it obeys the domains in its type.
func (b *binder) guarded(e expr.Expr) expr.Expr {
	g, err := b.coercer.Guarded(e)
	b.must(err, -1)
	return g
}

// Guard is what values of a type obey: nil when nothing is to be obeyed.
func Guard(env *Env, t *types.Type) (g *expr.Guard, err error) {
	b := newBinder(env, nil, nil)
	defer b.recover(&err)
	return b.guard(t)
}

// guard is what values of a type obey: nil when nothing is to be obeyed. It is
// the Guard of a builtin.Coercer.
func (b *binder) guard(t *types.Type) (*expr.Guard, error) {
	if t.OID < catalog.FirstNormalOID {
		return nil, nil
	}
	if g, ok := b.guards[t]; ok {
		return g, nil
	}
	g, err := b.makeGuard(t)
	if err != nil {
		return nil, err
	}
	if b.guards == nil {
		b.guards = map[*types.Type]*expr.Guard{}
	}
	b.guards[t] = g
	return g, nil
}

func (b *binder) makeGuard(t *types.Type) (g *expr.Guard, err error) {
	g = &expr.Guard{T: t}
	if under, _ := t.Under(); under != nil {
		return b.domainGuard(t)
	}
	if t.Elem != nil {
		if g.Elem, err = b.guard(t.Elem); g.Elem == nil {
			return nil, err
		}
		return g, nil
	}
	if f := t.Ranges(); f != nil {
		if g.Elem, err = b.guard(f.Subtype); g.Elem == nil {
			return nil, err
		}
		return g, nil
	}
	any := false
	for _, c := range t.Columns() {
		f, err := b.guard(c.Type)
		if err != nil {
			return nil, err
		}
		g.Fields, any = append(g.Fields, f), any || f != nil
	}
	if !any {
		return nil, nil
	}
	return g, nil
}

// domainGuard collects the constraints of a domain and of those that it stands
// on, whose come first (load_domaintype_info in typcache.c).
func (b *binder) domainGuard(t *types.Type) (*expr.Guard, error) {
	g := &expr.Guard{T: t}
	d, ok := b.env.Snapshot.TypeOwner(t).(*catalog.Domain)
	if !ok {
		return nil, nil
	}
	if s := b.env.Snapshot.SchemaByOID(d.Database, d.Schema); s != nil {
		g.Schema = s.Name
	}
	below, err := b.guard(d.Base)
	if err != nil {
		return nil, err
	}
	if below != nil {
		g.Under = below
		if under, _ := d.Base.Under(); under != nil {
			g.Under, g.NotNull, g.Checks = below.Under, below.NotNull, append(g.Checks, below.Checks...)
		}
	}
	g.NotNull = g.NotNull || d.NotNull
	for i := range d.Checks {
		g.Checks = append(g.Checks, expr.GuardCheck{Name: d.Checks[i].Name, Expr: b.domainCheck(d, &d.Checks[i])})
	}
	if g.Under == nil && !g.NotNull && len(g.Checks) == 0 {
		return nil, nil
	}
	return g, nil
}

// domainCheck binds a constraint as the catalog keeps it, over the DomainValue.
func (b *binder) domainCheck(d *catalog.Domain, c *catalog.Check) (e expr.Expr) {
	s, n, err := sqlparse.ParseExpr(c.Expr)
	b.must(err, -1)
	b.within(s, func() {
		q := &query{b: b, kind: kindDomainCheck}
		value := expr.NewColumn(positionID(0), "value", d.Base, d.Typmod)
		q.addItem(&item{byColumn: true, columns: []*itemColumn{{name: "value", value: value}}})
		e = q.condition(n, "CHECK")
	})
	return byPosition(b.onShards(e), func(_ int, c *expr.Column) expr.Expr { return &expr.DomainValue{Typed: c.Typed} })
}

// domainDefault is the default of a column whose domain has one; NULL, which the
// domain may not allow, of another. nil is of what is no domain.
func (b *binder) domainDefault(c *catalog.Column) expr.Expr {
	if under, _ := c.Type.Under(); under == nil {
		return nil
	}
	d, ok := b.env.Snapshot.TypeOwner(c.Type).(*catalog.Domain)
	if !ok || d.Default == "" {
		null, err := b.coercer.Coerce(&expr.Const{Typed: expr.Typed{T: c.Type.Base(), Mod: c.Type.BaseTypmod()}}, c.Type, -1, implicitly)
		b.must(err, -1)
		return null
	}
	s, n, err := sqlparse.ParseExpr(d.Default)
	b.must(err, -1)
	var e expr.Expr
	b.within(s, func() {
		q := &query{b: b, kind: kindDefault}
		e = q.assign(q.expr(n), c, -1)
	})
	return e
}
