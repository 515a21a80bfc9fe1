package bind

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
)

// groupBy prints the items of GROUP BY (get_basic_select_query).
func (d *definition) groupBy(s *pg.SelectStmt) {
	if s.GroupDistinct {
		d.str("DISTINCT ")
	}
	if !groupingSetsOf(s.GroupClause) {
		for i, n := range flatRows(s.GroupClause) {
			d.sep(i)
			d.str(d.grouped(s, n, false))
		}
		return
	}
	for i, n := range flatRows(s.GroupClause) {
		d.sep(i)
		d.str(d.groupingSet(s, n, true))
	}
}

var groupingWords = map[pg.GroupingSetKind]string{
	pg.GroupingSetKind_GROUPING_SET_ROLLUP: "ROLLUP(", pg.GroupingSetKind_GROUPING_SET_CUBE: "CUBE(", pg.GroupingSetKind_GROUPING_SET_SETS: "GROUPING SETS (",
}

// groupingSet is get_rule_groupingset; bare leaves a set of one without parentheses.
func (d *definition) groupingSet(s *pg.SelectStmt, n *pg.Node, bare bool) string {
	g := n.GetGroupingSet()
	if g == nil {
		members := flatRows([]*pg.Node{n})
		text := make([]string, len(members))
		for i, m := range members {
			text[i] = d.grouped(s, m, false)
		}
		if bare && len(members) == 1 {
			return text[0]
		}
		return "(" + strings.Join(text, ", ") + ")"
	}
	if g.Kind == pg.GroupingSetKind_GROUPING_SET_EMPTY {
		return "()"
	}
	var parts []string
	for _, part := range g.Content {
		text := d.groupingSet(s, part, g.Kind != pg.GroupingSetKind_GROUPING_SET_SETS)
		if inner := part.GetGroupingSet(); inner != nil && inner.Kind == g.Kind && g.Kind == pg.GroupingSetKind_GROUPING_SET_SETS {
			text = strings.TrimSuffix(strings.TrimPrefix(text, groupingWords[g.Kind]), ")") // sets of sets are sets
		}
		parts = append(parts, text)
	}
	return groupingWords[g.Kind] + strings.Join(parts, ", ") + ")"
}

func (d *definition) groupingText(args []expr.Expr) string {
	parts := make([]string, len(args))
	for i, e := range args {
		parts[i] = d.format.FormatShown(e)
	}
	return "GROUPING(" + strings.Join(parts, ", ") + ")"
}
