package pgcatalog

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// foreignKeys makes the rows of pg_constraint of a table's foreign keys.
func (g *generator) foreignKeys(t *catalog.Table) {
	for i := range t.ForeignKeys {
		k := &t.ForeignKeys[i]
		to := g.snapshot.Table(k.Table)
		if to == nil {
			continue
		}
		r := g.begin("pg_constraint").constraint(k.OID, k.Name, t, "f", attnums(t, k.Columns))
		r.bool("condeferrable", k.Deferrable).bool("condeferred", k.Deferred).bool("convalidated", k.Valid)
		r.oid("conindid", k.Index).oid("confrelid", k.Table).set("confkey", int2Array(attnums(to, k.Keys)))
		r.text("confupdtype", string(rune(k.OnUpdate))).text("confdeltype", string(rune(k.OnDelete))).text("confmatchtype", string(rune(k.Match)))
		if len(k.SetColumns) > 0 {
			r.set("confdelsetcols", int2Array(attnums(t, k.SetColumns)))
		}
		var mixed, key, referring []types.Datum
		for j, id := range k.Columns {
			ops, _ := KeyEquality(to.Column(k.Keys[j]).Type, t.Column(id).Type, coerced)
			mixed, key = append(mixed, types.Int(int64(ops.Mixed))), append(key, types.Int(int64(ops.Key)))
			referring = append(referring, types.Int(int64(ops.Referring)))
		}
		r.set("conpfeqop", array(types.TOID, 1, mixed)).set("conppeqop", array(types.TOID, 1, key))
		r.set("conffeqop", array(types.TOID, 1, referring)).done()
	}
}

// coerced says of types that a constraint compares that they can be compared.
func coerced(*types.Type, *types.Type) bool { return true }

// foreignKeyDepends makes what foreign keys depend on.
func (g *generator) foreignKeyDepends(t *catalog.Table) {
	for i := range t.ForeignKeys {
		k := &t.ForeignKeys[i]
		to := g.snapshot.Table(k.Table)
		if to == nil {
			continue
		}
		on := object{constraintClass, k.OID, 0}
		g.dependOnColumns(on, t, k.Columns, "a")
		g.dependOnColumns(on, to, k.Keys, "n")
		g.depend(on, object{classClass, k.Index, 0}, "n")
	}
}

// infoForeignKeys makes the rows of information_schema.
func (g *generator) infoForeignKeys(t *catalog.Table) {
	for i := range t.ForeignKeys {
		k := &t.ForeignKeys[i]
		to := g.snapshot.Table(k.Table)
		if to == nil {
			continue
		}
		index := to.Index(k.Index)
		r := g.begin("information_schema.table_constraints").place("table", t.Ref()).constraintName(t, k.Name)
		r.text("constraint_type", "FOREIGN KEY").text("is_deferrable", yesNo(k.Deferrable)).text("initially_deferred", yesNo(k.Deferred)).text("enforced", "YES").done()
		g.infoReferential(t, k, to, index)
		for j, id := range k.Columns {
			u := g.begin("information_schema.key_column_usage").place("table", t.Ref()).constraintName(t, k.Name)
			u.text("column_name", t.Column(id).Name).int("ordinal_position", int64(j+1))
			if index != nil && index.Constraint != 0 {
				u.int("position_in_unique_constraint", int64(indexPosition(index, k.Keys[j])))
			}
			u.done()
		}
		for _, id := range k.Keys {
			r := g.begin("information_schema.constraint_column_usage").place("table", to.Ref()).constraintName(t, k.Name)
			r.text("column_name", to.Column(id).Name).done()
		}
	}
}

// infoReferential makes the row of referential_constraints.
func (g *generator) infoReferential(t *catalog.Table, k *catalog.ForeignKey, to *catalog.Table, index *catalog.Index) {
	match := "NONE"
	if k.Match == catalog.MatchFull {
		match = "FULL"
	}
	r := g.begin("information_schema.referential_constraints").constraintName(t, k.Name)
	if index != nil && index.Constraint != 0 {
		r = r.place("unique_constraint", catalog.Ref{Schema: to.Schema, Name: index.Name})
	}
	r.text("match_option", match).text("update_rule", k.OnUpdate.String()).text("delete_rule", k.OnDelete.String()).done()
}

// indexPosition counts an index's column from 1.
func indexPosition(x *catalog.Index, column catalog.ColumnID) int {
	for i, c := range x.Columns {
		if id, ok := c.Written(); ok && id == column {
			return i + 1
		}
	}
	return 0
}

// ForeignKeyDef is pg_get_constraintdef of a foreign key; to is the name of the
// table that it refers to, as it is to be shown.
func ForeignKeyDef(s *catalog.Snapshot, t *catalog.Table, k *catalog.ForeignKey, to string) string {
	var b strings.Builder
	writeColumnList(&b, "FOREIGN KEY ", t, k.Columns)
	b.WriteString(" REFERENCES " + to)
	if table := s.Table(k.Table); table != nil {
		writeColumnList(&b, "", table, k.Keys)
	}
	if k.Match == catalog.MatchFull {
		b.WriteString(" MATCH FULL")
	}
	if k.OnUpdate != catalog.NoAction {
		b.WriteString(" ON UPDATE " + k.OnUpdate.String())
	}
	if k.OnDelete != catalog.NoAction {
		b.WriteString(" ON DELETE " + k.OnDelete.String())
	}
	writeColumnList(&b, " ", t, k.SetColumns)
	if k.Deferrable {
		b.WriteString(" DEFERRABLE")
	}
	if k.Deferred {
		b.WriteString(" INITIALLY DEFERRED")
	}
	if !k.Valid {
		b.WriteString(" NOT VALID")
	}
	return b.String()
}
