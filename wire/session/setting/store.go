package setting

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// layer is one set of values, by lower-case name. Defaults come from the server,
// the role and the database, and the start-up packet, later ones winning.
type layer map[string]string

// Store is one session's parameters. It belongs to the session's goroutine.
//
// Values are canonical. A change inside a transaction is undone with it;
// SET LOCAL's ends with it in any case.
type Store struct {
	defaults layer // what RESET goes back to
	session  layer
	local    layer
	undo     []change
	// custom are the parameters that nobody defined and somebody has set or reset,
	// as their names were written first: they stay, empty, when their value is taken back.
	custom map[string]string
	// Changed counts changes, so that who derived something can see that it is stale.
	Changed uint64
}

// change is one step back.
type change struct {
	in    layer
	name  string
	value string
	had   bool
}

// Mark is a place in the history of changes, for savepoints.
type Mark int

// NewStore starts a session with the server's values over the built-in ones.
func NewStore(server map[string]string) *Store {
	s := &Store{defaults: layer{}, session: layer{}, local: layer{}, custom: map[string]string{}}
	for k, v := range server {
		s.defaults[strings.ToLower(k)] = v
	}
	return s
}

// Default sets what RESET goes back to (role and database settings).
func (s *Store) Default(name, value string) error {
	return s.setDefault(name, value, changeable)
}

// Startup is Default for what the client asks for when it connects: parameters
// of a connection can be set then, and only then.
func (s *Store) Startup(name, value string) error {
	return s.setDefault(name, value, changeableAtStart)
}

func changeableAtStart(d *Definition) *pgerr.E {
	if d.Context == "backend" || d.Context == "superuser-backend" {
		return nil
	}
	return changeable(d)
}

func (s *Store) setDefault(name, value string, allowed func(*Definition) *pgerr.E) error {
	d, canonical, err := parse(name, value, allowed)
	if err != nil {
		return err
	}
	s.defaults[strings.ToLower(d.Name)] = canonical
	s.Changed++
	return nil
}

func parse(name, value string, allowed func(*Definition) *pgerr.E) (*Definition, string, error) {
	d, e := Lookup(name)
	if e != nil {
		return nil, "", e
	}
	if e := allowed(d); e != nil {
		return nil, "", e
	}
	called := *d
	called.Name = name // errors name the parameter as it was written
	canonical, e := called.Parse(value)
	if e != nil {
		return nil, "", e
	}
	return d, canonical, nil
}

// changeable refuses what a session cannot set (55P02).
func changeable(d *Definition) *pgerr.E {
	switch d.Context {
	case "internal":
		return pgerr.New(pgerr.CantChangeRuntimeParam, "parameter %q cannot be changed", d.Name)
	case "postmaster":
		return pgerr.New(pgerr.CantChangeRuntimeParam, "parameter %q cannot be changed without restarting the server", d.Name)
	case "sighup":
		return pgerr.New(pgerr.CantChangeRuntimeParam, "parameter %q cannot be changed now", d.Name)
	case "backend", "superuser-backend":
		return pgerr.New(pgerr.CantChangeRuntimeParam, "parameter %q cannot be set after connection start", d.Name)
	}
	return nil
}

// Set changes a parameter for the session, or for the transaction (local).
func (s *Store) Set(name, value string, local bool) error {
	d, canonical, err := parse(name, value, changeable)
	if err != nil {
		return err
	}
	key := strings.ToLower(d.Name)
	s.know(key, d.Name)
	s.put(key, canonical, local)
	return nil
}

// know remembers a custom parameter.
func (s *Store) know(key, name string) {
	if _, known := s.custom[key]; !known && Definitions()[key] == nil {
		s.custom[key] = name
	}
}

// Spelling is a parameter's name as it was defined, or first written.
func (s *Store) Spelling(name string) string {
	key := strings.ToLower(name)
	if d := Definitions()[key]; d != nil {
		return d.Name
	}
	if first, ok := s.custom[key]; ok {
		return first
	}
	return name
}

func (s *Store) put(key, value string, local bool) {
	if local {
		s.step(s.local, key)
		s.local[key] = value
		return
	}
	s.drop(s.local, key)
	s.step(s.session, key)
	s.session[key] = value
}

// Check refuses a value that Set could not take, whenever it is set: what ALTER
// ROLE and ALTER DATABASE keep.
func Check(name, value string) error {
	_, _, err := parse(name, value, changeableAtStart)
	return err
}

// Reset goes back to the default.
func (s *Store) Reset(name string) error {
	d, e := Lookup(name)
	if e != nil {
		return e
	}
	if e := changeable(d); e != nil {
		return e
	}
	key := strings.ToLower(d.Name)
	s.know(key, d.Name)
	s.drop(s.local, key)
	s.drop(s.session, key)
	return nil
}

// ResetAll is RESET ALL: all but the transaction's own characteristics.
func (s *Store) ResetAll() {
	for _, in := range []layer{s.local, s.session} {
		for key := range in {
			if !keptByResetAll[key] {
				s.drop(in, key)
			}
		}
	}
}

// keptByResetAll are GUC_NO_RESET_ALL parameters.
var keptByResetAll = map[string]bool{
	"transaction_isolation": true, "transaction_read_only": true, "transaction_deferrable": true,
	"role": true, "session_authorization": true, "is_superuser": true,
}

func (s *Store) drop(in layer, key string) {
	if _, ok := in[key]; ok {
		s.step(in, key)
		delete(in, key)
	}
}

// step remembers how to undo the next change of in[key].
func (s *Store) step(in layer, key string) {
	v, had := in[key]
	s.undo = append(s.undo, change{in, key, v, had})
	s.Changed++
}

// Get returns a parameter's canonical value; "" for an unknown one.
func (s *Store) Get(name string) string {
	key := strings.ToLower(name)
	for _, in := range []layer{s.local, s.session, s.defaults} {
		if v, ok := in[key]; ok {
			return v
		}
	}
	if d := Definitions()[key]; d != nil {
		return d.Boot
	}
	return ""
}

// Has reports whether a parameter exists: defined, or custom and set.
func (s *Store) Has(name string) bool {
	key := strings.ToLower(name)
	for _, in := range []layer{s.local, s.session, s.defaults} {
		if _, ok := in[key]; ok {
			return true
		}
	}
	_, custom := s.custom[key]
	return custom || Definitions()[key] != nil
}

// ResetValue is what RESET would set.
func (s *Store) ResetValue(name string) string {
	key := strings.ToLower(name)
	if v, ok := s.defaults[key]; ok {
		return v
	}
	if d := Definitions()[key]; d != nil {
		return d.Boot
	}
	return ""
}

// Internal sets a parameter that clients cannot (server_version, is_superuser …).
func (s *Store) Internal(name, value string) {
	s.defaults[strings.ToLower(name)] = value
	s.Changed++
}

// Mark returns the present place in the history.
func (s *Store) Mark() Mark { return Mark(len(s.undo)) }

// RollbackTo undoes every change after the mark.
func (s *Store) RollbackTo(m Mark) {
	for i := len(s.undo) - 1; i >= int(m); i-- {
		c := s.undo[i]
		if c.had {
			c.in[c.name] = c.value
		} else {
			delete(c.in, c.name)
		}
		s.Changed++
	}
	s.undo = s.undo[:m]
}

// End ends a transaction: an aborted one's changes are undone, local ones always.
func (s *Store) End(commit bool) {
	if !commit {
		s.RollbackTo(0)
	}
	if len(s.local) > 0 {
		clear(s.local)
		s.Changed++
	}
	s.undo = s.undo[:0]
}
