package pgcatalog

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// statisticsRows makes a table's rows in pg_stats. pg_statistic, which only
// superusers see, stays empty: its columns are PostgreSQL's own planner's.
func (g *generator) statisticsRows(t *catalog.Table) {
	if len(t.Stats.Columns) == 0 || !g.wants("pg_stats") {
		return
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		stats, ok := t.Stats.Columns[c.ID]
		if !ok || c.Dropped || c.Hidden {
			continue
		}
		r := g.begin("pg_stats").set("schemaname", g.schemaName(t.Schema)).text("tablename", t.Name).text("attname", c.Name)
		r.bool("inherited", false).set("null_frac", real4(stats.NullFraction)).int("avg_width", int64(stats.Width))
		r.set("n_distinct", real4(stats.Distinct))
		if len(stats.MostCommon) > 0 {
			r.text("most_common_vals", arrayText(stats.MostCommon)).set("most_common_freqs", realArray(stats.Frequencies))
		}
		if len(stats.Histogram) > 0 {
			r.text("histogram_bounds", arrayText(stats.Histogram))
		}
		r.done()
	}
}

// real4 makes a float4, which holds what float32 can.
func real4(v float64) types.Datum { return types.Float(float64(float32(v))) }

func realArray(values []float64) types.Datum {
	elems := make([]types.Datum, len(values))
	for i, v := range values {
		elems[i] = real4(v)
	}
	return array(types.TFloat4, 1, elems)
}

// arrayText is the text form of an array of any type, whose elements' text
// forms are given: a value of type anyarray.
func arrayText(elems []string) string {
	texts := make([]string, len(elems))
	for i, e := range elems {
		texts[i] = elementText(e)
	}
	return "{" + strings.Join(texts, ",") + "}"
}
