package session

import (
	"context"

	pg "github.com/pganalyze/pg_query_go/v6"
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
		return done("DISCARD TEMP"), s.discardTemporary(ctx)
	}
	if err := s.alone("DISCARD ALL"); err != nil {
		return nil, err
	}
	s.closePortals()
	for _, name := range []string{"session_authorization", "role"} {
		if err := s.settings.Reset(name); err != nil {
			return nil, err
		}
	}
	s.settings.ResetAll()
	clear(s.prepared)
	s.sequence.forget()
	if err := s.discardTemporary(ctx); err != nil {
		return nil, err
	}
	s.advisory.release(everyHold, ofSession)
	s.settingsChanged()
	return done("DISCARD ALL"), nil
}
