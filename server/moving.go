package server

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/server/cluster"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/txn"
)

// moving is what the node says of the shards that it moves: to metrics, and to
// who waits for them (cluster.Peer).
type moving struct {
	shards, bytes, failed atomic.Int64 // away, since the node's start
	taken                 atomic.Int64 // here

	mu    sync.Mutex // protects moves
	moves map[shard.ID]*outgoing
}

// outgoing is a shard that moves away, or that is to.
type outgoing struct {
	cluster.Move
	move  *engine.Move // nil while it rests
	begun time.Time
	since time.Time // of the state
	until time.Time // of a rest
}

// list implements cluster.Peer.
func (m *moving) list() []cluster.Move {
	m.mu.Lock()
	defer m.mu.Unlock()
	list, now := []cluster.Move{}, time.Now()
	for _, o := range m.moves {
		said := o.Move
		said.ForMS = now.Sub(o.since).Milliseconds()
		if o.move != nil {
			said.Bytes, said.Sent, said.MS = o.move.Bytes(), o.move.Sent(), now.Sub(o.begun).Milliseconds()
		} else {
			said.AgainMS = max(0, o.until.Sub(now).Milliseconds())
		}
		list = append(list, said)
	}
	slices.SortFunc(list, func(a, b cluster.Move) int { return cmp.Compare(a.Shard, b.Shard) })
	return list
}

// begun says that a shard is being copied.
func (m *moving) begun(to uint32, move *engine.Move) {
	now := time.Now()
	m.set(&outgoing{Move: cluster.Move{Shard: move.Shard(), To: to, State: cluster.MoveCopies}, move: move, begun: now, since: now})
}

// rests says that a move has failed, and is tried again after a while.
func (m *moving) rests(id shard.ID, to uint32, err error, again time.Duration) {
	now, text := time.Now(), err.Error()
	if detail := pgerr.From(err).Detail; detail != "" {
		text += ": " + detail
	}
	m.set(&outgoing{Move: cluster.Move{Shard: id, To: to, State: cluster.MoveRests, Error: text}, since: now, until: now.Add(again)})
}

func (m *moving) set(o *outgoing) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.moves == nil {
		m.moves = map[shard.ID]*outgoing{}
	}
	m.moves[o.Shard] = o
}

// waits says that a shard waits for a moment without transactions, and which
// have stayed open.
func (m *moving) waits(id shard.ID, open []txn.ID) { m.become(id, cluster.MoveWaits, open) }

// closes says that a shard is served by nobody until it is known whose it is.
func (m *moving) closes(id shard.ID) { m.become(id, cluster.MoveCloses, nil) }

func (m *moving) become(id shard.ID, state cluster.MoveState, open []txn.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.moves[id]
	if o == nil {
		return
	}
	if o.State != state {
		o.State, o.since = state, time.Now()
	}
	o.Open = open
}

// ended forgets a shard.
func (m *moving) ended(id shard.ID) {
	m.keep(func(other shard.ID) bool { return other != id })
}

// keep forgets all shards but some.
func (m *moving) keep(these func(shard.ID) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id := range m.moves {
		if !these(id) {
			delete(m.moves, id)
		}
	}
}

// staying is since when transactions have been seen on a shard.
type staying map[txn.ID]time.Time

// staysOpen is how long a transaction is on a shard before a move says that it
// waits for it: most are gone sooner.
const staysOpen = 2 * time.Second

// since notes which transactions are there now, and returns those that stay.
func (s staying) since(open []txn.ID, now time.Time) (stay []txn.ID) {
	for id := range s {
		if !slices.Contains(open, id) {
			delete(s, id)
		}
	}
	for _, id := range open {
		if first, seen := s[id]; !seen {
			s[id] = now
		} else if now.Sub(first) >= staysOpen {
			stay = append(stay, id)
		}
	}
	slices.SortFunc(stay, func(a, b txn.ID) int {
		return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Boot, b.Boot), cmp.Compare(a.Seq, b.Seq))
	})
	return stay
}
