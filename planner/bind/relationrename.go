package bind

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// RelationName is a relation's full name.
type RelationName struct{ Schema, Name string }

// WithRelation is a view's text with the name that a relation is getting; the
// same text if it does not name it. ok is false when the text calls several
// things by the old name, some of them by its schema too.
func WithRelation(text string, from, to RelationName) (renamed string, ok bool, err error) {
	s, err := sqlparse.ParseQuery(text)
	if err != nil {
		return "", false, err
	}
	m := mentionsOf(s.Node, from)
	if len(m.relations)+len(m.qualified)+len(m.types) == 0 {
		return text, true, nil
	}
	names := outputNames(s.Node)
	if !m.rename(from, to) {
		return "", false, nil
	}
	keepOutputNames(names)
	renamed, err = sqlparse.Deparse(s.Node)
	return renamed, true, err
}

// WithSchema is a view's text with the name that a schema is getting.
func WithSchema(text, from, to string) (renamed string, err error) {
	s, err := sqlparse.ParseQuery(text)
	if err != nil {
		return "", err
	}
	found := false
	sqlparse.Walk(s.Node, func(m proto.Message) bool {
		switch m := m.(type) {
		case *pg.RangeVar:
			if m.Schemaname == from {
				m.Schemaname, found = to, true
			}
		case *pg.ColumnRef:
			if at := schemaField(m); at >= 0 && fieldName(m.Fields[at]) == from {
				m.Fields[at], found = nameNode(to), true
			}
		case *pg.TypeName:
			if n := len(m.Names); n > 1 && fieldName(m.Names[n-2]) == from {
				m.Names[n-2], found = nameNode(to), true
			}
		}
		return true
	})
	if !found {
		return text, nil
	}
	return sqlparse.Deparse(s.Node)
}

// mentions are the places where a query's text names a relation. A view's text
// has the schema of every relation that it reads, so none is missed.
type mentions struct {
	relations []*pg.RangeVar
	qualified []*pg.ColumnRef // schema.relation.column: only a relation without alias is called so
	types     []*pg.TypeName
	items     map[string]int  // what FROM items and WITH queries are called
	called    map[string]bool // what references without a schema begin with
}

func mentionsOf(n *pg.Node, of RelationName) *mentions {
	m := &mentions{items: map[string]int{}, called: map[string]bool{}}
	sqlparse.Walk(n, func(n proto.Message) bool {
		switch n := n.(type) {
		case *pg.RangeVar:
			m.addRelation(n, of)
		case *pg.Alias:
			m.items[n.Aliasname]++
		case *pg.CommonTableExpr:
			m.items[n.Ctename]++
		case *pg.ColumnRef:
			m.addReference(n, of)
		case *pg.TypeName:
			if k := len(n.Names); k > 1 && fieldName(n.Names[k-2]) == of.Schema && fieldName(n.Names[k-1]) == of.Name {
				m.types = append(m.types, n)
			}
		}
		return true
	})
	return m
}

func (m *mentions) addRelation(n *pg.RangeVar, of RelationName) {
	if n.Schemaname == of.Schema && n.Relname == of.Name {
		m.relations = append(m.relations, n)
	}
	if n.Schemaname == "" {
		m.called[n.Relname] = true // a WITH query, or FOR UPDATE OF
	}
	if n.Alias == nil {
		m.items[n.Relname]++
	}
}

func (m *mentions) addReference(n *pg.ColumnRef, of RelationName) {
	at := schemaField(n)
	switch {
	case at < 0:
		m.called[fieldName(n.Fields[0])] = true
	case fieldName(n.Fields[at]) == of.Schema && fieldName(n.Fields[at+1]) == of.Name:
		m.qualified = append(m.qualified, n)
	}
}

// schemaField is the field of a reference that is a schema's name; -1 when there is none.
func schemaField(n *pg.ColumnRef) int { return max(len(n.Fields)-3, -1) }

func fieldName(n *pg.Node) string { return n.GetString_().GetSval() }

// rename gives the relation its name wherever it is mentioned. Where references
// go by the old name, or the new one is somebody else's, the old name becomes
// the relation's alias, which no schema can stand before.
func (m *mentions) rename(from, to RelationName) bool {
	plain := from.Name == to.Name || m.items[to.Name] == 0 && !m.called[from.Name] && !m.called[to.Name]
	if !plain && len(m.qualified) > 0 && m.items[from.Name] > 1 {
		return false
	}
	for _, n := range m.relations {
		if n.Schemaname, n.Relname = to.Schema, to.Name; n.Alias == nil && !plain {
			n.Alias = &pg.Alias{Aliasname: from.Name}
		}
	}
	for _, n := range m.qualified {
		at := schemaField(n)
		if plain {
			n.Fields[at], n.Fields[at+1] = nameNode(to.Schema), nameNode(to.Name)
		} else {
			n.Fields = slices.Clone(n.Fields[at+1:])
		}
	}
	for _, n := range m.types {
		k := len(n.Names)
		n.Names[k-2], n.Names[k-1] = nameNode(to.Schema), nameNode(to.Name)
	}
	return true
}
