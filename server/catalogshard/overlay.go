package catalogshard

import "github.com/pegmatitedb/pegmatite/wire/session"

// overlay finds catalogs for a transaction that sees its own DDL: those that
// show its snapshot already, or some that nobody reads, which the differences
// bring there. nil is none; the caller holds mu.
//
// They are engines apart from the shared one: uncommitted rows in that would
// lock out those of other transactions, and of a second scan in the same
// statement.
func (s *Shard) overlay(view session.CatalogView) *database {
	var free *database
	for _, db := range s.overlays {
		switch {
		case db.oid != view.Database:
		case db.wanted == view.Own:
			return db
		case db.readers.Load() == 0:
			free = db
		}
	}
	return free
}
