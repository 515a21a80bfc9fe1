package bind

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// failColumn is errorMissingColumn (parse_relation.c): the column does not
// exist; perhaps another was meant, or it is there but cannot be seen.
func (q *query) failColumn(table, column string, location int32) {
	name := "\"" + column + "\""
	if table != "" {
		name = table + "." + column
	}
	e := pgerr.New(pgerr.UndefinedColumn, "column %s does not exist", name).WithPosition(q.b.position(location))
	if it := q.hidden(table, column); it != nil {
		e.WithHint("There is a column named \"%s\" in table \"%s\", but it cannot be referenced from this part of the query.", column, it.name)
		fail(e)
	}
	if hint := q.similarColumn(table, column); hint != "" {
		e.WithHint("%s", hint)
	}
	fail(e)
}

// hidden finds a FROM item that has the column but may not be referred to.
func (q *query) hidden(table, column string) *item {
	for level := q; level != nil; level = level.parent {
		for _, it := range level.items {
			if it.byColumn && it.byName || table != "" && it.name != table || it.name == "" || !it.forbidden {
				continue
			}
			if it.has(column) {
				return it
			}
		}
		for _, it := range level.pending {
			if it.name != "" && (table == "" || it.name == table) && it.has(column) {
				return it
			}
		}
	}
	return nil
}

func (it *item) has(column string) bool {
	return slices.ContainsFunc(it.columns, func(c *itemColumn) bool { return c.name == column })
}

// maxDistance bounds how far a misspelt name may be (MAX_FUZZY_DISTANCE).
const maxDistance = 3

type nearColumn struct {
	item   *item
	column string
}

// similarColumn is the HINT of searchRangeTableForCol: the nearest names by
// edits, if one or two are nearest.
func (q *query) similarColumn(table, column string) string {
	best := maxDistance + 1
	var near []nearColumn
	for level := q; level != nil; level = level.parent {
		for _, it := range level.items {
			if it.name == "" {
				continue
			}
			penalty := 0
			if table != "" {
				penalty = distance(table, it.name)
			}
			for _, c := range it.columns {
				d := penalty + distance(column, c.name)
				if d > maxDistance || d > len([]rune(column))/2 && d > penalty {
					continue
				}
				if d < best {
					best, near = d, nil
				}
				if d == best {
					near = append(near, nearColumn{it, c.name})
				}
			}
		}
	}
	switch len(near) {
	case 1:
		return "Perhaps you meant to reference the column \"" + near[0].item.name + "." + near[0].column + "\"."
	case 2:
		return "Perhaps you meant to reference the column \"" + near[0].item.name + "." + near[0].column +
			"\" or the column \"" + near[1].item.name + "." + near[1].column + "\"."
	}
	return ""
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			cost := diagonal
			if x[i] != y[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(y)]
}

// failItem is errorMissingRTE: no FROM item has the name.
func (q *query) failItem(name string, location int32) {
	aliased, unseen := q.itemsNamed(name)
	e := pgerr.New(pgerr.UndefinedTable, "missing FROM-clause entry for table \"%s\"", name)
	switch {
	case unseen != nil:
		e = pgerr.New(pgerr.UndefinedTable, "invalid reference to FROM-clause entry for table \"%s\"", name).
			WithHint("There is an entry for table \"%s\", but it cannot be referenced from this part of the query.", unseen.name)
	case aliased != nil:
		e = pgerr.New(pgerr.UndefinedTable, "invalid reference to FROM-clause entry for table \"%s\"", name).
			WithHint("Perhaps you meant to reference the table alias \"%s\".", aliased.name)
	}
	fail(e.WithPosition(q.b.position(location)))
}

// itemsNamed finds an item whose table has the name behind an alias, and one
// that has the name but is not visible.
func (q *query) itemsNamed(name string) (aliased, unseen *item) {
	for level := q; level != nil; level = level.parent {
		for _, it := range level.items {
			if it.table != nil && it.table.Name == name && it.name != name {
				aliased = it
			}
			if (it.byName || it.table != nil) && it.name == name {
				unseen = it // in another schema than was asked for, or a MERGE's target for its source
			}
		}
		for _, it := range level.pending {
			if it.name == name {
				unseen = it
			}
		}
	}
	return aliased, unseen
}
