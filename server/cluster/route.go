package cluster

import (
	"context"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/internal/pause"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
)

// routed sends each request to the node that has the shard. One that a node
// refuses because it has the shard no more, or not yet, has done nothing there:
// it goes where the next map says, and nobody above notices (rule 20).
type routed struct{ c *Cluster }

var _ shard.Service = routed{}

const (
	// movesWithin is how long a request waits for a shard that is between two nodes.
	movesWithin = 30 * time.Second
	// movePause is how long it waits before it asks again.
	movePause = 5 * time.Millisecond
	// askMapEvery is how often it reads the map itself.
	askMapEvery = 500 * time.Millisecond
	// mapWithin is how long a request to a node that is down waits to hear
	// whether its shard is elsewhere: the metadata store may be away, too.
	mapWithin = 500 * time.Millisecond
)

// on is the shards of the node that has a shard by the map of the moment, and
// the map.
func (r routed) on(id shard.ID) (shard.Service, *placement.Map) {
	m := r.c.shards.Load()
	node := m.Node(uint32(id))
	if node == r.c.members.self {
		return r.c.local.Service, m
	}
	return r.c.members.reach(node), m
}

// away reports whether a request has to go elsewhere: it was refused because its shard
// is not there, or the node is down and the shard was moved away before. What
// the request may have done there ended with the move.
func (r routed) away(ctx context.Context, id shard.ID, by *placement.Map, err error) bool {
	if err == nil {
		return false
	}
	if reason, ok := shard.IsRefusal(err); ok {
		return reason == shard.RefusedEpoch
	}
	if !pgerr.HasCode(err, pgerr.SystemError) {
		return false
	}
	if r.c.Epoch() == by.Epoch() {
		ctx, cancel := context.WithTimeout(ctx, mapWithin)
		defer cancel()
		if r.c.Refresh(ctx) != nil {
			return false
		}
	}
	return r.c.NodeOf(id) != by.Node(uint32(id))
}

// detour is a request's way to a shard that moves.
type detour struct{ since, asked time.Time }

// wait returns when there is a newer map than the one that led nowhere, or
// after a moment: the shard may serve again where it was.
func (d *detour) wait(ctx context.Context, c *Cluster, id shard.ID, epoch uint64) error {
	if d.since.IsZero() {
		d.since = time.Now()
	}
	var err error
	if c.Epoch() == epoch && time.Since(d.asked) > askMapEvery { // the watch tells of it sooner
		d.asked = time.Now()
		err = c.Refresh(ctx)
	}
	if c.Epoch() > epoch {
		return nil
	}
	if time.Since(d.since) > movesWithin {
		return pgerr.New(pgerr.SystemError, "shard %d is not available: it is moving to another node", id).WithCause(err)
	}
	pause.For(ctx, movePause)
	if ctx.Err() != nil {
		return pgerr.From(ctx.Err())
	}
	return nil
}

// follow sends a request to where its shard is, wherever it moves meanwhile.
func follow[Q, A any](ctx context.Context, r routed, q *Q, header func(*Q) *shard.Header,
	send func(shard.Service, context.Context, *Q) (A, error), once bool) (answer A, err error) {
	var d detour
	for {
		id := header(q).Shard
		s, by := r.on(id)
		answer, err := send(s, ctx, q)
		if once && pgerr.HasCode(err, pgerr.SystemError) || !r.away(ctx, id, by, err) {
			return answer, err
		}
		if err := d.wait(ctx, r.c, id, by.Epoch()); err != nil {
			return answer, err
		}
		again := *q
		header(&again).Epoch = r.c.Epoch()
		q = &again
	}
}

func ofRead(q *shard.ReadRequest) *shard.Header       { return &q.Header }
func ofWrite(q *shard.WriteRequest) *shard.Header     { return &q.Header }
func ofControl(q *shard.ControlRequest) *shard.Header { return &q.Header }

// Read implements shard.Service.
func (r routed) Read(ctx context.Context, q *shard.ReadRequest) (shard.Rows, error) {
	return follow(ctx, r, q, ofRead, shard.Service.Read, false)
}

// Write implements shard.Service.
func (r routed) Write(ctx context.Context, q *shard.WriteRequest) (*shard.WriteReply, error) {
	return follow(ctx, r, q, ofWrite, shard.Service.Write, false)
}

// Cut implements shard.Service. Where a shard has moved away from, nothing is
// left to be taken back.
func (r routed) Cut(ctx context.Context, q *shard.CutRequest) error {
	s, _ := r.on(q.Shard)
	return s.Cut(ctx, q)
}

// Control implements shard.Service. What is outside of any transaction may have
// been done by a node that does not answer any more: it is not done twice.
func (r routed) Control(ctx context.Context, q *shard.ControlRequest) (*shard.ControlReply, error) {
	return follow(ctx, r, q, ofControl, shard.Service.Control, q.Op == shard.ControlSequenceSet)
}
