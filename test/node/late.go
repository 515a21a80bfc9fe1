package node

import (
	"context"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/internal/pause"
	"github.com/pegmatitedb/pegmatite/server"
)

// Late are layers of a node that hears of changes in the metadata store by so
// much later than it could: what must not depend on hearing in time does not pass.
func Late(by time.Duration) server.Layers {
	return server.Layers{Metadata: func(kv metakv.Store) metakv.Store { return lateStore{kv, by} }}
}

type lateStore struct {
	metakv.Store
	by time.Duration
}

func (s lateStore) Watch(prefix string, from metakv.Revision) metakv.Watch {
	return lateWatch{s.Store.Watch(prefix, from), s.by}
}

type lateWatch struct {
	metakv.Watch
	by time.Duration
}

func (w lateWatch) Next(ctx context.Context) ([]metakv.Event, error) {
	events, err := w.Watch.Next(ctx)
	pause.For(ctx, w.by)
	return events, err
}
