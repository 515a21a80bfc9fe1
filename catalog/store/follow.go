package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/internal/pause"
)

// retryPause is how long a node waits before it asks a metadata store again
// that did not answer.
const retryPause = 200 * time.Millisecond

// follow applies the log from the metadata revision next on, until ctx ends.
func (s *Store) follow(ctx context.Context, next metakv.Revision) {
	for ctx.Err() == nil {
		err := s.followFrom(ctx, next)
		if ctx.Err() != nil {
			return
		}
		if !errors.Is(err, errGap) && !errors.Is(err, metakv.ErrCompacted) {
			s.log.Warn("lost the watch of the catalog, reading it anew", "error", err)
			pause.For(ctx, retryPause)
		}
		next = s.reload(ctx, next)
	}
}

// followFrom applies the log until the watch fails or does not fit.
func (s *Store) followFrom(ctx context.Context, next metakv.Revision) error {
	watch := s.kv.Watch(logRoot, next)
	defer watch.Close()
	read := func(key string) (metakv.KV, error) { return s.kv.Get(ctx, key) }
	for {
		events, err := watch.Next(ctx)
		if err != nil {
			return err
		}
		for _, e := range events {
			if e.Deleted || !strings.HasPrefix(e.Key, logRoot) {
				continue
			}
			if err := s.applyEvent(e, read); err != nil {
				return err
			}
		}
	}
}

func (s *Store) applyEvent(e metakv.Event, read reader) error {
	st := s.current.Load()
	if e.Key <= logKey(st.snapshot.Revision()) {
		return nil // published here, or loaded already
	}
	next, err := applyEntry(st, e.KV, read)
	if err != nil {
		return err
	}
	s.advance(next)
	return nil
}

// reload reads the catalog anew, for as long as it takes, and returns from
// where to watch.
func (s *Store) reload(ctx context.Context, next metakv.Revision) metakv.Revision {
	for ctx.Err() == nil {
		loaded, from, err := s.load(ctx)
		if err == nil {
			s.advance(loaded)
			return from
		}
		if ctx.Err() == nil {
			s.log.Error("reading the catalog failed", "error", err)
			pause.For(ctx, retryPause)
		}
	}
	return next
}
