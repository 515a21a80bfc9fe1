package ddl

import (
	"fmt"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
)

// tablePart is a table's default (of a column) or CHECK constraint.
type tablePart struct {
	table  catalog.OID
	column catalog.ColumnID
	check  catalog.OID
}

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
				uses = append(uses, dependent{nil, &tablePart{table: t.OID, column: c.ID}, name, on})
			}
		}
		for i := range t.Checks {
			if k := &t.Checks[i]; strings.Contains(k.Expr, literal) {
				name := fmt.Sprintf("constraint %s on table %s", k.Name, s.visibleName(t))
				uses = append(uses, dependent{nil, &tablePart{table: t.OID, check: k.OID}, name, on})
			}
		}
	}
	return uses
}

// dropPart drops a default or a constraint.
func (s *statement) dropPart(p *tablePart) {
	changed := cloneTable(s.snapshot().Table(p.table))
	if c := changed.Column(p.column); p.column != 0 {
		c.Default, c.DefaultOID = "", 0
	}
	for i := range changed.Checks {
		if changed.Checks[i].OID == p.check {
			changed.Checks = append(changed.Checks[:i], changed.Checks[i+1:]...)
			break
		}
	}
	s.Change.Put(changed)
}
