package engine

import (
	"context"
	"time"

	"github.com/pegmatitedb/pegmatite/shard/log"
)

// FallSilent makes the coordinators of all transactions over several logs seem
// to have been gone for long.
func (n *Node) FallSilent() {
	for _, p := range n.participants {
		p.two.mu.Lock()
		for _, st := range p.two.prepared {
			st.since = time.Time{}
		}
		for id := range p.two.since {
			p.two.since[id] = time.Time{}
		}
		p.two.mu.Unlock()
	}
}

// Behind is how many log positions the shard's file has not noted yet.
func (e *Engine) Behind() log.Position {
	e.settleMu.Lock()
	defer e.settleMu.Unlock()
	return e.participant.log.Last() - e.applied
}

// RefuseDrops makes the shard's file refuse all writes, as a full disk does,
// until the returned function is called.
func (e *Engine) RefuseDrops() (again func()) {
	set := func(pragma string) {
		conn, err := e.db.Writer(context.Background())
		if err != nil {
			panic(err)
		}
		defer conn.Release()
		if err := conn.Script(pragma); err != nil {
			panic(err)
		}
	}
	set("PRAGMA query_only = 1")
	return func() { set("PRAGMA query_only = 0") }
}
