// Package sample makes a column's statistics of a sample of its values, as
// PostgreSQL's ANALYZE does (commands/analyze.c), so that pg_stats shows the
// same numbers for the same rows.
//
//	sample.go   Reservoir: which rows are kept     column.go   Column: what one column's values tell
package sample

import (
	"math/rand/v2"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// RowsPerTarget is how many rows a sample has for each unit of a column's
// statistics target (std_typanalyze: Chaudhuri, Motwani and Narasayya's bound).
const RowsPerTarget = 300

// Reservoir keeps a uniform sample of rows that come one by one (Vitter's
// algorithm R). The zero Reservoir keeps none.
type Reservoir struct {
	Columns []*Column
	// Seen is how many rows came.
	Seen int64
	size int
	rand *rand.Rand
}

// NewReservoir makes a reservoir of size rows for columns of the given types.
func NewReservoir(columns []*Column, size int) *Reservoir {
	return &Reservoir{Columns: columns, size: size, rand: rand.New(rand.NewPCG(1, 2))}
}

// Add takes a row, whose values are the caller's again afterwards.
func (r *Reservoir) Add(row []types.Datum) {
	r.Seen++
	at := len(r.rows())
	if r.size == 0 || r.Seen > int64(r.size) {
		if at = int(r.rand.Int64N(r.Seen)); at >= r.size {
			return
		}
	}
	for i, c := range r.Columns {
		c.put(at, row[i])
	}
}

func (r *Reservoir) rows() []value {
	if len(r.Columns) == 0 {
		return nil
	}
	return r.Columns[0].values
}

// value is one sampled value with its width in PostgreSQL; a value too wide to
// be looked at is not kept.
type value struct {
	datum types.Datum
	width int
	wide  bool
}

// wideBytes is analyze.c's WIDTH_THRESHOLD.
const wideBytes = 1024

func (c *Column) put(at int, d types.Datum) {
	v := value{datum: Own(d)}
	if !d.IsNull() {
		if v.width = c.width(d); v.width > wideBytes && c.Type.Len < 0 {
			v.datum, v.wide = types.Null, true
		}
	}
	if at == len(c.values) {
		c.values = append(c.values, v)
	} else {
		c.values[at] = v
	}
}

// Own copies what a datum shares with the memory that it was read from.
func Own(d types.Datum) types.Datum {
	switch d.Kind() {
	case types.KindText:
		return types.Text(strings.Clone(d.Text()))
	case types.KindBytes:
		return types.Bytes(append([]byte(nil), d.Bytes()...))
	}
	return d
}
