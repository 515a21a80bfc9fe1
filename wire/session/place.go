package session

import "github.com/pegmatitedb/pegmatite/internal/pgerr"

// placed gives an error about an object's name the place of the literal that
// the name was written as ('t'::regclass, nextval('s')). PostgreSQL reads such
// literals while parsing; here they are looked up when they are needed, so that
// plans do not depend on them.
func (s *Session) placed(err error, name string) error {
	if err == nil || s.statement == nil {
		return err
	}
	e := *pgerr.From(err)
	return e.WithPosition(s.statement.Place(name))
}
