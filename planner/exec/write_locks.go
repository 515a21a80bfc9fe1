package exec

import (
	"context"
	"sync"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
)

// writeFirst is the first write of a statement that writes on several shards
// (rule 29): it takes its locks without waiting. When one cannot be had, all
// that the statement holds is given back, and it goes through the shards one by
// one, in order, waiting on each for the rows in the order of their keys. So two
// statements never wait for each other in a circle, unless their transactions
// hold something from before.
func (r *run) writeFirst(ctx context.Context, n plan.Node, home catalog.Home, requests []*shard.WriteRequest, replies []*shard.WriteReply) error {
	for _, q := range requests {
		if q.Lock.Wait == shard.WaitBlock {
			q.Lock.Wait = shard.WaitTry
		}
	}
	errs := r.writeAll(ctx, n, home, requests, replies)
	met := false
	for i, err := range errs {
		reason, _ := shard.IsRefusal(err)
		if err != nil && reason != shard.RefusedLocked {
			return atRequest(err, i)
		}
		met = met || err != nil
	}
	if !met {
		return nil
	}
	all, err := r.env.TakeBack(ctx)
	if err != nil {
		return err
	}
	for i, q := range requests {
		if !all && errs[i] == nil {
			continue
		}
		if q.Lock.Wait == shard.WaitTry {
			q.Lock.Wait = shard.WaitOrdered
		}
		q.Header = r.header(q.Shard, q.Snapshot)
		if replies[i], err = r.writeOne(ctx, n, home, q); err != nil {
			return atRequest(err, i)
		}
	}
	return nil
}

// writeInOrder goes through the shards one by one, waiting on each for the rows
// in the order of their keys: what a statement does that has locked rows
// already, all of which come before these.
func (r *run) writeInOrder(ctx context.Context, n plan.Node, home catalog.Home, requests []*shard.WriteRequest, replies []*shard.WriteReply) (err error) {
	for i, q := range requests {
		waitInOrder(q)
		if replies[i], err = r.writeOne(ctx, n, home, q); err != nil {
			return atRequest(err, i)
		}
	}
	return nil
}

// waitInOrder makes a request that waits for rows wait in the order of their keys.
func waitInOrder(q *shard.WriteRequest) {
	if q.Lock.Wait == shard.WaitBlock {
		q.Lock.Wait = shard.WaitOrdered
	}
}

// writeAll sends requests at once and waits for every answer: none may be
// under way any more when the statement is taken back.
func (r *run) writeAll(ctx context.Context, n plan.Node, home catalog.Home, requests []*shard.WriteRequest, replies []*shard.WriteReply) []error {
	errs := make([]error, len(requests))
	var wait sync.WaitGroup
	for i, q := range requests {
		wait.Add(1)
		go func() {
			defer wait.Done()
			replies[i], errs[i] = r.writeOne(ctx, n, home, q)
		}()
	}
	wait.Wait()
	return errs
}
