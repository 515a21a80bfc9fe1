package bind

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// columnRef binds a ColumnRef (transformColumnRef): column, table.column,
// schema.table.column, or a whole row.
func (q *query) columnRef(n *pg.ColumnRef) expr.Expr {
	if q.kind == kindDefault {
		q.b.failAt(n.Location, pgerr.FeatureNotSupported, "cannot use column reference in DEFAULT expression")
	}
	names, star := fieldNames(n.Fields)
	if star {
		return q.wholeRow(names, n.Location)
	}
	q.b.at = n
	e := q.namedColumn(names, n)
	q.b.at = nil
	return e
}

func (q *query) namedColumn(names []string, n *pg.ColumnRef) expr.Expr {
	switch len(names) {
	case 1:
		return q.bareColumn(names[0], n.Location)
	case 2, 3, 4:
		return q.qualifiedColumn(names, n.Location)
	}
	q.b.failAt(n.Location, pgerr.SyntaxError, "improper qualified name (too many dotted names): %s", strings.Join(names, "."))
	return nil
}

// fieldNames are the names of a ColumnRef; star: the last field is *.
func fieldNames(fields []*pg.Node) (names []string, star bool) {
	for _, f := range fields {
		if f.GetAStar() != nil {
			return names, true
		}
		names = append(names, f.GetString_().GetSval())
	}
	return names, false
}

func (q *query) bareColumn(name string, location int32) expr.Expr {
	if e := q.findColumn(name, location); e != nil {
		return e
	}
	if it, depth := q.findItem("", name, location); it != nil {
		return q.rowOf(it, depth, location)
	}
	if e := q.systemColumn(nil, name, location); e != nil {
		return e
	}
	if e := q.argumentNamed([]string{name}, location); e != nil {
		return e
	}
	q.failColumn("", name, location)
	return nil
}

// findColumn looks for an unqualified column, from the innermost query out; nil when there is none.
func (q *query) findColumn(name string, location int32) expr.Expr {
	depth := 0
	for level := q; level != nil; level, depth = level.parent, depth+1 {
		var found *itemColumn
		var of *item
		for _, it := range level.items {
			if !it.byColumn {
				continue
			}
			for _, c := range it.columns {
				if c.name != name {
					continue
				}
				if found != nil {
					q.b.failAt(location, pgerr.AmbiguousColumn, "column reference \"%s\" is ambiguous", name)
				}
				q.checkLateral(it, name, location)
				found, of = c, it
			}
		}
		if found != nil {
			q.b.noteBare(of, found)
			return q.reference(found, depth, location)
		}
	}
	return nil
}

// checkLateral refuses a reference from where the item may not be seen.
func (q *query) checkLateral(it *item, name string, location int32) {
	if it.forbidden {
		fail(pgerr.New(pgerr.InvalidColumnReference, "invalid reference to FROM-clause entry for table \"%s\"", it.name).
			WithDetail("The combining JOIN type must be INNER or LEFT for a LATERAL reference.").
			WithPosition(q.b.position(location)))
	}
}

// qualifiedColumn binds a.b, schema.a.b and database.schema.a.b.
func (q *query) qualifiedColumn(names []string, location int32) expr.Expr {
	if len(names) == 4 {
		q.checkDatabase(names, location)
		names = names[1:]
	}
	schema, table, column := "", names[0], names[1]
	if len(names) == 3 {
		schema, table, column = names[0], names[1], names[2]
	}
	it, depth := q.findItem(schema, table, location)
	if it == nil {
		if e := q.argumentNamed(names, location); e != nil {
			return e
		}
		q.failItem(table, location)
	}
	if e := q.itemColumn(it, depth, column, location); e != nil {
		return e
	}
	if e := q.systemColumn(it, column, location); e != nil {
		return e
	}
	if e := q.argumentNamed(names, location); e != nil {
		return e
	}
	if e := q.columnCall(it, depth, column, location); e != nil {
		return e
	}
	q.failColumn(table, column, location)
	return nil
}

func (q *query) checkDatabase(names []string, location int32) {
	d := q.b.env.Snapshot.DatabaseByOID(q.b.env.Database)
	if d == nil || d.Name != names[0] {
		q.b.failAt(location, pgerr.FeatureNotSupported,
			"cross-database references are not implemented: %s", strings.Join(names, "."))
	}
}

