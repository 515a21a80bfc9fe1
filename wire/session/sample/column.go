package sample

import (
	"math"
	"slices"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Column collects one column's values.
type Column struct {
	Type *types.Type
	// Target is the column's statistics target: how many most common values
	// and histogram steps there can be.
	Target int
	// Ordered says that the type has a default order.
	Ordered bool

	values []value
}

// headerBytes are the lengths of a varlena's header, short and long.
const (
	shortHeader = 1
	longHeader  = 4
	shortMax    = 126
)

// width is the space that PostgreSQL's form of a value takes.
func (c *Column) width(d types.Datum) int {
	if c.Type.Len > 0 {
		return int(c.Type.Len)
	}
	var n int
	switch d.Kind() {
	case types.KindText:
		n = len(d.Text())
	case types.KindBytes:
		n = len(d.Bytes())
	default:
		n = len(c.Type.Format(types.DefaultEnv(), nil, d)) / 2
	}
	if n <= shortMax {
		return n + shortHeader
	}
	return n + longHeader
}

// run is a value that occurs count times in a row of the sorted sample.
type run struct {
	first, count int
}

// Statistics are what the sample says of a table of totalRows rows.
func (c *Column) Statistics(totalRows float64) catalog.ColumnStatistics {
	sampled := len(c.values)
	if sampled == 0 {
		return catalog.ColumnStatistics{}
	}
	var sorted []types.Datum
	nulls, wide, widths := 0, 0, 0
	for _, v := range c.values {
		switch {
		case v.wide:
			wide++
			widths += v.width
		case v.datum.IsNull():
			nulls++
		default:
			sorted = append(sorted, v.datum)
			widths += v.width
		}
	}
	s := catalog.ColumnStatistics{NullFraction: float64(nulls) / float64(sampled)}
	if nulls == sampled {
		s.Width = int32(max(c.Type.Len, 0))
		return s
	}
	s.Width = int32(widths / (sampled - nulls))
	if !c.Ordered {
		return s
	}
	slices.SortStableFunc(sorted, c.Type.Compare)
	runs := c.runs(sorted)
	s.Distinct = distinct(runs, wide, sampled, nulls, totalRows)
	common := c.mostCommon(runs, s.Distinct, s.NullFraction, wide, sampled, totalRows)
	for _, r := range common {
		s.MostCommon = append(s.MostCommon, c.text(sorted[r.first]))
		s.Frequencies = append(s.Frequencies, float64(r.count)/float64(sampled))
	}
	s.Histogram = c.histogram(sorted, common, len(runs))
	return s
}

func (c *Column) runs(sorted []types.Datum) []run {
	var runs []run
	for i, d := range sorted {
		if i > 0 && c.Type.Compare(sorted[i-1], d) == 0 {
			runs[len(runs)-1].count++
			continue
		}
		runs = append(runs, run{first: i, count: 1})
	}
	return runs
}

func (c *Column) text(d types.Datum) string {
	return string(c.Type.Format(types.DefaultEnv(), nil, d))
}

// distinct estimates the number of distinct values; beyond a tenth of the rows
// as a negative fraction of them.
func distinct(runs []run, wide, sampled, nulls int, totalRows float64) float64 {
	multiple := 0
	for _, r := range runs {
		if r.count > 1 {
			multiple++
		}
	}
	notNull := 1 - float64(nulls)/float64(sampled)
	var estimate float64
	switch {
	case multiple == 0:
		return -notNull // no value twice: taken for unique
	case wide == 0 && multiple == len(runs):
		estimate = float64(len(runs)) // every value twice: these are all
	default:
		// Haas and Stokes's estimator.
		once := float64(len(runs) - multiple + wide)
		seen := once + float64(multiple)
		n, all := float64(sampled-nulls), totalRows*notNull
		estimate = math.Floor(min(max(n*seen/(n-once+once*n/all), seen), all) + 0.5)
	}
	if estimate > 0.1*totalRows {
		return -estimate / totalRows
	}
	return estimate
}

// mostCommon are the values worth a place in the list, most frequent first.
func (c *Column) mostCommon(runs []run, distinct, nullFraction float64, wide, sampled int, totalRows float64) []run {
	var list []run
	for _, r := range runs {
		if r.count > 1 {
			list = append(list, r)
		}
	}
	slices.SortStableFunc(list, func(a, b run) int { return b.count - a.count })
	list = list[:min(len(list), c.Target)]
	if len(list) == len(runs) && wide == 0 && distinct > 0 {
		return list // all there are
	}
	return list[:worthKeeping(list, distinct, nullFraction, float64(sampled), totalRows)]
}

// worthKeeping is analyze_mcv_list: a value is kept when it is more frequent
// than the average of those that are not, by two standard deviations.
func worthKeeping(list []run, distinct, nullFraction, n, all float64) int {
	if n == all || all <= 1 {
		return len(list)
	}
	if distinct < 0 {
		distinct *= -all
	}
	kept, sum := len(list), 0.0
	for _, r := range list[:max(kept-1, 0)] {
		sum += float64(r.count)
	}
	for kept > 0 {
		count := float64(list[kept-1].count)
		selectivity := min(max(1-sum/n-nullFraction, 0), 1)
		if others := distinct - float64(kept-1); others > 1 {
			selectivity /= others
		}
		k := all * count / n
		variance := n * k * (all - k) * (all - n) / (all * all * (all - 1))
		if count > selectivity*n+2*math.Sqrt(variance)+0.5 {
			break
		}
		if kept--; kept > 0 {
			sum -= float64(list[kept-1].count)
		}
	}
	return kept
}

// histogram divides the values that are not among the most common into steps
// of equal size.
func (c *Column) histogram(sorted []types.Datum, common []run, distinct int) []string {
	bounds := min(distinct-len(common), c.Target+1)
	if bounds < 2 {
		return nil
	}
	gone := make([]bool, len(sorted))
	for _, r := range common {
		for i := range r.count {
			gone[r.first+i] = true
		}
	}
	var rest []types.Datum
	for i, d := range sorted {
		if !gone[i] {
			rest = append(rest, d)
		}
	}
	out := make([]string, bounds)
	for i := range out {
		out[i] = c.text(rest[i*(len(rest)-1)/(bounds-1)])
	}
	return out
}
