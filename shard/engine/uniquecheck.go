package engine

import (
	"context"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/recent"
)

// uniqueCheckBytes bounds the hashes that are held at once while a unique index
// is checked: a table of more rows is gone through several times.
const uniqueCheckBytes = 64 << 20

// checkUnique looks for two rows with the same values: 23505. The values' hashes
// say which could be; only those values are then looked at themselves.
func (e *Engine) checkUnique(ctx context.Context, r *shard.ControlRequest, t *table, ix *shard.Index) error {
	e.latch.RLock()
	passes := 1 + uint64(max(0, t.rows))*8/e.cfg.uniqueCheckBytes
	e.latch.RUnlock()
	s := t.shape.Load()
	value := func(image []byte) (string, uint64, bool) {
		v := string(s.keyOf(nil, image, ix.Columns))
		return v, xxhash.Sum64String(v), !recent.HasNull(v)
	}
	for pass := range passes {
		var hashes []uint64
		err := e.eachImage(ctx, r, t, func(image []byte) error {
			if _, hash, ok := value(image); ok && hash%passes == pass {
				hashes = append(hashes, hash)
			}
			return nil
		})
		if err != nil {
			return err
		}
		twice := repeated(hashes)
		if len(twice) == 0 {
			continue
		}
		seen := map[string]struct{}{}
		err = e.eachImage(ctx, r, t, func(image []byte) error {
			v, hash, ok := value(image)
			if _, suspect := slices.BinarySearch(twice, hash); !ok || !suspect {
				return nil
			}
			if _, again := seen[v]; again {
				return errDuplicated(r.Table, ix, image)
			}
			seen[v] = struct{}{}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// repeated are the hashes that come more than once, in order; it sorts its argument.
func repeated(hashes []uint64) (twice []uint64) {
	slices.Sort(hashes)
	for i := 1; i < len(hashes); i++ {
		if hashes[i] == hashes[i-1] && (len(twice) == 0 || twice[len(twice)-1] != hashes[i]) {
			twice = append(twice, hashes[i])
		}
	}
	return twice
}

// eachImage goes through a table's rows as the request's transaction sees them.
// An image is valid during the call.
func (e *Engine) eachImage(ctx context.Context, r *shard.ControlRequest, t *table, f func(image []byte) error) error {
	own, err := e.branchOf(ctx, &r.Header, false)
	if err != nil {
		return err
	}
	p, err := compileFragment(wholeTableFragment(r.Table))
	if err != nil {
		return err
	}
	v := viewOf(&r.Header, r.Table, own)
	v.statement++ // the statement's own rows count
	s, err := e.openScan(ctx, p, t, &v, evalContext(ctx, &shard.Values{Env: types.DefaultEnv()}))
	if err != nil {
		return err
	}
	defer s.close()
	for {
		rows, n, err := s.next(ctx)
		if err != nil || n == 0 {
			return err
		}
		for len(rows) > 0 {
			var image []byte
			image, rows = nextRow(rows)
			if err := f(image); err != nil {
				return err
			}
		}
	}
}
