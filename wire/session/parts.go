package session

import (
	"context"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/sqlparse"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// ofParts reports whether an error is that a relation lacks a column, a
// constraint, or an index, which a schema change under way may be adding.
func ofParts(err error) bool {
	return pgerr.HasCode(err, pgerr.UndefinedColumn, pgerr.UndefinedObject, pgerr.InvalidColumnReference)
}

// settle locks the relations that a statement names, since its error is about
// their parts: PostgreSQL locks them before it looks. It reports whether one
// that is being changed had to be waited for, and is another now. What the
// statement changes is locked by mode.
func (s *Session) settle(ctx context.Context, n *pg.Node, mode lock.Mode) (again bool, err error) {
	if s.tx == nil {
		return false, nil
	}
	seen := s.node.Catalog.Snapshot()
	changed := n.GetAlterTableStmt().GetRelation()
	if changed == nil {
		changed = n.GetIndexStmt().GetRelation()
	}
	if changed == nil {
		changed = n.GetRenameStmt().GetRelation()
	}
	for _, v := range sqlparse.RangeVars(n) {
		r, _ := s.findRelation(v)
		if r == nil || r.Ref().OID < catalog.FirstNormalOID {
			continue
		}
		how := lock.TableAccessShare
		if v == changed {
			how = mode
		}
		if err := s.acquire(ctx, relationKey(r.Ref().OID), how); err != nil {
			return false, err
		}
	}
	s.follow()
	return s.node.Catalog.Snapshot() != seen, nil
}
