package bind

import (
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// notes are what binding a text leaves behind beside the plan, for the exported
// function that began it; what nobody asks for is nil. Only the text itself is
// noted, not the views that it reads.
type notes struct {
	// sources are the relations that the text names, with the columns it refers to.
	sources map[catalog.OID]map[int16]bool
	// grouped are the tables whose primary keys the text's GROUP BY stands on.
	grouped map[catalog.OID]bool
	// renaming is where a view's text names a column that gets another name.
	renaming *renaming
	// view is what names meant, when the text of a view is being made.
	view *viewNotes
	// definition is what the parts of a view's text are, when it is being printed.
	definition *definition
}

// inView reports whether a view that the text reads is being bound.
func (b *binder) inView() bool { return len(b.views) > 0 }

// noteSource notes that the text refers to a relation's column.
func (b *binder) noteSource(c *itemColumn) {
	if b.inView() {
		return
	}
	if b.notes.renaming != nil {
		b.notes.renaming.note(c, b.at)
	}
	if columns := b.notes.sources[c.table]; c.table != 0 && columns != nil {
		columns[c.attno] = true
	}
}

// noteRelationLiteral notes that the text refers to a relation by its number ('16384'::regclass).
func (b *binder) noteRelationLiteral(c *expr.Const) {
	oid, err := strconv.ParseUint(c.Value.Text(), 10, 32)
	if err != nil || b.inView() {
		return
	}
	if id := catalog.OID(oid); b.env.Snapshot.RelationByOID(id) != nil && b.notes.sources[id] == nil {
		b.notes.sources[id] = map[int16]bool{}
	}
}

// noteItem notes what a relation's name in FROM stands for.
func (b *binder) noteItem(n *pg.RangeVar, of catalog.OID, it *item) {
	if r := b.notes.renaming; r != nil && !b.inView() && r.relation == of {
		r.aliases[n] = it.columns
	}
}

// noting is what notes are taken into: nil when no view's text is being made,
// and inside of the views that it reads.
func (b *binder) noting() *viewNotes {
	if b.inView() {
		return nil
	}
	return b.notes.view
}

// noteRelation notes the schema that a name was found in.
func (b *binder) noteRelation(n *pg.RangeVar, r catalog.Relation) {
	v := b.noting()
	if v == nil {
		return
	}
	if s := b.env.Snapshot.SchemaByOID(b.env.Database, r.Ref().Schema); s != nil {
		v.schemas[n] = s.Name
	}
}

// noteBare notes what can stand before a column that was found without.
func (b *binder) noteBare(it *item, c *itemColumn) {
	if v := b.noting(); v != nil && b.at != nil {
		v.bare[b.at] = it.qualifier(c)
	}
}

// noteLiteral notes where a string stands.
func (b *binder) noteLiteral(n *pg.A_Const, c *expr.Const) {
	if v := b.noting(); v != nil {
		v.literals[c] = n
	}
}

// noteType notes a type that is not built in.
func (b *binder) noteType(n *pg.TypeName, t *types.Type) {
	if v := b.noting(); v != nil && t.OID >= catalog.FirstNormalOID {
		v.types[n] = t
	}
}

// noteNatural notes the columns that a NATURAL JOIN joins by.
func (b *binder) noteNatural(n *pg.JoinExpr, names []string) {
	if v := b.noting(); v != nil {
		v.naturals[n] = names
	}
}

// noteStar notes a column that a star stands for.
func (b *binder) noteStar(star *pg.ColumnRef, it *item, c *itemColumn) {
	v := b.noting()
	if v == nil || star == nil {
		return
	}
	fields := []*pg.Node{nameNode(c.name)}
	if q := it.qualifier(c); q != "" {
		fields = append([]*pg.Node{nameNode(q)}, fields...)
	}
	v.stars[star] = append(v.stars[star], &pg.Node{Node: &pg.Node_ResTarget{ResTarget: &pg.ResTarget{
		Val: &pg.Node{Node: &pg.Node_ColumnRef{ColumnRef: &pg.ColumnRef{Fields: fields}}},
	}}})
}

// noteExpr notes what a node was bound to.
func (b *binder) noteExpr(n *pg.Node, e expr.Expr) {
	if d := b.notes.definition; d != nil && !b.inView() {
		d.exprs[n] = e
	}
}

// noteAggregate notes the call behind a column.
func (b *binder) noteAggregate(c plan.Column, call expr.Expr) {
	if d := b.notes.definition; d != nil {
		d.aggregates[c.ID] = call
	}
}

// noteGrouping notes the arguments of GROUPING.
func (b *binder) noteGrouping(c plan.Column, args []expr.Expr) {
	if d := b.notes.definition; d != nil {
		d.groupings[c.ID] = args
	}
}

// noteWindowCall notes the call behind a column, and its window.
func (b *binder) noteWindowCall(c plan.Column, call *expr.WindowCall, of *window) {
	if d := b.notes.definition; d != nil {
		d.aggregates[c.ID], d.windows[call] = call, of
	}
}

// noteSubquery notes the text of a subquery's plan.
func (b *binder) noteSubquery(n plan.Node, s *pg.SelectStmt) {
	if d := b.notes.definition; d != nil {
		d.subqueries[n] = s
	}
}

// noteNames notes what an item's columns are called.
func (b *binder) noteNames(it *item) {
	if d := b.notes.definition; d != nil {
		d.nameColumns(it)
	}
}
