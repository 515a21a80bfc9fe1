package bind

import (
	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// Sources are the relations that a view's query names itself, each with the
// attribute numbers that it refers to: what the view depends on (pg_depend). A
// relation behind another view in it is that view's.
func Sources(env *Env, text string) (sources map[catalog.OID]map[int16]bool, err error) {
	s, err := sqlparse.ParseQuery(text)
	if err != nil {
		return nil, err
	}
	b := newBinder(env, s, nil)
	defer b.recover(&err)
	b.checkFields(s.Node)
	(&query{b: b}).selectStatement(s.Node.GetSelectStmt(), resolveUnknowns)
	return b.sources, nil
}

// noteSource notes that the text refers to a relation's column.
func (b *binder) noteSource(c *itemColumn) {
	if b.renaming != nil && len(b.views) == 0 {
		b.renaming.note(c)
	}
	if len(b.views) == 0 && c.table != 0 && b.sources[c.table] != nil {
		b.sources[c.table][c.attno] = true
	}
}
