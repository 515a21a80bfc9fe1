package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// conflictRun is an ON CONFLICT clause that the coordinator runs, row by row,
// because an arbiter does not lie beside the rows.
type conflictRun struct{ insertOf *insert }

func newConflictRun(o *insert) (*conflictRun, error) {
	return nil, pgerr.Unsupported("ON CONFLICT over a unique index that does not contain the shard key")
}

func (c *conflictRun) insert(context.Context, []Row) error { return nil }
