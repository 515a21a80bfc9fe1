package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/metakv"
)

func marshal(record any) []byte {
	b, err := json.Marshal(record)
	if err != nil {
		panic(fmt.Sprintf("catalog/store: encoding %T: %v", record, err))
	}
	return b
}

func unmarshal(kv metakv.KV, record any) error {
	if !kv.Exists() {
		return errBadRecord("%s is missing", kv.Key)
	}
	if err := json.Unmarshal(kv.Value, record); err != nil {
		return errBadRecord("%s: %v", kv.Key, err)
	}
	return nil
}

// load reads the whole catalog as it is at one moment. next is the metadata
// revision from which to watch for what comes after.
func (s *Store) load(ctx context.Context) (loaded *state, next metakv.Revision, err error) {
	for {
		kvs, at, err := s.kv.Range(ctx, catalogRoot)
		if errors.Is(err, metakv.ErrCompacted) {
			continue // the pages of one long read outlived the history
		}
		if err != nil {
			return nil, 0, unavailable(err)
		}
		loaded, err = s.assemble(kvs)
		return loaded, at + 1, err
	}
}

// assemble makes a state of all keys under catalogRoot.
func (s *Store) assemble(kvs []metakv.KV) (*state, error) {
	keys := make(map[string]metakv.KV, len(kvs))
	for _, kv := range kvs {
		keys[kv.Key] = kv
	}
	read := func(key string) (metakv.KV, error) {
		kv := keys[key]
		kv.Key = key
		return kv, nil
	}
	st := &state{snapshot: catalog.NewSnapshot(s.system)}
	if kv := keys[baseKey]; kv.Exists() {
		var base baseRecord
		if err := unmarshal(kv, &base); err != nil {
			return nil, err
		}
		ops, err := readChunks(read, checkPrefix(base.Revision), base.Chunks)
		if err != nil {
			return nil, err
		}
		if st.snapshot, err = applyCheckpoint(st.snapshot, ops, base.Revision); err != nil {
			return nil, err
		}
	}
	for _, kv := range kvs {
		if !strings.HasPrefix(kv.Key, logRoot) || kv.Key <= logKey(st.snapshot.Revision()) {
			continue
		}
		next, err := applyEntry(st, kv, read)
		if err != nil {
			return nil, err
		}
		st = next
	}
	var head headRecord
	if err := unmarshal(keys[headKey], &head); err != nil {
		return nil, err
	}
	if st.snapshot.Revision() != head.Revision {
		return nil, errBadRecord("the catalog's log ends at %d, its head is %d", st.snapshot.Revision(), head.Revision)
	}
	st.head = keys[headKey].Modified
	return st, nil
}

// reader reads one key: from what was loaded, or from the store.
type reader func(key string) (metakv.KV, error)

func readChunks(read reader, prefix string, chunks int) ([]opRecord, error) {
	var ops []opRecord
	for i := range chunks {
		kv, err := read(chunkKey(prefix, i))
		if err != nil {
			return nil, err
		}
		var chunk chunkRecord
		if err := unmarshal(kv, &chunk); err != nil {
			return nil, err
		}
		ops = append(ops, chunk.Ops...)
	}
	return ops, nil
}

// errGap: a log entry does not follow what is known; the catalog has to be loaded anew.
var errGap = errors.New("a gap in the catalog's log")

// applyEntry makes the state after one log entry.
func applyEntry(st *state, kv metakv.KV, read reader) (*state, error) {
	revision := st.snapshot.Revision() + 1
	if kv.Key != logKey(revision) {
		return nil, fmt.Errorf("%w: %s is not revision %d", errGap, kv.Key, revision)
	}
	var entry logRecord
	if err := unmarshal(kv, &entry); err != nil {
		return nil, err
	}
	ops := entry.Ops
	if entry.Chunks > 0 {
		var err error
		if ops, err = readChunks(read, chunkPrefix(entry.ID), entry.Chunks); err != nil {
			return nil, fmt.Errorf("%w: %w", errGap, err)
		}
	}
	snapshot, err := applyRecords(st.snapshot, ops, revision)
	if err != nil {
		return nil, err
	}
	size := len(kv.Value) + entry.Chunks*chunkBytes
	return &state{snapshot, kv.Modified, st.entries + 1, st.bytes + size}, nil
}

// applyRecords makes the snapshot after one change.
func applyRecords(from *catalog.Snapshot, records []opRecord, revision uint64) (*catalog.Snapshot, error) {
	ops := make([]catalog.Op, 0, len(records))
	var statistics map[catalog.OID]catalog.Statistics
	for i := range records {
		if r := records[i].Statistics; r != nil {
			if statistics == nil {
				statistics = make(map[catalog.OID]catalog.Statistics)
			}
			statistics[r.Relation] = r.decode()
			continue
		}
		op, err := records[i].decodeOp()
		if err != nil {
			return nil, err
		}
		ops = append(ops, op)
	}
	return withOps(from, ops, statistics, revision), nil
}

// withOps applies descriptors, then statistics. A table keeps the statistics
// that it has here, unless its rows are new: those that came with the
// descriptor may be older, and records carry none.
func withOps(from *catalog.Snapshot, ops []catalog.Op, statistics map[catalog.OID]catalog.Statistics, revision uint64) *catalog.Snapshot {
	own := make([]catalog.Op, len(ops))
	for i, op := range ops {
		if t, ok := op.Object.(*catalog.Table); ok {
			copied := *t
			copied.Stats = catalog.Statistics{Rows: -1}
			if old := from.Table(t.OID); old != nil && old.Physical == t.Physical {
				copied.Stats = old.Stats
			}
			op.Object = &copied
		}
		own[i] = op
	}
	next := from.Apply(own, revision)
	if len(statistics) > 0 {
		next = next.WithStatistics(statistics, revision)
	}
	return next
}

// applyCheckpoint makes the snapshot of a checkpoint: runs of records that the same
// revision published, each at its own.
func applyCheckpoint(from *catalog.Snapshot, records []opRecord, revision uint64) (*catalog.Snapshot, error) {
	for len(records) > 0 {
		n := 1
		for n < len(records) && records[n].At == records[0].At {
			n++
		}
		next, err := applyRecords(from, records[:n], records[0].At)
		if err != nil {
			return nil, err
		}
		from, records = next, records[n:]
	}
	return from.Apply(nil, revision), nil
}
