package shard

import (
	"strconv"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// The names of things in a shard's SQLite file. They are made of numbers, so
// that a rename touches no shard, and need no quotes.

// TableName is the SQLite table of a physical table.
func TableName(physical uint64) string { return "t" + strconv.FormatUint(physical, 10) }

// ColumnName is the SQLite column at a position of a row image.
func ColumnName(position int) string { return "c" + strconv.Itoa(position+1) }

// IndexName is the SQLite index of a table's index.
func IndexName(physical uint64, index uint32) string {
	return TableName(physical) + "i" + strconv.FormatUint(uint64(index), 10)
}

// KeyColumnName is the SQLite column by which a key column is found, compared
// and bound to a key set: the column itself, or where its stored form is not
// its key (types.Type.KeyIsStored) a column "k<n>" beside it that holds StoreKey.
func KeyColumnName(position int, t *types.Type, typmod int32) string {
	if t.KeyIsStored(typmod) {
		return ColumnName(position)
	}
	return "k" + strconv.Itoa(position+1)
}
