package bind

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// ColumnOf is a column of a relation.
type ColumnOf struct {
	Relation catalog.OID
	Attnum   int16
}

// renaming finds the places of a view's text that name a column.
type renaming struct {
	column ColumnOf
	name   string        // the column's so far
	at     *pg.ColumnRef // the reference that is being bound
	places []*pg.ColumnRef
	meant  []ColumnOf // what all references mean, in the order they are bound
}

// note notes what a reference has been found to mean.
func (r *renaming) note(c *itemColumn) {
	found := ColumnOf{c.table, c.attno}
	r.meant = append(r.meant, found)
	if r.at != nil && c.stored && found == r.column && lastName(r.at) == r.name && !slices.Contains(r.places, r.at) {
		r.places = append(r.places, r.at)
	}
}

func lastName(n *pg.ColumnRef) string { return n.Fields[len(n.Fields)-1].GetString_().GetSval() }

// RenamedView is a view's text with a column under its coming name; output
// columns that were named after it keep their names. env sees the old name.
// meant is for CheckRenamed.
func RenamedView(env *Env, text string, column ColumnOf, from, to string) (renamed string, meant []ColumnOf, err error) {
	s, err := sqlparse.ParseQuery(text)
	if err != nil {
		return "", nil, err
	}
	r, err := bindRenaming(env, s, &renaming{column: column, name: from})
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

// CheckRenamed refuses a renamed text in which a name means something else than
// it did, or nothing. env sees the new name.
func CheckRenamed(env *Env, text string, meant []ColumnOf) error {
	s, err := sqlparse.ParseQuery(text)
	if err != nil {
		return err
	}
	if joinsByName(s.Node) {
		return pgerr.New(pgerr.AmbiguousColumn, "a column of the view's join may be another one")
	}
	return CheckMeanings(env, text, meant)
}

// joinsByName reports whether there is a NATURAL JOIN, which any name can change.
func joinsByName(n *pg.Node) (found bool) {
	sqlparse.Walk(n, func(m proto.Message) bool {
		j, ok := m.(*pg.JoinExpr)
		found = found || ok && j.IsNatural
		return true
	})
	return found
}

func bindRenaming(env *Env, s *sqlparse.Statement, r *renaming) (_ *renaming, err error) {
	b := newBinder(env, s, nil)
	b.renaming = r
	defer b.recover(&err)
	b.checkFields(s.Node)
	(&query{b: b}).selectStatement(s.Node.GetSelectStmt(), resolveUnknowns)
	return r, nil
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
