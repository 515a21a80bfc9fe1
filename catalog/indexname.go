package catalog

import (
	"slices"
	"strconv"
)

// UniqueName is the name under which an index shows a column: the column's,
// with a number when another of its columns has it (ChooseIndexColumnNames).
func UniqueName(taken []string, name string) string {
	out := name
	for i := 1; slices.Contains(taken, out); i++ {
		out = name + strconv.Itoa(i)
	}
	return out
}
