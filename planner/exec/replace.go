package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// replace writes the new images of changes, under new keys where these differ,
// and their entries in unique indexes elsewhere. The outcome is by number in changes.
func (t *target) replace(ctx context.Context, columns []columnType, changes []change, at txn.Timestamp, checks []shard.Check) (*outcome, error) {
	var stay, move []int
	for i, c := range changes {
		same, err := t.sameKey(c.old, c.new)
		if err != nil {
			return nil, err
		}
		if same {
			stay = append(stay, i)
		} else {
			move = append(move, i)
		}
	}
	all := &outcome{stale: map[int]bool{}, newest: map[int]Row{}}
	done, err := t.put(ctx, columns, some(changes, stay), at, checks)
	if err != nil {
		return nil, err
	}
	all.add(done, stay)
	if len(move) == 0 {
		return all, nil
	}
	if done, err = t.move(ctx, columns, some(changes, move), at, checks); err != nil {
		return nil, err
	}
	all.add(done, move)
	return all, nil
}

func some(changes []change, index []int) []change {
	if len(index) == len(changes) {
		return changes
	}
	out := make([]change, len(index))
	for i, k := range index {
		out[i] = changes[k]
	}
	return out
}

// add takes in what became of those with the given numbers.
func (o *outcome) add(of *outcome, index []int) {
	for i := range of.stale {
		o.stale[index[i]] = true
		if image := of.newest[i]; image != nil {
			o.newest[index[i]] = image
		}
	}
}

// put writes new images of rows that keep their keys.
func (t *target) put(ctx context.Context, columns []columnType, changes []change, at txn.Timestamp, checks []shard.Check) (*outcome, error) {
	images := make([]Row, len(changes))
	strength := shard.LockNoKeyUpdate
	for i, c := range changes {
		images[i] = c.new
		if strength == shard.LockNoKeyUpdate {
			keeps, err := t.keepsKeys(columns, c)
			if err != nil {
				return nil, err
			}
			if !keeps {
				strength = shard.LockUpdate
			}
		}
	}
	done, err := t.write(ctx, shard.OpPut, strength, columns, images, at, checks)
	if err != nil {
		return nil, err
	}
	return done, t.entries(ctx, changes, done)
}

// keepsKeys reports whether a change leaves the row's unique values alone, so
// that others may go on referring to it (ExecUpdateLockMode).
func (t *target) keepsKeys(columns []columnType, c change) (bool, error) {
	same := func(positions []int) (bool, error) {
		of := make([]columnType, len(positions))
		for i, p := range positions {
			of[i] = columns[p]
		}
		return equalRows(of, pick(c.old, positions), pick(c.new, positions), t.run.work())
	}
	for i := range t.rel.Table.Indexes {
		if ix := &t.rel.Table.Indexes[i]; ix.Unique {
			if keeps, err := same(ix.Columns); !keeps || err != nil {
				return false, err
			}
		}
	}
	for _, g := range t.rel.Global {
		if keeps, err := same(g.Columns); !keeps || err != nil {
			return false, err
		}
	}
	return true, nil
}

// move gives rows new keys: the old rows go, then new ones come, on the
// shards of their keys.
func (t *target) move(ctx context.Context, columns []columnType, changes []change, at txn.Timestamp, checks []shard.Check) (*outcome, error) {
	done, err := t.remove(ctx, shard.OpMove, changes, at)
	if err != nil {
		return nil, err
	}
	var images []Row
	for i, c := range changes {
		if done.ok(i) {
			images = append(images, c.new)
		}
	}
	if err := t.insert(ctx, columns, images, checks); err != nil {
		return nil, err
	}
	return done, t.entries(ctx, changes, done)
}

// drop removes the rows of changes, with their entries elsewhere.
func (t *target) drop(ctx context.Context, changes []change, at txn.Timestamp) (*outcome, error) {
	done, err := t.remove(ctx, shard.OpRemove, changes, at)
	if err != nil {
		return nil, err
	}
	return done, t.entries(ctx, changes, done)
}

// entries lets entries in unique indexes elsewhere follow the changes that were
// made, and notes what they do to foreign keys. A change without a new image has removed its row.
func (t *target) entries(ctx context.Context, changes []change, done *outcome) error {
	if len(t.rel.Global)+len(t.rel.Refers)+len(t.rel.Referenced) == 0 {
		return nil
	}
	old, new := make([]Row, 0, len(changes)), make([]Row, 0, len(changes))
	for i, c := range changes {
		if done.ok(i) {
			old, new = append(old, c.old), append(new, c.new)
		}
	}
	return t.run.changeEntries(ctx, t.node, t.rel, old, new)
}
