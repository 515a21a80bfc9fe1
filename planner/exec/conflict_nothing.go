package exec

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
)

// insertNew is DO NOTHING: many rows at once, as long as no two of them can be
// in each other's way. So each row meets what it would meet if they came one
// after the other.
func (c *conflictRun) insertNew(ctx context.Context, images []Row) error {
	for len(images) > 0 {
		n, err := c.apart(images)
		if err != nil {
			return err
		}
		if err := c.insertApart(ctx, images[:n]); err != nil {
			return err
		}
		images = images[n:]
	}
	return nil
}

// apart is how many of the rows, from the first, have no unique value in common.
func (c *conflictRun) apart(images []Row) (int, error) {
	if len(images) == 1 {
		return 1, nil
	}
	columns := tableTypes(c.rel.Table)
	sets := make([]*rowSet, len(c.unique))
	for i, positions := range c.unique {
		of := make([]columnType, len(positions))
		for k, p := range positions {
			of[k] = columns[p]
		}
		sets[i] = newRowSet(c.run, of)
	}
	defer func() {
		for _, s := range sets {
			s.clear()
		}
	}()
	for n, image := range images {
		for i, positions := range c.unique {
			if slices.ContainsFunc(positions, func(p int) bool { return image[p].IsNull() }) {
				continue
			}
			if added, err := sets[i].add(pick(image, positions)); !added || err != nil {
				return n, err
			}
		}
	}
	return len(images), nil
}

// insertApart inserts those of the rows that nothing is in the way of.
func (c *conflictRun) insertApart(ctx context.Context, images []Row) error {
	oc := c.local
	if oc == nil {
		oc = &shard.OnConflict{} // whatever is in the way: what it means, the arbiters say
	}
	images, left, err := c.putThose(ctx, images, oc)
	if err != nil {
		return err
	}
	for i, g := range c.arbiters {
		if images, err = c.arbitrate(ctx, images, i, g); err != nil {
			return err
		}
	}
	if c.local == nil {
		late, err := c.late(ctx, left)
		if err != nil {
			return err
		}
		images = append(images, late...)
	}
	if err := c.run.addEntriesOf(ctx, c.insertOf.node, c.rel, c.others, images); err != nil {
		return err
	}
	if err := c.run.env.Keys.came(ctx, c.rel, images); err != nil {
		return err
	}
	for _, image := range images {
		if err := c.insertOf.give(image); err != nil {
			return err
		}
	}
	return nil
}

// putThose inserts the rows without their entries, and says which those are and
// which a conflict has left out.
func (c *conflictRun) putThose(ctx context.Context, images []Row, oc *shard.OnConflict) (put, left []Row, err error) {
	written, err := c.insertOf.putRows(ctx, images, oc)
	if err != nil {
		return nil, nil, err
	}
	out := map[int]bool{}
	for k, row := range written {
		if row == nil {
			out[k] = true
		}
	}
	put, left = parted(images, out)
	return put, left, nil
}

// arbitrate adds the rows' entries in the i-th arbiter. Rows whose value is taken
// there are taken out again, with the entries that they have been given before.
func (c *conflictRun) arbitrate(ctx context.Context, images []Row, i int, g *plan.GlobalIndex) ([]Row, error) {
	images, out, err := c.enter(ctx, images, g)
	if err != nil || len(out) == 0 {
		return images, err
	}
	if err := c.undo(ctx, c.arbiters[:i], out); err != nil {
		return nil, err
	}
	c.run.affected -= int64(len(out))
	return images, c.removeRows(ctx, out)
}

// enter adds the rows' entries in an arbiter, and parts the rows by whether
// their value was free.
func (c *conflictRun) enter(ctx context.Context, images []Row, g *plan.GlobalIndex) (free, taken []Row, err error) {
	var entries []Row
	var index []int
	for k, image := range images {
		if e := entry(g, image); e != nil {
			entries, index = append(entries, e), append(index, k)
		}
	}
	skipped, err := c.run.putEntries(ctx, c.insertOf.node, c.rel, g, entries, c.entries)
	if err != nil {
		return nil, nil, err
	}
	out := map[int]bool{}
	for _, k := range skipped {
		out[index[k]] = true
	}
	free, taken = parted(images, out)
	return free, taken, nil
}

// late sees to rows that something was in the way of which is no arbiter's. An
// arbiter's value that is taken as well leaves them out; else it is an error, or
// it is gone by now and they are inserted.
func (c *conflictRun) late(ctx context.Context, images []Row) ([]Row, error) {
	for i, g := range c.arbiters {
		free, taken, err := c.enter(ctx, images, g)
		if err == nil && len(taken) > 0 {
			err = c.undo(ctx, c.arbiters[:i], taken)
		}
		if err != nil {
			return nil, err
		}
		images = free
	}
	if len(images) == 0 {
		return nil, nil
	}
	images, _, err := c.putThose(ctx, images, nil)
	return images, err
}

// parted are the rows that are kept, and those whose number is in out.
func parted(images []Row, out map[int]bool) (kept, left []Row) {
	if len(out) == 0 {
		return images, nil
	}
	for i, image := range images {
		if out[i] {
			left = append(left, image)
		} else {
			kept = append(kept, image)
		}
	}
	return kept, left
}
