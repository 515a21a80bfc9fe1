package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
)

var lockStrengths = map[pg.LockClauseStrength]struct {
	strength shard.LockStrength
	name     string
}{
	pg.LockClauseStrength_LCS_FORKEYSHARE:    {shard.LockKeyShare, "FOR KEY SHARE"},
	pg.LockClauseStrength_LCS_FORSHARE:       {shard.LockShare, "FOR SHARE"},
	pg.LockClauseStrength_LCS_FORNOKEYUPDATE: {shard.LockNoKeyUpdate, "FOR NO KEY UPDATE"},
	pg.LockClauseStrength_LCS_FORUPDATE:      {shard.LockUpdate, "FOR UPDATE"},
}

var lockWaits = map[pg.LockWaitPolicy]shard.LockWait{
	pg.LockWaitPolicy_LockWaitBlock: shard.WaitBlock,
	pg.LockWaitPolicy_LockWaitSkip:  shard.WaitSkip,
	pg.LockWaitPolicy_LockWaitError: shard.WaitError,
}

func lockName(c *pg.LockingClause) string { return lockStrengths[c.Strength].name }

// lockMarks binds FOR UPDATE and its like: the tables whose rows are locked.
func (q *query) lockMarks(n *pg.SelectStmt, from plan.Node) (marks []plan.RowMark) {
	nullable := map[*plan.Scan]bool{}
	if len(n.LockingClause) > 0 {
		nullableScans(from, false, nullable)
	}
	for _, c := range n.LockingClause {
		clause := c.GetLockingClause()
		lock := shard.RowLock{Strength: lockStrengths[clause.Strength].strength, Wait: lockWaits[clause.WaitPolicy]}
		if len(n.DistinctClause) > 0 {
			q.b.failAt(-1, pgerr.FeatureNotSupported, "%s is not allowed with DISTINCT clause", lockName(clause))
		}
		for _, it := range q.lockedItems(clause) {
			if nullable[it.scan] {
				q.b.failAt(-1, pgerr.FeatureNotSupported, "%s cannot be applied to the nullable side of an outer join", lockName(clause))
			}
			marks = mark(marks, it.scan, lock)
			q.b.writing(it.scan.Table)
		}
	}
	return marks
}

// nullableScans collects the tables whose rows an outer join may fill with NULLs.
func nullableScans(n plan.Node, nullable bool, into map[*plan.Scan]bool) {
	switch n := n.(type) {
	case *plan.Scan:
		into[n] = nullable
	case *plan.Join:
		nullableScans(n.Left, nullable || n.Kind == plan.JoinRight || n.Kind == plan.JoinFull, into)
		nullableScans(n.Right, nullable || n.Kind == plan.JoinLeft || n.Kind == plan.JoinFull, into)
	}
}

// mark adds a table; of two clauses for one the stronger lock and the less patient wait hold.
func mark(marks []plan.RowMark, scan *plan.Scan, lock shard.RowLock) []plan.RowMark {
	for i := range marks {
		if marks[i].Target == scan {
			marks[i].Lock.Strength = max(marks[i].Lock.Strength, lock.Strength)
			marks[i].Lock.Wait = max(marks[i].Lock.Wait, lock.Wait)
			return marks
		}
	}
	return append(marks, plan.RowMark{Target: scan, Lock: lock})
}

// lockedItems are the tables that a clause names, or all of the FROM clause.
func (q *query) lockedItems(clause *pg.LockingClause) (out []*item) {
	if len(clause.LockedRels) == 0 {
		for _, it := range q.items {
			if it.scan != nil {
				q.wholeScan(it)
				out = append(out, it)
			} else if it.query {
				q.b.unsupported(-1, "%s of the subquery \"%s\"", lockName(clause), it.name)
			}
		}
		return out
	}
	for _, r := range clause.LockedRels {
		n := r.GetRangeVar()
		if n.Schemaname != "" {
			q.b.failAt(n.Location, pgerr.SyntaxError, "%s must specify unqualified relation names", lockName(clause))
		}
		out = append(out, q.lockedItem(clause, n))
	}
	return out
}

func (q *query) lockedItem(clause *pg.LockingClause, n *pg.RangeVar) *item {
	for _, it := range q.items {
		if it.name != n.Relname {
			continue
		}
		if it.scan == nil {
			q.b.unsupported(n.Location, "%s of \"%s\", which is no table,", lockName(clause), it.name)
		}
		q.wholeScan(it)
		return it
	}
	q.b.failAt(n.Location, pgerr.UndefinedTable, "relation \"%s\" in %s clause not found in FROM clause", n.Relname, lockName(clause))
	return nil
}

// wholeScan makes the scan of a locked table have every column: the row's key
// and image are needed where it is locked.
func (q *query) wholeScan(it *item) {
	if it.table.Query != "" {
		q.b.failAt(-1, pgerr.WrongObjectType, "cannot lock rows in materialized view \"%s\"", it.table.Name)
	}
	for _, c := range it.columns {
		if c.use != nil {
			c.use()
		}
	}
	have := map[int]bool{}
	for _, p := range it.scan.Positions {
		have[p] = true
	}
	for i := range it.table.Columns {
		if c := &it.table.Columns[i]; !have[i] {
			addScanColumn(it.scan, plan.Column{ID: q.b.newID(), Name: c.Name, Type: c.Type, Typmod: c.Typmod, Table: it.table.OID, Attnum: c.Attnum}, i)
		}
	}
}

// refuseLocks fails when row locks are asked for where rows are grouped.
func (q *query) refuseLocks(n *pg.SelectStmt, groups, having bool) {
	if len(n.LockingClause) == 0 {
		return
	}
	name, what := lockName(n.LockingClause[0].GetLockingClause()), "with aggregate functions"
	switch {
	case groups:
		what = "with GROUP BY clause"
	case having:
		what = "with HAVING clause"
	case !q.hasAgg:
		what = "with window functions"
	}
	q.b.failAt(-1, pgerr.FeatureNotSupported, "%s is not allowed %s", name, what)
}
