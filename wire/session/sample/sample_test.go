package sample

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// column makes a column of sampled int4 values; nil is NULL.
func column(target int, values []*int64) *Column {
	c := &Column{Type: types.TInt4, Target: target, Ordered: true}
	r := NewReservoir([]*Column{c}, target*RowsPerTarget)
	for _, v := range values {
		d := types.Null
		if v != nil {
			d = types.Int(*v)
		}
		r.Add([]types.Datum{d})
	}
	return c
}

func numbers(n int, f func(int) int64) []*int64 {
	out := make([]*int64, n)
	for i := range out {
		v := f(i)
		out[i] = &v
	}
	return out
}

// TestStatistics has what PostgreSQL 15's pg_stats showed for the same columns.
func TestStatistics(t *testing.T) {
	for _, c := range []struct {
		name   string
		target int
		values []*int64
		want   string
	}{
		{"unique", 2, numbers(9, func(i int) int64 { return int64(i) }), "0 4 -1 [] [] [0 4 8]"},
		{"few", 10, numbers(100, func(i int) int64 { return int64(i % 3) }), "0 4 3 [0 1 2] [0.34 0.33 0.33] []"},
		{"nulls", 10, append(numbers(6, func(i int) int64 { return int64(i / 2) }), nil, nil), "0.25 4 -0.375 [0 1 2] [0.25 0.25 0.25] []"},
		{"all null", 10, []*int64{nil, nil}, "1 4 0 [] [] []"},
		{"none", 10, nil, "0 0 0 [] [] []"},
	} {
		s := column(c.target, c.values).Statistics(float64(len(c.values)))
		got := fmt.Sprint(s.NullFraction, s.Width, s.Distinct, s.MostCommon, s.Frequencies, s.Histogram)
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// TestSampleOfMany: a sample of a larger table estimates what the whole has.
func TestSampleOfMany(t *testing.T) {
	const rows = 20000
	c := column(10, numbers(rows, func(i int) int64 { return int64(i*7919) % 500 }))
	if n := len(c.values); n != 10*RowsPerTarget {
		t.Fatalf("the sample has %d rows", n)
	}
	s := c.Statistics(rows)
	if s.Distinct < 450 || s.Distinct > 550 {
		t.Errorf("500 distinct values, estimated %v", s.Distinct)
	}
	if len(s.Histogram) != 11 || !slices.IsSortedFunc(s.Histogram, func(a, b string) int { return len(a) - len(b) }) {
		t.Errorf("histogram %v", s.Histogram)
	}
}

// TestWide: values too wide to look at count, by their number and width.
func TestWide(t *testing.T) {
	c := &Column{Type: types.TText, Target: 10, Ordered: true}
	r := NewReservoir([]*Column{c}, 100)
	wide := string(make([]byte, 2000))
	for range 4 {
		r.Add([]types.Datum{types.Text(wide)})
		r.Add([]types.Datum{types.Text("x")})
	}
	s := c.Statistics(8)
	if s.Width != (2004+2)/2 || s.Distinct != -0.625 {
		t.Errorf("width %d, distinct %v", s.Width, s.Distinct)
	}
}
