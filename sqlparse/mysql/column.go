package mysql

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pingcap/tidb/pkg/parser/ast"
	my "github.com/pingcap/tidb/pkg/parser/mysql"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// column adds a column.
func (m *tableMaker) column(n *ast.ColumnDef) {
	name := n.Name.Name.L
	c := &pg.ColumnDef{Colname: name, IsLocal: true, Location: location(n.Name)}
	var check *pg.Node
	c.TypeName, check = m.columnType(n)
	if check != nil {
		c.Constraints = append(c.Constraints, checkOf("", check))
	}
	for _, o := range n.Options {
		m.columnOption(n, c, o)
	}
	m.node.TableElts = append(m.node.TableElts, &pg.Node{Node: &pg.Node_ColumnDef{ColumnDef: c}})
}

func (m *tableMaker) columnOption(n *ast.ColumnDef, c *pg.ColumnDef, o *ast.ColumnOption) {
	add := func(kind pg.ConstrType) {
		c.Constraints = append(c.Constraints, constraint(&pg.Constraint{Contype: kind}))
	}
	switch o.Tp {
	case ast.ColumnOptionNotNull:
		add(pg.ConstrType_CONSTR_NOTNULL)
	case ast.ColumnOptionNull:
		add(pg.ConstrType_CONSTR_NULL)
	case ast.ColumnOptionPrimaryKey, ast.ColumnOptionUniqKey:
		if o.StrValue != "" {
			m.refuse(n, "GLOBAL or LOCAL of a key")
		}
		m.leading[c.Colname] = true
		if o.Tp == ast.ColumnOptionPrimaryKey {
			add(pg.ConstrType_CONSTR_PRIMARY)
			return
		}
		add(pg.ConstrType_CONSTR_UNIQUE)
	case ast.ColumnOptionAutoIncrement:
		m.autoIncrement(n, c)
	case ast.ColumnOptionDefaultValue:
		c.Constraints = append(c.Constraints, constraint(&pg.Constraint{
			Contype: pg.ConstrType_CONSTR_DEFAULT, RawExpr: m.defaultValue(n, o.Expr),
		}))
	case ast.ColumnOptionCheck:
		if !o.Enforced {
			m.refuse(n, "CHECK … NOT ENFORCED")
		}
		c.Constraints = append(c.Constraints, checkOf(o.ConstraintName, m.truth(o.Expr)))
	case ast.ColumnOptionCollate:
		m.collation(o.StrValue)
	case ast.ColumnOptionComment, ast.ColumnOptionColumnFormat, ast.ColumnOptionStorage:
	default:
		m.refuse(n, "%s of column %s", columnOptions[o.Tp], n.Name.Name.O)
	}
}

// columnOptions are how refused options are called.
var columnOptions = map[ast.ColumnOptionType]string{
	ast.ColumnOptionOnUpdate: "ON UPDATE", ast.ColumnOptionFulltext: "FULLTEXT", ast.ColumnOptionGenerated: "GENERATED",
	ast.ColumnOptionReference: "REFERENCES", ast.ColumnOptionAutoRandom: "AUTO_RANDOM",
	ast.ColumnOptionSecondaryEngineAttribute: "SECONDARY_ENGINE_ATTRIBUTE",
}

// autoIncrement makes an identity. It is GENERATED ALWAYS: MySQL goes on behind
// a value that was given, a sequence does not, so a given value is refused.
func (m *tableMaker) autoIncrement(n *ast.ColumnDef, c *pg.ColumnDef) {
	if m.auto != "" {
		m.fail(n, pgerr.InvalidTableDefinition, "there can be only one auto column and it must be defined as a key")
	}
	if _, ok := integers[n.Tp.GetType()]; !ok {
		m.refuse(n, "AUTO_INCREMENT of a column that is no integer")
	}
	m.auto = c.Colname
	identity := &pg.Constraint{Contype: pg.ConstrType_CONSTR_IDENTITY, GeneratedWhen: "a"}
	if m.start > 1 {
		identity.Options = []*pg.Node{defElem("start", &pg.Node{Node: &pg.Node_Float{Float: &pg.Float{Fval: number64(m.start)}}})}
	}
	c.Constraints = append(c.Constraints, constraint(identity))
}

// defaultValue translates DEFAULT.
func (m *tableMaker) defaultValue(n *ast.ColumnDef, e ast.ExprNode) *pg.Node {
	f, ok := unparenthesized(e).(*ast.FuncCallExpr)
	if !ok || f.FnName.L != "current_timestamp" {
		return m.value(e, computed)
	}
	switch n.Tp.GetType() {
	case my.TypeTimestamp:
		return now("timestamptz")
	case my.TypeDatetime:
		return now("timestamp")
	}
	return m.value(e, computed)
}

func checkOf(name string, cond *pg.Node) *pg.Node {
	return constraint(&pg.Constraint{Contype: pg.ConstrType_CONSTR_CHECK, Conname: name, RawExpr: cond, InitiallyValid: true})
}
