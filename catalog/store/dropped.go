package store

import (
	"context"
	"strconv"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/metakv"
)

// Dropped is what one revision of the catalog left without a descriptor: the
// sweep drops it on the shards once no snapshot in use is older than the
// transaction that published the revision, and then forgets it.
type Dropped struct {
	Revision  uint64         `json:"-"`
	Tables    []uint64       `json:"tables,omitempty"`    // physical IDs of tables and global indexes
	Sequences []uint64       `json:"sequences,omitempty"` // physical IDs
	Indexes   []DroppedIndex `json:"indexes,omitempty"`   // of tables that stay
	// Txn is the transaction that published the revision, "" without a decision.
	Txn string `json:"txn,omitempty"`
	// Outcome is its Decision.Value.
	Outcome []byte `json:"outcome,omitempty"`
}

// DroppedIndex is an index that lay beside the rows of a table.
type DroppedIndex struct {
	Table uint64 `json:"table"` // physical ID
	Index uint32 `json:"index"` // catalog.Index.ID
}

// encodeDropped finds what base has physically that the ops leave without a
// descriptor, and encodes it; nil when there is nothing.
func (p *publication) encodeDropped(base *catalog.Snapshot) []byte {
	d := Dropped{Txn: p.decision.Txn, Outcome: p.decision.Value}
	for _, op := range p.ops {
		d.compare(base.Object(op.Key), op.Object)
	}
	if d.Tables == nil && d.Sequences == nil && d.Indexes == nil {
		return nil
	}
	return marshal(d)
}

func (d *Dropped) compare(old, now catalog.Object) {
	switch old := old.(type) {
	case *catalog.Table:
		table, _ := now.(*catalog.Table)
		d.compareTable(old, table)
	case *catalog.Sequence:
		if s, ok := now.(*catalog.Sequence); !ok || s.Physical != old.Physical {
			d.Sequences = append(d.Sequences, old.Physical)
		}
	}
}

func (d *Dropped) compareTable(old, now *catalog.Table) {
	rowsStay := now != nil && now.Physical == old.Physical
	if !rowsStay {
		d.Tables = append(d.Tables, old.Physical)
	}
	for i := range old.Indexes {
		x := &old.Indexes[i]
		var kept *catalog.Index
		if now != nil {
			kept = indexByID(now, x.ID)
		}
		switch {
		case x.Global != 0:
			if kept == nil || kept.Global != x.Global {
				d.Tables = append(d.Tables, x.Global)
			}
		case rowsStay && kept == nil:
			d.Indexes = append(d.Indexes, DroppedIndex{old.Physical, x.ID})
		}
	}
}

func indexByID(t *catalog.Table, id uint32) *catalog.Index {
	for i := range t.Indexes {
		if t.Indexes[i].ID == id {
			return &t.Indexes[i]
		}
	}
	return nil
}

// Dropped returns what waits for the sweep, oldest first.
func (s *Store) Dropped(ctx context.Context) ([]Dropped, error) {
	kvs, _, err := s.kv.Range(ctx, droppedRoot)
	if err != nil {
		return nil, unavailable(err)
	}
	out := make([]Dropped, len(kvs))
	for i, kv := range kvs {
		if err := unmarshal(kv, &out[i]); err != nil {
			return nil, err
		}
		if out[i].Revision, err = strconv.ParseUint(kv.Key[len(droppedRoot):], 10, 64); err != nil {
			return nil, errBadRecord("key %q does not end with a revision", kv.Key)
		}
	}
	return out, nil
}

// Swept forgets what a revision dropped: when no shard has any of it.
func (s *Store) Swept(ctx context.Context, revision uint64) error {
	_, err := s.kv.Commit(ctx, metakv.Txn{Then: []metakv.Op{metakv.Delete(droppedKey(revision))}})
	return unavailableOrNil(err)
}
