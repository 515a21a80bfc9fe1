package cluster

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// waitsWithin bounds how long a node is asked about waits. One that does not
// answer is left out: who waits asks again after deadlock_timeout.
const waitsWithin = time.Second

// wait is a lock.Edge in JSON: a key's bytes are no text.
type wait struct {
	Waiter, Blocker txn.ID
	Space           lock.Space
	Object          uint64
	Bytes           []byte
	Mode            lock.Mode
	Soft            bool
}

func waitsOf(edges []lock.Edge) []wait {
	waits := make([]wait, len(edges))
	for i, e := range edges {
		waits[i] = wait{e.Waiter, e.Blocker, e.Key.Space, e.Key.Object, []byte(e.Key.Bytes), e.Mode, e.Soft}
	}
	return waits
}

func (w *wait) edge() lock.Edge {
	key := lock.Key{Space: w.Space, Object: w.Object, Bytes: string(w.Bytes)}
	return lock.Edge{Waiter: w.Waiter, Blocker: w.Blocker, Key: key, Mode: w.Mode, Soft: w.Soft}
}

var _ engine.Elsewhere = (*Members)(nil)

// Waits implements engine.Elsewhere.
func (m *Members) Waits(ctx context.Context) []lock.Edge {
	var edges []lock.Edge
	for _, waits := range askAll[struct{}, []wait](ctx, m, "Waits", struct{}{}) {
		for i := range waits {
			edges = append(edges, waits[i].edge())
		}
	}
	return edges
}

// Jump implements engine.Elsewhere.
func (m *Members) Jump(ctx context.Context, waiter txn.ID) bool {
	return slices.Contains(askAll[txn.ID, bool](ctx, m, "Jump", waiter), true)
}

// Party implements engine.Elsewhere.
func (m *Members) Party(ctx context.Context, id txn.ID) lock.Party {
	p := lock.Party{Number: id.Seq}
	if n := m.find(id.Node); n != nil && n.conn != nil {
		ctx, cancel := context.WithTimeout(ctx, waitsWithin)
		defer cancel()
		if named, err := ask[txn.ID, lock.Party](ctx, n.conn, "Party", id); err == nil {
			return named
		}
	}
	return p
}

// Over asks a node which of its transactions are over (engine.Config.Over).
func (m *Members) Over(ctx context.Context, node uint32, ids []txn.ID) ([]txn.ID, error) {
	n := m.find(node)
	if n == nil || n.conn == nil {
		return nil, nil // this node's own end is not lost; of those that are removed Serve hears
	}
	ctx, cancel := context.WithTimeout(ctx, waitsWithin)
	defer cancel()
	return ask[[]txn.ID, []txn.ID](ctx, n.conn, "Over", ids)
}

// askAll asks all other nodes at once, and returns the answers of those that give one.
func askAll[Q, R any](ctx context.Context, m *Members, name string, q Q) []R {
	answers, _ := askEach[Q, R](ctx, m, name, q)
	return answers
}

// askEach is askAll, with the names of nodes that live and give no answer.
func askEach[Q, R any](ctx context.Context, m *Members, name string, q Q) (answers []R, silent []string) {
	ctx, cancel := context.WithTimeout(ctx, waitsWithin)
	defer cancel()
	var (
		asking sync.WaitGroup
		mu     sync.Mutex // protects answers and silent
	)
	for _, n := range *m.nodes.Load() {
		if n.conn == nil {
			continue
		}
		asking.Go(func() {
			r, err := ask[Q, R](ctx, n.conn, name, q)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				answers = append(answers, r)
			case n.Live:
				silent = append(silent, n.title())
			}
		})
	}
	asking.Wait()
	slices.Sort(silent)
	return answers, silent
}
