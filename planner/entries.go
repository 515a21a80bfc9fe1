package planner

import (
	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// PlanEntries plans the filling of a unique index that is a relation of its
// own: INSERT INTO index SELECT indexed columns, key FROM t WHERE none of the
// indexed columns is NULL.
func (c *Cache) PlanEntries(env *bind.Env, t *catalog.Table, ix *catalog.Index) (*plan.Statement, error) {
	scan := &plan.Scan{Table: t, Alias: t.Name}
	into := &catalog.Table{
		OID: ix.OID, Database: t.Database, Schema: t.Schema, Name: ix.Name, Owner: t.Owner, Home: t.Home,
		Version: t.Version, Physical: ix.Global,
	}
	var notNull, image []expr.Expr
	for i, id := range entryColumns(t, ix) {
		col := t.Column(id)
		ref := plan.Column{ID: expr.ColumnID(i + 1), Name: col.Name, Type: col.Type, Typmod: col.Typmod}
		scan.Cols = append(scan.Cols, ref)
		scan.Positions = append(scan.Positions, int(id)-1)
		e := expr.NewColumn(ref.ID, ref.Name, ref.Type, ref.Typmod)
		image = append(image, e)
		own := *col
		own.ID, own.Attnum, own.Missing = catalog.ColumnID(i+1), int16(i+1), types.Null
		own.Generated, own.Hidden = false, own.Hidden && own.Generated
		into.Columns = append(into.Columns, own)
		if i < len(ix.Columns) {
			into.Key = append(into.Key, own.ID)
			notNull = append(notNull, isThere(env, e))
		}
	}
	into.ShardKey = len(into.Key)
	primary := catalog.Index{OID: ix.OID, Name: ix.Name, Primary: true, Unique: true}
	for i, k := range ix.Columns {
		primary.Columns = append(primary.Columns, catalog.IndexColumn{Column: catalog.ColumnID(i + 1), Boxed: k.Boxed})
	}
	into.Indexes = []catalog.Index{primary}
	insert := &plan.Insert{Table: into, Image: image, Source: &plan.Filter{Input: scan, Cond: expr.NewAnd(notNull...)}}
	st := &plan.Statement{Root: insert, Tag: "INSERT", Writes: true, Lasting: true, Columns: expr.ColumnID(len(scan.Cols) + 1)}
	return c.planner.finish(env, st)
}

// isThere is e IS NOT NULL, but for a row, which is there whatever its fields are.
func isThere(env *bind.Env, e expr.Expr) expr.Expr {
	if e.Type().Datum != types.KindRow {
		return &expr.Test{Kind: expr.IsNotNull, Arg: e}
	}
	return &expr.Distinct{Eq: env.Library.Equality(e.Type()), A: e, B: expr.NewConst(e.Type(), types.Null)}
}

// entryColumns are the columns of an index's entries: the indexed ones, then the table's key.
func entryColumns(t *catalog.Table, ix *catalog.Index) []catalog.ColumnID {
	var ids []catalog.ColumnID
	for _, k := range ix.Columns {
		ids = append(ids, k.Column)
	}
	return append(ids, t.Key...)
}
