package ddl

import (
	"context"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// typeName resolves a type name.
func (s *statement) typeName(n *pg.TypeName) (*types.Type, int32, error) {
	t, typmod, err := bind.TypeName(s.Bind(), n)
	if err != nil {
		// WithPosition changes what it is given: the error may be shared.
		e := *pgerr.From(err)
		return nil, 0, e.WithPosition(s.text.Position(n.Location))
	}
	return t, typmod, nil
}

// bindTree binds an expression that stands in the statement. columns are by position.
func (s *statement) bindTree(ctx context.Context, n *pg.Node, columns []bind.Column, p bind.Purpose, target *bind.Column) (expr.Expr, error) {
	e, err := bind.Tree(s.Bind(), s.text, n, columns, p, target)
	if err != nil {
		return nil, err
	}
	return s.findNamed(ctx, e)
}

// findNamed looks up the objects that literals name ('s'::regclass), as
// PostgreSQL does while it parses them. Relations become their numbers, so that
// renaming them changes nothing; of others, expressions keep the names.
func (s *statement) findNamed(ctx context.Context, e expr.Expr) (_ expr.Expr, failed error) {
	e = expr.Replace(e, func(e expr.Expr) expr.Expr {
		c, ok := e.(*expr.Cast)
		if !ok || failed != nil || c.Form != expr.CastInOut || !strings.HasPrefix(c.T.Name, "reg") {
			return nil
		}
		if _, literal := c.Arg.(*expr.Const); !literal {
			return nil
		}
		v, err := s.constantValue(ctx, c)
		if failed = err; err != nil || v.IsNull() || c.T != types.TRegclass {
			return nil
		}
		return expr.NewConst(types.TRegclass, v)
	})
	return e, failed
}

// relationNumber is what the literal 'name'::regclass stands for.
func (s *statement) relationNumber(ctx context.Context, name string) (catalog.OID, error) {
	cast := &expr.Cast{
		Typed: expr.Typed{T: types.TRegclass, Mod: -1}, Form: expr.CastInOut, Explicit: true,
		Arg: expr.NewConst(types.TUnknown, types.Text(name)),
	}
	v, err := s.constantValue(ctx, cast)
	if err != nil {
		return 0, err
	}
	return catalog.OID(v.Int()), nil
}

// bindDefault binds a column default: no columns in sight, converted to the
// column's type as an assignment would.
func (s *statement) bindDefault(ctx context.Context, n *pg.Node, column string, t *types.Type, typmod int32) (expr.Expr, error) {
	return s.bindTree(ctx, n, nil, bind.ForDefault, &bind.Column{Name: column, Type: t, Typmod: typmod})
}

// bindCheck binds a boolean expression over a table's columns.
func (s *statement) bindCheck(ctx context.Context, n *pg.Node, t *catalog.Table) (expr.Expr, error) {
	return s.bindTree(ctx, n, columnsOf(t), bind.ForCheck, nil)
}

// bindGenerated binds a generation expression over a table's columns.
func (s *statement) bindGenerated(ctx context.Context, n *pg.Node, t *catalog.Table, column string, typ *types.Type, typmod int32) (expr.Expr, error) {
	return s.bindTree(ctx, n, columnsOf(t), bind.ForGenerated, &bind.Column{Name: column, Type: typ, Typmod: typmod})
}

// columnsOf are a table's columns by position; those that nobody may name have no name.
func columnsOf(t *catalog.Table) []bind.Column {
	cols := make([]bind.Column, len(t.Columns))
	for i, c := range t.Columns {
		cols[i] = bind.Column{Name: c.Name, Type: c.Type, Typmod: c.Typmod, Generated: c.Generated, Table: t.Name}
		if c.Dropped || c.Hidden {
			cols[i].Name = ""
		}
	}
	return cols
}

// exprText is a bound expression as the catalog keeps it: with the default
// settings, so that whoever reads it later reads the same values.
func (s *statement) exprText(e expr.Expr) string {
	return (&expr.Formatter{Env: types.DefaultEnv(), TypeName: catalog.KeptTypeName, Constructor: catalog.KeptFunctionName}).Format(e)
}

// renamedText binds an expression's text over old and prints it with the column
// names of t. It is a generation expression of target, or a check.
func (s *statement) renamedText(text string, old, t *catalog.Table, target *catalog.Column) (string, error) {
	purpose, of := bind.ForUsing, (*bind.Column)(nil)
	if target != nil {
		purpose, of = bind.ForGenerated, &bind.Column{Name: target.Name, Type: target.Type, Typmod: target.Typmod}
	}
	e, err := s.renamed(text, old, t, purpose, of)
	if err != nil {
		return "", err
	}
	return s.exprText(e), nil
}

// renamed is a text over old, bound, with the column names of t.
func (s *statement) renamed(text string, old, t *catalog.Table, purpose bind.Purpose, of *bind.Column) (expr.Expr, error) {
	e, err := bind.Expression(s.Bind(), text, columnsOf(old), purpose, of)
	if err != nil {
		return nil, err
	}
	return expr.Replace(e, func(e expr.Expr) expr.Expr {
		if c, ok := e.(*expr.Column); ok {
			named := *c
			named.Name = t.Columns[c.ID].Name
			return &named
		}
		return nil
	}), nil
}

// constantValue evaluates an expression without columns.
func (s *statement) constantValue(ctx context.Context, e expr.Expr) (types.Datum, error) {
	return expr.EvalConst(&expr.Context{
		Env: s.Bind().Types, Session: s.Session, Running: ctx, TransactionTime: s.TransactionTime, StatementTime: s.StatementTime,
	}, e)
}

// queryColumns are the columns of a query, for CREATE VIEW.
func (s *statement) queryColumns(n *pg.Node) ([]catalog.Column, error) {
	result, err := bind.QueryColumns(s.Bind(), s.text.Inner(n))
	if err != nil {
		return nil, err
	}
	cols := make([]catalog.Column, len(result))
	for i, c := range result {
		if c.Collation == plan.NoCollation {
			return nil, pgerr.New(pgerr.IndeterminateCollation, "could not determine which collation to use for view column %q", c.Name).
				WithHint("Use the COLLATE clause to set the collation explicitly.")
		}
		cols[i] = catalog.Column{ID: catalog.ColumnID(i + 1), Attnum: int16(i + 1), Name: c.Name, Type: c.Type, Typmod: c.Typmod, Collation: c.Collation, Stats: -1}
	}
	return cols, nil
}
