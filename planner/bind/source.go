package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/pegmatitedb/pegmatite/catalog"
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
	return b.notes.sources, b.viewQuery(v, s)
}

// GroupedByKey are the tables whose primary keys a view's GROUP BY stands on:
// without the key, columns that it determines would have to be grouped by.
func GroupedByKey(env *Env, v *catalog.View) (tables map[catalog.OID]bool, err error) {
	s, err := sqlparse.ParseQuery(v.Query)
	if err != nil {
		return nil, err
	}
	b := newBinder(env, s, nil)
	return b.notes.grouped, b.viewQuery(v, s)
}

// viewQuery binds a view's query, parsed, for what the binder notes meanwhile.
func (b *binder) viewQuery(v *catalog.View, s *sqlparse.Statement) (err error) {
	defer b.recover(&err)
	b.sees, b.closed, b.fromCatalog = v.Sees, true, true
	b.coercer.Relation = b.noteRelationLiteral
	b.checkFields(s.Node)
	(&query{b: b}).selectStatement(s.Node.GetSelectStmt(), resolveUnknowns)
	return nil
}

// Named are the relations that a view's text names, whether or not it binds.
func Named(env *Env, v *catalog.View) (map[catalog.OID]bool, error) {
	s, err := sqlparse.ParseQuery(v.Query)
	if err != nil {
		return nil, err
	}
	named := map[catalog.OID]bool{}
	sqlparse.Walk(s.Node, func(m proto.Message) bool {
		if n, ok := m.(*pg.RangeVar); ok && n.Schemaname != "" {
			if sc := env.Snapshot.Schema(env.Database, n.Schemaname); sc != nil {
				if r := env.Snapshot.Relation(env.Database, sc.OID, n.Relname); r != nil {
					named[r.Ref().OID] = true
				}
			}
		}
		return true
	})
	return named, nil
}
