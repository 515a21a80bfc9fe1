package cluster

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
)

// reach is the shards of another node, with errors that say which node does
// not answer.
type reach struct {
	members *Members
	node    uint32
}

var _ shard.Service = reach{}

// reach returns a node's shards, also when nobody knows the node.
func (m *Members) reach(node uint32) shard.Service {
	if n := m.find(node); n != nil {
		return n.shards
	}
	return reach{m, node}
}

// Read implements shard.Service.
func (r reach) Read(ctx context.Context, q *shard.ReadRequest) (shard.Rows, error) {
	s, err := r.service(ctx, q.Shard)
	if err != nil {
		return nil, err
	}
	rows, err := s.Read(ctx, q)
	if err != nil {
		return nil, r.down(q.Shard, err)
	}
	away := &reachedRows{rows, r, q.Shard}
	if e, ok := rows.(shard.Enlisted); ok {
		return reachedLocked{away, e}, nil
	}
	return away, nil
}

// reachedRows are rows of a node that may go down while they are read.
type reachedRows struct {
	shard.Rows
	from  reach
	shard shard.ID
}

// Next implements shard.Rows.
func (r *reachedRows) Next(ctx context.Context) (*shard.Batch, error) {
	b, err := r.Rows.Next(ctx)
	return b, r.from.down(r.shard, err)
}

// reachedLocked are the rows of a locking read.
type reachedLocked struct {
	*reachedRows
	shard.Enlisted
}

// Write implements shard.Service.
func (r reach) Write(ctx context.Context, q *shard.WriteRequest) (*shard.WriteReply, error) {
	s, err := r.service(ctx, q.Shard)
	if err != nil {
		return nil, err
	}
	reply, err := s.Write(ctx, q)
	return reply, r.down(q.Shard, err)
}

// Cut implements shard.Service.
func (r reach) Cut(ctx context.Context, q *shard.CutRequest) error {
	s, err := r.service(ctx, q.Shard)
	if err != nil {
		return err
	}
	return r.down(q.Shard, s.Cut(ctx, q))
}

// Control implements shard.Service.
func (r reach) Control(ctx context.Context, q *shard.ControlRequest) (*shard.ControlReply, error) {
	s, err := r.service(ctx, q.Shard)
	if err != nil {
		return nil, err
	}
	reply, err := s.Control(ctx, q)
	return reply, r.down(q.Shard, err)
}

// service is the node's shards; the error says that there is no way to it. A
// node whose address or logs are not known may just have said them.
func (r reach) service(ctx context.Context, id shard.ID) (shard.Service, error) {
	n := r.members.find(r.node)
	if n == nil || n.client == nil || len(n.logs) == 0 {
		ctx, cancel := context.WithTimeout(ctx, mapWithin)
		defer cancel()
		_ = r.members.refresh(ctx) // what is known is as good as the metadata store being away
		n = r.members.find(r.node)
	}
	switch {
	case n == nil || n.client == nil:
		return nil, pgerr.New(pgerr.SystemError, "shard %d is not available: node %d has not joined", id, r.node)
	case len(n.logs) == 0:
		return nil, pgerr.New(pgerr.SystemError, "shard %d is not available: node %q is starting", id, n.Name)
	}
	return n.client, nil
}

// down makes a lost connection the client's business: which rows it cannot have, and why.
func (r reach) down(id shard.ID, err error) error {
	if err == nil || !pgerr.HasCode(err, pgerr.ConnectionFailure) {
		return err
	}
	n := r.members.find(r.node)
	if n == nil {
		return err
	}
	return pgerr.New(pgerr.SystemError, "shard %d is not available: node %q does not answer", id, n.Name).
		WithDetail("%s", pgerr.From(err).Message).WithCause(err)
}
