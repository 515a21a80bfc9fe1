package exec

import (
	"context"
	"sync"

	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// lockAll asks several shards that lock the rows which they read. As in
// writeFirst nobody is waited for first; when that does not do, the locks are
// given back, and the shards lock one after the other, each in the order of its
// keys (rule 29).
func (o *gather) lockAll(ctx context.Context, at txn.Timestamp) error {
	r := o.run
	again := o.streams
	if !r.wrote && !r.inner && !r.locked.Load() && r.env.TakeBack != nil {
		refused, err := o.tryAll(ctx, at)
		if err != nil || len(refused) == 0 {
			return err
		}
		all, err := r.env.TakeBack(ctx)
		if err != nil {
			return err
		}
		if !all {
			again = refused
		}
	}
	for _, s := range again {
		if err := s.drop(); err != nil {
			return err
		}
		if err := s.ask(ctx, o.locking(s.id, at, shard.WaitOrdered)); err != nil {
			return err
		}
	}
	return nil
}

// tryAll asks all shards at once, and returns those where somebody was in the
// way. It waits for every answer: none may be under way when the locks are
// given back.
func (o *gather) tryAll(ctx context.Context, at txn.Timestamp) (refused []*stream, err error) {
	errs := make([]error, len(o.streams))
	var wait sync.WaitGroup
	for i, s := range o.streams {
		wait.Go(func() { errs[i] = s.ask(ctx, o.locking(s.id, at, shard.WaitTry)) })
	}
	wait.Wait()
	for i, e := range errs {
		if reason, _ := shard.IsRefusal(e); reason == shard.RefusedLocked {
			refused = append(refused, o.streams[i])
		} else if e != nil {
			return nil, e
		}
	}
	return refused, nil
}

// locking is the request that locks as wait says.
func (o *gather) locking(id shard.ID, at txn.Timestamp, wait shard.LockWait) *shard.ReadRequest {
	q := o.request(id, at)
	lock := *q.Lock
	lock.Wait = wait
	q.Lock = &lock
	return q
}

// drop closes what a stream has been answered.
func (s *stream) drop() error {
	if s.source == nil {
		return nil
	}
	err := s.source.Close()
	s.source = nil
	return err
}
