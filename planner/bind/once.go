package bind

import (
	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// once has values, by position, that may differ each time they are computed
// computed below, beside source's columns, where a generated column is made
// from them: so that the two agree. The values become references to that.
func (b *binder) once(t *catalog.Table, source plan.Node, value func(position int) *expr.Expr) plan.Node {
	p := &plan.Project{Input: source}
	for _, c := range source.Columns() {
		p.Exprs, p.Cols = append(p.Exprs, ref(c)), append(p.Cols, c)
	}
	given := len(p.Cols)
	for i, needed := range b.generatedFrom(t) {
		if !needed {
			continue
		}
		v := value(i)
		if v == nil || *v == nil || !expr.HasVolatile(*v) {
			continue
		}
		c := b.column(t.Columns[i].Name, (*v).Type(), (*v).Typmod())
		p.Exprs, p.Cols = append(p.Exprs, *v), append(p.Cols, c)
		*v = ref(c)
	}
	if len(p.Cols) == given {
		return source
	}
	return p
}

// generatedFrom says of each position of t whether a generated column is made from it.
func (b *binder) generatedFrom(t *catalog.Table) []bool {
	from := make([]bool, len(t.Columns))
	for i := range t.Columns {
		if c := &t.Columns[i]; isGenerated(*c) {
			b.generated(t, c, func(p int) expr.Expr {
				from[p] = true
				return nullOf(&t.Columns[p])
			})
		}
	}
	return from
}

func isGenerated(c catalog.Column) bool { return c.Generated && !c.Dropped }
