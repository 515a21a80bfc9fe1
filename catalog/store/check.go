package store

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/metakv"
)

// A checkpoint is due when a node that starts would read this much of the log.
const (
	checkpointEntries = 1024
	checkpointBytes   = 4 << 20
)

// askCheckpoint wakes the checkpoint goroutine when one is due.
func (s *Store) askCheckpoint() {
	if st := s.current.Load(); st.entries >= checkpointEntries || st.bytes >= checkpointBytes {
		select {
		case s.due <- struct{}{}:
		default:
		}
	}
}

// checkpoints writes the checkpoints that this node's publications made due.
func (s *Store) checkpoints(ctx context.Context) {
	for {
		select {
		case <-s.due:
		case <-ctx.Done():
			return
		}
		if err := s.Checkpoint(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("writing a checkpoint of the catalog failed", "error", err)
		}
	}
}

// Checkpoint writes all descriptors as this node has them, makes the log begin
// above them, and deletes what nobody needs any more.
func (s *Store) Checkpoint(ctx context.Context) error {
	base, err := s.kv.Get(ctx, baseKey)
	if err != nil {
		return unavailable(err)
	}
	st := s.current.Load()
	revision := st.snapshot.Revision()
	chunks := chunked(checkpointRecords(st.snapshot))
	for i, chunk := range chunks {
		op := metakv.Put(chunkKey(checkPrefix(revision), i), chunk)
		if _, err := s.kv.Commit(ctx, metakv.Txn{Then: []metakv.Op{op}}); err != nil {
			return unavailable(err)
		}
	}
	r, err := s.kv.Commit(ctx, metakv.Txn{
		If:   []metakv.Compare{{Key: baseKey, Modified: base.Modified}},
		Then: []metakv.Op{metakv.Put(baseKey, marshal(baseRecord{revision, len(chunks)}))},
	})
	if err != nil || !r.Done {
		return unavailableOrNil(err) // not done: another node's checkpoint is as good
	}
	s.mu.Lock()
	now := *s.current.Load()
	now.entries, now.bytes = now.entries-st.entries, now.bytes-st.bytes
	s.current.Store(&now)
	s.mu.Unlock()
	return s.clean(ctx)
}

// checkpointRecords encodes everything, in the order in which it was published.
func checkpointRecords(snapshot *catalog.Snapshot) []json.RawMessage {
	var records []opRecord
	var statistics []opRecord
	for o, at := range snapshot.Objects() {
		r := encodeOp(catalog.Op{Key: o.ObjectKey(), Object: o})
		r.At = at
		records = append(records, r)
		if t, ok := o.(*catalog.Table); ok && (t.Stats.Rows >= 0 || t.Stats.Columns != nil) {
			r := encodeStatistics(t.OID, t.Stats)
			r.At = snapshot.Revision()
			statistics = append(statistics, r)
		}
	}
	slices.SortStableFunc(records, func(a, b opRecord) int { return cmp.Compare(a.At, b.At) })
	var raw []json.RawMessage
	for _, r := range append(records, statistics...) {
		raw = append(raw, marshal(r))
	}
	return raw
}

// cleanBatch is how many deletions go into one transaction.
const cleanBatch = 100

// clean deletes what lies below the checkpoint, and chunks that no log entry
// names. A publication under way whose chunks go notices, and writes them again.
func (s *Store) clean(ctx context.Context) error {
	kvs, _, err := s.kv.Range(ctx, catalogRoot)
	if err != nil {
		return unavailable(err)
	}
	dead, err := garbage(kvs)
	if err != nil {
		return err
	}
	for batch := range slices.Chunk(dead, cleanBatch) {
		if _, err := s.kv.Commit(ctx, metakv.Txn{Then: batch}); err != nil {
			return unavailable(err)
		}
	}
	return nil
}

// garbage finds what may be deleted of all keys under catalogRoot.
func garbage(kvs []metakv.KV) ([]metakv.Op, error) {
	var base baseRecord
	var baseAt metakv.Revision
	named := make(map[string]bool)
	for _, kv := range kvs {
		if kv.Key == baseKey {
			if err := unmarshal(kv, &base); err != nil {
				return nil, err
			}
			baseAt = kv.Modified
		}
	}
	var dead []metakv.Op
	for _, kv := range kvs {
		if !strings.HasPrefix(kv.Key, logRoot) {
			continue
		}
		if kv.Key <= logKey(base.Revision) {
			dead = append(dead, metakv.Delete(kv.Key))
			continue
		}
		var entry logRecord
		if err := unmarshal(kv, &entry); err != nil {
			return nil, err
		}
		named[chunkPrefix(entry.ID)] = true
	}
	seen := make(map[string]bool)
	for _, kv := range kvs {
		prefix := kv.Key[:strings.LastIndexByte(kv.Key, '/')+1]
		unnamed := strings.HasPrefix(prefix, chunkRoot) && !named[prefix] && kv.Modified < baseAt
		old := strings.HasPrefix(prefix, checkRoot) && prefix < checkPrefix(base.Revision)
		if (unnamed || old) && !seen[prefix] {
			seen[prefix] = true
			dead = append(dead, metakv.DeletePrefix(prefix))
		}
	}
	return dead, nil
}
