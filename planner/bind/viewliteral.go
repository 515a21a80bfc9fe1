package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// ViewLiterals are the literals of a view's text with what they were read as.
type ViewLiterals struct {
	query string
	tree  *pg.Node
	list  []viewLiteral
}

type viewLiteral struct {
	node  *pg.A_Const
	as    *types.Type
	value types.Datum
}

// Literals finds the literals of a view's text whose types are not built in.
func Literals(env *Env, v *catalog.View) (*ViewLiterals, error) {
	s, err := sqlparse.ParseQuery(v.Query)
	if err != nil {
		return nil, err
	}
	b := newBinder(env, s, nil)
	b.notes.view = newViewNotes()
	out := &ViewLiterals{query: v.Query, tree: s.Node}
	b.coercer.Literal = func(c *expr.Const, as *types.Type, value types.Datum) {
		if n := b.notes.view.literals[c]; n != nil && as.OID >= catalog.FirstNormalOID {
			out.list = append(out.list, viewLiteral{n, as, value})
		}
	}
	return out, b.viewQuery(v, s)
}

// Text is the view's text with the literals as print shows their values now.
func (l *ViewLiterals) Text(print func(*types.Type, types.Datum) string) (string, error) {
	changed := false
	for _, x := range l.list {
		old := string(x.as.Format(types.DefaultEnv(), nil, x.value))
		if now := print(x.as, x.value); now != old {
			x.node.Val = &pg.A_Const_Sval{Sval: &pg.String{Sval: now}}
			changed = true
		}
	}
	if !changed {
		return l.query, nil
	}
	return sqlparse.Deparse(l.tree)
}
