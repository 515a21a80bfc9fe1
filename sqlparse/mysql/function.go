package mysql

import (
	"slices"
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pingcap/tidb/pkg/parser/ast"
	my "github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// function translates a call; u is the use of its value.
type function struct {
	min, max  int // of arguments
	translate func(t *translator, n *ast.FuncCallExpr, u use) *pg.Node
}

// functions are those with an exact counterpart, by name.
var functions = map[string]function{
	"ifnull": {2, 2, asCoalesce}, "coalesce": {1, 1000, asCoalesce}, "nullif": {2, 2, asNullIf}, "if": {3, 3, asIf},
	"greatest": {2, 1000, asExtreme("greatest")}, "least": {2, 1000, asExtreme("least")},

	"concat": {1, 1000, asConcat}, "concat_ws": {2, 1000, asConcatWS},
	"length": {1, 1, texts("octet_length")}, "octet_length": {1, 1, texts("octet_length")},
	"char_length": {1, 1, texts("char_length")}, "character_length": {1, 1, texts("char_length")},
	"upper": {1, 1, texts("upper")}, "ucase": {1, 1, texts("upper")}, "lower": {1, 1, texts("lower")}, "lcase": {1, 1, texts("lower")},
	"trim": {1, 1, texts("btrim")}, "ltrim": {1, 1, texts("ltrim")}, "rtrim": {1, 1, texts("rtrim")},
	"reverse": {1, 1, texts("reverse")}, "replace": {3, 3, texts("replace")},
	"instr": {2, 2, texts("strpos")}, "locate": {2, 2, asLocate}, "position": {2, 2, asLocate},
	"left": {2, 2, asPart("left")}, "right": {2, 2, asPart("right")},
	"substring": {2, 3, asPart("substring")}, "substr": {2, 3, asPart("substring")}, "mid": {3, 3, asPart("substring")},
	"repeat": {2, 2, asRepeat},

	"abs": {1, 1, numbers("pg_catalog", "abs")}, "sign": {1, 1, numbers("pg_catalog", "sign")},
	"ceil": {1, 1, numbers("mysql", "ceiling")}, "ceiling": {1, 1, numbers("mysql", "ceiling")}, "floor": {1, 1, numbers("mysql", "floor")},
	"round": {1, 2, asRounded("round")}, "truncate": {2, 2, asRounded("truncate")},
	"pow": {2, 2, doubles("power")}, "power": {2, 2, doubles("power")}, "sqrt": {1, 1, doubles("sqrt")}, "exp": {1, 1, doubles("exp")},

	"now": {0, 0, asNow}, "current_timestamp": {0, 0, asNow}, "localtime": {0, 0, asNow}, "localtimestamp": {0, 0, asNow},
	"curdate": {0, 0, asToday}, "current_date": {0, 0, asToday},
	"year": {1, 1, asField("year")}, "month": {1, 1, asField("month")}, "day": {1, 1, asField("day")},
	"dayofmonth": {1, 1, asField("day")}, "hour": {1, 1, asField("hour")}, "minute": {1, 1, asField("minute")},
	ast.DateLiteral: {1, 1, asTypedLiteral("date")}, ast.TimestampLiteral: {1, 1, asTypedLiteral("timestamp")},

	"database": {0, 0, asSchema}, "schema": {0, 0, asSchema},
}

func (t *translator) call(n *ast.FuncCallExpr, u use) operand {
	name := n.FnName.L
	if name == "isnull" && len(n.Args) == 1 {
		return operand{isNull(t.scalar(n.Args[0]), location(n)), true}
	}
	f, ok := t.functions[name]
	if !ok {
		t.refuse(n, "the function %s", name)
	}
	if len(n.Args) < f.min || len(n.Args) > f.max {
		t.fail(n, pgerr.UndefinedFunction, "incorrect number of arguments of the function %s", name)
	}
	return operand{node: f.translate(t, n, u)}
}

func asCoalesce(t *translator, n *ast.FuncCallExpr, u use) *pg.Node {
	return coalesce(location(n), t.values(n.Args, part(u))...)
}

func asNullIf(t *translator, n *ast.FuncCallExpr, u use) *pg.Node {
	return kindOf(pg.A_Expr_Kind_AEXPR_NULLIF, "=", t.value(n.Args[0], part(u)), t.comparand(n.Args[1]), location(n))
}

func asIf(t *translator, n *ast.FuncCallExpr, u use) *pg.Node {
	at := location(n)
	return caseExpr(at, nil, t.value(n.Args[2], part(u)), when(t.truth(n.Args[0]), t.value(n.Args[1], part(u)), at))
}

// asExtreme makes GREATEST and LEAST, which are NULL when an argument is: of two
// values at a time.
func asExtreme(name string) func(*translator, *ast.FuncCallExpr, use) *pg.Node {
	return func(t *translator, n *ast.FuncCallExpr, u use) *pg.Node {
		values := t.values(n.Args, part(u))
		extreme := values[0]
		for _, v := range values[1:] {
			extreme = ownCall(name, location(n), extreme, v)
		}
		return extreme
	}
}

// string is an argument that is text, or a value whose text is the same in both
// dialects.
func (t *translator) string(n ast.ExprNode) *pg.Node {
	if l, ok := unparenthesized(n).(*literal); ok {
		if text, ok := t.numeral(l); ok {
			return stringConst(text, location(l))
		}
		if _, ok := l.value.(string); ok || l.value == nil {
			return t.literal(l)
		}
	}
	return ownCall("text", location(n), t.value(n, computed))
}

func (t *translator) strings(list []ast.ExprNode) []*pg.Node {
	out := make([]*pg.Node, len(list))
	for i, n := range list {
		out[i] = t.string(n)
	}
	return out
}

func asConcat(t *translator, n *ast.FuncCallExpr, _ use) *pg.Node {
	out := castTo(t.string(n.Args[0]), "text")
	for _, a := range n.Args[1:] {
		out = builtinCall("textcat", location(n), out, t.string(a))
	}
	return out
}

func asConcatWS(t *translator, n *ast.FuncCallExpr, _ use) *pg.Node {
	return builtinCall("concat_ws", location(n), t.strings(n.Args)...)
}

// texts calls a function of text; a number is text by its digits.
func texts(name string) func(*translator, *ast.FuncCallExpr, use) *pg.Node {
	return func(t *translator, n *ast.FuncCallExpr, _ use) *pg.Node {
		args := t.strings(n.Args)
		args[0] = castTo(args[0], "text")
		return builtinCall(name, location(n), args...)
	}
}

func asLocate(t *translator, n *ast.FuncCallExpr, _ use) *pg.Node {
	return builtinCall("strpos", location(n), castTo(t.string(n.Args[1]), "text"), t.string(n.Args[0]))
}

// asPart makes a part of a text, by positions of MySQL's: from the end when negative.
func asPart(name string) func(*translator, *ast.FuncCallExpr, use) *pg.Node {
	return func(t *translator, n *ast.FuncCallExpr, _ use) *pg.Node {
		args := []*pg.Node{t.string(n.Args[0])}
		for _, a := range n.Args[1:] {
			args = append(args, t.number(a, computed))
		}
		return ownCall(name, location(n), args...)
	}
}

func asRepeat(t *translator, n *ast.FuncCallExpr, _ use) *pg.Node {
	return builtinCall("repeat", location(n), castTo(t.string(n.Args[0]), "text"), t.number(n.Args[1], computed))
}

// numbers calls a function of one number, whose value may have all digits.
func numbers(schema, name string) func(*translator, *ast.FuncCallExpr, use) *pg.Node {
	return func(t *translator, n *ast.FuncCallExpr, u use) *pg.Node {
		if schema == "mysql" { // the result is whole, however many digits there were
			u = computed
		}
		return callOf(schema, name, location(n), t.number(n.Args[0], part(u)))
	}
}

// doubles calls a function that computes with doubles alone.
func doubles(name string) func(*translator, *ast.FuncCallExpr, use) *pg.Node {
	return func(t *translator, n *ast.FuncCallExpr, _ use) *pg.Node {
		args := make([]*pg.Node, len(n.Args))
		for i, a := range n.Args {
			args[i] = castTo(t.number(a, computed), "float8")
		}
		return builtinCall(name, location(n), args...)
	}
}

// asRounded makes ROUND and TRUNCATE. How many digits there are must be known:
// the result's type follows from it.
func asRounded(name string) func(*translator, *ast.FuncCallExpr, use) *pg.Node {
	return func(t *translator, n *ast.FuncCallExpr, _ use) *pg.Node {
		args := []*pg.Node{t.number(n.Args[0], computed)}
		if len(n.Args) > 1 {
			digits, ok := wholeLiteral(n.Args[1])
			if !ok || digits < -30 || digits > 30 {
				t.refuse(n, "%s with a number of digits that is not written as one", name)
			}
			args = append(args, intConst(digits, location(n.Args[1])))
		}
		return ownCall(name, location(n), args...)
	}
}

// wholeLiteral is the value of a small integer that is written as such.
func wholeLiteral(n ast.ExprNode) (int32, bool) {
	sign := int32(1)
	if u, ok := n.(*ast.UnaryOperationExpr); ok && u.Op == opcode.Minus {
		n, sign = u.V, -1
	}
	l, ok := n.(*literal)
	if !ok {
		return 0, false
	}
	v, err := strconv.ParseInt(l.GetString(), 10, 16)
	_, isText := l.value.(string)
	return sign * int32(v), err == nil && !isText
}

// asNow is the statement's start, without a fraction, in the session's time zone.
func asNow(*translator, *ast.FuncCallExpr, use) *pg.Node { return now("timestamp") }

func now(kind string) *pg.Node {
	return builtinCall("date_trunc", nowhere, stringConst("second", nowhere), castTo(builtinCall("statement_timestamp", nowhere), kind))
}

func asToday(*translator, *ast.FuncCallExpr, use) *pg.Node {
	return castTo(builtinCall("statement_timestamp", nowhere), "date")
}

// asField is a field of a date. Strings are not read as dates here.
func asField(field string) func(*translator, *ast.FuncCallExpr, use) *pg.Node {
	return func(t *translator, n *ast.FuncCallExpr, _ use) *pg.Node {
		switch unparenthesized(n.Args[0]).(type) {
		case *literal, *param:
			t.refuse(n, "the function %s of a literal", n.FnName.L)
		}
		return castTo(builtinCall("extract", location(n), stringConst(field, nowhere), t.value(n.Args[0], computed)), "int4")
	}
}

func asTypedLiteral(kind string) func(*translator, *ast.FuncCallExpr, use) *pg.Node {
	return func(t *translator, n *ast.FuncCallExpr, _ use) *pg.Node {
		return castTo(t.dateLiteral(n.Args[0]), kind)
	}
}

// dateLiteral is a string that both dialects read as the same date.
func (t *translator) dateLiteral(n ast.ExprNode) *pg.Node {
	if l, ok := unparenthesized(n).(*literal); ok {
		if s, ok := l.value.(string); ok && plainDate.MatchString(s) {
			return t.literal(l)
		}
	}
	t.refuse(n, "a date that is not written as 'YYYY-MM-DD hh:mm:ss' here")
	return nil
}

func asSchema(_ *translator, n *ast.FuncCallExpr, _ use) *pg.Node {
	return castTo(builtinCall("current_schema", location(n)), "text")
}

// castExpr translates CAST and CONVERT.
func (t *translator) castExpr(n *ast.FuncCastExpr) *pg.Node {
	at, tp := location(n), n.Tp
	if n.FunctionType == ast.CastBinaryOperator || tp.IsArray() {
		t.refuse(n, "BINARY or ARRAY in an expression")
	}
	switch tp.GetType() {
	case my.TypeLonglong:
		if tp.GetFlag()&my.UnsignedFlag == 0 {
			return cast(t.number(n.Expr, computed), typeNameOf("int8", nowhere), at)
		}
	case my.TypeNewDecimal:
		return cast(t.number(n.Expr, computed), typeNameOf("numeric", nowhere, tp.GetFlen(), max(tp.GetDecimal(), 0)), at)
	case my.TypeDouble:
		return cast(t.number(n.Expr, computed), typeNameOf("float8", nowhere), at)
	case my.TypeDate:
		return cast(t.dateLiteral(n.Expr), typeNameOf("date", nowhere), at)
	case my.TypeDatetime:
		return cast(t.dateLiteral(n.Expr), typeNameOf("timestamp", nowhere, max(tp.GetDecimal(), 0)), at)
	case my.TypeVarString:
		if !slices.Contains([]string{"", "utf8mb4"}, tp.GetCharset()) || tp.GetFlag()&my.BinaryFlag != 0 {
			break
		}
		if tp.GetFlen() > 0 {
			return cast(t.string(n.Expr), typeNameOf("varchar", nowhere, tp.GetFlen()), at)
		}
		return cast(t.string(n.Expr), typeNameOf("text", nowhere), at)
	}
	t.refuse(n, "CAST to %s", tp.String())
	return nil
}
