package session

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5/pgproto3"
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// portal is a bound statement, perhaps half read.
type portal struct {
	name     string
	prepared *prepared
	params   []types.Datum
	formats  []int16
	result   *result // nil before the first Execute
	finished bool
	// reads is what it holds from Bind until it is closed, if it is a query that changes nothing.
	reads []plan.Dependency
	// level is how many savepoints there were when it was made: a rollback to one of them closes it.
	level int
}

func (s *Session) findPortal(name string) (*portal, error) {
	if p := s.portals[name]; p != nil {
		return p, nil
	}
	return nil, pgerr.New(pgerr.UndefinedCursor, "portal %q does not exist", name)
}

// closePortal ends one portal, if it is there.
func (s *Session) closePortal(name string) {
	if p := s.portals[name]; p != nil {
		p.result.close()
		delete(s.portals, name)
	}
}

// closePortals ends them all: portals live as long as their transaction.
func (s *Session) closePortals() {
	for name := range s.portals {
		s.closePortal(name)
	}
}

// closePortalsSince ends those that were made after the savepoint at index i.
func (s *Session) closePortalsSince(i int) {
	for name, p := range s.portals {
		if p.level > i {
			s.closePortal(name)
		}
	}
}

// adoptPortals gives those of a released savepoint, at index i, to what is around it.
func (s *Session) adoptPortals(i int) {
	for _, p := range s.portals {
		p.level = min(p.level, i)
	}
}

// inUse reports whether a portal reads a table. Those that write have either
// not begun or are done.
func (s *Session) inUse(table catalog.OID) bool {
	for _, p := range s.portals {
		if slices.ContainsFunc(p.reads, func(d plan.Dependency) bool { return d.Relation == table }) {
			return true
		}
	}
	return false
}

// queries reports whether a statement is a query without parts that write (PORTAL_ONE_SELECT in pquery.c).
func queries(n *pg.Node) bool {
	q := n.GetSelectStmt()
	return q != nil && !slices.ContainsFunc(q.GetWithClause().GetCtes(), func(c *pg.Node) bool {
		return c.GetCommonTableExpr().GetCtequery().GetSelectStmt() == nil
	})
}

// level is how many savepoints the transaction has.
func (s *Session) level() int {
	if s.tx == nil {
		return 0
	}
	return len(s.tx.savepoints)
}

// Execute serves an Execute message: up to limit rows of a portal, 0 is all.
func (s *Session) Execute(ctx context.Context, name string, limit uint32) (err error) {
	p, err := s.findPortal(name)
	if err != nil {
		return err
	}
	w := s.client.Writer
	if p.prepared.stmt == nil {
		w.Send(&pgproto3.EmptyQueryResponse{})
		return nil
	}
	if s.status == failed && !endsBlock(p.prepared.stmt.Node) {
		return isAborted
	}
	ctx, stop := s.startStatement(ctx, p.prepared.stmt.Text)
	defer func() {
		err = interrupted(ctx, err)
		stop(err)
	}()
	if p.finished {
		return s.again(p)
	}
	if p.result == nil {
		// A transaction command closes portals, this one among them: it is kept alive here.
		if p.result, err = s.executePrepared(ctx, p.prepared, p.params); err != nil {
			return err
		}
		if err := checkFormats(p.formats); err != nil {
			return err
		}
		// Writes do not wait for the client to ask for all of RETURNING's rows.
		if p.result.writes && p.result.columns != nil && limit > 0 {
			if err := p.result.finish(ctx); err != nil {
				return err
			}
		}
	}
	before := p.result.sent
	exhausted, err := p.result.stream(ctx, w, s.env.output(), p.formats, int64(limit))
	if err != nil {
		return err
	}
	if !exhausted {
		w.Send(&pgproto3.PortalSuspended{})
		return nil
	}
	p.finished = true
	if err := p.result.close(); err != nil {
		return err
	}
	if err := s.piped(ctx); err != nil {
		return err
	}
	w.Send(&pgproto3.CommandComplete{CommandTag: []byte(p.result.tag(p.result.sent - before))})
	return nil
}

// piped notes that a pipeline has run a statement; one that had to be alone is committed.
func (s *Session) piped(ctx context.Context) error {
	if s.status != implicit {
		return nil
	}
	if s.tx.alone || s.dialect().EndsEach() {
		return s.step(ctx, onEnd)
	}
	s.tx.piped = true
	return nil
}

// again answers Execute on a portal that has been read to its end.
func (s *Session) again(p *portal) error {
	if p.result.columns == nil {
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "portal %q cannot be run", p.name)
	}
	s.client.Writer.Send(&pgproto3.CommandComplete{CommandTag: []byte(p.result.tag(0))})
	return nil
}
