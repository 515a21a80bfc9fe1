package builtin

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// aclImpls are the functions of aclitem (acl.c); roles are the session's to name and to find.
var aclImpls = impls{
	"aclitem_eq":     compareBy(types.TACLItem, expr.CompareEQ),
	"aclcontains":    aclContains,
	"aclinsert":      aclGone("aclinsert"),
	"aclremove":      aclGone("aclremove"),
	"makeaclitem":    makeACLItem,
	"acldefault_sql": aclDefault,
}

var aclRows = rowsImpls{"aclexplode": aclExplode}

// asksForRoles are functions that PostgreSQL has as immutable, and that ask the
// session here: no shard can run them.
var asksForRoles = map[string]bool{"makeaclitem": true, "acldefault_sql": true}

func aclGone(name string) impl {
	return func(*expr.Context, []types.Datum) (types.Datum, error) {
		return types.Null, pgerr.New(pgerr.FeatureNotSupported, "%s is no longer supported", name)
	}
}

// checkACL refuses arrays that are no list of items.
func checkACL(a *types.Array) error {
	switch {
	case len(a.Dims) != 1:
		return pgerr.New(pgerr.InvalidParameterValue, "ACL arrays must be one-dimensional")
	case a.HasNull():
		return pgerr.New(pgerr.NullValueNotAllowed, "ACL arrays must not contain null values")
	}
	return nil
}

// aclContains reports whether one item of a list gives all that another does.
func aclContains(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	if err := checkACL(a[0].Array()); err != nil {
		return types.Null, err
	}
	want := a[1].ACLItem()
	for _, e := range a[0].Array().Elems {
		have := e.ACLItem()
		if have.Grantee == want.Grantee && have.Grantor == want.Grantor && want.Rights&^have.Rights == 0 && want.Options&^have.Options == 0 {
			return types.True, nil
		}
	}
	return types.False, nil
}

// roleName is a role by its OID: the number where there is none.
func roleName(ctx *expr.Context, oid types.Datum) (string, error) {
	d, err := callSession("acl_role_name")(ctx, []types.Datum{oid})
	return d.Text(), err
}

// privilegeNames are the privileges by what GRANT calls them.
var privilegeNames = func() map[string]types.Privileges {
	out := map[string]types.Privileges{"RULE": 0}
	for i, name := range types.ACLNames {
		out[name] = 1 << i
	}
	out["TEMP"] = out["TEMPORARY"]
	return out
}()

func makeACLItem(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	rights, ok := privilegeNames[strings.ToUpper(a[2].Text())]
	if !ok {
		return types.Null, pgerr.New(pgerr.InvalidParameterValue, "unrecognized privilege type: \"%s\"", a[2].Text())
	}
	item := types.ACLItem{Rights: rights}
	if a[3].Bool() {
		item.Options = rights
	}
	var err error
	if a[0].Int() != 0 {
		if item.Grantee, err = roleName(ctx, a[0]); err != nil {
			return types.Null, err
		}
	}
	if item.Grantor, err = roleName(ctx, a[1]); err != nil {
		return types.Null, err
	}
	return types.ACLItemDatum(item), nil
}

// aclDefaults are what everybody and what the owner of an object of each kind
// may do with it, by the letters that acldefault takes.
var aclDefaults = map[string]struct{ world, owner string }{
	"c": {}, "r": {"", "arwdDxt"}, "s": {"", "rwU"}, "d": {"Tc", "CTc"}, "f": {"X", "X"}, "l": {"U", "U"}, "L": {"", "rw"},
	"n": {"", "UC"}, "t": {"", "C"}, "F": {"", "U"}, "S": {"", "U"}, "T": {"U", "U"}, "p": {"", "sA"},
}

func aclDefault(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	rights, ok := aclDefaults[a[0].Text()]
	if !ok {
		return types.Null, pgerr.Raised("acldefault_sql", "unrecognized objtype abbreviation: %s", a[0].Text())
	}
	owner, err := roleName(ctx, a[1])
	var items []types.Datum
	if rights.world != "" {
		items = append(items, types.ACLItemDatum(types.ACLItem{Grantor: owner, Rights: types.PrivilegesOf(rights.world)}))
	}
	if rights.owner != "" {
		items = append(items, types.ACLItemDatum(types.ACLItem{Grantee: owner, Grantor: owner, Rights: types.PrivilegesOf(rights.owner)}))
	}
	return types.ArrayDatum(types.NewArray(types.TACLItem, items)), err
}

// aclExplode is a row for each privilege of each item.
func aclExplode(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
	if err := checkACL(a[0].Array()); err != nil {
		return err
	}
	columns, names := []*types.Type{types.TOID, types.TOID, types.TText, types.TBool}, []string{"grantor", "grantee", "privilege_type", "is_grantable"}
	for _, e := range a[0].Array().Elems {
		item := e.ACLItem()
		roles := [2]types.Datum{types.Int(0), types.Int(0)}
		for i, name := range [...]string{item.Grantor, item.Grantee} {
			if name == "" {
				continue
			}
			oid, err := callSession("acl_role_oid")(ctx, []types.Datum{types.Text(name)})
			if err != nil {
				return err
			}
			roles[i] = oid
		}
		for i, name := range types.ACLNames {
			if item.Rights&(1<<i) == 0 {
				continue
			}
			row := &types.Row{Types: columns, Names: names, Fields: []types.Datum{roles[0], roles[1], types.Text(name), types.Bool(item.Options&(1<<i) != 0)}}
			if !yield(types.RowDatum(row)) {
				return nil
			}
		}
	}
	return nil
}
