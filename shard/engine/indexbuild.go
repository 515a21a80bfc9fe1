package engine

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
)

// wholeTableFragment reads all rows of a table as they are.
func wholeTableFragment(t *shard.Table) *shard.Fragment {
	f := &shard.Fragment{Table: t}
	for i := range t.Columns {
		c := &t.Columns[i]
		f.Fetch = append(f.Fetch, &expr.Column{Typed: expr.Typed{T: c.Type, Mod: c.Typmod}, ID: expr.ColumnID(i), Name: c.Name})
	}
	var keys []string
	for _, k := range t.Key {
		keys = append(keys, shard.KeyColumnName(k, t.Columns[k].Type, t.Columns[k].Typmod))
	}
	f.SQL = "SELECT " + columnList(len(t.Columns)) + " FROM " + shard.TableName(t.Physical)
	f.SQLRecent = f.SQL + " WHERE NOT pegmatite_recent(?, " + strings.Join(keys, ", ") + ")"
	return f
}

// errDuplicated is the second row with the same indexed values, as CREATE UNIQUE
// INDEX says it.
func errDuplicated(t *shard.Table, ix *shard.Index, image []byte) error {
	row := make([]types.Datum, len(t.Columns))
	if err := decodeImage(row, t, image, nil); err != nil {
		return err
	}
	names, values := make([]string, len(ix.Columns)), make([]string, len(ix.Columns))
	for i, c := range ix.Columns {
		names[i], values[i] = shownName(&t.Columns[c]), t.Columns[c].Show(row[c], nil, 0)
	}
	return pgerr.New(pgerr.UniqueViolation, "could not create unique index \"%s\"", ix.Name).
		WithDetail("Key (%s)=(%s) is duplicated.", strings.Join(names, ", "), strings.Join(values, ", ")).
		WithTable(t.Schema, t.Name).WithConstraint(ix.Name)
}
