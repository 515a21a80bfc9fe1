package pgcatalog

import (
	"sort"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// isBuiltIn reports whether PostgreSQL's own rows have the relation already:
// the views over them still want it.
func isBuiltIn(ref catalog.Ref) bool {
	return ref.Database == 0 && ref.Schema != catalog.PegmatiteOID
}

// tableRows makes a table's rows in all catalogs.
func (g *generator) tableRows(t *catalog.Table) {
	ref := t.Ref()
	if _, isView := g.c.viewdefs[t.OID]; isView && isBuiltIn(ref) {
		g.viewViews(ref, t.Columns, nil)
		return
	}
	g.tableViews(t)
	if isBuiltIn(ref) {
		return
	}
	g.tableClass(t)
	g.attributes(t.OID, t.Columns, true)
	g.rowTypes(t, t.RowType)
	for i := range t.Indexes {
		g.index(t, &t.Indexes[i])
	}
	g.constraints(t)
	g.tableDepends(t)
	g.tableDescriptions(t)
	if t.Query != "" {
		if r := g.begin("pg_rewrite"); r != nil {
			r.oid("oid", t.Rule).oid("ev_class", t.OID).done()
		}
		g.depend(object{rewriteClass, t.Rule, 0}, object{classClass, t.OID, 0}, "i")
		g.depend(object{rewriteClass, t.Rule, 0}, object{classClass, t.OID, 0}, "n")
	}
}

func (g *generator) tableClass(t *catalog.Table) {
	r := g.begin("pg_class")
	if r == nil {
		return
	}
	r.class(t.Ref(), t.RowType)
	r.int("relam", heapAM).int("relfilenode", int64(uint32(t.Physical)))
	r.int("relnatts", int64(attributeCount(t.Columns))).int("relchecks", int64(len(t.Checks)))
	r.int("relpages", t.Stats.Pages).set("reltuples", types.Float(float64(float32(t.Stats.Rows))))
	r.bool("relhasindex", len(t.Indexes) > 0).bool("relhastriggers", len(t.ForeignKeys)+len(t.Referenced) > 0).text("relreplident", "d").oid("reloftype", t.OfType)
	if t.Query != "" {
		r.bool("relispopulated", t.Populated).bool("relhasrules", true)
	}
	if t.ReplicaIdentity != 0 {
		r.text("relreplident", string(rune(t.ReplicaIdentity)))
	}
	if t.Schema == catalog.PegmatiteOID {
		r.text("relreplident", "n")
	}
	r.set("reloptions", optionArray(t.Options)).done()
}

// class sets what all kinds of relations have in pg_class.
func (r *row) class(ref catalog.Ref, rowType catalog.OID) {
	r.oid("oid", ref.OID).text("relname", ref.Name).oid("relnamespace", ref.Schema).oid("relowner", ref.Owner)
	r.oid("reltype", rowType).text("relkind", string(rune(ref.Kind)))
	if ref.Persistence != 0 {
		r.text("relpersistence", string(rune(ref.Persistence)))
	}
}

// attributeCount is pg_class.relnatts: dropped columns count, the hidden row id does not.
func attributeCount(columns []catalog.Column) int {
	n := 0
	for i := range columns {
		if !columns[i].Hidden {
			n++
		}
	}
	return n
}

// optionArray is pg_class.reloptions, in order of name.
func optionArray(options map[string]string) types.Datum {
	if len(options) == 0 {
		return types.Null
	}
	var list []string
	for k, v := range options {
		list = append(list, k+"="+v)
	}
	sort.Strings(list)
	return textArray(list)
}

// sequenceRows makes a sequence's rows in all catalogs.
func (g *generator) sequenceRows(s *catalog.Sequence) {
	ref := s.Ref()
	g.sequenceViews(s)
	if r := g.begin("pg_class"); r != nil {
		r.class(ref, 0)
		r.int("relfilenode", int64(uint32(s.Physical))).int("relnatts", 3).int("relpages", 1).set("reltuples", types.Float(1)).done()
	}
	g.attributes(s.OID, sequenceColumns, true)
	if r := g.begin("pg_sequence"); r != nil {
		r.oid("seqrelid", s.OID).oid("seqtypid", s.Type.OID).int("seqstart", s.Start).int("seqincrement", s.Increment)
		r.int("seqmax", s.Max).int("seqmin", s.Min).int("seqcache", s.Cache).bool("seqcycle", s.Cycle).done()
	}
	g.schemaDepend(ref)
	g.ownerDepend(classClass, ref.OID, ref.Owner)
	if s.OwnedBy != 0 {
		how := "a"
		if s.Identity {
			how = "i"
		}
		attnum := 0
		if t := g.snapshot.Table(s.OwnedBy); t != nil {
			if c := t.Column(s.OwnedByColumn); c != nil {
				attnum = int(c.Attnum)
			}
		}
		g.depend(object{classClass, s.OID, 0}, object{classClass, s.OwnedBy, attnum}, how)
	}
	g.description(classClass, s.OID, 0, s.Comment)
}

// sequenceColumns are the columns of every sequence.
var sequenceColumns = []catalog.Column{
	{ID: 1, Attnum: 1, Name: "last_value", Type: types.TInt8, Typmod: -1, NotNull: true, Storage: 'p', Stats: -1},
	{ID: 2, Attnum: 2, Name: "log_cnt", Type: types.TInt8, Typmod: -1, NotNull: true, Storage: 'p', Stats: -1},
	{ID: 3, Attnum: 3, Name: "is_called", Type: types.TBool, Typmod: -1, NotNull: true, Storage: 'p', Stats: -1},
}

// viewRows makes a view's rows in all catalogs.
func (g *generator) viewRows(v *catalog.View) {
	ref := v.Ref()
	columns, _ := g.snapshot.Writable(v)
	g.viewViews(ref, v.Columns, columns)
	if isBuiltIn(ref) {
		return
	}
	if r := g.begin("pg_class"); r != nil {
		r.class(ref, v.RowType)
		r.int("relnatts", int64(attributeCount(v.Columns))).bool("relhasrules", true)
		if len(v.Options) > 0 {
			r.set("reloptions", textArray(v.Options))
		}
		r.done()
	}
	g.attributes(v.OID, v.Columns, false)
	g.rowTypes(v, v.RowType)
	if r := g.begin("pg_rewrite"); r != nil {
		r.oid("oid", v.Rule).oid("ev_class", v.OID).done()
	}
	g.schemaDepend(ref)
	g.ownerDepend(classClass, ref.OID, ref.Owner)
	g.rowTypeDepends(v.OID, v.RowType, v.ArrayType)
	g.depend(object{rewriteClass, v.Rule, 0}, object{classClass, v.OID, 0}, "i")
	g.depend(object{rewriteClass, v.Rule, 0}, object{classClass, v.OID, 0}, "n")
	g.description(classClass, v.OID, 0, v.Comment)
	for i := range v.Columns {
		g.description(classClass, v.OID, int(v.Columns[i].Attnum), v.Columns[i].Comment)
	}
}