func (q *query) itemColumn(it *item, depth int, name string, location int32) expr.Expr {
	var found *itemColumn
	for _, c := range it.columns {
		if c.name == name {
			if found != nil {
				q.b.failAt(location, pgerr.AmbiguousColumn, "column reference \"%s\" is ambiguous", name)
			}
			found = c
		}
	}
	if found == nil {
		return nil
	}
	return q.reference(found, depth, location)
}

// findItem looks for what the name before a dot means; nil when there is none.
func (q *query) findItem(schema, name string, location int32) (*item, int) {
	depth := 0
	for level := q; level != nil; level, depth = level.parent, depth+1 {
		var found *item
		for _, it := range level.items {
			if !it.byName || it.name != name || schema != "" && it.schema != schema {
				continue
			}
			if found != nil {
				q.b.failAt(location, pgerr.AmbiguousAlias, "table reference \"%s\" is ambiguous", name)
			}
			q.checkLateral(it, name, location)
			found = it
		}
		if found != nil {
			return found, depth
		}
	}
	return nil, 0
}

// reference makes a reference to a column that was found so many levels out.
func (q *query) reference(c *itemColumn, depth int, location int32) expr.Expr {
	if c.use != nil {
		c.use()
	}
	if c.generated {
		fail(pgerr.New(pgerr.InvalidObjectDefinition, "cannot use generated column \"%s\" in column generation expression", c.name).
			WithDetail("A generated column cannot reference another generated column.").WithPosition(q.b.position(location)))
	}
	q.b.noteSource(c)
	return expr.Replace(c.value, func(e expr.Expr) expr.Expr {
		col, ok := e.(*expr.Column)
		if !ok {
			return nil
		}
		return q.refer(col, depth, location)
	})
}

// refer makes a node of its own for a column, and tells the levels between.
func (q *query) refer(col *expr.Column, depth int, location int32) *expr.Column {
	n := *col
	q.b.location[&n] = location
	level := q
	for range depth {
		level.outer.add(col.ID)
		level = level.parent
	}
	for level, d := q, 0; level != nil; level, d = level.parent, d+1 {
		if a := level.aggregating; a != nil {
			a.saw(depth-d, location)
		}
		if d == depth {
			break
		}
	}
	return &n
}

// wholeRow is t.* where one value is wanted.
func (q *query) wholeRow(names []string, location int32) expr.Expr {
	if len(names) == 0 {
		q.b.failAt(location, pgerr.SyntaxError, "row expansion via \"*\" is not supported here")
	}
	schema := ""
	if len(names) > 1 {
		schema = names[len(names)-2]
	}
	it, depth := q.findItem(schema, names[len(names)-1], location)
	if it == nil {
		q.failItem(names[len(names)-1], location)
	}
	return q.rowOf(it, depth, location)
}

// systemColumn answers tableoid and refuses the others.
func (q *query) systemColumn(it *item, name string, location int32) expr.Expr {
	switch name {
	case "tableoid", "ctid", "xmin", "xmax", "cmin", "cmax":
	default:
		return nil
	}
	q.refuseSystemColumn(name, location)
	if it == nil {
		for _, have := range q.items {
			if have.table != nil && have.byColumn {
				if it != nil {
					q.b.failAt(location, pgerr.AmbiguousColumn, "column reference \"%s\" is ambiguous", name)
				}
				it = have
			}
		}
	}
	if it == nil || it.table == nil {
		return nil
	}
	if q.kind == kindMergeWhen && name != "tableoid" {
		q.b.failAt(location, pgerr.InvalidColumnReference, "cannot use system column \"%s\" in MERGE WHEN condition", name)
	}
	if name != "tableoid" {
		q.b.unsupported(location, "system column \"%s\"", name)
	}
	return expr.NewConst(types.TOID, types.Int(int64(it.table.OID)))
}

// refuseSystemColumn refuses one in an expression that belongs to a table.
func (q *query) refuseSystemColumn(name string, location int32) {
	switch {
	case q.kind == kindIndexExpression || q.kind == kindIndexPredicate:
		fail(pgerr.New(pgerr.FeatureNotSupported, "index creation on system columns is not supported"))
	case name == "tableoid":
	case q.kind == kindGenerated:
		q.b.failAt(location, pgerr.InvalidColumnReference, "cannot use system column \"%s\" in column generation expression", name)
	case q.kind == kindCheck:
		q.b.failAt(location, pgerr.InvalidColumnReference, "system column \"%s\" reference in check constraint is invalid", name)
	}
}
