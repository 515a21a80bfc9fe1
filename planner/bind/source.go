package bind

import (
	"strconv"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// Sources are the relations that a view's query names itself, each with the
// attribute numbers that it refers to: what the view depends on (pg_depend). A
// relation behind another view in it is that view's.
func Sources(env *Env, v *catalog.View) (sources map[catalog.OID]map[int16]bool, err error) {
	s, err := sqlparse.ParseQuery(v.Query)
	if err != nil {
		return nil, err
	}
	b := newBinder(env, s, nil)
	return b.sources, b.viewQuery(v, s)
}

// GroupedByKey are the tables whose primary keys a view's GROUP BY stands on:
// without the key, columns that it determines would have to be grouped by.
func GroupedByKey(env *Env, v *catalog.View) (tables map[catalog.OID]bool, err error) {
	s, err := sqlparse.ParseQuery(v.Query)
	if err != nil {
		return nil, err
	}
	b := newBinder(env, s, nil)
	return b.grouped, b.viewQuery(v, s)
}

// viewQuery binds a view's query, parsed, for what the binder notes meanwhile.
func (b *binder) viewQuery(v *catalog.View, s *sqlparse.Statement) (err error) {
	defer b.recover(&err)
	b.sees, b.closed = v.Sees, true
	b.coercer.Relation = b.noteRelationLiteral
	b.checkFields(s.Node)
	(&query{b: b}).selectStatement(s.Node.GetSelectStmt(), resolveUnknowns)
	return nil
}

// noteSource notes that the text refers to a relation's column.
func (b *binder) noteSource(c *itemColumn) {
	if b.renaming != nil && len(b.views) == 0 {
		b.renaming.note(c, b.at)
	}
	if len(b.views) == 0 && c.table != 0 && b.sources[c.table] != nil {
		b.sources[c.table][c.attno] = true
	}
}

// noteRelationLiteral notes that the text refers to a relation by its number ('16384'::regclass).
func (b *binder) noteRelationLiteral(c *expr.Const) {
	oid, err := strconv.ParseUint(c.Value.Text(), 10, 32)
	if err != nil || len(b.views) > 0 {
		return
	}
	if id := catalog.OID(oid); b.env.Snapshot.RelationByOID(id) != nil && b.sources[id] == nil {
		b.sources[id] = map[int16]bool{}
	}
}
