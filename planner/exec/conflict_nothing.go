package exec

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// insertNew is DO NOTHING: many rows at once, as long as no two of them can be
// in each other's way. So each row meets what it would meet if they came one
// after the other.
func (c *conflictRun) insertNew(ctx context.Context, images []Row) error {
	for len(images) > 0 {
		n := c.apart(images)
		if err := c.insertApart(ctx, images[:n]); err != nil {
			return err
		}
		images = images[n:]
	}
	return nil
}

// apart is how many of the rows, from the first, have no unique value in common.
func (c *conflictRun) apart(images []Row) int {
	if len(images) == 1 {
		return 1
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
			if _, added := sets[i].add(pick(image, positions)); !added {
				return n
			}
		}
	}
	return len(images)
}

// insertApart inserts those of the rows that nothing is in the way of.
func (c *conflictRun) insertApart(ctx context.Context, images []Row) error {
	for i, g := range c.arbiters {
		var entries []Row
		var index []int
		for k, image := range images {
			if e := entry(g, image); e != nil {
				entries, index = append(entries, e), append(index, k)
			}
		}
		skipped, err := c.run.putEntries(ctx, c.insertOf.node, c.rel, g, entries, c.entries)
		if err != nil {
			return err
		}
		out := map[int]bool{}
		for _, k := range skipped {
			out[index[k]] = true
		}
		if images, err = c.leaveOut(ctx, images, out, c.arbiters[:i]); err != nil {
			return err
		}
	}
	written, err := c.insertOf.putRows(ctx, images, c.local)
	if err != nil {
		return err
	}
	out := map[int]bool{}
	for k, row := range written {
		if row == nil {
			out[k] = true
		}
	}
	if images, err = c.leaveOut(ctx, images, out, c.arbiters); err != nil {
		return err
	}
	if err := c.run.addEntriesOf(ctx, c.insertOf.node, c.rel, c.others, images); err != nil {
		return err
	}
	for _, image := range images {
		if err := c.insertOf.give(image); err != nil {
			return err
		}
	}
	return nil
}

// leaveOut drops rows with the entries that they have been given.
func (c *conflictRun) leaveOut(ctx context.Context, images []Row, out map[int]bool, added []*plan.GlobalIndex) ([]Row, error) {
	if len(out) == 0 {
		return images, nil
	}
	var kept, left []Row
	for i, image := range images {
		if out[i] {
			left = append(left, image)
		} else {
			kept = append(kept, image)
		}
	}
	return kept, c.undo(ctx, added, left)
}
