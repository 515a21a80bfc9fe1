package bind

import (
	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// coercion is the context of a conversion.
type coercion = builtin.CoercionContext

const (
	implicitly = builtin.Implicit
	assigning  = builtin.Assignment
	explicitly = builtin.Explicit
)

// isUnknown reports whether e is a literal or parameter (or a column of them) without a type yet.
func isUnknown(e expr.Expr) bool { return e.Type() == types.TUnknown }

func (q *query) canCoerce(from, to *types.Type, how coercion) bool {
	return q.b.env.Library.CanCoerce(from, to, how)
}

// coerce converts e, written at the location, to a type and typmod.
func (q *query) coerce(e expr.Expr, to *types.Type, typmod int32, how coercion, location int32) expr.Expr {
	r, err := q.b.coercer.Coerce(e, to, typmod, how)
	if at, ok := q.b.location[e]; ok && err != nil && location < 0 {
		location = at
	}
	q.b.must(err, location)
	return r
}

// common converts e to the common type of a construct.
func (q *query) common(e expr.Expr, to *types.Type, construct string, location int32) expr.Expr {
	r, err := q.b.coercer.CoerceCommon(e, to, construct)
	q.b.must(err, location)
	return r
}

// commonType is the type that a construct's parts share. The error stands at
// the first part that does not fit those before.
func (q *query) commonType(construct string, list []expr.Expr, at []int32) *types.Type {
	all := make([]*types.Type, len(list))
	for i, e := range list {
		all[i] = e.Type()
	}
	t, err := q.b.env.Library.CommonType(construct, all)
	if err != nil {
		where := int32(-1)
		for i := 2; i <= len(all) && at != nil; i++ {
			if _, short := q.b.env.Library.CommonType(construct, all[:i]); short != nil {
				where = at[i-1]
				break
			}
		}
		q.b.must(err, where)
	}
	return t
}

// typeParam gives a parameter of unknown type the type that its place asks
// for: the Param of a builtin.Coercer.
func (b *binder) typeParam(p *expr.Param, to *types.Type) (expr.Expr, error) {
	if i := p.Index - len(b.params); i >= 0 {
		return b.typeLiteral(p, i, to)
	}
	have := b.params[p.Index]
	switch {
	case have == nil:
		b.params[p.Index] = to
	case have != to:
		return nil, pgerr.New(pgerr.AmbiguousParameter, "inconsistent types deduced for parameter $%d", p.Index+1).
			WithDetail("%s versus %s", have.SQLName, to.SQLName)
	}
	return &expr.Param{Typed: expr.Typed{T: to, Mod: -1}, Index: p.Index}, nil
}

// typeLiteral gives a lifted string literal its type. Names of objects are
// looked up when they are needed, from their text; a literal that is asked for
// as two types becomes part of the plan.
func (b *binder) typeLiteral(p *expr.Param, i int, to *types.Type) (expr.Expr, error) {
	read := to
	if builtin.NamesObjects(to) {
		read = types.TText
	}
	if !to.Base().Supported() || builtin.HasDomains(to) {
		return nil, &pinned{i} // reading it now gives the error
	}
	b.typed[i]++
	if have := b.lifted[i]; have != types.TUnknown && have != read {
		return nil, &pinned{i}
	}
	if b.typed[i] == 1 {
		b.order = append(b.order, i)
	}
	b.lifted[i] = read
	e := &expr.Param{Typed: expr.Typed{T: read, Mod: -1}, Index: p.Index}
	if read == to {
		return e, nil
	}
	return &expr.Cast{Typed: expr.Typed{T: to, Mod: -1}, Form: expr.CastInOut, Arg: e, Explicit: true}, nil
}

// unreadable is the error of the first literal that got a type which cannot read
// it: PostgreSQL reads a literal as soon as it has a type, before it finds what
// is wrong further on. nil is none.
func (b *binder) unreadable() error {
	for _, i := range b.order {
		l := b.main.Lifted[i]
		if _, err := b.lifted[i].Parse(b.env.Types, l.Text, -1); err != nil {
			return pgerr.From(err).WithPosition(b.main.LiteralPosition(i))
		}
	}
	return nil
}

func regclassConst(oid catalog.OID) *expr.Const {
	return expr.NewConst(types.TRegclass, types.Int(int64(oid)))
}
