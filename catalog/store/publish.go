package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/internal/pause"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

const (
	// inlineBytes is how large a change may be to travel in its log entry: one
	// transaction with the head, the decision and the dropped objects beside it.
	inlineBytes = 256 * 1024
	// chunkBytes is how large a chunk is: well below metakv.MaxRequestBytes, and
	// small enough for etcd to hold some hundreds in memory.
	chunkBytes = 256 * 1024
	// discardTimeout bounds how long a refused change waits for its chunks to go.
	discardTimeout = 5 * time.Second
)

// Decision is the outcome of a transaction with DDL, recorded with its
// descriptors in one step. The zero Decision records nothing.
type Decision struct {
	Txn   string // the transaction's ID
	Value []byte // what Decide and Decided answer from then on
}

// Publish makes a change current: all of it, with the decision, or nothing. It
// returns the catalog's revision that contains it, which this node has by then.
//
// The change is rebased on the newest catalog first, as often as others publish
// meanwhile; a contradiction is Rebase's error. 40001 means also that the
// decision was already taken by somebody else (Decided says which), or that one
// of the extra compares does not hold. After any of these nothing is published.
// 08007 means that ctx ended before the outcome was known: Decided tells.
func (s *Store) Publish(ctx context.Context, c *catalog.Change, d Decision, extra ...metakv.Compare) (uint64, error) {
	return s.publish(ctx, &publication{store: s, change: c, decision: d, extra: extra})
}

// PublishStatistics makes new statistics of tables current. Tables that are
// gone are passed over.
func (s *Store) PublishStatistics(ctx context.Context, statistics map[catalog.OID]catalog.Statistics) (uint64, error) {
	return s.publish(ctx, &publication{store: s, statistics: statistics})
}

func (s *Store) publish(ctx context.Context, p *publication) (uint64, error) {
	p.id = uuid.NewString()
	defer p.discard()
	for {
		st := s.current.Load()
		if err := p.encode(ctx, st.snapshot); err != nil {
			return 0, err
		}
		revision, done, err := p.attempt(ctx, st)
		if err != nil {
			return 0, err
		}
		if done {
			s.askCheckpoint()
			return revision, nil
		}
		if _, err := s.Confirm(ctx); err != nil {
			return 0, err
		}
	}
}

// publication is one change on its way.
type publication struct {
	store      *Store
	change     *catalog.Change // nil: statistics only
	statistics map[catalog.OID]catalog.Statistics
	decision   Decision
	extra      []metakv.Compare
	id         string

	ops     []catalog.Op
	entry   rawLogRecord
	dropped []byte
	// first is the revision of the first chunk that is written; 0 before.
	// Whoever cleans up takes all chunks at once, so its presence is theirs.
	first metakv.Revision
	// sent is set while a transaction may have been done that names the chunks.
	sent bool
}

// encode makes the log entry for a place above base, and writes the chunks if
// it needs any that are not there yet. Rebasing does not change the ops, so
// they are written once.
func (p *publication) encode(ctx context.Context, base *catalog.Snapshot) error {
	if p.change != nil {
		if err := p.change.Rebase(base); err != nil {
			return err
		}
		if err := p.change.CheckNames(); err != nil {
			return err
		}
		p.ops = p.change.Ops()
		if err := checkReadable(p.ops, p.change.Snapshot()); err != nil {
			return err
		}
		p.dropped = p.encodeDropped(base)
	}
	if p.first != 0 {
		kv, err := p.store.kv.Get(ctx, chunkKey(chunkPrefix(p.id), 0))
		if err != nil {
			return unavailable(err)
		}
		if kv.Modified == p.first {
			return nil
		}
	}
	var chunks [][]byte
	chunks, p.entry = p.split()
	for i, chunk := range chunks {
		r, err := p.store.kv.Commit(ctx, metakv.Txn{Then: []metakv.Op{metakv.Put(chunkKey(chunkPrefix(p.id), i), chunk)}})
		if err != nil {
			return unavailable(err)
		}
		if i == 0 {
			p.first = r.Revision
		}
	}
	return nil
}

// checkReadable refuses descriptors that decoding could not read back: once
// published, one such would keep every node from reading the catalog. Types that
// are not built in must be in the catalog that results.
func checkReadable(ops []catalog.Op, result *catalog.Snapshot) error {
	for _, op := range ops {
		var columns []catalog.Column
		switch o := op.Object.(type) {
		case *catalog.Table:
			columns = o.Columns
		case *catalog.View:
			columns = o.Columns
		case *catalog.Composite:
			columns = o.Attributes
		case *catalog.Domain:
			columns = []catalog.Column{{Name: o.Name, Type: o.Base}}
		case *catalog.Range:
			columns = []catalog.Column{{Name: o.Name, Type: o.Subtype}}
		case *catalog.Function:
			columns = []catalog.Column{{Name: o.Name, Type: o.Result}}
			for _, a := range o.Args {
				columns = append(columns, catalog.Column{Name: a.Name, Type: a.Type})
			}
		}
		for _, c := range columns {
			if !readable(c, result) {
				return pgerr.Unsupported("column \"%s\" of type %s", c.Name, c.Type.SQLName)
			}
		}
	}
	return nil
}

func readable(c catalog.Column, result *catalog.Snapshot) bool {
	if types.ByOID(c.Type.OID) != nil {
		return true
	}
	return !c.Dropped && c.Type.OID >= catalog.FirstNormalOID && result.TypeByOID(c.Type.OID) != nil
}

