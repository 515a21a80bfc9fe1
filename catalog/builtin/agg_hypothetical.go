package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// hypotheticalAggs say where a row would stand among others (orderedsetaggs.c,
// hypothetical_rank_common).
var hypotheticalAggs = aggImpls{
	"rank(any)":         {set: newHypothetical((*hypothetical).rank)},
	"percent_rank(any)": {set: newHypothetical((*hypothetical).percentRank)},
	"cume_dist(any)":    {set: newHypothetical((*hypothetical).cumulative)},
	"dense_rank(any)":   {ordered: true, set: newHypothetical((*hypothetical).denseRank)},
}

// hypothetical counts the rows around one that is not there.
type hypothetical struct {
	accumulator
	row    []types.Datum
	orders []types.Order
	work   types.Work
	result func(*hypothetical) types.Datum

	rows, before, equal int64
	// Of the rows before in order: the last, and how many differ from the one before them.
	last     []types.Datum
	distinct int64
	ordered  bool
}

func newHypothetical(result func(*hypothetical) types.Datum) newSet {
	return func(ctx *expr.Context, s expr.OrderedSet) (expr.Accumulator, error) {
		return &hypothetical{row: s.Direct, orders: s.Orders, work: ctx.Spend, result: result, ordered: s.Rows > 0}, nil
	}
}

func (h *hypothetical) compare(a, b []types.Datum) (int, error) {
	for i := range h.orders {
		if c, err := h.orders[i].Compare(a[i], b[i], h.work); c != 0 || err != nil {
			return c, err
		}
	}
	return 0, nil
}

func (h *hypothetical) Add(row []types.Datum) error {
	c, err := h.compare(row, h.row)
	if err != nil {
		return err
	}
	h.rows++
	switch {
	case c == 0:
		h.equal++
	case c < 0:
		h.before++
		return h.differs(row)
	}
	return nil
}

// differs counts a row that is another than the one before it, where rows come in order.
func (h *hypothetical) differs(row []types.Datum) error {
	if !h.ordered {
		return nil
	}
	if h.last != nil {
		if c, err := h.compare(row, h.last); err != nil || c == 0 {
			return err
		}
	}
	h.last = row
	h.distinct++
	return nil
}

func (h *hypothetical) Result() (types.Datum, error) { return h.result(h), nil }

func (h *hypothetical) rank() types.Datum { return types.Int(h.before + 1) }

func (h *hypothetical) denseRank() types.Datum { return types.Int(h.distinct + 1) }

func (h *hypothetical) percentRank() types.Datum {
	if h.rows == 0 {
		return types.Float(0)
	}
	return types.Float(float64(h.before) / float64(h.rows))
}

func (h *hypothetical) cumulative() types.Datum {
	return types.Float(float64(h.before+h.equal+1) / float64(h.rows+1))
}
