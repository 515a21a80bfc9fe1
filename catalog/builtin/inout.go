package builtin

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/geometry"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// inOut is a type's own input, output or send function, called by name
// (int4in, int4out, int4send): what the wire does with values. nil when p is none
// of these; receive functions take what no query can give.
func inOut(p *Proc) impl {
	switch {
	case len(p.Args) == 1 && p.Result == types.TBytea && strings.HasSuffix(p.Name, "send"):
		return sendFunction(p.Args[0])
	case len(p.Args) == 1 && p.Result == types.TCstring && strings.HasSuffix(p.Name, "out"):
		return outFunction(p.Args[0])
	case len(p.Args) >= 1 && p.Args[0] == types.TCstring && strings.HasSuffix(p.Name, "in") && p.Result.Supported():
		return inFunction(p.Result, len(p.Args))
	}
	return nil
}

func sendFunction(t *types.Type) impl {
	if t.IsPolymorphic() || !t.Supported() {
		return nil
	}
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Bytes(t.Encode(ctx.Env, nil, a[0])), ctx.Spend(a[0].ByteLen())
	}
}

func outFunction(t *types.Type) impl {
	if t.IsPolymorphic() || !t.Supported() {
		return nil
	}
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		b, err := t.FormatLong(ctx.Env, nil, a[0], ctx.Spend)
		return types.Text(textOf(b)), err
	}
}

// inFunction takes the text alone, or with a type's OID and typmod.
func inFunction(t *types.Type, args int) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		typmod := int32(-1)
		if args == 3 {
			typmod = int32(a[2].Int())
		}
		return t.ParseLong(ctx.Env, a[0].Text(), typmod, ctx.Spend)
	}
}

// The bytes that are before the points of a path and a polygon in PostgreSQL's
// memory: sizes, and a polygon's box.
const (
	pathHeaderBytes    = 16
	polygonHeaderBytes = 40
)

// sizeFunction: of types of varying length, four bytes and the binary form. What
// is compressed or moved out of line PostgreSQL tells smaller.
func sizeFunction(t *types.Type) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		switch {
		case t.Len > 0:
			return types.Int(int64(t.Len)), nil
		case t.Base() == types.TPath:
			return types.Int(int64(a[0].ByteLen() - geometry.PathHeader + pathHeaderBytes)), nil
		case t.Base() == types.TPolygon:
			return types.Int(int64(a[0].ByteLen() - geometry.PolygonHeader + polygonHeaderBytes)), nil
		case t == types.TUnknown || t == types.TCstring:
			return types.Int(int64(len(a[0].Text()) + 1)), nil
		case a[0].Kind() == types.KindText || a[0].Kind() == types.KindBytes:
			return types.Int(int64(4 + a[0].ByteLen())), nil
		}
		return types.Int(int64(4 + len(t.Encode(ctx.Env, nil, a[0])))), ctx.Spend(a[0].ByteLen())
	}
}

// inOutBinds are those of array, enum and range types, which the call's types tell.
var inOutBinds = bindImpls{
	"array_out":  func(args []*types.Type, _ *types.Type) impl { return outFunction(args[0]) },
	"array_send": func(args []*types.Type, _ *types.Type) impl { return sendFunction(args[0]) },
	"enum_out":   func(args []*types.Type, _ *types.Type) impl { return outFunction(args[0]) },
	"enum_send":  func(args []*types.Type, _ *types.Type) impl { return sendFunction(args[0]) },

	"range_out":       func(args []*types.Type, _ *types.Type) impl { return outFunction(args[0]) },
	"range_send":      func(args []*types.Type, _ *types.Type) impl { return sendFunction(args[0]) },
	"multirange_out":  func(args []*types.Type, _ *types.Type) impl { return outFunction(args[0]) },
	"multirange_send": func(args []*types.Type, _ *types.Type) impl { return sendFunction(args[0]) },
	// pg_column_size is a value's size in PostgreSQL's memory, or about.
	"pg_column_size": func(args []*types.Type, _ *types.Type) impl { return sizeFunction(args[0]) },
}
