package store

import (
	"context"
	"strconv"
	"sync"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Blocks of numbers are taken in one step and handed out from memory; what is
// left of a block when the process ends is never used. PostgreSQL's OIDs go in blocks of 8192.
const (
	oidBlock      = 4096
	physicalBlock = 4096
)

// NewOIDs hands out n OIDs, consecutive, that nothing had before; it returns the first.
func (s *Store) NewOIDs(ctx context.Context, n int) (catalog.OID, error) {
	first, err := s.oids.take(ctx, uint64(n))
	return catalog.OID(first), err
}

// NewPhysical hands out the physical ID of a table, global index or sequence.
func (s *Store) NewPhysical(ctx context.Context) (uint64, error) { return s.physicals.take(ctx, 1) }

// sequenceBlock hands out numbers of a counter in the metadata store.
type sequenceBlock struct {
	store        *Store
	key          string
	first        uint64 // of the whole sequence
	size         uint64
	limit        uint64
	mu           sync.Mutex
	next, behind uint64 // [next, behind) is ours to hand out; protected by mu
}

func (b *sequenceBlock) take(ctx context.Context, n uint64) (uint64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.behind-b.next < n {
		if err := b.refill(ctx, n); err != nil {
			return 0, err
		}
	}
	first := b.next
	b.next += n
	return first, nil
}

func (b *sequenceBlock) refill(ctx context.Context, n uint64) error {
	size := max(b.size, n)
	for {
		at, err := b.store.kv.Get(ctx, b.key)
		if err != nil {
			return unavailable(err)
		}
		from := b.first
		if at.Exists() {
			if from, err = strconv.ParseUint(string(at.Value), 10, 64); err != nil {
				return errBadRecord("%s is %q", b.key, at.Value)
			}
		}
		if from+size > b.limit {
			return pgerr.New(pgerr.ProgramLimitExceeded, "out of object identifiers")
		}
		r, err := b.store.kv.Commit(ctx, metakv.Txn{
			If:   []metakv.Compare{{Key: b.key, Modified: at.Modified}},
			Then: []metakv.Op{metakv.Put(b.key, strconv.AppendUint(nil, from+size, 10))},
		})
		if err != nil {
			return unavailable(err)
		}
		if r.Done {
			b.next, b.behind = from, from+size
			return nil
		}
	}
}

// NextBoot counts a start of the node and returns its number, from 1. With the
// node it begins every transaction ID, so no ID is ever used twice.
func (s *Store) NextBoot(ctx context.Context, node uint32) (uint32, error) {
	key := bootRoot + strconv.FormatUint(uint64(node), 10)
	boots := sequenceBlock{store: s, key: key, first: 1, size: 1, limit: 1<<32 - 1}
	boot, err := boots.take(ctx, 1)
	return uint32(boot), err
}

// Bound returns the timestamp oracle's persisted bound, 0 before the first.
func (s *Store) Bound(ctx context.Context) (int64, error) {
	kv, err := s.kv.Get(ctx, boundKey)
	if err != nil {
		return 0, unavailable(err)
	}
	return parseBound(kv)
}

func parseBound(kv metakv.KV) (int64, error) {
	if !kv.Exists() {
		return 0, nil
	}
	bound, err := strconv.ParseInt(string(kv.Value), 10, 64)
	if err != nil {
		return 0, errBadRecord("%s is %q", kv.Key, kv.Value)
	}
	return bound, nil
}

// ExtendBound raises the bound to a value that must be above the present one.
// The extra compares are what makes the caller the oracle (its leader's key);
// when one does not hold, or the bound is as high already, the error is 40001
// and nothing has happened: the caller is the oracle no more.
func (s *Store) ExtendBound(ctx context.Context, to int64, extra ...metakv.Compare) error {
	kv, err := s.kv.Get(ctx, boundKey)
	if err != nil {
		return unavailable(err)
	}
	bound, err := parseBound(kv)
	if err != nil {
		return err
	}
	deposed := pgerr.New(pgerr.TRSerializationFailure, "the timestamp oracle's bound was moved by another node")
	if to <= bound {
		return deposed
	}
	r, err := s.kv.Commit(ctx, metakv.Txn{
		If:   append([]metakv.Compare{{Key: boundKey, Modified: kv.Modified}}, extra...),
		Then: []metakv.Op{metakv.Put(boundKey, strconv.AppendInt(nil, to, 10))},
	})
	if err != nil {
		return unavailable(err)
	}
	if !r.Done {
		return deposed
	}
	return nil
}
