package operator

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pegmatitedb/pegmatite/server/cluster"
	"github.com/pegmatitedb/pegmatite/shard"
)

const (
	// stalledMS is how long a move is in a state before it is said what it waits
	// for, milliseconds: most are out of it sooner.
	stalledMS = 2000
	// sayAfter is after how many looks it is said again how far a move is, if it
	// has not come a tenth further sooner.
	sayAfter = 10
	// tellWithin bounds the wait for a node that may be dead.
	tellWithin = time.Second
)

// progress is what has been said of the moves under way.
type progress map[shard.ID]*saidOf

type saidOf struct {
	sent  int64 // bytes
	last  int64 // bytes, at the last look
	looks int   // since
	still int   // looks at which nothing more had been sent
}

// progress says how far the moves from some nodes are, and returns what is in the
// way of those that do not go on.
func (o *Operator) progress(ctx context.Context, p progress, s *state, from func(node uint32) bool) (stalls []string) {
	for _, n := range s.nodes {
		if !n.Live || !from(n.ID) || !s.gives(n.ID) {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, tellWithin)
		moves, err := o.Moves(ctx, n.ID)
		cancel()
		if err != nil {
			stalls = append(stalls, fmt.Sprintf("node %q does not say how far it is: %v", n.Name, err))
		}
		for _, m := range moves {
			if line := o.sayOf(p, s, m); line != "" {
				stalls = append(stalls, line)
			}
		}
	}
	return stalls
}

// gives reports whether a node has shards that are to be elsewhere.
func (s *state) gives(node uint32) bool {
	for _, id := range s.moves() {
		if s.shards.Node(id) == node {
			return true
		}
	}
	return false
}

// sayOf says how far a move is, and returns what it waits for, if it does.
func (o *Operator) sayOf(p progress, s *state, m cluster.Move) (stall string) {
	to := s.node(m.To).Name
	switch {
	case m.State == cluster.MoveRests:
		delete(p, m.Shard)
		return fmt.Sprintf("shard %d could not be moved to %s, and is tried again: %s", m.Shard, to, m.Error)
	case m.State == cluster.MoveWaits && len(m.Open) > 0:
		var open []string
		for _, id := range m.Open {
			open = append(open, id.String())
		}
		return fmt.Sprintf("shard %d waits for what stays open on it, up to a minute: %s of pegmatite.transactions", m.Shard, strings.Join(open, ", "))
	case m.State == cluster.MoveWaits && m.ForMS >= stalledMS:
		return fmt.Sprintf("shard %d waits for a moment without transactions on it, up to a minute", m.Shard)
	case m.State == cluster.MoveCloses && m.ForMS >= stalledMS:
		return fmt.Sprintf("shard %d serves nobody until %s has taken it over, or the metadata store says that it has not", m.Shard, to)
	case m.State == cluster.MoveCopies:
		return o.sayCopied(p, to, m)
	}
	return ""
}

// sayCopied says how much of a shard has been copied, when that is more than the
// last time.
func (o *Operator) sayCopied(p progress, to string, m cluster.Move) (stall string) {
	before := p[m.Shard]
	if before == nil || m.Sent < before.last { // another try
		before = &saidOf{}
		p[m.Shard] = before
	}
	before.looks++
	before.still++
	if m.Sent > before.last {
		before.last, before.still = m.Sent, 0
	}
	if grown := m.Sent - before.sent; grown > 0 && (grown >= m.Bytes/10 || before.looks >= sayAfter) {
		o.say("shard %d: %d of %d bytes sent to %s, %.1f MB/s", m.Shard, m.Sent, m.Bytes, to, float64(m.Sent)/(1<<20)/(float64(max(1, m.MS))/1000))
		before.sent, before.looks = m.Sent, 0
	}
	if before.still >= sayAfter {
		return fmt.Sprintf("shard %d: %s takes no more of it at present", m.Shard, to)
	}
	return ""
}
