package bind

import (
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// viewNotes are what the names of a query meant when it was bound.
type viewNotes struct {
	schemas  map[*pg.RangeVar]string
	stars    map[*pg.ColumnRef][]*pg.Node
	bare     map[*pg.ColumnRef]string
	naturals map[*pg.JoinExpr][]string
	literals map[*expr.Const]*pg.A_Const
	types    map[*pg.TypeName]*types.Type
	calls    map[*pg.FuncCall]string // numbers of functions and types
	// named are the literals that name relations.
	named []*expr.Const
}

func newViewNotes() *viewNotes {
	return &viewNotes{
		schemas: map[*pg.RangeVar]string{}, stars: map[*pg.ColumnRef][]*pg.Node{}, bare: map[*pg.ColumnRef]string{},
		naturals: map[*pg.JoinExpr][]string{}, literals: map[*expr.Const]*pg.A_Const{},
		types: map[*pg.TypeName]*types.Type{}, calls: map[*pg.FuncCall]string{},
	}
}

func nameNode(s string) *pg.Node {
	return &pg.Node{Node: &pg.Node_String_{String_: &pg.String{Sval: s}}}
}

// ViewText is the text to keep for a view's query def (a node of the tree of s),
// and what it sees: its meaning must not change with the search path or with
// new columns, so relations have their schemas, columns their relations, and
// stars and NATURAL are written out. Literals that name relations become those'
// numbers, which number tells; types that are not built in are named by theirs.
func ViewText(env *Env, s *sqlparse.Statement, def *pg.Node, number func(name string) (catalog.OID, error)) (text string, sees map[catalog.OID]int16, err error) {
	n := proto.Clone(def).(*pg.Node)
	b := newBinder(env, s, nil)
	b.notes.view, b.closed = newViewNotes(), true
	b.coercer.Relation = func(c *expr.Const) {
		if b.noting() != nil {
			b.notes.view.named = append(b.notes.view.named, c)
		}
	}
	defer b.recover(&err)
	b.checkFields(n)
	(&query{b: b}).selectStatement(n.GetSelectStmt(), resolveUnknowns)
	names := outputNames(n)
	b.notes.view.apply(n)
	keepOutputNames(names)
	if err := b.notes.view.numberRelations(number); err != nil {
		return "", nil, err
	}
	plain, err := sqlparse.Deparse(n)
	if err != nil {
		return "", nil, err
	}
	return b.notes.view.qualified(env, n, plain), b.lastColumns(), nil
}

// lastColumns are the last attribute numbers that the relations in the text have now.
func (b *binder) lastColumns() map[catalog.OID]int16 {
	last := map[catalog.OID]int16{}
	for oid := range b.notes.sources {
		switch r := b.env.Snapshot.RelationByOID(oid).(type) {
		case *catalog.Table:
			for i := range r.Columns {
				last[oid] = max(last[oid], r.Columns[i].Attnum)
			}
		case *catalog.View:
			last[oid] = int16(len(r.Columns))
		}
	}
	return last
}

// apply writes what was noted into the tree.
func (v *viewNotes) apply(n *pg.Node) {
	sqlparse.Walk(n, func(m proto.Message) bool {
		switch m := m.(type) {
		case *pg.RangeVar:
			if s, ok := v.schemas[m]; ok {
				m.Schemaname, m.Catalogname = s, ""
			}
		case *pg.TypeName:
			if t, ok := v.types[m]; ok {
				m.Names = []*pg.Node{nameNode(catalog.KeptTypes), nameNode(catalog.KeptTypeNumber(t))}
			}
		case *pg.RangeFunction:
			v.nameCall(m)
		case *pg.FuncCall:
			if number, ok := v.calls[m]; ok {
				m.Funcname = []*pg.Node{nameNode(catalog.KeptTypes), nameNode(number)}
			}
		case *pg.JoinExpr:
			if names, ok := v.naturals[m]; ok {
				writeOut(m, names)
			}
		case *pg.SelectStmt:
			m.TargetList = v.expand(m.TargetList)
		}
		return true
	})
}

// nameCall gives a function in FROM the name that it has without an alias, before
// its own becomes a number.
func (v *viewNotes) nameCall(n *pg.RangeFunction) {
	if n.Alias != nil || len(n.Functions) != 1 {
		return
	}
	f := n.Functions[0].GetList().GetItems()[0].GetFuncCall()
	if _, ok := v.calls[f]; ok {
		n.Alias = &pg.Alias{Aliasname: f.Funcname[len(f.Funcname)-1].GetString_().GetSval()}
	}
}

// numberRelations writes numbers for the names of relations in literals.
func (v *viewNotes) numberRelations(number func(string) (catalog.OID, error)) error {
	for _, c := range v.named {
		n := v.literals[c]
		if n == nil {
			continue
		}
		oid, err := number(c.Value.Text())
		if err != nil {
			return err
		}
		n.Val = &pg.A_Const_Sval{Sval: &pg.String{Sval: strconv.FormatUint(uint64(oid), 10)}}
	}
	return nil
}

// writeOut makes of a NATURAL JOIN what it stands for. The grammar spells an
// inner one without a condition CROSS JOIN.
func writeOut(j *pg.JoinExpr, names []string) {
	j.IsNatural = false
	for _, name := range names {
		j.UsingClause = append(j.UsingClause, nameNode(name))
	}
	if len(names) == 0 && j.Jointype != pg.JoinType_JOIN_INNER {
		j.Quals = &pg.Node{Node: &pg.Node_AConst{AConst: &pg.A_Const{Val: &pg.A_Const_Boolval{Boolval: &pg.Boolean{Boolval: true}}}}}
	}
}

// qualified is the text of n with relations before all columns that can have
// them; plain when something nearer is called by such a name, too.
func (v *viewNotes) qualified(env *Env, n *pg.Node, plain string) string {
	meant, err := Meanings(env, &catalog.View{Query: plain})
	if err != nil {
		return plain
	}
	for ref, q := range v.bare {
		if q != "" {
			ref.Fields = append([]*pg.Node{nameNode(q)}, ref.Fields...)
		}
	}
	text, err := sqlparse.Deparse(n)
	if err != nil || CheckMeanings(env, &catalog.View{Query: text}, meant) != nil {
		return plain
	}
	return text
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
