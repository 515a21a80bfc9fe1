package catalog

import "strings"

// Option is the value of one of the view's options; "" when it has none.
func (v *View) Option(name string) string {
	for _, o := range v.Options {
		if value, found := strings.CutPrefix(o, name+"="); found {
			return value
		}
	}
	return ""
}

// Barrier reports whether the view is a security_barrier: conditions from
// outside see no rows that it does not show.
func (v *View) Barrier() bool { return isOn(v.Option("security_barrier")) }

// Writable says which columns of a view can be written through it, and whether
// its rows can be deleted (pg_relation_is_updatable, but for triggers and rules).
func (s *Snapshot) Writable(v *View) (columns []bool, rows bool) {
	columns = make([]bool, len(v.Columns))
	switch base := s.RelationByOID(v.Base).(type) {
	case *Table:
		return mapColumns(columns, v.BaseColumns, func(attnum int16) bool { return base.ColumnByAttnum(attnum) != nil }), true
	case *View:
		below, rows := s.Writable(base)
		if !rows {
			return columns, false
		}
		return mapColumns(columns, v.BaseColumns, func(attnum int16) bool { return int(attnum) <= len(below) && below[attnum-1] }), true
	}
	return columns, false
}

func mapColumns(columns []bool, attnums []int16, writable func(attnum int16) bool) []bool {
	for i, attnum := range attnums {
		if i < len(columns) && attnum > 0 {
			columns[i] = writable(attnum)
		}
	}
	return columns
}

// isOn reads a boolean option as it was written (parse_bool).
func isOn(value string) bool {
	value = strings.ToLower(value)
	if value == "" {
		return false
	}
	return strings.HasPrefix("true", value) || strings.HasPrefix("yes", value) || value == "on" || value == "1"
}
