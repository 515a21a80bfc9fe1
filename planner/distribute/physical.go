package distribute

import (
	"sync"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
)

// Relations remembers the physical forms of descriptors. Descriptors are
// immutable, so a form belongs to one descriptor for ever; of each relation
// the newest one asked for is kept. It may be shared by all sessions.
type Relations struct {
	mu   sync.Mutex // protects made
	made map[catalog.OID]madeRelation
}

type madeRelation struct {
	from     *catalog.Table
	relation *plan.Relation
}

// NewRelations makes an empty memory.
func NewRelations() *Relations { return &Relations{made: map[catalog.OID]madeRelation{}} }

// Of returns the physical form of t, which lies in the schema of that name.
func (r *Relations) Of(t *catalog.Table, schema string) *plan.Relation {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, ok := r.made[t.OID]
	if !ok || m.from != t || m.relation.Table.Schema != schema {
		m = madeRelation{t, NewRelation(t, schema)}
		r.made[t.OID] = m
	}
	return m.relation
}

// NewRelation derives the physical form of t, with that of its unique indexes
// that are relations of their own.
func NewRelation(t *catalog.Table, schema string) *plan.Relation {
	r := &plan.Relation{Table: Physical(t, schema), Home: t.Home}
	if pk := t.PrimaryKey(); pk != nil {
		r.Primary = pk.OID
	}
	r.ShardKey = positions(placement.ShardKey(t))
	for i := range t.ForeignKeys {
		k := &t.ForeignKeys[i]
		r.Refers = append(r.Refers, plan.KeyReference{Constraint: k.OID, Columns: positions(k.Columns), Full: k.Match == catalog.MatchFull})
	}
	for _, x := range t.Referenced {
		r.Referenced = append(r.Referenced, plan.KeyReference{Constraint: x.Constraint, Columns: positions(x.Keys)})
	}
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		switch {
		case ix.Primary:
		case ix.Global != 0:
			r.Global = append(r.Global, globalIndex(t, ix, schema))
		default:
			r.Local = append(r.Local, ix.OID)
		}
	}
	return r
}

func positions(ids []catalog.ColumnID) []int {
	out := make([]int, len(ids))
	for i, id := range ids {
		out[i] = int(id) - 1
	}
	return out
}

// Physical derives what a shard needs to keep t's rows. The table's indexes
// are those that lie beside the rows: not the primary key, which the rows
// themselves are sorted by, nor unique indexes that are relations of their own.
func Physical(t *catalog.Table, schema string) *shard.Table {
	p := &shard.Table{
		Physical: t.Physical, Relation: t.OID, Version: t.Version, Schema: schema, Name: t.Name,
		Key: positions(t.Key), Columns: make([]shard.Column, len(t.Columns)),
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		p.Columns[i] = shard.Column{
			Name: c.Name, Type: c.Type, Typmod: c.Typmod, NotNull: c.NotNull,
			Dropped: c.Dropped, Hidden: c.Hidden, Missing: c.Missing,
		}
	}
	for i := range t.Indexes {
		for _, k := range t.Indexes[i].Columns {
			p.Columns[k.Column-1].Boxed = k.Boxed
		}
	}
	if pk := t.PrimaryKey(); pk != nil {
		p.KeyName = pk.Name
	}
	for i := range t.Indexes {
		if ix := &t.Indexes[i]; !ix.Primary && ix.Global == 0 {
			p.Indexes = append(p.Indexes, physicalIndex(ix))
		}
	}
	return p
}

func physicalIndex(ix *catalog.Index) shard.Index {
	p := shard.Index{ID: ix.ID, Name: ix.Name, Unique: ix.Unique}
	for _, c := range ix.Columns {
		p.Columns = append(p.Columns, int(c.Column)-1)
		p.Desc = append(p.Desc, c.Desc)
	}
	return p
}

// globalIndex derives the relation of a unique index: the indexed columns are
// its key, the table's key follows.
func globalIndex(t *catalog.Table, ix *catalog.Index, schema string) *plan.GlobalIndex {
	g := &plan.GlobalIndex{Index: ix.OID, Name: ix.Name, Key: positions(t.Key)}
	for _, c := range ix.Columns {
		g.Columns = append(g.Columns, int(c.Column)-1)
	}
	g.Table = &shard.Table{
		Physical: ix.Global, Relation: ix.OID, Version: t.Version, Schema: schema, Name: ix.Name, KeyName: ix.Name,
	}
	for i, position := range append(g.Columns[:len(g.Columns):len(g.Columns)], g.Key...) {
		c := &t.Columns[position]
		g.Table.Columns = append(g.Table.Columns, shard.Column{
			Name: c.Name, Type: c.Type, Typmod: c.Typmod, NotNull: true, Hidden: c.Hidden, Boxed: i < len(ix.Columns) && ix.Columns[i].Boxed,
		})
		if i < len(g.Columns) {
			g.Table.Key = append(g.Table.Key, i)
		}
	}
	return g
}
