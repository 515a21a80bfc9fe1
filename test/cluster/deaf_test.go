package cluster

import (
	"context"
	"sync"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
)

// deaf is a metadata store that tells nobody of changes as long as it is told
// so. What it is asked it answers.
type deaf struct {
	mu   sync.Mutex    // protects ends
	ends chan struct{} // closed when it tells again; nil while it does
}

// layer has a node use it.
func (d *deaf) layer(kv metakv.Store) metakv.Store { return deafStore{kv, d} }

// begin keeps all changes back until end is called.
func (d *deaf) begin() (end func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ends := make(chan struct{})
	d.ends = ends
	return sync.OnceFunc(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.ends = nil
		close(ends)
	})
}

type deafStore struct {
	metakv.Store
	deaf *deaf
}

// Watch implements metakv.Store.
func (s deafStore) Watch(prefix string, from metakv.Revision) metakv.Watch {
	return deafWatch{s.Store.Watch(prefix, from), s.deaf}
}

type deafWatch struct {
	metakv.Watch
	deaf *deaf
}

// Next implements metakv.Watch.
func (w deafWatch) Next(ctx context.Context) ([]metakv.Event, error) {
	events, err := w.Watch.Next(ctx)
	w.deaf.mu.Lock()
	ends := w.deaf.ends
	w.deaf.mu.Unlock()
	if ends != nil {
		select {
		case <-ends:
		case <-ctx.Done():
		}
	}
	return events, err
}
