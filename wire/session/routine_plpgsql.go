package session

import (
	"context"
	"fmt"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/planner/exec"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/planner/plpgsql"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// plpgsqlBody is a function in PL/pgSQL (pl_exec.c).
type plpgsqlBody struct {
	of         *catalog.Function
	f          *expr.Function
	arguments  *bind.Arguments
	statements []plpgsql.Statement
	// queries are the statements' expressions, made when they are first wanted.
	queries map[string]*prepared
	// casts are of expressions to the type that is returned, by the type that they have.
	casts map[*types.Type]expr.Eval
}

func (s *Session) plpgsqlBody(of *catalog.Function, f *expr.Function) (routineBody, error) {
	list, err := plpgsql.Parse(of)
	if err != nil {
		return nil, err
	}
	return &plpgsqlBody{
		of: of, f: f, arguments: bind.BodyArguments(of), statements: list,
		queries: map[string]*prepared{}, casts: map[*types.Type]expr.Eval{},
	}, nil
}

func (b *plpgsqlBody) run(ctx context.Context, c *routineCall) error {
	for _, st := range b.statements {
		line, words := st.Place()
		if r, ok := st.(*plpgsql.Return); ok {
			v, err := b.returns(ctx, c, r)
			if err != nil {
				context := plpgsqlContext(c.s, b.of, line, words)
				return located(err, "", context, context)
			}
			c.yield(v)
			return nil
		}
	}
	if b.f.Result == types.TVoid {
		c.yield(types.Null)
		return nil
	}
	e := pgerr.New(pgerr.SREFunctionExecutedNoReturnStatement, "control reached end of function without RETURN")
	e.Where = fmt.Sprintf("PL/pgSQL function %s", c.s.procedureName(b.of.OID))
	return e
}

// returns is RETURN's value, as the function's result.
func (b *plpgsqlBody) returns(ctx context.Context, c *routineCall, r *plpgsql.Return) (types.Datum, error) {
	if r.Expr == "" {
		return types.Null, nil
	}
	v, from, err := b.value(ctx, c, r.Expr)
	if err != nil || from == b.f.Result {
		return v, err
	}
	cast, err := b.cast(c.s, from)
	if err != nil {
		return types.Null, err
	}
	return cast(c.context(ctx), []types.Datum{v})
}

// value computes an expression: a query of one column and one row at most.
func (b *plpgsqlBody) value(ctx context.Context, c *routineCall, text string) (v types.Datum, of *types.Type, err error) {
	p := b.queries[text]
	if p == nil {
		list, err := sqlparse.ParseBody("SELECT " + text)
		if err != nil {
			return v, nil, bind.InFunction(err, text, "")
		}
		p = &prepared{stmt: list[0], declared: b.f.Args}
		b.queries[text] = p
	}
	rows := 0
	err = c.query(ctx, p, b.arguments, func(row []types.Datum) (bool, error) {
		if len(row) != 1 {
			return false, pgerr.New(pgerr.SyntaxError, "query returned %d columns", len(row))
		}
		if rows++; rows > 1 {
			return false, pgerr.New(pgerr.CardinalityViolation, "query returned more than one row")
		}
		v = exec.Own(row[0])
		return true, nil
	})
	if err != nil {
		return v, nil, bind.InFunction(err, "SELECT "+text, "")
	}
	return v, p.result[0].Type, nil
}

// cast converts values of a type to the function's result: as an assignment, or
// else through their text (exec_cast_value).
func (b *plpgsqlBody) cast(s *Session, from *types.Type) (expr.Eval, error) {
	if eval := b.casts[from]; eval != nil {
		return eval, nil
	}
	e, err := bind.Assignment(s.env.bind(), plan.Column{Type: from, Typmod: -1}, b.f.Result)
	if err != nil {
		return nil, err
	}
	eval, err := expr.Compile(e, func(expr.ColumnID) int { return 0 })
	if err == nil {
		b.casts[from] = eval
	}
	return eval, err
}
