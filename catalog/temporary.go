package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// DeleteTemporary deletes a session's schema of temporary objects, with all that
// is in it, and what lasting tables have of it (nextval of a sequence), as DROP …
// CASCADE does: their defaults and CHECK constraints that name it.
func (c *Change) DeleteTemporary(sc *Schema) {
	var literals []string
	for _, r := range slices.Collect(c.Snapshot().RelationsIn(sc.Database, sc.OID)) {
		c.Delete(r)
		literals = append(literals, fmt.Sprintf("'%d'::regclass", r.Ref().OID))
	}
	for _, t := range slices.Collect(c.Snapshot().Tables(sc.Database)) {
		if kept := t.without(literals); kept != t {
			c.Put(kept)
		}
	}
	c.Delete(sc)
}

// without is the table without its defaults and constraints that have one of the
// literals in them; the table itself if it has none.
func (t *Table) without(literals []string) *Table {
	has := func(text string) bool {
		return slices.ContainsFunc(literals, func(l string) bool { return strings.Contains(text, l) })
	}
	lost := func(k Check) bool { return has(k.Expr) }
	changed := *t
	changed.Columns, changed.Checks = slices.Clone(t.Columns), slices.DeleteFunc(slices.Clone(t.Checks), lost)
	all := len(changed.Checks) == len(t.Checks)
	for i := range changed.Columns {
		if col := &changed.Columns[i]; !col.Generated && has(col.Default) {
			col.Default, col.DefaultOID, all = "", 0, false
		}
	}
	if all {
		return t
	}
	return &changed
}

// Temporary are the schemas of sessions' temporary objects.
func (s *Snapshot) Temporary() (list []*Schema) {
	for d := range s.Databases() {
		for sc := range s.Schemas(d.OID) {
			if sc.Backend != 0 {
				list = append(list, sc)
			}
		}
	}
	return list
}
