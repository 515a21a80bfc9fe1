package session

import (
	"context"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/planner/exec"
)

// fillGlobal enters the rows of a table into a unique index that is a relation
// of its own.
func (s *Session) fillGlobal(ctx context.Context, t *catalog.Table, ix *catalog.Index) error {
	st, err := s.node.Plans.PlanEntries(s.env.bind(), t, ix)
	if err != nil {
		return err
	}
	run := s.tx.txn.RunLatest()
	defer run.Close()
	cursor, err := exec.Run(ctx, s.env.exec(run), st, nil, nil)
	if err != nil {
		return err
	}
	defer cursor.Close()
	_, err = cursor.Next(ctx)
	return err
}