// split encodes the ops: into the log entry if they fit, else into chunks.
func (p *publication) split() ([][]byte, rawLogRecord) {
	var records []json.RawMessage
	total := 0
	add := func(r opRecord) {
		b := marshal(r)
		records, total = append(records, b), total+len(b)
	}
	for _, op := range p.ops {
		add(encodeOp(op))
	}
	for oid, s := range p.statistics {
		add(encodeStatistics(oid, s))
	}
	if total <= inlineBytes {
		return nil, rawLogRecord{ID: p.id, Ops: records}
	}
	chunks := chunked(records)
	return chunks, rawLogRecord{ID: p.id, Chunks: len(chunks)}
}

// chunked packs records into chunks of at most chunkBytes, a larger record
// alone into one.
func chunked(records []json.RawMessage) [][]byte {
	var chunks [][]byte
	for len(records) > 0 {
		n, size := 1, len(records[0])
		for n < len(records) && size+len(records[n]) < chunkBytes {
			size += len(records[n]) + 1
			n++
		}
		chunks = append(chunks, marshal(rawChunkRecord{records[:n]}))
		records = records[n:]
	}
	return chunks
}

// attempt tries to append the entry on top of st. done is false when another
// publication came first.
func (p *publication) attempt(ctx context.Context, st *state) (revision uint64, done bool, err error) {
	revision = st.snapshot.Revision() + 1
	value := marshal(p.entry)
	at, done, err := p.commit(ctx, p.transaction(st, revision, value), revision)
	if err != nil {
		return 0, false, err
	}
	if !done {
		return 0, false, p.refusal(ctx)
	}
	next := withOps(st.snapshot, p.ops, p.statistics, revision)
	size := len(value) + p.entry.Chunks*chunkBytes
	p.store.advance(&state{next, at, st.entries + 1, st.bytes + size})
	return revision, true, nil
}

func (p *publication) transaction(st *state, revision uint64, value []byte) metakv.Txn {
	t := metakv.Txn{
		If: append([]metakv.Compare{{Key: headKey, Modified: st.head}}, p.extra...),
		Then: []metakv.Op{
			metakv.Put(headKey, marshal(headRecord{Revision: revision})),
			metakv.Put(logKey(revision), value),
		},
	}
	if p.decision.Txn != "" {
		key := decisionRoot + p.decision.Txn
		t.If = append(t.If, metakv.Compare{Key: key})
		t.Then = append(t.Then, metakv.Put(key, p.decision.Value))
	}
	if p.first != 0 {
		t.If = append(t.If, metakv.Compare{Key: chunkKey(chunkPrefix(p.id), 0), Modified: p.first})
	}
	if p.dropped != nil {
		t.Then = append(t.Then, metakv.Put(droppedKey(revision), p.dropped))
	}
	return t
}

// commit runs the transaction until its outcome is known. Trying again is
// safe: the compare of the head lets it through once at most. Whether a lost
// answer was a yes is then read from the log.
func (p *publication) commit(ctx context.Context, t metakv.Txn, revision uint64) (at metakv.Revision, done bool, err error) {
	p.sent = true
	lost := false
	for {
		r, err := p.store.kv.Commit(ctx, t)
		switch {
		case err == nil && !r.Done && lost:
			at, done, err = p.find(ctx, revision)
			p.sent = err != nil || done
			return at, done, unknownOutcome(err)
		case err == nil:
			p.sent = r.Done
			return r.Revision, r.Done, nil
		case errors.Is(err, metakv.ErrTooLarge):
			p.sent = lost
			return 0, false, tooLarge(err)
		case ctx.Err() != nil:
			return 0, false, unknownOutcome(err)
		}
		lost = true
		pause.For(ctx, retryPause)
	}
}

func unknownOutcome(err error) error {
	if err == nil {
		return nil
	}
	return pgerr.New(pgerr.TransactionResolutionUnknown, "the outcome of the schema change is unknown").WithCause(err)
}

func tooLarge(err error) error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "the schema change is too large").WithCause(err)
}

// find reports whether the log entry of that revision is this publication's, and where.
func (p *publication) find(ctx context.Context, revision uint64) (at metakv.Revision, mine bool, err error) {
	kv, err := p.store.kv.Get(ctx, logKey(revision))
	if err != nil || !kv.Exists() {
		return 0, false, err
	}
	var entry logRecord
	if err := unmarshal(kv, &entry); err != nil {
		return 0, false, err
	}
	return kv.Modified, entry.ID == p.id, nil
}

// refusal is why a transaction was refused for good; nil when trying again on
// a newer head may help.
func (p *publication) refusal(ctx context.Context) error {
	if p.decision.Txn != "" {
		if _, decided, err := p.store.Decided(ctx, p.decision.Txn); err != nil {
			return err
		} else if decided {
			return pgerr.New(pgerr.TRSerializationFailure, "could not serialize access due to concurrent update").
				WithDetail("The transaction was given up by another participant.")
		}
	}
	for _, c := range p.extra {
		kv, err := p.store.kv.Get(ctx, c.Key)
		if err != nil {
			return unavailable(err)
		}
		if kv.Modified != c.Modified {
			return pgerr.New(pgerr.TRSerializationFailure, "could not serialize access due to concurrent update").
				WithDetail("The cluster changed meanwhile.")
		}
	}
	return nil
}

// discard deletes chunks that nothing will name. Failing that, the next
// checkpoint does.
func (p *publication) discard() {
	if p.sent || p.first == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), discardTimeout)
	defer cancel()
	_, _ = p.store.kv.Commit(ctx, metakv.Txn{Then: []metakv.Op{metakv.DeletePrefix(chunkPrefix(p.id))}})
}
