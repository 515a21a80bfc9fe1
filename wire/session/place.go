package session

import (
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// placed gives an error about an object's name the place of the literal that
// the name was written as ('t'::regclass, nextval('s')). PostgreSQL reads such
// literals while parsing; here they are looked up when they are needed, so that
// plans do not depend on them.
func (s *Session) placed(e *pgerr.E) *pgerr.E {
	if e.Position != 0 || s.statement == nil {
		return e
	}
	switch e.Code {
	case pgerr.UndefinedTable, pgerr.UndefinedObject, pgerr.UndefinedFunction, pgerr.InvalidSchemaName:
	default:
		return e
	}
	for i, l := range s.statement.Lifted {
		if l.Kind == sqlparse.LiteralString && e.Message == "relation \""+l.Text+"\" does not exist" {
			c := *e
			return c.WithPosition(s.statement.LiteralPosition(i))
		}
	}
	return e
}
