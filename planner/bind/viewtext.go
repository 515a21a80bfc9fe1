package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// viewNotes are what the names of a query meant when it was bound.
type viewNotes struct {
	schemas map[*pg.RangeVar]string
	stars   map[*pg.ColumnRef][]*pg.Node
}

// noteRelation notes the schema that a name was found in.
func (b *binder) noteRelation(n *pg.RangeVar, r catalog.Relation) {
	if b.view == nil || len(b.views) > 0 {
		return
	}
	if s := b.env.Snapshot.SchemaByOID(b.env.Database, r.Ref().Schema); s != nil {
		b.view.schemas[n] = s.Name
	}
}

// noteStar notes a column that a star stands for.
func (b *binder) noteStar(star *pg.ColumnRef, it *item, c *itemColumn) {
	if b.view == nil || star == nil || len(b.views) > 0 {
		return
	}
	fields := []*pg.Node{nameNode(c.name)}
	switch {
	case it.byName && it.name != "":
		fields = append([]*pg.Node{nameNode(it.name)}, fields...)
	case c.from != "":
		fields = append([]*pg.Node{nameNode(c.from)}, fields...)
	}
	b.view.stars[star] = append(b.view.stars[star], &pg.Node{Node: &pg.Node_ResTarget{ResTarget: &pg.ResTarget{
		Val: &pg.Node{Node: &pg.Node_ColumnRef{ColumnRef: &pg.ColumnRef{Fields: fields}}},
	}}})
}

func nameNode(s string) *pg.Node {
	return &pg.Node{Node: &pg.Node_String_{String_: &pg.String{Sval: s}}}
}

// ViewText is the text to keep for a view's query def (a node of the tree of s):
// what it means must not change with the search path or with new columns, so
// relations have their schemas and stars are written out.
func ViewText(env *Env, s *sqlparse.Statement, def *pg.Node) (text string, err error) {
	n := proto.Clone(def).(*pg.Node)
	b := newBinder(env, s, nil)
	b.view = &viewNotes{map[*pg.RangeVar]string{}, map[*pg.ColumnRef][]*pg.Node{}}
	defer b.recover(&err)
	b.checkFields(n)
	(&query{b: b}).selectStatement(n.GetSelectStmt(), resolveUnknowns)
	b.view.apply(n)
	text, err = sqlparse.Deparse(n)
	return text, err
}

// apply writes what was noted into the tree.
func (v *viewNotes) apply(n *pg.Node) {
	sqlparse.Walk(n, func(m proto.Message) bool {
		switch m := m.(type) {
		case *pg.RangeVar:
			if s, ok := v.schemas[m]; ok {
				m.Schemaname, m.Catalogname = s, ""
			}
		case *pg.SelectStmt:
			m.TargetList = v.expand(m.TargetList)
		}
		return true
	})
}

func (v *viewNotes) expand(list []*pg.Node) (out []*pg.Node) {
	for _, t := range list {
		if columns, ok := v.stars[t.GetResTarget().GetVal().GetColumnRef()]; ok {
			out = append(out, columns...)
			continue
		}
		out = append(out, t)
	}
	return out
}
