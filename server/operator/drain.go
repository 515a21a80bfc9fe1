package operator

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Drain says that a node is to have no shards, and, if it is to wait, waits
// until it has none.
func (o *Operator) Drain(ctx context.Context, name string, wait bool) error {
	s, err := o.look(ctx)
	if err != nil {
		return err
	}
	n, err := s.find(name)
	if err != nil {
		return err
	}
	if err := o.takers(ctx, n.ID, fmt.Sprintf("node %q cannot be drained:", name)); err != nil {
		return err
	}
	if err := o.Store.Drain(ctx, n.ID, true); err != nil {
		return err
	}
	if s, err = o.look(ctx); err != nil {
		return err
	}
	left := len(s.shards.ShardsOf(n.ID))
	if left > 0 {
		o.say("node %q gives away %s", name, count(left, "shard"))
	}
	if left > 0 && !wait {
		return nil
	}
	var ended error
	err = o.follow(ctx, s, func(from uint32) bool { return from == n.ID }, func(now *state) bool {
		if ended = drained(now, n.ID); ended != nil {
			return true
		}
		before := left
		if left = len(now.shards.ShardsOf(n.ID)); left != before && left > 0 {
			o.say("%s left", count(left, "shard"))
		}
		return left == 0
	})
	if ctx.Err() != nil {
		return fmt.Errorf("not waiting any longer: node %q goes on giving its shards away; `pegmatite node drain --undo %s` would end that", name, name)
	}
	if err = errors.Join(err, ended); err != nil {
		return err
	}
	o.say("node %q has no shards; once it is stopped, `pegmatite node remove %s` takes it out of the cluster", name, name)
	return nil
}

// drained is an error when nobody wants the node drained any more, or all others
// are too: then nothing more happens.
func drained(s *state, node uint32) error {
	n := s.node(node)
	if !n.Draining {
		return fmt.Errorf("node %q is not drained any more: somebody else has ended that", n.Name)
	}
	for _, id := range s.shards.ShardsOf(node) {
		if s.plan[id] == node {
			return fmt.Errorf("node %q keeps its shards: no other node takes them any more", n.Name)
		}
	}
	return nil
}

// takers refuses what is wanted of the last node that takes shards, when its own
// would have nowhere to go; refusal is how the error begins.
func (o *Operator) takers(ctx context.Context, node uint32, refusal string) error {
	members, _, err := o.Store.RingMembers(ctx)
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.Node != node && m.Weight > 0 {
			return nil
		}
	}
	return fmt.Errorf("%s no other node takes shards (one with --node-listen, a weight above 0, and not drained itself)", refusal)
}

// Undo takes Drain back.
func (o *Operator) Undo(ctx context.Context, name string) error {
	s, err := o.look(ctx)
	if err != nil {
		return err
	}
	n, err := s.find(name)
	if err != nil {
		return err
	}
	if !n.Draining {
		o.say("node %q is not drained", name)
		return nil
	}
	if err := o.Store.Drain(ctx, n.ID, false); err != nil {
		return err
	}
	if s, err = o.look(ctx); err != nil {
		return err
	}
	to := slices.DeleteFunc(s.moves(), func(id uint32) bool { return s.plan[id] != n.ID })
	o.say("node %q is not drained any more; %s to move to it", name, count(len(to), "shard"))
	return nil
}
