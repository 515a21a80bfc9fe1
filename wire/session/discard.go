package session

import (
	"context"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// discard is DISCARD ALL | PLANS | SEQUENCES | TEMP.
func (s *Session) discard(ctx context.Context, n *pg.DiscardStmt) (*result, error) {
	switch n.Target {
	case pg.DiscardMode_DISCARD_PLANS:
		return done("DISCARD PLANS"), nil // plans are the node's, and checked at every use
	case pg.DiscardMode_DISCARD_SEQUENCES:
		s.sequence.forget()
		return done("DISCARD SEQUENCES"), nil
	case pg.DiscardMode_DISCARD_TEMP:
		return done("DISCARD TEMP"), nil
	}
	if s.inBlock() {
		return nil, pgerr.New(pgerr.ActiveSQLTransaction, "DISCARD ALL cannot run inside a transaction block")
	}
	s.closePortals()
	s.settings.ResetAll()
	clear(s.prepared)
	s.sequence.forget()
	s.node.advisory.release(s, 0, everyHold, ofSession)
	s.settingsChanged()
	return done("DISCARD ALL"), nil
}
