package bind

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// from is get_from_clause.
func (d *definition) from(list []*pg.Node) {
	for i, n := range list {
		if i == 0 {
			d.line(" FROM ", -indentStandard, indentStandard, 2)
			d.fromItem(n)
			continue
		}
		d.str(", ")
		text := d.apart(func() { d.fromItem(n) })
		if !strings.HasPrefix(text, "\n") {
			d.line("", -indentStandard, indentStandard, indentVariable)
		}
		d.str(text)
	}
}

// fromItem is get_from_clause_item.
func (d *definition) fromItem(n *pg.Node) {
	switch n := n.Node.(type) {
	case *pg.Node_RangeVar:
		d.relation(n.RangeVar)
	case *pg.Node_RangeSubselect:
		if n.RangeSubselect.Lateral {
			d.str("LATERAL ")
		}
		d.str("(")
		d.query(n.RangeSubselect.Subquery.GetSelectStmt(), nil, true)
		d.str(")")
		d.alias(n.RangeSubselect.Alias)
	case *pg.Node_JoinExpr:
		d.join(n.JoinExpr)
	case *pg.Node_RangeFunction:
		d.function(n.RangeFunction)
	}
}

func (d *definition) relation(n *pg.RangeVar) {
	name := expr.QuoteIdent(n.Relname)
	if sc := d.env.Snapshot.Schema(d.env.Database, n.Schemaname); n.Schemaname != "" && sc != nil {
		name = d.name(catalog.Ref{Schema: sc.OID, Name: n.Relname})
	}
	if !n.Inh {
		d.str("ONLY ")
	}
	d.str(name)
	if a := n.Alias; a != nil && (a.Aliasname != n.Relname || len(a.Colnames) > 0) {
		d.alias(a)
	}
}

func (d *definition) alias(a *pg.Alias) {
	if a != nil {
		d.str(" ", expr.QuoteIdent(a.Aliasname))
		d.nameList(a.Colnames)
	}
}

// function prints a function in FROM, which always has an alias, for its columns too.
func (d *definition) function(n *pg.RangeFunction) {
	if n.Lateral {
		d.str("LATERAL ")
	}
	call := n.Functions[0].GetList().GetItems()[0]
	text := d.text(call, false)
	d.str(text)
	if n.Ordinality {
		d.str(" WITH ORDINALITY")
	}
	a := n.Alias
	if a == nil {
		a = &pg.Alias{Aliasname: columnName(call)}
	}
	if len(n.Coldeflist) > 0 {
		d.str(" ", expr.QuoteIdent(a.Aliasname))
		d.definitions(n.Coldeflist)
		return
	}
	d.alias(&pg.Alias{Aliasname: a.Aliasname, Colnames: d.columns[a.Aliasname]})
}

// definitions is get_from_clause_coldeflist.
func (d *definition) definitions(list []*pg.Node) {
	d.str("(")
	for i, n := range list {
		if i > 0 {
			d.str(", ")
		}
		def := n.GetColumnDef()
		d.str(expr.QuoteIdent(def.Colname), " ", d.types[def])
	}
	d.str(")")
}

var joinWords = map[pg.JoinType]string{
	pg.JoinType_JOIN_INNER: " JOIN ", pg.JoinType_JOIN_LEFT: " LEFT JOIN ",
	pg.JoinType_JOIN_RIGHT: " RIGHT JOIN ", pg.JoinType_JOIN_FULL: " FULL JOIN ",
}

func (d *definition) join(j *pg.JoinExpr) {
	pretty := d.format.Pretty
	parentheses := !pretty || j.Alias != nil
	if parentheses {
		d.str("(")
	}
	d.fromItem(j.Larg)
	word := joinWords[j.Jointype]
	plain := j.Jointype == pg.JoinType_JOIN_INNER && j.Quals == nil && len(j.UsingClause) == 0
	if plain {
		word = " CROSS JOIN "
	}
	d.line(word, -indentStandard, indentStandard, indentJoin)
	right := j.Rarg.GetJoinExpr()
	if inner := pretty && right != nil && right.Alias == nil; inner {
		d.str("(")
		d.fromItem(j.Rarg)
		d.str(")")
	} else {
		d.fromItem(j.Rarg)
	}
	switch {
	case len(j.UsingClause) > 0:
		d.str(" USING ")
		d.nameList(j.UsingClause)
		if u := j.JoinUsingAlias; u != nil {
			d.str(" AS ", expr.QuoteIdent(u.Aliasname))
		}
	case j.Quals != nil && pretty:
		d.str(" ON ", d.text(j.Quals, false))
	case j.Quals != nil:
		d.str(" ON (", d.text(j.Quals, false), ")")
	case !plain:
		d.str(" ON TRUE")
	}
	if parentheses {
		d.str(")")
	}
	d.alias(j.Alias)
}

// printable reports whether the query has nothing that is not printed here: row
// locks, COLLATE, rows before IN (SELECT …), several functions in one FROM item,
// orders by operators that have no word.
func printable(s *sqlparse.Statement) bool {
	found := false
	sqlparse.Walk(s.Node, func(m proto.Message) bool {
		switch m := m.(type) {
		case *pg.LockingClause, *pg.RangeTableSample, *pg.CollateClause:
			found = true
		case *pg.SubLink:
			found = found || m.Testexpr.GetRowExpr() != nil
		case *pg.RangeFunction:
			found = found || m.IsRowsfrom || len(m.Functions) > 1
		case *pg.SortBy:
			found = found || m.SortbyDir == pg.SortByDir_SORTBY_USING && sortOperator(m) != "<" && sortOperator(m) != ">"
		}
		return !found
	})
	return !found
}
