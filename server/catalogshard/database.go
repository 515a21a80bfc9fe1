package catalogshard

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/distribute"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/rowcodec"
	"github.com/pegmatitedb/pegmatite/txn"
)

// database is the catalogs of one database.
type database struct {
	shard *Shard
	oid   catalog.OID
	node  *engine.Node
	// private catalogs follow transactions' own snapshots (overlay.go); the
	// others only go forward.
	private bool
	// readers are counted in under the shard's mu, which protects wanted: what
	// the newest reader looks at.
	readers atomic.Int32
	wanted  *catalog.Snapshot

	mu sync.Mutex // protects the rest; held while rows are brought up to date
	// at is the snapshot whose rows the filled relations hold.
	at     *catalog.Snapshot
	filled map[catalog.OID]bool
}

// read runs a fragment over one relation.
func (db *database) read(ctx context.Context, at *catalog.Snapshot, r *shard.ReadRequest) (shard.Rows, error) {
	if err := db.refresh(ctx, at, r.Fragment.Table.Relation); err != nil {
		return nil, err
	}
	return db.begin().read(ctx, r, func() {})
}

// refresh brings the filled relations up to the snapshot, and fills one.
func (db *database) refresh(ctx context.Context, to *catalog.Snapshot, relation catalog.OID) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.at != nil && db.at != to && (db.private || db.at.Revision() <= to.Revision()) {
		if err := db.apply(ctx, db.shard.catalog.Diff(db.oid, db.at, to)); err != nil {
			return err
		}
		db.at = to
	}
	if db.at == nil {
		db.at = to
	}
	if db.filled[relation] {
		return nil
	}
	w := db.begin()
	defer w.rollback()
	var rows [][]types.Datum
	for row := range db.shard.catalog.Rows(relation, db.oid, db.at) {
		rows = append(rows, row)
	}
	t := db.at.Table(relation)
	if err := w.insert(ctx, t, rows); err != nil {
		return err
	}
	if err := w.commit(ctx); err != nil {
		return err
	}
	db.filled[relation] = true
	return nil
}

// apply makes changes in the relations that are filled.
func (db *database) apply(ctx context.Context, changes []pgcatalog.Changes) error {
	w := db.begin()
	defer w.rollback()
	for _, c := range changes {
		if !db.filled[c.Relation.OID] {
			continue
		}
		if err := w.replace(ctx, c); err != nil {
			return err
		}
	}
	return w.commit(ctx)
}

// begin starts a transaction of our own on the engine.
func (db *database) begin() *writing { return db.shard.begin(db.node) }

// writing is one transaction that writes rows into an engine in memory.
type writing struct {
	shard       *Shard
	node        *engine.Node
	id          txn.ID
	statement   txn.Statement
	incarnation txn.Incarnation
	ended       bool
}

func (s *Shard) begin(n *engine.Node) *writing {
	return &writing{shard: s, node: n, id: s.transaction()}
}

// header is the next statement's.
func (w *writing) header() shard.Header {
	w.statement++
	return shard.Header{Txn: w.id, Statement: w.statement, Incarnation: w.incarnation}
}

// replace removes rows and puts others in their place. A row that is there
// already makes way: somebody else's schema change may have brought it.
func (w *writing) replace(ctx context.Context, c pgcatalog.Changes) error {
	gone := append(append([][]types.Datum(nil), c.Remove...), c.Add...)
	if err := w.remove(ctx, c.Relation, gone); err != nil {
		return err
	}
	return w.insert(ctx, c.Relation, c.Add)
}

// batchRows bounds one request.
const batchRows = 1000

func (w *writing) insert(ctx context.Context, t *catalog.Table, rows [][]types.Datum) error {
	cols := make([]rowcodec.Column, len(t.Columns))
	for i, c := range t.Columns {
		cols[i] = rowcodec.Column{Type: c.Type, Typmod: c.Typmod}
	}
	return w.send(ctx, t, shard.OpInsert, rows, func(b *shard.Batch, row []types.Datum) {
		rowcodec.AddRow(b, cols, row)
	})
}

func (w *writing) remove(ctx context.Context, t *catalog.Table, rows [][]types.Datum) error {
	cols := make([]rowcodec.Column, len(t.Key))
	for i, id := range t.Key {
		c := t.Column(id)
		cols[i] = rowcodec.Column{Type: c.Type, Typmod: c.Typmod}
	}
	return w.send(ctx, t, shard.OpRemove, rows, func(b *shard.Batch, row []types.Datum) {
		key := make([]types.Datum, len(t.Key))
		for i, id := range t.Key {
			key[i] = row[id-1]
		}
		rowcodec.AddRow(b, cols, key)
	})
}

func (w *writing) send(ctx context.Context, t *catalog.Table, op shard.WriteOp, rows [][]types.Datum, add func(*shard.Batch, []types.Datum)) error {
	physical := distribute.Physical(t, "")
	for len(rows) > 0 {
		n := min(len(rows), batchRows)
		b := &shard.Batch{}
		for _, row := range rows[:n] {
			add(b, row)
		}
		rows = rows[n:]
		r := &shard.WriteRequest{Header: w.header(), Values: shard.Values{Env: types.DefaultEnv()}, Op: op, Table: physical, Rows: b,
			Seen: make([]txn.Timestamp, n), Lock: shard.RowLock{Strength: shard.LockUpdate}}
		reply, err := w.node.Write(ctx, r)
		if err != nil {
			return err
		}
		w.incarnation = reply.Incarnation
	}
	return nil
}

func (w *writing) commit(ctx context.Context) error {
	if w.incarnation == 0 {
		return nil
	}
	at, err := w.shard.time.Commit(ctx)
	if err != nil {
		return err
	}
	_, err = w.node.Participants()[0].Commit(ctx, &txn.CommitRequest{
		Txn: w.id, At: at, Shards: []txn.Enlistment{{Incarnation: w.incarnation, Last: w.statement}},
	})
	w.ended = err == nil
	return err
}

// rollback ends a transaction that did not commit; after commit it does nothing.
func (w *writing) rollback() {
	if w.ended || w.incarnation == 0 {
		return
	}
	w.ended = true
	w.node.Participants()[0].Resolve(context.Background(), &txn.ResolveRequest{
		Txn: w.id, Outcome: txn.Outcome{State: txn.Aborted},
	})
}
