package operator

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
)

const balanced = "every shard is where the ring wants it"

// Plan prints what is to move.
func (o *Operator) Plan(ctx context.Context) error {
	s, err := o.look(ctx)
	if err != nil {
		return err
	}
	moves := s.moves()
	if len(moves) == 0 {
		o.say(balanced)
		return nil
	}
	sizes := o.sizes(ctx, s.shards, moves)
	w := tabwriter.NewWriter(o.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SHARD\tFROM\tTO\tBYTES")
	for _, id := range moves {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", id, s.node(s.shards.Node(id)).Name, s.node(s.plan[id]).Name, sizes.of(id))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	o.say("%s of %d, %s bytes", count(len(moves), "shard"), s.shards.Shards(), sizes.of(moves...))
	for _, line := range s.waits() {
		o.say("%s", line)
	}
	return nil
}

// Rebalance waits until every shard is where it is to be, and tells of those
// that have moved.
func (o *Operator) Rebalance(ctx context.Context) error {
	before, err := o.look(ctx)
	if err != nil {
		return err
	}
	if moves := before.moves(); len(moves) > 0 {
		o.say("%s to move, %s bytes", count(len(moves), "shard"), o.sizes(ctx, before.shards, moves).of(moves...))
	}
	err = o.follow(ctx, before, func(uint32) bool { return true }, func(now *state) bool {
		for id := range now.plan {
			from, to := before.shards.Node(uint32(id)), now.shards.Node(uint32(id))
			if from != to {
				o.say("shard %d moved from %s to %s", id, now.node(from).Name, now.node(to).Name)
			}
		}
		left := len(now.moves())
		if left > 0 && now.shards.Epoch() != before.shards.Epoch() {
			o.say("%s to move", count(left, "shard"))
		}
		before = now
		return left == 0
	})
	if ctx.Err() != nil {
		return errors.New("not waiting any longer: the nodes go on moving shards")
	}
	if err == nil {
		o.say(balanced)
	}
	return err
}
