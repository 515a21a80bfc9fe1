package exec

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// sortKeys are what rows of some columns are ordered by. A key that every
// comparison would make anew of its value (types.Type.SortKey) is made once,
// and stands behind the row's columns.
type sortKeys struct {
	columns []columnType // with what stands behind
	orders  []order
	made    []madeKey
	width   int // of a row without what stands behind
}

// madeKey is what a key is made of.
type madeKey struct {
	position int
	t        *types.Type
}

func newSortKeys(columns []columnType, orders []order) *sortKeys {
	k := &sortKeys{columns: columns, orders: orders, width: len(columns)}
	for i, o := range orders {
		t := o.Type.SortKeyType()
		if t == o.Type {
			continue
		}
		if k.made == nil {
			k.columns, k.orders = slices.Clone(columns), slices.Clone(orders)
		}
		k.made = append(k.made, madeKey{o.position, o.Type})
		k.orders[i].position, k.orders[i].Type = len(k.columns), t
		k.columns = append(k.columns, columnType{t, -1})
	}
	return k
}

// with puts the keys that have to be made behind a row.
func (k *sortKeys) with(row Row, work types.Work) (Row, error) {
	if len(k.made) == 0 {
		return row, nil
	}
	out := append(make(Row, 0, len(k.columns)), row...)
	for _, m := range k.made {
		key, err := m.t.SortKey(row[m.position], work)
		if err != nil {
			return nil, err
		}
		out = append(out, key)
	}
	return out, nil
}

// without takes them off again.
func (k *sortKeys) without(row Row) Row { return row[:k.width:k.width] }

// sortAsPostgres is sort, but for the order of rows that are equal.
func (k *sortKeys) sortAsPostgres(rows []Row, work types.Work) error {
	return sortAsPostgres(rows, func(a, b Row) (int, error) { return compareRows(k.orders, a, b, work) })
}

// sort sorts rows that have their keys; rows that are equal keep their order.
// Its error is work's, after which the order is none.
func (k *sortKeys) sort(rows []Row, work types.Work) error {
	return types.SortLong(rows, func(a, b Row) (int, error) { return compareRows(k.orders, a, b, work) })
}
