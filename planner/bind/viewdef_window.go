package bind

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
)

// windowClause is get_rule_windowclause.
func (d *definition) windowClause(list []*pg.Node) {
	for i, n := range list {
		def := n.GetWindowDef()
		if i == 0 {
			d.line(" WINDOW ", -indentStandard, indentStandard, 1)
		}
		d.sep(i)
		d.str(expr.QuoteIdent(def.Name), " AS ", d.windowSpec(def))
	}
}

// over is what stands behind OVER.
func (d *definition) over(call *expr.WindowCall) string {
	def := d.windows[call].def
	if def.Name != "" {
		return expr.QuoteIdent(def.Name)
	}
	return d.windowSpec(def)
}

// windowSpec is get_rule_windowspec.
func (d *definition) windowSpec(def *pg.WindowDef) string {
	var parts []string
	if def.Refname != "" {
		parts = append(parts, expr.QuoteIdent(def.Refname))
	}
	if len(def.PartitionClause) > 0 {
		parts = append(parts, "PARTITION BY "+d.apart(func() {
			for i, n := range flatRows(def.PartitionClause) {
				d.sep(i)
				d.str(d.sorted(n))
			}
		}))
	}
	if len(def.OrderClause) > 0 {
		parts = append(parts, "ORDER BY "+d.apart(func() { d.sortItems(def.OrderClause, d.sorted) }))
	}
	if def.FrameOptions&frameNonDefault != 0 {
		parts = append(parts, d.frame(def))
	}
	return "(" + strings.Join(parts, " ") + ")"
}

func (d *definition) frame(def *pg.WindowDef) string {
	f := frameOf(def.FrameOptions)
	f.Start.Offset, f.End.Offset = d.exprs[def.StartOffset], d.exprs[def.EndOffset]
	return expr.FrameText(&f, def.FrameOptions&frameBetween != 0, d.format.Format)
}
