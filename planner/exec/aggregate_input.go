package exec

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// aggInput says where an aggregate's parts are among the scope's expressions,
// and keeps what grows with the rows of the groups: all groups together, so
// that one bound of memory is enough. Kept rows are a group's number, the
// arguments, the order keys.
type aggInput struct {
	call   *expr.AggregateCall
	args   int // the first argument
	direct int // the first direct one, in their own scope
	filter int // -1 is none
	// Of partial states: where they begin in the input's rows.
	state int
	types []columnType // of the arguments and order keys

	// seen are the arguments that groups have had; nil without DISTINCT.
	seen *keySet
	// waiting are rows in the order in which groups want them, for aggregates
	// that have one or that collect; nil: rows are added as they come. head is
	// the first that is not added yet.
	waiting *rowSorter
	head    Row
}

// add appends what the aggregate needs of each row.
func (in *aggInput) add(list []expr.Expr) []expr.Expr {
	list = append(list, in.call.Args...)
	in.types = exprTypes(in.call.Args)
	for _, k := range in.otherKeys() {
		list = append(list, k.Expr)
		in.types = append(in.types, columnType{k.Expr.Type(), -1})
	}
	if in.call.Filter != nil {
		in.filter = len(list)
		list = append(list, in.call.Filter)
	}
	return list
}

// otherKeys are the order keys that are no arguments; an ordered-set
// aggregate's are its arguments.
func (in *aggInput) otherKeys() []expr.SortKey {
	if in.call.Agg.Set != nil {
		return nil
	}
	return in.call.Order
}

// keep prepares for what has to be kept. What collects its arguments into one
// value waits only where there are many such values.
func (in *aggInput) keep(r *run, grouped bool) {
	columns := append([]columnType{{types.TInt8, -1}}, in.types...)
	n := len(in.call.Args)
	if in.call.Distinct {
		in.seen = newKeySet(r, columns[:1+n])
	}
	ordered := len(in.call.Order) > 0 && (in.call.Agg.Set == nil || in.call.Agg.Ordered) || in.call.Agg.Ordered && (grouped || in.call.Distinct)
	if !ordered {
		return
	}
	orders := []order{rising(0, types.TInt8)}
	first := 1 + n
	if in.call.Agg.Set != nil {
		first = 1
	}
	for i, k := range in.call.Order {
		orders = append(orders, orderOf(first+i, k))
	}
	if in.call.Distinct {
		for i, a := range in.call.Args { // PostgreSQL sorts to find equal ones
			orders = append(orders, rising(1+i, a.Type()))
		}
	}
	in.waiting = newRowSorter(r, columns, orders)
}

// take takes a row for a group's state.
func (in *aggInput) take(kept Row, state expr.Accumulator) error {
	n := 1 + len(in.call.Args)
	if in.seen != nil {
		if added, err := in.seen.add(kept[:n:n]); err != nil || !added {
			return err
		}
	}
	if in.waiting != nil {
		if set, ok := state.(*waitingRows); ok {
			set.rows++
		}
		return in.waiting.add(kept)
	}
	return state.Add(owned(kept[1:n]))
}

// waitingRows stands in the place of an ordered-set aggregate's state until all
// rows are in: the number of a group's rows.
type waitingRows struct {
	expr.Accumulator // nobody calls it
	rows             int64
}

// replay adds the rows of group n that had to wait.
func (in *aggInput) replay(n int, state expr.Accumulator) error {
	if in.waiting == nil {
		return nil
	}
	for {
		if in.head == nil {
			var err error
			if in.head, err = in.waiting.next(); err != nil || in.head == nil {
				return err
			}
		}
		if in.head[0].Int() != int64(n) {
			return nil
		}
		if err := state.Add(in.head[1 : 1+len(in.call.Args)]); err != nil {
			return err
		}
		in.head = nil
	}
}

// clear forgets what was kept.
func (in *aggInput) clear() error {
	in.head = nil
	if in.waiting != nil {
		in.waiting.close()
	}
	if in.seen == nil {
		return nil
	}
	return in.seen.close()
}
