package engine

import (
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
