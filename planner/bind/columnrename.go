package bind

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// renaming finds the places of a view's text that name a column.
type renaming struct {
	column ColumnOf
	name   string // the column's so far
	places []*pg.ColumnRef
	meant  []ColumnOf // what all references mean, in the order they are bound

	relation catalog.OID // whose columns are to keep their names
	aliases  map[*pg.RangeVar][]*itemColumn
}

// note notes what a reference has been found to mean.
func (r *renaming) note(c *itemColumn, at *pg.ColumnRef) {
	found := ColumnOf{c.table, c.attno}
	r.meant = append(r.meant, found)
	if at != nil && c.stored && found == r.column && lastName(at) == r.name && !slices.Contains(r.places, at) {
		r.places = append(r.places, at)
	}
}

func lastName(n *pg.ColumnRef) string { return n.Fields[len(n.Fields)-1].GetString_().GetSval() }

// RenamedView is a view's text with a column under its coming name; output
// columns that were named after it keep their names. env sees the old name.
// meant is for CheckMeanings.
func RenamedView(env *Env, v *catalog.View, column ColumnOf, from, to string) (renamed string, meant []ColumnOf, err error) {
	s, err := sqlparse.ParseQuery(v.Query)
	if err != nil {
		return "", nil, err
	}
	r, err := bindRenaming(env, v, s, &renaming{column: column, name: from})
	if err != nil {
		return "", nil, err
	}
	names := outputNames(s.Node)
	for _, ref := range r.places {
		ref.Fields[len(ref.Fields)-1] = nameNode(to)
	}
	keepOutputNames(names)
	renamed, err = sqlparse.Deparse(s.Node)
	return renamed, r.meant, err
}

// AliasedView is a view's text in which the columns of a relation keep the
// names that they have now, whatever happens to them: FROM t AS t(a, b). It is
// for joins by name, and where the coming name is another column's. env sees
// the old names.
func AliasedView(env *Env, v *catalog.View, relation catalog.OID) (string, error) {
	s, err := sqlparse.ParseQuery(v.Query)
	if err != nil {
		return "", err
	}
	r := &renaming{relation: relation, aliases: map[*pg.RangeVar][]*itemColumn{}}
	if _, err := bindRenaming(env, v, s, r); err != nil {
		return "", err
	}
	names := outputNames(s.Node)
	for n, columns := range r.aliases {
		if n.Alias == nil {
			n.Alias = &pg.Alias{Aliasname: n.Relname}
		}
		n.Alias.Colnames = nil
		for _, c := range columns {
			n.Alias.Colnames = append(n.Alias.Colnames, nameNode(c.name))
		}
	}
	stripSchemas(s.Node, r.aliases)
	keepOutputNames(names)
	return sqlparse.Deparse(s.Node)
}

// stripSchemas takes the schema from references to relations that have an alias now.
func stripSchemas(n *pg.Node, aliased map[*pg.RangeVar][]*itemColumn) {
	sqlparse.Walk(n, func(m proto.Message) bool {
		ref, ok := m.(*pg.ColumnRef)
		if !ok || schemaField(ref) < 0 {
			return true
		}
		for rv := range aliased {
			if at := schemaField(ref); fieldName(ref.Fields[at]) == rv.Schemaname && fieldName(ref.Fields[at+1]) == rv.Relname {
				ref.Fields = slices.Clone(ref.Fields[at+1:])
				break
			}
		}
		return true
	})
}

func bindRenaming(env *Env, v *catalog.View, s *sqlparse.Statement, r *renaming) (*renaming, error) {
	b := newBinder(env, s, nil)
	b.notes.renaming = r
	return r, b.viewQuery(v, s)
}

// outputNames are the names of all output columns that the text does not name itself.
func outputNames(n *pg.Node) map[*pg.ResTarget]string {
	names := map[*pg.ResTarget]string{}
	sqlparse.Walk(n, func(m proto.Message) bool {
		if s, ok := m.(*pg.SelectStmt); ok {
			for _, t := range s.TargetList {
				if target := t.GetResTarget(); target.GetName() == "" {
					names[target] = columnName(target.GetVal())
				}
			}
		}
		return true
	})
	return names
}

// keepOutputNames names the output columns that would be called otherwise now.
func keepOutputNames(names map[*pg.ResTarget]string) {
	for target, name := range names {
		if columnName(target.Val) != name {
			target.Name = name
		}
	}
}
