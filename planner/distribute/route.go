package distribute

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// maxRouteKeys bounds the shard key tuples that IN lists multiply to; more of
// them go to all shards.
const maxRouteKeys = 256

// equality is `column = one of values`, where no value depends on a row.
type equality struct {
	position int
	values   []expr.Expr
}

// equalities finds what the conditions say of columns, by table position.
func (a *access) equalities() map[int][]expr.Expr {
	found := map[int][]expr.Expr{}
	for _, eq := range a.known {
		found[eq.position] = eq.values
	}
	for _, c := range a.conds {
		eq, ok := a.equality(c)
		if !ok {
			continue
		}
		if have, ok := found[eq.position]; !ok || len(eq.values) < len(have) {
			found[eq.position] = eq.values
		}
	}
	return found
}

func (a *access) equality(cond expr.Expr) (equality, bool) {
	switch e := cond.(type) {
	case *expr.Call:
		if !e.IsEquality() {
			return equality{}, false
		}
		for i, arg := range e.Args {
			if p := a.plainColumn(arg); p >= 0 && fixed(e.Args[1-i]) && sameHash(arg.Type(), e.Args[1-i].Type()) {
				return equality{p, e.Args[1-i : 2-i]}, true
			}
		}
	case *expr.AnyAll:
		p := a.plainColumn(e.Left)
		if e.All || e.Array != nil || e.Operator != "=" || e.Op.Loose || p < 0 {
			return equality{}, false
		}
		for _, v := range e.List {
			if !fixed(v) || !sameHash(e.Left.Type(), v.Type()) {
				return equality{}, false
			}
		}
		return equality{p, e.List}, true
	case *expr.Column:
		if p := a.plainColumn(e); p >= 0 && e.T == types.TBool {
			return equality{p, []expr.Expr{expr.True()}}, true
		}
	}
	return equality{}, false
}

// fixed reports whether e has one value for the run of a fragment.
func fixed(e expr.Expr) bool { return expr.IsRowIndependent(e) && shippable(e) }

// plainColumn is the table position of e when it is a column of the scan, also
// under a cast that changes nothing (varchar to text); -1 otherwise.
func (a *access) plainColumn(e expr.Expr) int {
	e = stripBinary(e)
	if c, ok := e.(*expr.Column); ok {
		return a.position(c.ID)
	}
	return -1
}

func stripBinary(e expr.Expr) expr.Expr {
	if c, ok := e.(*expr.Cast); ok && c.Form == expr.CastBinary && sameHash(c.T, c.Arg.Type()) {
		return c.Arg
	}
	return e
}

// hashFamily groups the types whose equal values hash equal.
func hashFamily(t *types.Type) types.OID {
	t = t.Base()
	switch t {
	case types.TInt2, types.TInt4, types.TInt8:
		return types.TInt8.OID
	case types.TText, types.TVarchar, types.TName:
		return types.TText.OID
	case types.TFloat4, types.TFloat8:
		return types.TFloat8.OID
	}
	return t.OID
}

func sameHash(a, b *types.Type) bool { return hashFamily(a) == hashFamily(b) }

// route finds the shards from equalities on every column of the shard key.
func (a *access) route() plan.Route {
	eq := a.equalities()
	keys := [][]expr.Expr{nil}
	for _, p := range a.rel.ShardKey {
		values, ok := eq[p]
		if !ok || len(keys)*len(values) > maxRouteKeys {
			return plan.Route{}
		}
		var longer [][]expr.Expr
		for _, k := range keys {
			for _, v := range values {
				longer = append(longer, append(slices.Clip(k), v))
			}
		}
		keys = longer
	}
	return plan.Route{Keys: keys}
}

// point returns the key's values when the conditions fix them all to one each
// and SQLite finds stored values by it.
func (a *access) point() []expr.Expr {
	if a.rel.Table.Key == nil {
		return nil
	}
	eq := a.equalities()
	var point []expr.Expr
	for _, p := range a.rel.Table.Key {
		c := &a.rel.Table.Columns[p]
		values := eq[p]
		if len(values) != 1 || !c.Type.KeyIsStored(c.Typmod) || c.Type == types.TNumeric {
			return nil
		}
		point = append(point, values[0])
	}
	return point
}

// once reports whether at most one row can match.
func (a *access) once() bool { return len(a.rel.Table.Key) > 0 && a.point() != nil }
