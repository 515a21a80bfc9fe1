package engine

import "time"

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
