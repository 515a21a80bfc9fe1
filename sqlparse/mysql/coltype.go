package mysql

import (
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pingcap/tidb/pkg/parser/ast"
	my "github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/types"
)

// integers are MySQL's signed integers: PostgreSQL's type, and the bounds where
// that one is wider.
var integers = map[byte]struct {
	name     string
	min, max int
}{
	my.TypeTiny: {"int2", -128, 127}, my.TypeShort: {"int2", 0, 0}, my.TypeInt24: {"int4", -1 << 23, 1<<23 - 1},
	my.TypeLong: {"int4", 0, 0}, my.TypeLonglong: {"int8", 0, 0},
}

// columnType translates a column's type; check is a condition on its values that
// PostgreSQL's type does not have, or nil.
func (t *translator) columnType(n *ast.ColumnDef) (name *pg.TypeName, check *pg.Node) {
	tp, column := n.Tp, n.Name.Name.L
	at := location(n)
	if tp.GetFlag()&(my.UnsignedFlag|my.ZerofillFlag) != 0 {
		t.refuse(n, "UNSIGNED or ZEROFILL, of column %s,", column)
	}
	if i, ok := integers[tp.GetType()]; ok {
		if i.max != 0 {
			check = between(columnRef(nowhere, column), i.min, i.max)
		}
		return typeNameOf(i.name, at), check
	}
	switch tp.GetType() {
	case my.TypeNewDecimal:
		return typeNameOf("numeric", at, orDefault(tp.GetFlen(), 10), orDefault(tp.GetDecimal(), 0)), nil
	case my.TypeDouble:
		if tp.GetDecimal() == types.UnspecifiedLength {
			return typeNameOf("float8", at), nil
		}
	case my.TypeDate:
		return typeNameOf("date", at), nil
	case my.TypeDatetime:
		return typeNameOf("timestamp", at, orDefault(tp.GetDecimal(), 0)), nil
	case my.TypeTimestamp:
		return typeNameOf("timestamptz", at, orDefault(tp.GetDecimal(), 0)), nil
	}
	return t.textType(n)
}

func orDefault(v, unspecified int) int {
	if v == types.UnspecifiedLength {
		return unspecified
	}
	return v
}

// textType translates the types of strings.
func (t *translator) textType(n *ast.ColumnDef) (*pg.TypeName, *pg.Node) {
	tp, at := n.Tp, location(n)
	binary := tp.GetCharset() == "binary"
	if !binary {
		t.charset(tp.GetCharset())
		t.collation(tp.GetCollate())
	}
	column := columnRef(nowhere, n.Name.Name.L)
	switch tp.GetType() {
	case my.TypeString:
		if !binary && tp.GetFlen() != 0 {
			// MySQL gives CHAR back without the spaces at its end. Values with such are refused.
			trimmed := builtinCall("rtrim", nowhere, castTo(column, "text"))
			return typeNameOf("varchar", at, orDefault(tp.GetFlen(), 1)), op("=", castTo(column, "text"), trimmed, nowhere)
		}
	case my.TypeVarchar:
		if binary {
			return typeNameOf("bytea", at), op("<=", builtinCall("octet_length", nowhere, column), intConst(int32(tp.GetFlen()), nowhere), nowhere)
		}
		if tp.GetFlen() > 0 {
			return typeNameOf("varchar", at, tp.GetFlen()), nil
		}
	case my.TypeTinyBlob, my.TypeBlob, my.TypeMediumBlob, my.TypeLongBlob:
		if binary {
			return typeNameOf("bytea", at), nil
		}
		return typeNameOf("text", at), nil
	}
	t.refuse(n, "the type %s of column %s", tp.String(), n.Name.Name.O)
	return nil, nil
}

func between(n *pg.Node, low, high int) *pg.Node {
	return kindOf(pg.A_Expr_Kind_AEXPR_BETWEEN, "BETWEEN", n, listNode([]*pg.Node{number(low), number(high)}), nowhere)
}

func number(v int) *pg.Node { return numberOf(strconv.Itoa(v), nowhere) }
