package ddl

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
)

// literalUses lists the defaults and constraints that name a relation in a
// literal (nextval('s')), except those of tables in seen, which go as well.
func (s *statement) literalUses(r catalog.Relation, seen map[catalog.OID]bool) (uses []dependent) {
	on := kinds[r.Ref().Kind] + " " + s.visibleName(r)
	literal := fmt.Sprintf("'%d'::regclass", r.Ref().OID)
	for t := range s.snapshot().Tables(s.Database) {
		if seen[t.OID] {
			continue
		}
		for i := range t.Columns {
			if c := &t.Columns[i]; !c.Dropped && strings.Contains(c.Default, literal) {
				name := fmt.Sprintf("default value for column %s of table %s", c.Name, s.visibleName(t))
				uses = append(uses, dependent{nil, s.dropDefault(t.OID, c.ID), name, on})
			}
		}
		for i := range t.Checks {
			if k := &t.Checks[i]; strings.Contains(k.Expr, literal) {
				name := fmt.Sprintf("constraint %s on table %s", k.Name, s.visibleName(t))
				uses = append(uses, dependent{nil, s.dropCheck(t.OID, k.OID), name, on})
			}
		}
	}
	return uses
}

// dropDefault drops a column's default, as what depends on something else.
func (s *statement) dropDefault(table catalog.OID, column catalog.ColumnID) func(context.Context) error {
	return func(context.Context) error {
		changed := cloneTable(s.snapshot().Table(table))
		c := changed.Column(column)
		c.Default, c.DefaultOID = "", 0
		s.Change.Put(changed)
		return nil
	}
}

// dropCheck drops a table's constraint.
func (s *statement) dropCheck(table, check catalog.OID) func(context.Context) error {
	return func(context.Context) error {
		changed := cloneTable(s.snapshot().Table(table))
		changed.Checks = slices.DeleteFunc(changed.Checks, func(k catalog.Check) bool { return k.OID == check })
		s.Change.Put(changed)
		return nil
	}
}
